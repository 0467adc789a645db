/*
 * engine/batch: everything that one commit holds is copied into memory of the batch's own, made once: a batch in the
 * hands of the carrier needs nothing that the engine's thread goes on changing.
 */
#include "engine/batch.h"

#include <assert.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "engine/vault_items.h"

/* Sealed texts of BATCH_MAX_COMMANDS jobs, each as long as it may be, and their names. */
#define ARENA_MAX_BYTES (96 * 1024 * 1024)

status batch_init(struct batch *ret_batch)
{
    *ret_batch = (struct batch){ .text = { .max = (size_t)BATCH_MAX_ENTRIES * ENTRY_MAX_BYTES },
                                 .sealing = { .max = ENTRY_MAX_BYTES },
                                 .arena = { .max_bytes = ARENA_MAX_BYTES },
                                 .alias_capacity = (size_t)BATCH_MAX_COMMANDS * JOB_NAMES_MAX };
    ret_batch->leaves = memory_new(BATCH_MAX_ENTRIES, sizeof(*ret_batch->leaves));
    ret_batch->entries = memory_new(BATCH_MAX_ENTRIES, sizeof(*ret_batch->entries));
    ret_batch->privates = memory_new(BATCH_MAX_COMMANDS, sizeof(*ret_batch->privates));
    ret_batch->aliases = memory_new(ret_batch->alias_capacity, sizeof(*ret_batch->aliases));
    ret_batch->tiles = memory_new(BATCH_MAX_TILES, sizeof(*ret_batch->tiles));
    ret_batch->store_tiles = memory_new(BATCH_MAX_TILES, sizeof(*ret_batch->store_tiles));
    ret_batch->edge = memory_new(1, sizeof(*ret_batch->edge));
    if (!ret_batch->leaves || !ret_batch->entries || !ret_batch->privates || !ret_batch->aliases || !ret_batch->tiles ||
        !ret_batch->store_tiles || !ret_batch->edge)
        return (status){ CODE_NO_MEMORY };
    return OK;
}

void batch_free(struct batch *batch)
{
    buf_free(&batch->text);
    buf_free(&batch->sealing);
    arena_free(&batch->arena);
    memory_free(batch->leaves);
    memory_free(batch->entries);
    memory_free(batch->privates);
    memory_free(batch->aliases);
    memory_free(batch->tiles);
    memory_free(batch->store_tiles);
    memory_free(batch->edge);
    *batch = (struct batch){ 0 };
}

void batch_clear(struct batch *batch, uint64_t first)
{
    assert(batch->jobs.count == 0);
    batch->number++;
    batch->number += batch->number == 0; /* after four thousand million of them */
    batch->first = first;
    batch->count = 0;
    batch->private_count = 0;
    batch->alias_count = 0;
    batch->tile_count = 0;
    batch->rights_changed = false;
    batch->jump_recorded = false;
    batch->store = (struct store_batch){ 0 };
    buf_clear(&batch->text);
    arena_reset(&batch->arena);
}

void batch_swap(struct batch *filled, struct batch *other)
{
    struct batch kept = *filled;

    *filled = *other;
    *other = kept;
    filled->number = kept.number; /* numbers go on from the newest */
}

bool batch_has_room(const struct batch *batch)
{
    return batch->count + 2 * (size_t)CHANGE_MAX_ENTRIES <= BATCH_MAX_ENTRIES && batch->text.len <= BATCH_MAX_BYTES &&
           batch->jobs.count < BATCH_MAX_COMMANDS;
}

static bool is_about_rights(enum audit_code code)
{
    return code == AUDIT_LEDGER_CREATED || (code >= AUDIT_USER_CREATED && code <= AUDIT_USER_ERASED);
}

/* Full tiles are copied: the edge forgets them with its next leaf. */
static void edge_move(struct batch *batch, struct edge *edge, const struct hash *leaf)
{
    struct edge_full full[TILE_LEVELS];
    unsigned count = edge_append(edge, leaf, full);

    for (unsigned i = 0; i < count; i++) {
        struct batch_tile *tile = &batch->tiles[batch->tile_count++];

        assert(batch->tile_count <= BATCH_MAX_TILES);
        tile->level = full[i].level;
        tile->number = full[i].n;
        memcpy(tile->hashes, full[i].hashes, sizeof(tile->hashes));
    }
}

status batch_append(struct batch *batch, struct facts *facts, struct edge *edge, struct entry *entry, struct err *err)
{
    struct batch_leaf *leaf = &batch->leaves[batch->count];
    struct hash hash;

    assert(batch->count < BATCH_MAX_ENTRIES);
    TRY(entry_seal(facts, entry, &batch->sealing, &hash));
    leaf->offset = batch->text.len;
    leaf->len = (uint32_t)batch->sealing.len;
    leaf->code = entry->code;
    buf_add(&batch->text, buf_str(&batch->sealing));
    TRY(batch->text.status);
    TRY(apply(facts, entry, &hash, err));
    batch->count++;
    batch->rights_changed = batch->rights_changed || is_about_rights(entry->code);
    edge_move(batch, edge, &hash);
    return OK;
}

status batch_keep_private(struct batch *batch, const struct sealer *sealer, const struct job *job, uint64_t index)
{
    struct vault_text text = { .part = VAULT_TEXT,
                               .index = index,
                               .person = sealer->person,
                               .time_ms = sealer->time_ms,
                               .commitment = job->command.private_hash,
                               .salt = job->salt,
                               .text = job->private_text };

    if (job->command.has_private) {
        assert(batch->private_count < BATCH_MAX_COMMANDS);
        TRY(vault_seal_text(sealer->vault, &text, sealer->entropy, &batch->arena,
                            &batch->privates[batch->private_count]));
        batch->private_count++;
    }
    for (int i = 0; i < job->name_count; i++) {
        if (!names_bring(sealer->names, &job->names[i], batch->number))
            continue; /* an earlier command carried it too; the store takes each id once */
        assert(batch->alias_count < batch->alias_capacity);
        TRY(vault_seal_name(sealer->vault, &job->names[i], sealer->entropy, &batch->arena,
                            &batch->aliases[batch->alias_count]));
        batch->alias_count++;
    }
    return OK;
}

struct str batch_leaf_text(const struct batch *batch, uint64_t index)
{
    const struct batch_leaf *leaf = &batch->leaves[index - batch->first];

    assert(index >= batch->first && index - batch->first < batch->count);
    return (struct str){ batch->text.at + leaf->offset, leaf->len };
}

void batch_close(struct batch *batch, const struct edge *edge, const struct facts *facts)
{
    for (size_t i = 0; i < batch->count; i++)
        batch->entries[i] = batch_leaf_text(batch, batch->first + i);
    for (size_t i = 0; i < batch->tile_count; i++) {
        batch->store_tiles[i] = (struct store_tile){ .level = batch->tiles[i].level,
                                                     .number = batch->tiles[i].number,
                                                     .hashes = (const uint8_t *)batch->tiles[i].hashes };
    }
    batch->store = (struct store_batch){
        .first = batch->first,
        .entries = batch->entries,
        .entry_count = batch->count,
        .privates = batch->privates,
        .private_count = batch->private_count,
        .tiles = batch->store_tiles,
        .tile_count = batch->tile_count,
        .aliases = batch->aliases,
        .alias_count = batch->alias_count,
        .head = { .size = batch->first + batch->count,
                  .root = tree_root(&edge->tree),
                  .time_ms = facts->time_ms,
                  .epoch = facts->epoch },
    };
}

void batch_keep_edge(struct batch *batch, const struct edge *edge)
{
    edge_copy(batch->edge, edge);
}
