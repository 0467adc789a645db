/*
 * codec/json_out and codec/csv: what is written is well-formed whatever is in it.
 */
#include "codec/json_out.h"

#include <jansson.h>

#include "base/entropy.h"
#include "codec/csv.h"
#include "test.h"

static void commas_and_brackets_stand_where_they_belong(void)
{
    AUTO(struct buf, buf_free) text = { .max = 4096 };
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    json_out_text(&out, "a", STR("x"));
    json_out_array(&out, "b");
    json_out_i64(&out, NULL, INT64_MIN);
    json_out_u64(&out, NULL, UINT64_MAX);
    json_out_object(&out, NULL);
    json_out_end(&out);
    json_out_array(&out, NULL);
    json_out_end(&out);
    json_out_bool(&out, NULL, true);
    json_out_null(&out, NULL);
    json_out_end(&out);
    json_out_object(&out, "c");
    json_out_pair(&out, STR("d\"e"), STR("f"));
    json_out_raw(&out, "g", STR("[1]"));
    json_out_end(&out);
    json_out_bool(&out, "h", false);
    json_out_end(&out);
    CHECK_OK(text.status);
    CHECK_INT(out.depth, 0);
    CHECK_STR(buf_str(&text), STR("{\"a\":\"x\",\"b\":[-9223372036854775808,18446744073709551615,{},[],true,null],"
                                  "\"c\":{\"d\\\"e\":\"f\",\"g\":[1]},\"h\":false}"));
}

static void ids_times_and_bytes_have_their_own_text(void)
{
    AUTO(struct buf, buf_free) text = { .max = 4096 };
    struct json_out out = { .buf = &text };

    json_out_array(&out, NULL);
    json_out_id(&out, NULL, ID_LEASE, (struct id){ 0, 1 });
    json_out_time(&out, NULL, 1795507200123);
    json_out_hex(&out, NULL, "\xab", 1);
    json_out_base64(&out, NULL, "fo", 2);
    json_out_end(&out);
    CHECK_STR(buf_str(&text), STR("[\"lse_00000000000000000000000001\",\"2026-11-24T08:00:00.123Z\",\"ab\",\"Zm8=\"]"));
}

static void every_character_is_escaped_as_json_wants(void)
{
    AUTO(struct buf, buf_free) text = { .max = 4096 };

    json_escape(&text,
                STR("plain and long enough for words \" \\ \b\t\n\f\r \x01\x1f\x7f / \xc3\xa9 \xf0\x9f\x8e\xab"));
    CHECK_STR(buf_str(&text), STR("plain and long enough for words \\\" \\\\ \\b\\t\\n\\f\\r \\u0001\\u001f\x7f / "
                                  "\xc3\xa9 \xf0\x9f\x8e\xab"));
}

static void bytes_that_are_no_text_are_replaced(void)
{
    AUTO(struct buf, buf_free) text = { .max = 4096 };

    json_escape(&text, STR("a\xff\xc3(\xed\xa0\x80z\xe2\x82"));
    CHECK_STR(buf_str(&text), STR("a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf"
                                  "\xbd"));
}

/* jansson reads back what was written: the same text where it was UTF-8, and always JSON. */
static void random_bytes_always_make_json(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; round < 3000; round++) {
        AUTO(struct buf, buf_free) text = { .max = 4096 };
        struct json_out out = { .buf = &text };
        char bytes[64];
        struct str want = { bytes, entropy_below(&entropy, sizeof bytes) };

        entropy_fill(&entropy, bytes, want.len);
        for (size_t i = 0; round % 2 && i < want.len; i++)
            bytes[i] = (char)(bytes[i] & 0x7f ? bytes[i] & 0x7f : 1); /* every other round is ASCII without NUL */
        json_out_array(&out, NULL);
        json_out_text(&out, NULL, want);
        json_out_end(&out);
        json_t *tree = json_loadb(text.at, text.len, JSON_ALLOW_NUL, NULL);
        CHECK(tree);
        json_t *got = json_array_get(tree, 0);
        if (str_is_utf8(want))
            CHECK_STR(((struct str){ json_string_value(got), json_string_length(got) }), want);
        json_decref(tree);
    }
}

static void a_full_buf_is_noticed_once_at_the_end(void)
{
    char space[8];
    struct buf text = BUF_OVER(space);
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    json_out_text(&out, "name", STR("value"));
    json_out_end(&out);
    CHECK_CODE(text.status, CODE_TOO_LARGE);
}

static void a_csv_row_is_quoted_only_where_it_must(void)
{
    AUTO(struct buf, buf_free) text = { .max = 4096 };
    struct csv_out out = { .buf = &text, .guard_formulas = true };

    csv_out_text(&out, STR("plain"));
    csv_out_text(&out, STR(""));
    csv_out_text(&out, STR("a,b"));
    csv_out_text(&out, STR("\"q\" and \"r\""));
    csv_out_text(&out, STR("two\r\nlines"));
    csv_out_i64(&out, -5);
    csv_out_end_row(&out);
    csv_out_text(&out, STR("=1+1"));
    csv_out_text(&out, STR("-2,5"));
    csv_out_text(&out, STR("\tx"));
    csv_out_end_row(&out);
    CHECK_STR(buf_str(&text), STR("plain,,\"a,b\",\"\"\"q\"\" and \"\"r\"\"\",\"two\r\nlines\",-5\r\n"
                                  "'=1+1,\"'-2,5\",'\tx\r\n"));
}

static void a_csv_text_is_read_back(void)
{
    static const struct {
        const char *field;
        bool last;
    } want[] = {
        { "a", false }, { "", true }, { "b,\"c\"\n", true }, { "d", false },
        { "e", true },  { "", true }, { "f\rg", true },
    };
    AUTO(struct buf, buf_free) field = { .max = 100 };
    struct str rest = STR("a,\r\n\"b,\"\"c\"\"\n\"\nd,\"e\"\r\n\nf\rg");

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        bool last = !want[i].last;
        CHECKING("field %zu", i);
        buf_clear(&field);
        CHECK_OK(csv_read_field(&rest, &field, &last));
        CHECK_STR(buf_str(&field), str_of(want[i].field));
        CHECK_INT(last, want[i].last);
    }
    CHECK_INT(rest.len, 0);
}

static void a_misplaced_quote_is_refused(void)
{
    static const char *const bad[] = { "a\"b", "\"a", "\"a\"b", "\"a\" ,b", "\"\"\"" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        AUTO(struct buf, buf_free) field = { .max = 100 };
        struct str rest = str_of(bad[i]);
        bool last = false;
        CHECKING("%s", bad[i]);
        CHECK_CODE(csv_read_field(&rest, &field, &last), CODE_INVALID);
    }
}

static const struct test tests[] = {
    TEST(commas_and_brackets_stand_where_they_belong),
    TEST(ids_times_and_bytes_have_their_own_text),
    TEST(every_character_is_escaped_as_json_wants),
    TEST(bytes_that_are_no_text_are_replaced),
    TEST(random_bytes_always_make_json),
    TEST(a_full_buf_is_noticed_once_at_the_end),
    TEST(a_csv_row_is_quoted_only_where_it_must),
    TEST(a_csv_text_is_read_back),
    TEST(a_misplaced_quote_is_refused),
};
TEST_MAIN(tests)
