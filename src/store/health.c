/*
 * store/health: see health.h.
 */
#include "store/health.h"

#include <assert.h>

void health_init(struct health *health)
{
    int result = pthread_mutex_init(&health->lock, NULL);

    assert(result == 0); /* a default mutex needs nothing that could be missing */
    (void)result;
    atomic_init(&health->state, HEALTH_READY);
}

void health_free(struct health *health)
{
    (void)pthread_mutex_destroy(&health->lock);
}

static void note(struct health *health, status failure, enum code reason, const struct err *why)
{
    bool distrust = failure.code == CODE_IO || failure.code == CODE_CORRUPT;
    enum health_state state = distrust ? HEALTH_DISTRUSTED : HEALTH_STOPPED;

    (void)pthread_mutex_lock(&health->lock);
    if (atomic_load(&health->state) == HEALTH_READY) {
        health->code = reason;
        health->why = *why;
    }
    if (state > atomic_load(&health->state))
        atomic_store(&health->state, state);
    (void)pthread_mutex_unlock(&health->lock);
}

void health_note(struct health *health, status failure, const struct err *why)
{
    note(health, failure, failure.code, why);
}

void health_note_commit(struct health *health, status failure, const struct err *why)
{
    note(health, failure, CODE_UNAVAILABLE, why);
}

void health_restore(struct health *health)
{
    (void)pthread_mutex_lock(&health->lock);
    health->code = CODE_OK;
    atomic_store(&health->state, HEALTH_READY);
    (void)pthread_mutex_unlock(&health->lock);
}

enum health_state health_state(const struct health *health)
{
    return atomic_load(&health->state);
}

static enum code read_reason(struct health *health, struct err *err)
{
    enum code code;

    (void)pthread_mutex_lock(&health->lock);
    code = health->code;
    if (err)
        *err = health->why;
    (void)pthread_mutex_unlock(&health->lock);
    return code;
}

status health_check_write(struct health *health, struct err *err)
{
    return (status){ health_state(health) == HEALTH_READY ? CODE_OK : read_reason(health, err) };
}

status health_check_read(struct health *health, struct err *err)
{
    if (health_state(health) != HEALTH_DISTRUSTED)
        return OK;
    (void)read_reason(health, err);
    return (status){ CODE_UNAVAILABLE };
}
