/*
 * http/worker: one queue, one lock, first come first served.
 */
#include "http/worker.h"

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <uv.h>

#include "base/memory.h"
#include "http/limits.h"

/*
 * Where several threads wait, glibc before 2.41 can lose a wake-up (its bug 25847): a job would lie there, or the end
 * wait for a thread that sleeps. So whoever sleeps looks again by itself.
 */
#define LOOK_AGAIN_NS ((uint64_t)1000000000)

struct worker {
    struct worker_pool *pool;
    unsigned number;
    uv_thread_t thread;
};

struct worker_pool {
    uv_mutex_t lock; /* of all that follows, down to `ends` */
    uv_cond_t has_work;
    struct worker_job *first;
    struct worker_job *last;
    size_t waiting;
    bool ends;
    size_t queue_max;
    size_t running; /* threads */
    bool has_lock;
    struct worker workers[HTTP_WORKER_THREADS_MAX];
};

/* NULL when the pool ends and nothing is left to do. */
static struct worker_job *take(struct worker_pool *pool)
{
    struct worker_job *job;

    uv_mutex_lock(&pool->lock);
    while (!pool->first && !pool->ends)
        (void)uv_cond_timedwait(&pool->has_work, &pool->lock, LOOK_AGAIN_NS);
    job = pool->first;
    if (job) {
        pool->first = job->next;
        pool->waiting--;
    }
    uv_mutex_unlock(&pool->lock);
    return job;
}

static void run(void *self)
{
    struct worker *worker = self;
    struct worker_job *job;

    while ((job = take(worker->pool))) {
        struct loop *loop = job->loop;
        job->work(job, worker->number);
        job->done.next = NULL;
        loop_post(loop, &job->done); /* the job may be gone as soon as it is posted */
    }
}

status worker_run(struct worker_pool *pool, struct worker_job *job)
{
    status s = { CODE_BUSY };

    job->next = NULL;
    uv_mutex_lock(&pool->lock);
    assert(!pool->ends);
    if (pool->waiting < pool->queue_max) {
        if (pool->first)
            pool->last->next = job;
        else
            pool->first = job;
        pool->last = job;
        pool->waiting++;
        uv_cond_signal(&pool->has_work);
        s = OK;
    }
    uv_mutex_unlock(&pool->lock);
    return s;
}

/* ---- Life ---- */

static status make_lock(struct worker_pool *pool)
{
    if (uv_mutex_init(&pool->lock))
        return (status){ CODE_NO_MEMORY };
    if (uv_cond_init(&pool->has_work)) {
        uv_mutex_destroy(&pool->lock);
        return (status){ CODE_NO_MEMORY };
    }
    pool->has_lock = true;
    return OK;
}

/* Signals are for the main thread: workers are born with all of them blocked. */
static status start(struct worker_pool *pool, size_t threads, struct err *err)
{
    sigset_t all;
    sigset_t before;
    int failure = 0;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (!failure && pool->running < threads) {
        struct worker *worker = &pool->workers[pool->running];
        *worker = (struct worker){ .pool = pool, .number = (unsigned)pool->running };
        failure = uv_thread_create(&worker->thread, run, worker);
        pool->running += failure == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure ? err_set(err, CODE_IO, "can't start a thread: %s", uv_strerror(failure)) : OK;
}

status worker_pool_new(size_t threads, size_t queue_max, struct worker_pool **ret_pool, struct err *err)
{
    AUTO(struct worker_pool *, worker_pool_free) pool = memory_new(1, sizeof *pool);

    assert(threads >= 1 && threads <= HTTP_WORKER_THREADS_MAX);
    assert(queue_max >= 1 && queue_max <= HTTP_WORKER_QUEUE_MAX);
    if (!pool)
        return (status){ CODE_NO_MEMORY };
    pool->queue_max = queue_max;
    TRY(make_lock(pool));
    TRY(start(pool, threads, err));
    *ret_pool = pool;
    pool = NULL;
    return OK;
}

static void end_threads(struct worker_pool *pool)
{
    uv_mutex_lock(&pool->lock);
    pool->ends = true;
    uv_cond_broadcast(&pool->has_work);
    uv_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->running; i++)
        (void)uv_thread_join(&pool->workers[i].thread);
    uv_cond_destroy(&pool->has_work);
    uv_mutex_destroy(&pool->lock);
}

void worker_pool_free(struct worker_pool **pool)
{
    if (!*pool)
        return;
    if ((*pool)->has_lock)
        end_threads(*pool);
    memory_free(*pool);
    *pool = NULL;
}
