/*
 * api/call: one request under way: who asks, and the jobs that its answer waits for.
 *
 * A handler fills one job or several, submits them and returns; they are gathered per loop and go to the engine once a
 * turn. When the last of them is done, `answer` runs on the loop's thread. All memory is the exchange's. The arena
 * belongs to the engine while jobs are under way: between call_submit and `answer` nothing here touches it.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include <stdatomic.h>

#include "api/api.h"
#include "engine/queue.h"
#include "http/exchange.h"
#include "http/loop.h"

struct call;
typedef void call_answer(struct call *call);

struct call {
    struct exchange *exchange;
    struct bearer bearer; /* zeroed on a public route without a token */
    bool is_known;        /* a live credential came along */
    bool dry_run;
    struct id request; /* req_… */
    struct job *jobs;  /* `job_count` of them, one after the other */
    size_t job_count;
    bool submitted;        /* they are, or were, the engine's */
    atomic_size_t pending; /* not done yet */
    call_answer *answer;
    void *detail; /* the handler's own, in the arena */
    struct loop_task task;
};

/* What one loop keeps for all its calls. */
struct api_loop {
    struct api *api;
    struct loop *loop;
    struct entropy entropy;
    struct job_list gathered; /* of this turn */
    struct wait_list *waits;  /* polls that wait for a ticket's turn */
};

struct api *call_api(const struct call *call);
struct engine *call_engine(const struct call *call);
struct api_loop *call_loop(const struct call *call);
struct arena *call_arena(const struct call *call);
struct call *call_of(const struct exchange *exchange);

/* `count` zeroed jobs with author, request id and route set. NULL after a 503 was sent: the handler returns. */
struct job *call_jobs(struct call *call, size_t count);
/* Hands the call's jobs on; `answer` runs when all are done. */
void call_submit(struct call *call, call_answer *answer);

/* The alias of the caller's network prefix on this job (IPv4 /24, IPv6 /48). */
void call_set_source(struct call *call, struct job *job);
/* Random text for a commitment: the job's private text becomes `text`. */
void call_set_private(struct call *call, struct job *job, struct str text);
/*
 * Reads Idempotency-Key (16 … 255 printable bytes), if there is one, into the job (ENTRY.md): route, principal and key
 * make the key, the key and the raw body the mac. `suffix` is appended to the key ("#7" in a batch). False: a 400 was
 * sent.
 */
bool call_set_idempotency(struct call *call, struct job *job, struct str suffix, struct str body);

/* What the reply's verdict alone decides: 503, or a connection closed without a word. True: the call is answered. */
bool call_refused(struct call *call, const struct job *job);
/* Records that a known principal's request was wrong, then answers 400 naming the member. */
void call_reject(struct call *call, const struct err *err);

/* For the hooks. */
enum http_verdict call_admit(struct exchange *exchange);
void call_turn(struct loop *loop);
void call_loop_begin(struct loop *loop);
void call_loop_end(struct loop *loop);

#endif
