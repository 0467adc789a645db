/*
 * daemon/sandbox: the table of system calls, and the filter made of it.
 */
#include "daemon/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#error "the numbers of system calls are known for x86-64 and AArch64"
#endif

/* ---- What is allowed ---- */

enum whose { ANY_VALUE, THE_SOCKET, THE_FILE, STANDARD_ERROR, THIS_PROCESS };

#define CONDITIONS_MAX 2

struct allowed {
    long call;
    enum whose first; /* whose number the first argument must be */
    /* Further arguments: (argument & mask) == value. A mask of zero asks nothing. */
    struct {
        unsigned argument;
        uint32_t mask;
        uint32_t value;
    } only[CONDITIONS_MAX];
};

static const struct allowed table[] = {
    /* its work */
    { SYS_recvfrom, THE_SOCKET, { { 0, 0, 0 } } },
    { SYS_sendto, THE_SOCKET, { { 0, 0, 0 } } },
    { SYS_pwrite64, THE_FILE, { { 0, 0, 0 } } },
    { SYS_fdatasync, THE_FILE, { { 0, 0, 0 } } },
    /* memory: anonymous, never executable */
    { SYS_mmap, ANY_VALUE, { { 2, PROT_EXEC, 0 }, { 3, MAP_ANONYMOUS, MAP_ANONYMOUS } } },
    { SYS_munmap, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_mremap, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_brk, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_madvise, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_futex, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_getrandom, ANY_VALUE, { { 0, 0, 0 } } },
    /* its end, and words about it */
    { SYS_write, STANDARD_ERROR, { { 0, 0, 0 } } },
    { SYS_clock_gettime, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_exit_group, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_rt_sigreturn, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_rt_sigprocmask, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_restart_syscall, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_getpid, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_gettid, ANY_VALUE, { { 0, 0, 0 } } },
    { SYS_tgkill, THIS_PROCESS, { { 0, 0, 0 } } },
#ifdef TALLY_FAULTS
    /* Test builds alone: the address sanitizer asks for it where a function does not return. */
    { SYS_sigaltstack, ANY_VALUE, { { 0, 0, 0 } } },
#endif
};

#define ROWS (sizeof table / sizeof *table)

/* ---- The filter ---- */

/* A row: load, compare, at most three conditions of three instructions each, two ends. */
#define ROW_MAX     (2 + 3 * (CONDITIONS_MAX + 1) + 2)
#define PROGRAM_MAX (3 + ROWS * ROW_MAX + 1)

struct program {
    struct sock_filter at[PROGRAM_MAX];
    unsigned short len;
};

static void add(struct program *program, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    program->at[program->len++] = (struct sock_filter){ .code = code, .jt = if_true, .jf = if_false, .k = k };
}

static void add_load(struct program *program, size_t offset)
{
    add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_end(struct program *program, uint32_t verdict)
{
    add(program, BPF_RET | BPF_K, verdict, 0, 0);
}

/* Little-endian machines: the lower half of an argument comes first, and descriptors, flags and pids have no other. */
static void add_condition(struct program *program, unsigned argument, uint32_t mask, uint32_t value, uint8_t to_refusal)
{
    add_load(program, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
    add(program, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, to_refusal);
}

static uint32_t number_of(enum whose whose, const struct sandbox *sandbox)
{
    switch (whose) {
    case THE_SOCKET:
        return (uint32_t)sandbox->socket;
    case THE_FILE:
        return (uint32_t)sandbox->file;
    case THIS_PROCESS:
        return (uint32_t)getpid();
    default:
        return STDERR_FILENO;
    }
}

static unsigned condition_count(const struct allowed *row)
{
    unsigned count = row->first != ANY_VALUE;

    for (unsigned i = 0; i < CONDITIONS_MAX; i++)
        count += row->only[i].mask != 0;
    return count;
}

static void add_row(struct program *program, const struct allowed *row, const struct sandbox *sandbox)
{
    unsigned left = condition_count(row);

    add_load(program, offsetof(struct seccomp_data, nr));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)row->call, 0, (uint8_t)(3 * left + 2));
    /* From a condition to the refusal: over the conditions behind it, and the permission. */
    if (row->first != ANY_VALUE)
        add_condition(program, 0, UINT32_MAX, number_of(row->first, sandbox), (uint8_t)(3 * --left + 1));
    for (unsigned i = 0; i < CONDITIONS_MAX; i++) {
        if (row->only[i].mask)
            add_condition(program, row->only[i].argument, row->only[i].mask, row->only[i].value,
                          (uint8_t)(3 * --left + 1));
    }
    add_end(program, SECCOMP_RET_ALLOW);
    add_end(program, SECCOMP_RET_KILL_PROCESS);
}

static void program_make(const struct sandbox *sandbox, struct program *ret_program)
{
    add_load(ret_program, offsetof(struct seccomp_data, arch));
    add(ret_program, BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
    add_end(ret_program, SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < ROWS; i++)
        add_row(ret_program, &table[i], sandbox);
    add_end(ret_program, SECCOMP_RET_KILL_PROCESS);
}

/* ---- Going in ---- */

/* All but standard error and those two. */
static status descriptors_close(const struct sandbox *sandbox, struct err *err)
{
    unsigned kept[] = { STDERR_FILENO, (unsigned)sandbox->socket, (unsigned)sandbox->file };
    unsigned next = 0;

    for (unsigned done = 0; done < sizeof kept / sizeof *kept; done++) {
        unsigned lowest = UINT32_MAX;

        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            lowest = kept[i] >= next && kept[i] < lowest ? kept[i] : lowest;
        if (lowest == UINT32_MAX)
            break;
        if (lowest > next && syscall(SYS_close_range, next, lowest - 1, 0))
            return err_system(err, "close_range", "the descriptors of the signer");
        next = lowest + 1;
    }
    return syscall(SYS_close_range, next, UINT32_MAX, 0) ? err_system(err, "close_range", "the signer's descriptors")
                                                         : OK;
}

static status limits_set(struct err *err)
{
    static const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_NPROC, &none))
        return err_system(err, "setrlimit", "the signer");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_system(err, "prctl", "the signer");
    return OK;
}

status sandbox_enter(const struct sandbox *sandbox, struct err *err)
{
    struct program program = { 0 };
    struct sock_fprog filter = { .filter = program.at };

    TRY(descriptors_close(sandbox, err));
    /* Not everywhere allowed, and not needed: the filter lets no socket be made. */
    if (unshare(CLONE_NEWNET))
        (void)unshare(CLONE_NEWUSER | CLONE_NEWNET);
    TRY(limits_set(err));
    program_make(sandbox, &program);
    filter.len = program.len;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0))
        return err_system(err, "seccomp", "the signer");
    return OK;
}
