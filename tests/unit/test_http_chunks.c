/*
 * http/chunks: what a chunked body may look like, whole and byte by byte.
 */
#include "http/chunks.h"

#include "base/buf.h"
#include "http/limits.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *what;
    struct str bytes;
    size_t used; /* 0: all of them */
    uint64_t data_bytes;
} good[] = {
    { "one chunk", STR_INIT("5\r\nhello\r\n0\r\n\r\n"), 0, 5 },
    { "no data", STR_INIT("0\r\n\r\n"), 0, 0 },
    { "two chunks", STR_INIT("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), 0, 6 },
    { "hexadecimal sizes", STR_INIT("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"), 0, 21 },
    { "zeros before a size", STR_INIT("0005\r\nhello\r\n000\r\n\r\n"), 0, 5 },
    { "CRLF in the data", STR_INIT("2\r\n\r\n\r\n0\r\n\r\n"), 0, 2 },
    { "an extension", STR_INIT("5;a=\"b c\"\r\nhello\r\n0;x\r\n\r\n"), 0, 5 },
    { "trailers", STR_INIT("0\r\nX-A: b\r\nX-C:\t\r\n\r\n"), 0, 0 },
    { "the next request", STR_INIT("0\r\n\r\nGET / HTTP/1.1\r\n"), 5, 0 },
};

static const struct {
    const char *what;
    struct str bytes;
} bad[] = {
    { "no size", STR_INIT("\r\nhello") },
    { "LF after the size", STR_INIT("5\nhello\r\n0\r\n\r\n") },
    { "CR alone after the size", STR_INIT("5\rhello\r\n0\r\n\r\n") },
    { "no CRLF after the data", STR_INIT("5\r\nhello0\r\n\r\n") },
    { "LF after the data", STR_INIT("5\r\nhello\n0\r\n\r\n") },
    { "more data than the size", STR_INIT("5\r\nhello!\r\n0\r\n\r\n") },
    { "a prefix of 0x", STR_INIT("0x5\r\nhello\r\n0\r\n\r\n") },
    { "a sign", STR_INIT("+5\r\nhello\r\n0\r\n\r\n") },
    { "a negative size", STR_INIT("-1\r\n") },
    { "space before the size", STR_INIT(" 5\r\nhello\r\n0\r\n\r\n") },
    { "space after the size", STR_INIT("5 \r\nhello\r\n0\r\n\r\n") },
    { "an underscore", STR_INIT("1_0\r\n") },
    { "a size of 16 digits", STR_INIT("0000000000000005\r\nhello\r\n0\r\n\r\n") },
    { "a size that overflows", STR_INIT("10000000000000005\r\nhello\r\n0\r\n\r\n") },
    { "NUL in an extension", STR_INIT("5;\0\r\nhello\r\n0\r\n\r\n") },
    { "LF in an extension", STR_INIT("5;a\nb\r\nhello\r\n0\r\n\r\n") },
    { "an extension without a size", STR_INIT(";a\r\n\r\n") },
    { "LF for the last line", STR_INIT("0\r\n\n") },
    { "a trailer without a colon", STR_INIT("0\r\nX\r\n\r\n") },
    { "a trailer without a name", STR_INIT("0\r\n: a\r\n\r\n") },
    { "space before a trailer's colon", STR_INIT("0\r\nX : a\r\n\r\n") },
    { "a folded trailer", STR_INIT("0\r\nX: a\r\n b\r\n\r\n") },
    { "LF after a trailer", STR_INIT("0\r\nX: a\n\r\n") },
    { "CR in a trailer", STR_INIT("0\r\nX: a\rb\r\n\r\n") },
};

static void a_well_formed_body_is_read_to_its_end(void)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        struct chunks chunks = { 0 };
        size_t used = 0;

        CHECKING("%s", good[i].what);
        CHECK_INT(chunks_read(&chunks, good[i].bytes, &used), REFUSE_NONE);
        CHECK_INT(chunks.state, CHUNKS_DONE);
        CHECK_INT(used, good[i].used ? good[i].used : good[i].bytes.len);
        CHECK_INT(chunks.data_bytes, good[i].data_bytes);
        CHECK_INT(chunks.data_bytes + chunks.spare_bytes, used);
    }
}

static enum refusal read_dripping(struct chunks *chunks, struct str bytes, size_t *ret_used)
{
    enum refusal refusal = REFUSE_NONE;
    size_t at = 0;

    while (!refusal && at < bytes.len && chunks->state != CHUNKS_DONE) {
        size_t used = 0;
        refusal = chunks_read(chunks, str_cut(bytes, at, 1), &used);
        CHECK_INT(used, 1);
        at++;
    }
    *ret_used = at;
    return refusal;
}

static void it_may_drip_in(void)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        struct chunks chunks = { 0 };
        size_t used = 0;

        CHECKING("%s", good[i].what);
        CHECK_INT(read_dripping(&chunks, good[i].bytes, &used), REFUSE_NONE);
        CHECK_INT(chunks.state, CHUNKS_DONE);
        CHECK_INT(used, good[i].used ? good[i].used : good[i].bytes.len);
        CHECK_INT(chunks.data_bytes, good[i].data_bytes);
    }
}

static void a_malformed_body_is_refused(void)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct chunks whole = { 0 };
        struct chunks dripped = { 0 };
        size_t used = 0;

        CHECKING("%s", bad[i].what);
        CHECK_INT(chunks_read(&whole, bad[i].bytes, &used), REFUSE_CHUNK);
        CHECK_INT(read_dripping(&dripped, bad[i].bytes, &used), REFUSE_CHUNK);
    }
}

static void chunking_may_not_cost_far_more_than_the_data(void)
{
    AUTO(struct buf, buf_free) many = { .max = 1 << 20 };
    AUTO(struct buf, buf_free) long_extension = { .max = 1 << 20 };
    AUTO(struct buf, buf_free) long_trailer = { .max = 1 << 20 };
    struct chunks chunks[3] = { { 0 } };
    size_t used = 0;

    buf_add(&long_extension, STR("1;"));
    buf_add(&long_trailer, STR("0\r\nX: "));
    for (size_t i = 0; i <= HTTP_CHUNK_SPARE_BYTES; i++) {
        buf_add(&many, STR("1\r\nx\r\n"));
        buf_add_byte(&long_extension, 'x');
        buf_add_byte(&long_trailer, 'x');
    }
    CHECK_OK(many.status);
    CHECK_INT(chunks_read(&chunks[0], buf_str(&many), &used), REFUSE_CHUNK_OVERHEAD);
    CHECK_INT(chunks_read(&chunks[1], buf_str(&long_extension), &used), REFUSE_CHUNK_OVERHEAD);
    CHECK_INT(chunks_read(&chunks[2], buf_str(&long_trailer), &used), REFUSE_CHUNK_OVERHEAD);
}

static const struct test tests[] = {
    TEST(a_well_formed_body_is_read_to_its_end),
    TEST(it_may_drip_in),
    TEST(a_malformed_body_is_refused),
    TEST(chunking_may_not_cost_far_more_than_the_data),
};
TEST_MAIN(tests)
