/*
 * tlog/tree: appending, and the verification algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
 */
#include "tlog/tree.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>

/*
 * Each trailing set bit of the old size is a perfect subtree as large as the one that is being added: they join, as
 * carries do when a binary counter counts up.
 */
void tree_append(struct tree *tree, const struct hash *leaf_hash)
{
    struct hash hash = *leaf_hash;

    assert(tree->size < TREE_MAX_LEAVES);
    for (uint64_t bits = tree->size; bits & 1; bits >>= 1)
        hash = hash_node(&tree->range[--tree->count], &hash);
    tree->range[tree->count++] = hash;
    tree->size++;
}

struct hash tree_root(const struct tree *tree)
{
    struct hash root;

    if (tree->count == 0)
        return hash_of(STR_NONE);
    root = tree->range[tree->count - 1];
    for (size_t i = tree->count - 1; i > 0; i--)
        root = hash_node(&tree->range[i - 1], &root);
    return root;
}

struct tree_head tree_head(const struct tree *tree)
{
    return (struct tree_head){ .size = tree->size, .root = tree_root(tree) };
}

struct hash tree_fold(struct hash *hashes, size_t count)
{
    assert(count > 0 && (count & (count - 1)) == 0);
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++)
            hashes[i] = hash_node(&hashes[2 * i], &hashes[2 * i + 1]);
    }
    return hashes[0];
}

/*
 * A walk from a leaf up to the root: `place` is the number of the node in its row, `last` that of the row's last node.
 * Where the node is the last one and a left child, its row has no sibling for it and the walk rises silently.
 */
struct walk {
    uint64_t place;
    uint64_t last;
};

/* True when the next hash of a path stands left of the node; the walk rises to the row that hash leads to. */
static bool rise(struct walk *walk)
{
    bool sibling_is_left = (walk->place & 1) || walk->place == walk->last;

    if (sibling_is_left) {
        while (!(walk->place & 1) && walk->place != 0) {
            walk->place >>= 1;
            walk->last >>= 1;
        }
    }
    walk->place >>= 1;
    walk->last >>= 1;
    return sibling_is_left;
}

status tree_check_inclusion(const struct tree_head *head, uint64_t index, const struct hash *leaf_hash,
                            const struct tree_path *path, struct err *err)
{
    struct walk walk = { .place = index, .last = head->size - 1 };
    struct hash hash = *leaf_hash;

    if (index >= head->size)
        return err_set(err, CODE_CORRUPT, "index %" PRIu64 " is not in a tree of %" PRIu64 " leaves", index,
                       head->size);
    for (size_t i = 0; i < path->count; i++) {
        if (walk.last == 0)
            return err_set(err, CODE_CORRUPT, "the inclusion path has %zu hashes, expected %zu", path->count, i);
        hash = rise(&walk) ? hash_node(&path->hashes[i], &hash) : hash_node(&hash, &path->hashes[i]);
    }
    if (walk.last != 0)
        return err_set(err, CODE_CORRUPT, "the inclusion path has only %zu hashes", path->count);
    if (!hash_eq(&hash, &head->root))
        return err_set(err, CODE_CORRUPT, "the inclusion path of index %" PRIu64 " leads to another root", index);
    return OK;
}

/* What a consistency proof leads to: one walk up to both roots. */
struct roots {
    struct hash older;
    struct hash newer;
};

/* From the root of the largest perfect subtree that both trees share, by the hashes from number `next` on. */
static status climb(struct walk walk, const struct tree_path *proof, size_t next, struct roots *roots, struct err *err)
{
    for (size_t i = next; i < proof->count; i++) {
        const struct hash *hash = &proof->hashes[i];

        if (walk.last == 0)
            return err_set(err, CODE_CORRUPT, "the consistency proof has %zu hashes, expected %zu", proof->count, i);
        if (rise(&walk)) {
            roots->older = hash_node(hash, &roots->older);
            roots->newer = hash_node(hash, &roots->newer);
        } else {
            roots->newer = hash_node(&roots->newer, hash);
        }
    }
    if (walk.last != 0)
        return err_set(err, CODE_CORRUPT, "the consistency proof has only %zu hashes", proof->count);
    return OK;
}

/* 0 < older size < newer size. */
static status check_growth(const struct tree_head *older, const struct tree_head *newer, const struct tree_path *proof,
                           struct err *err)
{
    struct walk walk = { .place = older->size - 1, .last = newer->size - 1 };
    bool older_is_perfect = (older->size & (older->size - 1)) == 0;
    struct roots roots;

    if (proof->count == 0)
        return err_set(err, CODE_CORRUPT, "the consistency proof is empty");
    while (walk.place & 1) {
        walk.place >>= 1;
        walk.last >>= 1;
    }
    /* A perfect older tree is itself the shared subtree, so its root is not repeated in the proof. */
    roots.older = roots.newer = older_is_perfect ? older->root : proof->hashes[0];
    TRY(climb(walk, proof, older_is_perfect ? 0 : 1, &roots, err));
    if (!hash_eq(&roots.older, &older->root))
        return err_set(err, CODE_CORRUPT, "the consistency proof leads to another root at size %" PRIu64, older->size);
    if (!hash_eq(&roots.newer, &newer->root))
        return err_set(err, CODE_CORRUPT, "the consistency proof leads to another root at size %" PRIu64, newer->size);
    return OK;
}

status tree_check_consistency(const struct tree_head *older, const struct tree_head *newer,
                              const struct tree_path *proof, struct err *err)
{
    if (older->size > newer->size)
        return err_set(err, CODE_CORRUPT, "a tree of %" PRIu64 " leaves can't extend one of %" PRIu64, newer->size,
                       older->size);
    if (older->size > 0 && older->size < newer->size)
        return check_growth(older, newer, proof, err);
    if (proof->count != 0)
        return err_set(err, CODE_CORRUPT, "the consistency proof from %" PRIu64 " to %" PRIu64 " must be empty",
                       older->size, newer->size);
    if (older->size == newer->size && !hash_eq(&older->root, &newer->root))
        return err_set(err, CODE_CORRUPT, "two trees of %" PRIu64 " leaves have different roots", newer->size);
    return OK;
}
