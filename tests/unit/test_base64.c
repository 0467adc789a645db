/*
 * codec/base64 and codec/hex: RFC 4648's examples, and one text for one value.
 */
#include "codec/base64.h"

#include "base/entropy.h"
#include "codec/hex.h"
#include "test.h"

/* RFC 4648 section 10. */
static const struct {
    const char *bytes;
    const char *base64;
    const char *hex;
} examples[] = {
    { "", "", "" },
    { "f", "Zg==", "66" },
    { "fo", "Zm8=", "666f" },
    { "foo", "Zm9v", "666f6f" },
    { "foob", "Zm9vYg==", "666f6f62" },
    { "fooba", "Zm9vYmE=", "666f6f6261" },
    { "foobar", "Zm9vYmFy", "666f6f626172" },
};

static void the_examples_of_rfc_4648_go_both_ways(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        AUTO(struct buf, buf_free) text = { .max = 64 };
        struct str bytes = str_of(examples[i].bytes);
        char got[16];
        size_t len = 99;

        CHECKING("%s", examples[i].bytes);
        base64_add(&text, bytes.at, bytes.len);
        CHECK_STR(buf_str(&text), str_of(examples[i].base64));
        CHECK_OK(base64_read(buf_str(&text), got, sizeof got, &len));
        CHECK_STR(((struct str){ got, len }), bytes);
        CHECK_OK(base64_read_exact(str_of(examples[i].base64), got, bytes.len));
        buf_clear(&text);
        hex_add(&text, bytes.at, bytes.len);
        CHECK_STR(buf_str(&text), str_of(examples[i].hex));
        CHECK_OK(hex_read(buf_str(&text), got, bytes.len));
        CHECK_STR(((struct str){ got, bytes.len }), bytes);
    }
}

static void bytes_of_any_length_come_back_as_they_went(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (size_t len = 0; len < 200; len++) {
        AUTO(struct buf, buf_free) padded = { .max = 1024 };
        AUTO(struct buf, buf_free) url = { .max = 1024 };
        unsigned char want[200];
        unsigned char got[200];
        size_t got_len = 0;

        entropy_fill(&entropy, want, len);
        base64_add(&padded, want, len);
        base64url_add(&url, want, len);
        CHECK_INT(padded.len, BASE64_TEXT_BYTES(len));
        CHECK(BASE64_DATA_MAX_BYTES(padded.len) >= len && BASE64_DATA_MAX_BYTES(url.len) >= len);
        CHECK_OK(base64_read(buf_str(&padded), got, len, &got_len));
        CHECK(got_len == len && memcmp(got, want, len) == 0);
        memset(got, 0, sizeof got);
        CHECK_OK(base64url_read(buf_str(&url), got, len, &got_len));
        CHECK(got_len == len && memcmp(got, want, len) == 0);
    }
}

static void both_alphabets_hold_their_own_last_two_characters(void)
{
    AUTO(struct buf, buf_free) text = { .max = 64 };
    size_t len = 0;
    unsigned char got[3];

    base64_add(&text, "\xfb\xff\xbf", 3);
    CHECK_STR(buf_str(&text), STR("+/+/"));
    buf_clear(&text);
    base64url_add(&text, "\xfb\xff\xbf", 3);
    CHECK_STR(buf_str(&text), STR("-_-_"));
    CHECK_CODE(base64_read(STR("-_-_"), got, sizeof got, &len), CODE_INVALID);
    CHECK_CODE(base64url_read(STR("+/+/"), got, sizeof got, &len), CODE_INVALID);
}

static void a_second_text_of_the_same_value_is_refused(void)
{
    static const char *const bad[] = {
        "Zg",        "Zg=",        "Zg===", "Z",    "Z===", "=",    "==",    "====",    "Zm9v=", "Zm9v====", "Zg==Zg==",
        "Zm9v Zg==", "Zm9vZg==\n", " Zg==", "Zh==", "Zn==", "Zm9=", "Zm8==", "Zm\x80v", "Z=g=",  "Zm9*",
    };
    char got[16];
    size_t len = 99;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECKING("%s", bad[i]);
        CHECK_CODE(base64_read(str_of(bad[i]), got, sizeof got, &len), CODE_INVALID);
        CHECK_INT(len, 99);
    }
    CHECK_CODE(base64url_read(STR("Zg=="), got, sizeof got, &len), CODE_INVALID);
    CHECK_CODE(base64url_read(STR("Zh"), got, sizeof got, &len), CODE_INVALID);
    CHECK_CODE(base64url_read(STR("Zm9vZ"), got, sizeof got, &len), CODE_INVALID);
}

static void more_than_there_is_room_for_is_too_large(void)
{
    char got[2];
    size_t len = 99;

    CHECK_CODE(base64_read(STR("Zm9v"), got, sizeof got, &len), CODE_TOO_LARGE);
    CHECK_CODE(base64_read_exact(STR("Zm9v"), got, 2), CODE_INVALID);
    CHECK_CODE(base64_read_exact(STR("Zg=="), got, 2), CODE_INVALID);
    CHECK_OK(base64_read_exact(STR("Zm8="), got, 2));
}

/* It reads in pieces, whose borders must not hide or forbid anything. */
static void a_text_of_any_length_can_be_checked_without_a_place_for_it(void)
{
    unsigned char bytes[1200] = { 0 };
    char text[BASE64_TEXT_BYTES(sizeof bytes)];
    size_t len = 0;

    for (size_t want = 0; want <= sizeof bytes; want++) {
        base64_write(bytes, want, text);
        CHECK_OK(base64_check((struct str){ text, BASE64_TEXT_BYTES(want) }, &len));
        CHECK_INT(len, want);
    }
    for (size_t at = 0; at < sizeof text; at++) {
        char kept = text[at];

        text[at] = at % 2 ? '=' : '?';
        CHECKING("character %zu", at);
        CHECK_CODE(base64_check((struct str){ text, sizeof text }, &len),
                   at == sizeof text - 1 ? CODE_OK : CODE_INVALID);
        text[at] = kept;
    }
}

static void hexadecimal_is_lower_case_and_exact(void)
{
    static const char *const bad[] = { "", "6", "66", "66666", "66666666", "66F0", "6g66", "66 6", "0x66", "66\3776" };
    unsigned char got[2] = { 0 };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECKING("%s", bad[i]);
        CHECK_CODE(hex_read(str_of(bad[i]), got, sizeof got), CODE_INVALID);
    }
    CHECK_OK(hex_read(STR("f00f"), got, sizeof got));
    CHECK(got[0] == 0xf0 && got[1] == 0x0f);
}

static const struct test tests[] = {
    TEST(the_examples_of_rfc_4648_go_both_ways),
    TEST(bytes_of_any_length_come_back_as_they_went),
    TEST(both_alphabets_hold_their_own_last_two_characters),
    TEST(a_second_text_of_the_same_value_is_refused),
    TEST(more_than_there_is_room_for_is_too_large),
    TEST(a_text_of_any_length_can_be_checked_without_a_place_for_it),
    TEST(hexadecimal_is_lower_case_and_exact),
};
TEST_MAIN(tests)
