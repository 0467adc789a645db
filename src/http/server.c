/*
 * http/server: what the main thread does with the loops.
 */
#include "http/server.h"

#include <assert.h>
#include <signal.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/connection.h"
#include "http/listener.h"

/* After the cut nothing waits for a peer any more. */
#define CUT_MAX_MS 10000

/* Something that each loop does while the main thread waits. */
struct order {
    struct loop_task task;
    struct loop *loop;
    void (*carry_out)(struct loop *loop);
};

struct server {
    struct loop_shared shared;
    struct loop *loops;
    struct order *orders; /* one for each loop */
    size_t loop_count;
    size_t made;    /* loops that were initialised */
    size_t running; /* loops with a thread */
    struct listener listeners[HTTP_LISTENERS_MAX];
    size_t listener_count;
    struct tls_context *tls;
    uv_mutex_t lock;
    uv_cond_t changed; /* `obeyed`, or the number of connections has reached zero */
    size_t obeyed;     /* running loops that have carried out the last order */
    bool has_lock;
};

size_t server_default_loops(void)
{
    size_t cores = uv_available_parallelism();

    if (cores <= 2)
        return 1;
    return cores / 2 < HTTP_LOOPS_MAX ? cores / 2 : HTTP_LOOPS_MAX;
}

/* ---- Orders to the loops ---- */

static void tell_change(void *self)
{
    struct server *server = self;

    uv_mutex_lock(&server->lock);
    uv_cond_broadcast(&server->changed);
    uv_mutex_unlock(&server->lock);
}

static void obey(struct loop_task *task)
{
    struct order *order = LIST_ITEM(task, struct order, task);
    struct server *server = order->loop->shared->server;

    order->carry_out(order->loop);
    uv_mutex_lock(&server->lock);
    server->obeyed++;
    uv_cond_broadcast(&server->changed);
    uv_mutex_unlock(&server->lock);
}

/* Waits until all have obeyed: a loop is never busy for long. */
static void order_all(struct server *server, void (*carry_out)(struct loop *loop))
{
    server->obeyed = 0;
    for (size_t i = 0; i < server->running; i++) {
        server->orders[i] = (struct order){ .task.run = obey, .loop = &server->loops[i], .carry_out = carry_out };
        loop_post(&server->loops[i], &server->orders[i].task);
    }
    uv_mutex_lock(&server->lock);
    while (server->obeyed < server->running)
        uv_cond_wait(&server->changed, &server->lock);
    uv_mutex_unlock(&server->lock);
}

static bool has_connections(const struct server *server)
{
    return atomic_load(&server->shared.connections) > 0;
}

/* Whether all connections were closed before the time was over. */
static bool wait_for_connections(struct server *server, int64_t max_ms)
{
    int64_t end_ms = clock_read().running_ms + max_ms;
    int64_t left_ms = max_ms;

    uv_mutex_lock(&server->lock);
    while (has_connections(server) && left_ms > 0) {
        (void)uv_cond_timedwait(&server->changed, &server->lock, (uint64_t)left_ms * 1000000);
        left_ms = end_ms - clock_read().running_ms;
    }
    uv_mutex_unlock(&server->lock);
    return !has_connections(server);
}

static void drain_connections(struct loop *loop)
{
    struct link *next;

    for (struct link *link = loop->connections.next; link != &loop->connections; link = next) {
        next = link->next;
        connection_drain(LIST_ITEM(link, struct connection, in_loop));
    }
}

static void drain(struct loop *loop)
{
    struct server *server = loop->shared->server;

    loop->draining = true;
    for (size_t i = 0; loop->number == 0 && i < server->listener_count; i++)
        listener_close(&server->listeners[i]);
    drain_connections(loop);
}

static void cut(struct loop *loop)
{
    while (!list_is_empty(&loop->connections))
        connection_close(LIST_ITEM(loop->connections.next, struct connection, in_loop));
}

bool server_drain(struct server *server, int64_t max_ms)
{
    bool in_good_order;

    order_all(server, drain);
    in_good_order = wait_for_connections(server, max_ms);
    if (!in_good_order) {
        order_all(server, cut);
        (void)wait_for_connections(server, CUT_MAX_MS);
    }
    return in_good_order;
}

/* ---- Making and starting ---- */

static status make_loops(struct server *server, const struct server_config *config, struct err *err)
{
    server->loop_count = config->loops ? config->loops : server_default_loops();
    if (server->loop_count > HTTP_LOOPS_MAX)
        return err_set(err, CODE_TOO_LARGE, "%zu event loops are more than %d", server->loop_count, HTTP_LOOPS_MAX);
    server->loops = memory_new(server->loop_count, sizeof *server->loops);
    server->orders = memory_new(server->loop_count, sizeof *server->orders);
    if (!server->loops || !server->orders)
        return (status){ CODE_NO_MEMORY };
    for (; server->made < server->loop_count; server->made++)
        TRY(loop_init(&server->loops[server->made], &server->shared, (unsigned)server->made, err));
    return OK;
}

static status make_lock(struct server *server)
{
    if (uv_mutex_init(&server->lock))
        return (status){ CODE_NO_MEMORY };
    if (uv_cond_init(&server->changed)) {
        uv_mutex_destroy(&server->lock);
        return (status){ CODE_NO_MEMORY };
    }
    server->has_lock = true;
    return OK;
}

static status set_up(struct server *server, const struct server_config *config, struct err *err)
{
    server->shared = (struct loop_shared){ .router = config->router,
                                           .hooks = config->hooks,
                                           .limits = config->limits,
                                           .user = config->user,
                                           .idle = tell_change,
                                           .server = server };
    peers_init(&server->shared.peers);
    TRY(make_lock(server));
    if (config->tls)
        TRY(tls_context_new(config->tls, &server->tls, err));
    return make_loops(server, config, err);
}

status server_new(const struct server_config *config, struct server **ret_server, struct err *err)
{
    AUTO(struct server *, server_free) server = memory_new(1, sizeof *server);

    if (!server)
        return (status){ CODE_NO_MEMORY };
    (void)signal(SIGPIPE, SIG_IGN);
    TRY(set_up(server, config, err));
    *ret_server = server;
    server = NULL;
    return OK;
}

status server_listen(struct server *server, const struct server_listen *where, uint16_t *ret_port, struct err *err)
{
    struct listener *listener = &server->listeners[server->listener_count];

    assert(server->running == 0);
    if (server->listener_count == HTTP_LISTENERS_MAX)
        return err_set(err, CODE_TOO_LARGE, "a server listens on at most %d addresses", HTTP_LISTENERS_MAX);
    if (where->tls && !server->tls)
        return err_set(err, CODE_INVALID, "TLS on %s needs a certificate and a key", where->host);
    listener->tls = where->tls ? server->tls : NULL;
    listener->loops = server->loops;
    listener->loop_count = server->loop_count;
    TRY(listener_open(listener, where->host, where->port, ret_port, err));
    server->listener_count++;
    return OK;
}

static void run_thread(void *loop)
{
    loop_run(loop);
}

/* Signals are for the main thread: the loops' threads are born with all of them blocked. */
static status start_threads(struct server *server, struct err *err)
{
    sigset_t all;
    sigset_t before;
    int failure = 0;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (!failure && server->running < server->loop_count) {
        struct loop *loop = &server->loops[server->running];
        failure = uv_thread_create(&loop->thread, run_thread, loop);
        server->running += failure == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure ? err_set(err, CODE_IO, "can't start a thread: %s", uv_strerror(failure)) : OK;
}

status server_start(struct server *server, struct err *err)
{
    assert(server->running == 0);
    for (size_t i = 0; i < server->listener_count; i++)
        TRY(listener_poll(&server->listeners[i], err));
    return start_threads(server, err);
}

status server_reload_tls(struct server *server, struct err *err)
{
    return server->tls ? tls_context_reload(server->tls, err) : OK;
}

/* ---- The end ---- */

static void finish(struct loop *loop)
{
    cut(loop);
    loop_finish(loop);
}

static void stop_threads(struct server *server)
{
    if (server->running == 0)
        return;
    (void)server_drain(server, 0);
    order_all(server, finish);
    for (size_t i = 0; i < server->running; i++)
        (void)uv_thread_join(&server->loops[i].thread);
}

void server_free(struct server **server)
{
    struct server *self = *server;

    if (!self)
        return;
    stop_threads(self);
    for (size_t i = 0; i < self->listener_count; i++)
        listener_close(&self->listeners[i]); /* where no thread did */
    for (size_t i = 0; i < self->made; i++)
        loop_destroy(&self->loops[i]);
    tls_context_free(&self->tls);
    if (self->has_lock) {
        uv_cond_destroy(&self->changed);
        uv_mutex_destroy(&self->lock);
    }
    memory_free(self->orders);
    memory_free(self->loops);
    memory_free(self);
    *server = NULL;
}

/* ---- Questions ---- */

size_t server_loop_count(const struct server *server)
{
    return server->loop_count;
}

struct loop *server_loop(struct server *server, size_t number)
{
    assert(number < server->loop_count);
    return &server->loops[number];
}

void *server_user(const struct loop *loop)
{
    return loop->shared->user;
}

static void add_counters(struct server_counters *sum, const struct counters *counters)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        sum->of[i] += counters_get(&counters->of[i]);
    for (size_t i = 0; i < REFUSE_COUNT; i++)
        sum->refusals[i] += counters_get(&counters->refusals[i]);
}

struct server_counters server_counters(const struct server *server)
{
    struct server_counters sum = { 0 };

    for (size_t i = 0; i < server->loop_count; i++)
        add_counters(&sum, &server->loops[i].counters);
    return sum;
}
