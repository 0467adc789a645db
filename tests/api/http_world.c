/*
 * tests/api/http_world: the handlers, then the looks at what they did.
 */
#include "http_world.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/exchange.h"
#include "http/list.h"
#include "http/loop.h"
#include "http/worker.h"
#include "test.h"

#define HELD_MAX    256
#define LARGE_BYTES ((size_t)8 * 1024 * 1024)

struct held {
    struct loop_task task;
    struct exchange *exchange;
    bool refuses; /* it came from the authorize hook */
    char name[WORLD_NAME_BYTES];
};

struct http_world {
    struct router *router;
    struct server *server;
    struct worker_pool *workers;
    uint16_t port;
    bool is_v6;
    char *large;
    _Atomic uint64_t smuggled;
    _Atomic uint64_t refused;
    pthread_mutex_t gate; /* of GET /stall */
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t arrived;
    struct held *held[HELD_MAX];
    size_t held_count;
    size_t most_held;
};

static struct http_world *world_of(const struct exchange *exchange)
{
    return server_user(exchange->loop);
}

/* ---- Handlers ---- */

static void echo(struct exchange *exchange)
{
    struct json_out out = { .buf = &exchange->answer };

    json_out_object(&out, NULL);
    json_out_text(&out, "text", exchange->parameters[0]);
    json_out_text(&out, "query", exchange_query(exchange));
    json_out_text(&out, "host", head_str(&exchange->head, exchange->head.host));
    json_out_bool(&out, "loopback", exchange->peer.is_loopback);
    json_out_bool(&out, "tls", exchange->peer.is_tls);
    json_out_text(&out, "peer", (struct str){ exchange->peer.text, exchange->peer.text_len });
    json_out_u64(&out, "certificate_bytes", exchange_peer_certificate(exchange).len);
    json_out_end(&out);
    http_respond_json(exchange, 200);
}

static void give_back(struct exchange *exchange)
{
    http_respond_text(exchange, 200, exchange->body);
}

static void large(struct exchange *exchange)
{
    uint64_t len = 0;

    if (str_to_u64(exchange->parameters[0], LARGE_BYTES, &len).code)
        http_respond_problem(exchange, &(struct http_problem){ .status = 400, .code = "BAD_LENGTH" });
    else
        http_respond_text(exchange, 200, (struct str){ world_of(exchange)->large, (size_t)len });
}

static void tagged(struct exchange *exchange)
{
    struct response response = { .status = 200,
                                 .type = MEDIA_TEXT,
                                 .body = STR_INIT("tagged"),
                                 .etag = STR_INIT("\"v1\""),
                                 .cache = CACHE_REVALIDATE };

    http_respond_cached(exchange, &response);
}

static void which_loop(struct exchange *exchange)
{
    buf_add_u64(&exchange->answer, loop_number(exchange->loop));
    http_respond_answer(exchange, 200, MEDIA_TEXT);
}

static void hang_up(struct exchange *exchange)
{
    http_hang_up(exchange);
}

/* Keeps the whole loop waiting while the test holds the gate. */
static void stall(struct exchange *exchange)
{
    pthread_mutex_lock(&world_of(exchange)->gate);
    pthread_mutex_unlock(&world_of(exchange)->gate);
    http_respond_empty(exchange);
}

static void smuggled(struct exchange *exchange)
{
    world_of(exchange)->smuggled++;
    http_respond_empty(exchange);
}

static void answer_held(struct loop_task *task)
{
    struct held *held = LIST_ITEM(task, struct held, task);
    struct exchange *exchange = held->exchange;

    if (held->refuses)
        http_respond_problem(exchange, &(struct http_problem){ .status = 401, .code = "NO_TOKEN" });
    else
        http_respond_text(exchange, 200, exchange->parameters[0]);
    memory_free(held);
}

static void hold_as(struct exchange *exchange, struct str name, bool refuses)
{
    struct http_world *world = world_of(exchange);
    struct held *held = memory_new(1, sizeof *held);

    if (!held || !str_to_c(name, held->name, sizeof held->name)) {
        memory_free(held);
        http_respond_empty(exchange);
        return;
    }
    held->task.run = answer_held;
    held->exchange = exchange;
    held->refuses = refuses;
    pthread_mutex_lock(&world->lock);
    CHECK(world->held_count < HELD_MAX);
    world->held[world->held_count++] = held;
    if (world->held_count > world->most_held)
        world->most_held = world->held_count;
    pthread_cond_broadcast(&world->arrived);
    pthread_mutex_unlock(&world->lock);
}

static void hold(struct exchange *exchange)
{
    hold_as(exchange, exchange->parameters[0], false);
}

/* ---- Answers of the turn hook ---- */

struct gathered {
    struct gathered *next;
    struct exchange *exchange;
};

static void gather(struct exchange *exchange)
{
    struct gathered *gathered = arena_new(&exchange->arena, 1, sizeof *gathered);

    if (!gathered) {
        http_respond_empty(exchange);
        return;
    }
    *gathered = (struct gathered){ loop_user(exchange->loop), exchange };
    loop_set_user(exchange->loop, gathered);
}

static void answer_gathered(struct loop *loop)
{
    struct gathered *gathered = loop_user(loop);

    loop_set_user(loop, NULL);
    while (gathered) {
        struct gathered *next = gathered->next;
        http_respond_text(gathered->exchange, 200, STR("gathered"));
        gathered = next;
    }
}

/* ---- Work on another thread ---- */

struct work {
    struct worker_job job;
    struct exchange *exchange;
    unsigned worker;
};

static void do_work(struct worker_job *job, unsigned worker)
{
    LIST_ITEM(job, struct work, job)->worker = worker;
}

static void work_is_done(struct loop_task *task)
{
    struct work *work = LIST_ITEM(task, struct work, job.done);

    CHECK(loop_is_current(work->exchange->loop));
    buf_add_u64(&work->exchange->answer, work->worker);
    http_respond_answer(work->exchange, 200, MEDIA_TEXT);
}

static void hand_to_worker(struct exchange *exchange)
{
    static const struct http_problem busy = { .status = 503, .code = "BUSY", .retry_after_s = 1 };
    struct work *work = arena_new(&exchange->arena, 1, sizeof *work);

    if (!work) {
        http_respond_problem(exchange, &busy);
        return;
    }
    work->exchange = exchange;
    work->job = (struct worker_job){ .done.run = work_is_done, .loop = exchange->loop, .work = do_work };
    if (worker_run(world_of(exchange)->workers, &work->job).code)
        http_respond_problem(exchange, &busy);
}

/* ---- Hooks ---- */

static enum http_verdict authorize(struct exchange *exchange)
{
    struct str value = exchange_header(exchange, STR("authorization"));

    if (exchange->route->permission != 2 || str_eq(value, STR("yes")))
        return HTTP_ALLOWED;
    if (str_eq(value, STR("later")))
        hold_as(exchange, STR("later"), true);
    else
        http_respond_problem(exchange, &(struct http_problem){ .status = 401, .code = "NO_TOKEN" });
    return HTTP_TAKEN_OVER;
}

/* Takes over only what is guarded. */
static bool refused(struct exchange *exchange, enum refusal refusal)
{
    world_of(exchange)->refused++;
    if (exchange->route->permission != 2)
        return false;
    http_respond_refusal(exchange, refusal);
    return true;
}

#define READ(path_, handler_)                                                                                          \
    {                                                                                                                  \
        .method = METHOD_GET, .path = (path_), .permission = 1, .body_max_bytes = ROUTE_NO_BODY, .handler = (handler_) \
    }

static const struct route routes[] = {
    READ("/echo/{text}", echo),
    READ("/held/{name}", hold),
    READ("/large/{bytes}", large),
    READ("/tagged", tagged),
    READ("/loop", which_loop),
    READ("/work", hand_to_worker),
    READ("/cut", hang_up),
    READ("/gathered", gather),
    READ("/stall", stall),
    READ("/smuggled", smuggled),
    { METHOD_POST, "/body", 1, 65536, give_back, "text/plain", NULL },
    { METHOD_POST, "/small", 1, 16, give_back, "application/json", NULL },
    { METHOD_POST, "/guarded", 2, 1024, give_back, "*/*", NULL },
};

/* ---- Life ---- */

struct http_world_options http_world_options(void)
{
    return (struct http_world_options){ .limits = http_limits_default(), .loops = 1, .host = "127.0.0.1" };
}

static status start(struct http_world *world, const struct http_world_options *options, struct err *err)
{
    struct server_config config = { .hooks = { .authorize = authorize, .refused = refused, .turn = answer_gathered },
                                    .limits = options->limits,
                                    .loops = options->loops,
                                    .user = world,
                                    .tls = options->tls };
    struct server_listen where = { .host = options->host, .tls = options->tls != NULL };

    TRY(router_new(routes, sizeof routes / sizeof *routes, &world->router, err));
    TRY(worker_pool_new(2, 16, &world->workers, err));
    config.router = world->router;
    TRY(server_new(&config, &world->server, err));
    TRY(server_listen(world->server, &where, &world->port, err));
    return server_start(world->server, err);
}

struct http_world *http_world_new(const struct http_world_options *options)
{
    struct http_world *world = memory_new(1, sizeof *world);
    struct err err = { 0 };
    status s;

    if (!CHECK(world != NULL))
        return NULL;
    pthread_mutex_init(&world->gate, NULL);
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->arrived, NULL);
    world->is_v6 = !options->connects_v4 && str_find(str_of(options->host), ':') < strlen(options->host);
    world->large = memory_new(LARGE_BYTES, 1);
    memset(world->large, 'x', LARGE_BYTES);
    s = start(world, options, &err);
    CHECK_STR(str_of(err.text), STR(""));
    if (!CHECK_OK(s))
        http_world_free(&world);
    return world;
}

void http_world_free(struct http_world **world)
{
    struct http_world *self = *world;

    if (!self)
        return;
    if (self->server) {
        (void)server_drain(self->server, 0);
        http_world_release_all(self);
    }
    worker_pool_free(&self->workers);
    server_free(&self->server);
    router_free(&self->router);
    pthread_cond_destroy(&self->arrived);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->gate);
    memory_free(self->large);
    memory_free(self);
    *world = NULL;
}

/* ---- Looking at it ---- */

uint16_t http_world_port(const struct http_world *world)
{
    return world->port;
}

bool http_world_speaks_v6(const struct http_world *world)
{
    return world->is_v6;
}

struct server *http_world_server(struct http_world *world)
{
    return world->server;
}

uint64_t http_world_count(struct http_world *world, enum counter counter)
{
    return server_counters(world->server).of[counter];
}

bool http_world_wait(struct http_world *world, enum counter counter, uint64_t value)
{
    int64_t end_ms = clock_read().running_ms + WORLD_WAIT_MS;

    while (http_world_count(world, counter) < value) {
        if (!CHECK(clock_read().running_ms < end_ms))
            return false;
        sched_yield();
    }
    return true;
}

void http_world_close_gate(struct http_world *world)
{
    pthread_mutex_lock(&world->gate);
}

void http_world_open_gate(struct http_world *world)
{
    pthread_mutex_unlock(&world->gate);
}

uint64_t http_world_smuggled(struct http_world *world)
{
    return world->smuggled;
}

uint64_t http_world_refused(struct http_world *world)
{
    return world->refused;
}

size_t http_world_most_held(struct http_world *world)
{
    size_t most;

    pthread_mutex_lock(&world->lock);
    most = world->most_held;
    pthread_mutex_unlock(&world->lock);
    return most;
}

/* The place of that name, or held_count; under the lock. */
static size_t find_held(const struct http_world *world, const char *name)
{
    size_t i = 0;

    while (i < world->held_count && strcmp(world->held[i]->name, name) != 0)
        i++;
    return i;
}

bool http_world_wait_held(struct http_world *world, const char *name)
{
    struct timespec end = { 0 };
    bool is_there;
    int failure = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WORLD_WAIT_MS / 1000;
    pthread_mutex_lock(&world->lock);
    while (find_held(world, name) == world->held_count && !failure)
        failure = pthread_cond_timedwait(&world->arrived, &world->lock, &end);
    is_there = find_held(world, name) < world->held_count;
    pthread_mutex_unlock(&world->lock);
    return CHECK(is_there);
}

void http_world_release(struct http_world *world, const char *name)
{
    struct held *held = NULL;
    size_t place;

    pthread_mutex_lock(&world->lock);
    place = find_held(world, name);
    if (CHECK(place < world->held_count)) {
        held = world->held[place];
        world->held[place] = world->held[--world->held_count];
    }
    pthread_mutex_unlock(&world->lock);
    if (held)
        loop_post(held->exchange->loop, &held->task);
}

void http_world_release_all(struct http_world *world)
{
    size_t loops = server_loop_count(world->server);

    pthread_mutex_lock(&world->lock);
    for (size_t number = 0; number < loops; number++) {
        struct loop *loop = server_loop(world->server, number);
        struct loop_task *list = NULL;
        for (size_t i = world->held_count; i-- > 0;) {
            if (world->held[i]->exchange->loop != loop)
                continue;
            world->held[i]->task.next = list;
            list = &world->held[i]->task;
            world->held[i] = world->held[--world->held_count];
        }
        loop_post(loop, list);
    }
    pthread_mutex_unlock(&world->lock);
}
