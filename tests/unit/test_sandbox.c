/*
 * daemon/sandbox: a process inside can do its work, and dies at anything else.
 */
#include "daemon/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* Far from the numbers that a new process has open, and apart from each other. */
#define SOCKET 41
#define FILE_  43
#define OTHER  45

/* How a child ends that goes into a sandbox and then does that: what waitpid says. */
static int end_of(void (*act)(void))
{
    int ended = -1;
    pid_t child = fork();

    if (child == 0) {
        struct sandbox sandbox = { SOCKET, FILE_ };
        char path[] = "/tmp/tally-sandbox-XXXXXX";
        int ends[2];
        int file = mkstemp(path);

        (void)unlink(path);
        if (file < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) || dup2(ends[0], SOCKET) < 0 ||
            dup2(file, FILE_) < 0 || dup2(file, OTHER) < 0)
            _exit(99);
        if (sandbox_enter(&sandbox, NULL).code)
            _exit(98);
        act();
        _exit(0);
    }
    (void)waitpid(child, &ended, 0);
    return ended;
}

/* ---- What it may ---- */

static void work(void)
{
    char byte = 'a';
    char *memory = malloc(1 << 20);

    if (send(SOCKET, &byte, 1, MSG_DONTWAIT) > 0 || pwrite(FILE_, &byte, 1, 0) != 1 || fdatasync(FILE_) || !memory)
        _exit(1);
    memory[1000] = 1;
    free(memory);
}

static void say(void)
{
    if (write(STDERR_FILENO, "", 0))
        _exit(1);
}

static void a_signer_inside_can_do_its_work(void)
{
    CHECK_INT(end_of(work), 0); /* the other end of the socket is closed: send fails, and does not kill */
    CHECK_INT(end_of(say), 0);
}

/* The end of a pipe that only the child had is closed while the child lives: its reader sees the end. */
static void its_other_descriptors_are_closed(void)
{
    int pipes[2], hold[2];
    char byte;
    pid_t child;

    CHECK(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, hold) == 0);
    child = fork();
    if (child == 0) {
        struct sandbox sandbox = { SOCKET, FILE_ };

        (void)close(hold[1]);
        if (dup2(hold[0], SOCKET) < 0 || dup2(STDERR_FILENO, FILE_) < 0 || sandbox_enter(&sandbox, NULL).code)
            _exit(99);
        (void)recv(SOCKET, &byte, 1, 0);
        _exit(0);
    }
    (void)close(pipes[1]);
    (void)close(hold[0]);
    CHECK_INT(read(pipes[0], &byte, 1), 0);
    CHECK_INT(waitpid(child, NULL, WNOHANG), 0);
    (void)close(hold[1]);
    CHECK_INT(waitpid(child, NULL, 0), child);
    (void)close(pipes[0]);
}

/* ---- What it may not ---- */

static void make_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}
static void make_pair(void)
{
    int ends[2];

    (void)socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}
static void connect_it(void)
{
    (void)syscall(SYS_connect, SOCKET, NULL, 0);
}
static void open_key(void)
{
    (void)open("ledger.key", O_RDONLY);
}
static void read_file(void)
{
    char byte;

    (void)read(FILE_, &byte, 1);
}
static void read_input(void)
{
    char byte;

    (void)recv(STDIN_FILENO, &byte, 1, 0);
}
static void write_elsewhere(void)
{
    (void)pwrite(OTHER, "a", 1, 0);
}
static void write_socket(void)
{
    (void)write(SOCKET, "a", 1);
}
static void send_elsewhere(void)
{
    (void)send(OTHER, "a", 1, 0);
}
static void fork_it(void)
{
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static void execute(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
}
static void map_code(void)
{
    (void)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void map_file(void)
{
    (void)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, FILE_, 0);
}
static void protect(void)
{
    (void)syscall(SYS_mprotect, NULL, 0, PROT_READ | PROT_EXEC);
}
static void trace(void)
{
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static void kill_parent(void)
{
    (void)syscall(SYS_tgkill, getppid(), getppid(), 0);
}
static void kill_any(void)
{
    (void)kill(1, 0);
}
static void read_memory(void)
{
    (void)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}
static void be_dumpable(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static void have_cores(void)
{
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 1, 1 });
}
static void remove_file(void)
{
    (void)unlink("signer.head");
}
static void duplicate(void)
{
    (void)dup(FILE_);
}

static void everything_else_kills_it(void)
{
    static const struct {
        const char *what;
        void (*act)(void);
    } acts[] = {
        { "socket", make_socket },
        { "socketpair", make_pair },
        { "connect", connect_it },
        { "open", open_key },
        { "read", read_file },
        { "recv of another", read_input },
        { "pwrite to another", write_elsewhere },
        { "write to the socket", write_socket },
        { "send to another", send_elsewhere },
        { "clone", fork_it },
        { "execve", execute },
        { "mmap, executable", map_code },
        { "mmap of a file", map_file },
        { "mprotect", protect },
        { "ptrace", trace },
        { "tgkill of another", kill_parent },
        { "kill", kill_any },
        { "process_vm_readv", read_memory },
        { "prctl", be_dumpable },
        { "setrlimit", have_cores },
        { "unlink", remove_file },
        { "dup", duplicate },
    };

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        int ended = end_of(acts[i].act);

        CHECKING("%s: status %d", acts[i].what, ended);
        CHECK(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSYS);
    }
}

static const struct test tests[] = {
    TEST(a_signer_inside_can_do_its_work),
    TEST(its_other_descriptors_are_closed),
    TEST(everything_else_kills_it),
};
TEST_MAIN(tests)
