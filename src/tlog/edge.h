/*
 * tlog/edge: the right edge of a growing tiled log: the unfinished tile of each level, and the tree's head.
 *
 * Owns what changes with each leaf; refuses to keep what never changes again: a full tile is handed to the caller once
 * and forgotten. 64 KiB, no pointers. One writer; readers get a copy (edge_copy), which then belongs to them.
 */
#ifndef TLOG_EDGE_H
#define TLOG_EDGE_H

#include "tlog/tile.h"
#include "tlog/tree.h"

/* A zeroed edge is that of the empty log. */
struct edge {
    struct tree tree;
    struct hash tiles[TILE_LEVELS][TILE_WIDTH]; /* of level L the first tile_level_size(size, L) % TILE_WIDTH */
};

/* A tile that has just become full. The hashes stay valid until the next edge_append. */
struct edge_full {
    unsigned level;
    uint64_t n;
    const struct hash *hashes; /* TILE_WIDTH of them: TILE_BYTES bytes, the tile as it is served */
};

/* Appends one leaf and tells how many tiles it made full (0 … TILE_LEVELS), lowest level first. */
unsigned edge_append(struct edge *edge, const struct hash *leaf_hash, struct edge_full ret_full[TILE_LEVELS]);
/* As `*to = *from`, but touches only the hashes in use. */
void edge_copy(struct edge *to, const struct edge *from);
/* The hashes of that tile when it is one of the unfinished ones, at least as wide as asked; else NULL. */
const struct hash *edge_tile(const struct edge *edge, const struct tile *tile);

/*
 * Makes *edge that of a log of `size` leaves, from its full tiles and the level-0 tile at the end, which `tiles` must
 * be able to give in its partial width (by hashing the last entries, say). Costs one read for each hash in the
 * unfinished tiles above level 0. Passes on what `tiles` says; *edge is then that of the empty log.
 */
MUST_CHECK status edge_rebuild(struct edge *edge, uint64_t size, const struct tile_source *tiles, struct err *err);

/* A tile source for the whole log: the edge's tiles from memory, full ones from where they are kept. */
struct edge_source {
    const struct edge *edge;
    struct tile_source full;
};

/* `source` must outlive what it returns. */
struct tile_source edge_tiles(struct edge_source *source);

#endif
