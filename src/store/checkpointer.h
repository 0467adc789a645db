/*
 * store/checkpointer: the thread that folds SQLite's log into the database file, about every 50 ms while there is
 * something to fold.
 *
 * It takes the work and the waiting off the writer: a passive checkpoint copies pages beside running commits, and
 * syncing the database file at once keeps the sync short that the writer's own checkpoint ends with. Its failures go to
 * struct health, where the next append finds them.
 */
#ifndef STORE_CHECKPOINTER_H
#define STORE_CHECKPOINTER_H

#include "base/err.h"
#include "store/health.h"

struct checkpointer;

/* `path` is the database file; `health` must live longer. */
MUST_CHECK status checkpointer_start(const char *path, struct health *health, struct checkpointer **ret_checkpointer,
                                     struct err *err);
/* Something was committed. By the writer; cheap. */
void checkpointer_tell(struct checkpointer *checkpointer);
/* Ends the thread and closes its connection. Accepts NULL. */
void checkpointer_stop(struct checkpointer *checkpointer);

#endif
