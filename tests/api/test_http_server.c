/*
 * The http room's server over real sockets: what it answers, in which order, and what it refuses.
 */
#include "http_client.h"
#include "http_world.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/entropy.h"
#include "base/fault.h"
#include "test.h"

#define COUNT(array)             (sizeof(array) / sizeof *(array))
#define CHUNKED                  "Transfer-Encoding: chunked\r\n"
#define POST(path, type, fields) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Type: " type "\r\n" fields "\r\n"

/* ---- Answers ---- */

static const struct {
    const char *what;
    struct str request;
    bool to_head;
    int status;
    const char *has;  /* the answer */
    const char *body; /* exactly; NULL: any */
} answered[] = {
    { "a parameter and a query", STR_INIT(LAST("/echo/a%20b?c=%26")), false, 200,
      "\"text\":\"a b\",\"query\":\"c=%26\"", NULL },
    { "who asks", STR_INIT(LAST("/echo/a")), false, 200, "\"loopback\":true,\"tls\":false,\"peer\":\"127.0.0.1\"",
      NULL },
    { "headers against sniffing and caching", STR_INIT(LAST("/echo/a")), false, 200,
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n", NULL },
    { "the end is announced", STR_INIT(LAST("/echo/a")), false, 200, "\r\nConnection: close\r\n", NULL },
    { "a whole URL", STR_INIT(LAST("http://b:1/echo/a")), false, 200, "\"host\":\"b:1\"", NULL },
    { "HTTP/1.0", STR_INIT("GET /echo/a HTTP/1.0\r\n\r\n"), false, 200, "\r\nConnection: close\r\n", NULL },
    { "an empty line first", STR_INIT("\r\n" LAST("/echo/a")), false, 200, "\"text\":\"a\"", NULL },
    { "an upgrade that is not offered",
      STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"), false,
      200, "\"text\":\"a\"", NULL },
    { "HEAD", STR_INIT("HEAD /large/1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), true, 200,
      "\r\nContent-Length: 1000\r\n", "" },
    { "a body by length", STR_INIT(POST("/body", "text/plain", "Connection: close\r\nContent-Length: 5\r\n") "hello"),
      false, 200, "", "hello" },
    { "an empty body", STR_INIT(POST("/body", "text/plain", "Connection: close\r\nContent-Length: 0\r\n")), false, 200,
      "", "" },
    { "no body", STR_INIT(POST("/body", "text/plain", "Connection: close\r\n")), false, 200, "", "" },
    { "a type with a parameter",
      STR_INIT(POST("/small", "Application/JSON ; charset=utf-8", "Connection: close\r\nContent-Length: 2\r\n") "{}"),
      false, 200, "", "{}" },
    { "a body by chunks",
      STR_INIT(POST("/body", "text/plain",
                    "Connection: close\r\nTransfer-Encoding: chunked\r\n") "2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX-Trailer: "
                                                                           "y\r\n\r\n"),
      false, 200, "", "hello" },
    { "a tag that the client has",
      STR_INIT("GET /tagged HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v0\", W/\"v1\"\r\nConnection: close\r\n\r\n"),
      false, 304, "ETag: \"v1\"\r\n", "" },
    { "a tag that it has not",
      STR_INIT("GET /tagged HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v0\"\r\nConnection: close\r\n\r\n"), false, 200,
      "Cache-Control: no-cache\r\n", "tagged" },
    { "work on another thread", STR_INIT(LAST("/work")), false, 200, "", NULL },
    /* Refused for what they ask, not for how: the connection would stay open. */
    { "nothing there", STR_INIT(LAST("/nothing")), false, 404, "\"code\":\"NOT_FOUND\"", NULL },
    { "a method that the path has not", STR_INIT("DELETE /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      false, 405, "\r\nAllow: POST\r\n", NULL },
    { "HEAD where there is no GET", STR_INIT("HEAD /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), true, 405,
      "\r\nAllow: POST\r\n", "" },
    { "OPTIONS", STR_INIT("OPTIONS /tagged HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), false, 405,
      "\r\nAllow: GET, HEAD\r\n", NULL },
    { "OPTIONS *", STR_INIT("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), false, 405,
      "\r\nAllow: GET, HEAD, POST\r\n", NULL },
    { "another type", STR_INIT(POST("/small", "text/html", "Connection: close\r\nContent-Length: 2\r\n") "{}"), false,
      415, "\r\nAccept: application/json\r\n", NULL },
    { "no type", STR_INIT("POST /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"), false,
      415, "\"code\":\"BAD_CONTENT_TYPE\"", NULL },
    { "an escaped slash", STR_INIT(LAST("/echo/a%2fb")), false, 400, "\"code\":\"BAD_PATH\"", NULL },
};

static void every_request_gets_its_answer(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    for (size_t i = 0; world && i < COUNT(answered); i++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream = client_ask(world, answered[i].request, &bytes);
        struct reply reply = reply_take(&stream, answered[i].to_head);

        CHECKING("%s", answered[i].what);
        CHECK_INT(reply.status, answered[i].status);
        CHECK(reply_has(&reply, answered[i].has));
        CHECK(reply_field(&reply, STR("date")).len == 29);
        if (answered[i].body)
            CHECK_STR(reply.body, str_of(answered[i].body));
        CHECK_INT(stream.len, 0);
    }
}

/* ---- Refusals ---- */

#define TWENTY "a\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"

static const struct {
    const char *what;
    struct str request;
    int status;
    const char *code;
} hostile[] = {
    { "two lengths", STR_INIT(POST("/body", "text/plain", "Content-Length: 5\r\nContent-Length: 6\r\n") "hello!"), 400,
      "REPEATED_CONTENT_LENGTH" },
    { "one length twice", STR_INIT(POST("/body", "text/plain", "Content-Length: 5\r\nContent-Length: 5\r\n") "hello"),
      400, "REPEATED_CONTENT_LENGTH" },
    { "length and coding",
      STR_INIT(POST("/body", "text/plain",
                    "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n" ASK("/smuggled")),
      400, "LENGTH_AND_CODING" },
    { "coding and length",
      STR_INIT(POST("/body", "text/plain",
                    "Transfer-Encoding: chunked\r\nContent-Length: 40\r\n") "0\r\n\r\n" ASK("/smuggled")),
      400, "LENGTH_AND_CODING" },
    { "a folded length", STR_INIT(POST("/body", "text/plain", "Content-Length:\r\n 5\r\n") "hello"), 400,
      "BAD_CONTENT_LENGTH" },
    { "a folded line", STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"), 400, "FOLDED_LINE" },
    { "a coding hidden in a folded line",
      STR_INIT(POST("/body", "text/plain", "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") "hello"),
      400, "FOLDED_LINE" },
    { "space before the colon",
      STR_INIT(POST("/body", "text/plain", "Transfer-Encoding : chunked\r\n") "0\r\n\r\n" ASK("/smuggled")), 400,
      "SPACE_BEFORE_COLON" },
    { "a tab before the coding's name",
      STR_INIT(POST("/body", "text/plain", "\tTransfer-Encoding: chunked\r\n") "0\r\n\r\n" ASK("/smuggled")), 400,
      "FOLDED_LINE" },
    { "no Host", STR_INIT("GET /echo/a HTTP/1.1\r\n\r\n"), 400, "NO_HOST" },
    { "two Hosts", STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400, "REPEATED_HOST" },
    { "LF alone", STR_INIT("GET /echo/a HTTP/1.1\nHost: a\n\n"), 400, "BARE_LF" },
    { "LF alone after a field", STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), 400, "BARE_LF" },
    { "CR alone", STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), 400, "BARE_CR" },
    { "a coding behind CR alone",
      STR_INIT(POST("/body", "text/plain", "X: a\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n") "hello"), 400,
      "BARE_CR" },
    { "NUL", STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"), 400, "CONTROL_CHARACTER" },
    { "HTTP/0.9", STR_INIT("GET /echo/a\r\n"), 400, "BAD_REQUEST_LINE" },
    { "HTTP/2", STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "BAD_VERSION" },
    { "a malformed method", STR_INIT("G@T /echo/a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "BAD_REQUEST_LINE" },
    { "an unknown method", STR_INIT("BREW /echo/a HTTP/1.1\r\nHost: a\r\n\r\n"), 501, "UNKNOWN_METHOD" },
    { "TLS to a plain port", STR_INIT("\x16\x03\x01\x02\x00\x01\x00"), 400, "CONTROL_CHARACTER" },
    { "an unknown coding", STR_INIT(POST("/body", "text/plain", "Transfer-Encoding: gzip, chunked\r\n") "0\r\n\r\n"),
      501, "UNKNOWN_TRANSFER_CODING" },
    { "a coding that one reader trims and the other does not",
      STR_INIT(POST("/body", "text/plain", "Transfer-Encoding: chunked\t\r\n") "0\r\n\r\n"), 400, "AMBIGUOUS_REQUEST" },
    { "an unknown expectation", STR_INIT(POST("/body", "text/plain", "Expect: tea\r\nContent-Length: 5\r\n") "hello"),
      417, "UNKNOWN_EXPECTATION" },
    { "a body that announces too much", STR_INIT(POST("/small", "application/json", "Content-Length: 17\r\n")), 413,
      "BODY_TOO_LARGE" },
    { "a body that is too much", STR_INIT(POST("/small", "application/json", CHUNKED) TWENTY), 413, "BODY_TOO_LARGE" },
    { "a body where none belongs", STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"), 413,
      "BODY_TOO_LARGE" },
    { "chunks where none belong",
      STR_INIT("GET /echo/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 413,
      "BODY_TOO_LARGE" },
    { "a chunk without CRLF", STR_INIT(POST("/body", "text/plain", CHUNKED) "5\r\nhello0\r\n\r\n"), 400, "BAD_CHUNK" },
    { "a chunk size with LF", STR_INIT(POST("/body", "text/plain", CHUNKED) "0\n\n" ASK("/smuggled")), 400,
      "BAD_CHUNK" },
    { "a chunk extension with LF", STR_INIT(POST("/body", "text/plain", CHUNKED) "1;a\nb\r\n\r\nx\r\n0\r\n\r\n"), 400,
      "BAD_CHUNK" },
    { "a chunk size of 0x", STR_INIT(POST("/body", "text/plain", CHUNKED) "0x1\r\nx\r\n0\r\n\r\n"), 400, "BAD_CHUNK" },
    { "a folded trailer", STR_INIT(POST("/body", "text/plain", CHUNKED) "0\r\nX: a\r\n b\r\n\r\n"), 400, "BAD_CHUNK" },
};

static void a_hostile_request_is_refused_and_is_the_last_of_its_connection(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    for (size_t i = 0; world && i < COUNT(hostile); i++) {
        AUTO(struct buf, buf_free) request = { .max = 4096 };
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream;
        struct reply reply;

        CHECKING("%s", hostile[i].what);
        buf_add(&request, hostile[i].request);
        buf_add(&request, STR(ASK("/smuggled")));
        stream = client_ask(world, buf_str(&request), &bytes);
        reply = reply_take(&stream, false);
        CHECK_INT(reply.status, hostile[i].status);
        CHECK(reply_has(&reply, hostile[i].code));
        CHECK_STR(reply_field(&reply, STR("connection")), STR("close"));
        CHECK_STR(reply_field(&reply, STR("content-type")), STR("application/problem+json"));
        CHECK_INT(stream.len, 0);
    }
    CHECK_INT(world ? http_world_smuggled(world) : 1, 0);
}

/* A request line or a head that is too long, made of the letter a. */
static void ask_with_long(struct http_world *world, struct str before, size_t len, int want)
{
    AUTO(struct buf, buf_free) request = { .max = (size_t)4 * HTTP_HEAD_MAX_BYTES };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    buf_add(&request, before);
    while (request.len < len)
        buf_add_byte(&request, 'a');
    stream = client_ask(world, buf_str(&request), &bytes);
    CHECK_INT(reply_take(&stream, false).status, want);
}

static void what_is_too_long_is_refused_while_it_comes(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    if (!world)
        return;
    ask_with_long(world, STR("GET /"), HTTP_LINE_MAX_BYTES + 1, 414);
    ask_with_long(world, STR("GET / HTTP/1.1\r\nHost: a\r\nX: "), HTTP_HEAD_MAX_BYTES, 431);
    ask_with_long(world, STR("GET / HTTP/1.1\r\nHost: a\r\nX: "), (size_t)3 * HTTP_HEAD_MAX_BYTES, 431);
}

#define IN_A_BODY  POST("/body", "text/plain", "Content-Length: 35\r\n") ASK("/smuggled")
#define IN_A_CHUNK POST("/body", "text/plain", CHUNKED) "23\r\n" ASK("/smuggled") "\r\n0\r\n\r\n"

static void a_request_inside_a_body_is_a_body(void)
{
    static const struct str request = STR_INIT(IN_A_BODY IN_A_CHUNK LAST("/echo/a"));
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str stream;

    if (!world)
        return;
    stream = client_ask(world, request, &bytes);
    CHECK_STR(reply_take(&stream, false).body, STR(ASK("/smuggled")));
    CHECK_STR(reply_take(&stream, false).body, STR(ASK("/smuggled")));
    CHECK_INT(reply_take(&stream, false).status, 200);
    CHECK_INT(stream.len, 0);
    CHECK_INT(http_world_smuggled(world), 0);
}

/* ---- Pieces ---- */

#define COUNTED POST("/body", "text/plain", "Content-Length: 5\r\n") "hello"
#define IN_TWO  POST("/body", "text/plain", CHUNKED) "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

static const struct str three = STR_INIT(COUNTED IN_TWO LAST("/echo/x?y=z"));

static void check_three(struct str stream)
{
    struct reply reply;

    CHECK_STR(reply_take(&stream, false).body, STR("hello"));
    CHECK_STR(reply_take(&stream, false).body, STR("abcde"));
    reply = reply_take(&stream, false);
    CHECK(reply_has(&reply, "\"text\":\"x\",\"query\":\"y=z\""));
    CHECK_INT(stream.len, 0);
}

/* The second piece is sent when the server has read the first, so that it is a piece indeed. */
static void requests_may_be_cut_at_any_byte(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    for (size_t cut = 1; world && cut < three.len; cut++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        uint64_t before = http_world_count(world, COUNTER_BYTES_IN);
        int client = client_connect(world);

        CHECKING("cut at %zu", cut);
        CHECK(client_send(client, str_cut(three, 0, cut)));
        if (!http_world_wait(world, COUNTER_BYTES_IN, before + cut))
            return;
        CHECK(client_send(client, str_from(three, cut)));
        check_three(client_read_all(client, &bytes));
        (void)close(client);
    }
}

static void requests_may_drip_in_byte_by_byte(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    int client;

    if (!world)
        return;
    client = client_connect(world);
    for (size_t i = 0; i < three.len; i++) {
        CHECK(client_send(client, str_cut(three, i, 1)));
        if (!http_world_wait(world, COUNTER_BYTES_IN, i + 1))
            break;
    }
    check_three(client_read_all(client, &bytes));
    (void)close(client);
}

static void a_body_larger_than_a_block_arrives_whole(void)
{
    static const size_t len = 65536;
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) request = { .max = 2 * len };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct entropy entropy = entropy_from_seed(1);
    struct str stream;
    char *body;

    buf_add(&request, STR(POST("/body", "text/plain", "Connection: close\r\nContent-Length: 65536\r\n")));
    body = buf_room(&request, len);
    if (!world || !CHECK(body != NULL))
        return;
    entropy_fill(&entropy, body, len);
    buf_keep(&request, len);
    stream = client_ask(world, buf_str(&request), &bytes);
    CHECK(str_eq(reply_take(&stream, false).body, str_from(buf_str(&request), request.len - len)));
}

static void bytes_made_up_at_random_never_hurt(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; world && round < 300; round++) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        AUTO(struct buf, buf_free) request = { .max = 4096 };
        int client = client_connect(world);

        buf_add(&request, three);
        for (int i = 0; i < 3; i++)
            request.at[entropy_below(&entropy, request.len)] = (char)entropy_below(&entropy, 256);
        (void)client_send(client, buf_str(&request));
        (void)shutdown(client, SHUT_WR); /* so that half a request does not wait for more */
        (void)client_read_all(client, &bytes);
        (void)close(client);
    }
    CHECK_INT(world ? http_world_smuggled(world) : 1, 0);
}

/* Nothing the memory refuses is worse than a request that fails: the server answers the next one. */
static void a_failed_allocation_at_any_step_costs_one_request_at_most(void)
{
    struct http_world_options options = http_world_options();
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    bool hit = world != NULL;

    for (int64_t step = 0; hit; step++) {
        char space[16384];
        struct buf bytes = BUF_OVER(space);
        int client = client_connect(world);
        ssize_t len;

        fault_arm(FAULT_MEMORY, step, 1);
        (void)client_send(
            client,
            STR(POST("/body", "text/plain",
                     "Connection: close\r\nTransfer-Encoding: chunked\r\n") "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"));
        len = client_recv(client, space, sizeof space, 0);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        (void)close(client);
        bytes.len = len > 0 ? (size_t)len : 0;
        CHECKING("step %lld", (long long)step);
        if (!hit)
            CHECK(str_ends(buf_str(&bytes), STR("\r\n\r\nhello")));
        CHECK(bytes.len == 0 || str_starts(buf_str(&bytes), STR("HTTP/1.1 ")));
        buf_clear(&bytes);
    }
    if (world) {
        AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
        struct str stream = client_ask(world, STR(LAST("/echo/a")), &bytes);
        CHECK_INT(reply_take(&stream, false).status, 200);
    }
}

static const struct test tests[] = {
    TEST(every_request_gets_its_answer),
    TEST(a_hostile_request_is_refused_and_is_the_last_of_its_connection),
    TEST(what_is_too_long_is_refused_while_it_comes),
    TEST(a_request_inside_a_body_is_a_body),
    TEST(requests_may_be_cut_at_any_byte),
    TEST(requests_may_drip_in_byte_by_byte),
    TEST(a_body_larger_than_a_block_arrives_whole),
    TEST(bytes_made_up_at_random_never_hurt),
    TEST(a_failed_allocation_at_any_step_costs_one_request_at_most),
};
TEST_MAIN(tests)
