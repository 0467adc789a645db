/*
 * store/files: the names in a data directory, and what SQLite does not do about files.
 *
 * Everything in the directory can hold private text, so files are 0600 and the directory is 0700.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define FILES_PATH_MAX_BYTES 4096 /* Linux's PATH_MAX */

#define FILES_LOCK     "lock"
#define FILES_DATABASE "ledger.db"
#define FILES_LOG      "ledger.db-wal" /* SQLite's name for its write-ahead log */
#define FILES_NEW      "ledger.db.new" /* a ledger under construction */
#define FILES_BALLAST  "ballast"

struct path {
    char text[FILES_PATH_MAX_BYTES];
};

/* dir "/" name; CODE_TOO_LARGE when the system could not open it anyway. */
MUST_CHECK status path_join(const char *dir, const char *name, struct path *ret_path, struct err *err);
/* text, then suffix. */
MUST_CHECK status path_add(const char *text, const char *suffix, struct path *ret_path, struct err *err);
/* The directory that holds the file. */
MUST_CHECK status path_parent(const char *path, struct path *ret_dir, struct err *err);

bool file_exists(const char *path);
/* An empty file of 0600. CODE_CONFLICT when there is one. */
MUST_CHECK status file_create(const char *path, struct err *err);
/* Makes names created, renamed or removed in the directory durable. */
MUST_CHECK status file_sync_directory(const char *dir, struct err *err);
/* Makes the file's contents durable. Not for a database that is open: closing it here would drop SQLite's locks. */
MUST_CHECK status file_sync(const char *path, struct err *err);
/* Appends zeros until the file has at least `len` bytes. Only while nobody else writes it. */
MUST_CHECK status file_grow(const char *path, uint64_t len, struct err *err);
/* Gives `from` the name `to`, durably, never over an existing file: CODE_CONFLICT. */
MUST_CHECK status file_publish(const char *from, const char *to, struct err *err);

#endif
