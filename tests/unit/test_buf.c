/*
 * base/buf, base/arena and base/memory: bounded, sticky about the first error, and honest when memory runs out.
 */
#include "base/buf.h"

#include "base/arena.h"
#include "base/fault.h"
#include "base/memory.h"
#include "test.h"

static void a_run_of_additions_makes_one_text(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 1000 };

    buf_add(&buf, STR("a"));
    buf_add(&buf, STR_NONE);
    buf_add_byte(&buf, 'b');
    buf_add_u64(&buf, 0);
    buf_add_u64(&buf, UINT64_MAX);
    buf_add_i64(&buf, INT64_MIN);
    buf_add_i64(&buf, -1);
    buf_add_format(&buf, "%s-%03d", "c", 7);
    CHECK_OK(buf.status);
    CHECK_STR(buf_str(&buf), STR("ab018446744073709551615-9223372036854775808-1c-007"));
}

static void the_maximum_is_reached_exactly_and_never_passed(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 300 };

    for (int i = 0; i < 300; i++)
        buf_add_byte(&buf, 'x');
    CHECK_OK(buf.status);
    buf_add_byte(&buf, 'y');
    CHECK_CODE(buf.status, CODE_TOO_LARGE);
    CHECK_INT(buf.len, 300);
    CHECK(buf.capacity <= 300);
}

static void after_an_error_nothing_more_is_added(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 4 };

    buf_add(&buf, STR("abc"));
    buf_add(&buf, STR("de"));
    buf_add_byte(&buf, 'f');
    buf_add_u64(&buf, 7);
    buf_add_format(&buf, "%d", 8);
    CHECK(!buf_room(&buf, 0));
    CHECK_CODE(buf.status, CODE_TOO_LARGE);
    CHECK_STR(buf_str(&buf), STR("abc"));
    buf_clear(&buf);
    buf_add(&buf, STR("de"));
    CHECK_OK(buf.status);
    CHECK_STR(buf_str(&buf), STR("de"));
}

static void borrowed_memory_is_neither_grown_nor_freed(void)
{
    char space[4];
    struct buf buf = BUF_OVER(space);

    buf_add(&buf, STR("abcd"));
    CHECK_OK(buf.status);
    buf_add_byte(&buf, 'e');
    CHECK_CODE(buf.status, CODE_TOO_LARGE);
    CHECK(memcmp(space, "abcd", 4) == 0);
    buf_free(&buf);
    CHECK(!buf.at);
}

static void a_long_format_is_written_whole(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 2000 };

    buf_add_format(&buf, "%0999d|", 5);
    CHECK_OK(buf.status);
    CHECK_INT(buf.len, 1000);
    CHECK(str_ends(buf_str(&buf), STR("05|")));
    buf_add_format(&buf, "%01999d", 5);
    CHECK_CODE(buf.status, CODE_TOO_LARGE);
    CHECK_INT(buf.len, 1000);
}

static void ends_are_cut_off(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 100 };

    buf_add(&buf, STR("abcdef"));
    buf_drop_front(&buf, 2);
    CHECK_STR(buf_str(&buf), STR("cdef"));
    buf_cut(&buf, 3);
    CHECK_STR(buf_str(&buf), STR("cde"));
    buf_drop_front(&buf, 3);
    CHECK_STR(buf_str(&buf), STR(""));
}

static void a_buf_without_memory_keeps_what_it_has(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 100000 };

    buf_add(&buf, STR("kept"));
    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK(!buf_room(&buf, 50000));
    fault_disarm_all();
    CHECK_CODE(buf.status, CODE_NO_MEMORY);
    CHECK_STR(buf_str(&buf), STR("kept"));
}

static void an_array_grows_by_doubling_up_to_its_maximum(void)
{
    void *at = NULL;
    size_t capacity = 0;

    CHECK_OK(memory_grow(&at, &capacity, 1, 100, sizeof(int)));
    CHECK_INT(capacity, 8);
    CHECK_OK(memory_grow(&at, &capacity, 9, 100, sizeof(int)));
    CHECK_INT(capacity, 16);
    CHECK_OK(memory_grow(&at, &capacity, 90, 100, sizeof(int)));
    CHECK_INT(capacity, 90);
    CHECK_OK(memory_grow(&at, &capacity, 91, 100, sizeof(int)));
    CHECK_INT(capacity, 100);
    CHECK_CODE(memory_grow(&at, &capacity, 101, 100, sizeof(int)), CODE_TOO_LARGE);
    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(memory_grow(&at, &capacity, 200, 1000, sizeof(int)), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK_INT(capacity, 100);
    memory_free(at);
    CHECK(!memory_new(SIZE_MAX / 2, 4));
    CHECK(!memory_resize(NULL, SIZE_MAX / 2, 4));
}

static bool is_zero(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i])
            return false;
    }
    return true;
}

static void an_arena_gives_zeroed_aligned_memory_again_and_again(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 1 << 20 };

    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 3000; size += 77) {
            unsigned char *at = arena_new(&arena, 1, size);
            if (!CHECK(at))
                return;
            CHECK((uintptr_t)at % _Alignof(max_align_t) == 0);
            CHECK(is_zero(at, size));
            memset(at, 0xa5, size);
        }
        arena_reset(&arena);
        CHECK_INT(arena.used_bytes, 0);
    }
}

static void an_arena_never_passes_its_maximum(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 100 };
    struct str copy = STR_NONE;

    CHECK(arena_new(&arena, 1, 60));
    CHECK(!arena_new(&arena, 1, 60));
    CHECK(!arena_new(&arena, SIZE_MAX / 2, 4));
    CHECK_CODE(arena_copy(&arena, STR("0123456789012345678901234567890123456789"), &copy), CODE_TOO_LARGE);
    CHECK_OK(arena_copy(&arena, STR("012345678901234"), &copy));
    CHECK_STR(copy, STR("012345678901234"));
    CHECK_INT(copy.at[copy.len], 0);
}

static void an_arena_without_memory_says_so(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 100000 };
    struct str copy = STR("before");

    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(arena_copy(&arena, STR("text"), &copy), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK_STR(copy, STR("before"));
    CHECK(arena_fits(&arena, 1, 100000));
    CHECK(!arena_fits(&arena, 1, 100001));
}

static const struct test tests[] = {
    TEST(a_run_of_additions_makes_one_text),
    TEST(the_maximum_is_reached_exactly_and_never_passed),
    TEST(after_an_error_nothing_more_is_added),
    TEST(borrowed_memory_is_neither_grown_nor_freed),
    TEST(a_long_format_is_written_whole),
    TEST(ends_are_cut_off),
    TEST(a_buf_without_memory_keeps_what_it_has),
    TEST(an_array_grows_by_doubling_up_to_its_maximum),
    TEST(an_arena_gives_zeroed_aligned_memory_again_and_again),
    TEST(an_arena_never_passes_its_maximum),
    TEST(an_arena_without_memory_says_so),
};
TEST_MAIN(tests)
