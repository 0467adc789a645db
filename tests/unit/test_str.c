/*
 * base/str: slices are cut, searched and checked without reading past their ends.
 */
#include "test.h"

static void a_slice_is_cut_within_its_bounds(void)
{
    struct str s = STR("abcdef");

    CHECK_STR(str_from(s, 2), STR("cdef"));
    CHECK_STR(str_from(s, 6), STR(""));
    CHECK_STR(str_from(s, 7), STR(""));
    CHECK_STR(str_cut(s, 1, 3), STR("bcd"));
    CHECK_STR(str_cut(s, 4, 100), STR("ef"));
    CHECK_STR(str_cut(s, 100, 1), STR(""));
    CHECK_STR(str_of(NULL), STR_NONE);
}

static void the_empty_slice_equals_only_itself(void)
{
    CHECK(str_eq(STR_NONE, STR("")));
    CHECK(!str_eq(STR_NONE, STR("a")));
    CHECK(str_starts(STR("a"), STR_NONE));
    CHECK(str_ends(STR_NONE, STR_NONE));
    CHECK(!str_starts(STR_NONE, STR("a")));
    CHECK(str_hash(STR_NONE, 1) != str_hash(STR_NONE, 2));
}

static void beginnings_and_ends_are_compared_bytewise(void)
{
    CHECK(str_starts(STR("lse_01"), STR("lse_")));
    CHECK(!str_starts(STR("ls"), STR("lse_")));
    CHECK(str_ends(STR("log.tlog-proof"), STR("-proof")));
    CHECK(!str_ends(STR("proof"), STR("-proof")));
    CHECK(str_eq_nocase(STR("Content-LENGTH"), STR("content-length")));
    CHECK(!str_eq_nocase(STR("[@"), STR("{`")));
    CHECK(!str_eq_nocase(STR("a"), STR("ab")));
}

static void order_is_bytewise_and_a_prefix_comes_first(void)
{
    CHECK(str_compare(STR("a"), STR("b")) < 0);
    CHECK(str_compare(STR("ab"), STR("a")) > 0);
    CHECK(str_compare(STR_NONE, STR("a")) < 0);
    CHECK(str_compare(STR("\xff"), STR("a")) > 0);
    CHECK(str_compare(STR("same"), STR("same")) == 0);
}

static void a_search_that_finds_nothing_gives_the_length(void)
{
    CHECK_INT(str_find(STR("abc"), 'c'), 2);
    CHECK_INT(str_find(STR("abc"), 'x'), 3);
    CHECK_INT(str_find(STR_NONE, 'x'), 0);
    CHECK_INT(str_find_str(STR("a-b--c"), STR("--")), 3);
    CHECK_INT(str_find_str(STR("abc"), STR("abcd")), 3);
    CHECK_INT(str_find_str(STR("abc"), STR_NONE), 0);
}

static void a_text_is_taken_apart_piece_by_piece(void)
{
    struct str rest = STR("a:b::");

    CHECK_STR(str_take(&rest, ':'), STR("a"));
    CHECK_STR(str_take(&rest, ':'), STR("b"));
    CHECK_STR(str_take(&rest, ':'), STR(""));
    CHECK_INT(rest.len, 0);
    CHECK_STR(str_take(&rest, ':'), STR(""));

    rest = STR("one\r\ntwo");
    CHECK_STR(str_take_line(&rest), STR("one\r"));
    CHECK_STR(str_take_line(&rest), STR("two"));
    CHECK_STR(str_trim(STR(" \ta b\t ")), STR("a b"));
    CHECK_STR(str_trim(STR(" \t ")), STR(""));
}

static void only_well_formed_utf8_is_utf8(void)
{
    static const struct {
        const char *why;
        struct str text;
        bool good;
    } cases[] = {
        { "nothing", { "", 0 }, true },
        { "ASCII of more than a word", { "plain text of ASCII", 19 }, true },
        { "two bytes", { "\xc3\xa9", 2 }, true },
        { "three bytes", { "\xe2\x82\xac", 3 }, true },
        { "four bytes", { "\xf0\x9f\x8e\xab", 4 }, true },
        { "U+10FFFF", { "\xf4\x8f\xbf\xbf", 4 }, true },
        { "U+D7FF, the last before the surrogates", { "\xed\x9f\xbf", 3 }, true },
        { "eight good bytes, then a lone tail", { "12345678\x80", 9 }, false },
        { "a lone tail", { "\x80", 1 }, false },
        { "a head without tail", { "\xc3", 1 }, false },
        { "a cut sequence", { "\xe2\x82", 2 }, false },
        { "overlong slash in two bytes", { "\xc0\xaf", 2 }, false },
        { "overlong slash in three bytes", { "\xe0\x80\xaf", 3 }, false },
        { "overlong slash in four bytes", { "\xf0\x80\x80\xaf", 4 }, false },
        { "a surrogate", { "\xed\xa0\x80", 3 }, false },
        { "U+110000", { "\xf4\x90\x80\x80", 4 }, false },
        { "a byte that never occurs", { "\xff", 1 }, false },
        { "five bytes", { "\xf8\x88\x80\x80\x80", 5 }, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECKING("%s", cases[i].why);
        CHECK_INT(str_is_utf8(cases[i].text), cases[i].good);
    }
}

static void a_number_is_plain_decimal_up_to_its_maximum(void)
{
    static const char *const bad[] = { "",   "00", "01", "1:",  "1/",  "+1",
                                       "-1", " 1", "1 ", "1.0", "0x1", "18446744073709551616" };
    uint64_t number = 7;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECKING("%s", bad[i]);
        CHECK_CODE(str_to_u64(str_of(bad[i]), UINT64_MAX, &number), CODE_INVALID);
        CHECK_INT(number, 7);
    }
    CHECK_CODE(str_to_u64(STR("101"), 100, &number), CODE_INVALID);
    CHECK_OK(str_to_u64(STR("100"), 100, &number));
    CHECK_INT(number, 100);
    CHECK_OK(str_to_u64(STR("0"), 0, &number));
    CHECK_INT(number, 0);
    CHECK_OK(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &number));
    CHECK(number == UINT64_MAX);
}

static void a_c_string_is_whole_or_empty(void)
{
    char text[4];

    CHECK(str_to_c(STR("abc"), text, sizeof text));
    CHECK_STR(str_of(text), STR("abc"));
    CHECK(!str_to_c(STR("abcd"), text, sizeof text));
    CHECK_STR(str_of(text), STR(""));
    CHECK(!str_to_c(STR("a\0b"), text, sizeof text));
    CHECK(str_to_c(STR_NONE, text, sizeof text));
    CHECK(!str_to_c(STR_NONE, text, 0));
}

static void hashes_tell_texts_of_zeros_apart_by_length(void)
{
    static const char zeros[32];

    for (size_t i = 0; i < sizeof zeros; i++) {
        for (size_t k = 0; k < i; k++)
            CHECK(str_hash((struct str){ zeros, i }, 0) != str_hash((struct str){ zeros, k }, 0));
    }
}

static const struct test tests[] = {
    TEST(a_slice_is_cut_within_its_bounds),
    TEST(the_empty_slice_equals_only_itself),
    TEST(beginnings_and_ends_are_compared_bytewise),
    TEST(order_is_bytewise_and_a_prefix_comes_first),
    TEST(a_search_that_finds_nothing_gives_the_length),
    TEST(a_text_is_taken_apart_piece_by_piece),
    TEST(only_well_formed_utf8_is_utf8),
    TEST(a_number_is_plain_decimal_up_to_its_maximum),
    TEST(a_c_string_is_whole_or_empty),
    TEST(hashes_tell_texts_of_zeros_apart_by_length),
};
TEST_MAIN(tests)
