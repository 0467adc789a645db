/*
 * The http room's server as a whole: starting, several loops, workers, and stopping in good order.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "http/loop.h"
#include "http/worker.h"
#include "http_client.h"
#include "http_world.h"
#include "test.h"

/* ---- Starting ---- */

static void a_server_listens_on_ipv6(void)
{
    struct http_world_options options = http_world_options();
    options.host = "::1";
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;
    struct reply reply;

    if (!world)
        return;
    stream = client_ask(world, STR(LAST("/echo/a")), &bytes);
    reply = reply_take(&stream, false);
    CHECK(reply_has(&reply, "\"loopback\":true,\"tls\":false,\"peer\":\"::1\""));
}

/* The client of this world connects to 127.0.0.1; the server's socket is an IPv6 one for both families. */
static void an_ipv4_client_of_an_ipv6_socket_is_shown_as_ipv4(void)
{
    struct http_world_options options = http_world_options();
    options.host = "::";
    options.connects_v4 = true;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;
    struct reply reply;

    if (!world)
        return;
    stream = client_ask(world, STR(LAST("/echo/a")), &bytes);
    reply = reply_take(&stream, false);
    CHECK(reply_has(&reply, "\"loopback\":true,\"tls\":false,\"peer\":\"127.0.0.1\""));
}

static void a_port_that_is_taken_is_an_error_that_names_the_host(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct server *, server_free) second = NULL;
    struct server_config config = { .limits = http_limits_default(), .loops = 1 };
    struct server_listen where = { .host = "127.0.0.1", .port = world ? http_world_port(world) : 0 };
    struct err err = { 0 };
    uint16_t port = 0;

    if (!world || !CHECK_OK(server_new(&config, &second, &err)))
        return;
    CHECK_CODE(server_listen(second, &where, &port, &err), CODE_IO);
    CHECK(str_find_str(str_of(err.text), STR("127.0.0.1")) < strlen(err.text));
}

static void what_can_not_be_listened_on_is_an_error(void)
{
    AUTO(struct server *, server_free) server = NULL;
    struct server_config config = { .limits = http_limits_default(), .loops = 1 };
    struct err err = { 0 };
    uint16_t port = 0;

    CHECK_OK(server_new(&config, &server, &err));
    CHECK_CODE(server_listen(server, &(struct server_listen){ .host = "256.0.0.1" }, &port, &err), CODE_INVALID);
    CHECK_CODE(server_listen(server, &(struct server_listen){ .host = "127.0.0.1", .tls = true }, &port, &err),
               CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("TLS on 127.0.0.1 needs a certificate and a key"));
    for (int i = 0; i < HTTP_LISTENERS_MAX; i++)
        CHECK_OK(server_listen(server, &(struct server_listen){ .host = "127.0.0.1" }, &port, &err));
    CHECK_CODE(server_listen(server, &(struct server_listen){ .host = "127.0.0.1" }, &port, &err), CODE_TOO_LARGE);
}

static void a_failed_allocation_at_any_step_makes_no_server(void)
{
    for (int64_t step = 0;; step++) {
        AUTO(struct server *, server_free) server = NULL;
        struct server_config config = { .limits = http_limits_default(), .loops = 2 };
        struct err err = { 0 };
        bool hit;

        fault_arm(FAULT_MEMORY, step, 1);
        status s = server_new(&config, &server, &err);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK((s.code == CODE_OK) == !hit);
        if (!hit)
            break;
    }
}

/* ---- Scarcity ---- */

#define SPARE_MAX 4096

/* Takes every descriptor that this process may have. */
static int take_descriptors(int *spare)
{
    int count = 0;

    while (count < SPARE_MAX && (spare[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    CHECK(count < SPARE_MAX);
    return count;
}

static void without_descriptors_a_client_waits_and_is_served_later(void)
{
    static int spare[SPARE_MAX];
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) client = world ? client_socket(world) : -1;
    struct rlimit before = { 0 };
    struct str stream;
    int count;

    if (!world || !CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0))
        return;
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, before.rlim_max }) == 0);
    count = take_descriptors(spare);
    client_reach(world, client);
    CHECK(client_send(client, STR(LAST("/tagged"))));
    CHECK(http_world_wait(world, COUNTER_ACCEPTS_FAILED, 1));
    while (count-- > 0)
        (void)close(spare[count]);
    stream = client_read_all(client, &bytes);
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

/* Everything that a request needs is kept from the one before it. */
static void a_warm_server_answers_without_asking_for_memory(void)
{
    static const struct str request = STR_INIT("GET /echo/a%20b?c=d HTTP/1.1\r\nHost: a\r\n\r\n");
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(int, client_hang_up) client = world ? client_connect(world) : -1;
    char space[4096];

    for (int i = 0; world && i < 10; i++) {
        ssize_t len;
        if (i == 1)
            fault_arm(FAULT_MEMORY, 0, -1);
        if (!CHECK(client_send(client, request)))
            break;
        len = client_recv(client, space, sizeof space, 0);
        CHECKING("request %d", i);
        CHECK(len > 0 && str_starts((struct str){ space, (size_t)len }, STR("HTTP/1.1 200 OK\r\n")));
        CHECK(!fault_was_hit(FAULT_MEMORY));
    }
    fault_disarm_all();
}

/* ---- Several loops ---- */

static void connections_are_dealt_out_to_the_loops_in_turn(void)
{
    struct http_world_options options = http_world_options();
    options.loops = 3;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    static const char *const numbers[] = { "0", "1", "2" };

    for (int i = 0; world && i < 9; i++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream = client_ask(world, STR(LAST("/loop")), &bytes);
        CHECK_STR(reply_take(&stream, false).body, str_of(numbers[i % 3]));
    }
}

static void answers_posted_by_another_thread_reach_their_loops(void)
{
    struct http_world_options options = http_world_options();
    options.loops = 3;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    int clients[6] = { -1, -1, -1, -1, -1, -1 };

    for (int i = 0; world && i < 6; i++) {
        clients[i] = client_connect(world);
        CHECK(client_send(clients[i], STR(LAST("/held/x"))));
    }
    while (world && http_world_most_held(world) < 6) {
        if (!http_world_wait_held(world, "x"))
            break;
    }
    if (world)
        http_world_release_all(world);
    for (int i = 0; world && i < 6; i++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream = client_read_all(clients[i], &bytes);
        CHECK_STR(reply_take(&stream, false).body, STR("x"));
        (void)close(clients[i]);
    }
}

/* ---- Dead connections ---- */

static void an_answer_for_a_dead_connection_is_dropped(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
    int client = world ? client_connect(world) : -1;

    if (!world || !CHECK(client_send(client, STR(ASK("/held/a") ASK("/held/b") ASK("/tagged") "GET /half"))))
        return;
    CHECK(http_world_wait_held(world, "a") && http_world_wait_held(world, "b"));
    CHECK(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
    (void)close(client);
    CHECK(http_world_wait(world, COUNTER_CONNECTIONS_ENDED, 1));
    http_world_release(world, "b");
    http_world_release(world, "a");
    CHECK(http_world_wait(world, COUNTER_LATE, 2));
}

/* ---- Stopping ---- */

static void all_that_was_sent_before_the_stop_is_answered(void)
{
    for (int round = 0; round < 40; round++) {
        struct http_world_options options = http_world_options();
        options.loops = 1 + (size_t)round % 3;
        options.limits.linger_timeout_ms = 10; /* these clients don't close before they are asked to read */
        AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
        int clients[5];

        for (int i = 0; world && i < 5; i++) {
            clients[i] = client_connect(world);
            CHECK(client_send(clients[i], STR(ASK("/tagged"))));
        }
        if (!world)
            return;
        CHECK(server_drain(http_world_server(world), WORLD_WAIT_MS));
        for (int i = 0; i < 5; i++) {
            AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
            struct str stream = client_read_all(clients[i], &bytes);
            CHECK_INT(reply_take(&stream, false).status, 200);
            CHECK_INT(stream.len, 0);
            (void)close(clients[i]);
        }
    }
}

static void *drain(void *world)
{
    return server_drain(http_world_server(world), WORLD_WAIT_MS) ? world : NULL;
}

static void a_stop_waits_for_requests_under_way_and_says_that_it_closes(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(struct buf, buf_free) nothing = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) busy = world ? client_connect(world) : -1;
    AUTO(int, client_hang_up) idle = world ? client_connect(world) : -1;
    void *in_good_order = NULL;
    pthread_t stopper;
    struct str stream;
    struct reply reply;

    if (!world || !CHECK(client_send(busy, STR(ASK("/held/a")))))
        return;
    CHECK(http_world_wait_held(world, "a"));
    if (!CHECK(pthread_create(&stopper, NULL, drain, world) == 0))
        return;
    CHECK_INT(client_read_all(idle, &nothing).len, 0); /* closed at once */
    http_world_release(world, "a");
    stream = client_read_all(busy, &bytes);
    reply = reply_take(&stream, false);
    CHECK_STR(reply.body, STR("a"));
    CHECK_STR(reply_field(&reply, STR("connection")), STR("close"));
    (void)close(busy);
    busy = -1;
    CHECK(pthread_join(stopper, &in_good_order) == 0);
    CHECK(in_good_order == world);
}

static void a_stop_does_not_wait_for_ever(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) busy = world ? client_connect(world) : -1;

    if (!world || !CHECK(client_send(busy, STR(ASK("/held/a")))))
        return;
    CHECK(http_world_wait_held(world, "a"));
    CHECK(!server_drain(http_world_server(world), 20));
    CHECK_INT(client_read_all(busy, &bytes).len, 0);
    http_world_release(world, "a"); /* late, and harmless */
    CHECK(http_world_wait(world, COUNTER_LATE, 1));
}

static void nobody_connects_after_a_stop(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct server *, server_free) successor = NULL;
    struct server_config config = { .limits = http_limits_default(), .loops = 1 };
    struct server_listen where = { .host = "127.0.0.1", .port = world ? http_world_port(world) : 0 };
    uint16_t port = 0;

    if (!world)
        return;
    CHECK(server_drain(http_world_server(world), WORLD_WAIT_MS));
    CHECK_OK(server_new(&config, &successor, NULL));
    CHECK_OK(server_listen(successor, &where, &port, NULL)); /* the port is free for the next one */
    CHECK_INT(port, where.port);
}

static void a_half_sent_request_is_waited_for_when_the_server_stops(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(struct buf, buf_free) nothing = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) half = world ? client_connect(world) : -1;
    AUTO(int, client_hang_up) idle = world ? client_connect(world) : -1;
    void *in_good_order = NULL;
    pthread_t stopper;
    struct str stream;
    struct reply reply;

    if (!world || !CHECK(client_send(half, STR("GET /tagged HTTP/1.1\r\n"))))
        return;
    CHECK(http_world_wait(world, COUNTER_BYTES_IN, 22));
    if (!CHECK(pthread_create(&stopper, NULL, drain, world) == 0))
        return;
    CHECK_INT(client_read_all(idle, &nothing).len, 0); /* the stop has begun */
    CHECK(client_send(half, STR("Host: a\r\n\r\n")));
    stream = client_read_all(half, &bytes);
    reply = reply_take(&stream, false);
    CHECK_INT(reply.status, 200);
    CHECK_STR(reply_field(&reply, STR("connection")), STR("close"));
    (void)close(half);
    half = -1;
    CHECK(pthread_join(stopper, &in_good_order) == 0);
    CHECK(in_good_order == world);
}

/* ---- Workers ---- */

struct blocked {
    struct worker_job job;
    pthread_mutex_t *gate;
    _Atomic int *ran;
};

static void pass_the_gate(struct worker_job *job, unsigned worker)
{
    struct blocked *blocked = (struct blocked *)(void *)job;

    (void)worker;
    pthread_mutex_lock(blocked->gate);
    pthread_mutex_unlock(blocked->gate);
}

static void count_run(struct loop_task *task)
{
    struct blocked *blocked = (struct blocked *)(void *)task;

    (*blocked->ran)++;
}

static void a_full_queue_of_workers_refuses_and_the_rest_is_done(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct worker_pool *pool = NULL;
    struct blocked jobs[8];
    _Atomic int ran = 0;
    int taken = 0;

    if (!world || !CHECK_OK(worker_pool_new(1, 4, &pool, NULL)))
        return;
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 8; i++) {
        jobs[i] = (struct blocked){
            .job = { .done.run = count_run, .loop = server_loop(http_world_server(world), 0), .work = pass_the_gate },
            .gate = &gate,
            .ran = &ran
        };
        status s = worker_run(pool, &jobs[i].job);
        CHECK(s.code == CODE_OK || s.code == CODE_BUSY);
        taken += s.code == CODE_OK;
    }
    CHECK(taken == 4 || taken == 5); /* the worker may have taken the first one already */
    pthread_mutex_unlock(&gate);
    worker_pool_free(&pool);
    http_world_free(&world); /* runs what was posted */
    CHECK_INT(ran, taken);
}

static const struct test tests[] = {
    TEST(a_server_listens_on_ipv6),
    TEST(an_ipv4_client_of_an_ipv6_socket_is_shown_as_ipv4),
    TEST(a_port_that_is_taken_is_an_error_that_names_the_host),
    TEST(what_can_not_be_listened_on_is_an_error),
    TEST(a_failed_allocation_at_any_step_makes_no_server),
    TEST(without_descriptors_a_client_waits_and_is_served_later),
    TEST(a_warm_server_answers_without_asking_for_memory),
    TEST(connections_are_dealt_out_to_the_loops_in_turn),
    TEST(answers_posted_by_another_thread_reach_their_loops),
    TEST(an_answer_for_a_dead_connection_is_dropped),
    TEST(all_that_was_sent_before_the_stop_is_answered),
    TEST(a_stop_waits_for_requests_under_way_and_says_that_it_closes),
    TEST(a_stop_does_not_wait_for_ever),
    TEST(nobody_connects_after_a_stop),
    TEST(a_half_sent_request_is_waited_for_when_the_server_stops),
    TEST(a_full_queue_of_workers_refuses_and_the_rest_is_done),
};
TEST_MAIN(tests)
