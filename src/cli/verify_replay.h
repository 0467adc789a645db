/*
 * cli/verify_replay: the facts once more, by the server's own rules, from the first entry on (P2).
 *
 * `tally verify` otherwise shares no code with what decides and applies; here it shares exactly that, and asks another
 * question: whether what a server keeps beside the ledger is what the ledger gives. The hash of the rebuilt facts is
 * compared with each ledger.snapshot entry that tells it for the entries so far, with those told for a size that was
 * known before (of snapshot files, of a running server), and with those that are only told later, as far as they are.
 * Pure; memory is the server's own for its facts.
 */
#ifndef CLI_VERIFY_REPLAY_H
#define CLI_VERIFY_REPLAY_H

#include "core/entry.h"
#include "core/facts.h"
#include "crypto/hash.h"

#define POINTS_MAX 8

/* The facts' hash at a size that somebody wants to know. */
struct replay_point {
    uint64_t size;
    struct hash hash;
    bool reached;
};

struct replay_check {
    struct facts *facts; /* NULL: nothing is replayed */
    struct replay_point points[POINTS_MAX];
    size_t point_count;
    uint64_t compared; /* entries that tell a hash, which is right */
    uint64_t passed;   /* entries that tell one for a size that was passed without looking */
};

MUST_CHECK status replay_check_begin(struct replay_check *replay, struct err *err);
void replay_check_free(struct replay_check *replay);
/* Before the replay gets there. A ninth is not taken. */
void replay_check_want(struct replay_check *replay, uint64_t size);
/* The point of that size, once it was reached; else NULL. */
const struct replay_point *replay_check_at(const struct replay_check *replay, uint64_t size);
/* The next entry. CODE_CORRUPT: it can't be applied, or tells another hash than the facts have. */
MUST_CHECK status replay_check_add(struct replay_check *replay, const struct entry *entry, const struct hash *leaf,
                                   struct err *err);

#endif
