/*
 * http/loop: libuv's handles of one loop, the door for tasks, and the order of a turn.
 */
#include "http/loop.h"

#include <assert.h>

#include "base/clock.h"
#include "http/connection.h"
#include "http/loop_inside.h"

static _Thread_local const struct loop *current;

/* ---- Tasks ---- */

/*
 * The door is a stack that is only ever emptied whole, so there is nothing to take out of its middle and no ABA. A list
 * is turned round before it goes on the stack, and the whole stack when it is taken.
 */
static struct loop_task *reversed(struct loop_task *task)
{
    struct loop_task *result = NULL;

    while (task) {
        struct loop_task *next = task->next;
        task->next = result;
        result = task;
        task = next;
    }
    return result;
}

void loop_post(struct loop *loop, struct loop_task *first)
{
    struct loop_task *top = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    struct loop_task *last = first; /* after turning round */

    if (!first)
        return;
    first = reversed(first);
    /* In one order with the bell's own flag: else it could be seen rung already by a ring that has not seen this task.
     */
    do {
        last->next = top;
    } while (
        !atomic_compare_exchange_weak_explicit(&loop->posted, &top, first, memory_order_seq_cst, memory_order_relaxed));
    if (!top)
        uv_async_send(&loop->async); /* whoever finds the door empty rings */
}

static void run_tasks(struct loop *loop)
{
    struct loop_task *task = reversed(atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire));

    while (task) {
        struct loop_task *next = task->next;
        task->run(task); /* may free the task */
        task = next;
    }
}

static void on_async(uv_async_t *async)
{
    run_tasks(async->data);
}

/* ---- A turn ---- */

static void flush(struct loop *loop)
{
    struct link *link;

    if (list_is_empty(&loop->dirty))
        return;
    render_date_renew(&loop->date, clock_read().wall_ms);
    while ((link = list_take(&loop->dirty)))
        connection_flush(LIST_ITEM(link, struct connection, dirty));
    if (loop->scratch.capacity > HTTP_WRITE_BYTES)
        buf_free(&loop->scratch);
}

/* Writing can make room for requests that were waiting to be read; what these ask for belongs to this turn, too. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;
    uint64_t asked;

    do {
        asked = loop->asked;
        if (loop->shared->hooks.turn)
            loop->shared->hooks.turn(loop);
        flush(loop);
    } while (loop->asked != asked);
}

static void on_timer(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    struct timeout *timeout;

    for (enum timeout_kind kind = 0; kind < TIMEOUT_KIND_COUNT; kind++) {
        while ((timeout = timeouts_take_over(&loop->timeouts, kind, loop_now_ms(loop))))
            connection_time_is_over(timeout, kind);
    }
}

/* ---- Life ---- */

static status start_handles(struct loop *loop, struct err *err)
{
    uint64_t period_ms = timeouts_period_ms(&loop->timeouts);
    int failure = uv_loop_init(&loop->uv);

    if (failure)
        return err_set(err, CODE_IO, "an event loop can't be made: %s", uv_strerror(failure));
    failure = uv_async_init(&loop->uv, &loop->async, on_async);
    if (failure) {
        (void)uv_loop_close(&loop->uv);
        return err_set(err, CODE_IO, "an event loop can't be made: %s", uv_strerror(failure));
    }
    (void)uv_prepare_init(&loop->uv, &loop->prepare); /* these can't fail in libuv */
    (void)uv_timer_init(&loop->uv, &loop->timer);
    loop->async.data = loop->prepare.data = loop->timer.data = loop;
    (void)uv_prepare_start(&loop->prepare, on_prepare);
    (void)uv_timer_start(&loop->timer, on_timer, period_ms, period_ms);
    return OK;
}

status loop_init(struct loop *loop, struct loop_shared *shared, unsigned number, struct err *err)
{
    loop->shared = shared;
    loop->number = number;
    list_init(&loop->connections);
    list_init(&loop->dirty);
    timeouts_init(&loop->timeouts, &shared->limits);
    exchange_pool_init(&loop->exchanges);
    loop->scratch.max = HTTP_OUT_SPACE_BYTES;
    return start_handles(loop, err);
}

void loop_run(struct loop *loop)
{
    const struct http_hooks *hooks = &loop->shared->hooks;

    current = loop;
    if (hooks->begin)
        hooks->begin(loop);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (hooks->end)
        hooks->end(loop);
    current = NULL;
}

static void close_handle(uv_handle_t *handle, void *nothing)
{
    (void)nothing;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_finish(struct loop *loop)
{
    run_tasks(loop); /* answers that were posted before the end */
    loop->finished = true;
    uv_walk(&loop->uv, close_handle, NULL);
}

void loop_destroy(struct loop *loop)
{
    int failure;

    if (!loop->finished) {
        loop_finish(loop); /* it never ran */
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    failure = uv_loop_close(&loop->uv);
    assert(failure == 0);
    assert(loop->exchanges.taken == 0); /* every exchange was answered */
    exchange_pool_free(&loop->exchanges);
    input_pool_free(&loop->inputs);
    buf_free(&loop->scratch);
}

/* ---- Questions ---- */

bool loop_is_current(const struct loop *loop)
{
    return current == loop;
}

int64_t loop_now_ms(const struct loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

unsigned loop_number(const struct loop *loop)
{
    return loop->number;
}

void *loop_user(const struct loop *loop)
{
    return loop->user;
}

void loop_set_user(struct loop *loop, void *user)
{
    loop->user = user;
}
