/*
 * store/sqlite: SQLite behind db.h, and what only SQLite needs: how connections are opened, and its write-ahead log.
 *
 * The settings are measured: pages of 8 KiB, WAL with synchronous=FULL, so that a commit is one
 * fdatasync of the log; no checkpoints by SQLite itself, because those stall the writer (checkpointer.h does them).
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>

#include "store/db.h"

/* A log longer than this is folded by the writer itself, shortly, after its commit. */
#define LOG_INLINE_FRAMES 4000
#define LOG_FRAME_BYTES   (8192 + 24)
/*
 * The log file is filled with zeros ahead of the frames, in steps: overwriting blocks that are there costs one disk
 * write a commit, extending the file costs the file system's journal too. It ends at 48 MiB, which hold
 * LOG_INLINE_FRAMES, the largest batch (BATCH_MAX_BYTES) and room to spare; if the log grew beyond, it is cut back.
 */
#define LOG_STEP_BYTES 4194304 /* 4 MiB */
#define LOG_MAX_BYTES  50331648

enum db_role {
    DB_WRITER,
    DB_CHECKPOINTER,
    DB_READER,  /* changes nothing */
    DB_BUILDER, /* fills a new, empty file, which is not in WAL mode yet */
    DB_COPY,    /* is filled with another one's pages, and synced by the caller */
    DB_ALONE,   /* recovery: CODE_BUSY while anybody else has the file open */
    DB_MEMORY,  /* no file at all: ":memory:", to compare a schema with */
};

/* `path` is the database file, which must exist. */
MUST_CHECK status sqlite_open(const char *path, enum db_role role, struct db **ret_db, struct err *err);

/* Runs literal statements without results: the schema. */
MUST_CHECK status sqlite_run_text(struct db *db, const char *sql, struct err *err);

/*
 * Makes db_close leave the log file, also when this is the last connection: after an error the next opening must fold
 * all of it, without trusting what was noted as folded. Only a writer would fold it.
 */
void sqlite_keep_log(struct db *db);

/* Frames in the log after the last commit of this connection. */
int sqlite_log_frames(const struct db *db);

/*
 * Folds as much of the log into the database file as can be without waiting for anybody. Another one under way is no
 * failure.
 */
MUST_CHECK status sqlite_checkpoint_passive(struct db *db, struct err *err);
/* Folds all of the log and empties it, waiting for readers. */
MUST_CHECK status sqlite_checkpoint_full(struct db *db, struct err *err);
/* fsync of the database file through SQLite's own handle: closing one of ours would drop its locks (POSIX). */
MUST_CHECK status sqlite_sync(struct db *db, struct err *err);

/* The connection, for what has no name here (backup.c). */
sqlite3 *sqlite_connection(struct db *db);
/* The status of a result code of SQLite's, with the text of what was being done. */
status sqlite_fail(const struct db *db, int result, const char *doing, struct err *err);

#endif
