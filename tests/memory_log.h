/*
 * tests/memory_log.h: what the tests of tlog share: a tiled log in memory, and RFC 6962's definitions written down once
 * more, as they stand there, to judge the real code by.
 *
 * The log keeps full tiles as a store would: each is written once, when edge_append says that it is full.
 */
#ifndef TESTS_MEMORY_LOG_H
#define TESTS_MEMORY_LOG_H

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "test.h"
#include "tlog/edge.h"
#include "tlog/hash_text.h"

#define MEMORY_LOG_LEVELS 3 /* enough for 2^24 leaves */

struct memory_log {
    struct edge edge;
    struct hash *leaves; /* all leaf hashes, for the definitions */
    size_t capacity;
    struct hash *full[MEMORY_LOG_LEVELS]; /* tile after tile */
    size_t full_capacity[MEMORY_LOG_LEVELS];
    uint64_t full_count[MEMORY_LOG_LEVELS]; /* tiles */
    unsigned reads;                         /* of tiles, partial ones too */
    unsigned fail_at;                       /* fails the read of that number, counted from 1; 0: none */
};

static inline void memory_log_free(struct memory_log *log)
{
    memory_free(log->leaves);
    for (int i = 0; i < MEMORY_LOG_LEVELS; i++)
        memory_free(log->full[i]);
    memory_free(log);
}

static inline void memory_log_close(struct memory_log **log)
{
    if (*log)
        memory_log_free(*log);
}

/* A fresh log on the heap: the edge alone is 64 KiB. */
static inline struct memory_log *memory_log_new(void)
{
    struct memory_log *log = memory_new(1, sizeof *log);

    assert(log);
    return log;
}

static inline void memory_log_room(void *array, size_t *capacity, size_t want)
{
    void *at = *(void **)array;
    status grown = memory_grow(&at, capacity, want, SIZE_MAX / sizeof(struct hash), sizeof(struct hash));

    assert(grown.code == CODE_OK);
    *(void **)array = at;
}

static inline void memory_log_append(struct memory_log *log, const struct hash *leaf)
{
    struct edge_full full[TILE_LEVELS];
    uint64_t size = log->edge.tree.size;
    unsigned count = edge_append(&log->edge, leaf, full);

    memory_log_room(&log->leaves, &log->capacity, size + 1);
    log->leaves[size] = *leaf;
    for (unsigned i = 0; i < count; i++) {
        unsigned level = full[i].level;

        assert(level < MEMORY_LOG_LEVELS);
        CHECK_INT(full[i].n, log->full_count[level]);
        memory_log_room(&log->full[level], &log->full_capacity[level], (full[i].n + 1) * TILE_WIDTH);
        memcpy(&log->full[level][full[i].n * TILE_WIDTH], full[i].hashes, TILE_BYTES);
        log->full_count[level]++;
    }
}

/* Leaves are the texts "entry 0", "entry 1", … of the shared vectors. */
static inline struct hash memory_log_entry(uint64_t i)
{
    char text[32];
    int len = snprintf(text, sizeof text, "entry %" PRIu64, i);

    return hash_leaf((struct str){ text, (size_t)len });
}

static inline void memory_log_grow(struct memory_log *log, uint64_t size)
{
    for (uint64_t i = log->edge.tree.size; i < size; i++) {
        struct hash leaf = memory_log_entry(i);

        memory_log_append(log, &leaf);
    }
}

/* Partial tiles of level 0 come from the leaves, as a store makes them from the last entries; others from the edge. */
static inline status memory_log_read(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    struct memory_log *log = from;
    const struct hash *hashes;

    log->reads++;
    if (log->fail_at && log->reads == log->fail_at) {
        memset(ret_hashes, 0xee, tile->width * sizeof *ret_hashes);
        return err_set(err, CODE_IO, "the tile can't be read");
    }
    if (tile->level < MEMORY_LOG_LEVELS && tile->n < log->full_count[tile->level])
        hashes = &log->full[tile->level][tile->n * TILE_WIDTH];
    else if (tile->level == 0 && tile->n * TILE_WIDTH + tile->width <= log->edge.tree.size)
        hashes = &log->leaves[tile->n * TILE_WIDTH];
    else if (edge_tile(&log->edge, tile))
        hashes = edge_tile(&log->edge, tile);
    else
        return err_set(err, CODE_NOT_FOUND, "no such tile");
    memcpy(ret_hashes, hashes, tile->width * sizeof *hashes);
    return OK;
}

static inline struct tile_source memory_log_tiles(struct memory_log *log)
{
    return (struct tile_source){ .read = memory_log_read, .from = log };
}

/* RFC 6962 section 2.1: the largest power of two smaller than n. */
static inline uint64_t rfc_split(uint64_t n)
{
    uint64_t k = 1;

    while (k * 2 < n)
        k *= 2;
    return k;
}

/* MTH(D[n]) over leaf hashes. */
static inline struct hash rfc_root(const struct hash *leaves, uint64_t n)
{
    uint64_t k = rfc_split(n);
    struct hash left, right;

    if (n == 0)
        return hash_of(STR_NONE);
    if (n == 1)
        return leaves[0];
    left = rfc_root(leaves, k);
    right = rfc_root(leaves + k, n - k);
    return hash_node(&left, &right);
}

/* PATH(m, D[n]), section 2.1.1. */
static inline void rfc_path(uint64_t m, const struct hash *leaves, uint64_t n, struct tree_path *path)
{
    uint64_t k = rfc_split(n);

    if (n <= 1)
        return;
    rfc_path(m < k ? m : m - k, m < k ? leaves : leaves + k, m < k ? k : n - k, path);
    path->hashes[path->count++] = m < k ? rfc_root(leaves + k, n - k) : rfc_root(leaves, k);
}

/* SUBPROOF(m, D[n], b), section 2.1.2. */
static inline void rfc_subproof(uint64_t m, const struct hash *leaves, uint64_t n, bool b, struct tree_path *proof)
{
    uint64_t k = rfc_split(n);

    if (m == n) {
        if (!b)
            proof->hashes[proof->count++] = rfc_root(leaves, n);
    } else if (m <= k) {
        rfc_subproof(m, leaves, k, b, proof);
        proof->hashes[proof->count++] = rfc_root(leaves + k, n - k);
    } else {
        rfc_subproof(m - k, leaves + k, n - k, false, proof);
        proof->hashes[proof->count++] = rfc_root(leaves, k);
    }
}

static inline bool path_eq(const struct tree_path *a, const struct tree_path *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!hash_eq(&a->hashes[i], &b->hashes[i]))
            return false;
    }
    return true;
}

#endif
