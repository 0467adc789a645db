/*
 * tlog/prove: a proof is a list of spans of leaves; a span's hash comes from tiles.
 *
 * Going down from the root (RFC 6962 sections 2.1.1 and 2.1.2), each step leaves one sibling behind: a span. A span is
 * a perfect subtree, or reaches to the end of the tree and is then several perfect subtrees side by side. Those lie in
 * one tile each, at the highest level that has them.
 */
#include "tlog/prove.h"

#include <assert.h>
#include <inttypes.h>

#include "base/memory.h"

/*
 * A log of 10 million entries has some 5,000 subtrees that are worth remembering and not in level 0; twice as many
 * places keep collisions rare.
 */
#define MEMOS 8192
/* A subtree lower than this above its tile's hashes takes less time to fold again than its tile takes to read. */
#define MEMO_MIN_HEIGHT 4

/* The leaves [start, end), end > start. */
struct span {
    uint64_t start;
    uint64_t end;
};

/* Each memo has one place, where a newer one replaces it. */
struct prove_memo {
    struct span span; /* all zero: free */
    struct hash hash;
};

/* What a descent leaves behind, in its order: the root's child first. */
struct descent {
    size_t count;
    struct span siblings[PROOF_MAX_HASHES];
};

status prover_open(struct prover *prover, struct tile_source tiles, struct err *err)
{
    struct prove_memo *memos = memory_new(MEMOS, sizeof *memos);

    if (!memos)
        return err_set(err, CODE_NO_MEMORY, "no memory for the hashes that proofs share");
    *prover = (struct prover){ .tiles = tiles, .memos = memos };
    return OK;
}

void prover_close(struct prover *prover)
{
    memory_free(prover->memos);
    *prover = (struct prover){ 0 };
}

static unsigned height_of(uint64_t leaves)
{
    return 63 - (unsigned)__builtin_clzll(leaves);
}

/* RFC 6962's k: the largest power of two below the number of leaves, which is at least 2. */
static uint64_t split(struct span span)
{
    return (uint64_t)1 << height_of(span.end - span.start - 1);
}

static status leave_behind(struct descent *descent, struct span sibling, struct err *err)
{
    if (descent->count == PROOF_MAX_HASHES)
        return err_set(err, CODE_TOO_LARGE, "a proof of more than %d hashes can't be sent", PROOF_MAX_HASHES);
    descent->siblings[descent->count++] = sibling;
    return OK;
}

/* Makes that tile's hashes those at hand. */
static status load(struct prover *prover, const struct tile *tile, struct err *err)
{
    struct tile *at_hand = &prover->tile;

    if (at_hand->level == tile->level && at_hand->n == tile->n && at_hand->width >= tile->width)
        return OK;
    at_hand->width = 0;
    TRY(prover->tiles.read(prover->tiles.from, tile, prover->hashes, err));
    *at_hand = *tile;
    return OK;
}

static bool is_perfect(struct span span)
{
    uint64_t leaves = span.end - span.start;

    return (leaves & (leaves - 1)) == 0;
}

/* The whole tile is read, as wide as the size allows, since its other hashes are wanted next. */
static status fold_perfect(struct prover *prover, struct span span, uint64_t size, struct hash *ret_hash,
                           struct err *err)
{
    struct hash part[TILE_WIDTH];
    unsigned height = height_of(span.end - span.start);
    unsigned level = height / TILE_HEIGHT;
    size_t count = (size_t)1 << height % TILE_HEIGHT;
    uint64_t first = span.start >> (level * TILE_HEIGHT);
    struct tile tile = { .level = level, .n = first / TILE_WIDTH };

    tile.width = tile_width_at(size, level, tile.n);
    TRY(load(prover, &tile, err));
    memcpy(part, &prover->hashes[first % TILE_WIDTH], count * sizeof part[0]);
    *ret_hash = tree_fold(part, count);
    return OK;
}

/*
 * The place of a span that is worth remembering, else NULL. Within one level-0 tile none is: there are as many of them
 * as entries, and they would push out the rest.
 */
static struct prove_memo *memo_place(struct prover *prover, struct span span)
{
    uint64_t leaves = span.end - span.start;
    uint64_t mixed = (span.start ^ (leaves * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;

    if (!prover->memos || leaves < TILE_WIDTH)
        return NULL;
    if (is_perfect(span) && height_of(leaves) % TILE_HEIGHT < MEMO_MIN_HEIGHT)
        return NULL;
    return &prover->memos[mixed >> 40 & (MEMOS - 1)];
}

/*
 * MTH of the span as RFC 6962 section 2.1 defines it, down to what one tile holds. The right half comes first: its
 * tiles are lower, and the proof goes on with the upper ones. At most 63 deep.
 */
static status span_hash(struct prover *prover, struct span span, uint64_t size, struct hash *ret_hash, struct err *err)
{
    struct prove_memo *memo = memo_place(prover, span);
    struct hash left, hash;

    if (memo && memo->span.start == span.start && memo->span.end == span.end) {
        *ret_hash = memo->hash;
        return OK;
    }
    if (is_perfect(span)) {
        TRY(fold_perfect(prover, span, size, &hash, err));
    } else {
        uint64_t middle = span.start + split(span);

        TRY(span_hash(prover, (struct span){ middle, span.end }, size, &hash, err));
        TRY(span_hash(prover, (struct span){ span.start, middle }, size, &left, err));
        hash = hash_node(&left, &hash);
    }
    if (memo)
        *memo = (struct prove_memo){ .span = span, .hash = hash };
    *ret_hash = hash;
    return OK;
}

/* A proof names the siblings from the leaf up, the descent met them from the root down. */
static status span_hashes(struct prover *prover, const struct descent *descent, uint64_t size,
                          struct tree_path *ret_path, struct err *err)
{
    struct tree_path path = { .count = descent->count };

    for (size_t i = 0; i < path.count; i++)
        TRY(span_hash(prover, descent->siblings[path.count - 1 - i], size, &path.hashes[i], err));
    *ret_path = path;
    return OK;
}

static status check_size(uint64_t size, struct err *err)
{
    if (size > TREE_MAX_LEAVES)
        return err_set(err, CODE_INVALID, "a tree of %" PRIu64 " leaves is larger than any can be", size);
    return OK;
}

status prove_inclusion(struct prover *prover, uint64_t index, uint64_t size, struct tree_path *ret_path,
                       struct err *err)
{
    struct descent descent = { 0 };
    struct span span = { 0, size };

    TRY(check_size(size, err));
    if (index >= size)
        return err_set(err, CODE_INVALID, "index %" PRIu64 " is not in a tree of %" PRIu64 " leaves", index, size);
    while (span.end - span.start > 1) {
        uint64_t middle = span.start + split(span);

        if (index < middle) {
            TRY(leave_behind(&descent, (struct span){ middle, span.end }, err));
            span.end = middle;
        } else {
            TRY(leave_behind(&descent, (struct span){ span.start, middle }, err));
            span.start = middle;
        }
    }
    return span_hashes(prover, &descent, size, ret_path, err);
}

/* 0 < older size < newer size. */
static status prove_growth(struct prover *prover, uint64_t older_size, uint64_t newer_size, struct tree_path *ret_proof,
                           struct err *err)
{
    struct descent descent = { 0 };
    struct span span = { 0, newer_size };

    while (span.end != older_size) {
        uint64_t middle = span.start + split(span);

        if (older_size <= middle) {
            TRY(leave_behind(&descent, (struct span){ middle, span.end }, err));
            span.end = middle;
        } else {
            TRY(leave_behind(&descent, (struct span){ span.start, middle }, err));
            span.start = middle;
        }
    }
    /* What is left is the end of the older tree. When it is all of it, the verifier has its root. */
    if (span.start != 0)
        TRY(leave_behind(&descent, span, err));
    return span_hashes(prover, &descent, newer_size, ret_proof, err);
}

status prove_consistency(struct prover *prover, uint64_t older_size, uint64_t newer_size, struct tree_path *ret_proof,
                         struct err *err)
{
    TRY(check_size(newer_size, err));
    if (older_size > newer_size)
        return err_set(err, CODE_INVALID, "a tree of %" PRIu64 " leaves can't extend one of %" PRIu64, newer_size,
                       older_size);
    if (older_size > 0 && older_size < newer_size)
        return prove_growth(prover, older_size, newer_size, ret_proof, err);
    *ret_proof = (struct tree_path){ 0 };
    return OK;
}

status prove_root(struct prover *prover, uint64_t size, struct hash *ret_root, struct err *err)
{
    TRY(check_size(size, err));
    if (size > 0)
        return span_hash(prover, (struct span){ 0, size }, size, ret_root, err);
    *ret_root = hash_of(STR_NONE);
    return OK;
}
