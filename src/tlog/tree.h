/*
 * tlog/tree: the Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1 with SHA-256).
 *
 * Owns the growing head of a tree in at most 63 hashes (a compact range), and the two checks that a client makes:
 * inclusion and consistency (P3). It refuses to store leaves: tlog/edge and tlog/prove work on tiles. Pure; a value may
 * be used by one thread at a time.
 */
#ifndef TLOG_TREE_H
#define TLOG_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "crypto/hash.h"

/* What a checkpoint says about a tree. */
struct tree_head {
    uint64_t size; /* leaves, at most TREE_MAX_LEAVES */
    struct hash root;
};

/* An inclusion path (leaf's sibling first, root's child last) or a consistency proof. */
struct tree_path {
    size_t count;
    struct hash hashes[PROOF_MAX_HASHES];
};

/*
 * A zeroed tree is the empty one. Kept: one hash for each set bit of size, the root of the largest perfect subtree
 * first.
 */
struct tree {
    uint64_t size;
    size_t count;
    struct hash range[PROOF_MAX_HASHES];
};

/* The tree must be smaller than TREE_MAX_LEAVES. */
void tree_append(struct tree *tree, const struct hash *leaf_hash);
/* SHA-256 of nothing when the tree is empty. */
struct hash tree_root(const struct tree *tree);
struct tree_head tree_head(const struct tree *tree);

/*
 * The root of the perfect tree over `count` hashes (a power of two, at least 1). Works in place: hashes[] is rubbish
 * afterwards.
 */
struct hash tree_fold(struct hash *hashes, size_t count);

/*
 * OK when `path` shows that the leaf with this hash is number `index` (from 0) of the tree with this head.
 * CODE_CORRUPT when it does not, also for an index past the end and for a path that is too long or too short.
 */
MUST_CHECK status tree_check_inclusion(const struct tree_head *head, uint64_t index, const struct hash *leaf_hash,
                                       const struct tree_path *path, struct err *err);

/*
 * OK when `proof` shows that the tree `newer` starts with the leaves of the tree `older`. An empty older tree is a
 * prefix of every tree and equal sizes need equal roots, both with an empty proof (the C2SP protocols' rule).
 * CODE_CORRUPT for anything else, also when `older` is larger.
 */
MUST_CHECK status tree_check_consistency(const struct tree_head *older, const struct tree_head *newer,
                                         const struct tree_path *proof, struct err *err);

#endif
