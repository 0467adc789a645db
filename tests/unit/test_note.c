/*
 * tlog/note and tlog/cosignature: the envelope of signed notes, and whose signatures make one good.
 */
#include "base/fault.h"
#include "base/memory.h"
#include "codec/base64.h"
#include "log_keys.h"
#include "test.h"
#include "tlog/cosignature.h"
#include "tlog/note.h"

#define GOOD CHECKPOINT_TEXT "\n" LOG_LINE

static void a_note_is_text_and_signatures(void)
{
    struct note note;

    CHECK_OK(note_parse(STR(GOOD WITNESS_LINE), &note, NULL));
    CHECK_STR(note.text, STR(CHECKPOINT_TEXT));
    CHECK_INT(note.count, 2);
    CHECK_STR(note.signatures[0].name, STR(LOG_NAME));
    CHECK_STR(note.signatures[0].base64, STR(LOG_BASE64));
    CHECK_INT(note.signatures[0].key_id, 0xd607f39b);
    CHECK_STR(note.signatures[1].name, STR(WITNESS_NAME));
    CHECK_INT(note.signatures[1].key_id, 0x20324abe);
}

static void the_last_blank_line_separates(void)
{
    struct note note;

    CHECK_OK(note_parse(STR("a\n\nb\n\n" LOG_LINE), &note, NULL));
    CHECK_STR(note.text, STR("a\n\nb\n"));
    CHECK_OK(note_parse(STR("a\n\n\n" LOG_LINE), &note, NULL));
    CHECK_STR(note.text, STR("a\n\n"));
    CHECK_OK(note_parse(STR("\n\n" LOG_LINE), &note, NULL));
    CHECK_STR(note.text, STR("\n"));
    CHECK_OK(note_parse(STR("\xc3\xa4\xe6\x97\xa5\xf0\x9f\x94\x91\n\n" LOG_LINE), &note, NULL));
}

/* Every case is refused, and so is each of them after a good line. */
static void what_is_not_quite_a_note_is_refused(void)
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
        CASE("one newline", "\n"),
        CASE("two newlines", "\n\n"),
        CASE("no text", "\n" LOG_LINE),
        CASE("no signature", CHECKPOINT_TEXT),
        CASE("no signature after the blank line", CHECKPOINT_TEXT "\n"),
        CASE("no blank line", CHECKPOINT_TEXT LOG_LINE),
        CASE("no trailing newline", CHECKPOINT_TEXT "\n" DASH LOG_NAME " " LOG_BASE64),
        CASE("carriage return in the text", "a\r\n\n" LOG_LINE),
        CASE("carriage returns everywhere", "a\r\n\r\n" DASH LOG_NAME " " LOG_BASE64 "\r\n"),
        CASE("carriage return after the signature", "a\n\n" DASH LOG_NAME " " LOG_BASE64 "\r\n"),
        CASE("tab in the text", "a\tb\n\n" LOG_LINE),
        CASE("NUL in the text", "a\0b\n\n" LOG_LINE),
        CASE("unit separator in the text", "a\x1f"
                                           "b\n\n" LOG_LINE),
        CASE("invalid UTF-8 in the text", "a\xff\n\n" LOG_LINE),
        CASE("overlong UTF-8", "a\xc0\xaf\n\n" LOG_LINE),
        CASE("surrogate in UTF-8", "a\xed\xa0\x80\n\n" LOG_LINE),
        CASE("cut UTF-8", "a\xe2\x80\n\n" LOG_LINE),
        CASE("hyphen-minus", "a\n\n- " LOG_NAME " " LOG_BASE64 "\n"),
        CASE("en dash", "a\n\n\xe2\x80\x93 " LOG_NAME " " LOG_BASE64 "\n"),
        CASE("no dash", "a\n\n" LOG_NAME " " LOG_BASE64 "\n"),
        CASE("dash without space", "a\n\n\xe2\x80\x94" LOG_NAME " " LOG_BASE64 "\n"),
        CASE("dash with a no-break space", "a\n\n\xe2\x80\x94\xc2\xa0" LOG_NAME " " LOG_BASE64 "\n"),
        CASE("space before the dash", "a\n\n " LOG_LINE),
        CASE("two spaces after the dash", "a\n\n" DASH " " LOG_NAME " " LOG_BASE64 "\n"),
        CASE("two spaces before the signature", "a\n\n" DASH LOG_NAME "  " LOG_BASE64 "\n"),
        CASE("space after the signature", "a\n\n" DASH LOG_NAME " " LOG_BASE64 " \n"),
        CASE("word after the signature", "a\n\n" DASH LOG_NAME " " LOG_BASE64 " x\n"),
        CASE("empty name", "a\n\n" DASH " " LOG_BASE64 "\n"),
        CASE("no name", "a\n\n" DASH LOG_BASE64 "\n"),
        CASE("plus in the name", "a\n\n" DASH "lic+ense " LOG_BASE64 "\n"),
        CASE("Unicode space in the name", "a\n\n" DASH "lic\xe2\x80\x83"
                                          "ense " LOG_BASE64 "\n"),
        CASE("no signature after the name", "a\n\n" DASH LOG_NAME "\n"),
        CASE("empty signature", "a\n\n" DASH LOG_NAME " \n"),
        CASE("blob of one byte", "a\n\n" DASH LOG_NAME " AA==\n"),
        CASE("blob of four bytes", "a\n\n" DASH LOG_NAME " 1gfzmw==\n"),
        CASE("missing padding", "a\n\n" DASH LOG_NAME " 1gfzm5M\n"),
        CASE("too much padding", "a\n\n" DASH LOG_NAME " 1gfzm5M==\n"),
        CASE("padding in the middle", "a\n\n" DASH LOG_NAME " 1gfzmw==1gfzmw==\n"),
        CASE("trailing bits", "a\n\n" DASH LOG_NAME " 1gfzm5N=\n"),
        CASE("URL-safe base64", "a\n\n" DASH LOG_NAME " 1gfzm5M_\n"),
        CASE("a line break in the signature", "a\n\n" DASH LOG_NAME " 1gfz\nm5M=\n"),
        CASE("text among the signatures", "a\n\n" LOG_LINE "text\n" WITNESS_LINE),
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct note note = { .count = 77 };
        struct err err = { 0 };

        CHECKING("%s", cases[i].why);
        CHECK_CODE(note_parse(cases[i].text, &note, &err), CODE_INVALID);
        CHECK(err.text[0] != '\0');
        CHECK_INT(note.count, 77);
    }
}

static void a_blob_of_five_bytes_is_the_shortest(void)
{
    struct note note;

    CHECK_OK(note_parse(STR("a\n\n" DASH LOG_NAME " 1gfzm5M=\n"), &note, NULL));
    CHECK_INT(note.signatures[0].key_id, 0xd607f39b);
}

static void add_lines(struct buf *text, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_add_format(text, DASH "other.example/%u 1gfzm5M=\n", i);
}

static void many_signatures_are_read_and_101_are_not(void)
{
    static const unsigned counts[] = { 16, 17, 99, 100 };
    struct vkey log = vkey_of(log_skey());
    struct err err = { 0 };

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES };
        struct note_check check;
        struct note note;

        buf_add(&text, STR(CHECKPOINT_TEXT "\n"));
        add_lines(&text, counts[i] - 1);
        buf_add(&text, STR(LOG_LINE));
        CHECKING("%u signatures", counts[i]);
        CHECK_OK(note_parse(buf_str(&text), &note, NULL));
        CHECK_INT(note.count, counts[i]);
        CHECK_OK(note_verify(&note, &log, 1, &check, NULL));
        if (counts[i] < NOTE_MAX_SIGNATURES)
            continue;
        add_lines(&text, 1);
        CHECK_CODE(note_parse(buf_str(&text), &note, &err), CODE_TOO_LARGE);
        CHECK_STR(str_of(err.text), STR("a note has more than 100 signatures"));
    }
}

static void a_note_of_64_kib_is_read_and_one_byte_more_is_not(void)
{
    AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES + 1 };
    size_t lines = sizeof "\n\n" LOG_LINE - 1;
    struct note note;
    struct err err = { 0 };

    while (text.len < NOTE_MAX_BYTES - lines)
        buf_add_byte(&text, 'a');
    buf_add(&text, STR("\n\n" LOG_LINE));
    CHECK_INT(text.len, NOTE_MAX_BYTES);
    CHECK_OK(note_parse(buf_str(&text), &note, NULL));
    text.at[0] = '\n';
    buf_add_byte(&text, '\n');
    CHECK_CODE(note_parse(buf_str(&text), &note, &err), CODE_TOO_LARGE);
    CHECK_STR(str_of(err.text), STR("a note has 65537 bytes, at most 65536 are allowed"));
}

/* ML-DSA signatures have 2,432 bytes, and a verifier that does not know them must read on. */
static void a_long_signature_of_an_unknown_type_is_skipped(void)
{
    AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES };
    struct vkey log = vkey_of(log_skey());
    uint8_t blob[4 + 8 + 2420] = { 0xc3, 0x35, 0xc6, 0xaf };
    struct note_check check;
    struct note note;

    buf_add(&text, STR(CHECKPOINT_TEXT "\n" DASH "witness.example/pq "));
    base64_add(&text, blob, sizeof blob);
    buf_add(&text, STR("\n" LOG_LINE));
    CHECK_OK(note_parse(buf_str(&text), &note, NULL));
    CHECK_INT(note.signatures[0].key_id, 0xc335c6af);
    CHECK_OK(note_verify(&note, &log, 1, &check, NULL));
}

static status verify(struct str text, const struct vkey *keys, size_t count, struct note_check *checks, struct err *err)
{
    struct note note;

    if (!CHECK_OK(note_parse(text, &note, NULL)))
        return OK;
    return note_verify(&note, keys, count, checks, err);
}

static void the_signatures_of_the_vectors_verify(void)
{
    struct vkey keys[] = { vkey_of(log_skey()), vkey_of(witness_skey()) };
    struct note_check checks[2];

    CHECK_OK(verify(STR(GOOD WITNESS_LINE), keys, 2, checks, NULL));
    CHECK(checks[0].verified && checks[0].time_s == 0);
    CHECK(checks[1].verified && checks[1].time_s == WITNESS_TIME_S);
    CHECK_OK(verify(STR(GOOD WITNESS_LINE), &keys[1], 1, checks, NULL));
    CHECK(checks[0].verified && checks[0].time_s == WITNESS_TIME_S);
    CHECK_OK(verify(STR(GOOD), keys, 2, checks, NULL));
    CHECK(checks[0].verified && !checks[1].verified);
}

/* The example of a key with the same name but another id, and one with the same id but another name. */
static void lines_of_which_only_the_name_or_only_the_id_is_known_are_ignored(void)
{
    struct vkey log = vkey_of(log_skey());
    struct vkey same_name = vkey_of(skey_from(LOG_NAME, VKEY_NOTE, 0x77));
    struct vkey same_id = log;
    struct note_check check;
    struct err err = { 0 };

    memcpy(same_id.name, "license.example/other", same_id.name_len);
    CHECK_CODE(verify(STR(GOOD), &same_name, 1, &check, &err), CODE_NOT_FOUND);
    CHECK_STR(str_of(err.text), STR("none of the note's 1 signatures is by a known key"));
    CHECK_CODE(verify(STR(GOOD), &same_id, 1, &check, NULL), CODE_NOT_FOUND);
    CHECK(!check.verified);
    CHECK_OK(verify(STR(CHECKPOINT_TEXT "\n" DASH LOG_NAME " 1gfznJM=\n" LOG_LINE), &log, 1, &check, NULL));
    CHECK_OK(verify(STR(CHECKPOINT_TEXT "\n" DASH "license.example/other " LOG_BASE64 "\n" LOG_LINE), &log, 1, &check,
                    NULL));
    CHECK_CODE(verify(STR(GOOD), &log, 0, &check, NULL), CODE_NOT_FOUND);
}

/* A bad line of a known key refuses the note wherever it stands. */
static void one_bad_signature_of_a_known_key_refuses_the_note(void)
{
#define BAD_LOG     DASH LOG_NAME " 1gfzm5M=\n"
#define BAD_WITNESS DASH WITNESS_NAME " IDJKvgA=\n"
    static const char *const notes[] = {
        CHECKPOINT_TEXT "\n" BAD_LOG,
        CHECKPOINT_TEXT "\n" BAD_LOG LOG_LINE,
        CHECKPOINT_TEXT "\n" LOG_LINE BAD_LOG,
        CHECKPOINT_TEXT "\n" LOG_LINE BAD_WITNESS,
        CHECKPOINT_TEXT "\n" WITNESS_LINE BAD_LOG,
        "x" CHECKPOINT_TEXT "\n" LOG_LINE,
        CHECKPOINT_TEXT "x\n\n" LOG_LINE,
        CHECKPOINT_TEXT "\n\n" LOG_LINE,
        CHECKPOINT_TEXT "x\n\n" WITNESS_LINE,
        CHECKPOINT_TEXT "\n" DASH LOG_NAME " 1gfzm5NSlOycIKoZhR7AZrFfEK4DddsmUjLZ4QtKsiBWPDDjPQRndTsqR0lSxZOGMUIND5WrN"
                        "KFoBw5wYHaoR9HZrgQA\n", /* one byte more */
        CHECKPOINT_TEXT "\n" DASH LOG_NAME " 1gfzm5NSlOycIKoZhR7AZrFfEK4DddsmUjLZ4QtKsiBWPDDjPQRndTsqR0lSxZOGMUIND5WrN"
                        "KFoBw5wYHaoR9HZrg==\n", /* one byte less */
        /* time above 2^63 - 1 */
        CHECKPOINT_TEXT "\n" DASH WITNESS_NAME " IDJKvoAAAABlU/EAHKFJsC3LSih29kgSuUywdkMU3eNXQbVyy2SKndnt90noHJW+a9nTR"
                        "tUEsLD3tt0817wcMZqnloCfACl0l9jbCg==\n",
        /* another time */
        CHECKPOINT_TEXT "\n" DASH WITNESS_NAME " IDJKvgAAAABlU/EBHKFJsC3LSih29kgSuUywdkMU3eNXQbVyy2SKndnt90noHJW+a9nTR"
                        "tUEsLD3tt0817wcMZqnloCfACl0l9jbCg==\n",
    };
    struct vkey keys[] = { vkey_of(log_skey()), vkey_of(witness_skey()) };

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        struct note_check checks[2] = { { true, 7 }, { true, 7 } };
        struct err err = { 0 };

        CHECKING("note %zu", i);
        CHECK_CODE(verify(str_of(notes[i]), keys, 2, checks, &err), CODE_CORRUPT);
        CHECK(err.text[0] != '\0');
        CHECK(!checks[0].verified && !checks[1].verified);
    }
}

static void a_signature_far_too_long_for_its_known_key_refuses_the_note(void)
{
    AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES };
    struct vkey log = vkey_of(log_skey());
    uint8_t blob[4000] = { 0xd6, 0x07, 0xf3, 0x9b };
    struct note_check check;
    struct err err = { 0 };

    buf_add(&text, STR(GOOD DASH LOG_NAME " "));
    base64_add(&text, blob, sizeof blob);
    buf_add_byte(&text, '\n');
    CHECK_CODE(verify(buf_str(&text), &log, 1, &check, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the signature of 'license.example/audit' is longer than any of its key's type"));
}

static void a_repeated_line_is_dropped(void)
{
    AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES };
    AUTO(struct skey, skey_close) witness = witness_skey();
    struct note_check check;

    CHECK_OK(verify(STR(GOOD LOG_LINE), &(struct vkey[]){ vkey_of(log_skey()) }[0], 1, &check, NULL));
    CHECK_OK(note_begin(&text, STR(CHECKPOINT_TEXT), NULL));
    CHECK_OK(note_cosign(&text, STR(CHECKPOINT_TEXT), &witness, 20, NULL));
    CHECK_OK(note_cosign(&text, STR(CHECKPOINT_TEXT), &witness, 10, NULL));
    CHECK_OK(verify(buf_str(&text), &witness.vkey, 1, &check, NULL));
    CHECK_INT(check.time_s, 20);
}

static void signing_gives_the_lines_of_the_vectors(void)
{
    AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES };
    AUTO(struct skey, skey_close) log = log_skey();
    AUTO(struct skey, skey_close) witness = witness_skey();

    CHECK_OK(note_begin(&text, STR(CHECKPOINT_TEXT), NULL));
    CHECK_OK(note_sign(&text, STR(CHECKPOINT_TEXT), &log, NULL));
    CHECK_OK(note_cosign(&text, STR(CHECKPOINT_TEXT), &witness, WITNESS_TIME_S, NULL));
    CHECK_STR(buf_str(&text), STR(GOOD WITNESS_LINE));
}

static void a_cosignature_holds_for_any_time_that_can_be(void)
{
    static const int64_t times[] = { 0, 1, 1700000000, INT64_MAX };
    AUTO(struct skey, skey_close) witness = witness_skey();
    struct cosignature cosignature;
    struct err err = { 0 };

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t time_s = -1;

        CHECK_OK(cosignature_sign(&witness.key, STR("text\n"), times[i], &cosignature, NULL));
        CHECK_OK(cosignature_verify(&witness.vkey.public_key, STR("text\n"),
                                    (struct str){ (const char *)cosignature.bytes, sizeof cosignature.bytes }, &time_s,
                                    NULL));
        CHECK_INT(time_s, times[i]);
    }
    CHECK_CODE(cosignature_sign(&witness.key, STR("text\n"), -1, &cosignature, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("a cosignature can't have the time -1"));
}

static void a_cosignature_has_72_bytes_and_no_time_above_2_63_minus_1(void)
{
    AUTO(struct skey, skey_close) witness = witness_skey();
    char bytes[COSIGNATURE_BYTES + 1] = { 0 };
    struct ed25519_signature signature;
    struct err err = { 0 };
    int64_t time_s = 7;

    for (size_t len = 0; len <= sizeof bytes; len++) {
        CHECK_CODE(
            cosignature_verify(&witness.vkey.public_key, STR("text\n"), (struct str){ bytes, len }, &time_s, &err),
            CODE_CORRUPT);
        if (len != COSIGNATURE_BYTES)
            CHECK_STR(str_cut(str_of(err.text), 0, 17), STR("a cosignature has"));
    }
    /* Signed over what a reader that takes the time for a signed number would make of it. */
    CHECK_OK(ed25519_sign(&witness.key, STR("cosignature/v1\ntime -1\ntext\n"), &signature, NULL));
    memset(bytes, 0xff, 8);
    memcpy(bytes + 8, signature.bytes, sizeof signature.bytes);
    CHECK_CODE(cosignature_verify(&witness.vkey.public_key, STR("text\n"), (struct str){ bytes, COSIGNATURE_BYTES },
                                  &time_s, &err),
               CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("a cosignature's time 18446744073709551615 is above 2^63-1"));
    CHECK_INT(time_s, 7);
}

/* "cosignature/v1\ntime 1\n…" signed as a plain note must not pass for a cosignature of the text, nor the reverse. */
static void a_key_of_one_type_does_not_verify_the_other(void)
{
    AUTO(struct buf, buf_free) text = { .max = NOTE_MAX_BYTES };
    AUTO(struct skey, skey_close) witness = witness_skey();
    struct vkey as_note = witness.vkey;
    struct note_check check;

    as_note.type = VKEY_NOTE;
    CHECK_OK(note_begin(&text, STR(CHECKPOINT_TEXT), NULL));
    CHECK_OK(note_cosign(&text, STR(CHECKPOINT_TEXT), &witness, 1, NULL));
    CHECK_CODE(verify(buf_str(&text), &as_note, 1, &check, NULL), CODE_CORRUPT);
}

static void a_text_that_no_note_can_have_is_not_signed(void)
{
    static const char *const texts[] = { "", "no newline", "tab\t\n", "\r\n", "\xff\n", "\x7f" };
    struct err err = { 0 };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };

        CHECKING("text %zu", i);
        CHECK_CODE(note_begin(&note, str_of(texts[i]), &err), CODE_INVALID);
        CHECK_INT(note.len, 0);
    }
    CHECK_STR(str_of(err.text), STR("a note's text must be UTF-8 without control characters and end in a newline"));
}

static void no_room_for_a_note_is_told(void)
{
    AUTO(struct skey, skey_close) log = log_skey();
    struct err err = { 0 };

    for (size_t room = 0; room < sizeof GOOD - 1; room++) {
        char space[sizeof GOOD];
        struct buf note = { .at = space, .capacity = room, .max = room, .borrowed = true };
        status s = note_begin(&note, STR(CHECKPOINT_TEXT), &err);

        if (!s.code)
            s = note_sign(&note, STR(CHECKPOINT_TEXT), &log, &err);
        CHECKING("room for %zu", room);
        CHECK_INT(s.code, CODE_TOO_LARGE);
    }
}

static void no_memory_for_a_cosigned_message_is_told(void)
{
#ifdef TALLY_FAULTS
    struct vkey witness = vkey_of(witness_skey());
    AUTO(struct skey, skey_close) key = witness_skey();
    struct cosignature cosignature;
    struct note_check check;
    struct err err = { 0 };

    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(verify(STR(GOOD WITNESS_LINE), &witness, 1, &check, &err), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK(err.text[0] != '\0' && !check.verified);
    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(cosignature_sign(&key.key, STR("text\n"), 1, &cosignature, &err), CODE_NO_MEMORY);
    fault_disarm_all();
#endif
}

static const struct test tests[] = {
    TEST(a_note_is_text_and_signatures),
    TEST(the_last_blank_line_separates),
    TEST(what_is_not_quite_a_note_is_refused),
    TEST(a_blob_of_five_bytes_is_the_shortest),
    TEST(many_signatures_are_read_and_101_are_not),
    TEST(a_note_of_64_kib_is_read_and_one_byte_more_is_not),
    TEST(a_long_signature_of_an_unknown_type_is_skipped),
    TEST(the_signatures_of_the_vectors_verify),
    TEST(lines_of_which_only_the_name_or_only_the_id_is_known_are_ignored),
    TEST(one_bad_signature_of_a_known_key_refuses_the_note),
    TEST(a_signature_far_too_long_for_its_known_key_refuses_the_note),
    TEST(a_repeated_line_is_dropped),
    TEST(signing_gives_the_lines_of_the_vectors),
    TEST(a_cosignature_holds_for_any_time_that_can_be),
    TEST(a_cosignature_has_72_bytes_and_no_time_above_2_63_minus_1),
    TEST(a_key_of_one_type_does_not_verify_the_other),
    TEST(a_text_that_no_note_can_have_is_not_signed),
    TEST(no_room_for_a_note_is_told),
    TEST(no_memory_for_a_cosigned_message_is_told),
};
TEST_MAIN(tests)
