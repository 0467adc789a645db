/*
 * http/timeouts: rings in order of their end.
 */
#include "http/timeouts.h"

#define PERIOD_MIN_MS 5
#define PERIOD_MAX_MS 1000

void timeouts_init(struct timeouts *timeouts, const struct http_limits *limits)
{
    *timeouts = (struct timeouts){ .length_ms = {
                                       [TIMEOUT_HEAD] = limits->head_timeout_ms,
                                       [TIMEOUT_BODY] = limits->body_timeout_ms,
                                       [TIMEOUT_IDLE] = limits->idle_timeout_ms,
                                       [TIMEOUT_WRITE] = limits->write_timeout_ms,
                                       [TIMEOUT_HANDSHAKE] = limits->handshake_timeout_ms,
                                       [TIMEOUT_LINGER] = limits->linger_timeout_ms,
                                   } };
    for (unsigned kind = 0; kind < TIMEOUT_KIND_COUNT; kind++)
        list_init(&timeouts->waiting[kind]);
}

void timeouts_start(struct timeouts *timeouts, struct timeout *timeout, enum timeout_kind kind, int64_t now_ms)
{
    timeout->end_ms = now_ms + timeouts->length_ms[kind];
    list_append(&timeouts->waiting[kind], &timeout->link);
}

void timeouts_stop(struct timeout *timeout)
{
    list_remove(&timeout->link);
}

struct timeout *timeouts_take_over(struct timeouts *timeouts, enum timeout_kind kind, int64_t now_ms)
{
    struct link *waiting = &timeouts->waiting[kind];
    struct timeout *first = LIST_ITEM(waiting->next, struct timeout, link);

    if (list_is_empty(waiting) || first->end_ms > now_ms)
        return NULL;
    list_remove(&first->link);
    return first;
}

uint64_t timeouts_period_ms(const struct timeouts *timeouts)
{
    int64_t shortest = timeouts->length_ms[0];

    for (unsigned kind = 1; kind < TIMEOUT_KIND_COUNT; kind++) {
        if (timeouts->length_ms[kind] < shortest)
            shortest = timeouts->length_ms[kind];
    }
    shortest /= 4;
    return (uint64_t)(shortest < PERIOD_MIN_MS ? PERIOD_MIN_MS : shortest > PERIOD_MAX_MS ? PERIOD_MAX_MS : shortest);
}
