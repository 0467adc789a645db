/*
 * store/inspect: what only the engine beneath can tell about a file: SQLite's own check of pages, indexes and
 * constraints, its schema against ours, and that no table has a row more than the ledger's size demands. A reader's
 * thread.
 */
#include <sqlite3.h>
#include <string.h>

#include "store/parts.h"
#include "store/schema/schema.h"
#include "store/sqlite.h"
#include "tlog/tile.h"

#define SCHEMA_TEXT_MAX_BYTES 65536

static int line_add(void *context, int count, char **values, char **names)
{
    struct buf *text = context;

    (void)names;
    for (int i = 0; i < count; i++) {
        buf_add(text, str_of(values[i] ? values[i] : "-"));
        buf_add_byte(text, i + 1 < count ? ' ' : '\n');
    }
    return text->status.code ? 1 : 0;
}

/* Rows of a statement as lines of text. */
static status lines_read(struct db *db, const char *sql, struct buf *text, struct err *err)
{
    int result = sqlite3_exec(sqlite_connection(db), sql, line_add, text, NULL);

    TRY(text->status);
    return result ? sqlite_fail(db, result, "a check", err) : OK;
}

static status pages_check(struct db *db, const char *path, struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = SCHEMA_TEXT_MAX_BYTES };
    struct str said;

    TRY(lines_read(db, "PRAGMA integrity_check(1)", &text, err));
    said = str_trim(str_cut(buf_str(&text), 0, text.len ? text.len - 1 : 0));
    return str_eq(said, STR("ok")) ? OK : err_set(err, CODE_CORRUPT, "%s: %.*s", path, STR_ARG(said));
}

/* As this program would make it in an empty file. Quoted, because bytes are not the text that they spell. */
static status schema_compare(struct db *db, const char *path, struct err *err)
{
    static const char sql[] = "SELECT quote(type), quote(name), quote(tbl_name), quote(sql)"
                              " FROM sqlite_schema ORDER BY name";
    AUTO(struct buf, buf_free) stored = { .max = SCHEMA_TEXT_MAX_BYTES };
    AUTO(struct buf, buf_free) wanted = { .max = SCHEMA_TEXT_MAX_BYTES };
    AUTO(struct db *, db_free) fresh = NULL;

    TRY(sqlite_open(":memory:", DB_MEMORY, &fresh, err));
    TRY(sqlite_run_text(fresh, schema_sqlite, err));
    TRY(lines_read(fresh, sql, &wanted, err));
    TRY(lines_read(db, sql, &stored, err));
    return str_eq(buf_str(&stored), buf_str(&wanted))
               ? OK
               : err_set(err, CODE_CORRUPT, "%s: its tables are not declared as in schema %d", path, SCHEMA_VERSION);
}

/* The last row of entries ends where the head does, and no private text belongs to an entry behind it. */
static status ends_check(struct db *db, const char *path, uint64_t size, struct err *err)
{
    AUTO(struct query, query_end) entries = { 0 };
    AUTO(struct query, query_end) texts = { 0 };
    uint64_t end = 0;
    bool row = false;

    TRY(query_start(db, STATEMENT_ENTRIES_LAST, NULL, &entries, err));
    TRY(query_next(&entries, &row, err));
    if (row)
        end = (uint64_t)entries.columns[0].integer + (uint64_t)entries.columns[1].integer;
    if (end != size)
        return err_set(err, CODE_CORRUPT, "%s: its head is of %llu entries, and its rows end at %llu", path,
                       (unsigned long long)size, (unsigned long long)end);
    TRY(query_start(db, STATEMENT_PRIVATE_LAST, NULL, &texts, err));
    TRY(query_next(&texts, &row, err));
    if (row && (uint64_t)texts.columns[0].integer >= size)
        return err_set(err, CODE_CORRUPT, "%s: it has the private text of entry %lld, which is not there", path,
                       (long long)texts.columns[0].integer);
    return OK;
}

static bool is_before(uint64_t level, uint64_t number, const struct sql_value *tile)
{
    uint64_t other = (uint64_t)tile[0].integer;

    return level < other || (level == other && number < (uint64_t)tile[1].integer);
}

/* Each full tile once, and no other. */
static status tiles_check(struct db *db, const char *path, uint64_t size, struct err *err)
{
    AUTO(struct query, query_end) query = { 0 };
    uint64_t level = 0, number = 0;
    bool row = false;

    TRY(query_start(db, STATEMENT_TILES_READ, NULL, &query, err));
    for (;; number++) {
        for (; level < TILE_LEVELS && number == tile_level_size(size, (unsigned)level) / TILE_WIDTH; number = 0)
            level++;
        TRY(query_next(&query, &row, err));
        if (!row && level == TILE_LEVELS)
            return OK;
        if (!row || is_before(level, number, query.columns))
            return err_set(err, CODE_CORRUPT, "%s: tile %llu/%llu is missing", path, (unsigned long long)level,
                           (unsigned long long)number);
        if ((uint64_t)query.columns[0].integer != level || (uint64_t)query.columns[1].integer != number)
            return err_set(err, CODE_CORRUPT, "%s: it has a tile %lld/%lld, which is not full", path,
                           (long long)query.columns[0].integer, (long long)query.columns[1].integer);
    }
}

static status rows_check(struct db *db, const char *path, struct err *err)
{
    struct store_head head;

    TRY(head_row_read(db, &head, err));
    TRY(ends_check(db, path, head.size, err));
    return tiles_check(db, path, head.size, err);
}

static status moment_check(struct db *db, const char *path, struct err *err)
{
    TRY(rows_check(db, path, err)); /* a transaction begins with its first read */
    TRY(schema_compare(db, path, err));
    return pages_check(db, path, err);
}

status store_inspect(struct store_reader *reader, struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };
    status s;

    TRY(read_begin(reader, &read, err));
    TRY(sqlite_run_text(read.db, "BEGIN", err));
    s = moment_check(read.db, reader->database.text, err);
    db_rollback(read.db);
    return s;
}
