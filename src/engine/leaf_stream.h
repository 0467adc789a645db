/*
 * engine/leaf_stream: a ledger's leaves, read and hashed ahead on a thread of its own, for whoever looks into each of
 * them: a restart that replays, a `tally verify`. Reading and hashing cost as much as what is done with a leaf, so two
 * cores halve the time.
 *
 * Each leaf is compared with the tile of leaf hashes that holds it, once that is full, before it is handed over: a
 * changed byte is named by its own entry, never by one that it contradicts later (P3). What lies behind the last full
 * tile only the root can vouch for, which is the taker's to compare. It refuses to know what a leaf says.
 *
 * Whoever makes the tiles anew reads the leaves as they are stored, and compares the root before he believes them.
 *
 * A run never crosses a tile. Bounded: the thread is at most LEAF_STREAM_RUNS runs ahead (P9). One thread takes.
 */
#ifndef ENGINE_LEAF_STREAM_H
#define ENGINE_LEAF_STREAM_H

#include "store/store.h"

#define LEAF_STREAM_RUNS 8 /* of some 150 KB: what the caches of two cores share */

struct leaf_run {
    uint64_t first;
    unsigned count;
    struct str leaves[TILE_WIDTH];
    struct hash hashes[TILE_WIDTH];
};

struct leaf_stream;

/* Entries first … end - 1, which must be there; `end` is the end of the ledger, or that of a tile. */
struct leaf_range {
    uint64_t first;
    uint64_t end;
    bool as_stored; /* tiles are not looked at */
};

/* Begins to read. The reader is the stream's until it is closed. */
MUST_CHECK status leaf_stream_open(struct store_reader *reader, const struct leaf_range *range,
                                   struct leaf_stream **ret_stream, struct err *err);
/*
 * The next run, valid until the next call; NULL after the last. A failure of the reading comes after the runs before
 * it: CODE_CORRUPT names the entry or the tile.
 */
MUST_CHECK status leaf_stream_next(struct leaf_stream *stream, const struct leaf_run **ret_run, struct err *err);
void leaf_stream_close(struct leaf_stream *stream); /* ends the thread wherever it is; accepts NULL */

#endif
