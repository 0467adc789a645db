/*
 * base/fault, base/err and base/log: failing on purpose, and saying what failed.
 */
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "test.h"

static void a_point_fails_the_passes_it_was_told_to(void)
{
    fault_arm(FAULT_STORE_WRITE, 2, 3);
    for (int pass = 0; pass < 10; pass++)
        CHECK_INT(fault_hit(FAULT_STORE_WRITE), pass >= 2 && pass < 5);
    CHECK(fault_was_hit(FAULT_STORE_WRITE));
    CHECK(!fault_was_hit(FAULT_STORE_COMMIT));
    CHECK(!fault_hit(FAULT_STORE_COMMIT));
    fault_arm(FAULT_STORE_WRITE, 0, -1);
    CHECK(!fault_was_hit(FAULT_STORE_WRITE));
    for (int pass = 0; pass < 100; pass++)
        CHECK(fault_hit(FAULT_STORE_WRITE));
    fault_disarm_all();
    CHECK(!fault_hit(FAULT_STORE_WRITE));
}

static void *count_hits(void *ret_hits)
{
    for (int pass = 0; pass < 10000; pass++)
        *(int *)ret_hits += fault_hit(FAULT_STORE_COMMIT);
    return NULL;
}

static void threads_share_one_countdown(void)
{
    pthread_t threads[4];
    int hits[4] = { 0 };

    fault_arm(FAULT_STORE_COMMIT, 100, 777);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, count_hits, &hits[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    fault_disarm_all();
    CHECK_INT(hits[0] + hits[1] + hits[2] + hits[3], 777);
}

static void the_environment_arms_points_by_name(void)
{
    setenv("TALLY_FAULT", "store_commit:1,clock_offset_s:-3600,store_full:0:-1", 1);
    fault_read_environment();
    unsetenv("TALLY_FAULT");
    CHECK(!fault_hit(FAULT_STORE_COMMIT));
    CHECK(fault_hit(FAULT_STORE_COMMIT));
    CHECK(!fault_hit(FAULT_STORE_COMMIT));
    CHECK(fault_hit(FAULT_STORE_FULL) && fault_hit(FAULT_STORE_FULL));
    CHECK_INT(fault_clock_offset_ms(), -3600000);
    fault_disarm_all();
    CHECK_INT(fault_clock_offset_ms(), 0);
}

static void a_signal_reads_the_plan_anew_and_removes_it(void)
{
    char path[] = "/tmp/tally-fault-XXXXXX";
    int file = mkstemp(path);

    if (!CHECK(file >= 0))
        return;
    setenv("TALLY_FAULT_FILE", path, 1);
    fault_read_environment();
    unsetenv("TALLY_FAULT_FILE");
    fault_arm(FAULT_STORE_WRITE, 0, -1);
    CHECK(write(file, "clock_offset_s:86400\n", 21) == 21);
    raise(SIGUSR2);
    CHECK_INT(fault_clock_offset_ms(), 86400000);
    CHECK(!fault_hit(FAULT_STORE_WRITE));
    CHECK(access(path, F_OK) != 0);
    raise(SIGUSR2);
    CHECK_INT(fault_clock_offset_ms(), 0);
    signal(SIGUSR2, SIG_DFL);
    close(file);
}

static int exit_status_of_plan(const char *plan)
{
    int status_word = 0;
    pid_t child = fork();

    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDERR_FILENO);
        setenv("TALLY_FAULT", plan, 1);
        fault_read_environment();
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status_word, 0) == child);
    return WIFEXITED(status_word) ? WEXITSTATUS(status_word) : -1;
}

static void a_wrong_plan_ends_the_process(void)
{
    static const char *const bad[] = { "nothing:1", "memory",       "memory:",   "memory:x",
                                       "memory:1:", "memory:1:2:3", "memory:1,," };

    CHECK_INT(exit_status_of_plan("memory:1000000:2,store_write:5"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECKING("%s", bad[i]);
        CHECK_INT(exit_status_of_plan(bad[i]), EXIT_FAILURE);
    }
}

static void an_error_says_its_text_and_member(void)
{
    struct err err = { 0 };

    CHECK_CODE(err_member(&err, CODE_INVALID, "ttl_s", "ttl_s must be %d or more", 10), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("ttl_s must be 10 or more"));
    CHECK_MEMBER(err, "ttl_s");
    CHECK_CODE(err_set(&err, CODE_BUSY, "the queue is full"), CODE_BUSY);
    CHECK_MEMBER(err, "");
    CHECK_CODE(err_set(NULL, CODE_BUSY, "nobody listens"), CODE_BUSY);
    CHECK_CODE(err_member(NULL, CODE_BUSY, "x", "nobody listens"), CODE_BUSY);
}

static void an_error_text_that_is_cut_ends_between_characters(void)
{
    struct err err = { 0 };
    char wide[ERR_TEXT_MAX_BYTES * 3];

    for (size_t shift = 0; shift < 4; shift++) {
        memset(wide, 'x', shift);
        for (size_t at = shift; at + 3 < sizeof wide; at += 3)
            memcpy(wide + at, "\xe2\x82\xac", 4);
        CHECK_CODE(err_set(&err, CODE_INVALID, "%s", wide), CODE_INVALID);
        CHECK(str_is_utf8(str_of(err.text)));
        CHECK(str_of(err.text).len >= ERR_TEXT_MAX_BYTES - 3);
    }
}

static void what_the_system_says_becomes_a_code(void)
{
    struct err err = { 0 };

    errno = ENOSPC;
    CHECK_CODE(err_system(&err, "write", "ledger.db"), CODE_DISK_FULL);
    CHECK_STR(str_of(err.text), STR("write ledger.db: No space left on device"));
    errno = EDQUOT;
    CHECK_CODE(err_system(NULL, "write", "x"), CODE_DISK_FULL);
    errno = ENOMEM;
    CHECK_CODE(err_system(NULL, "mmap", "x"), CODE_NO_MEMORY);
    errno = EACCES;
    CHECK_CODE(err_system(NULL, "open", "x"), CODE_IO);
    for (int code = 0; code < CODE_COUNT; code++)
        CHECK(status_name((status){ (enum code)code })[0] != '\0');
}

/* What `level`, and the text, come out as on standard error. */
static struct str logged(enum log_level level, const char *text, char *space, size_t size)
{
    int ends[2];
    int before = dup(STDERR_FILENO);
    ssize_t len;

    if (!CHECK(pipe(ends) == 0))
        return STR_NONE;
    dup2(ends[1], STDERR_FILENO);
    log_write(level, "room", "%s", text);
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    len = read(ends[0], space, size);
    close(ends[0]);
    return (struct str){ space, len > 0 ? (size_t)len : 0 };
}

static void a_log_line_is_one_line_whatever_is_in_it(void)
{
    char space[8192];
    char big[6000];
    struct str line = logged(LOG_WARN, "a\nb\x1b[31m \xc3\xa9\x7f", space, sizeof space);

    CHECK_STR(str_from(line, 24), STR(" warn room: a\\x0ab\\x1b[31m \xc3\xa9\\x7f\n"));
    CHECK(line.at[10] == 'T' && line.at[23] == 'Z');
    CHECK_INT(logged(LOG_DEBUG, "not shown", space, sizeof space).len, 0);

    memset(big, '\n', sizeof big);
    big[sizeof big - 1] = '\0';
    line = logged(LOG_ERROR, big, space, sizeof space);
    CHECK(line.len > 1000 && line.len <= 4096);
    CHECK_INT(str_find(line, '\n'), line.len - 1);
}

static const struct test tests[] = {
    TEST(a_point_fails_the_passes_it_was_told_to),
    TEST(threads_share_one_countdown),
    TEST(the_environment_arms_points_by_name),
    TEST(a_signal_reads_the_plan_anew_and_removes_it),
    TEST(a_wrong_plan_ends_the_process),
    TEST(an_error_says_its_text_and_member),
    TEST(an_error_text_that_is_cut_ends_between_characters),
    TEST(what_the_system_says_becomes_a_code),
    TEST(a_log_line_is_one_line_whatever_is_in_it),
};
TEST_MAIN(tests)
