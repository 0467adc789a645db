/*
 * http/head: each way to write a request that two readers could understand differently is refused, and says why.
 */
#include "http/head.h"

#include <string.h>

#include "http/grammar.h"
#include "test.h"

static const struct {
    const char *what;
    struct str head;
    enum refusal refusal;
} hostile[] = {
    /* The request line */
    { "HTTP/0.9", STR_INIT("GET /\r\n"), REFUSE_REQUEST_LINE },
    { "an empty line where the request line was skipped already", STR_INIT("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
      REFUSE_REQUEST_LINE },
    { "two spaces", STR_INIT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "a tab for a space", STR_INIT("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "a space after the version", STR_INIT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "a space before the method", STR_INIT(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "a space in the target", STR_INIT("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "small letters in the version", STR_INIT("GET / http/1.1\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "a long version", STR_INIT("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "no version", STR_INIT("GET / \r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "a method that is no token", STR_INIT("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_REQUEST_LINE },
    { "the beginning of TLS", STR_INIT("\x16\x03\x01\x02"), REFUSE_REQUEST_LINE },
    { "HTTP/2's preface", STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), REFUSE_VERSION },
    { "HTTP/1.2", STR_INIT("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), REFUSE_VERSION },
    { "an unknown method", STR_INIT("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_METHOD },
    { "a method in small letters", STR_INIT("get / HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_METHOD },
    { "CONNECT", STR_INIT("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_METHOD },
    { "a target without a slash", STR_INIT("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "a fragment", STR_INIT("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "a backslash", STR_INIT("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "a byte above 127 in the target", STR_INIT("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "an asterisk for GET", STR_INIT("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "another scheme", STR_INIT("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "a URL without a host", STR_INIT("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "a URL with a user", STR_INIT("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    { "a URL with a fragment", STR_INIT("GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_TARGET },
    /* Line ends and bytes */
    { "LF after the request line", STR_INIT("GET / HTTP/1.1\nHost: a\r\n\r\n"), REFUSE_BARE_LF },
    { "LF after a field", STR_INIT("GET / HTTP/1.1\r\nHost: a\n\r\n"), REFUSE_BARE_LF },
    { "LF for the blank line", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\n"), REFUSE_BARE_LF },
    { "LF LF", STR_INIT("GET / HTTP/1.1\r\nHost: a\n\n"), REFUSE_BARE_LF },
    { "CR in a value", STR_INIT("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), REFUSE_BARE_CR },
    { "CR CR LF", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"), REFUSE_BARE_CR },
    { "CR in the request line", STR_INIT("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_BARE_CR },
    { "CR for the blank line", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"), REFUSE_BARE_CR },
    { "NUL in a value", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"), REFUSE_CONTROL },
    { "NUL in a name", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n"), REFUSE_CONTROL },
    { "NUL in the target", STR_INIT("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSE_CONTROL },
    { "DEL in a value", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"), REFUSE_CONTROL },
    { "escape in a value", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: \x1b[0m\r\n\r\n"), REFUSE_CONTROL },
    /* Fields */
    { "a folded line", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"), REFUSE_FOLDED_LINE },
    { "a folded line with a tab", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb: c\r\n\r\n"), REFUSE_FOLDED_LINE },
    { "a folded first line", STR_INIT("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), REFUSE_FOLDED_LINE },
    { "a line of a space", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"), REFUSE_FOLDED_LINE },
    { "space before the colon", STR_INIT("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), REFUSE_SPACE_BEFORE_COLON },
    { "tab before the colon", STR_INIT("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"), REFUSE_SPACE_BEFORE_COLON },
    { "no colon", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"), REFUSE_FIELD_NAME },
    { "no name", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"), REFUSE_FIELD_NAME },
    { "a name of two words", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n"), REFUSE_FIELD_NAME },
    { "a name with a bracket", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX[: b\r\n\r\n"), REFUSE_FIELD_NAME },
    { "a name above 127", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX\xff: b\r\n\r\n"), REFUSE_FIELD_NAME },
    /* Host */
    { "no Host", STR_INIT("GET / HTTP/1.1\r\n\r\n"), REFUSE_NO_HOST },
    { "no Host beside a URL", STR_INIT("GET http://a/ HTTP/1.1\r\n\r\n"), REFUSE_NO_HOST },
    { "two Hosts", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), REFUSE_REPEATED_HOST },
    { "two Hosts of other letters", STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"), REFUSE_REPEATED_HOST },
    { "two Hosts in HTTP/1.0", STR_INIT("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), REFUSE_REPEATED_HOST },
    { "an empty Host", STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), REFUSE_HOST },
    { "a Host of two words", STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), REFUSE_HOST },
    { "a Host with a path", STR_INIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), REFUSE_HOST },
    { "a Host with a user", STR_INIT("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), REFUSE_HOST },
    /* Framing */
    { "two lengths", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
      REFUSE_REPEATED_LENGTH },
    { "the same length twice", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
      REFUSE_REPEATED_LENGTH },
    { "a list of lengths", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n"), REFUSE_LENGTH },
    { "a signed length", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"), REFUSE_LENGTH },
    { "a negative length", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"), REFUSE_LENGTH },
    { "a hexadecimal length", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n"), REFUSE_LENGTH },
    { "an octal length", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 010\r\n\r\n"), REFUSE_LENGTH },
    { "an empty length", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"), REFUSE_LENGTH },
    { "two numbers", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\n"), REFUSE_LENGTH },
    { "a length above 2^64", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n"),
      REFUSE_LENGTH },
    { "length, then coding",
      STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      REFUSE_LENGTH_AND_CODING },
    { "coding, then length",
      STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
      REFUSE_LENGTH_AND_CODING },
    { "gzip", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"), REFUSE_CODING },
    { "gzip, chunked", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
      REFUSE_CODING },
    { "chunked, identity", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"),
      REFUSE_CODING },
    { "chunked twice", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"),
      REFUSE_CODING },
    { "chunked with a parameter", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"),
      REFUSE_CODING },
    { "xchunked", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"), REFUSE_CODING },
    { "an empty coding", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"), REFUSE_CODING },
    { "two codings",
      STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
      REFUSE_REPEATED_CODING },
    { "chunked in HTTP/1.0", STR_INIT("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
      REFUSE_CODING_IN_1_0 },
    { "an unknown expectation", STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"), REFUSE_EXPECTATION },
};

static void every_hostile_head_is_refused_for_its_own_reason(void)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct head head = { 0 };

        CHECKING("%s", hostile[i].what);
        CHECK_INT(head_read(&head, hostile[i].head), hostile[i].refusal);
    }
}

/* Reads with one more byte each time, from another place each time. */
static enum refusal read_dripping(struct head *head, struct str bytes, struct buf *last)
{
    for (size_t len = 1; len <= bytes.len && head->len == 0; len++) {
        struct buf copy = { .max = bytes.len };
        enum refusal refusal;
        buf_add(&copy, str_cut(bytes, 0, len));
        refusal = head_read(head, buf_str(&copy));
        buf_free(last); /* where it was before is gone */
        *last = copy;
        if (refusal)
            return refusal;
    }
    return REFUSE_NONE;
}

static void a_hostile_head_that_drips_in_is_refused_for_the_same_reason(void)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        AUTO(struct buf, buf_free) bytes = { 0 };
        struct head head = { 0 };

        CHECKING("%s", hostile[i].what);
        CHECK_INT(read_dripping(&head, hostile[i].head, &bytes), hostile[i].refusal);
    }
}

static const struct str ordinary = STR_INIT("POST /v1/leases?dry_run=true&a=%20 HTTP/1.1\r\n"
                                            "Host: example.org:8470\r\n"
                                            "User-Agent: curl/7.88.1\r\n"
                                            "X-Empty:\r\n"
                                            "AUTHORIZATION: \t Bearer tlyp_x \t \r\n"
                                            "X-Twice: 1\r\n"
                                            "x-twice: 2\r\n"
                                            "Content-Length: 17\r\n"
                                            "X-Latin: caf\xe9\r\n"
                                            "\r\n");

static void check_ordinary(const struct head *head)
{
    CHECK_INT(head->len, ordinary.len);
    CHECK_INT(head->method, METHOD_POST);
    CHECK_INT(head->minor, 1);
    CHECK_STR(head_path(head), STR("/v1/leases"));
    CHECK_STR(head_str(head, head->query), STR("dry_run=true&a=%20"));
    CHECK_STR(head_str(head, head->host), STR("example.org:8470"));
    CHECK_STR(head_value(head, STR("authorization")), STR("Bearer tlyp_x"));
    CHECK_STR(head_value(head, STR("x-latin")), STR("caf\xe9"));
    CHECK(head_value(head, STR("x-empty")).at != NULL);
    CHECK_INT(head_value(head, STR("x-empty")).len, 0);
    CHECK(head_value(head, STR("x-absent")).at == NULL);
    CHECK_STR(head_value(head, STR("X-TWICE")), STR("1"));
    CHECK_INT(head_count(head, STR("x-twice")), 2);
    CHECK_INT(head_count(head, STR("x-absent")), 0);
    CHECK_INT(head->content_length, 17);
    CHECK(head_has_body(head));
    CHECK(head_keeps_alive(head));
}

static void an_ordinary_head_is_read_and_what_follows_is_left_alone(void)
{
    AUTO(struct buf, buf_free) bytes = { .max = 4096 };
    struct head head = { 0 };

    buf_add(&bytes, ordinary);
    buf_add(&bytes, STR("{\"feature\":\"a/b\"}GET \n\n"));
    CHECK_INT(head_read(&head, buf_str(&bytes)), REFUSE_NONE);
    check_ordinary(&head);
}

static void an_ordinary_head_that_drips_in_and_moves_is_the_same(void)
{
    AUTO(struct buf, buf_free) bytes = { 0 };
    struct head head = { 0 };

    CHECK_INT(read_dripping(&head, ordinary, &bytes), REFUSE_NONE);
    check_ordinary(&head);
}

static void one_empty_line_before_the_request_is_passed_over(void)
{
    static const struct str bytes = STR_INIT("\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    AUTO(struct buf, buf_free) copy = { 0 };
    struct head whole = { 0 };
    struct head dripped = { 0 };

    CHECK_INT(head_read(&whole, bytes), REFUSE_NONE);
    CHECK_INT(whole.len, bytes.len);
    CHECK_STR(head_path(&whole), STR("/a"));
    CHECK_INT(read_dripping(&dripped, bytes, &copy), REFUSE_NONE);
    CHECK_INT(dripped.len, bytes.len);
}

static void a_target_may_be_a_whole_url_whose_host_counts(void)
{
    static const struct {
        const char *head;
        const char *path;
        const char *query;
        const char *host;
    } cases[] = {
        { "GET http://b:1/c?d=e HTTP/1.1\r\nHost: a\r\n\r\n", "/c", "d=e", "b:1" },
        { "GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", "b" },
        { "GET http://b?x HTTP/1.1\r\nHost: a\r\n\r\n", "/", "x", "b" },
        { "GET http://[::1]:8470/ HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", "[::1]:8470" },
        { "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", "", "a" },
        { "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", "a" },
        { "GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n", "//b/c", "", "a" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head head = { 0 };

        CHECKING("%s", cases[i].head);
        CHECK_INT(head_read(&head, str_of(cases[i].head)), REFUSE_NONE);
        CHECK(head.len > 0);
        CHECK_STR(head_path(&head), str_of(cases[i].path));
        CHECK_STR(head_str(&head, head.query), str_of(cases[i].query));
        CHECK_STR(head_str(&head, head.host), str_of(cases[i].host));
    }
}

static void the_connection_stays_open_as_the_versions_say(void)
{
    static const struct {
        const char *head;
        bool keeps_alive;
    } cases[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade , CLOSE\r\n\r\n", false },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", false },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true },
        { "GET / HTTP/1.0\r\n\r\n", false },
        { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
        { "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head head = { 0 };

        CHECKING("%s", cases[i].head);
        CHECK_INT(head_read(&head, str_of(cases[i].head)), REFUSE_NONE);
        CHECK(head.len > 0);
        CHECK_INT(head_keeps_alive(&head), cases[i].keeps_alive);
    }
}

static void a_body_is_announced_by_length_or_chunks_alone(void)
{
    static const struct {
        const char *head;
        bool has_body;
        bool chunked;
        bool expects_continue;
    } cases[] = {
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false, false, false },
        { "POST / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, false },
        { "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", true, false, false },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:Chunked\r\n\r\n", true, true, false },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-Continue\r\n\r\n", true, false, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head head = { 0 };

        CHECKING("%s", cases[i].head);
        CHECK_INT(head_read(&head, str_of(cases[i].head)), REFUSE_NONE);
        CHECK_INT(head_has_body(&head), cases[i].has_body);
        CHECK_INT(head.chunked, cases[i].chunked);
        CHECK_INT(head.expects_continue, cases[i].expects_continue);
    }
}

/* A request line of exactly `line_len` bytes without its CRLF. */
static enum refusal read_with_line(size_t line_len, bool finished)
{
    AUTO(struct buf, buf_free) bytes = { .max = HTTP_HEAD_MAX_BYTES };
    struct head head = { 0 };

    buf_add(&bytes, STR("GET /"));
    while (bytes.len < line_len - strlen(" HTTP/1.1"))
        buf_add_byte(&bytes, 'a');
    if (finished)
        buf_add(&bytes, STR(" HTTP/1.1\r\nHost: a\r\n\r\n"));
    else
        buf_add(&bytes, STR("aaaaaaaaa"));
    CHECK_OK(bytes.status);
    return head_read(&head, buf_str(&bytes));
}

static void a_request_line_has_a_maximum(void)
{
    CHECK_INT(read_with_line(HTTP_LINE_MAX_BYTES, true), REFUSE_NONE);
    CHECK_INT(read_with_line(HTTP_LINE_MAX_BYTES + 1, true), REFUSE_TARGET_TOO_LONG);
    CHECK_INT(read_with_line(HTTP_LINE_MAX_BYTES, false), REFUSE_NONE);
    CHECK_INT(read_with_line(HTTP_LINE_MAX_BYTES + 1, false), REFUSE_TARGET_TOO_LONG);
}

/* A head of exactly `len` bytes, or of that many without its last LF. */
static enum refusal read_with_length(size_t len, bool finished)
{
    AUTO(struct buf, buf_free) bytes = { .max = (size_t)2 * HTTP_HEAD_MAX_BYTES };
    struct head head = { 0 };
    enum refusal refusal;

    buf_add(&bytes, STR("GET / HTTP/1.1\r\nHost: a\r\nX: "));
    while (bytes.len < len - 4)
        buf_add_byte(&bytes, 'a');
    buf_add(&bytes, finished ? STR("\r\n\r\n") : STR("aaaa"));
    CHECK_OK(bytes.status);
    CHECK_INT(bytes.len, len);
    refusal = head_read(&head, buf_str(&bytes));
    CHECK_INT(head.len, finished && !refusal ? len : 0);
    return refusal;
}

static void a_head_has_a_maximum(void)
{
    CHECK_INT(read_with_length(HTTP_HEAD_MAX_BYTES, true), REFUSE_NONE);
    CHECK_INT(read_with_length(HTTP_HEAD_MAX_BYTES + 1, true), REFUSE_HEAD_TOO_LARGE);
    CHECK_INT(read_with_length(HTTP_HEAD_MAX_BYTES - 1, false), REFUSE_NONE);
    CHECK_INT(read_with_length(HTTP_HEAD_MAX_BYTES, false), REFUSE_HEAD_TOO_LARGE);
}

static enum refusal read_with_fields(size_t count)
{
    AUTO(struct buf, buf_free) bytes = { .max = HTTP_HEAD_MAX_BYTES };
    struct head head = { 0 };

    buf_add(&bytes, STR("GET / HTTP/1.1\r\nHost: a\r\n"));
    for (size_t i = 1; i < count; i++)
        buf_add(&bytes, STR("X: y\r\n"));
    buf_add(&bytes, STR("\r\n"));
    return head_read(&head, buf_str(&bytes));
}

static void the_number_of_fields_has_a_maximum(void)
{
    CHECK_INT(read_with_fields(HTTP_HEADERS_MAX), REFUSE_NONE);
    CHECK_INT(read_with_fields(HTTP_HEADERS_MAX + 1), REFUSE_TOO_MANY_FIELDS);
}

static void each_byte_at_each_place_is_text_or_not(void)
{
    char bytes[20];

    for (size_t place = 0; place < sizeof bytes; place++) {
        for (int byte = 0; byte < 256; byte++) {
            bool is_text = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
            memset(bytes, byte % 2 ? 'a' : 0xff, sizeof bytes);
            bytes[place] = (char)byte;
            CHECKING("byte %d at %zu", byte, place);
            CHECK_INT(grammar_text_len((struct str){ bytes, sizeof bytes }), is_text ? sizeof bytes : place);
        }
    }
}

static const struct test tests[] = {
    TEST(each_byte_at_each_place_is_text_or_not),
    TEST(every_hostile_head_is_refused_for_its_own_reason),
    TEST(a_hostile_head_that_drips_in_is_refused_for_the_same_reason),
    TEST(an_ordinary_head_is_read_and_what_follows_is_left_alone),
    TEST(an_ordinary_head_that_drips_in_and_moves_is_the_same),
    TEST(one_empty_line_before_the_request_is_passed_over),
    TEST(a_target_may_be_a_whole_url_whose_host_counts),
    TEST(the_connection_stays_open_as_the_versions_say),
    TEST(a_body_is_announced_by_length_or_chunks_alone),
    TEST(a_request_line_has_a_maximum),
    TEST(a_head_has_a_maximum),
    TEST(the_number_of_fields_has_a_maximum),
};
TEST_MAIN(tests)
