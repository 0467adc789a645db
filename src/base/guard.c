/*
 * base/guard: a pthread_rwlock_t of the kind that does not starve its writers (glibc's default does).
 */
#include "base/guard.h"

#include <assert.h>

status guard_init(struct guard *ret_guard)
{
    pthread_rwlockattr_t attributes;
    int failed;

    if (pthread_rwlockattr_init(&attributes))
        return (status){ CODE_NO_MEMORY };
    (void)pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    failed = pthread_rwlock_init(&ret_guard->lock, &attributes);
    (void)pthread_rwlockattr_destroy(&attributes);
    return failed ? (status){ CODE_NO_MEMORY } : OK;
}

void guard_free(struct guard *guard)
{
    int failed = pthread_rwlock_destroy(&guard->lock);

    assert(!failed);
    (void)failed;
}

/* The calls below fail only for a thread that holds the lock already, or that leaves what it does not hold. */
void guard_read(struct guard *guard)
{
    int failed = pthread_rwlock_rdlock(&guard->lock);

    assert(!failed);
    (void)failed;
}

void guard_write(struct guard *guard)
{
    int failed = pthread_rwlock_wrlock(&guard->lock);

    assert(!failed);
    (void)failed;
}

void guard_leave(struct guard *guard)
{
    int failed = pthread_rwlock_unlock(&guard->lock);

    assert(!failed);
    (void)failed;
}
