/*
 * core/label: any bytes from a log become a name that can stand in leaves, and one that fits stays itself.
 */
#include "core/label.h"

#include "base/entropy.h"
#include "test.h"

static void a_log_s_name_is_made_to_fit(void)
{
    static const struct {
        const char *log;
        const char *name;
    } cases[] = {
        { "meshing", "meshing" },
        { "a b", "a b" },
        { "", "_" },
        { " ", "_" },
        { " a ", "_a_" },
        { "a/b", "a_b" },
        { "\"G1\"", "_G1_" },
        { "a\\b\tc\x7f", "a_b_c_" },
        { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "caf\xe9", "caf_" },
        { "\xc3", "_" },
        { "\xc2\x85x", "__x" }, /* a control character of two bytes */
        { "0123456789012345678901234567890123456789012345678901234567890123",
          "0123456789012345678901234567890123456789012345678901234567890123" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char space[NAME_MAX_BYTES];

        CHECKING("case %zu", i);
        CHECK_STR(label_from_log(str_of(cases[i].log), space), str_of(cases[i].name));
    }
}

static void long_names_are_cut_and_stay_apart(void)
{
    char one[100];
    char two[100];
    char one_space[NAME_MAX_BYTES];
    char two_space[NAME_MAX_BYTES];
    struct str first;
    struct str second;

    memset(one, 'x', sizeof one);
    memset(two, 'x', sizeof two);
    two[99] = 'y';
    first = label_from_log((struct str){ one, sizeof one }, one_space);
    second = label_from_log((struct str){ two, sizeof two }, two_space);
    CHECK_INT(first.len, NAME_MAX_BYTES);
    CHECK(label_fits(first) && label_fits(second) && !str_eq(first, second));
    memset(one, 0xc3, sizeof one); /* a character that would be cut in two is left out whole */
    for (size_t i = 1; i < sizeof one; i += 2)
        one[i] = (char)0xa9;
    first = label_from_log((struct str){ one, sizeof one }, one_space);
    CHECK(label_fits(first));
    CHECK_INT(first.len, NAME_MAX_BYTES - 1);
}

static void any_bytes_give_a_name_that_fits(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int i = 0; i < 20000; i++) {
        char bytes[100];
        char space[NAME_MAX_BYTES];
        struct str name = { bytes, entropy_below(&entropy, sizeof bytes) };

        entropy_fill(&entropy, bytes, name.len);
        name = label_from_log(name, space);
        if (!CHECK(label_fits(name)))
            break;
        CHECK_STR(label_from_log(name, bytes), name); /* what fits stands for itself */
    }
}

static const struct test tests[] = {
    TEST(a_log_s_name_is_made_to_fit),
    TEST(long_names_are_cut_and_stay_apart),
    TEST(any_bytes_give_a_name_that_fits),
};
TEST_MAIN(tests)
