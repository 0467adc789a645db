/*
 * service/flexnet_usage: what a FlexNet debug log says about the use of each feature.
 *
 * A fold over the events of flexnet_log, by the rules by which the server folds the same events into observed leases:
 * each grant is a lease of its own; a return ends the oldest open lease with the same daemon, feature, user, host and
 * quantity; a return without one is counted; a restart ends every open lease of its daemons; what is open at the end
 * counts to the log's last line. Seats in use rise and fall in the order of lines, and so does their peak, whatever the
 * times say. A lease whose end is stamped before its beginning (a clock was set back) counts no time.
 *
 * It keeps no history, writes nothing and knows no ledger: `tally observe` prints it as its summary, and tests compare
 * it with the ledger and with tests/oracle/flexnet_usage.py, which was written from the format alone.
 *
 * Memory grows with the distinct features and holders and with the leases open at once, each bounded (P9). Pure (P10),
 * not for several threads.
 */
#ifndef SERVICE_FLEXNET_USAGE_H
#define SERVICE_FLEXNET_USAGE_H

#include "base/arena.h"
#include "base/map.h"
#include "base/table.h"
#include "service/flexnet_log.h"

#define FLEXNET_FEATURES_MAX    (1u << 16) /* the largest licence files have a few thousand */
#define FLEXNET_GROUPS_MAX      (1u << 22) /* distinct feature, user, host and quantity: years of a large site */
#define FLEXNET_OPEN_MAX        (1u << 22) /* leases open at once */
#define FLEXNET_NAMES_MAX_BYTES ((size_t)1 << 30)

struct flexnet_feature {
    struct str product; /* the vendor daemon */
    struct str name;
    uint64_t grants;
    uint64_t returns;           /* that ended a lease */
    uint64_t inactive;          /* of these, those by the daemon for inactivity */
    uint64_t unmatched;         /* returns of what was not open */
    uint64_t closed_by_restart; /* leases */
    uint64_t open;              /* leases, now */
    uint64_t denied;
    uint64_t unsupported;
    uint64_t used; /* seats, now */
    uint64_t peak;
    uint64_t seat_seconds; /* of ended leases; after flexnet_usage_end of all. Stays at its maximum when it passes it */
};

struct flexnet_usage {
    struct table features; /* struct flexnet_feature */
    struct table groups;   /* open leases that a return can't tell apart */
    struct table leases;
    struct arena names;
    struct map features_by_name, groups_by_key;
    uint64_t restarts; /* that can have closed leases */
    int64_t last_ms;   /* of the newest line */
};

struct flexnet_usage flexnet_usage_start(void);
void flexnet_usage_free(struct flexnet_usage *usage);
/* Any event, in order. On CODE_NO_MEMORY or, at one of the bounds above, CODE_TOO_LARGE, nothing of it is counted. */
MUST_CHECK status flexnet_usage_add(struct flexnet_usage *usage, const struct flexnet_event *event);
/* Counts the time of what is open up to the log's last line; it stays open. Once, when everything was added. */
void flexnet_usage_end(struct flexnet_usage *usage);

/* Features are numbered from 0 in the order of their first event. */
size_t flexnet_usage_count(const struct flexnet_usage *usage);
const struct flexnet_feature *flexnet_usage_feature(const struct flexnet_usage *usage, size_t number);
/* NULL when no event named it. */
const struct flexnet_feature *flexnet_usage_find(const struct flexnet_usage *usage, struct str product,
                                                 struct str name);

#endif
