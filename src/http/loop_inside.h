/*
 * http/loop_inside: what the files of this room share about a loop. Nobody else includes it.
 */
#ifndef HTTP_LOOP_INSIDE_H
#define HTTP_LOOP_INSIDE_H

#include <stdatomic.h>
#include <uv.h>

#include "base/buf.h"
#include "http/counters.h"
#include "http/exchange.h"
#include "http/hooks.h"
#include "http/input.h"
#include "http/list.h"
#include "http/loop.h"
#include "http/peers.h"
#include "http/render.h"
#include "http/timeouts.h"

#define LOOP_SINK_BYTES 65536 /* ciphertext, or what is thrown away: used up before the next read */

/* What all loops of a server share; constant once they run, but for the number of connections. */
struct loop_shared {
    const struct router *router;
    struct http_hooks hooks;
    struct http_limits limits;
    void *user;                 /* the server's */
    _Atomic size_t connections; /* of all loops, and on their way to one */
    struct peers peers;         /* the same by address */
    void (*idle)(void *server); /* a draining loop has closed its last connection */
    void *server;
};

struct loop {
    struct loop_shared *shared;
    unsigned number;
    uv_thread_t thread;
    uv_loop_t uv;
    uv_async_t async;
    uv_prepare_t prepare;
    uv_timer_t timer;
    _Atomic(struct loop_task *) posted; /* newest first */
    struct link connections;
    struct link dirty; /* connections with something to write, or to look at once more */
    struct timeouts timeouts;
    struct input_pool inputs;
    struct exchange_pool exchanges;
    struct buf scratch; /* what one write is gathered in */
    struct render_date date;
    struct counters counters;
    uint64_t asked; /* requests given to a handler or a hook, ever */
    void *user;
    bool draining;
    bool finished;
    char sink[LOOP_SINK_BYTES];
};

/* A loop at rest: no thread runs it yet. Its address must not change. */
MUST_CHECK status loop_init(struct loop *loop, struct loop_shared *shared, unsigned number, struct err *err);
/* Runs turns until loop_finish; for the loop's own thread. */
void loop_run(struct loop *loop);
/* From a task on the loop: end after this turn. Connections must be closed, exchanges answered. */
void loop_finish(struct loop *loop);
/* After loop_run has come back, or instead of it. */
void loop_destroy(struct loop *loop);

#endif
