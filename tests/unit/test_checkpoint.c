/*
 * tlog/checkpoint: three lines with one spelling each, opened with the log's key.
 */
#include "codec/base64.h"
#include "log_keys.h"
#include "test.h"
#include "tlog/checkpoint.h"
#include "tlog/hash_text.h"

#define ROOT "yjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg="

static void a_checkpoint_is_origin_size_and_root(void)
{
    struct checkpoint checkpoint = { 0 };
    struct hash root;

    CHECK_OK(hash_text_read(STR(ROOT), &root));
    CHECK_OK(checkpoint_parse(STR(CHECKPOINT_TEXT), &checkpoint, NULL));
    CHECK_STR(checkpoint.origin, STR(LOG_NAME));
    CHECK_INT(checkpoint.head.size, 300);
    CHECK(hash_eq(&checkpoint.head.root, &root));
    CHECK_INT(checkpoint.extensions.len, 0);
}

static void what_is_read_is_written_the_same(void)
{
    static const char *const texts[] = {
        CHECKPOINT_TEXT,
        "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n9223372036854775807\n" ROOT "\n",
        "o\n300\n" ROOT "\nextension\nanother one\n",
        "go.sum database tree\n300\n" ROOT "\n", /* a public log's origin has spaces, which SHOULD not be */
        "a+b\n1\n" ROOT "\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        AUTO(struct buf, buf_free) again = { .max = 1024 };
        struct checkpoint checkpoint = { 0 };

        CHECKING("text %zu", i);
        CHECK_OK(checkpoint_parse(str_of(texts[i]), &checkpoint, NULL));
        checkpoint_add(&again, &checkpoint);
        CHECK_OK(again.status);
        CHECK_STR(buf_str(&again), str_of(texts[i]));
    }
}

static void what_is_not_quite_a_checkpoint_is_refused(void)
{
    static const struct {
        const char *why;
        struct str text;
    } cases[] = {
#define CASE(why, text)                                                                                                \
    {                                                                                                                  \
        why,                                                                                                           \
        {                                                                                                              \
            text, sizeof(text) - 1                                                                                     \
        }                                                                                                              \
    }
        CASE("empty", ""),
        CASE("a newline", "\n"),
        CASE("two newlines", "\n\n"),
        CASE("three newlines", "\n\n\n"),
        CASE("empty origin", "\n300\n" ROOT "\n"),
        CASE("no size", "o\n" ROOT "\n"),
        CASE("no root", "o\n300\n"),
        CASE("no last newline", "o\n300\n" ROOT),
        CASE("empty size", "o\n\n" ROOT "\n"),
        CASE("size 00", "o\n00\n" ROOT "\n"),
        CASE("size 01", "o\n01\n" ROOT "\n"),
        CASE("size +1", "o\n+1\n" ROOT "\n"),
        CASE("size -1", "o\n-1\n" ROOT "\n"),
        CASE("space before the size", "o\n 1\n" ROOT "\n"),
        CASE("space after the size", "o\n1 \n" ROOT "\n"),
        CASE("size 0x1", "o\n0x1\n" ROOT "\n"),
        CASE("size 1e3", "o\n1e3\n" ROOT "\n"),
        CASE("size 2^63", "o\n9223372036854775808\n" ROOT "\n"),
        CASE("size 2^64", "o\n18446744073709551616\n" ROOT "\n"),
        CASE("size 2^64 + 300", "o\n18446744073709551916\n" ROOT "\n"),
        CASE("root of 31 bytes", "o\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2A==\n"),
        CASE("root of 33 bytes", "o\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2EgA\n"),
        CASE("empty root", "o\n300\n\n"),
        CASE("root without padding", "o\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg\n"),
        CASE("root with trailing bits", "o\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eh=\n"),
        CASE("URL-safe root", "o\n300\nyjk9Apa-xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n"),
        CASE("space after the root", "o\n300\n" ROOT " \n"),
        CASE("root in hexadecimal", "o\n300\nca393d0296bec5e0b8dcab983bd1fb7d1461f512e7267cb89631ad26fd66d848\n"),
        CASE("empty extension line", "o\n300\n" ROOT "\n\n"),
        CASE("empty line between extensions", "o\n300\n" ROOT "\na\n\nb\n"),
        CASE("empty last extension", "o\n300\n" ROOT "\na\n\n"),
        CASE("carriage return", "o\r\n300\n" ROOT "\n"),
        CASE("tab in the origin", "o\tp\n300\n" ROOT "\n"),
        CASE("NUL in the origin", "o\0p\n300\n" ROOT "\n"),
        CASE("invalid UTF-8", "\xff\n300\n" ROOT "\n"),
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct checkpoint checkpoint = { .head.size = 7 };
        struct err err = { 0 };

        CHECKING("%s", cases[i].why);
        CHECK_CODE(checkpoint_parse(cases[i].text, &checkpoint, &err), CODE_INVALID);
        CHECK(err.text[0] != '\0');
        CHECK_INT(checkpoint.head.size, 7);
    }
}

static void an_origin_of_255_bytes_is_the_longest(void)
{
    AUTO(struct buf, buf_free) text = { .max = 1024 };
    struct checkpoint checkpoint = { 0 };
    struct err err = { 0 };

    for (int i = 0; i < ORIGIN_MAX_BYTES; i++)
        buf_add_byte(&text, 'o');
    buf_add(&text, STR("\n9223372036854775807\n" ROOT "\n"));
    CHECK_INT(text.len, CHECKPOINT_MAX_BYTES);
    CHECK_OK(checkpoint_parse(buf_str(&text), &checkpoint, NULL));
    buf_clear(&text);
    for (int i = 0; i < ORIGIN_MAX_BYTES + 1; i++)
        buf_add_byte(&text, 'o');
    buf_add(&text, STR("\n1\n" ROOT "\n"));
    CHECK_CODE(checkpoint_parse(buf_str(&text), &checkpoint, &err), CODE_TOO_LARGE);
    CHECK_STR(str_of(err.text), STR("a checkpoint's origin has 256 bytes, at most 255 are allowed"));
}

static void a_refusal_shows_the_value(void)
{
    struct checkpoint checkpoint;
    struct err err = { 0 };

    CHECK_CODE(checkpoint_parse(STR("o\n-1\n" ROOT "\n"), &checkpoint, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("a checkpoint's size '-1' is not a decimal number up to 2^63-1"));
    CHECK_CODE(checkpoint_parse(STR("o\n1\nroot\n"), &checkpoint, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("a checkpoint's root 'root' is not the base64 of 32 bytes"));
}

static void signing_gives_the_checkpoint_of_the_vectors(void)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    AUTO(struct skey, skey_close) log = log_skey();
    struct tree_head head = { .size = 300 };

    CHECK_OK(hash_text_read(STR(ROOT), &head.root));
    CHECK_OK(checkpoint_sign(&note, &head, &log, NULL));
    CHECK_STR(buf_str(&note), STR(CHECKPOINT_TEXT "\n" LOG_LINE));
}

static void a_signed_checkpoint_opens_with_its_log_key(void)
{
    static const char *const notes[] = {
        CHECKPOINT_TEXT "\n" LOG_LINE,
        CHECKPOINT_TEXT "\n" LOG_LINE WITNESS_LINE,
        CHECKPOINT_TEXT "\n" WITNESS_LINE LOG_LINE,
    };
    struct vkey log = vkey_of(log_skey());

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        struct checkpoint checkpoint = { 0 };

        CHECKING("note %zu", i);
        CHECK_OK(checkpoint_open(str_of(notes[i]), &log, &checkpoint, NULL));
        CHECK_STR(checkpoint.origin, STR(LOG_NAME));
        CHECK_INT(checkpoint.head.size, 300);
    }
}

static void a_checkpoint_signed_by_another_or_not_at_all_does_not_open(void)
{
    struct vkey log = vkey_of(log_skey());
    struct vkey other = vkey_of(skey_from("other.example", VKEY_NOTE, 0x55));
    struct checkpoint checkpoint = { .head.size = 7 };
    struct err err = { 0 };

    CHECK_CODE(checkpoint_open(STR(CHECKPOINT_TEXT "\n" LOG_LINE), &other, &checkpoint, &err), CODE_NOT_FOUND);
    CHECK_CODE(checkpoint_open(STR(CHECKPOINT_TEXT "\n" WITNESS_LINE), &log, &checkpoint, &err), CODE_NOT_FOUND);
    CHECK_CODE(checkpoint_open(STR(CHECKPOINT_TEXT), &log, &checkpoint, &err), CODE_INVALID);
    CHECK_CODE(checkpoint_open(STR("license.example/audit\n301\n" ROOT "\n\n" LOG_LINE), &log, &checkpoint, &err),
               CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the Ed25519 signature does not verify"));
    CHECK_INT(checkpoint.head.size, 7);
}

/* The log's key signed it, but it is of another log or no checkpoint at all. */
static void what_the_key_signed_must_be_a_checkpoint_of_that_origin(void)
{
    static const struct {
        const char *text;
        enum code code;
    } cases[] = {
        { "other.example\n300\n" ROOT "\n", CODE_CORRUPT },
        { LOG_NAME "x\n300\n" ROOT "\n", CODE_CORRUPT },
        { LOG_NAME "\n300\n", CODE_INVALID },
        { LOG_NAME "\n0300\n" ROOT "\n", CODE_INVALID },
    };
    AUTO(struct skey, skey_close) log = log_skey();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
        struct checkpoint checkpoint;

        CHECKING("case %zu", i);
        CHECK_OK(note_begin(&note, str_of(cases[i].text), NULL));
        CHECK_OK(note_sign(&note, str_of(cases[i].text), &log, NULL));
        CHECK_CODE(checkpoint_open(buf_str(&note), &log.vkey, &checkpoint, NULL), cases[i].code);
    }
}

static void a_checkpoint_with_any_byte_changed_does_not_open(void)
{
    static const char good[] = CHECKPOINT_TEXT "\n" LOG_LINE;
    struct vkey log = vkey_of(log_skey());
    struct checkpoint checkpoint;

    for (size_t at = 0; at < sizeof good - 1; at++) {
        char bad[sizeof good - 1];

        memcpy(bad, good, sizeof bad);
        bad[at] = (char)(bad[at] ^ 1);
        CHECKING("byte %zu", at);
        CHECK(checkpoint_open((struct str){ bad, sizeof bad }, &log, &checkpoint, NULL).code != CODE_OK);
    }
}

static const struct test tests[] = {
    TEST(a_checkpoint_is_origin_size_and_root),
    TEST(what_is_read_is_written_the_same),
    TEST(what_is_not_quite_a_checkpoint_is_refused),
    TEST(an_origin_of_255_bytes_is_the_longest),
    TEST(a_refusal_shows_the_value),
    TEST(signing_gives_the_checkpoint_of_the_vectors),
    TEST(a_signed_checkpoint_opens_with_its_log_key),
    TEST(a_checkpoint_signed_by_another_or_not_at_all_does_not_open),
    TEST(what_the_key_signed_must_be_a_checkpoint_of_that_origin),
    TEST(a_checkpoint_with_any_byte_changed_does_not_open),
};
TEST_MAIN(tests)
