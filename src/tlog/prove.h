/*
 * tlog/prove: inclusion paths, consistency proofs and roots of any size, built from tiles.
 *
 * Owns one tile's worth of scratch and, when opened with memory, the hashes of subtrees it had to fold, so that proofs
 * near each other in time share the work above level 0. What it remembers never goes stale: a subtree's leaves never
 * change (P3). It reads no tile where a level above holds the hash, and trusts what it reads: a wrong tile gives a
 * proof that verifies for nobody. Pure but for the source. One prover serves one thread and one log.
 *
 * A zeroed prover with `tiles` set works without memory. Sizes may differ from call to call; the source must have the
 * tiles of the size asked for. Failures are those of the source, which are passed on.
 */
#ifndef TLOG_PROVE_H
#define TLOG_PROVE_H

#include "tlog/tile.h"
#include "tlog/tree.h"

struct prove_memo;

struct prover {
    struct tile_source tiles;
    struct prove_memo *memos; /* NULL: remembers nothing */
    struct tile tile;         /* which `hashes` are at hand; none when its width is 0 */
    struct hash hashes[TILE_WIDTH];
};

/* Takes about 400 KiB. Close with prover_close. */
MUST_CHECK status prover_open(struct prover *prover, struct tile_source tiles, struct err *err);
void prover_close(struct prover *prover);

/* CODE_INVALID when the index is not below the size, or the size is above TREE_MAX_LEAVES. */
MUST_CHECK status prove_inclusion(struct prover *prover, uint64_t index, uint64_t size, struct tree_path *ret_path,
                                  struct err *err);
/* Empty when the older size is 0 or equal. CODE_INVALID when it is larger, or the newer is above TREE_MAX_LEAVES. */
MUST_CHECK status prove_consistency(struct prover *prover, uint64_t older_size, uint64_t newer_size,
                                    struct tree_path *ret_proof, struct err *err);
/* The root at any size that the log has had. */
MUST_CHECK status prove_root(struct prover *prover, uint64_t size, struct hash *ret_root, struct err *err);

#endif
