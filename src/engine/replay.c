/*
 * engine/replay: facts, edge, names and rights from the store: the newest good snapshot, then the tail, entry by entry,
 * by the same apply() that the writer uses (P2). The root of the rebuilt edge is compared with the stored head before,
 * and every replayed leaf's hash with the stored tile that holds it (engine/leaf_stream), so an edited row is found and
 * named before anything is served, and before an entry that it contradicts.
 */
#include "base/log.h"
#include "engine/heritage.h"
#include "engine/leaf_stream.h"
#include "engine/state.h"

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

/* ---- The tail ---- */

static status leaf_replay(struct engine *engine, const struct leaf_run *run, unsigned place, struct err *err)
{
    struct entry *entry = &engine->due_entry;
    struct err why = { 0 };
    status s = entry_decode(run->leaves[place], entry, &why);

    if (!s.code)
        s = apply(&engine->facts, entry, &run->hashes[place], &why);
    return s.code ? err_set(err, s.code, "entry %llu can't be replayed: %s", (unsigned long long)(run->first + place),
                            why.text)
                  : OK;
}

static status stream_replay(struct engine *engine, struct leaf_stream *stream, struct err *err)
{
    const struct leaf_run *run;

    for (;;) {
        TRY(leaf_stream_next(stream, &run, err));
        if (!run)
            return OK;
        for (unsigned i = 0; i < run->count; i++)
            TRY(leaf_replay(engine, run, i, err));
    }
}

static void stream_end(struct leaf_stream **stream)
{
    leaf_stream_close(*stream);
}

static status tail_replay(struct engine *engine, uint64_t size, struct err *err)
{
    AUTO(struct leaf_stream *, stream_end) stream = NULL;
    struct leaf_range range = { .first = engine->facts.size, .end = size };

    if (range.first == range.end)
        return OK;
    TRY(leaf_stream_open(engine->reader, &range, &stream, err));
    return stream_replay(engine, stream, err);
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
    TRY(edge_check(engine, &head, err));
    TRY(facts_load(engine, head.size, &refusal, err));
    if (!engine->facts.size)
        TRY(heritage_begin(engine->reader, &engine->facts, err));
    snapshot = engine->facts.size;
    TRY(tail_replay(engine, head.size, err));
    TRY(directory_load(engine->directory, &engine->facts));
    engine->refusal = refusal;
    log_write(LOG_INFO, "engine", "%llu entries (%llu from a snapshot) in %lld ms", (unsigned long long)head.size,
              (unsigned long long)snapshot, (long long)(clock_running_us() - started_us) / 1000);
    return OK;
}
