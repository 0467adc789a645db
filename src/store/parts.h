/*
 * store/parts: what the files behind store.h share. Nobody else includes it.
 */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "base/buf.h"
#include "store/checkpointer.h"
#include "store/db.h"
#include "store/files.h"
#include "store/health.h"
#include "store/lock.h"
#include "store/store.h"

/* A TypeID's 16 bytes as they are stored: hi, then lo, big-endian. */
#define STORE_ID_BYTES 16

struct store {
    struct path database;
    struct lock lock;
    struct health health;
    struct store_head head;
    struct path log;
    uint64_t log_bytes; /* to which the log file has been filled ahead */
    struct db *writer;  /* NULL while a reopen has not succeeded, with the checkpointer */
    struct checkpointer *checkpointer;
    struct buf row;               /* the row being built; kept for the next */
    pthread_mutex_t readers_lock; /* over the list and its links */
    struct store_reader *readers;
};

/*
 * A connection that reads. `lock` is held during a read, so that store_reopen can close the connection between two; the
 * next read opens it again. Nobody else contends for it.
 */
struct store_reader {
    struct store *store; /* NULL when opened by path */
    struct path database;
    pthread_mutex_t lock;
    struct db *db;
    struct store_reader *next;
    struct store_reader **link; /* what points to this one */
};

/* A read under way: the lock is held and the connection open, until read_end. */
struct read {
    struct store_reader *reader;
    struct db *db;
};

MUST_CHECK status read_begin(struct store_reader *reader, struct read *ret_read, struct err *err);
void read_end(struct read *read); /* accepts a zeroed one */

/* Closes the connections of all readers, waiting for the reads under way. They open again by themselves. */
void readers_disconnect(struct store *store);

/* The one row of `head`; CODE_CORRUPT when there is none or its values make no sense. */
MUST_CHECK status head_row_read(struct db *db, struct store_head *ret_head, struct err *err);
/* CODE_NOT_FOUND when there is no such fact. */
MUST_CHECK status fact_read(struct db *db, struct str name, struct arena *arena, struct str *ret_value,
                            struct err *err);
/* CODE_INVALID when the file's schema is another than this program's. */
MUST_CHECK status schema_check(struct db *db, const char *path, struct err *err);

/* ---- open.c: what is SQLite's own ---- */

/* The database file of a path that names it or the directory it lies in. */
MUST_CHECK status database_path(const char *path, struct path *ret_path, struct err *err);
/* Opens the reader's connection. */
MUST_CHECK status reader_connect(struct store_reader *reader, struct err *err);
/* After a commit: keeps the log short, and filled ahead. What fails here has no bearing on the commit; it stops the
 * store. */
void log_committed(struct store *store);

#endif
