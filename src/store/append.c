/*
 * store/append: one batch in one transaction (P1). The thread that commits. Knows the engine only through db.h.
 *
 * The head is written first, on the condition that the batch continues it: a batch that does not is refused before
 * anything else is tried.
 */
#include <assert.h>

#include "base/fault.h"
#include "base/limits.h"
#include "store/parts.h"
#include "store/row.h"

/* A statement of an append; test builds fail here as if the disk had. */
static status run(struct store *store, enum statement id, const struct sql_value *values, int64_t *ret_changed,
                  struct err *err)
{
    if (fault_hit(FAULT_STORE_WRITE))
        return err_set(err, CODE_IO, "%s failed: a fault point says so", statements[id].name);
    if (fault_hit(FAULT_STORE_FULL))
        return err_set(err, CODE_DISK_FULL, "%s failed: a fault point says the disk is full", statements[id].name);
    return db_run(store->writer, id, values, ret_changed, err);
}

/* Which of the two conditions of STATEMENT_HEAD_WRITE did not hold. */
static status refuse(struct store *store, const struct store_batch *batch, struct err *err)
{
    struct store_head head = { 0 };

    TRY(head_row_read(store->writer, &head, err));
    if (head.size != batch->first)
        return err_set(err, CODE_CORRUPT, "a batch that begins at entry %lu does not continue a ledger of %lu entries",
                       (unsigned long)batch->first, (unsigned long)head.size);
    return err_set(err, CODE_CONFLICT, "a writer of epoch %lu has been here, this one is of epoch %lu",
                   (unsigned long)head.epoch, (unsigned long)batch->head.epoch);
}

static status write_head(struct store *store, const struct store_batch *batch, struct err *err)
{
    const struct store_head *head = &batch->head;
    int64_t changed = 0;

    TRY(run(store, STATEMENT_HEAD_WRITE,
            (struct sql_value[]){ sql_index(head->size), sql_bytes(hash_str(&head->root)), sql_integer(head->time_ms),
                                  sql_index(head->epoch), sql_index(batch->first) },
            &changed, err));
    return changed == 1 ? OK : refuse(store, batch, err);
}

static status write_row(struct store *store, enum statement id, uint64_t first, size_t count, struct err *err)
{
    if (store->row.status.code)
        return err_set(err, store->row.status.code, "the row of entry %lu: %s", (unsigned long)first,
                       status_name(store->row.status));
    return run(store, id, (struct sql_value[]){ sql_index(first), sql_index(count), sql_bytes(buf_str(&store->row)) },
               NULL, err);
}

static status write_entries(struct store *store, const struct store_batch *batch, struct err *err)
{
    uint64_t index = batch->first;
    uint64_t end = batch->first + batch->entry_count;

    while (index < end) {
        uint64_t first = index;
        uint64_t run_end = row_run_end(first) < end ? row_run_end(first) : end;

        buf_clear(&store->row);
        for (; index < run_end; index++)
            bundle_add(&store->row, batch->entries[index - batch->first]);
        TRY(write_row(store, STATEMENT_ENTRIES_WRITE, first, (size_t)(index - first), err));
    }
    return OK;
}

static status write_privates(struct store *store, const struct store_batch *batch, struct err *err)
{
    size_t i = 0;

    while (i < batch->private_count) {
        uint64_t first = batch->privates[i].index;
        uint64_t run_end = row_run_end(first);
        size_t start = i;

        buf_clear(&store->row);
        for (; i < batch->private_count && batch->privates[i].index < run_end; i++)
            row_add_private(&store->row, first, &batch->privates[i]);
        TRY(write_row(store, STATEMENT_PRIVATE_WRITE, first, i - start, err));
    }
    return OK;
}

static status write_tiles(struct store *store, const struct store_batch *batch, struct err *err)
{
    for (size_t i = 0; i < batch->tile_count; i++) {
        const struct store_tile *tile = &batch->tiles[i];
        struct str hashes = { (const char *)tile->hashes, (size_t)TILE_BYTES };

        TRY(run(store, STATEMENT_TILE_WRITE,
                (struct sql_value[]){ sql_index(tile->level), sql_index(tile->number), sql_bytes(hashes) }, NULL, err));
    }
    return OK;
}

static void write_id(struct id id, char *ret_bytes)
{
    for (int i = 0; i < 8; i++) {
        ret_bytes[i] = (char)(id.hi >> (56 - 8 * i));
        ret_bytes[8 + i] = (char)(id.lo >> (56 - 8 * i));
    }
}

static status write_aliases(struct store *store, const struct store_batch *batch, struct err *err)
{
    char id[STORE_ID_BYTES];

    for (size_t i = 0; i < batch->alias_count; i++) {
        const struct store_alias *alias = &batch->aliases[i];

        write_id(alias->id, id);
        TRY(run(store, STATEMENT_ALIAS_WRITE,
                (struct sql_value[]){ sql_bytes((struct str){ id, sizeof id }), sql_integer(alias->kind),
                                      sql_bytes(alias->text) },
                NULL, err));
    }
    return OK;
}

static bool private_follows(const struct store_private *before, const struct store_private *item)
{
    return item->index > before->index || (item->index == before->index && item->part > before->part);
}

/* What a batch must be is settled by its maker; anything else is a programmer's error. */
static void check(const struct store_batch *batch)
{
    assert(batch->entry_count > 0);
    assert(batch->first <= (uint64_t)TREE_MAX_LEAVES - batch->entry_count);
    assert(batch->head.size == batch->first + batch->entry_count);
    assert(batch->head.epoch <= INT64_MAX);
    for (size_t i = 0; i < batch->private_count; i++) {
        assert(batch->privates[i].index >= batch->first && batch->privates[i].part < ROW_PARTS_MAX);
        assert(!i || private_follows(&batch->privates[i - 1], &batch->privates[i]));
        assert(batch->privates[i].index < batch->head.size);
    }
}

static status write_batch(struct store *store, const struct store_batch *batch, struct err *err)
{
    TRY(db_begin(store->writer, err));
    TRY(write_head(store, batch, err));
    TRY(write_entries(store, batch, err));
    TRY(write_privates(store, batch, err));
    TRY(write_tiles(store, batch, err));
    return write_aliases(store, batch, err);
}

static status commit(struct store *store, struct err *err)
{
    if (fault_hit(FAULT_STORE_COMMIT))
        return err_set(err, CODE_IO, "the commit failed: a fault point says so");
    TRY(db_commit(store->writer, err));
    if (fault_hit(FAULT_STORE_AFTER_COMMIT))
        return err_set(err, CODE_IO, "the answer to the commit was lost: a fault point says so");
    return OK;
}

/*
 * Ends a transaction whose statements went as `s` says. A failure before the commit is certain: nothing is stored. A
 * failure of the commit is not, whatever it looks like (DESIGN section 2).
 */
static status end(struct store *store, status s, struct err *err)
{
    bool committing = s.code == CODE_OK;

    if (committing)
        s = commit(store, err);
    if (s.code == CODE_OK)
        return OK;
    db_rollback(store->writer);
    if (committing) {
        health_note_commit(&store->health, s, err);
        return (status){ CODE_UNKNOWN };
    }
    if (s.code == CODE_DISK_FULL || s.code == CODE_IO)
        health_note(&store->health, s, err);
    return s;
}

status store_append(struct store *store, const struct store_batch *batch, struct err *err)
{
    struct err why = { 0 };
    status s;

    check(batch);
    TRY(health_check_write(&store->health, err));
    s = end(store, write_batch(store, batch, &why), &why);
    if (s.code)
        return err_set(err, s.code, "%s", why.text);
    store->head = batch->head;
    log_committed(store);
    return OK;
}

status store_fact_write(struct store *store, const struct store_fact *fact, struct err *err)
{
    struct err why = { 0 };
    status s;

    TRY(health_check_write(&store->health, err));
    s = db_begin(store->writer, &why);
    if (!s.code)
        s = run(store, STATEMENT_FACT_WRITE, (struct sql_value[]){ sql_text(fact->name), sql_text(fact->value) }, NULL,
                &why);
    s = end(store, s, &why);
    return s.code ? err_set(err, s.code, "%s", why.text) : OK;
}
