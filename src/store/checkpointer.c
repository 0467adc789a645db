/*
 * store/checkpointer: see checkpointer.h.
 *
 * Two event descriptors instead of a condition variable, because poll waits for a time span and needs no clock:
 * `commits` is written once after each pass, by the first commit that follows it, and `stop` once, at the end.
 */
#include "store/checkpointer.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sqlite.h"

/* Measured: seldom enough to leave the disk to the commits, often enough to keep the log short. */
#define PAUSE_MS 50

struct checkpointer {
    struct db *db;
    struct health *health;
    int commits;
    int stop;
    atomic_bool told; /* `commits` has been written since the last pass began */
    bool started;
    pthread_t thread;
};

/* Whether the thread is to end. Waits for a commit (span -1) or for a time span, and in both for the end. */
static bool stopped_within(const struct checkpointer *checkpointer, int span_ms)
{
    struct pollfd events[] = { { .fd = checkpointer->stop, .events = POLLIN },
                               { .fd = checkpointer->commits, .events = POLLIN } };

    (void)poll(events, span_ms < 0 ? 2 : 1, span_ms);
    return events[0].revents != 0;
}

/* A lack of memory passes; the log only stays longer until then. */
static void pass(struct checkpointer *checkpointer)
{
    struct err err = { 0 };
    status s;

    if (health_state(checkpointer->health) != HEALTH_READY)
        return;
    s = sqlite_checkpoint_passive(checkpointer->db, &err);
    if (!s.code)
        s = sqlite_sync(checkpointer->db, &err);
    if (!s.code || s.code == CODE_NO_MEMORY)
        return;
    log_write(LOG_ERROR, "store", "%s", err.text);
    health_note(checkpointer->health, s, &err);
}

static void *run(void *context)
{
    struct checkpointer *checkpointer = context;
    eventfd_t count;

    while (!stopped_within(checkpointer, -1)) {
        (void)eventfd_read(checkpointer->commits, &count);
        atomic_store(&checkpointer->told, false);
        pass(checkpointer);
        if (stopped_within(checkpointer, PAUSE_MS))
            break;
    }
    return NULL;
}

static status start(struct checkpointer *checkpointer, const char *path, struct err *err)
{
    checkpointer->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    checkpointer->commits = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (checkpointer->stop < 0 || checkpointer->commits < 0)
        return err_system(err, "eventfd", path);
    TRY(sqlite_open(path, DB_CHECKPOINTER, &checkpointer->db, err));
    if (pthread_create(&checkpointer->thread, NULL, run, checkpointer))
        return err_set(err, CODE_NO_MEMORY, "the system gave no thread for the checkpoints of %s", path);
    checkpointer->started = true;
    return OK;
}

status checkpointer_start(const char *path, struct health *health, struct checkpointer **ret_checkpointer,
                          struct err *err)
{
    struct checkpointer *checkpointer = memory_new(1, sizeof *checkpointer);
    status s;

    if (!checkpointer)
        return err_set(err, CODE_NO_MEMORY, "no memory for the checkpoints of %s", path);
    checkpointer->health = health;
    s = start(checkpointer, path, err);
    if (s.code) {
        checkpointer_stop(checkpointer);
        return s;
    }
    *ret_checkpointer = checkpointer;
    return OK;
}

void checkpointer_tell(struct checkpointer *checkpointer)
{
    if (!atomic_exchange(&checkpointer->told, true))
        (void)eventfd_write(checkpointer->commits, 1);
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
    if (!checkpointer)
        return;
    if (checkpointer->started) {
        (void)eventfd_write(checkpointer->stop, 1);
        (void)pthread_join(checkpointer->thread, NULL);
    }
    db_close(checkpointer->db);
    if (checkpointer->stop >= 0)
        (void)close(checkpointer->stop);
    if (checkpointer->commits >= 0)
        (void)close(checkpointer->commits);
    memory_free(checkpointer);
}
