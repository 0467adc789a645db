/*
 * base/guard: a lock for memory that is read often and written seldom: many readers at once, or one writer.
 *
 * A writer who waits is let in before further readers, so that a stream of readers can't keep it out. A thread must not
 * take a guard twice, for reading neither. Any thread.
 */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <pthread.h>

#include "base/status.h"

struct guard {
    pthread_rwlock_t lock;
};

/* CODE_NO_MEMORY. */
MUST_CHECK status guard_init(struct guard *ret_guard);
void guard_free(struct guard *guard);
void guard_read(struct guard *guard);
void guard_write(struct guard *guard);
void guard_leave(struct guard *guard); /* ends either */

#endif
