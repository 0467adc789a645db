/*
 * tests/test.c: counts and prints. One thread.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/clock.h"

#ifndef TALLY_SHARED
#define TALLY_SHARED "../shared"
#endif

#define PATH_MAX_BYTES  1024
#define ABOUT_MAX_BYTES 256
/* The largest file a test reads whole: a licence log of the shared data. */
#define FILE_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define READ_BYTES     65536
/* Names of the directories of one test program, the last byte of all being NUL. */
#define DIRECTORIES_MAX_BYTES 65536

static struct {
    size_t failed_checks; /* of the test that runs */
    char about[ABOUT_MAX_BYTES];
    bool seed_known;
    bool seed_used; /* by the test that runs */
    uint64_t seed;
} run;

static void fail(const char *file, int line)
{
    run.failed_checks++;
    printf("%s:%d: ", file, line);
    if (run.about[0])
        printf("[%s] ", run.about);
}

bool test_check(bool holds, const char *claim, const char *file, int line)
{
    if (!holds) {
        fail(file, line);
        printf("does not hold: %s\n", claim);
    }
    return holds;
}

bool test_check_code(status got, enum code want, const char *call, const char *file, int line)
{
    if (got.code != want) {
        fail(file, line);
        printf("%s: \"%s\" instead of \"%s\"\n", call, status_name(got), status_name((status){ want }));
    }
    return got.code == want;
}

static void print_quoted(struct str text)
{
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '\\')
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

bool test_check_str(struct str got, struct str want, const char *what, const char *file, int line)
{
    if (str_eq(got, want))
        return true;
    fail(file, line);
    printf("%s: ", what);
    print_quoted(got);
    printf(" instead of ");
    print_quoted(want);
    putchar('\n');
    return false;
}

bool test_check_int(int64_t got, int64_t want, const char *what, const char *file, int line)
{
    if (got != want) {
        fail(file, line);
        printf("%s: %" PRId64 " instead of %" PRId64 "\n", what, got, want);
    }
    return got == want;
}

void test_about(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(run.about, sizeof run.about, format, args);
    va_end(args);
}

uint64_t test_seed(void)
{
    const char *text = getenv("TEST_SEED");

    if (!run.seed_known) {
        run.seed = (uint64_t)clock_running_us();
        if (text && str_to_u64(str_of(text), UINT64_MAX, &run.seed).code) {
            printf("TEST_SEED must be a number, not %s\n", text);
            exit(EXIT_FAILURE);
        }
        run.seed_known = true;
    }
    run.seed_used = true;
    return run.seed;
}

/* ---- Directories ---- */

static int entry_remove(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

/* The other process: it reads until nobody holds the pipe's other end. */
static _Noreturn void directories_clear(int pipe_fd)
{
    static char paths[DIRECTORIES_MAX_BYTES];
    size_t len = 0;
    ssize_t got;

    (void)setsid();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)close(fd); /* whoever reads our output waits for no other process */
    while ((got = read(pipe_fd, paths + len, sizeof paths - 1 - len)) > 0)
        len += (size_t)got;
    for (size_t at = 0; at < len; at += strlen(paths + at) + 1) {
        (void)umount2(paths + at, MNT_DETACH);
        (void)nftw(paths + at, entry_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
    _exit(EXIT_SUCCESS);
}

void test_directory(const char *path)
{
    static int to_other = -1;
    int fds[2];
    pid_t other;

    if (to_other < 0) {
        if (pipe2(fds, O_CLOEXEC))
            return;
        other = fork();
        if (other == 0) {
            (void)close(fds[1]);
            directories_clear(fds[0]);
        }
        (void)close(fds[0]);
        to_other = fds[1];
    }
    (void)!write(to_other, path, strlen(path) + 1);
}

const char *test_shared_path(const char *name)
{
    static char path[PATH_MAX_BYTES];

    (void)snprintf(path, sizeof path, "%s/%s", TALLY_SHARED, name);
    return path;
}

bool test_read_file(const char *path, struct buf *ret_text)
{
    FILE *file = fopen(path, "rb");
    size_t got = 0;

    if (!file) {
        fail(path, 0);
        printf("this test needs the file: %s\n", strerror(errno));
        return false;
    }
    *ret_text = (struct buf){ .max = FILE_MAX_BYTES };
    do {
        char *at = buf_room(ret_text, READ_BYTES);
        got = at ? fread(at, 1, READ_BYTES, file) : 0;
        if (at)
            buf_keep(ret_text, got);
    } while (got > 0);
    bool whole = !ferror(file) && !ret_text->status.code;
    fclose(file);
    return test_check(whole, "the whole file was read", path, 0);
}

static bool run_one(const struct test *test)
{
    run.failed_checks = 0;
    run.seed_used = false;
    run.about[0] = '\0';
    test->run();
    if (run.failed_checks == 0)
        return true;
    printf("FAILED %s", test->name);
    if (run.seed_used)
        printf(" (TEST_SEED=%" PRIu64 ")", run.seed);
    putchar('\n');
    return false;
}

int test_run_all(const struct test *tests, size_t count, const char *filter)
{
    size_t passed = 0;
    size_t failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(tests[i].name, filter))
            continue;
        if (run_one(&tests[i]))
            passed++;
        else
            failed++;
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
