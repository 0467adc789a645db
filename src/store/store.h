/*
 * store: where a ledger's bytes lie, behind one small interface.
 *
 * Owns the entries, full tiles, head, private texts and aliases of one ledger, the facts about it that are no secret
 * (origin, verifier key), and the rule that one process writes. It refuses to know what an entry says, to compute a
 * hash, to keep a signing key, and to make any promise about a commit it has not seen succeed.
 *
 * Keeps P1 (store_append returns OK only when the batch is durable) and P3 (nothing but the head is ever changed: rows
 * are only added, and only directly behind the stored head). Everything read back is checked for its form, so a torn or
 * edited row is CODE_CORRUPT that names the entry; whether a well-formed leaf is the right one only its hash can tell,
 * which is the reader's business (P3).
 *
 * Threads: a `store` belongs to one thread at a time, the ledger's writer or the one that commits for it. A
 * `store_reader` belongs to one thread too, another or the same; there can be many. store_reopen waits for reads under
 * way.
 *
 * SQLite is what stands behind it today. db.h is the seam: another engine implements db.h, and the statements in
 * statements/ are prepared on PostgreSQL by the tests.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/typeid.h"
#include "crypto/hash.h"
#include "tlog/tile.h"

struct store;
struct store_reader;

struct store_head {
    uint64_t size;    /* entries */
    struct hash root; /* of the tree of that size */
    int64_t time_ms;  /* of the newest entry */
    uint64_t epoch;   /* of the writer that appended it */
};

struct store_tile {
    unsigned level; /* 0 holds leaf hashes */
    uint64_t number;
    const uint8_t *hashes; /* TILE_BYTES */
};

/* What a leaf's commitment covers, outside the tree and sealed (P8). The store interprets neither part nor text. */
struct store_private {
    uint64_t index;  /* of the entry */
    uint8_t part;    /* at most one of each part an entry */
    struct str text; /* at most 65,535 bytes, as for an entry: two bytes tell its length */
};

/* What a random id in the leaves stands for, outside the tree and sealed (P8). One that is there is written over. */
struct store_alias {
    struct id id;
    int64_t kind;
    struct str text;
};

struct store_batch {
    uint64_t first; /* index of entries[0]; must be the stored head's size */
    const struct str *entries;
    size_t entry_count;                   /* at least 1 */
    const struct store_private *privates; /* ascending by index and part, within the batch */
    size_t private_count;
    const struct store_tile *tiles; /* those that became full */
    size_t tile_count;
    const struct store_alias *aliases; /* new ones, and those sealed anew; each id once */
    size_t alias_count;
    struct store_head head; /* after the batch: size is first + entry_count */
};

/* A fact about the ledger: origin, vkey, created, … UTF-8 without NUL. */
struct store_fact {
    struct str name;
    struct str value;
};

/* ---- A ledger in a data directory ---- */

/*
 * Makes an empty ledger with these facts in `dir`, which is created (0700) when it does not exist; its parent must.
 * All or nothing, over crashes too. CODE_CONFLICT when there is one already, CODE_BUSY when another process holds it.
 */
MUST_CHECK status store_create(const char *dir, const struct store_fact *facts, size_t count, struct err *err);

/* Whether there is one, opening nothing: CODE_NOT_FOUND, or CODE_DENIED who may not look. */
MUST_CHECK status store_find(const char *dir, struct err *err);

/*
 * Opens the ledger for writing, alone: CODE_BUSY names the process that holds it, CODE_NOT_FOUND when there is none,
 * CODE_INVALID when a newer version wrote it, CODE_CORRUPT when its head and entries contradict each other. What a
 * crash left in the log file is durable when this returns.
 */
MUST_CHECK status store_open(const char *dir, struct store **ret_store, struct err *err);

/* Folds the log into the database file and lets go. Accepts NULL. All its readers must be closed before. */
void store_close(struct store *store);

/*
 * In a child made by fork: lets go of the lock, so that it ends with the parent. The child must do nothing else with
 * the store or its readers, not even close them.
 */
void store_forget_in_child(struct store *store);

/* The head as of the last successful open, reopen or append. */
struct store_head store_head(const struct store *store);

/*
 * Appends one batch in one transaction.
 *   OK                               durable.
 *   CODE_CORRUPT, CODE_CONFLICT      refused, nothing stored: `first` is not the stored size, or a row is already
 *                                    there; a writer with a newer epoch has been here.
 *   CODE_TOO_LARGE, CODE_NO_MEMORY   nothing stored; may be tried again.
 *   CODE_BUSY                        nothing stored: another program has locked the database file.
 *   CODE_DISK_FULL, CODE_IO          nothing stored, and the store is stopped.
 *   CODE_UNKNOWN                     the commit failed: stored or not, and the store is stopped.
 *   CODE_UNAVAILABLE                 nothing stored: stopped before by a failed commit.
 * A stopped store refuses every append, with the reason's code, until store_reopen succeeds. A failure of the
 * background checkpoints stops it too. After CODE_IO its readers answer CODE_UNAVAILABLE as well: what the system shows
 * after a failed write or sync is not to be trusted (DESIGN section 2).
 */
MUST_CHECK status store_append(struct store *store, const struct store_batch *batch, struct err *err);

/* False: a write or sync has failed, and until store_reopen nothing is written and perhaps nothing read. Any thread. */
bool store_is_ready(const struct store *store);
/*
 * Closes everything, opens it again, finishes a full checkpoint, and tells the head that is really stored, durably.
 * The way out of a stopped store; to be tried again when it fails: CODE_DISK_FULL until there is space, CODE_BUSY while
 * another process reads the ledger after an I/O error.
 */
MUST_CHECK status store_reopen(struct store *store, struct store_head *ret_head, struct err *err);

/* Sets one fact, in a transaction of its own. Fails like store_append. */
MUST_CHECK status store_fact_write(struct store *store, const struct store_fact *fact, struct err *err);

/* ---- Mending what is derived (engine/rebuild) ---- */

/* Puts full tiles in place of those that are there, or not there, in one transaction. On failure nothing is changed. */
MUST_CHECK status store_tiles_mend(struct store *store, const struct store_tile *tiles, size_t count, struct err *err);
/* Takes away the tiles of that level from `number` on, which are not full in a ledger of this size. */
MUST_CHECK status store_tiles_cut(struct store *store, unsigned level, uint64_t number, uint64_t *ret_cut,
                                  struct err *err);

/* ---- Reading ---- */

/* A reader of an open ledger, to be closed before it. */
MUST_CHECK status store_reader_open(struct store *store, struct store_reader **ret_reader, struct err *err);
/*
 * A reader of a data directory or of a copied database file, whether or not another process is writing it. Takes no
 * lock and changes no entry. The directory must be writable unless the file is a backup.
 */
MUST_CHECK status store_reader_open_path(const char *path, struct store_reader **ret_reader, struct err *err);
void store_reader_close(struct store_reader *reader); /* accepts NULL */

MUST_CHECK status store_head_read(struct store_reader *reader, struct store_head *ret_head, struct err *err);

/* CODE_NOT_FOUND when there is no such fact. */
MUST_CHECK status store_fact_read(struct store_reader *reader, struct str name, struct arena *arena,
                                  struct str *ret_value, struct err *err);

/* Entries first … first + max_count - 1, ending earlier after the entry with which the texts reach max_bytes. */
struct store_range {
    uint64_t first;
    uint64_t max_count; /* at least 1 */
    size_t max_bytes;   /* at least 1 */
};

/*
 * Called for one object after the other, with bytes that live until it returns. A failure of its own ends the read,
 * which returns it. It must not use the same reader, nor open, close or reopen anything of the same store.
 */
struct store_entry_visitor {
    status (*visit)(void *context, uint64_t index, struct str leaf, struct err *err);
    void *context;
};
struct store_private_visitor {
    status (*visit)(void *context, const struct store_private *item, struct err *err);
    void *context;
};
struct store_fact_visitor {
    status (*visit)(void *context, const struct store_fact *fact, struct err *err);
    void *context;
};
struct store_alias_visitor {
    status (*visit)(void *context, const struct store_alias *alias, struct err *err);
    void *context;
};

/*
 * Visits the entries of the range that exist, in order; *ret_next is the index after the last one visited (range.first
 * when there was none, at or past the ledger's end). A gap is CODE_CORRUPT.
 */
MUST_CHECK status store_entries_read(struct store_reader *reader, const struct store_range *range,
                                     const struct store_entry_visitor *visitor, uint64_t *ret_next, struct err *err);

/* Visits every fact, in the order of their names. */
MUST_CHECK status store_facts_read(struct store_reader *reader, const struct store_fact_visitor *visitor,
                                   struct err *err);

/* Writes TILE_BYTES. CODE_NOT_FOUND when that tile is not full yet. */
MUST_CHECK status store_tile_read(struct store_reader *reader, unsigned level, uint64_t number, uint8_t *ret_hashes,
                                  struct err *err);

/* Visits the private texts of the entries first … end - 1, in order; entries without one are passed over. */
MUST_CHECK status store_private_read(struct store_reader *reader, uint64_t first, uint64_t end,
                                     const struct store_private_visitor *visitor, struct err *err);

/* Visits the private texts of `count` entries, whose indexes ascend; those without one are passed over. */
MUST_CHECK status store_private_find(struct store_reader *reader, const uint64_t *indexes, size_t count,
                                     const struct store_private_visitor *visitor, struct err *err);

/* Visits every alias, in the order of their ids. */
MUST_CHECK status store_aliases_read(struct store_reader *reader, const struct store_alias_visitor *visitor,
                                     struct err *err);

/*
 * That the file is, at one moment, as the engine beneath keeps it: pages, indexes, constraints, the schema, and no row
 * that nobody asks for. What the rows hold is for others to compare. Reads the whole file. CODE_CORRUPT names the file
 * and what is wrong in it.
 */
MUST_CHECK status store_inspect(struct store_reader *reader, struct err *err);

/* ---- Backup ---- */

/* Told from time to time; false stops the backup with CODE_UNAVAILABLE. */
struct store_progress {
    bool (*go_on)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void *context;
};

/*
 * Copies the ledger at `path` (as for store_reader_open_path), at one moment, while it may be written, into one file
 * (0600) that is durable when this returns and can be read from read-only media. It never holds a signing key, because
 * the database has none. CODE_CONFLICT when `to` exists. On failure nothing new is there, but where the whole copy has
 * been made and only its name could not be synced. `progress` may be NULL.
 * The log file can't be folded while this runs, so it grows by what is appended meanwhile. A restore puts the copy in
 * as ledger.db where no ledger.db-wal lies: a log of another file would be folded into it.
 */
MUST_CHECK status store_backup(const char *path, const char *to, const struct store_progress *progress,
                               struct err *err);

#endif
