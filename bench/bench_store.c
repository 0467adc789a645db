/*
 * bench/store: what store_append costs above bare SQLite.
 *
 * Bare SQLite writes the same bytes: the same rows, built beforehand, in the same transactions, with the same pages,
 * log and checkpoints. What it does not do is what the store adds: building rows, the head and its condition, checking.
 * The two take turns in short slices of one run, because a machine's figures drift by 2 within minutes while their
 * ratio does not; printed are the medians, and how far the ratio of a pair of slices strays (10th to 90th percentile).
 *
 * Usage: bench_store [DIRECTORY [PAIRS]]. It writes a few hundred MB there and removes them.
 */
#include <assert.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/limits.h"
#include "base/memory.h"
#include "store/checkpointer.h"
#include "store/files.h"
#include "store/row.h"
#include "store/sqlite.h"
#include "store/store.h"

#define ENTRY_BYTES   550
#define PRIVATE_BYTES 120
#define SEALING_BYTES 90 /* what sealing adds: salt, head and tag (engine/vault) */
#define PAIRS_DEFAULT 20
#define PAIRS_MAX     500
#define SLICE_US      250000
#define COMMITS_MAX   2000000 /* of one measurement */
#define ROWS_MAX      32      /* of one batch and kind */
#define BARE_SETTINGS                                                                                                  \
    "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"    \
    "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 50331648;"                                                \
    "CREATE TABLE entries (first_index INTEGER PRIMARY KEY, entry_count INTEGER NOT NULL, bundle BLOB NOT NULL);"      \
    "CREATE TABLE tiles (first_index INTEGER PRIMARY KEY, entry_count INTEGER NOT NULL, bundle BLOB NOT NULL);"        \
    "CREATE TABLE privates (first_index INTEGER PRIMARY KEY, entry_count INTEGER NOT NULL, bundle BLOB NOT NULL)"

enum kind { ENTRIES, TILES, PRIVATES, KIND_COUNT };

/* Ends the program: a measurement that went wrong is none. */
static void must(bool good, const char *what)
{
    if (good)
        return;
    printf("bench_store: %s\n", what);
    exit(EXIT_FAILURE);
}

static void must_ok(status s, const struct err *err)
{
    must(s.code == CODE_OK, err->text);
}

/* ---- What is written ---- */

struct load {
    size_t batch;
    bool with_private;
    struct str *entries;
    struct store_private *privates;
    uint8_t *hashes;
};

static struct load load_new(size_t batch, bool with_private)
{
    struct load load = { .batch = batch, .with_private = with_private };
    struct entropy random = entropy_from_seed(batch);
    char *text = memory_new(batch, ENTRY_BYTES + PRIVATE_BYTES + SEALING_BYTES);

    load.entries = memory_new(batch, sizeof *load.entries);
    load.privates = memory_new(batch, sizeof *load.privates);
    load.hashes = memory_new(1, TILE_BYTES);
    must(text && load.entries && load.privates && load.hashes, "no memory");
    entropy_fill(&random, text, batch * (ENTRY_BYTES + PRIVATE_BYTES + SEALING_BYTES));
    entropy_fill(&random, load.hashes, TILE_BYTES);
    for (size_t i = 0; i < batch; i++) {
        load.entries[i] = (struct str){ text, ENTRY_BYTES };
        load.privates[i].text = (struct str){ text + ENTRY_BYTES, PRIVATE_BYTES + SEALING_BYTES };
        text += ENTRY_BYTES + PRIVATE_BYTES + SEALING_BYTES;
    }
    return load;
}

static void load_free(struct load *load)
{
    memory_free((void *)(uintptr_t)load->entries[0].at);
    memory_free(load->entries);
    memory_free(load->privates);
    memory_free(load->hashes);
}

static size_t tiles_filled(uint64_t size, size_t batch)
{
    return (size_t)((size + batch) / TILE_WIDTH - size / TILE_WIDTH);
}

/* ---- The store ---- */

struct ours {
    char dir[64];
    struct store *store;
};

static void ours_open(struct ours *ours, const char *parent)
{
    struct err err = { 0 };

    (void)snprintf(ours->dir, sizeof ours->dir, "%.40s/bench-store-XXXXXX", parent);
    must(mkdtemp(ours->dir) != NULL, ours->dir);
    must_ok(store_create(ours->dir, NULL, 0, &err), &err);
    must_ok(store_open(ours->dir, &ours->store, &err), &err);
}

static void ours_append(struct ours *ours, struct load *load)
{
    struct store_head head = store_head(ours->store);
    struct store_tile tiles[ROWS_MAX];
    struct store_batch batch = { .first = head.size, .entries = load->entries, .entry_count = load->batch };
    struct err err = { 0 };

    batch.head = (struct store_head){ .size = head.size + load->batch, .time_ms = head.time_ms + 1 };
    batch.tiles = tiles;
    batch.tile_count = tiles_filled(head.size, load->batch);
    for (size_t i = 0; i < batch.tile_count; i++)
        tiles[i] = (struct store_tile){ .number = head.size / TILE_WIDTH + i, .hashes = load->hashes };
    if (load->with_private) {
        for (size_t i = 0; i < load->batch; i++)
            load->privates[i].index = head.size + i;
        batch.privates = load->privates;
        batch.private_count = load->batch;
    }
    must_ok(store_append(ours->store, &batch, &err), &err);
}

/* ---- Bare SQLite ---- */

struct bare {
    char dir[64];
    struct path path;
    sqlite3 *connection;
    sqlite3_stmt *begin, *commit, *insert[KIND_COUNT];
    struct health health;
    struct checkpointer *checkpointer;
    int log_frames;
    uint64_t size;
    struct buf rows[KIND_COUNT]; /* of a whole run: a shorter one is its beginning */
};

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

static void build_rows(struct bare *bare, const struct load *load)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        bare->rows[kind].max = ROW_MAX_BYTES;
    for (size_t i = 0; i < load->batch && i < BUNDLE_MAX_ENTRIES; i++) {
        bundle_add(&bare->rows[ENTRIES], load->entries[i]);
        row_add_private(&bare->rows[PRIVATES], 0, &load->privates[i]);
    }
    buf_add(&bare->rows[TILES], (struct str){ (const char *)load->hashes, TILE_BYTES });
}

static void bare_open(struct bare *bare, const char *parent, const struct load *load)
{
    struct err err = { 0 };
    struct path log = { 0 };

    (void)snprintf(bare->dir, sizeof bare->dir, "%.40s/bench-bare-XXXXXX", parent);
    must(mkdtemp(bare->dir) != NULL, bare->dir);
    must_ok(path_join(bare->dir, FILES_DATABASE, &bare->path, &err), &err);
    must_ok(path_join(bare->dir, FILES_LOG, &log, &err), &err);
    must(sqlite3_open(bare->path.text, &bare->connection) == SQLITE_OK, "SQLite does not open");
    must(sqlite3_exec(bare->connection, BARE_SETTINGS, NULL, NULL, NULL) == SQLITE_OK, "SQLite's settings");
    must_ok(file_grow(log.text, LOG_MAX_BYTES, &err), &err);
    must_ok(file_sync(log.text, &err), &err);
    prepare(bare, "BEGIN IMMEDIATE", &bare->begin);
    prepare(bare, "COMMIT", &bare->commit);
    prepare(bare, "INSERT INTO entries VALUES (?, ?, ?)", &bare->insert[ENTRIES]);
    prepare(bare, "INSERT INTO tiles VALUES (?, ?, ?)", &bare->insert[TILES]);
    prepare(bare, "INSERT INTO privates VALUES (?, ?, ?)", &bare->insert[PRIVATES]);
    health_init(&bare->health);
    must_ok(checkpointer_start(bare->path.text, &bare->health, &bare->checkpointer, &err), &err);
    (void)sqlite3_wal_hook(bare->connection, note_frames, bare);
    build_rows(bare, load);
}

static void step(struct bare *bare, sqlite3_stmt *statement)
{
    must(sqlite3_step(statement) == SQLITE_DONE, sqlite3_errmsg(bare->connection));
    (void)sqlite3_reset(statement);
}

static void insert(struct bare *bare, enum kind kind, uint64_t first, uint64_t count, size_t bytes)
{
    sqlite3_stmt *statement = bare->insert[kind];

    (void)sqlite3_bind_int64(statement, 1, (int64_t)first);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)count);
    (void)sqlite3_bind_blob64(statement, 3, bare->rows[kind].at, bytes, SQLITE_STATIC);
    step(bare, statement);
}

static void bare_append(struct bare *bare, const struct load *load)
{
    uint64_t end = bare->size + load->batch;

    step(bare, bare->begin);
    for (uint64_t at = bare->size; at < end;) {
        uint64_t run_end = row_run_end(at) < end ? row_run_end(at) : end;
        size_t count = (size_t)(run_end - at);

        insert(bare, ENTRIES, at, count, count * (2 + ENTRY_BYTES));
        if (load->with_private)
            insert(bare, PRIVATES, at, count, count * (ROW_PRIVATE_HEAD_BYTES + 2 + PRIVATE_BYTES));
        at = run_end;
    }
    for (size_t i = 0; i < tiles_filled(bare->size, load->batch); i++)
        insert(bare, TILES, bare->size / TILE_WIDTH + i, 1, TILE_BYTES);
    step(bare, bare->commit);
    if (bare->log_frames > LOG_INLINE_FRAMES)
        (void)sqlite3_wal_checkpoint_v2(bare->connection, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    checkpointer_tell(bare->checkpointer);
    bare->size = end;
}

static void remove_files(const char *dir)
{
    static const char *const names[] = { FILES_DATABASE, FILES_LOG, FILES_DATABASE "-shm", FILES_LOCK };
    struct path path = { 0 };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!path_join(dir, names[i], &path, NULL).code)
            (void)unlink(path.text);
    }
    (void)rmdir(dir);
}

static void bare_close(struct bare *bare)
{
    checkpointer_stop(bare->checkpointer);
    (void)sqlite3_finalize(bare->begin);
    (void)sqlite3_finalize(bare->commit);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        (void)sqlite3_finalize(bare->insert[kind]);
        buf_free(&bare->rows[kind]);
    }
    (void)sqlite3_close(bare->connection);
    health_free(&bare->health);
    remove_files(bare->dir);
}

/* ---- Measuring ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The value below which that share of them lies; sorts them. */
static double at_share(double *values, size_t count, double share)
{
    qsort(values, count, sizeof *values, compare);
    return values[(size_t)((double)(count - 1) * share + 0.5)];
}

/* How long each commit of all slices took. */
struct commits {
    size_t count;
    double ms[COMMITS_MAX];
};

/* Entries a second in one slice of time, of the store or of bare SQLite (`ours` NULL). */
static double slice(struct ours *ours, struct bare *bare, struct load *load, struct commits *commits)
{
    int64_t start = clock_running_us();
    int64_t now = start;
    uint64_t batches = 0;

    do {
        int64_t before = now;
        if (ours)
            ours_append(ours, load);
        else
            bare_append(bare, load);
        batches++;
        now = clock_running_us();
        if (commits->count < COMMITS_MAX)
            commits->ms[commits->count++] = (double)(now - before) / 1000;
    } while (now - start < SLICE_US);
    return (double)(batches * load->batch) * 1e6 / (double)(now - start);
}

static void measure(const char *parent, size_t batch, bool with_private, size_t pairs)
{
    static double store[PAIRS_MAX], sqlite[PAIRS_MAX], ratio[PAIRS_MAX];
    static struct commits store_commits, sqlite_commits;
    struct load load = load_new(batch, with_private);
    struct ours ours = { 0 };
    struct bare bare = { 0 };

    ours_open(&ours, parent);
    bare_open(&bare, parent, &load);
    (void)slice(&ours, NULL, &load, &store_commits);
    (void)slice(NULL, &bare, &load, &sqlite_commits);
    store_commits.count = 0;
    sqlite_commits.count = 0;
    for (size_t i = 0; i < pairs; i++) {
        bool ours_first = i % 2 == 0;
        if (ours_first)
            store[i] = slice(&ours, NULL, &load, &store_commits);
        sqlite[i] = slice(NULL, &bare, &load, &sqlite_commits);
        if (!ours_first)
            store[i] = slice(&ours, NULL, &load, &store_commits);
        ratio[i] = store[i] / sqlite[i];
    }
    printf("%6zu  %-14s %9.0f %9.0f   %.2f  [%.2f..%.2f]   %7.2f %7.2f\n", batch,
           with_private ? "with private" : "entries, tiles", at_share(store, pairs, 0.5), at_share(sqlite, pairs, 0.5),
           at_share(ratio, pairs, 0.5), at_share(ratio, pairs, 0.1), at_share(ratio, pairs, 0.9),
           at_share(store_commits.ms, store_commits.count, 0.999),
           at_share(sqlite_commits.ms, sqlite_commits.count, 0.999));
    (void)fflush(stdout);
    store_close(ours.store);
    remove_files(ours.dir);
    bare_close(&bare);
    load_free(&load);
}

int main(int argc, char **argv)
{
    static const size_t batches[] = { 1, 64, 1024 };
    const char *parent = argc > 1 ? argv[1] : "/tmp";
    uint64_t pairs = PAIRS_DEFAULT;

    if (argc > 2)
        must(str_to_u64(str_of(argv[2]), PAIRS_MAX, &pairs).code == CODE_OK && pairs > 0, "PAIRS is from 1 to 500");
    printf("                         entries/s               ratio of two slices  commit, p99.9 in ms\n"
           " batch  rows               store    SQLite   median [10 %%..90 %%]     store  SQLite\n");
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        measure(parent, batches[i], false, (size_t)pairs);
        measure(parent, batches[i], true, (size_t)pairs);
    }
    return EXIT_SUCCESS;
}
