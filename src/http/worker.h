/*
 * http/worker: a few threads for what would keep a loop waiting: reads of query tables, files, signature checks.
 *
 * A job runs on some worker, then its `done` task on the loop it came from. Jobs of one loop may overtake each other.
 * The queue is bounded: full is CODE_BUSY, and the client gets a 503 rather than an ever later answer.
 */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include <stddef.h>

#include "base/err.h"
#include "http/loop.h"

struct worker_pool;

/* Lies in what it is about, and stays there until `done` has run. */
struct worker_job {
    struct loop_task done; /* done.run is called on the loop's thread */
    struct loop *loop;
    void (*work)(struct worker_job *job, unsigned worker); /* on worker 0 to threads - 1 */
    struct worker_job *next;
};

/* 1 to HTTP_WORKER_THREADS_MAX threads; at most queue_max jobs wait, 1 to HTTP_WORKER_QUEUE_MAX. */
MUST_CHECK status worker_pool_new(size_t threads, size_t queue_max, struct worker_pool **ret_pool, struct err *err);
/* Finishes all jobs, then ends the threads. The loops must still be there. */
void worker_pool_free(struct worker_pool **pool);
/* From any thread. CODE_BUSY when the queue is full: `done` will not be called then. */
MUST_CHECK status worker_run(struct worker_pool *pool, struct worker_job *job);

#endif
