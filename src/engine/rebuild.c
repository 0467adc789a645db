#include "engine/rebuild.h"

#include <inttypes.h>

#include "base/memory.h"
#include "core/apply.h"
#include "engine/heritage.h"
#include "engine/leaf_stream.h"
#include "engine/rebuild_parts.h"

#define FACT_MAX_BYTES 4096

/* In the order in which they look at an entry. */
static const struct derivation *const derivations[] = { &tiles_derivation, &snapshots_derivation };
enum { DERIVATIONS = sizeof(derivations) / sizeof(derivations[0]) };
_Static_assert(DERIVATIONS <= DERIVATIONS_MAX, "each has its place in the result");

typedef status leaf_taker(struct rebuild *rebuild, uint64_t index, struct str leaf, const struct hash *hash,
                          struct err *err);

static void stream_end(struct leaf_stream **stream)
{
    leaf_stream_close(*stream);
}

static void reader_end(struct store_reader **reader)
{
    store_reader_close(*reader);
}

/* Every entry, as it is stored. */
static status leaves_take(struct rebuild *rebuild, leaf_taker *take, struct err *err)
{
    AUTO(struct store_reader *, reader_end) reader = NULL;
    AUTO(struct leaf_stream *, stream_end) stream = NULL;
    struct leaf_range range = { .end = rebuild->head.size, .as_stored = true };
    const struct leaf_run *run = NULL;

    TRY(store_reader_open(rebuild->store, &reader, err));
    TRY(leaf_stream_open(reader, &range, &stream, err));
    for (;;) {
        TRY(leaf_stream_next(stream, &run, err));
        if (!run)
            return OK;
        for (unsigned i = 0; i < run->count; i++)
            TRY(take(rebuild, run->first + i, run->leaves[i], &run->hashes[i], err));
    }
}

/* ---- First: whether the entries can be believed, and what they tell of snapshots ---- */

/* "<size> <index of the entry>", if there is such a fact. */
static status snapshot_named(struct rebuild *rebuild, struct str fact, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = FACT_MAX_BYTES };
    struct named_snapshot *named = &rebuild->snapshots[rebuild->snapshot_count];
    struct str value;
    status s = store_fact_read(rebuild->reader, fact, &arena, &value, err);

    if (s.code == CODE_NOT_FOUND)
        return OK;
    TRY(s);
    if (str_to_u64(str_take(&value, ' '), UINT64_MAX, &named->size).code ||
        str_to_u64(value, UINT64_MAX, &named->index).code)
        return err_set(err, CODE_CORRUPT, "the fact %.*s is not as a server writes it", STR_ARG(fact));
    rebuild->snapshot_count++;
    return OK;
}

static status entry_at(uint64_t index, status s, const struct err *why, struct err *err)
{
    return s.code ? err_set(err, s.code, "entry %" PRIu64 ": %s", index, why->text) : OK;
}

static status leaf_prove(struct rebuild *rebuild, uint64_t index, struct str leaf, const struct hash *hash,
                         struct err *err)
{
    struct edge_full full[TILE_LEVELS];
    struct err why = { 0 };
    struct entry entry;

    (void)edge_append(&rebuild->edge, hash, full);
    for (size_t i = 0; i < rebuild->snapshot_count; i++) {
        struct named_snapshot *named = &rebuild->snapshots[i];

        if (named->index != index)
            continue;
        TRY(entry_at(index, entry_decode(leaf, &entry, &why), &why, err));
        named->told = entry.code == AUDIT_LEDGER_SNAPSHOT && (uint64_t)entry.data[DATA_SIZE].number == named->size;
        if (named->told)
            memcpy(named->hash.bytes, entry.data[DATA_SHA256].bytes, HASH_BYTES);
    }
    return OK;
}

static status entries_prove(struct rebuild *rebuild, struct err *err)
{
    struct hash root;

    TRY(snapshot_named(rebuild, STR("snapshot"), err));
    TRY(snapshot_named(rebuild, STR("snapshot.previous"), err));
    TRY(leaves_take(rebuild, leaf_prove, err));
    root = tree_root(&rebuild->edge.tree);
    if (!hash_eq(&root, &rebuild->head.root))
        return err_set(err, CODE_CORRUPT,
                       "the %" PRIu64
                       " entries do not give the root of the head, and nothing derived can mend that: run "
                       "`tally verify`",
                       rebuild->head.size);
    return OK;
}

/* ---- Then: what is derived from them ---- */

static status leaf_derive(struct rebuild *rebuild, uint64_t index, struct str leaf, const struct hash *hash,
                          struct err *err)
{
    struct edge_full full[TILE_LEVELS];
    unsigned count = edge_append(&rebuild->edge, hash, full);
    struct derived *told = rebuild->told;
    struct err why = { 0 };
    struct entry entry;
    status s = entry_decode(leaf, &entry, &why);

    if (!s.code)
        s = apply(&rebuild->facts, &entry, hash, &why);
    TRY(entry_at(index, s, &why, err));
    for (int i = 0; i < DERIVATIONS && !s.code; i++, rebuild->told++)
        s = derivations[i]->entry(rebuild, full, count, err);
    rebuild->told = told;
    return s;
}

static status derive_all(struct rebuild *rebuild, struct err *err)
{
    struct derived *told = rebuild->told;
    status s;

    memset(&rebuild->edge, 0, sizeof(rebuild->edge));
    s = leaves_take(rebuild, leaf_derive, err);
    for (int i = 0; i < DERIVATIONS && !s.code; i++, rebuild->told++) {
        if (derivations[i]->end)
            s = derivations[i]->end(rebuild, err);
    }
    rebuild->told = told;
    return s;
}

/* ---- Opening ---- */

static void rebuild_close(struct rebuild **rebuild)
{
    if (!*rebuild)
        return;
    facts_free(&(*rebuild)->facts);
    store_reader_close((*rebuild)->reader);
    store_close((*rebuild)->store);
    memory_free(*rebuild);
}

static status rebuild_open(const char *dir, struct rebuild *rebuild, struct err *err)
{
    status s = facts_init(&rebuild->facts);

    if (s.code)
        return err_set(err, s.code, "no memory to rebuild the facts");
    rebuild->dir = dir;
    TRY(store_open(dir, &rebuild->store, err));
    TRY(store_reader_open(rebuild->store, &rebuild->reader, err));
    rebuild->head = store_head(rebuild->store);
    return heritage_begin(rebuild->reader, &rebuild->facts, err);
}

status rebuild_all(const char *dir, struct rebuilt *ret_rebuilt, struct err *err)
{
    AUTO(struct rebuild *, rebuild_close) rebuild = memory_new(1, sizeof(*rebuild));
    struct rebuilt rebuilt = { .count = DERIVATIONS };

    if (!rebuild)
        return err_set(err, CODE_NO_MEMORY, "no memory to rebuild what is derived");
    for (int i = 0; i < DERIVATIONS; i++)
        rebuilt.derived[i].name = derivations[i]->name;
    rebuild->told = rebuilt.derived;
    TRY(rebuild_open(dir, rebuild, err));
    TRY(entries_prove(rebuild, err));
    TRY(derive_all(rebuild, err));
    rebuilt.size = rebuild->head.size;
    rebuilt.root = rebuild->head.root;
    *ret_rebuilt = rebuilt;
    return OK;
}
