/*
 * tlog/tile: which tiles a tree of a size has, and their paths (C2SP tlog-tiles, height 8).
 *
 * A tile of level L holds up to 256 hashes; hash i of tile n is the root of the 256^L leaves from (256 n + i) 256^L on.
 * A tile is full, or partial with a width of 1 to 255. It owns the numbering and the path text, and refuses every
 * spelling of a path but the one right one. Pure; any thread.
 */
#ifndef TLOG_TILE_H
#define TLOG_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "crypto/hash.h"

#define TILE_HEIGHT         8
#define TILE_WIDTH          256 /* hashes in a full tile, entries in a full bundle */
#define TILE_BYTES          (TILE_WIDTH * HASH_BYTES)
#define TILE_LEVELS         8  /* levels that a tree of TREE_MAX_LEAVES can have: 256^8 is larger */
#define TILE_LEVEL_MAX      63 /* the largest level that a path may name */
#define TILE_PATH_MAX_BYTES 48 /* "tile/entries/" or "tile/63/", six groups of digits, ".p/255" */

enum tile_kind { TILE_HASHES, TILE_ENTRIES };

/* What one path names. */
struct tile {
    enum tile_kind kind;
    unsigned level; /* 0 for entries */
    uint64_t n;
    unsigned width; /* 1 … TILE_WIDTH; TILE_WIDTH means the full tile */
};

/*
 * Where tiles of hashes come from: `read` gives the first `tile->width` hashes of tile (level, n), taken from the full
 * tile or from a partial one at least that wide. It says CODE_NOT_FOUND when there is none; where it fails, ret_hashes
 * may hold anything.
 */
struct tile_source {
    status (*read)(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err);
    void *from;
};

/* The hashes of level `level` in a tree of `size` leaves. */
uint64_t tile_level_size(uint64_t size, unsigned level);
/* The width of tile (level, n) in a tree of `size` leaves: 0 when it has none of its hashes, TILE_WIDTH when full. */
unsigned tile_width_at(uint64_t size, unsigned level, uint64_t n);
/* Whether a log of `size` leaves has everything that the path names: a full tile, or at least that much of it. */
bool tile_is_within(const struct tile *tile, uint64_t size);

/*
 * Reads "/tile/<L>/<N>[.p/<W>]" or "/tile/entries/<N>[.p/<W>]", from the first slash on. CODE_INVALID for anything
 * else: a level above 63, a number that is not in groups of three digits or has a superfluous group, a width outside
 * 1 … 255, a leading zero, an escape.
 */
MUST_CHECK status tile_parse(struct str path, struct tile *ret_tile, struct err *err);
/* The path, from the first slash on. */
void tile_add_path(struct buf *buf, const struct tile *tile);

#endif
