/*
 * codec/typeid: the examples of the TypeID specification 0.3 and of RFC 9562, and what a strict reader refuses.
 */
#include "codec/typeid.h"

#include "codec/hex.h"
#include "test.h"

/* The specification's valid.yml without its zero, with a prefix of ours. The UUIDs are given as 32 hexadecimal digits.
 */
static const struct {
    const char *suffix;
    const char *uuid;
} examples[] = {
    { "00000000000000000000000001", "00000000000000000000000000000001" },
    { "0000000000000000000000000a", "0000000000000000000000000000000a" },
    { "0000000000000000000000000g", "00000000000000000000000000000010" },
    { "00000000000000000000000010", "00000000000000000000000000000020" },
    { "7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffffffffffffffffffffffffffff" },
    { "0123456789abcdefghjkmnpqrs", "0110c8531d0952d8d73e1194e95b5f19" },
    { "01h455vb4pex5vsknk084sn02q", "01890a5dac96774bbcceb302099a8057" },
};

static struct id id_from_hex(const char *uuid)
{
    unsigned char bytes[16] = { 0 };
    struct id id = { 0 };

    CHECK_OK(hex_read(str_of(uuid), bytes, sizeof bytes));
    for (int i = 0; i < 8; i++) {
        id.hi = id.hi << 8 | bytes[i];
        id.lo = id.lo << 8 | bytes[8 + i];
    }
    return id;
}

static void the_examples_of_the_specification_are_read_and_written(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        char space[64];
        struct buf text = BUF_OVER(space);
        struct id want = id_from_hex(examples[i].uuid);
        struct id got = { 0 };

        CHECKING("%s", examples[i].suffix);
        typeid_add(&text, ID_LEASE, want);
        CHECK_OK(text.status);
        CHECK_INT(text.len, TYPEID_BYTES);
        CHECK_STR(str_from(buf_str(&text), 4), str_of(examples[i].suffix));
        CHECK_OK(typeid_read(buf_str(&text), ID_LEASE, &got));
        CHECK(id_eq(got, want));
    }
}

static void what_is_not_exactly_an_id_of_that_kind_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "lse",
        "lse_",
        "01h455vb4pex5vsknk084sn02q",
        "lse-01h455vb4pex5vsknk084sn02q",
        "LSE_01h455vb4pex5vsknk084sn02q",
        "lse_01h455vb4pex5vsknk084sn02",
        "lse_01h455vb4pex5vsknk084sn02qq",
        "lse_01H455VB4PEX5VSKNK084SN02Q",
        "lse_81h455vb4pex5vsknk084sn02q", /* more than 128 bits */
        "lse_01h455vb4pex5vsknk084sn02i", /* i, l, o and u are no digits, as first, middle and last character */
        "lse_01h455vb4pexlvsknk084sn02q",
        "lse_o1h455vb4pex5vsknk084sn02q",
        "lse_01h455vb4pex5usknk084sn02q",
        "lse_01h455vb4pex5vsknk084sn02{",
        "lse_01h455vb4pex5vsknk084sn02/",
        "lse_01h455vb4pex5vsknk084sn0 2",
        "lse_01h455vb4pex5vsknk084sn0\xc3\xa9",
        "lse_00000000000000000000000000", /* "no id" inside the program, so nobody may name it */
        "pol_01h455vb4pex5vsknk084sn02q",
        "xxx_01h455vb4pex5vsknk084sn02q",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct id id = { 1, 2 };
        CHECKING("%s", bad[i]);
        CHECK_CODE(typeid_read(str_of(bad[i]), ID_LEASE, &id), CODE_INVALID);
        CHECK(id.hi == 1 && id.lo == 2);
    }
}

static void every_kind_is_told_by_its_prefix(void)
{
    struct entropy entropy = entropy_from_seed(7);

    for (int kind = ID_NONE + 1; kind < ID_KIND_COUNT; kind++) {
        char text[TYPEID_BYTES];
        struct id id = id_new(&entropy, 1700000000000 + kind);
        struct id got = { 0 };
        enum id_kind got_kind = ID_NONE;

        typeid_write((enum id_kind)kind, id, text);
        CHECK_OK(typeid_read_any((struct str){ text, sizeof text }, &got_kind, &got));
        CHECK_INT(got_kind, kind);
        CHECK(id_eq(got, id));
        CHECK(str_starts((struct str){ text, sizeof text }, id_prefix((enum id_kind)kind)));
    }
    CHECK_CODE(typeid_read_any(STR("xxx_01h455vb4pex5vsknk084sn02q"), &(enum id_kind){ 0 }, &(struct id){ 0 }),
               CODE_INVALID);
    CHECK_CODE(typeid_read_any(STR_NONE, &(enum id_kind){ 0 }, &(struct id){ 0 }), CODE_INVALID);
}

/* RFC 9562 section 5.7: 48 bits of milliseconds, version 7, variant 10. */
static void a_new_id_is_a_uuid_of_version_7_with_its_time(void)
{
    struct entropy entropy = entropy_from_system();
    struct id id = id_new(&entropy, 0x0123456789ab);

    CHECK_INT(id.hi >> 16, 0x0123456789ab);
    CHECK_INT(id.hi >> 12 & 15, 7);
    CHECK_INT(id.lo >> 62, 2);
}

static void seventy_four_bits_of_an_id_are_fresh(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    struct id ones = { 0 };
    struct id zeros = { 0 };

    for (int i = 0; i < 1000; i++) {
        struct id id = id_new(&entropy, 0);
        ones.hi |= id.hi;
        ones.lo |= id.lo;
        zeros.hi |= ~id.hi;
        zeros.lo |= ~id.lo;
    }
    CHECK(__builtin_popcountll(ones.hi & zeros.hi) + __builtin_popcountll(ones.lo & zeros.lo) == 74);
}

static void ids_of_a_later_millisecond_sort_later(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    char older[TYPEID_BYTES];
    char newer[TYPEID_BYTES];

    for (int64_t ms = 1700000000000; ms < 1700000000500; ms++) {
        typeid_write(ID_ENTRY, id_new(&entropy, ms), older);
        typeid_write(ID_ENTRY, id_new(&entropy, ms + 1), newer);
        CHECK(memcmp(older, newer, sizeof older) < 0);
    }
}

static const struct test tests[] = {
    TEST(the_examples_of_the_specification_are_read_and_written),
    TEST(what_is_not_exactly_an_id_of_that_kind_is_refused),
    TEST(every_kind_is_told_by_its_prefix),
    TEST(a_new_id_is_a_uuid_of_version_7_with_its_time),
    TEST(seventy_four_bits_of_an_id_are_fresh),
    TEST(ids_of_a_later_millisecond_sort_later),
};
TEST_MAIN(tests)
