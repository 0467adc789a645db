#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH };

static sigset_t signals_taken(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        sigaddset(&set, passed[i]);
    return set;
}

status child_signals_block(struct child *child, struct err *err)
{
    sigset_t set = signals_taken();
    int fd;

    if (pthread_sigmask(SIG_BLOCK, &set, NULL))
        return err_set(err, CODE_IO, "signals can't be blocked");
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return err_system(err, "open", "a descriptor for signals");
    child->signals_plus_one = fd + 1;
    return OK;
}

int child_signal_pending(const struct child *child)
{
    struct signalfd_siginfo info;

    while (read(child->signals_plus_one - 1, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP ||
            info.ssi_signo == SIGQUIT)
            return (int)info.ssi_signo;
    }
    return 0;
}

/* ---- Start ---- */

/* In the child: becomes the program, or tells why not. */
static void program_become(const struct child_plan *plan, int failure_fd)
{
    sigset_t set = signals_taken();
    int why;

    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    if (plan->dies_with_us)
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (setenv(plan->name, plan->value, 1) == 0)
        (void)execvp(plan->argv[0], plan->argv);
    why = errno;
    if (write(failure_fd, &why, sizeof(why)) < 0)
        _exit(EXIT_NOT_RUNNABLE);
    _exit(EXIT_NO_PROGRAM);
}

/* Empty when the program was found: the pipe is closed by its start. */
static status failure_read(struct child *child, const char *program, int fd, struct err *err)
{
    int why = 0;
    ssize_t len;

    do {
        len = read(fd, &why, sizeof(why));
    } while (len < 0 && errno == EINTR);
    if (len != sizeof(why))
        return OK;
    (void)waitpid(child->pid, NULL, 0);
    child->pid = 0;
    return err_set(err, why == ENOENT ? CODE_NOT_FOUND : CODE_DENIED, "%s can't be run: %s", program,
                   why == ENOENT ? "there is no such program" : strerror(why));
}

status child_start(struct child *child, const struct child_plan *plan, struct err *err)
{
    int failure[2];
    status s;

    if (pipe2(failure, O_CLOEXEC))
        return err_system(err, "open", "a pipe");
    child->pid = fork();
    if (child->pid == 0)
        program_become(plan, failure[1]);
    close(failure[1]);
    if (child->pid < 0) {
        child->pid = 0;
        s = err_system(err, "start", plan->argv[0]);
    } else {
        s = failure_read(child, plan->argv[0], failure[0], err);
    }
    close(failure[0]);
    return s;
}

/* ---- Attendance ---- */

static void end_look(struct child *child)
{
    int state = 0;

    if (waitpid(child->pid, &state, WNOHANG) != child->pid)
        return;
    child->ended = true;
    child->exit = WIFSIGNALED(state) ? EXIT_SIGNAL_BASE + WTERMSIG(state) : WEXITSTATUS(state);
}

static void signals_take(struct child *child)
{
    struct signalfd_siginfo info;

    while (!child->ended && read(child->signals_plus_one - 1, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            end_look(child);
        else if (info.ssi_code <= 0) /* from a process; what the kernel sent went to the whole group */
            child_kill(child, (int)info.ssi_signo);
    }
}

bool child_attend(struct child *child, int other_fd, int64_t timeout_ms)
{
    struct pollfd fds[2] = { { .fd = child->signals_plus_one - 1, .events = POLLIN },
                             { .fd = other_fd, .events = POLLIN } };

    if (poll(fds, 2, timeout_ms < 0 ? -1 : (int)timeout_ms) > 0 && fds[0].revents)
        signals_take(child);
    return (fds[1].revents & POLLIN) != 0;
}

void child_kill(const struct child *child, int number)
{
    if (child->pid > 0 && !child->ended)
        (void)kill(child->pid, number);
}

void child_close(struct child *child)
{
    if (child->signals_plus_one)
        close(child->signals_plus_one - 1);
    child->signals_plus_one = 0;
}
