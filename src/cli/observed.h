/*
 * cli/observed: what the ledger's own leaves say about observed use: for each pool its peak, seat-seconds and counts.
 *
 * A fold over leaves alone, so that the figures that `tally observe` prints are the ledger's and no hearsay. Times are
 * those of the observed log (occurred_at). What is open at the end counts to the last moment that the log is known to.
 * Bounded by pools and leases (P9). Pure.
 */
#ifndef CLI_OBSERVED_H
#define CLI_OBSERVED_H

#include "base/arena.h"
#include "cli/id_table.h"
#include "core/entry.h"

struct observed_pool {
    struct id id;
    struct str feature; /* product/feature */
    uint64_t grants, returns, denied, unmatched, closed_by_restart, open;
    int64_t used, peak;
    int64_t seat_ms;
};

struct observed {
    struct id_table pools;
    struct id_table leases;
    struct arena names;
    int64_t last_ms;
};

struct observed observed_begin(void);
void observed_free(struct observed *observed);
/* Any leaf; those about other things are passed over. */
MUST_CHECK status observed_add(struct observed *observed, struct str leaf, struct err *err);
/* Counts the time of what is still open. Once. */
void observed_end(struct observed *observed);
/* Pools in the order of their first observation: from 0 to `count` - 1. */
static inline size_t observed_count(const struct observed *observed)
{
    return observed->pools.records.used;
}
static inline const struct observed_pool *observed_pool_at(const struct observed *observed, size_t number)
{
    return table_at(&observed->pools.records, (uint32_t)number);
}

#endif
