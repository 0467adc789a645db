/*
 * store/health: whether an open ledger may be written and read, and why not.
 *
 *     ready -> stopped -> distrusted      and back to ready only through store_reopen
 *
 * Stopped: something could not be written (a full disk, a failed commit); what is stored can be read. Distrusted: the
 * system refused a write or sync, after which it may show pages that are not on the disk (it marks them clean and
 * reports the failure once), so nothing is read either until a full checkpoint has written them again.
 *
 * Told by the writer and the checkpointer, asked by them and by readers: any thread.
 */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

enum health_state { HEALTH_READY, HEALTH_STOPPED, HEALTH_DISTRUSTED };

struct health {
    pthread_mutex_t lock;
    _Atomic(enum health_state) state;
    enum code code; /* the first reason … */
    struct err why; /* … and its text; both under the lock */
};

void health_init(struct health *health);
void health_free(struct health *health);

/* Notes a failure: CODE_IO and CODE_CORRUPT distrust, others stop. Never makes the state better. */
void health_note(struct health *health, status failure, const struct err *why);
/* The same of a commit, whose failure says nothing about the batches that come after it. */
void health_note_commit(struct health *health, status failure, const struct err *why);
/* After a reopen. */
void health_restore(struct health *health);

enum health_state health_state(const struct health *health);
/* OK when ready, else the reason, which is CODE_UNAVAILABLE after a failed commit. */
MUST_CHECK status health_check_write(struct health *health, struct err *err);
/* OK unless distrusted, then CODE_UNAVAILABLE. */
MUST_CHECK status health_check_read(struct health *health, struct err *err);

#endif
