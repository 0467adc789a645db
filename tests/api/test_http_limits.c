/*
 * The http room's limits over real sockets: of time, of connections, of requests under way and of unread answers.
 */
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http_client.h"
#include "http_world.h"
#include "test.h"

/* ---- Time ---- */

static struct http_world_options hasty(void)
{
    struct http_world_options options = http_world_options();

    options.limits.head_timeout_ms = 200;
    options.limits.body_timeout_ms = 200;
    options.limits.idle_timeout_ms = 200;
    options.limits.write_timeout_ms = 200;
    options.limits.linger_timeout_ms = 200;
    return options;
}

static void a_client_that_is_too_slow_is_told_so(void)
{
    static const struct {
        const char *what;
        struct str bytes;
        const char *code;
    } cases[] = {
        { "half a request line", STR_INIT("GET /ta"), "HEAD_TIMEOUT" },
        { "half a head", STR_INIT("GET /tagged HTTP/1.1\r\nHost: a\r\n"), "HEAD_TIMEOUT" },
        { "half a body",
          STR_INIT("POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                   "Content-Length: 5\r\n\r\nhe"),
          "BODY_TIMEOUT" },
        { "half a chunk",
          STR_INIT("POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\nhe"),
          "BODY_TIMEOUT" },
    };
    struct http_world_options options = hasty();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    for (size_t i = 0; world && i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream = client_ask(world, cases[i].bytes, &bytes);
        struct reply reply = reply_take(&stream, false);

        CHECKING("%s", cases[i].what);
        CHECK_INT(reply.status, 408);
        CHECK(reply_has(&reply, cases[i].code));
        CHECK_STR(reply_field(&reply, STR("connection")), STR("close"));
    }
}

/* Its next head is always half there, but each one is finished in time. */
static void each_request_has_time_of_its_own(void)
{
    struct http_world_options options = http_world_options();
    options.limits.head_timeout_ms = 3000;
    AUTO(struct scene, scene_end) scene = scene_begin(&options);
    const struct timespec pause = { .tv_nsec = 700000000 };

    if (!scene.world || !CHECK(client_send(scene.client, STR("GET /tagged "))))
        return;
    for (size_t i = 1; i <= 5; i++) {
        CHECK(nanosleep(&pause, NULL) == 0);
        CHECK(client_send(scene.client, STR("HTTP/1.1\r\nHost: a\r\n\r\nGET /tagged ")));
        CHECK(client_read_replies(scene.client, &scene.bytes, i));
    }
    CHECK_INT(http_world_count(scene.world, COUNTER_TIMEOUTS), 0);
}

static void half_a_head_behind_a_whole_request_has_its_time_too(void)
{
    struct http_world_options options = hasty();
    AUTO(struct scene, scene_end) scene = scene_begin(&options);
    struct str stream;

    if (!scene.world || !CHECK(client_send(scene.client, STR("GET /ta"))) ||
        !http_world_wait(scene.world, COUNTER_BYTES_IN, 7))
        return;
    CHECK(client_send(scene.client, STR("gged HTTP/1.1\r\nHost: a\r\n\r\nGET /ta")));
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK_INT(reply_take(&stream, false).status, 408);
    CHECK_INT(stream.len, 0);
}

static void an_idle_connection_ends_without_a_word(void)
{
    struct http_world_options options = hasty();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) never = { .max = REPLY_MAX_BYTES };
    AUTO(struct buf, buf_free) once = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    CHECK_INT(client_ask(world, STR(""), &never).len, 0);
    stream = client_ask(world, STR(ASK("/tagged")), &once);
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK_INT(stream.len, 0);
    CHECK_INT(http_world_count(world, COUNTER_TIMEOUTS), 2);
}

/* What it sent came in time; that nobody had time to read it is not its fault. */
static void a_busy_loop_takes_no_client_for_idle_or_slow(void)
{
    struct http_world_options options = hasty();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) busy = world ? client_connect(world) : -1;
    AUTO(int, client_hang_up) idle = world ? client_connect(world) : -1;
    AUTO(int, client_hang_up) slow = world ? client_connect(world) : -1;
    const struct timespec longer_than_they_have = { .tv_nsec = 400000000 };
    struct str stream;

    if (!world || !CHECK(client_send(slow, STR("GET /ta"))) || !http_world_wait(world, COUNTER_BYTES_IN, 7))
        return;
    http_world_close_gate(world);
    CHECK(client_send(busy, STR(ASK("/stall"))));
    CHECK(http_world_wait(world, COUNTER_HANDLED, 1));
    CHECK(client_send(idle, STR(LAST("/tagged"))));
    CHECK(client_send(slow, STR("gged HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")));
    CHECK(nanosleep(&longer_than_they_have, NULL) == 0);
    http_world_open_gate(world);
    stream = client_read_all(idle, &bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("tagged"));
    buf_clear(&bytes);
    stream = client_read_all(slow, &bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("tagged"));
}

static void a_handler_may_take_longer_than_a_client(void)
{
    struct http_world_options options = hasty();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) slow = { .max = REPLY_MAX_BYTES };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) client = world ? client_connect(world) : -1;
    struct str stream;

    if (!world || !CHECK(client_send(client, STR(LAST("/held/a")))))
        return;
    CHECK(http_world_wait_held(world, "a"));
    CHECK_INT(client_ask(world, STR(""), &slow).len, 0); /* one that came later has been idle for too long */
    http_world_release(world, "a");
    stream = client_read_all(client, &bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("a"));
}

static void a_client_that_does_not_read_is_cut_off(void)
{
    struct http_world_options options = hasty();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(int, client_hang_up) client = world ? client_connect(world) : -1;

    if (!world || !CHECK(client_send(client, STR(ASK("/large/8388608") ASK("/large/8388608") ASK("/large/8388608")))))
        return;
    CHECK(http_world_wait(world, COUNTER_CONNECTIONS_ENDED, 1));
    CHECK_INT(http_world_count(world, COUNTER_TIMEOUTS), 1);
}

/* ---- Limits ---- */

static void a_large_answer_arrives_whole(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    stream = client_ask(world, STR(ASK("/large/8388608") ASK("/tagged") LAST("/large/8388608")), &bytes);
    CHECK_INT(reply_take(&stream, false).body.len, 8388608);
    CHECK_STR(reply_take(&stream, false).body, STR("tagged"));
    CHECK_INT(reply_take(&stream, false).body.len, 8388608);
    CHECK_INT(stream.len, 0);
}

static void one_connection_too_many_is_turned_away(void)
{
    struct http_world_options options = http_world_options();
    options.limits.connections_max = 2;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(int, client_hang_up) one = world ? client_connect(world) : -1;
    AUTO(int, client_hang_up) two = world ? client_connect(world) : -1;
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    CHECK(two >= 0);
    if (!world || !http_world_wait(world, COUNTER_CONNECTIONS, 2))
        return;
    stream = client_ask(world, STR(""), &bytes);
    CHECK_INT(reply_take(&stream, false).status, 503);
    (void)close(one);
    one = -1;
    if (!http_world_wait(world, COUNTER_CONNECTIONS_ENDED, 1))
        return;
    buf_clear(&bytes);
    stream = client_ask(world, STR(LAST("/tagged")), &bytes);
    CHECK_INT(reply_take(&stream, false).status, 200);
}

/* What another one asks, from an address of its own. */
static int status_from(struct http_world *world, const char *address)
{
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(int, client_hang_up) client = client_socket(world);
    struct str stream;

    client_bind(client, address);
    client_reach(world, client);
    (void)client_send(client, STR(LAST("/tagged"))); /* one that is turned away may be gone already */
    stream = client_read_all(client, &bytes);
    return reply_take(&stream, false).status;
}

static void one_address_does_not_take_all_connections(void)
{
    struct http_world_options options = http_world_options();
    options.loops = 2;
    options.limits.peer_connections_max = 2;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(int, client_hang_up) one = world ? client_connect(world) : -1;
    AUTO(int, client_hang_up) two = world ? client_connect(world) : -1;

    CHECK(two >= 0);
    if (!world || !http_world_wait(world, COUNTER_CONNECTIONS, 2))
        return;
    CHECK_INT(status_from(world, "127.0.0.1"), 503);
    CHECK_INT(status_from(world, "127.0.0.2"), 200);
    CHECK(http_world_wait(world, COUNTER_CONNECTIONS_ENDED, 1));
    client_hang_up(&one);
    one = -1;
    if (http_world_wait(world, COUNTER_CONNECTIONS_ENDED, 2))
        CHECK_INT(status_from(world, "127.0.0.1"), 200);
}

#define SEVEN ASK("/held/a") ASK("/held/b") ASK("/held/c") ASK("/held/d") ASK("/held/e") ASK("/held/f") LAST("/held/g")

/* Has the loop turn once more: what it can read by itself it has read by then. */
static void let_turn(struct http_world *world)
{
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream = client_ask(world, STR(LAST("/tagged")), &bytes);

    CHECK_INT(reply_take(&stream, false).status, 200);
}

static void only_so_many_requests_of_one_connection_are_under_way(void)
{
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };
    struct http_world_options options = http_world_options();
    options.limits.pipeline_max = 3;
    AUTO(struct scene, scene_end) scene = scene_begin(&options);
    struct str stream;

    if (!scene.world || !CHECK(client_send(scene.client, STR(SEVEN))) || !http_world_wait_held(scene.world, "c"))
        return;
    let_turn(scene.world);
    CHECK_INT(http_world_most_held(scene.world), 3);
    for (size_t i = 0; i < 7; i++) {
        CHECK(http_world_wait_held(scene.world, names[i]));
        http_world_release(scene.world, names[i]);
    }
    stream = client_read_all(scene.client, &scene.bytes);
    for (size_t i = 0; i < 7; i++)
        CHECK_STR(reply_take(&stream, false).body, str_of(names[i]));
    CHECK_INT(http_world_most_held(scene.world), 3);
}

#define LARGE      ASK("/large/8388608")
#define FIVE_LARGE LARGE LARGE LARGE LARGE LARGE

#define FIVE_GATHERED ASK("/gathered") ASK("/gathered") ASK("/gathered") ASK("/gathered") ASK("/gathered")

/*
 * Each request waits for the answer to the one before it, and each answer comes from the turn hook. A loop that forgot
 * to turn again would sleep until its timer wakes it, a second for each of the fifteen.
 */
static void a_request_that_had_to_wait_belongs_to_the_turn_that_let_it_in(void)
{
    struct http_world_options options = http_world_options();
    options.limits.pipeline_max = 1;
    options.limits.linger_timeout_ms = 60000;
    AUTO(struct scene, scene_end) scene = scene_begin(&options);
    int64_t began_ms = clock_read().running_ms;

    if (!scene.world || !CHECK(client_send(scene.client, STR(FIVE_GATHERED FIVE_GATHERED FIVE_GATHERED))))
        return;
    CHECK(client_read_replies(scene.client, &scene.bytes, 15));
    CHECK(clock_read().running_ms - began_ms < 7000);
}

/* The client reads nothing at first; what it has asked for must not pile up. */
static void unread_answers_hold_further_requests_back(void)
{
    struct http_world_options options = http_world_options();
    options.limits.unsent_max_bytes = 1;
    AUTO(struct scene, scene_end) scene = scene_begin(&options);

    if (!scene.world || !CHECK(client_send(scene.client, STR(FIVE_LARGE FIVE_LARGE))))
        return;
    CHECK(http_world_wait(scene.world, COUNTER_HANDLED, 1));
    let_turn(scene.world);
    CHECK(http_world_count(scene.world, COUNTER_HANDLED) <= 4); /* one being written, one waiting, and the turn's own */
    CHECK(client_read_replies(scene.client, &scene.bytes, 10));
    CHECK_INT(http_world_count(scene.world, COUNTER_HANDLED), 11);
}

static const struct test tests[] = {
    TEST(a_client_that_is_too_slow_is_told_so),
    TEST(each_request_has_time_of_its_own),
    TEST(half_a_head_behind_a_whole_request_has_its_time_too),
    TEST(an_idle_connection_ends_without_a_word),
    TEST(a_busy_loop_takes_no_client_for_idle_or_slow),
    TEST(a_handler_may_take_longer_than_a_client),
    TEST(a_client_that_does_not_read_is_cut_off),
    TEST(a_large_answer_arrives_whole),
    TEST(one_connection_too_many_is_turned_away),
    TEST(one_address_does_not_take_all_connections),
    TEST(only_so_many_requests_of_one_connection_are_under_way),
    TEST(a_request_that_had_to_wait_belongs_to_the_turn_that_let_it_in),
    TEST(unread_answers_hold_further_requests_back),
};
TEST_MAIN(tests)
