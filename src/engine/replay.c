/*
 * engine/replay: facts, edge, names and rights from the store: the newest good snapshot, then the tail, entry by entry,
 * by the same apply() that the writer uses (P2). Every replayed leaf's hash is compared with the stored tile that holds
 * it, and the root of the rebuilt edge with the stored head, so an edited row is found and named before anything is
 * served.
 */
#include "base/log.h"
#include "engine/state.h"

/* Leaf hashes of the tile being replayed, to be compared with the stored one when it is full. */
struct replay {
    struct engine *engine;
    struct hash tile[TILE_WIDTH];
    unsigned first_in_tile; /* the replay may begin in the middle of a tile */
};

/* A full tile of the store must hold the hashes of the entries of the store. */
static status tile_compare(struct replay *replay, uint64_t number, struct err *err)
{
    struct hash stored[TILE_WIDTH];

    TRY(store_tile_read(replay->engine->reader, 0, number, (uint8_t *)stored, err));
    for (unsigned i = replay->first_in_tile; i < TILE_WIDTH; i++) {
        if (!hash_eq(&stored[i], &replay->tile[i]))
            return err_set(err, CODE_CORRUPT,
                           "entry %llu is not the one that was signed: its hash differs from its tile",
                           (unsigned long long)(number * TILE_WIDTH + i));
    }
    replay->first_in_tile = 0;
    return OK;
}

static status leaf_replay(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct replay *replay = context;
    struct entry *entry = &replay->engine->due_entry;
    struct hash hash = hash_leaf(leaf);
    struct err why = { 0 };
    status s;

    s = entry_decode(leaf, entry, &why);
    if (!s.code)
        s = apply(&replay->engine->facts, entry, &hash, &why);
    if (s.code)
        return err_set(err, s.code, "entry %llu can't be replayed: %s", (unsigned long long)index, why.text);
    replay->tile[index % TILE_WIDTH] = hash;
    return OK;
}

/* The part of a tile's entries that the store gives at once, and the tile itself once its last entry was among them. A
 * reader does one thing at a time, so entries and tile are read one after the other. */
static status tile_replay(struct replay *replay, uint64_t size, uint64_t *next, struct err *err)
{
    struct store_entry_visitor visitor = { leaf_replay, replay };
    struct store_range range = { .first = *next, .max_bytes = BATCH_MAX_BYTES };
    uint64_t tile_end = (*next / TILE_WIDTH + 1) * TILE_WIDTH;

    range.max_count = (tile_end < size ? tile_end : size) - *next;
    TRY(store_entries_read(replay->engine->reader, &range, &visitor, next, err));
    if (*next == range.first)
        return err_set(err, CODE_CORRUPT, "entry %llu is missing", (unsigned long long)*next);
    return *next == tile_end ? tile_compare(replay, tile_end / TILE_WIDTH - 1, err) : OK;
}

static status tail_replay(struct engine *engine, uint64_t size, struct err *err)
{
    struct replay replay = { .engine = engine, .first_in_tile = (unsigned)(engine->facts.size % TILE_WIDTH) };
    uint64_t next = engine->facts.size;

    while (next < size)
        TRY(tile_replay(&replay, size, &next, err));
    return OK;
}

/* ---- The edge ---- */

struct bundle_hashes {
    struct hash *hashes;
    unsigned count;
};

static status leaf_hash_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct bundle_hashes *bundle = context;

    (void)index;
    (void)err;
    bundle->hashes[bundle->count++] = hash_leaf(leaf);
    return OK;
}

/* Full tiles from the store; the last, partial one of level 0 from the entries themselves. */
static status edge_tile_read(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    struct engine *engine = from;
    struct bundle_hashes bundle = { .hashes = ret_hashes };
    struct store_entry_visitor visitor = { leaf_hash_visit, &bundle };
    struct store_range range = { .first = tile->n * TILE_WIDTH,
                                 .max_count = tile->width,
                                 .max_bytes = BATCH_MAX_BYTES };
    uint64_t next;

    if (tile->width == TILE_WIDTH || tile->level > 0)
        return store_tile_read(engine->reader, tile->level, tile->n, (uint8_t *)ret_hashes, err);
    TRY(store_entries_read(engine->reader, &range, &visitor, &next, err));
    return bundle.count == tile->width ? OK
                                       : err_set(err, CODE_CORRUPT, "entry %llu is missing", (unsigned long long)next);
}

static status edge_check(struct engine *engine, const struct store_head *head, struct err *err)
{
    struct tile_source source = { .read = edge_tile_read, .from = engine };
    struct hash root;

    TRY(edge_rebuild(&engine->edge, head->size, &source, err));
    root = tree_root(&engine->edge.tree);
    if (!hash_eq(&root, &head->root))
        return err_set(err, CODE_CORRUPT,
                       "the stored entries and tiles do not give the stored root of %llu entries: run `tally verify`",
                       (unsigned long long)head->size);
    return OK;
}

/* A snapshot that claims more than the store holds is of another ledger, or of a lost tail. */
static status facts_load(struct engine *engine, uint64_t size, struct snapshot_refusal *ret_refusal, struct err *err)
{
    TRY(snapshot_load(engine, &engine->facts, ret_refusal, err));
    if (engine->facts.size <= size)
        return OK;
    *ret_refusal = (struct snapshot_refusal){ .happened = true, .size = engine->facts.size };
    return facts_reset(&engine->facts);
}

status replay_all(struct engine *engine, struct err *err)
{
    struct store_head head = store_head(engine->store);
    int64_t started_us = clock_running_us();
    struct snapshot_refusal refusal = { 0 };
    uint64_t snapshot;

    TRY(facts_reset(&engine->facts));
    TRY(facts_load(engine, head.size, &refusal, err));
    snapshot = engine->facts.size;
    TRY(tail_replay(engine, head.size, err));
    TRY(edge_check(engine, &head, err));
    TRY(directory_load(engine->directory, &engine->facts));
    engine->refusal = refusal;
    log_write(LOG_INFO, "engine", "%llu entries (%llu from a snapshot) in %lld ms", (unsigned long long)head.size,
              (unsigned long long)snapshot, (long long)(clock_running_us() - started_us) / 1000);
    return OK;
}
