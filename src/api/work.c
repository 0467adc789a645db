#include "api/work.h"

#include "api/problems.h"
#include "base/log.h"

static void on_worker(struct worker_job *job, unsigned worker)
{
    struct work *work = (struct work *)(void *)((char *)job - offsetof(struct work, job));
    struct ledger_view *view = NULL;

    (void)worker;
    work->status = ledger_view_open(call_api(work->call)->views, &view, &work->err);
    if (!work->status.code)
        work->status = work->run(work, view);
    ledger_view_close(view);
}

static void on_loop(struct loop_task *task)
{
    struct worker_job *job = (struct worker_job *)(void *)((char *)task - offsetof(struct worker_job, done));
    struct work *work = (struct work *)(void *)((char *)job - offsetof(struct work, job));

    work->done(work);
}

static status hand_over(struct api *api, struct worker_job *job)
{
    status s = { CODE_BUSY };

    pthread_mutex_lock(&api->workers_mutex);
    if (api->workers)
        s = worker_run(api->workers, job);
    pthread_mutex_unlock(&api->workers_mutex);
    return s;
}

void work_stop(struct api *api)
{
    struct worker_pool *workers;

    pthread_mutex_lock(&api->workers_mutex);
    workers = api->workers;
    api->workers = NULL;
    pthread_mutex_unlock(&api->workers_mutex);
    if (workers)
        worker_pool_free(&workers);
}

void work_start(struct call *call, struct work *work)
{
    status s;

    work->call = call;
    work->job = (struct worker_job){ .done = { .run = on_loop }, .loop = call->exchange->loop, .work = on_worker };
    work->err = (struct err){ 0 };
    s = hand_over(call_api(call), &work->job); /* if it runs, everything in `work` is the worker's already */
    if (!s.code)
        return;
    work->status = s;
    work->done(work);
}

void work_failed(const struct work *work)
{
    switch (work->status.code) {
    case CODE_BUSY:
    case CODE_NO_MEMORY:
        answer_problem(work->call, PROBLEM_OVERLOADED, STR_NONE);
        break;
    case CODE_UNAVAILABLE:
        answer_problem(work->call, PROBLEM_READ_ONLY, STR("the ledger can't be read at the moment"));
        break;
    default:
        log_write(LOG_ERROR, "api", "%s: %s", about_of(work->call->exchange->route)->name,
                  work->err.text[0] ? work->err.text : status_name(work->status));
        answer_problem(work->call, PROBLEM_INTERNAL, STR_NONE);
        break;
    }
}
