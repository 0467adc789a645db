/*
 * codec/token_text: a token is told from a mistyped one, and from something else.
 */
#include "codec/token_text.h"

#include "test.h"

static struct str text_of(const struct secret *token)
{
    return (struct str){ (const char *)token->bytes, token->len };
}

static void a_new_token_is_read_as_its_kind(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int i = 0; i < 1000; i++) {
        AUTO(struct secret, secret_free) token = { 0 };
        enum token_kind kind = (enum token_kind)(i % TOKEN_KIND_COUNT);
        enum token_kind got = TOKEN_KIND_COUNT;

        token_text_new(kind, &entropy, &token);
        CHECK_INT(token.len, TOKEN_TEXT_BYTES);
        CHECK_OK(token_text_read(text_of(&token), &got, NULL));
        CHECK_INT(got, kind);
    }
}

/* The CRC-32 of these 35 characters was computed by zlib's crc32(). */
static void the_checksum_is_crc_32_of_all_before_it(void)
{
    enum token_kind kind = TOKEN_KIND_COUNT;

    CHECK_OK(token_text_read(STR("tlyp_00000000000000000000000000000030cw6e"), &kind, NULL));
    CHECK_INT(kind, TOKEN_PERSON);
}

static void every_single_typing_error_is_caught(void)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct entropy entropy = entropy_from_seed(test_seed());
    AUTO(struct secret, secret_free) token = { 0 };
    enum token_kind kind;

    token_text_new(TOKEN_SERVICE, &entropy, &token);
    for (size_t at = TOKEN_PREFIX_BYTES; at < TOKEN_TEXT_BYTES; at++) {
        for (size_t i = 0; i < sizeof alphabet - 1; i++) {
            unsigned char before = token.bytes[at];
            if (before == (unsigned char)alphabet[i])
                continue;
            token.bytes[at] = (unsigned char)alphabet[i];
            CHECK_CODE(token_text_read(text_of(&token), &kind, NULL), CODE_CORRUPT);
            token.bytes[at] = before;
        }
    }
}

static void two_neighbours_that_changed_places_are_caught(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    AUTO(struct secret, secret_free) token = { 0 };
    enum token_kind kind;

    token_text_new(TOKEN_PERSON, &entropy, &token);
    for (size_t at = TOKEN_PREFIX_BYTES; at + 1 < TOKEN_TEXT_BYTES; at++) {
        unsigned char left = token.bytes[at];
        unsigned char right = token.bytes[at + 1];
        token.bytes[at] = right;
        token.bytes[at + 1] = left;
        CHECK_CODE(token_text_read(text_of(&token), &kind, NULL), left == right ? CODE_OK : CODE_CORRUPT);
        token.bytes[at] = left;
        token.bytes[at + 1] = right;
    }
}

static void the_kind_can_not_be_exchanged(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    AUTO(struct secret, secret_free) token = { 0 };
    enum token_kind kind;

    token_text_new(TOKEN_ENROL, &entropy, &token);
    token.bytes[3] = 'p';
    CHECK_CODE(token_text_read(text_of(&token), &kind, NULL), CODE_CORRUPT);
}

static void what_never_was_a_token_is_told_apart_and_not_repeated(void)
{
    static const char *const bad[] = {
        "",
        "tlyp",
        "tlyp_",
        "hunter2",
        "tlyx_0000000000000000000000000000000abcde",
        "TLYP_000000000000000000000000000000abcdef",
        "tlyp_000000000000000000000000000000abcde",
        "tlyp_000000000000000000000000000000abcdefg",
        "tlyp_00000000000000000000000000000 abcdef",
        "tlyp_00000000000000000000000000000-abcdef",
        "tlyp_0000000000000000000000000000\303\251abcdef",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum token_kind kind = TOKEN_SCIM;
        struct err err = { 0 };
        CHECKING("%s", bad[i]);
        CHECK_CODE(token_text_read(str_of(bad[i]), &kind, &err), CODE_INVALID);
        CHECK_INT(kind, TOKEN_SCIM);
        CHECK(str_find_str(str_of(err.text), STR("abc")) == str_of(err.text).len);
        CHECK(str_find_str(str_of(err.text), STR("hunter2")) == str_of(err.text).len);
    }
}

/* Each of 62 characters comes up 3000 ± 300 times in 186,000; a bias by modulo would give the first ones 25 % more. */
static void no_character_is_likelier_than_another(void)
{
    struct entropy entropy = entropy_from_seed(62);
    int counts[256] = { 0 };

    for (int i = 0; i < 6200; i++) {
        struct secret token = { 0 };
        token_text_new(TOKEN_PERSON, &entropy, &token);
        for (size_t at = TOKEN_PREFIX_BYTES; at < TOKEN_PREFIX_BYTES + TOKEN_RANDOM_BYTES; at++)
            counts[token.bytes[at]]++;
    }
    for (int byte = 0; byte < 256; byte++)
        CHECK(counts[byte] == 0 || (counts[byte] > 2700 && counts[byte] < 3300));
}

static const struct test tests[] = {
    TEST(a_new_token_is_read_as_its_kind),       TEST(the_checksum_is_crc_32_of_all_before_it),
    TEST(every_single_typing_error_is_caught),   TEST(two_neighbours_that_changed_places_are_caught),
    TEST(the_kind_can_not_be_exchanged),         TEST(what_never_was_a_token_is_told_apart_and_not_repeated),
    TEST(no_character_is_likelier_than_another),
};
TEST_MAIN(tests)
