/*
 * http/hooks: what the room above may say while this one works. All run on a loop's thread; any may be NULL.
 */
#ifndef HTTP_HOOKS_H
#define HTTP_HOOKS_H

#include <stdbool.h>

#include "http/refusal.h"

struct exchange;
struct loop;

enum http_verdict {
    HTTP_ALLOWED,    /* go on: read the rest of the body, then run the handler */
    HTTP_TAKEN_OVER, /* the hook answers by itself, now or later */
};

struct http_hooks {
    /*
     * Called once for each request that has a route, as soon as its head was read and before more of its body is
     * awaited: exchange->route and the head are there, the body perhaps not yet. May keep what it found in
     * exchange->user, but must not keep the exchange itself unless it takes over: a request whose body never arrives
     * goes with its connection. When it takes over before the body has arrived, the connection ends with the answer.
     */
    enum http_verdict (*authorize)(struct exchange *exchange);
    /*
     * An authorised request is refused by this room (its body is too large or too late, its type is wrong …). True: the
     * hook has taken over, to record it first, and answers with http_respond_refusal or as it likes, now or later.
     */
    bool (*refused)(struct exchange *exchange, enum refusal refusal);
    /* Once a turn of the loop, after all that could be read was read and before the loop sleeps: work that was gathered
     * meanwhile is handed on as one batch. Answers given here leave in the same turn. */
    void (*turn)(struct loop *loop);
    /* On the loop's own thread, before its first turn and after its last; see loop_set_user. */
    void (*begin)(struct loop *loop);
    void (*end)(struct loop *loop);
};

#endif
