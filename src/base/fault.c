/*
 * base/fault: the armed points of a test build. A release build has none of this.
 *
 * Any thread, and a signal handler: all state is lock-free atomics, and reading a plan uses only calls that
 * signal-safety(7) allows.
 */
#ifdef TALLY_FAULTS

#include "base/fault.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

#define PLAN_MAX_BYTES 1024
#define PATH_MAX_BYTES 512
#define MS_PER_S       1000
/* The widest number of a plan; fits any countdown or clock offset and stays far from overflow. */
#define NUMBER_MAX 1000000000000u

struct point {
    atomic_bool armed;
    atomic_llong countdown; /* passes until the first failure; negative: passes since. FAULT_CLOCK_OFFSET_S: seconds */
    atomic_llong times;
    atomic_bool was_hit;
};

static struct point points[FAULT_COUNT];
static char plan_path[PATH_MAX_BYTES];

static const struct str names[FAULT_COUNT] = {
    [FAULT_MEMORY] = { "memory", 6 },
    [FAULT_STORE_WRITE] = { "store_write", 11 },
    [FAULT_STORE_COMMIT] = { "store_commit", 12 },
    [FAULT_STORE_AFTER_COMMIT] = { "store_after_commit", 18 },
    [FAULT_STORE_FULL] = { "store_full", 10 },
    [FAULT_SIGNER_WRITE] = { "signer_write", 12 },
    [FAULT_SIGNER_LINK] = { "signer_link", 11 },
    [FAULT_SNAPSHOT_WRITE] = { "snapshot_write", 14 },
    [FAULT_VAULT_WRITE] = { "vault_write", 11 },
    [FAULT_WITNESS_WRITE] = { "witness_write", 13 },
    [FAULT_WITNESS_REPLY] = { "witness_reply", 13 },
    [FAULT_CLOCK_OFFSET_S] = { "clock_offset_s", 14 },
};

bool fault_hit(enum fault_point point)
{
    struct point *p = &points[point];
    long long left;
    long long times;

    if (!atomic_load_explicit(&p->armed, memory_order_acquire))
        return false;
    left = atomic_fetch_sub(&p->countdown, 1);
    times = atomic_load(&p->times);
    if (left > 0 || (times >= 0 && -left >= times))
        return false;
    atomic_store(&p->was_hit, true);
    return true;
}

void fault_arm(enum fault_point point, int64_t countdown, int64_t times)
{
    struct point *p = &points[point];

    assert(point < FAULT_COUNT);
    atomic_store(&p->armed, false);
    atomic_store(&p->countdown, countdown);
    atomic_store(&p->times, times);
    atomic_store(&p->was_hit, false);
    atomic_store_explicit(&p->armed, true, memory_order_release);
}

void fault_disarm_all(void)
{
    for (int i = 0; i < FAULT_COUNT; i++) {
        atomic_store(&points[i].armed, false);
        atomic_store(&points[i].was_hit, false);
    }
}

bool fault_was_hit(enum fault_point point)
{
    return atomic_load(&points[point].was_hit);
}

int64_t fault_clock_offset_ms(void)
{
    struct point *p = &points[FAULT_CLOCK_OFFSET_S];

    return atomic_load_explicit(&p->armed, memory_order_acquire) ? atomic_load(&p->countdown) * MS_PER_S : 0;
}

static status number_of(struct str text, int64_t *ret_number)
{
    bool negative = str_starts(text, STR("-"));
    uint64_t size;

    TRY(str_to_u64(str_from(text, negative ? 1 : 0), NUMBER_MAX, &size));
    *ret_number = negative ? -(int64_t)size : (int64_t)size;
    return OK;
}

/* "name:countdown[:times]"; without times the point fails once. */
static status arm_item(struct str item)
{
    bool complete = !str_ends(item, STR(":"));
    struct str name = str_take(&item, ':');
    struct str countdown_text = str_take(&item, ':');
    int64_t countdown;
    int64_t times = 1;

    if (!complete)
        return (status){ CODE_INVALID };
    TRY(number_of(countdown_text, &countdown));
    if (item.len)
        TRY(number_of(item, &times));
    for (int i = 0; i < FAULT_COUNT; i++) {
        if (str_eq(names[i], name)) {
            fault_arm((enum fault_point)i, countdown, times);
            return OK;
        }
    }
    return (status){ CODE_NOT_FOUND };
}

/* A wrong plan would make a test pass for the wrong reason, so it ends the process. */
static void arm_plan(struct str plan)
{
    static const char complaint[] = "TALLY_FAULT: expected name:countdown[:times],...\n";

    while (plan.len > 0) {
        if (arm_item(str_take(&plan, ',')).code) {
            ssize_t written = write(STDERR_FILENO, complaint, sizeof complaint - 1);
            (void)written;
            _exit(EXIT_FAILURE);
        }
    }
}

static void read_plan_file(int signal_number)
{
    int errno_before = errno;
    char space[PLAN_MAX_BYTES];
    ssize_t len = 0;
    int file = open(plan_path, O_RDONLY | O_CLOEXEC);

    (void)signal_number;
    if (file >= 0) {
        len = read(file, space, sizeof space);
        close(file);
    }
    fault_disarm_all();
    if (len > 0)
        arm_plan(str_trim(
            str_cut((struct str){ space, (size_t)len }, 0, str_find((struct str){ space, (size_t)len }, '\n'))));
    (void)unlink(plan_path);
    errno = errno_before;
}

void fault_read_environment(void)
{
    struct sigaction action = { .sa_handler = read_plan_file, .sa_flags = SA_RESTART };

    arm_plan(str_of(getenv("TALLY_FAULT")));
    if (str_to_c(str_of(getenv("TALLY_FAULT_FILE")), plan_path, sizeof plan_path))
        sigaction(SIGUSR2, &action, NULL);
}

#else
/* ISO C wants something in every translation unit. */
typedef int fault_points_are_compiled_out;
#endif
