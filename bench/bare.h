/*
 * bench/bare: SQLite without the store: the baseline of everything that is appended.
 *
 * It writes the bytes that store_append would write for the same batch, as the same rows in the same transactions, with
 * the same pages, log, checkpoints and syncs. The rows are built beforehand and not timed. What it does not do is what
 * the store adds: building rows, the head and its condition, aliases, looking whether the batch fits. One thread.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "measure.h"
#include "store/checkpointer.h"
#include "store/files.h"
#include "store/store.h"

enum bare_kind { BARE_ENTRIES, BARE_TILES, BARE_PRIVATES, BARE_KIND_COUNT };

struct bare_row {
    enum bare_kind kind;
    uint64_t key;
    uint64_t count;
    size_t offset; /* into the batch's bytes */
    size_t len;
};

/* One transaction. Zeroed and `bytes.max` set by bare_build. */
struct bare_batch {
    struct buf bytes;
    struct bare_row *rows;
    size_t count;
    size_t capacity;
};

struct bare {
    char dir[SCRATCH_BYTES];
    struct path path;
    sqlite3 *connection;
    sqlite3_stmt *begin, *commit, *insert[BARE_KIND_COUNT];
    struct health health;
    struct checkpointer *checkpointer;
    int log_frames;
};

void bare_open(struct bare *bare, const char *parent);
void bare_close(struct bare *bare); /* and removes the file */

/* The rows of a store's batch; a batch that was built before is built anew. */
void bare_build(struct bare_batch *batch, const struct store_batch *store_batch);
void bare_batch_free(struct bare_batch *batch);
/* One transaction, durable when this returns. No two batches may have the same entries. */
void bare_append(struct bare *bare, const struct bare_batch *batch);

#endif
