/*
 * engine/batch: what one commit will make durable, and whom to answer afterwards. Engine's thread only.
 */
#ifndef ENGINE_BATCH_H
#define ENGINE_BATCH_H

#include "core/apply.h"
#include "engine/names.h"
#include "engine/queue.h"
#include "engine/vault.h"
#include "store/store.h"
#include "tlog/edge.h"

/* A command may write CHANGE_MAX_ENTRIES; the rest leaves room for BATCH_MAX_COMMANDS and what is due. */
#define BATCH_MAX_ENTRIES (4 * CHANGE_MAX_ENTRIES)
#define BATCH_MAX_TILES   (BATCH_MAX_ENTRIES / BUNDLE_MAX_ENTRIES + 2 * TILE_LEVELS)

struct batch_leaf {
    size_t offset;
    uint32_t len;
    enum audit_code code;
};

struct batch_tile {
    unsigned level;
    uint64_t number;
    struct hash hashes[TILE_WIDTH];
};

struct batch {
    uint32_t number; /* of this one, from 1: tells what it brought itself */
    uint64_t first;  /* index of leaf 0 */
    size_t count;
    struct buf text; /* the leaves' bytes, back to back */
    struct batch_leaf *leaves;
    struct str *entries; /* for the store; set by batch_close */
    struct store_private *privates;
    size_t private_count;
    struct store_alias *aliases;
    size_t alias_count;
    size_t alias_capacity;
    struct batch_tile *tiles;
    size_t tile_count;
    struct store_tile *store_tiles; /* for the store; set by batch_close */
    struct store_batch store;       /* what store_append takes; set by batch_close, zeroed before */
    struct edge *edge;              /* the log's edge behind this batch; set by batch_keep_edge */
    struct job_list jobs;           /* in the order of their decisions */
    bool rights_changed;            /* an entry touched who may do what */
    bool jump_recorded;             /* an entry tells of the clock's jump */
    struct arena arena;             /* of this batch */
    struct buf sealing;             /* one leaf being written */
};

MUST_CHECK status batch_init(struct batch *ret_batch);
void batch_free(struct batch *batch);
void batch_clear(struct batch *batch, uint64_t first);
/* The filled one goes on its way, and the one that comes back from it is filled next. */
void batch_swap(struct batch *filled, struct batch *other);
/* Room for another command's entries. */
bool batch_has_room(const struct batch *batch);

/* Seals, applies and keeps one entry, and moves the edge. On failure facts and edge are unusable (engine/recover). */
MUST_CHECK status batch_append(struct batch *batch, struct facts *facts, struct edge *edge, struct entry *entry,
                               struct err *err);
/* What seals private texts and names, and for whom. */
struct sealer {
    struct vault *vault;
    struct names *names;
    struct entropy *entropy;
    int64_t time_ms;  /* of the entry */
    struct id person; /* whom the text is about; none: nobody who is known */
};
/* Seals a job's private text and new names for the commit; its first entry is the one at `index`. */
MUST_CHECK status batch_keep_private(struct batch *batch, const struct sealer *sealer, const struct job *job,
                                     uint64_t index);
/* The exact text of an entry of this batch. */
struct str batch_leaf_text(const struct batch *batch, uint64_t index);
/* Makes batch->store of what was kept: nothing is added after it. */
void batch_close(struct batch *batch, const struct edge *edge, const struct facts *facts);
/* For a batch that is answered when the log's edge has already moved on. */
void batch_keep_edge(struct batch *batch, const struct edge *edge);

#endif
