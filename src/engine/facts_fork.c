#include "engine/facts_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/image.h"

#define WAIT_MS 30000 /* the largest facts are hashed in a few seconds */

/* The child of fork: it holds none of the server's files and sockets. */
static _Noreturn void child_hash(const struct facts *facts, int pipe_fd)
{
    struct hash hash;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (pipe_fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)pipe_fd - 1, 0);
    (void)close_range((unsigned)pipe_fd + 1, UINT_MAX, 0);
    if (facts_hash(facts, &hash, NULL).code)
        _exit(1);
    _exit(write(pipe_fd, hash.bytes, sizeof(hash.bytes)) == (ssize_t)sizeof(hash.bytes) ? 0 : 1);
}

status facts_fork_begin(const struct facts *facts, struct facts_fork *ret_fork, struct err *err)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC))
        return err_system(err, "make a pipe for", "the hash of the facts");
    pid = fork();
    if (pid == 0)
        child_hash(facts, fds[1]);
    (void)close(fds[1]);
    if (pid < 0) {
        (void)close(fds[0]);
        return err_system(err, "fork for", "the hash of the facts");
    }
    *ret_fork = (struct facts_fork){ .size = facts->size, .pid = pid, .pipe = fds[0] };
    return OK;
}

void facts_fork_drop(struct facts_fork *fork)
{
    if (!fork->pid)
        return;
    (void)close(fork->pipe);
    (void)kill(fork->pid, SIGKILL);
    (void)waitpid(fork->pid, NULL, 0);
    *fork = (struct facts_fork){ 0 };
}

status facts_fork_end(struct facts_fork *fork, struct hash *ret_hash, struct err *err)
{
    struct pollfd ready = { .fd = fork->pipe, .events = POLLIN };
    bool told;
    int events;

    do
        events = poll(&ready, 1, WAIT_MS);
    while (events < 0 && errno == EINTR);
    told =
        events == 1 && read(fork->pipe, ret_hash->bytes, sizeof(ret_hash->bytes)) == (ssize_t)sizeof(ret_hash->bytes);
    facts_fork_drop(fork); /* it has told all that it had to */
    return told ? OK : err_set(err, CODE_UNAVAILABLE, "the hash of the facts could not be computed");
}
