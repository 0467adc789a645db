/*
 * engine/carrier: the thread that takes one batch at a time into the store, while the engine decides the next one.
 *
 * It does nothing but wait for the disk: what becomes of the batch, and everything else, is the engine's business. The
 * store is the carrier's from carrier_take until carrier_end and the engine's else, so it is never used by two threads
 * at once. All functions from one thread, the engine's.
 */
#ifndef ENGINE_CARRIER_H
#define ENGINE_CARRIER_H

#include <pthread.h>
#include <stdbool.h>

#include "engine/queue.h"
#include "store/store.h"

struct carrier {
    pthread_mutex_t mutex; /* around `batch`, `done`, `stop` and what came of it */
    pthread_cond_t changed;
    struct store *store;
    struct queue *queue;             /* whose taker is woken when a batch is done */
    const struct store_batch *batch; /* under way, or done and not ended; NULL: none */
    bool done;
    bool stop;
    int64_t spent_us; /* of the last batch */
    status s;
    struct err err;
    pthread_t thread;
    bool started;
};

MUST_CHECK status carrier_start(struct carrier *carrier, struct store *store, struct queue *queue, struct err *err);
void carrier_stop(struct carrier *carrier); /* none may be under way; accepts one that was not started */

/* Begins to append the batch, which must stay as it is until carrier_end. None may be under way. */
void carrier_take(struct carrier *carrier, const struct store_batch *batch);
/* Whether the batch under way is still on its way to the disk. */
bool carrier_is_busy(struct carrier *carrier);
/* Waits for it; tells what store_append said, and how long that took. */
MUST_CHECK status carrier_end(struct carrier *carrier, int64_t *ret_spent_us, struct err *err);

#endif
