/*
 * store/open: a ledger's way into being, and the writer's way in, out, and in again after a failure.
 *
 * Opening and reopening are one path: alone, SQLite recovers the log from its first byte and folds all of it into the
 * database file, so nothing depends on what an earlier process noted as folded; then the writer's connection is opened,
 * the head compared with the entries, and the log file filled ahead.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/parts.h"
#include "store/row.h"
#include "store/schema/schema.h"
#include "store/sqlite.h"

#define VERSION_BYTES 12

/* Who may not look must not be told that there is nothing, and make another ledger. */
static status database_find(const char *database, const char *dir, struct err *err)
{
    if (file_exists(database))
        return OK;
    return errno == EACCES ? err_system(err, "look into", dir)
                           : err_set(err, CODE_NOT_FOUND, "there is no ledger in %s", dir);
}

status store_find(const char *dir, struct err *err)
{
    struct path path;

    TRY(path_join(dir, FILES_DATABASE, &path, err));
    return database_find(path.text, dir, err);
}

status database_path(const char *path, struct path *ret_path, struct err *err)
{
    struct stat found;

    if (stat(path, &found))
        return errno == EACCES ? err_system(err, "look at", path)
                               : err_set(err, CODE_NOT_FOUND, "there is no ledger at %s", path);
    if (!S_ISDIR(found.st_mode))
        return path_add(path, "", ret_path, err);
    TRY(path_join(path, FILES_DATABASE, ret_path, err));
    return database_find(ret_path->text, path, err);
}

/* ---- Creating ---- */

static status fill(struct db *db, const struct store_fact *facts, size_t count, struct err *err)
{
    struct hash root = hash_of(STR_NONE); /* of the empty tree, RFC 6962 section 2.1 */
    char version[VERSION_BYTES];
    int len = snprintf(version, sizeof version, "%d", SCHEMA_VERSION);
    struct sql_value schema[] = { sql_text(STR("schema")), sql_text((struct str){ version, (size_t)len }) };

    TRY(db_begin(db, err));
    TRY(sqlite_run_text(db, schema_sqlite, err));
    TRY(db_run(db, STATEMENT_FACT_WRITE, schema, NULL, err));
    for (size_t i = 0; i < count; i++)
        TRY(db_run(db, STATEMENT_FACT_WRITE, (struct sql_value[]){ sql_text(facts[i].name), sql_text(facts[i].value) },
                   NULL, err));
    TRY(db_run(db, STATEMENT_HEAD_CREATE,
               (struct sql_value[]){ sql_index(0), sql_bytes(hash_str(&root)), sql_integer(0), sql_index(0) }, NULL,
               err));
    return db_commit(db, err);
}

/* Built under another name, so that a crash leaves no half of a ledger. */
static status build(const char *path, const struct store_fact *facts, size_t count, struct err *err)
{
    AUTO(struct db *, db_free) db = NULL;

    if (unlink(path) && errno != ENOENT)
        return err_system(err, "unlink", path);
    TRY(file_create(path, err));
    TRY(sqlite_open(path, DB_BUILDER, &db, err));
    return fill(db, facts, count, err);
}

static status make_directory(const char *dir, struct err *err)
{
    struct path parent = { 0 };

    if (mkdir(dir, S_IRWXU))
        return errno == EEXIST ? OK : err_system(err, "mkdir", dir);
    TRY(path_parent(dir, &parent, err));
    return file_sync_directory(parent.text, err);
}

status store_create(const char *dir, const struct store_fact *facts, size_t count, struct err *err)
{
    AUTO(struct lock, lock_drop) lock = { 0 };
    struct path unfinished = { 0 };
    struct path path = { 0 };

    TRY(path_join(dir, FILES_DATABASE, &path, err));
    TRY(path_join(dir, FILES_NEW, &unfinished, err));
    TRY(make_directory(dir, err));
    TRY(lock_take(dir, &lock, err));
    if (file_exists(path.text))
        return err_set(err, CODE_CONFLICT, "there is a ledger in %s already", dir);
    TRY(build(unfinished.text, facts, count, err));
    return file_publish(unfinished.text, path.text, err);
}

/* ---- Opening ---- */

/*
 * Recovers and folds the whole log. Another process that reads the ledger is in the way; unless a failed write or sync
 * is the reason for doing this, what it holds open is good, and folding can go on beside it.
 */
static status recover(struct store *store, struct err *err)
{
    struct db *db = NULL;
    status s = sqlite_open(store->database.text, DB_ALONE, &db, err);

    if (!s.code) {
        s = sqlite_checkpoint_full(db, err);
        if (s.code)
            sqlite_keep_log(db);
        db_close(db);
    }
    return s.code == CODE_BUSY && health_state(&store->health) != HEALTH_DISTRUSTED ? OK : s;
}

/* A log that can't be filled ahead is only slower; whether it can be written at all is for the commits to find out. */
static void fill_log(struct store *store, uint64_t used_bytes)
{
    struct err err = { 0 };

    if (store->log_bytes >= LOG_MAX_BYTES || used_bytes + LOG_STEP_BYTES / 2 <= store->log_bytes)
        return;
    store->log_bytes += LOG_STEP_BYTES;
    if (file_grow(store->log.text, store->log_bytes, &err).code == CODE_OK)
        return;
    log_write(LOG_WARN, "store", "%s", err.text);
    store->log_bytes = LOG_MAX_BYTES;
}

/* The newest row of entries must end where the head does. */
static status check_tail(struct store *store, struct err *err)
{
    AUTO(struct query, query_end) query = { 0 };
    uint64_t end = 0;
    bool row = false;

    TRY(query_start(store->writer, STATEMENT_ENTRIES_LAST, NULL, &query, err));
    TRY(query_next(&query, &row, err));
    if (row)
        end = (uint64_t)query.columns[0].integer + (uint64_t)query.columns[1].integer;
    if (end != store->head.size)
        return err_set(err, CODE_CORRUPT, "%s says it has %lu entries, and has %lu", store->database.text,
                       (unsigned long)store->head.size, (unsigned long)end);
    return OK;
}

static status connect_all(struct store *store, struct err *err)
{
    TRY(recover(store, err));
    TRY(sqlite_open(store->database.text, DB_WRITER, &store->writer, err));
    TRY(schema_check(store->writer, store->database.text, err));
    TRY(head_row_read(store->writer, &store->head, err));
    TRY(check_tail(store, err));
    store->log_bytes = 0;
    fill_log(store, 0);
    TRY(file_sync(store->log.text,
                  err)); /* what recovery could not fold beside other readers is durable all the same */
    return checkpointer_start(store->database.text, &store->health, &store->checkpointer, err);
}

/* What fails leaves the store stopped, for store_reopen or store_close to deal with. */
static status connect(struct store *store, struct err *err)
{
    struct err why = { 0 };
    status s = connect_all(store, &why);

    if (s.code == CODE_OK)
        return OK;
    health_note(&store->health, s, &why);
    return err_set(err, s.code, "%s", why.text);
}

static void disconnect(struct store *store)
{
    checkpointer_stop(store->checkpointer);
    store->checkpointer = NULL;
    if (store->writer && health_state(&store->health) != HEALTH_READY)
        sqlite_keep_log(store->writer);
    db_close(store->writer);
    store->writer = NULL;
}

static status open_store(struct store *store, const char *dir, struct err *err)
{
    TRY(path_join(dir, FILES_DATABASE, &store->database, err));
    TRY(path_join(dir, FILES_LOG, &store->log, err));
    TRY(database_find(store->database.text, dir, err));
    TRY(lock_take(dir, &store->lock, err));
    return connect(store, err);
}

bool store_is_ready(const struct store *store)
{
    return health_state(&store->health) == HEALTH_READY;
}

status store_open(const char *dir, struct store **ret_store, struct err *err)
{
    struct store *store = memory_new(1, sizeof *store);
    status s;

    if (!store)
        return err_set(err, CODE_NO_MEMORY, "no memory to open the ledger in %s", dir);
    store->row.max = ROW_MAX_BYTES;
    health_init(&store->health);
    (void)pthread_mutex_init(&store->readers_lock, NULL);
    s = open_store(store, dir, err);
    if (s.code) {
        store_close(store);
        return s;
    }
    *ret_store = store;
    return OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    assert(!store->readers);
    disconnect(store);
    lock_drop(&store->lock);
    buf_free(&store->row);
    health_free(&store->health);
    (void)pthread_mutex_destroy(&store->readers_lock);
    memory_free(store);
}

void store_forget_in_child(struct store *store)
{
    lock_drop(&store->lock);
}

struct store_head store_head(const struct store *store)
{
    return store->head;
}

status store_reopen(struct store *store, struct store_head *ret_head, struct err *err)
{
    disconnect(store);
    readers_disconnect(store);
    TRY(connect(store, err));
    health_restore(&store->health);
    *ret_head = store->head;
    return OK;
}

/* ---- While it is open ---- */

void log_committed(struct store *store)
{
    int frames = sqlite_log_frames(store->writer);
    struct err err = { 0 };
    status s = OK;

    fill_log(store, (uint64_t)frames * LOG_FRAME_BYTES);
    if (frames > LOG_INLINE_FRAMES)
        s = sqlite_checkpoint_passive(store->writer, &err);
    if (s.code && s.code != CODE_NO_MEMORY)
        health_note(&store->health, s, &err);
    checkpointer_tell(store->checkpointer);
}

status reader_connect(struct store_reader *reader, struct err *err)
{
    struct db *db = NULL;
    status s;

    TRY(sqlite_open(reader->database.text, DB_READER, &db, err));
    s = schema_check(db, reader->database.text, err);
    if (s.code) {
        db_close(db);
        return s;
    }
    reader->db = db;
    return OK;
}
