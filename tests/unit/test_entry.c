/*
 * core/entry: what is written is read, and only that. Every code of the table takes part through core/audit_sample.
 */
#include "core/entry.h"

#include <jansson.h>

#include "base/entropy.h"
#include "base/limits.h"
#include "base/memory.h"
#include "codec/typeid.h"
#include "core/audit_sample.h"
#include "test.h"

#define KINDS (SAMPLE_LONGEST + 1)

static struct str sample_text(enum audit_code code, enum sample_kind kind, struct buf *buf)
{
    struct entry entry;

    audit_sample(code, kind, &entry);
    buf_clear(buf);
    CHECK_OK(entry_encode(&entry, buf));
    return buf_str(buf);
}

/* Whether the text, if it is read at all, is written again byte for byte. The copy lets AddressSanitizer see a read
 * past its end. */
static bool survives(struct str text)
{
    char *exact = memory_new(text.len, 1);
    char space[ENTRY_MAX_BYTES];
    struct buf again = BUF_OVER(space);
    struct entry entry;
    bool same = true;

    if (!exact)
        return CHECK(false);
    if (text.len)
        memcpy(exact, text.at, text.len);
    if (entry_decode((struct str){ exact, text.len }, &entry, NULL).code == CODE_OK)
        same = entry_encode(&entry, &again).code == CODE_OK && str_eq(buf_str(&again), text);
    memory_free(exact);
    return same;
}

static bool is_refused(struct str text)
{
    struct entry entry;

    return entry_decode(text, &entry, NULL).code == CODE_CORRUPT;
}

static void a_grant_reads_as_the_format_says(void)
{
    static const char want[] =
        "{\"v\":1,\"id\":\"ent_00000000000000000000000001\",\"time\":\"2026-11-24T08:00:00.123Z\","
        "\"code\":\"TS2001I\",\"type\":\"lease.granted\","
        "\"actor\":{\"id\":\"usr_00000000000000000000000002\",\"via\":\"api_token\","
        "\"cred\":\"tok_00000000000000000000000003\",\"level\":\"A1\"},"
        "\"on\":{\"lease\":\"lse_00000000000000000000000004\",\"pool\":\"pol_00000000000000000000000005\","
        "\"license\":\"lic_00000000000000000000000006\",\"feature\":\"cad/render\"},"
        "\"seq\":{\"pol_00000000000000000000000005\":[8123,\"000102030405060708090a0b0c0d0e0f\"]},"
        "\"data\":{\"quantity\":2,\"ttl_s\":300,\"used\":7,\"occupied\":7,\"limit\":8,"
        "\"nonce\":\"000102030405060708090a0b0c0d0e0f\",\"proven_until\":\"2026-11-24T09:00:00.123Z\","
        "\"expires_at\":\"2026-11-24T08:05:00.123Z\",\"chosen_by\":\"only\"},"
        "\"idem\":[\"000102030405060708090a0b0c0d0e0f\",\"101112131415161718191a1b1c1d1e1f\"],"
        "\"request\":\"req_00000000000000000000000007\","
        "\"private\":\"sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}";
    struct actor actor = { .who = { { 0, 2 }, ID_USER }, .via = VIA_API_TOKEN, .cred = { 0, 3 }, .level = LEVEL_A1 };
    struct entry entry;
    char space[ENTRY_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    uint8_t bytes[32];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    entry_begin(&entry, AUDIT_LEASE_GRANTED, &actor, SAMPLE_TIME_MS);
    entry.id = (struct id){ 0, 1 };
    entry_on_id(&entry, ON_LEASE, (struct id){ 0, 4 });
    entry_on_id(&entry, ON_POOL, (struct id){ 0, 5 });
    entry_on_id(&entry, ON_LICENSE, (struct id){ 0, 6 });
    entry_on_feature(&entry, STR("cad/render"));
    entry_text(&entry, DATA_CHOSEN_BY, STR("only"));
    entry_number(&entry, DATA_LIMIT, 8);
    entry_number(&entry, DATA_OCCUPIED, 7);
    entry_number(&entry, DATA_USED, 7);
    entry_number(&entry, DATA_TTL_S, 300);
    entry_number(&entry, DATA_QUANTITY, 2);
    entry_number(&entry, DATA_PROVEN_UNTIL, SAMPLE_TIME_MS + 3600000);
    entry_number(&entry, DATA_EXPIRES_AT, SAMPLE_TIME_MS + 300000);
    entry_bytes(&entry, DATA_NONCE, bytes);
    entry.seq_count = entry_chains(&entry, entry.seq);
    CHECK_INT(entry.seq_count, 1);
    entry.seq[0].number = 8123;
    memcpy(entry.seq[0].prev, bytes, sizeof entry.seq[0].prev);
    entry.has_idem = entry.has_request = entry.has_private = true;
    memcpy(entry.idem_key, bytes, sizeof entry.idem_key);
    memcpy(entry.idem_body, bytes + 16, sizeof entry.idem_body);
    entry.request = (struct id){ 0, 7 };
    memcpy(entry.private_hash, bytes, sizeof entry.private_hash);
    CHECK_OK(entry_encode(&entry, &text));
    CHECK_STR(buf_str(&text), str_of(want));
    CHECK(survives(str_of(want)));
}

/* The members of a decoded entry, compared with what was encoded. */
static void check_value(const struct field_row *row, const union value *got, const union value *want)
{
    switch (row->kind) {
    case VALUE_TEXT:
        CHECK_STR(got->text, want->text);
        break;
    case VALUE_HEX16:
    case VALUE_HEX32:
        CHECK(memcmp(got->bytes, want->bytes, row->kind == VALUE_HEX16 ? 16 : 32) == 0);
        break;
    case VALUE_ID:
        CHECK(id_eq(got->id, want->id));
        break;
    case VALUE_PRINCIPAL:
        CHECK(id_eq(got->principal.id, want->principal.id) && got->principal.kind == want->principal.kind);
        break;
    default:
        CHECK_INT(got->number, want->number);
    }
}

static void check_frame(const struct entry *got, const struct entry *want)
{
    CHECK(id_eq(got->id, want->id));
    CHECK_INT(got->time_ms, want->time_ms);
    CHECK_INT(got->source, want->source);
    CHECK_INT(got->occurred_at_ms, want->occurred_at_ms);
    CHECK_INT(got->code, want->code);
    CHECK(id_eq(got->actor.who.id, want->actor.who.id) && got->actor.who.kind == want->actor.who.kind);
    CHECK(got->actor.via == want->actor.via && got->actor.level == want->actor.level);
    CHECK(id_eq(got->actor.cred, want->actor.cred));
    CHECK(got->has_change == want->has_change && got->has_src == want->has_src);
    CHECK(got->has_idem == want->has_idem && got->has_request == want->has_request);
    CHECK(got->has_private == want->has_private);
    CHECK(!want->has_change || (id_eq(got->change, want->change) && got->change_k == want->change_k));
    CHECK(!want->has_change || got->change_n == want->change_n);
    CHECK(!want->has_src || id_eq(got->src, want->src));
    CHECK(!want->has_request || id_eq(got->request, want->request));
    CHECK(!want->has_idem || memcmp(got->idem_key, want->idem_key, 16) == 0);
    CHECK(!want->has_idem || memcmp(got->idem_body, want->idem_body, 16) == 0);
    CHECK(!want->has_private || memcmp(got->private_hash, want->private_hash, 32) == 0);
}

static void check_members(const struct entry *got, const struct entry *want)
{
    CHECK(got->on_has == want->on_has && got->data_has == want->data_has);
    for (uint32_t on = want->on_has; on; on &= on - 1) {
        int field = __builtin_ctz(on);
        check_value(&on_fields[field], &got->on[field], &want->on[field]);
    }
    for (uint64_t data = want->data_has; data; data &= data - 1) {
        int field = __builtin_ctzll(data);
        check_value(&data_fields[field], &got->data[field], &want->data[field]);
    }
    CHECK_INT(got->seq_count, want->seq_count);
    for (int i = 0; i < want->seq_count; i++) {
        CHECK(got->seq[i].kind == want->seq[i].kind && id_eq(got->seq[i].id, want->seq[i].id));
        CHECK(got->seq[i].number == want->seq[i].number);
        CHECK(memcmp(got->seq[i].prev, want->seq[i].prev, SEQ_PREV_BYTES) == 0);
    }
}

static void an_entry_of_every_code_comes_back_as_it_was(void)
{
    for (int code = 0; code < AUDIT_COUNT; code++) {
        for (int kind = 0; kind < KINDS; kind++) {
            char space[ENTRY_MAX_BYTES];
            struct buf text = BUF_OVER(space);
            struct entry want;
            struct entry got;
            struct err err = { 0 };

            CHECKING("%.*s, sample %d", STR_ARG(audit_rows[code].code), kind);
            audit_sample((enum audit_code)code, (enum sample_kind)kind, &want);
            CHECK_OK(entry_encode(&want, &text));
            if (!CHECK_OK(entry_decode(buf_str(&text), &got, &err)) || !CHECK(survives(buf_str(&text)))) {
                CHECK_STR(str_of(err.text), STR("nothing"));
                continue;
            }
            check_frame(&got, &want);
            check_members(&got, &want);
        }
    }
}

static void the_longest_entry_of_every_code_fits(void)
{
    size_t longest = 0;

    for (int code = 0; code < AUDIT_COUNT; code++) {
        char space[ENTRY_MAX_BYTES];
        struct buf buf = BUF_OVER(space);
        struct str text = sample_text((enum audit_code)code, SAMPLE_LONGEST, &buf);

        CHECKING("%.*s", STR_ARG(audit_rows[code].code));
        CHECK(text.len > 0 && text.len <= ENTRY_MAX_BYTES);
        longest = text.len > longest ? text.len : longest;
    }
    CHECK(longest > ENTRY_MAX_BYTES / 4);
}

static void every_leaf_is_json_with_its_own_code_and_type(void)
{
    for (int code = 0; code < AUDIT_COUNT; code++) {
        char space[ENTRY_MAX_BYTES];
        struct buf buf = BUF_OVER(space);
        struct str text = sample_text((enum audit_code)code, SAMPLE_USUAL, &buf);
        json_t *json = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);

        CHECKING("%.*s", STR_ARG(audit_rows[code].code));
        CHECK_STR(str_of(json_string_value(json_object_get(json, "code"))), audit_rows[code].code);
        CHECK_STR(str_of(json_string_value(json_object_get(json, "type"))), audit_rows[code].type);
        json_decref(json);
    }
}

static void codes_stand_in_their_order_with_the_letter_of_their_severity(void)
{
    for (int code = 0; code < AUDIT_COUNT; code++) {
        const struct audit_row *row = &audit_rows[code];

        CHECKING("%.*s", STR_ARG(row->code));
        CHECK_INT(row->code.len, 7);
        CHECK_INT(row->code.at[6], "IWE"[row->severity]);
        CHECK(row->meaning.len > 0 && row->type.len > 0);
        CHECK(code == 0 || str_compare(audit_rows[code - 1].code, row->code) < 0);
        CHECK((row->on & row->on_maybe) == 0 && (row->data & row->data_maybe) == 0);
        CHECK(!row->pool_chain || (row->on | row->on_maybe) >> ON_POOL & 1);
        CHECK(!row->license_chain || row->on >> ON_LICENSE & 1);
    }
}

/* P2: whatever a disk or a stranger does to a leaf, it is refused or is the one text of what it says. */
static void a_changed_byte_is_refused_or_makes_another_whole_entry(void)
{
    for (int code = 0; code < AUDIT_COUNT; code++) {
        char space[ENTRY_MAX_BYTES];
        struct buf buf = BUF_OVER(space);
        struct str text = sample_text((enum audit_code)code, SAMPLE_USUAL, &buf);

        for (size_t i = 0; i < text.len; i++) {
            static const char flips[] = { 1, 2, 16, 32, (char)0x80 };
            for (size_t f = 0; f < sizeof flips; f++) {
                CHECKING("%.*s, byte %zu, flip %d", STR_ARG(audit_rows[code].code), i, flips[f]);
                space[i] ^= flips[f];
                CHECK(survives(text));
                space[i] ^= flips[f];
            }
        }
    }
}

static void a_part_of_a_leaf_or_a_longer_one_is_refused(void)
{
    for (int code = 0; code < AUDIT_COUNT; code++) {
        char space[ENTRY_MAX_BYTES];
        struct buf buf = BUF_OVER(space);
        struct str text = sample_text((enum audit_code)code, SAMPLE_USUAL, &buf);

        for (size_t len = 0; len < text.len; len++) {
            CHECKING("%.*s, %zu bytes", STR_ARG(audit_rows[code].code), len);
            CHECK(is_refused(str_cut(text, 0, len)) && survives(str_cut(text, 0, len)));
        }
        buf_add_byte(&buf, '\n');
        CHECK(is_refused(buf_str(&buf)));
    }
}

/* Splices of two leaves: order, repeats and members of other codes. */
static void leaves_cut_and_joined_at_random_are_refused_or_whole(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; round < 20000; round++) {
        char spaces[3][ENTRY_MAX_BYTES];
        struct buf a = BUF_OVER(spaces[0]);
        struct buf b = BUF_OVER(spaces[1]);
        struct buf joined = BUF_OVER(spaces[2]);
        struct str head = sample_text((enum audit_code)entropy_below(&entropy, AUDIT_COUNT),
                                      (enum sample_kind)entropy_below(&entropy, KINDS - 1), &a);
        struct str tail = sample_text((enum audit_code)entropy_below(&entropy, AUDIT_COUNT),
                                      (enum sample_kind)entropy_below(&entropy, KINDS - 1), &b);

        buf_add(&joined, str_cut(head, 0, (size_t)entropy_below(&entropy, head.len)));
        buf_add(&joined, str_from(tail, (size_t)entropy_below(&entropy, tail.len)));
        CHECK(joined.status.code || survives(buf_str(&joined)));
    }
}

/* The sample's text with the first `from` replaced by `to`. */
static struct str changed(struct str text, const char *from, const char *to, struct buf *buf)
{
    size_t at = str_find_str(text, str_of(from));

    buf_clear(buf);
    CHECK(at < text.len);
    buf_add(buf, str_cut(text, 0, at));
    buf_add(buf, str_of(to));
    buf_add(buf, str_from(text, at + strlen(from)));
    CHECK_OK(buf->status);
    return buf_str(buf);
}

static void what_means_the_same_as_json_but_is_written_otherwise_is_refused(void)
{
    static const struct {
        const char *from;
        const char *to;
        const char *expected;
    } cases[] = {
        { "{\"v\":1,", "{ \"v\":1,", "at byte 0 {\"v\":1,\"id\":" },
        { "{\"v\":1,", "{\"v\":2,", "at byte 0 {\"v\":1,\"id\":" },
        { "\"ent_", "\"ENT_", "at byte 12 ent_…" },
        { "T08:00:00.123Z", "T08:00:00Z", "a time" },
        { "TS2001I", "TS2001W", "a known code" },
        { "lease.granted", "lease.denied", "a known code" },
        { "\"via\":\"api_token\"", "\"via\":\"API_TOKEN\"", "one of the member's words" },
        { ",\"level\"", ",\"level\":\"A1\",\"level\"", "}" },
        { "\"on\":{\"lease\"", "\"on\":{\"Lease\"", "\"lease\":" },
        { "\"quantity\":2", "\"quantity\":02", "a whole number" },
        { "\"quantity\":2", "\"quantity\":2.0", "\"ttl_s\":" },
        { "\"quantity\":2", "\"quantity\":-0", "a whole number" },
        { "\"quantity\":2", "\"quantity\":-", "a whole number" },
        { "\"quantity\":2", "\"quantity\":9007199254740992", "within its range" },
        { "\"quantity\":2", "\"quantity\":-9007199254740992", "within its range" },
        { "\"quantity\":2", "\"quantity\":99999999999999999999999999999999", "within its range" },
        { "\"quantity\":2,", "", "\"quantity\":" },
        { "\"quantity\":2,", "\"quantity\":2,\"queued\":1,", "\"ttl_s\":" },
        { "cad/render", "cad\\u002frender", "a text that needs no escape" },
        { "cad/render", "", "a text that needs no escape" },
        { "cad/render", " cad/render", "a text that needs no escape" },
        { ":[8123,", ":[0,", "within its range" },
        { ":[8123,", ":[8123, ", "32 hexadecimal digits" },
        { "\"seq\":{\"pol_0", "\"seq\":{\"pol_1", "{\"pol_0" },
        { ",\"seq\":{", ",\"sec\":{", ",\"seq\":" },
        { "\"idem\":[", "\"idem\":[ ", "32 hexadecimal digits" },
    };
    char space[ENTRY_MAX_BYTES];
    struct buf buf = BUF_OVER(space);
    struct str text = sample_text(AUDIT_LEASE_GRANTED, SAMPLE_USUAL, &buf);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char other[ENTRY_MAX_BYTES];
        struct buf wrong = BUF_OVER(other);
        struct err err = { 0 };
        struct entry entry;

        CHECKING("%s becomes %s", cases[i].from, cases[i].to);
        CHECK_CODE(entry_decode(changed(text, cases[i].from, cases[i].to, &wrong), &entry, &err), CODE_CORRUPT);
        if (!CHECK(str_find_str(str_of(err.text), str_of(cases[i].expected)) < strlen(err.text)))
            CHECK_STR(str_of(err.text), str_of(cases[i].expected));
    }
}

/* The ids of the samples all begin with the sample's time. */
static void an_id_of_nothing_stands_in_no_leaf(void)
{
    int tried = 0;

    for (int code = 0; code < AUDIT_COUNT; code++) {
        char space[ENTRY_MAX_BYTES];
        struct buf buf = BUF_OVER(space);
        struct str text = sample_text((enum audit_code)code, SAMPLE_USUAL, &buf);

        for (size_t at = 0; at < text.len; at++) {
            char kept[TYPEID_BYTES - 4];
            if (!str_starts(str_from(text, at), STR("_01m869383v")))
                continue;
            CHECKING("%.*s, byte %zu", STR_ARG(audit_rows[code].code), at);
            memcpy(kept, space + at + 1, sizeof kept);
            memset(space + at + 1, '0', sizeof kept);
            CHECK(is_refused(text));
            memcpy(space + at + 1, kept, sizeof kept);
            tried++;
        }
    }
    CHECK(tried > 4 * AUDIT_COUNT);
}

static void an_entry_that_was_not_sealed_is_written_but_not_read(void)
{
    char space[ENTRY_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    struct entry entry;

    audit_sample(AUDIT_LEASE_GRANTED, SAMPLE_USUAL, &entry);
    entry.seq_count = 0;
    CHECK_OK(entry_encode(&entry, &text));
    CHECK(is_refused(buf_str(&text)));
}

static void a_full_buf_gets_nothing_of_an_entry(void)
{
    char space[400];
    struct buf text = BUF_OVER(space);
    struct entry entry;

    audit_sample(AUDIT_LEASE_GRANTED, SAMPLE_USUAL, &entry);
    buf_add(&text, STR("before"));
    CHECK_CODE(entry_encode(&entry, &text), CODE_TOO_LARGE);
    CHECK_STR(buf_str(&text), STR("before"));
}

static void a_text_in_a_leaf_needs_no_escape(void)
{
    static const struct {
        const char *text;
        bool fits;
    } cases[] = {
        { "a", true },
        { "cad/render", true },
        { "Möbius 4.2 (64 bit)", true },
        { "\xe6\xbc\xa2\xe5\xad\x97 and more text behind it", true },
        { "exactly8", true },
        { "exactly8 and a tail", true },
        { "", false },
        { " a", false },
        { "a ", false },
        { "exactly8 and a tail ", false },
        { "a\"b", false },
        { "a\\b", false },
        { "12345678\"", false },
        { "1234\"678", false },
        { "1234\\678", false },
        { "1234\t678", false },
        { "1234\x7f"
          "678",
          false },
        { "\x1f", false },
        { "tab\t", false },
        { "new\nline", false },
        { "\xc2\x80", false }, /* U+0080 to U+009F are controls too */
        { "a\xc2\x9f", false },
        { "a\xc2\xa0"
          "b",
          true },
        { "\xff", false },
        { "12345678\xc3", false },
        { "\xed\xa0\x80", false }, /* a surrogate */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECKING("case %zu: %s", i, cases[i].text);
        CHECK(entry_text_fits(str_of(cases[i].text), 64) == cases[i].fits);
        CHECK(!entry_text_fits(str_of(cases[i].text), strlen(cases[i].text) - 1));
    }
    CHECK(!entry_text_fits((struct str){ "a\0b", 3 }, 64));
}

static const struct test tests[] = {
    TEST(a_grant_reads_as_the_format_says),
    TEST(an_entry_of_every_code_comes_back_as_it_was),
    TEST(the_longest_entry_of_every_code_fits),
    TEST(every_leaf_is_json_with_its_own_code_and_type),
    TEST(codes_stand_in_their_order_with_the_letter_of_their_severity),
    TEST(a_changed_byte_is_refused_or_makes_another_whole_entry),
    TEST(a_part_of_a_leaf_or_a_longer_one_is_refused),
    TEST(leaves_cut_and_joined_at_random_are_refused_or_whole),
    TEST(what_means_the_same_as_json_but_is_written_otherwise_is_refused),
    TEST(an_id_of_nothing_stands_in_no_leaf),
    TEST(an_entry_that_was_not_sealed_is_written_but_not_read),
    TEST(a_full_buf_gets_nothing_of_an_entry),
    TEST(a_text_in_a_leaf_needs_no_escape),
};
TEST_MAIN(tests)
