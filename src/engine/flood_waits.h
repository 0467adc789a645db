/*
 * engine/flood_waits: jobs whose answer waits for the roll-up of their flood (core/flood), found by its key. Engine's
 * thread.
 */
#ifndef ENGINE_FLOOD_WAITS_H
#define ENGINE_FLOOD_WAITS_H

#include "core/flood.h"
#include "engine/queue.h"

#define FLOOD_WAITS_BUCKETS 1024 /* for FLOOD_SOURCES_MAX keys: a handful each when all of them flood at once */

struct flood_wait;

struct flood_waits {
    struct flood_wait *buckets[FLOOD_WAITS_BUCKETS];
    uint32_t jobs; /* that wait */
};

/* CODE_NO_MEMORY: the job does not wait. */
MUST_CHECK status flood_waits_add(struct flood_waits *waits, const struct flood_key *key, struct job *job);
/* Those who waited for that key, in their order. */
struct job_list flood_waits_end(struct flood_waits *waits, const struct flood_key *key);
/* Everybody who waits, for whatever key. */
struct job_list flood_waits_end_all(struct flood_waits *waits);

#endif
