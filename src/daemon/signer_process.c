/*
 * daemon/signer_process: both sides of its birth.
 */
#include "daemon/signer_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "daemon/sandbox.h"
#include "engine/signer_service.h"

#define WORD      "signer-process"
#define NAME      "tally-signer"
#define SOCKET    3   /* where a signer finds its end */
#define OPEN_MS   10  /* the signer of a server that was killed may hold the head for a moment … */
#define OPEN_MAX  300 /* … so that it is tried so often */
#define NS_PER_MS 1000000

/* ---- In the new process ---- */

bool signer_process_is_meant(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], WORD) == 0;
}

static bool socket_is_there(void)
{
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

/* Everything that OpenSSL loads when it is first asked is loaded before nothing can be opened any more. */
static status crypto_warm(struct err *err)
{
    static const struct secret seed = { .len = ED25519_SEED_BYTES };
    AUTO(struct ed25519_key, ed25519_close) key = { 0 };
    struct ed25519_signature signature;
    struct str bytes = { (const char *)signature.bytes, sizeof signature.bytes };

    TRY(ed25519_open(&seed, &key, err));
    TRY(ed25519_sign(&key, STR("no checkpoint"), &signature, err));
    return ed25519_verify(&key.public_key, STR("no checkpoint"), bytes, err);
}

static status open_alone(const char *dir, struct signer **ret_signer, struct err *err)
{
    static const struct timespec pause = { .tv_nsec = OPEN_MS * NS_PER_MS };
    status s = signer_open(dir, ret_signer, err);

    for (int i = 0; i < OPEN_MAX && s.code == CODE_BUSY; i++) {
        (void)nanosleep(&pause, NULL);
        s = signer_open(dir, ret_signer, err);
    }
    return s;
}

static status prepare(const char *dir, struct signer **ret_signer, struct err *err)
{
    struct sandbox sandbox = { .socket = SOCKET };

    if (!ed25519_lock_keys())
        log_write(LOG_WARN, "signer", "no memory can be locked: the key may be written to swap space");
    TRY(crypto_warm(err));
    TRY(open_alone(dir, ret_signer, err));
    sandbox.file = signer_descriptor(*ret_signer);
    return sandbox_enter(&sandbox, err);
}

static void signals_ignore(void)
{
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
}

int signer_process_run(int argc, char **argv)
{
    struct signer *signer = NULL;
    struct err err = { 0 };
    status s;

    if (argc != 3 || !socket_is_there()) {
        log_write(LOG_ERROR, "signer", "this is a part of `tally serve`, which starts it");
        return EXIT_FAILURE;
    }
    signals_ignore();
    /* A parent that is gone already has closed its end of the socket. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, NAME, 0, 0, 0);
    fault_read_environment();
    s = prepare(argv[2], &signer, &err);
    if (s.code) {
        signer_serve_failure(SOCKET, s, &err);
    } else {
        s = signer_serve(signer, SOCKET, &err);
        if (s.code)
            log_write(LOG_ERROR, "signer", "the conversation with the server has ended: %s", err.text);
    }
    signer_close(signer);
    _exit(s.code ? EXIT_FAILURE : EXIT_SUCCESS); /* nothing that runs at an ordinary end is allowed here */
}

/* ---- In the server ---- */

/* A server of the tests hands its fault points on; of any other nothing is needed. */
#ifdef TALLY_FAULTS
#define ENVIRONMENT environ
#else
static char *no_environment[] = { NULL };
#define ENVIRONMENT no_environment
#endif

static int actions_fill(posix_spawn_file_actions_t *actions, int theirs)
{
    int failed = posix_spawn_file_actions_adddup2(actions, theirs, SOCKET);

    failed = failed ? failed : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    return failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, SOCKET + 1);
}

/* The server's threads block signals; a signer begins without that. */
static int attributes_fill(posix_spawnattr_t *attributes)
{
    sigset_t none;
    int failed;

    (void)sigemptyset(&none);
    failed = posix_spawnattr_setsigmask(attributes, &none);
    return failed ? failed : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

static int spawn(const char *dir, int theirs, pid_t *ret_pid)
{
    char word[] = WORD;
    char program[] = "tally";
    char *arguments[] = { program, word, (char *)dir, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed;

    if (posix_spawn_file_actions_init(&actions))
        return -1;
    if (posix_spawnattr_init(&attributes)) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return -1;
    }
    failed = actions_fill(&actions, theirs);
    failed = failed ? failed : attributes_fill(&attributes);
    failed = failed ? failed : posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, arguments, ENVIRONMENT);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static status process_start(void *context, struct signer_process *ret_process, struct err *err)
{
    struct signer_process process = { 0 };
    int ends[2];
    int failed;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_system(err, "socketpair", "the signer");
    failed = spawn(context, ends[1], &process.pid);
    (void)close(ends[1]);
    if (failed) {
        (void)close(ends[0]);
        return err_set(err, CODE_IO, "the signer can't be started: error %d", failed);
    }
    process.socket = ends[0];
    *ret_process = process;
    return OK;
}

struct signer_starter signer_process_starter(const char *dir)
{
    return (struct signer_starter){ process_start, (void *)dir };
}
