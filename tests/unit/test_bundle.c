/*
 * tlog/bundle: what goes into a bundle comes out of it, and nothing else is one.
 */
#include "base/memory.h"
#include "test.h"
#include "tlog/bundle.h"

static void entries_come_out_as_they_went_in(void)
{
    AUTO(struct buf, buf_free) largest = { .max = BUNDLE_ENTRY_MAX_BYTES };
    AUTO(struct buf, buf_free) bundle = { .max = 1 << 20 };
    struct str got[4];
    char *at = buf_room(&largest, BUNDLE_ENTRY_MAX_BYTES);

    if (!CHECK(at != NULL))
        return;
    memset(at, 'x', BUNDLE_ENTRY_MAX_BYTES);
    buf_keep(&largest, BUNDLE_ENTRY_MAX_BYTES);
    bundle_add(&bundle, STR("one"));
    bundle_add(&bundle, STR_NONE);
    bundle_add(&bundle, buf_str(&largest));
    bundle_add(&bundle, STR("\0\xff\n"));
    CHECK_OK(bundle.status);
    CHECK_INT(bundle.len, 4 * 2 + 3 + 0 + 65535 + 3);
    CHECK_OK(bundle_split(buf_str(&bundle), 4, got, NULL));
    CHECK_STR(got[0], STR("one"));
    CHECK_INT(got[1].len, 0);
    CHECK_INT(got[2].len, 65535);
    CHECK(str_eq(got[2], buf_str(&largest)));
    CHECK_STR(got[3], STR("\0\xff\n"));
}

static void the_length_is_big_endian(void)
{
    AUTO(struct buf, buf_free) bundle = { .max = 1024 };
    char entry[0x102] = { 0 };

    bundle_add(&bundle, (struct str){ entry, sizeof entry });
    CHECK(bundle.len == 2 + sizeof entry && bundle.at[0] == 1 && bundle.at[1] == 2);
}

static void an_entry_above_65535_bytes_is_refused_and_nothing_added(void)
{
    AUTO(struct buf, buf_free) bundle = { .max = 1 << 20 };
    char *entry = memory_new(BUNDLE_ENTRY_MAX_BYTES + 1, 1);

    if (!CHECK(entry != NULL))
        return;
    bundle_add(&bundle, STR("one"));
    bundle_add(&bundle, (struct str){ entry, BUNDLE_ENTRY_MAX_BYTES + 1 });
    CHECK_INT(bundle.status.code, CODE_TOO_LARGE);
    CHECK_INT(bundle.len, 5);
    memory_free(entry);
}

static void a_bundle_cut_anywhere_is_refused(void)
{
    static const struct str whole = { "\0\003one\0\0\0\001x", 10 };
    struct str got[3];
    struct err err = { 0 };

    CHECK_OK(bundle_split(whole, 3, got, NULL));
    for (size_t len = 0; len < whole.len; len++) {
        CHECKING("%zu bytes", len);
        CHECK_CODE(bundle_split(str_cut(whole, 0, len), 3, got, &err), CODE_CORRUPT);
    }
    CHECK_STR(str_of(err.text), STR("the entry bundle ends within an entry: 0 of its 1 bytes are there"));
    CHECK_CODE(bundle_split(str_cut(whole, 0, 1), 1, got, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the entry bundle ends within the length of an entry"));
}

static void bytes_after_the_last_entry_are_refused(void)
{
    struct str got[3];
    struct err err = { 0 };

    CHECK_CODE(bundle_split(STR("\0\003one\0\0\0\001x"), 2, got, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("3 bytes follow the last of 2 entries in the bundle"));
    CHECK_CODE(bundle_split(STR("\0\003one\0"), 1, got, &err), CODE_CORRUPT);
}

static void entries_can_be_taken_one_by_one(void)
{
    struct str rest = STR("\0\003one\0\0\0\002xy");
    struct str entry = STR_NONE;

    CHECK_OK(bundle_take(&rest, &entry, NULL));
    CHECK_STR(entry, STR("one"));
    CHECK_OK(bundle_take(&rest, &entry, NULL));
    CHECK_INT(entry.len, 0);
    CHECK_OK(bundle_take(&rest, &entry, NULL));
    CHECK_STR(entry, STR("xy"));
    CHECK_INT(rest.len, 0);
    rest = STR("\0\011one");
    CHECK_CODE(bundle_take(&rest, &entry, NULL), CODE_CORRUPT);
    CHECK_INT(rest.len, 5);
    CHECK_STR(entry, STR("xy"));
}

static const struct test tests[] = {
    TEST(entries_come_out_as_they_went_in),
    TEST(the_length_is_big_endian),
    TEST(an_entry_above_65535_bytes_is_refused_and_nothing_added),
    TEST(a_bundle_cut_anywhere_is_refused),
    TEST(bytes_after_the_last_entry_are_refused),
    TEST(entries_can_be_taken_one_by_one),
};
TEST_MAIN(tests)
