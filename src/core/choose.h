/*
 * core/choose: which pool a check-out takes from.
 *
 * Candidates are the enforced pools of the feature that the taker may take from: its own, its teams', its
 * organisation's; for a service or admin of the installation, anybody's. Order: asked for by name, then the pool whose
 * terms end soonest among those with room (DESIGN section 5). Reads facts only.
 */
#ifndef CORE_CHOOSE_H
#define CORE_CHOOSE_H

#include "core/command.h"
#include "core/facts.h"

#define CHOOSE_POOLS_MAX    64 /* candidates looked at; a taker from any pool with more must name a licence or pool */
#define CHOOSE_FEATURES_MAX 64 /* of one bare name, looked at for a pool of the taker's */

enum choice_kind {
    CHOICE_FREE,      /* pool has room */
    CHOICE_FULL,      /* no candidate has room; pool is the best to wait in or to explain */
    CHOICE_NOT_FOUND, /* no such feature, licence or pool, or none that the taker may take from */
    CHOICE_AMBIGUOUS  /* the taker has pools of several features with that name, or too many pools fit */
};

struct choice {
    enum choice_kind kind;
    uint32_t pool;
    uint32_t feature;     /* NONE when not found */
    enum reason reason;   /* FULL: why the best candidate has no seat */
    int64_t others;       /* FULL: further candidates */
    struct str chosen_by; /* FREE: "asked", "only" or "soonest_end" */
};

struct choice choose_pool(const struct facts *facts, uint32_t taker, const struct lease_create *request);
/* Whether a pool has room for that many, and why not. A queue must not be overtaken. */
bool pool_has_room(const struct facts *facts, const struct pool *pool, int64_t quantity, enum reason *ret_reason);

#endif
