/*
 * api/call: one request under way: who asks, and the jobs that its answer waits for.
 *
 * A handler fills one job or several, submits them and returns; they are gathered per loop and go to the engine once a
 * turn. When the last of them is done, `answer` runs on the loop's thread. All memory is the exchange's. The arena
 * belongs to the engine while jobs are under way, and to a worker while its work is (api/work): in between nothing here
 * touches it.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include <stdatomic.h>

#include "api/inside.h"
#include "engine/queue.h"
#include "http/exchange.h"
#include "http/loop.h"

struct call;
typedef void call_answer(struct call *call);

#define CALL_GIVEN_MAX 2

struct call {
    struct exchange *exchange;
    struct bearer bearer;  /* zeroed on a public route without a token */
    bool is_known;         /* a live credential came along */
    enum permission lacks; /* what was refused for want of a permission; else PERM_UNSET */
    bool dry_run;
    struct id request;                /* req_… */
    const struct query_values *query; /* NULL: the request has none */
    struct job *jobs;                 /* `job_count` of them, one after the other */
    size_t job_count;
    bool submitted;        /* they are, or were, the engine's */
    atomic_size_t pending; /* not done yet */
    call_answer *answer;
    void *detail;                     /* the handler's own, in the arena */
    struct str given[CALL_GIVEN_MAX]; /* what the answer says beside the entry: names, a new token */
    struct loop_task task;
};

/* What one loop keeps for all its calls. */
struct api_loop {
    struct api *api;
    struct loop *loop;
    struct entropy entropy;
    struct job_list gathered; /* of this turn */
    struct waits *waits;
};

struct api_loop *call_loop(const struct call *call);
struct api *call_api(const struct call *call);
struct engine *call_engine(const struct call *call);
struct arena *call_arena(const struct call *call);
struct call *call_of(const struct exchange *exchange);

/* A query parameter's value, or what it is when it was not given. */
bool call_asked(const struct call *call, enum query query);
int64_t call_number(const struct call *call, enum query query, int64_t otherwise);
struct str call_text(const struct call *call, enum query query);

/*
 * `count` zeroed jobs with author, request id and route set, in place of those the call had. NULL after a 503 was sent:
 * the handler returns.
 */
struct job *call_jobs(struct call *call, size_t count);
struct job *call_job(struct call *call, enum command_kind kind); /* one */
/* Gives back the names that a job carries which will not be submitted. */
void call_forget_names(struct call *call, struct job *job);
void call_forget(struct call *call); /* and those of all its jobs, of which it has none then */
/* Hands the call's jobs on; `answer` runs when all are done. */
void call_submit(struct call *call, call_answer *answer);
/* What the call's one job does is the answer: reads Idempotency-Key and Prefer, submits, answers. */
void call_command(struct call *call);
/* The same, unless filling the job has failed: then as call_fail. */
void call_command_unless(struct call *call, status failure, const struct err *err);
void call_command_then(struct call *call, call_answer *answer); /* the same with an answer of the handler's own */

/*
 * Reads the JSON body, of which an absent one is "{}". False: it was refused, and the call is answered or will be.
 */
bool call_body(struct call *call, const struct json_table *table, void *ret_request);
/* The id in the path's parameter; false: the request was refused as not found. */
bool call_path_id(struct call *call, size_t parameter, enum id_kind kind, struct id *ret_id);
/* Whether the Prefer header names that preference (RFC 7240). */
bool call_prefers(const struct call *call, struct str preference);

/* The alias of the caller's network prefix on this job (IPv4 /24, IPv6 /48). */
void call_set_source(struct call *call, struct job *job);
/* Random text for a commitment: the job's private text becomes `text`, in the arena. */
void call_set_private(struct call *call, struct job *job, struct str text);

/* ---- api/refuse ---- */

/* What the reply's verdict alone decides: 503, or a connection closed without a word. True: the call is answered. */
bool call_refused(struct call *call, const struct job *job);
/* Answers 400 naming the member; of a known principal only after that was recorded. */
void call_reject(struct call *call, const struct err *err);
/* Answers 503; names that unsubmitted jobs carry are given back. */
void call_no_memory(struct call *call);
/* As call_reject, but a lack of memory is the server's fault: call_no_memory. */
void call_fail(struct call *call, status failure, const struct err *err);
/* As call_reject with another problem and a member of the program's own; what is not there, above all. */
void call_reject_as(struct call *call, enum problem problem, struct str member);
/* The job becomes the record of a wrong request; its answer is that problem. */
void job_reject(struct call *call, struct job *job, enum problem problem, struct str member);
/* Whether the caller holds the permission; if not, it was refused: 401 or 403, recorded. */
bool call_require(struct call *call, enum permission permission);

/* ---- For the hooks ---- */

enum http_verdict call_admit(struct exchange *exchange);
bool call_http_refused(struct exchange *exchange, enum refusal refusal);
void loops_turn(struct loop *loop);
void loops_begin(struct loop *loop);
void loops_end(struct loop *loop);

#endif
