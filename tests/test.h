/*
 * tests/test.h: the harness of every unit test. One source file is one program; its test functions are named as claims.
 *
 *     static void the_last_seat_goes_to_one_of_two(void) { CHECK(…); }
 *     static const struct test tests[] = { TEST(the_last_seat_goes_to_one_of_two) };
 *     TEST_MAIN(tests)
 *
 * A claim that does not hold is printed with file and line, and the test goes on; the program ends with a line
 * "N passed, N failed" and exit status 1 when a test failed or none ran. `test_x WORD` runs the tests whose name
 * contains WORD. It refuses to be a framework: no set-up hooks, no mocks, no order between tests.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(function)                                                                                                 \
    {                                                                                                                  \
        .name = #function, .run = function                                                                             \
    }
#define TEST_MAIN(table)                                                                                               \
    int main(int argc, char **argv)                                                                                    \
    {                                                                                                                  \
        return test_run_all(table, sizeof(table) / sizeof((table)[0]), argc > 1 ? argv[1] : "");                       \
    }

/* Each gives whether the claim holds, so that a test can stop early: `if (!CHECK_OK(…)) return;`. */
#define CHECK(claim)            test_check((claim), #claim, __FILE__, __LINE__)
#define CHECK_OK(call)          test_check_code((call), CODE_OK, #call, __FILE__, __LINE__)
#define CHECK_CODE(call, code)  test_check_code((call), (code), #call, __FILE__, __LINE__)
#define CHECK_STR(got, want)    test_check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_INT(got, want)    test_check_int((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
#define CHECK_MEMBER(err, name) test_check_str(str_of((err).member), STR(name), #err ".member", __FILE__, __LINE__)
/* Says which row of a table, or which seed, the checks that follow belong to, up to the next one or the test's end. */
#define CHECKING(...) test_about(__VA_ARGS__)

int test_run_all(const struct test *tests, size_t count, const char *filter);
bool test_check(bool holds, const char *claim, const char *file, int line);
bool test_check_code(status got, enum code want, const char *call, const char *file, int line);
bool test_check_str(struct str got, struct str want, const char *what, const char *file, int line);
bool test_check_int(int64_t got, int64_t want, const char *what, const char *file, int line);
void test_about(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The seed of this run's random tests: from TEST_SEED, else from the clock; printed when a test that asked for it
 * fails. */
uint64_t test_seed(void);
/* Tells of a directory that the test has made and will remove. One that is still there when the program is gone,
 * whatever ended it, is removed by a process of its own, and unmounted before. */
void test_directory(const char *path);
/* The path of a file of the shared data ("vectors/tlog-vectors.txt"); valid until the next call. */
const char *test_shared_path(const char *name);
/* The whole file into *ret_text, which the caller frees; a file that can't be read fails the test and says which. */
bool test_read_file(const char *path, struct buf *ret_text);

#endif
