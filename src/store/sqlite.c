/*
 * store/sqlite: connections, statements and checkpoints. See db.h and sqlite.h.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/memory.h"
#include "store/files.h"
#include "store/row.h"

/* How long a connection waits for another one's short lock: recovery of the log, or a process just leaving. */
#define BUSY_TIMEOUT_MS 2000
/* Recovery waits for readers, which may stay; its caller comes again. */
#define BUSY_ALONE_MS 250
/* A row has a few columns besides the one that is large. */
#define ROW_SLACK_BYTES 4096

struct db {
    sqlite3 *connection;
    sqlite3_stmt *prepared[STATEMENT_COUNT]; /* at first use */
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    int log_frames;
    struct path path;
};

/* The writer's cache holds the largest batch, so that no page is written before the commit. */
static const char *const settings[] = {
    [DB_WRITER] = ("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384;"
                   "PRAGMA journal_size_limit = 50331648"),
    [DB_CHECKPOINTER] = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0",
    [DB_READER] = "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192",
    [DB_BUILDER] = "PRAGMA page_size = 8192; PRAGMA synchronous = EXTRA",
    [DB_COPY] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF",
    [DB_MEMORY] = "PRAGMA journal_mode = OFF",
    [DB_ALONE] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0",
};
_Static_assert(LOG_MAX_BYTES == 50331648, "the writer's journal_size_limit is LOG_MAX_BYTES");

/*
 * A failed fsync is never "disk full", even where the system says so: pages were lost, and that is what CODE_IO tells
 * (store/health).
 */
static enum code code_of(int result, int system_error)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CODE_BUSY;
    case SQLITE_FULL:
        return CODE_DISK_FULL;
    case SQLITE_NOMEM:
        return CODE_NO_MEMORY;
    case SQLITE_ERROR: /* no such table or column: not a ledger, or one of another schema */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return CODE_CORRUPT;
    case SQLITE_IOERR:
        if (result == SQLITE_IOERR_NOMEM)
            return CODE_NO_MEMORY;
        if ((system_error == ENOSPC || system_error == EDQUOT) && result != SQLITE_IOERR_FSYNC)
            return CODE_DISK_FULL;
        return CODE_IO;
    default:
        return CODE_IO;
    }
}

status sqlite_fail(const struct db *db, int result, const char *doing, struct err *err)
{
    sqlite3 *connection = db->connection;
    int system_error = connection ? sqlite3_system_errno(connection) : 0;
    bool current = connection && sqlite3_extended_errcode(connection) == result;
    const char *why = current ? sqlite3_errmsg(connection) : sqlite3_errstr(result);

    return err_set(err, code_of(result, system_error), "%s of %s failed: %s (SQLite code %d, errno %d)", doing,
                   db->path.text, why, result, system_error);
}

/* ---- Opening and closing ---- */

static int note_log_frames(void *context, sqlite3 *connection, const char *schema, int frames)
{
    struct db *db = context;

    (void)connection;
    (void)schema;
    db->log_frames = frames;
    return SQLITE_OK;
}

/* A file from somewhere else can't run anything: its schema is not trusted, and rows have a maximum. */
static void harden(sqlite3 *connection, enum db_role role)
{
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, (int)ROW_MAX_BYTES + ROW_SLACK_BYTES);
    (void)sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_busy_timeout(connection, role == DB_ALONE ? BUSY_ALONE_MS : BUSY_TIMEOUT_MS);
}

static int is_wal(void *context, int count, char **values, char **names)
{
    bool *wal = context;

    (void)names;
    *wal = count == 1 && values[0] && str_eq(str_of(values[0]), STR("wal"));
    return SQLITE_OK;
}

/* A restored backup is not in WAL mode yet. */
static status require_wal(struct db *db, struct err *err)
{
    bool wal = false;
    int result = sqlite3_exec(db->connection, "PRAGMA journal_mode = WAL", is_wal, &wal, NULL);

    if (result)
        return sqlite_fail(db, result, "opening", err);
    if (!wal)
        return err_set(err, CODE_IO, "%s can't have a write-ahead log on this file system", db->path.text);
    return OK;
}

static status configure(struct db *db, enum db_role role, struct err *err)
{
    harden(db->connection, role);
    TRY(sqlite_run_text(db, settings[role], err));
    if (role == DB_WRITER) {
        TRY(require_wal(db, err));
        (void)sqlite3_wal_hook(db->connection, note_log_frames, db);
    }
    if (role == DB_CHECKPOINTER)
        sqlite_keep_log(db);
    return OK;
}

status sqlite_open(const char *path, enum db_role role, struct db **ret_db, struct err *err)
{
    int flags = (role == DB_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_EXRESCODE;
    struct db *db = memory_new(1, sizeof *db);
    status s;
    int result;

    if (!db)
        return err_set(err, CODE_NO_MEMORY, "no memory to open %s", path);
    /* "./" keeps SQLite from taking a name that begins with "file:" for a URI. */
    s = path_add(path[0] == '/' || role == DB_MEMORY ? "" : "./", path, &db->path, err);
    if (!s.code) {
        result = sqlite3_open_v2(db->path.text, &db->connection, flags, NULL);
        s = result ? sqlite_fail(db, result, "opening", err) : configure(db, role, err);
    }
    if (s.code) {
        db_close(db);
        return s;
    }
    *ret_db = db;
    return OK;
}

void db_close(struct db *db)
{
    int result;

    if (!db)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(db->prepared[i]);
    (void)sqlite3_finalize(db->begin);
    (void)sqlite3_finalize(db->commit);
    result = sqlite3_close(db->connection);
    assert(result == SQLITE_OK); /* else a statement or backup is still open */
    (void)result;
    memory_free(db);
}

void sqlite_keep_log(struct db *db)
{
    (void)sqlite3_db_config(db->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

sqlite3 *sqlite_connection(struct db *db)
{
    return db->connection;
}

int sqlite_log_frames(const struct db *db)
{
    return db->log_frames;
}

/* ---- Statements ---- */

status sqlite_run_text(struct db *db, const char *sql, struct err *err)
{
    int result = sqlite3_exec(db->connection, sql, NULL, NULL, NULL);

    return result ? sqlite_fail(db, result, "setting up", err) : OK;
}

static status prepare(struct db *db, const char *sql, sqlite3_stmt **statement, struct err *err)
{
    int result;

    if (*statement)
        return OK;
    result = sqlite3_prepare_v3(db->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return result ? sqlite_fail(db, result, "preparing a statement", err) : OK;
}

/* An empty value is not NULL, so it needs an address. */
static int bind_value(sqlite3_stmt *statement, int place, const struct sql_value *value)
{
    const char *at = value->bytes.at ? value->bytes.at : "";

    switch (value->type) {
    case SQL_INTEGER:
        return sqlite3_bind_int64(statement, place, value->integer);
    case SQL_BYTES:
        return sqlite3_bind_blob64(statement, place, at, value->bytes.len, SQLITE_STATIC);
    case SQL_TEXT:
        return sqlite3_bind_text64(statement, place, at, value->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
    default:
        return SQLITE_MISUSE;
    }
}

static status bind(struct db *db, enum statement id, const struct sql_value *values, struct err *err)
{
    const struct statement_text *text = &statements[id];

    TRY(prepare(db, text->sql, &db->prepared[id], err));
    assert(!sqlite3_stmt_busy(db->prepared[id]));
    for (int i = 0; text->parameters[i]; i++) {
        assert(values[i].type == text->parameters[i]);
        int result = bind_value(db->prepared[id], i + 1, &values[i]);
        if (result)
            return sqlite_fail(db, result, text->name, err);
    }
    return OK;
}

status db_run(struct db *db, enum statement id, const struct sql_value *values, int64_t *ret_changed, struct err *err)
{
    status s = OK;
    int result;

    assert(!statements[id].columns[0]);
    TRY(bind(db, id, values, err));
    result = sqlite3_step(db->prepared[id]);
    if (result != SQLITE_DONE)
        s = sqlite_fail(db, result, statements[id].name, err);
    (void)sqlite3_reset(db->prepared[id]); /* repeats the step's result */
    if (!s.code && ret_changed)
        *ret_changed = sqlite3_changes64(db->connection);
    return s;
}

status query_start(struct db *db, enum statement id, const struct sql_value *values, struct query *ret_query,
                   struct err *err)
{
    assert(statements[id].columns[0]);
    TRY(bind(db, id, values, err));
    *ret_query = (struct query){ .db = db, .id = id };
    return OK;
}

/* False when the row holds another type than the table says, NULL included. */
static bool read_column(sqlite3_stmt *statement, int place, enum sql_type type, struct sql_value *ret_value)
{
    static const int kinds[] = { [SQL_INTEGER] = SQLITE_INTEGER, [SQL_BYTES] = SQLITE_BLOB, [SQL_TEXT] = SQLITE_TEXT };

    if (sqlite3_column_type(statement, place) != kinds[type])
        return false;
    *ret_value = (struct sql_value){ .type = type };
    if (type == SQL_INTEGER) {
        ret_value->integer = sqlite3_column_int64(statement, place);
    } else {
        ret_value->bytes.at = sqlite3_column_blob(statement, place);
        ret_value->bytes.len = (size_t)sqlite3_column_bytes(statement, place);
    }
    /* No address where there are bytes is how SQLite says that it had no memory for them. */
    return type == SQL_INTEGER || ret_value->bytes.at || ret_value->bytes.len == 0;
}

status query_next(struct query *query, bool *ret_row, struct err *err)
{
    const struct statement_text *text = &statements[query->id];
    struct db *db = query->db;
    int result = sqlite3_step(db->prepared[query->id]);

    if (result == SQLITE_DONE) {
        *ret_row = false;
        return OK;
    }
    if (result != SQLITE_ROW)
        return sqlite_fail(db, result, text->name, err);
    for (int i = 0; text->columns[i]; i++) {
        if (read_column(db->prepared[query->id], i, text->columns[i], &query->columns[i]))
            continue;
        if ((sqlite3_errcode(db->connection) & 0xff) == SQLITE_NOMEM)
            return sqlite_fail(db, SQLITE_NOMEM, text->name, err);
        return err_set(err, CODE_CORRUPT, "%s: column %d of %s has the wrong type", db->path.text, i + 1, text->name);
    }
    *ret_row = true;
    return OK;
}

void query_end(struct query *query)
{
    if (query->db)
        (void)sqlite3_reset(query->db->prepared[query->id]);
}

/* ---- Transactions ---- */

static status run_control(struct db *db, const char *sql, sqlite3_stmt **statement, struct err *err)
{
    status s = OK;
    int result;

    TRY(prepare(db, sql, statement, err));
    result = sqlite3_step(*statement);
    if (result != SQLITE_DONE)
        s = sqlite_fail(db, result, sql, err);
    (void)sqlite3_reset(*statement);
    return s;
}

status db_begin(struct db *db, struct err *err)
{
    return run_control(db, "BEGIN IMMEDIATE", &db->begin, err);
}

status db_commit(struct db *db, struct err *err)
{
    return run_control(db, "COMMIT", &db->commit, err);
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->connection))
        (void)sqlite3_exec(db->connection, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- The log ---- */

status sqlite_checkpoint_passive(struct db *db, struct err *err)
{
    int result = sqlite3_wal_checkpoint_v2(db->connection, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

    return result && (result & 0xff) != SQLITE_BUSY ? sqlite_fail(db, result, "a checkpoint", err) : OK;
}

status sqlite_checkpoint_full(struct db *db, struct err *err)
{
    int result;

    if (fault_hit(FAULT_STORE_FULL))
        return err_set(err, CODE_DISK_FULL, "a checkpoint of %s failed: a fault point says the disk is full",
                       db->path.text);
    result = sqlite3_wal_checkpoint_v2(db->connection, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return result ? sqlite_fail(db, result, "a checkpoint", err) : OK;
}

status sqlite_sync(struct db *db, struct err *err)
{
    sqlite3_file *file = NULL;
    int result = sqlite3_file_control(db->connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    if (!result && file && file->pMethods)
        result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    return result ? sqlite_fail(db, result, "a sync", err) : OK;
}
