/*
 * http/timeouts: what a loop waits for, for a limited time.
 *
 * There are few kinds of waiting and each has one length, so the order in which a kind's waits began is the order in
 * which they end: a ring for each kind is enough. Starting and stopping is O(1) without a system call, whatever the
 * number of connections; one timer of the loop looks at the front of the rings now and then, so a time-out may come up
 * to one period late. One thread: the loop's.
 */
#ifndef HTTP_TIMEOUTS_H
#define HTTP_TIMEOUTS_H

#include <stdint.h>

#include "http/limits.h"
#include "http/list.h"

enum timeout_kind {
    TIMEOUT_HEAD,
    TIMEOUT_BODY,
    TIMEOUT_IDLE,
    TIMEOUT_WRITE,
    TIMEOUT_HANDSHAKE,
    TIMEOUT_LINGER,
    TIMEOUT_KIND_COUNT,
    TIMEOUT_NONE = TIMEOUT_KIND_COUNT
};

/* Zeroed: not waiting. */
struct timeout {
    struct link link;
    int64_t end_ms;
};

struct timeouts {
    struct link waiting[TIMEOUT_KIND_COUNT];
    int64_t length_ms[TIMEOUT_KIND_COUNT];
};

void timeouts_init(struct timeouts *timeouts, const struct http_limits *limits);
/* Begins to wait, anew if it waits already. `now_ms` never goes back between calls. */
void timeouts_start(struct timeouts *timeouts, struct timeout *timeout, enum timeout_kind kind, int64_t now_ms);
void timeouts_stop(struct timeout *timeout);
/* Takes out one wait of that kind whose time is over; NULL when there is none. */
struct timeout *timeouts_take_over(struct timeouts *timeouts, enum timeout_kind kind, int64_t now_ms);
/* How often to look: a quarter of the shortest wait, between 5 ms and 1 s. */
uint64_t timeouts_period_ms(const struct timeouts *timeouts);

#endif
