/*
 * store/reader: connections that read, and the small reads: head, facts, one tile. A reader's own thread.
 */
#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "store/parts.h"
#include "store/schema/schema.h"

/* ---- Opening and closing ---- */

static struct store_reader *reader_new(void)
{
    struct store_reader *reader = memory_new(1, sizeof *reader);

    if (reader)
        (void)pthread_mutex_init(&reader->lock, NULL);
    return reader;
}

static void enlist(struct store_reader *reader, struct store *store)
{
    (void)pthread_mutex_lock(&store->readers_lock);
    reader->store = store;
    reader->next = store->readers;
    reader->link = &store->readers;
    if (reader->next)
        reader->next->link = &reader->next;
    store->readers = reader;
    (void)pthread_mutex_unlock(&store->readers_lock);
}

static void delist(struct store_reader *reader)
{
    (void)pthread_mutex_lock(&reader->store->readers_lock);
    *reader->link = reader->next;
    if (reader->next)
        reader->next->link = reader->link;
    (void)pthread_mutex_unlock(&reader->store->readers_lock);
}

/* Opened now, so that a ledger that can't be read is an error of the opening and not of a later read. */
static status try_once(struct store_reader *reader, struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };

    return read_begin(reader, &read, err);
}

status store_reader_open(struct store *store, struct store_reader **ret_reader, struct err *err)
{
    struct store_reader *reader = reader_new();
    status s;

    if (!reader)
        return err_set(err, CODE_NO_MEMORY, "no memory to read %s", store->database.text);
    reader->database = store->database;
    enlist(reader, store);
    s = try_once(reader, err);
    if (s.code) {
        store_reader_close(reader);
        return s;
    }
    *ret_reader = reader;
    return OK;
}

status store_reader_open_path(const char *path, struct store_reader **ret_reader, struct err *err)
{
    struct store_reader *reader = reader_new();
    status s;

    if (!reader)
        return err_set(err, CODE_NO_MEMORY, "no memory to read %s", path);
    s = database_path(path, &reader->database, err);
    if (!s.code)
        s = try_once(reader, err);
    if (s.code) {
        store_reader_close(reader);
        return s;
    }
    *ret_reader = reader;
    return OK;
}

void store_reader_close(struct store_reader *reader)
{
    if (!reader)
        return;
    if (reader->store)
        delist(reader);
    db_close(reader->db);
    (void)pthread_mutex_destroy(&reader->lock);
    memory_free(reader);
}

void readers_disconnect(struct store *store)
{
    (void)pthread_mutex_lock(&store->readers_lock);
    for (struct store_reader *reader = store->readers; reader; reader = reader->next) {
        (void)pthread_mutex_lock(&reader->lock);
        db_close(reader->db);
        reader->db = NULL;
        (void)pthread_mutex_unlock(&reader->lock);
    }
    (void)pthread_mutex_unlock(&store->readers_lock);
}

/* ---- One read ---- */

status read_begin(struct store_reader *reader, struct read *ret_read, struct err *err)
{
    status s = OK;

    (void)pthread_mutex_lock(&reader->lock);
    if (reader->store)
        s = health_check_read(&reader->store->health, err);
    if (!s.code && !reader->db)
        s = reader_connect(reader, err);
    if (s.code) {
        (void)pthread_mutex_unlock(&reader->lock);
        return s;
    }
    *ret_read = (struct read){ .reader = reader, .db = reader->db };
    return OK;
}

void read_end(struct read *read)
{
    if (read->reader)
        (void)pthread_mutex_unlock(&read->reader->lock);
}

/* ---- Head, facts, tiles ---- */

static bool head_makes_sense(const struct sql_value *columns)
{
    return columns[0].integer >= 0 && columns[1].bytes.len == HASH_BYTES && columns[3].integer >= 0;
}

status head_row_read(struct db *db, struct store_head *ret_head, struct err *err)
{
    AUTO(struct query, query_end) query = { 0 };
    bool row = false;

    TRY(query_start(db, STATEMENT_HEAD_READ, NULL, &query, err));
    TRY(query_next(&query, &row, err));
    if (!row || !head_makes_sense(query.columns))
        return err_set(err, CODE_CORRUPT, "the ledger has no head, or one that makes no sense");
    *ret_head = (struct store_head){ .size = (uint64_t)query.columns[0].integer,
                                     .time_ms = query.columns[2].integer,
                                     .epoch = (uint64_t)query.columns[3].integer };
    memcpy(ret_head->root.bytes, query.columns[1].bytes.at, HASH_BYTES);
    return OK;
}

status store_head_read(struct store_reader *reader, struct store_head *ret_head, struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };

    TRY(read_begin(reader, &read, err));
    return head_row_read(read.db, ret_head, err);
}

status fact_read(struct db *db, struct str name, struct arena *arena, struct str *ret_value, struct err *err)
{
    struct sql_value values[] = { sql_text(name) };
    AUTO(struct query, query_end) query = { 0 };
    bool row = false;
    status s;

    TRY(query_start(db, STATEMENT_FACT_READ, values, &query, err));
    TRY(query_next(&query, &row, err));
    if (!row)
        return err_set(err, CODE_NOT_FOUND, "the ledger has no fact named %.*s", STR_ARG(name));
    s = arena_copy(arena, query.columns[0].bytes, ret_value);
    return s.code ? err_set(err, s.code, "the fact %.*s is larger than its reader allows", STR_ARG(name)) : OK;
}

status store_fact_read(struct store_reader *reader, struct str name, struct arena *arena, struct str *ret_value,
                       struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };

    TRY(read_begin(reader, &read, err));
    return fact_read(read.db, name, arena, ret_value, err);
}

status store_facts_read(struct store_reader *reader, const struct store_fact_visitor *visitor, struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };
    AUTO(struct query, query_end) query = { 0 };
    bool row = false;

    TRY(read_begin(reader, &read, err));
    TRY(query_start(read.db, STATEMENT_FACTS_READ, NULL, &query, err));
    for (;;) {
        TRY(query_next(&query, &row, err));
        if (!row)
            return OK;
        TRY(visitor->visit(visitor->context, &(struct store_fact){ query.columns[0].bytes, query.columns[1].bytes },
                           err));
    }
}

status schema_check(struct db *db, const char *path, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct str version = STR_NONE;
    uint64_t number = 0;

    TRY(fact_read(db, STR("schema"), &arena, &version, err));
    if (str_to_u64(version, INT32_MAX, &number).code || number == 0)
        return err_set(err, CODE_CORRUPT, "%s: \"%.*s\" is not the number of a schema", path, STR_ARG(version));
    if (number != SCHEMA_VERSION)
        return err_set(err, CODE_INVALID, "%s has schema %lu, this program knows %d", path, (unsigned long)number,
                       SCHEMA_VERSION);
    return OK;
}

status store_tile_read(struct store_reader *reader, unsigned level, uint64_t number, uint8_t *ret_hashes,
                       struct err *err)
{
    struct sql_value values[] = { sql_index(level), sql_index(number) };
    AUTO(struct read, read_end) read = { 0 };
    AUTO(struct query, query_end) query = { 0 };
    bool row = false;

    TRY(read_begin(reader, &read, err));
    TRY(query_start(read.db, STATEMENT_TILE_READ, values, &query, err));
    TRY(query_next(&query, &row, err));
    if (!row)
        return err_set(err, CODE_NOT_FOUND, "there is no full tile %u/%lu", level, (unsigned long)number);
    if (query.columns[0].bytes.len != (size_t)TILE_BYTES)
        return err_set(err, CODE_CORRUPT, "tile %u/%lu has %zu bytes", level, (unsigned long)number,
                       query.columns[0].bytes.len);
    memcpy(ret_hashes, query.columns[0].bytes.at, (size_t)TILE_BYTES);
    return OK;
}
