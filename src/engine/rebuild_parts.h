/*
 * engine/rebuild_parts: what the derivations share. A further one is a file with these functions and a row in
 * engine/rebuild's table.
 */
#ifndef ENGINE_REBUILD_PARTS_H
#define ENGINE_REBUILD_PARTS_H

#include "core/entry.h"
#include "core/facts.h"
#include "engine/rebuild.h"
#include "store/store.h"
#include "tlog/edge.h"

/* A snapshot that the store's facts name, as its entry tells of it. */
struct named_snapshot {
    uint64_t size;
    uint64_t index; /* of the entry */
    struct hash hash;
    bool told; /* the entry is there and tells of it */
};
#define NAMED_SNAPSHOTS 2 /* the newest and the one before */

struct rebuild {
    const char *dir;
    struct store *store;
    struct store_reader *reader; /* free while entries are read */
    struct store_head head;
    struct named_snapshot snapshots[NAMED_SNAPSHOTS];
    size_t snapshot_count;
    struct edge edge;     /* of the entries so far */
    struct facts facts;   /* the same */
    struct derived *told; /* of the derivation at work */
};

struct derivation {
    const char *name;
    /* Each entry in its order, after it was applied to `facts`; `full` are the tiles that it completed. */
    status (*entry)(struct rebuild *rebuild, const struct edge_full *full, unsigned full_count, struct err *err);
    /* After the last. May be NULL. */
    status (*end)(struct rebuild *rebuild, struct err *err);
};

extern const struct derivation tiles_derivation, snapshots_derivation;

#endif
