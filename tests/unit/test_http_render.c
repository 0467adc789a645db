/*
 * http/render and http/timeouts: the bytes of an answer, the Date line, and waits that end in order.
 */
#include "http/render.h"

#include "http/timeouts.h"
#include "test.h"

static const struct render_date date = { .text = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r"
                                                 "\n" };

static void the_date_is_the_one_of_the_standard(void)
{
    struct render_date renewed = { 0 };

    render_date_renew(&renewed, 784111777000);
    CHECK_STR(((struct str){ renewed.text, sizeof renewed.text }), STR("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    render_date_renew(&renewed, 784111777999);
    CHECK_STR(((struct str){ renewed.text, sizeof renewed.text }), STR("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    render_date_renew(&renewed, 784111778000);
    CHECK_STR(((struct str){ renewed.text, sizeof renewed.text }), STR("Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"));
    render_date_renew(&renewed, 951782400000);
    CHECK_STR(((struct str){ renewed.text, sizeof renewed.text }), STR("Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n"));
    render_date_renew(&renewed, -1);
    CHECK_STR(((struct str){ renewed.text, sizeof renewed.text }), STR("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
}

static void check_answer(struct exchange *exchange, enum render_connection connection, struct str want)
{
    char space[1024];
    struct buf out = BUF_OVER(space);

    render_answer(&out, exchange, &date, connection);
    CHECK_OK(out.status);
    CHECK_STR(buf_str(&out), want);
}

static void an_answer_has_its_fields_in_order(void)
{
    static const struct response_field fields[] = { { STR_INIT("X-A"), STR_INIT("b") } };
    struct exchange exchange = { .response = { .status = 409,
                                               .type = MEDIA_JSON,
                                               .body = STR_INIT("{}"),
                                               .etag = STR_INIT("\"x\""),
                                               .retry_after_s = 3,
                                               .fields = fields,
                                               .field_count = 1 } };

    check_answer(&exchange, RENDER_CLOSE,
                 STR("HTTP/1.1 409 Conflict\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Content-Type: application/json\r\nContent-Length: 2\r\nCache-Control: no-store\r\nETag: \"x\"\r\n"
                     "Retry-After: 3\r\nX-Content-Type-Options: nosniff\r\nX-A: b\r\nConnection: close\r\n\r\n{}"));
}

static void a_body_goes_only_where_there_may_be_one(void)
{
    struct exchange exchange = { .response = { .status = 200, .type = MEDIA_TEXT, .body = STR_INIT("hello") } };

    exchange.head.method = METHOD_HEAD;
    check_answer(&exchange, RENDER_KEEP_ALIVE,
                 STR("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\nCache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\nConnection: keep-alive\r\n\r\n"));
    exchange.head.method = METHOD_GET;
    exchange.response.status = 304;
    exchange.response.cache = CACHE_IMMUTABLE;
    check_answer(&exchange, RENDER_KEEP,
                 STR("HTTP/1.1 304 Not Modified\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Cache-Control: max-age=31536000, immutable\r\nX-Content-Type-Options: nosniff\r\n\r\n"));
    exchange.response.status = 204;
    exchange.response.cache = CACHE_REVALIDATE;
    check_answer(&exchange, RENDER_KEEP,
                 STR("HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-cache\r\n"
                     "X-Content-Type-Options: nosniff\r\n\r\n"));
}

static void a_value_that_could_end_its_line_is_left_out(void)
{
    static const struct response_field fields[] = {
        { STR_INIT("Location"), STR_INIT("/a\r\nSet-Cookie: b") },
        { STR_INIT("X: a\r\nY"), STR_INIT("c") },
        { STR_INIT("X-Good"), STR_INIT("d") },
    };
    struct exchange exchange = { .response = { .status = 204, .fields = fields, .field_count = 3 } };

    check_answer(&exchange, RENDER_KEEP,
                 STR("HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\nX-Good: d\r\n\r\n"));
}

static void every_refusal_has_a_status_a_code_and_a_sentence(void)
{
    for (enum refusal refusal = REFUSE_NONE + 1; refusal < REFUSE_COUNT; refusal++) {
        const struct refusal_text *text = refusal_text(refusal);

        CHECKING("refusal %d", (int)refusal);
        CHECK(text->status >= 400 && text->status <= 599);
        CHECK(!str_eq(render_phrase(text->status), STR("Other")));
        if (!CHECK(text->code && text->detail))
            continue;
        CHECK(str_ends(str_of(text->detail), STR(".")));
        for (enum refusal other = REFUSE_NONE + 1; other < refusal; other++)
            CHECK(!str_eq(str_of(refusal_text(other)->code), str_of(text->code)));
    }
}

static void waits_of_one_kind_end_in_the_order_they_began(void)
{
    struct http_limits limits = http_limits_default();
    struct timeouts timeouts;
    struct timeout a = { 0 };
    struct timeout b = { 0 };
    struct timeout c = { 0 };

    limits.idle_timeout_ms = 100;
    limits.head_timeout_ms = 10;
    timeouts_init(&timeouts, &limits);
    timeouts_start(&timeouts, &a, TIMEOUT_IDLE, 0);
    timeouts_start(&timeouts, &b, TIMEOUT_IDLE, 1);
    timeouts_start(&timeouts, &c, TIMEOUT_IDLE, 2);
    timeouts_stop(&b);
    timeouts_start(&timeouts, &a, TIMEOUT_IDLE, 50); /* begins anew */
    CHECK(timeouts_take_over(&timeouts, TIMEOUT_IDLE, 101) == NULL);
    CHECK(timeouts_take_over(&timeouts, TIMEOUT_IDLE, 102) == &c);
    CHECK(timeouts_take_over(&timeouts, TIMEOUT_IDLE, 149) == NULL);
    timeouts_start(&timeouts, &a, TIMEOUT_HEAD, 140); /* of another kind now */
    CHECK(timeouts_take_over(&timeouts, TIMEOUT_IDLE, 1000) == NULL);
    CHECK(timeouts_take_over(&timeouts, TIMEOUT_HEAD, 150) == &a);
    CHECK(timeouts_take_over(&timeouts, TIMEOUT_HEAD, 1000) == NULL);
    timeouts_stop(&a); /* harmless when it does not wait */
    CHECK_INT(timeouts_period_ms(&timeouts), 5);
}

static const struct test tests[] = {
    TEST(the_date_is_the_one_of_the_standard),
    TEST(an_answer_has_its_fields_in_order),
    TEST(a_body_goes_only_where_there_may_be_one),
    TEST(a_value_that_could_end_its_line_is_left_out),
    TEST(every_refusal_has_a_status_a_code_and_a_sentence),
    TEST(waits_of_one_kind_end_in_the_order_they_began),
};
TEST_MAIN(tests)
