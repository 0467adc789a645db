/*
 * engine/carrier: one condition for both sides; each waits for what the other one does.
 */
#include "engine/carrier.h"

#include <assert.h>

#include "base/clock.h"

static void *run(void *context)
{
    struct carrier *carrier = context;

    pthread_mutex_lock(&carrier->mutex);
    while (!carrier->stop) {
        struct err err = { 0 };
        int64_t began_us;
        status s;

        if (!carrier->batch || carrier->done) {
            pthread_cond_wait(&carrier->changed, &carrier->mutex);
            continue;
        }
        pthread_mutex_unlock(&carrier->mutex);
        began_us = clock_running_us();
        s = store_append(carrier->store, carrier->batch, &err);
        pthread_mutex_lock(&carrier->mutex);
        carrier->spent_us = clock_running_us() - began_us;
        carrier->s = s;
        carrier->err = err;
        carrier->done = true;
        pthread_cond_signal(&carrier->changed);
        queue_wake(carrier->queue);
    }
    pthread_mutex_unlock(&carrier->mutex);
    return NULL;
}

status carrier_start(struct carrier *carrier, struct store *store, struct queue *queue, struct err *err)
{
    *carrier = (struct carrier){ .store = store, .queue = queue };
    (void)pthread_mutex_init(&carrier->mutex, NULL); /* with no attributes neither can fail */
    (void)pthread_cond_init(&carrier->changed, NULL);
    if (pthread_create(&carrier->thread, NULL, run, carrier))
        return err_set(err, CODE_NO_MEMORY, "the system gave no thread for the commits");
    carrier->started = true;
    return OK;
}

void carrier_stop(struct carrier *carrier)
{
    if (!carrier->started)
        return;
    assert(!carrier->batch);
    pthread_mutex_lock(&carrier->mutex);
    carrier->stop = true;
    pthread_cond_signal(&carrier->changed);
    pthread_mutex_unlock(&carrier->mutex);
    pthread_join(carrier->thread, NULL);
    pthread_cond_destroy(&carrier->changed);
    pthread_mutex_destroy(&carrier->mutex);
    carrier->started = false;
}

void carrier_take(struct carrier *carrier, const struct store_batch *batch)
{
    pthread_mutex_lock(&carrier->mutex);
    assert(!carrier->batch);
    carrier->batch = batch;
    carrier->done = false;
    pthread_cond_signal(&carrier->changed);
    pthread_mutex_unlock(&carrier->mutex);
}

bool carrier_is_busy(struct carrier *carrier)
{
    bool busy;

    pthread_mutex_lock(&carrier->mutex);
    busy = carrier->batch && !carrier->done;
    pthread_mutex_unlock(&carrier->mutex);
    return busy;
}

status carrier_end(struct carrier *carrier, int64_t *ret_spent_us, struct err *err)
{
    struct err why;
    status s;

    pthread_mutex_lock(&carrier->mutex);
    assert(carrier->batch);
    while (!carrier->done)
        pthread_cond_wait(&carrier->changed, &carrier->mutex);
    carrier->batch = NULL;
    s = carrier->s;
    why = carrier->err;
    *ret_spent_us = carrier->spent_us;
    pthread_mutex_unlock(&carrier->mutex);
    return s.code ? err_set(err, s.code, "%s", why.text) : OK;
}
