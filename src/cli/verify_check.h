/*
 * cli/verify_check: a ledger read once from its first entry to its last, and everything recomputed on the way.
 *
 *   hashes    each leaf's hash, each tile of every level, the root at the end and at every size that somebody signed
 *   key       the first entry names the key that signs
 *   time      entry times never go back (P7); an id was drawn at its entry's time, and no id occurs twice
 *   chains    each pool's and licence's numbers are gap-free and name the leaf before (verify_chains)
 *   changes   the entries of one change stand together, whole
 *   seats     no grant above the limit, every count as it says (verify_seats: P4 by a fold of its own)
 *   replay    on demand: the facts by the server's own rules, against what snapshots tell (verify_replay: P2)
 *   coverage  when the server ran, and where it ended without saying so
 *
 * It refuses to trust anything that it reads but the head it is told to end at. It shares entry_decode with the server,
 * which reads what the server wrote and nothing else, and but for that replay no other code that decides or
 * applies. Pure, one thread;
 * memory grows with live pools, licences, leases and tickets.
 *
 * Every error names the entry or the tile.
 */
#ifndef CLI_VERIFY_CHECK_H
#define CLI_VERIFY_CHECK_H

#include "cli/verify_chains.h"
#include "cli/verify_ids.h"
#include "cli/verify_replay.h"
#include "cli/verify_seats.h"
#include "core/entry.h"
#include "tlog/edge.h"

#define ANCHORS_MAX 8

/* A head that somebody signed or remembers: the tree must have had that root at that size. */
struct anchor {
    struct tree_head head;
    const char *who; /* "the signer's memory" */
};

struct coverage {
    uint64_t starts;
    uint64_t stops;     /* in good order */
    uint64_t silent;    /* ends without a word */
    int64_t running_ms; /* the server ran so long in all */
    int64_t since_ms;   /* of the run under way; 0: none */
    int64_t first_ms;
};

/* A ledger.snapshot entry: the facts after `size` entries had this hash. */
struct snapshot_claim {
    uint64_t size;
    uint64_t index; /* of the entry */
    struct hash hash;
};
#define CLAIMS_MAX (1u << 20) /* one a clean stop, or each 2^20 entries; more are forgotten, oldest first */

struct check {
    bool hashes_only;
    bool without_seats;
    struct str key; /* the ledger's verifier key, as its first entry must name it */
    /* Told each entry that fits so far; may be NULL. */
    status (*entry)(void *context, uint64_t index, const struct entry *entry, struct err *err);
    struct replay_check replay; /* begun by the caller, if it wants one */
    bool lacks_carried;         /* what a continued ledger took over is not at hand: chains go on from anywhere */
    /* Compares each full tile above level 0 that a leaf completes with the one that is kept. */
    status (*tile)(void *context, const struct edge_full *full, struct err *err);
    void *context;
    bool anchors_must; /* each lies within the ledger: one that does not shows that entries were lost */
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;

    struct edge edge;
    int64_t time_ms; /* of the newest entry */
    struct chains chains;
    struct recent_ids ids;
    struct seats seats;
    struct coverage coverage;
    struct id change; /* of the newest entry; none: it was one alone, or its change is complete */
    uint32_t change_k, change_n;
    uint64_t epoch;   /* of the newest writer */
    bool sealed;      /* by the newest entry: none may follow */
    bool has_carried; /* this ledger continues another (verify_heritage), with that image */
    struct hash carried;
    struct snapshot_claim *claims;
    size_t claim_count, claim_capacity;
    uint64_t tiles;
    size_t anchors_met;
    uint64_t met_size; /* of the largest anchor met */
};

/* The members above the empty line are set by the caller first. */
void check_begin(struct check *check);
void check_free(struct check *check);
/* Remembers a head to compare with. A ninth is not taken. */
void check_anchor(struct check *check, const struct tree_head *head, const char *who);
/*
 * The next entry with its hash, which the caller has computed, and compared with its full tile of level 0: so a changed
 * entry is named before anything else that it breaks. CODE_CORRUPT names the entry, or the tile.
 */
MUST_CHECK status check_leaf(struct check *check, struct str leaf, const struct hash *hash, struct err *err);
/* After the last: the root is that of the head, and no change is cut short. */
MUST_CHECK status check_end(struct check *check, const struct tree_head *head, struct err *err);
static inline uint64_t check_size(const struct check *check)
{
    return check->edge.tree.size;
}

#endif
