/*
 * store/lock: one process writes a data directory.
 *
 * An open-file-description lock on the file `lock`: the kernel drops it when the process dies, however it dies, and two
 * opens within one process exclude each other too. The file's text is the holder's pid, for the message only.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>

#include "base/err.h"

struct lock {
    bool held;
    int fd;
};

/* CODE_BUSY names the process that holds it. */
MUST_CHECK status lock_take(const char *dir, struct lock *ret_lock, struct err *err);
void lock_drop(struct lock *lock); /* accepts a zeroed one */

#endif
