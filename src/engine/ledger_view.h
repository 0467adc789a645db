/*
 * engine/ledger_view: the ledger as those see it who read: proofs, tiles and entries, for worker threads.
 *
 * A view is one published checkpoint, a reader of the store, and what earlier proofs have learned. It belongs to one
 * thread from ledger_view_open to ledger_view_close; views are made when they are first needed and used again.
 *
 * Proofs, tiles and bundles end where the published checkpoint does: what lies beyond is CODE_NOT_FOUND, since no
 * client can ask for it rightly (formats: C2SP tlog-tiles). Entries are given as soon as they are durable. Nothing here
 * decides who may see what.
 *
 * It refuses to hand out a proof that does not lead to the published root (P3). Failures of the store are passed on.
 */
#ifndef ENGINE_LEDGER_VIEW_H
#define ENGINE_LEDGER_VIEW_H

#include "engine/publisher.h"
#include "store/store.h"
#include "tlog/proof.h"

struct ledger_views;
struct ledger_view;

/* At most `max` views at a time, one for each worker thread. Store and publisher must outlive them. */
MUST_CHECK status ledger_views_new(struct store *store, struct publisher *publisher, unsigned max,
                                   struct ledger_views **ret_views);
/* All must be closed. Accepts NULL. */
void ledger_views_free(struct ledger_views *views);

/* A view of the newest checkpoint. CODE_BUSY when `max` are open. */
MUST_CHECK status ledger_view_open(struct ledger_views *views, struct ledger_view **ret_view, struct err *err);
void ledger_view_close(struct ledger_view *view); /* accepts NULL */
/* NULL before the first checkpoint; valid until the view is closed. */
const struct publication *ledger_view_publication(const struct ledger_view *view);
/* For what else the store has: private texts. */
struct store_reader *ledger_view_reader(const struct ledger_view *view);

/*
 * Appends the tlog-proof of that entry under the view's checkpoint, checked with the entry's hash: CODE_CORRUPT when
 * it does not lead to the root. `leaf` is that hash as the caller knows it; when it is NULL, the one that was published
 * in the entry's tile is taken, and whoever has the entry will see whether it is the same.
 */
MUST_CHECK status ledger_view_proof(struct ledger_view *view, uint64_t index, const struct hash *leaf, struct buf *text,
                                    struct err *err);
/* As ledger_view_proof, under another checkpoint of this ledger that is not newer than the view's. */
struct proof_wanted {
    uint64_t index;
    const struct hash *leaf; /* as above */
    struct tree_head head;
    struct str checkpoint; /* the signed note of that head */
};
MUST_CHECK status ledger_view_proof_under(struct ledger_view *view, const struct proof_wanted *wanted, struct buf *text,
                                          struct err *err);
/* That the tree of `newer` entries extends that of `older`. CODE_INVALID when older > newer. */
MUST_CHECK status ledger_view_consistency(struct ledger_view *view, uint64_t older, uint64_t newer,
                                          struct tree_path *ret_proof, struct err *err);
/*
 * Appends the bytes that a tile's path names: hashes, or an entry bundle; full, or of any width that the log has had.
 */
MUST_CHECK status ledger_view_tile(struct ledger_view *view, const struct tile *tile, struct buf *bytes,
                                   struct err *err);

/* An entry with its leaf hash; the rules are those of store_entry_visitor. */
struct ledger_entry {
    uint64_t index;
    struct str leaf;
    struct hash hash;
};
struct ledger_entry_visitor {
    status (*visit)(void *context, const struct ledger_entry *entry, struct err *err);
    void *context;
};
/* As store_entries_read. */
MUST_CHECK status ledger_view_entries(struct ledger_view *view, const struct store_range *range,
                                      const struct ledger_entry_visitor *visitor, uint64_t *ret_next, struct err *err);

#endif
