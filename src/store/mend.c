/*
 * store/mend: derived rows are put right: full tiles, which entries give. The writer's thread, of a ledger that serves
 * nobody (engine/rebuild). Nothing that was signed or recorded is changed here; a failure leaves what was there, and
 * the whole may be tried again.
 */
#include "store/parts.h"

static status end(struct store *store, status s, struct err *err)
{
    if (!s.code)
        s = db_commit(store->writer, err);
    if (s.code)
        db_rollback(store->writer);
    else
        log_committed(store);
    return s;
}

static status tiles_write(struct store *store, const struct store_tile *tiles, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct sql_value values[] = { sql_index(tiles[i].level), sql_index(tiles[i].number),
                                      sql_bytes((struct str){ (const char *)tiles[i].hashes, (size_t)TILE_BYTES }) };

        TRY(db_run(store->writer, STATEMENT_TILE_MEND, values, NULL, err));
    }
    return OK;
}

status store_tiles_mend(struct store *store, const struct store_tile *tiles, size_t count, struct err *err)
{
    TRY(health_check_write(&store->health, err));
    TRY(db_begin(store->writer, err));
    return end(store, tiles_write(store, tiles, count, err), err);
}

status store_tiles_cut(struct store *store, unsigned level, uint64_t number, uint64_t *ret_cut, struct err *err)
{
    struct sql_value values[] = { sql_index(level), sql_index(number) };
    int64_t changed = 0;

    TRY(health_check_write(&store->health, err));
    TRY(db_begin(store->writer, err));
    TRY(end(store, db_run(store->writer, STATEMENT_TILES_CUT, values, &changed, err), err));
    *ret_cut = (uint64_t)changed;
    return OK;
}
