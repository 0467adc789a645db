/*
 * engine/history: whether a ledger is still the one whose head was signed last (P3).
 *
 * Who opens a ledger asks this before anything is signed: the signer itself sees only sizes and roots, so a ledger that
 * has lost its tail, or is another one, would be signed as soon as it has grown past the old head.
 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "store/store.h"
#include "tlog/edge.h"

/* A reader's full tiles; it must outlive what this returns. */
struct tile_source history_tiles(struct store_reader *reader);
/*
 * OK when the tree of this edge, whose full tiles the reader has, begins with the tree `last`. CODE_CORRUPT when it is
 * shorter, or begins otherwise; the text says which. Failures of the store are passed on.
 */
MUST_CHECK status history_check(struct store_reader *reader, const struct edge *edge, const struct tree_head *last,
                                struct err *err);

#endif
