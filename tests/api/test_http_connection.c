/*
 * The http room's connections over real sockets: the order of answers, who waits for whom, and permission.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"
#include "http_world.h"
#include "test.h"

/* ---- Order ---- */

static void answers_leave_in_the_order_of_the_requests(void)
{
    AUTO(struct scene, scene_end) scene = scene_begin(NULL);
    struct str stream;

    if (!scene.world ||
        !CHECK(client_send(scene.client, STR(ASK("/held/a") ASK("/held/b") ASK("/tagged") LAST("/held/c")))))
        return;
    CHECK(http_world_wait_held(scene.world, "a") && http_world_wait_held(scene.world, "b") &&
          http_world_wait_held(scene.world, "c"));
    http_world_release(scene.world, "c");
    http_world_release(scene.world, "b");
    http_world_release(scene.world, "a");
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("a"));
    CHECK_STR(reply_take(&stream, false).body, STR("b"));
    CHECK_STR(reply_take(&stream, false).body, STR("tagged"));
    CHECK_STR(reply_take(&stream, false).body, STR("c"));
    CHECK_INT(stream.len, 0);
}

static void a_list_of_answers_is_posted_at_once(void)
{
    AUTO(struct scene, scene_end) scene = scene_begin(NULL);
    struct str stream;

    if (!scene.world || !CHECK(client_send(scene.client, STR(ASK("/held/a") ASK("/held/b") LAST("/held/c")))))
        return;
    CHECK(http_world_wait_held(scene.world, "c"));
    http_world_release_all(scene.world);
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("a"));
    CHECK_STR(reply_take(&stream, false).body, STR("b"));
    CHECK_STR(reply_take(&stream, false).body, STR("c"));
}

static void a_refusal_waits_for_the_answers_before_it(void)
{
    AUTO(struct scene, scene_end) scene = scene_begin(NULL);
    struct str stream;

    if (!scene.world || !CHECK(client_send(scene.client, STR(ASK("/held/a") "GET / HTTP/1.1\r\n\r\n" ASK("/tagged")))))
        return;
    CHECK(http_world_wait_held(scene.world, "a"));
    http_world_release(scene.world, "a");
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK_INT(reply_take(&stream, false).status, 400);
    CHECK_INT(stream.len, 0);
}

static void hanging_up_lets_the_answers_before_it_leave(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    stream = client_ask(world, STR(ASK("/tagged") ASK("/cut") ASK("/tagged")), &bytes);
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK_INT(stream.len, 0);
}

static void a_client_that_ends_its_side_still_gets_its_answers(void)
{
    AUTO(struct scene, scene_end) scene = scene_begin(NULL);
    struct str stream;

    if (!scene.world || !CHECK(client_send(scene.client, STR(ASK("/held/a") ASK("/tagged") "GET /half"))))
        return;
    CHECK(http_world_wait_held(scene.world, "a"));
    CHECK(shutdown(scene.client, SHUT_WR) == 0);
    http_world_release(scene.world, "a");
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("a"));
    CHECK_STR(reply_take(&stream, false).body, STR("tagged"));
    CHECK_INT(stream.len, 0);
}

static void http_1_0_may_keep_its_connection(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;
    struct reply reply;

    if (!world)
        return;
    stream = client_ask(
        world, STR("GET /tagged HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /tagged HTTP/1.0\r\n\r\n"), &bytes);
    reply = reply_take(&stream, false);
    CHECK_STR(reply_field(&reply, STR("connection")), STR("keep-alive"));
    reply = reply_take(&stream, false);
    CHECK_STR(reply_field(&reply, STR("connection")), STR("close"));
    CHECK_INT(stream.len, 0);
}

/* What is wrong with a request, but not with its framing, leaves the connection to the next one. */
static void a_refused_request_leaves_the_connection_open(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    stream = client_ask(
        world,
        STR("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Type: a/b\r\n\r\n{}"
            "PUT /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" LAST("/tagged")),
        &bytes);
    CHECK_INT(reply_take(&stream, false).status, 404);
    CHECK_INT(reply_take(&stream, false).status, 415);
    CHECK_INT(reply_take(&stream, false).status, 405);
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK_INT(stream.len, 0);
}

/* ---- Waiting to be told ---- */

static void a_client_that_waits_for_100_is_told(void)
{
    static const struct str go_on = STR_INIT("HTTP/1.1 100 Continue\r\n\r\n");
    AUTO(struct scene, scene_end) scene = scene_begin(NULL);
    char told[64] = { 0 };
    struct str stream;

    if (!scene.world ||
        !CHECK(client_send(scene.client, STR("POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                                             "Content-Length: 5\r\nExpect: 100-continue\r\n"
                                             "Connection: close\r\n\r\n"))))
        return;
    CHECK_INT(client_recv(scene.client, told, go_on.len, MSG_WAITALL), go_on.len);
    CHECK_STR(str_of(told), go_on);
    CHECK(client_send(scene.client, STR("hello")));
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_STR(reply_take(&stream, false).body, STR("hello"));
}

static void a_body_that_will_be_refused_is_not_asked_for(void)
{
    static const struct {
        const char *what;
        struct str head;
        int status;
    } cases[] = {
        { "too long",
          STR_INIT("POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                   "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n"),
          413 },
        { "of another type",
          STR_INIT("POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: text/html\r\n"
                   "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"),
          415 },
        { "nowhere to go",
          STR_INIT("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                   "Expect: 100-continue\r\n\r\n"),
          404 },
        { "without permission",
          STR_INIT("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                   "Expect: 100-continue\r\n\r\n"),
          401 },
    };
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    for (size_t i = 0; world && i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream = client_ask(world, cases[i].head, &bytes);

        CHECKING("%s", cases[i].what);
        CHECK_INT(reply_take(&stream, false).status, cases[i].status);
        CHECK_INT(stream.len, 0);
    }
}

/* Closing at once would reset the connection under its hands. */
static void a_client_that_sends_on_after_a_refusal_is_heard_out(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    AUTO(struct buf, buf_free) body = { .max = 1 << 20 };
    AUTO(int, client_hang_up) client = world ? client_connect(world) : -1;
    struct str stream;

    for (int i = 0; i < 900000; i++)
        buf_add_byte(&body, 'x');
    if (!world || !CHECK(client_send(client, STR("POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                                 "Content-Length: 900000\r\n\r\n"))))
        return;
    CHECK(client_read_replies(client, &bytes, 1));
    CHECK(client_send(client, buf_str(&body)));
    CHECK(shutdown(client, SHUT_WR) == 0);
    stream = client_read_all(client, &bytes);
    CHECK_INT(reply_take(&stream, false).status, 413);
}

/* ---- Permission ---- */

static void permission_is_asked_before_the_body_is_awaited(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;
    struct reply reply;

    if (!world)
        return;
    stream = client_ask(world, STR("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"), &bytes);
    reply = reply_take(&stream, false);
    CHECK_INT(reply.status, 401);
    CHECK_STR(reply_field(&reply, STR("connection")), STR("close"));
    CHECK_INT(http_world_refused(world), 0);
}

static void a_refusal_of_permission_may_come_later(void)
{
    AUTO(struct scene, scene_end) scene = scene_begin(NULL);
    struct str stream;

    if (!scene.world ||
        !CHECK(client_send(scene.client, STR("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                                             "Authorization: later\r\n\r\nhel"))))
        return;
    CHECK(http_world_wait_held(scene.world, "later"));
    http_world_release(scene.world, "later");
    stream = client_read_all(scene.client, &scene.bytes);
    CHECK_INT(reply_take(&stream, false).status, 401);
}

static void with_the_whole_body_there_a_refusal_of_permission_leaves_the_connection_open(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    stream = client_ask(
        world, STR("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" LAST("/tagged")), &bytes);
    CHECK_INT(reply_take(&stream, false).status, 401);
    CHECK_INT(reply_take(&stream, false).status, 200);
}

static void the_refusal_of_a_permitted_request_can_be_recorded_first(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    stream = client_ask(world,
                        STR("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n"
                            "Authorization: yes\r\n\r\n"),
                        &bytes);
    CHECK_INT(reply_take(&stream, false).status, 413);
    CHECK_INT(http_world_refused(world), 1);
    buf_clear(&bytes);
    stream = client_ask(world, STR("POST /nothing HTTP/1.1\r\nHost: a\r\n\r\n" LAST("/tagged")), &bytes);
    CHECK_INT(reply_take(&stream, false).status, 404);
    CHECK_INT(http_world_refused(world), 1); /* nobody was authorised there */
}

static const struct test tests[] = {
    TEST(answers_leave_in_the_order_of_the_requests),
    TEST(a_list_of_answers_is_posted_at_once),
    TEST(a_refusal_waits_for_the_answers_before_it),
    TEST(hanging_up_lets_the_answers_before_it_leave),
    TEST(a_client_that_ends_its_side_still_gets_its_answers),
    TEST(http_1_0_may_keep_its_connection),
    TEST(a_refused_request_leaves_the_connection_open),
    TEST(a_client_that_waits_for_100_is_told),
    TEST(a_body_that_will_be_refused_is_not_asked_for),
    TEST(a_client_that_sends_on_after_a_refusal_is_heard_out),
    TEST(permission_is_asked_before_the_body_is_awaited),
    TEST(a_refusal_of_permission_may_come_later),
    TEST(with_the_whole_body_there_a_refusal_of_permission_leaves_the_connection_open),
    TEST(the_refusal_of_a_permitted_request_can_be_recorded_first),
};
TEST_MAIN(tests)
