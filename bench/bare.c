#include "bare.h"

#include "base/limits.h"
#include "base/memory.h"
#include "store/row.h"
#include "store/sqlite.h"

#define BATCH_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define ROWS_MAX        (1 << 20)
#define SETTINGS                                                                                                       \
    "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"    \
    "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 50331648;"                                                \
    "CREATE TABLE entries (first_index INTEGER PRIMARY KEY, entry_count INTEGER NOT NULL, bundle BLOB NOT NULL);"      \
    "CREATE TABLE tiles (first_index INTEGER PRIMARY KEY, entry_count INTEGER NOT NULL, bundle BLOB NOT NULL);"        \
    "CREATE TABLE privates (first_index INTEGER PRIMARY KEY, entry_count INTEGER NOT NULL, bundle BLOB NOT NULL)"

/* ---- The file ---- */

static int note_frames(void *context, sqlite3 *connection, const char *name, int frames)
{
    (void)connection;
    (void)name;
    ((struct bare *)context)->log_frames = frames;
    return SQLITE_OK;
}

static void prepare(struct bare *bare, const char *sql, sqlite3_stmt **ret_statement)
{
    must(sqlite3_prepare_v3(bare->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL) == SQLITE_OK,
         sql);
}

void bare_open(struct bare *bare, const char *parent)
{
    struct err err = { 0 };
    struct path log = { 0 };

    scratch_make(parent, "bare", bare->dir);
    must_ok(path_join(bare->dir, FILES_DATABASE, &bare->path, &err), &err);
    must_ok(path_join(bare->dir, FILES_LOG, &log, &err), &err);
    must(sqlite3_open(bare->path.text, &bare->connection) == SQLITE_OK, "SQLite does not open");
    must(sqlite3_exec(bare->connection, SETTINGS, NULL, NULL, NULL) == SQLITE_OK, "SQLite's settings");
    must_ok(file_grow(log.text, LOG_MAX_BYTES, &err), &err);
    must_ok(file_sync(log.text, &err), &err);
    prepare(bare, "BEGIN IMMEDIATE", &bare->begin);
    prepare(bare, "COMMIT", &bare->commit);
    prepare(bare, "INSERT INTO entries VALUES (?, ?, ?)", &bare->insert[BARE_ENTRIES]);
    prepare(bare, "INSERT INTO tiles VALUES (?, ?, ?)", &bare->insert[BARE_TILES]);
    prepare(bare, "INSERT INTO privates VALUES (?, ?, ?)", &bare->insert[BARE_PRIVATES]);
    health_init(&bare->health);
    must_ok(checkpointer_start(bare->path.text, &bare->health, &bare->checkpointer, &err), &err);
    (void)sqlite3_wal_hook(bare->connection, note_frames, bare);
}

void bare_close(struct bare *bare)
{
    checkpointer_stop(bare->checkpointer);
    (void)sqlite3_finalize(bare->begin);
    (void)sqlite3_finalize(bare->commit);
    for (int kind = 0; kind < BARE_KIND_COUNT; kind++)
        (void)sqlite3_finalize(bare->insert[kind]);
    (void)sqlite3_close(bare->connection);
    health_free(&bare->health);
    scratch_remove(bare->dir);
}

/* ---- A batch ---- */

static struct bare_row *row_begin(struct bare_batch *batch, enum bare_kind kind, uint64_t key)
{
    void *rows = batch->rows;
    struct bare_row *row;

    must_ok(memory_grow(&rows, &batch->capacity, batch->count + 1, ROWS_MAX, sizeof(*batch->rows)), NULL);
    batch->rows = rows;
    row = &batch->rows[batch->count++];
    *row = (struct bare_row){ .kind = kind, .key = key, .offset = batch->bytes.len };
    return row;
}

static void row_end(struct bare_batch *batch, struct bare_row *row, uint64_t count)
{
    must_ok(batch->bytes.status, NULL);
    row->count = count;
    row->len = batch->bytes.len - row->offset;
}

static void build_entries(struct bare_batch *batch, const struct store_batch *store_batch)
{
    uint64_t end = store_batch->first + store_batch->entry_count;

    for (uint64_t index = store_batch->first; index < end;) {
        uint64_t run_end = row_run_end(index) < end ? row_run_end(index) : end;
        struct bare_row *row = row_begin(batch, BARE_ENTRIES, index);
        uint64_t first = index;

        for (; index < run_end; index++)
            bundle_add(&batch->bytes, store_batch->entries[index - store_batch->first]);
        row_end(batch, row, run_end - first);
    }
}

static void build_privates(struct bare_batch *batch, const struct store_batch *store_batch)
{
    for (size_t i = 0; i < store_batch->private_count;) {
        uint64_t first = store_batch->privates[i].index;
        struct bare_row *row = row_begin(batch, BARE_PRIVATES, first);
        size_t began = i;

        for (; i < store_batch->private_count && store_batch->privates[i].index < row_run_end(first); i++)
            row_add_private(&batch->bytes, first, &store_batch->privates[i]);
        row_end(batch, row, i - began);
    }
}

void bare_build(struct bare_batch *batch, const struct store_batch *store_batch)
{
    batch->bytes.max = BATCH_BYTES_MAX;
    buf_clear(&batch->bytes);
    batch->count = 0;
    build_entries(batch, store_batch);
    build_privates(batch, store_batch);
    for (size_t i = 0; i < store_batch->tile_count; i++) {
        const struct store_tile *tile = &store_batch->tiles[i];
        struct bare_row *row = row_begin(batch, BARE_TILES, (uint64_t)tile->level << 56 | tile->number);

        buf_add(&batch->bytes, (struct str){ (const char *)tile->hashes, TILE_BYTES });
        row_end(batch, row, TILE_WIDTH);
    }
}

void bare_batch_free(struct bare_batch *batch)
{
    buf_free(&batch->bytes);
    memory_free(batch->rows);
    *batch = (struct bare_batch){ 0 };
}

static void step(struct bare *bare, sqlite3_stmt *statement)
{
    must(sqlite3_step(statement) == SQLITE_DONE, sqlite3_errmsg(bare->connection));
    (void)sqlite3_reset(statement);
}

static void insert(struct bare *bare, const struct bare_batch *batch, const struct bare_row *row)
{
    sqlite3_stmt *statement = bare->insert[row->kind];

    (void)sqlite3_bind_int64(statement, 1, (int64_t)row->key);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)row->count);
    (void)sqlite3_bind_blob64(statement, 3, batch->bytes.at + row->offset, row->len, SQLITE_STATIC);
    step(bare, statement);
}

void bare_append(struct bare *bare, const struct bare_batch *batch)
{
    step(bare, bare->begin);
    for (size_t i = 0; i < batch->count; i++)
        insert(bare, batch, &batch->rows[i]);
    step(bare, bare->commit);
    if (bare->log_frames > LOG_INLINE_FRAMES)
        (void)sqlite3_wal_checkpoint_v2(bare->connection, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    checkpointer_tell(bare->checkpointer);
}
