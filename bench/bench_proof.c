/*
 * bench/proof: what a proof of any entry costs, from the store's tiles to the text that is sent.
 *
 * The ledger is made on the spot, in batches as large as the store takes, then proofs of random entries are asked for
 * through engine/ledger_view as the API does. "warm" is a view that has made such proofs before; "fresh" one that
 * remembers nothing and has read nothing; "cold" is fresh, and the system has been asked to drop the file's pages. Bare
 * SQLite reads, in turns with the warm and cold proofs and for other random entries, the full tiles of a proof's way to
 * the root, and hashes nothing. The budget is a proof at 10 million entries below 100 µs, warm.
 *
 * Usage: bench_proof [ENTRIES [ENTRY_BYTES [DIRECTORY]]]. It writes ENTRIES x (ENTRY_BYTES + 32) bytes and removes
 * them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/memory.h"
#include "engine/ledger_view.h"
#include "store/store.h"
#include "tlog/edge.h"

#define ENTRIES_DEFAULT     1000000
#define ENTRY_BYTES_DEFAULT 550
#define BATCH               (64 * TILE_WIDTH)
#define TILES_MAX           (BATCH / TILE_WIDTH + 2 * TILE_LEVELS)
#define PROOFS              20000
#define PROOFS_FRESH        1000
#define PROOFS_COLD         300
#define DIR_BYTES           512

static void must(bool good, const char *what)
{
    if (good)
        return;
    printf("bench_proof: %s\n", what);
    exit(EXIT_FAILURE);
}

static void must_ok(status s, const struct err *err)
{
    must(s.code == CODE_OK, err->text);
}

/* ---- The ledger ---- */

struct ledger {
    char dir[DIR_BYTES];
    char database[DIR_BYTES + 16];
    uint64_t size;
    size_t entry_bytes;
    struct store *store;
    struct publisher *publisher;
    struct ledger_views *views;
    struct edge edge;
    struct entropy random;
};

struct batch_space {
    char *text;
    struct str *entries;
    struct store_tile *tiles;
    uint8_t (*hashes)[TILE_BYTES];
    size_t tile_count;
};

static struct batch_space space_new(const struct ledger *ledger)
{
    struct batch_space space = { .text = memory_new(BATCH, ledger->entry_bytes),
                                 .entries = memory_new(BATCH, sizeof *space.entries),
                                 .tiles = memory_new(TILES_MAX, sizeof *space.tiles),
                                 .hashes = memory_new(TILES_MAX, TILE_BYTES) };

    must(space.text && space.entries && space.tiles && space.hashes, "no memory");
    return space;
}

static void space_free(struct batch_space *space)
{
    memory_free(space->text);
    memory_free(space->entries);
    memory_free(space->tiles);
    memory_free(space->hashes);
}

/* An entry is its number, repeated. */
static void entry_make(struct ledger *ledger, struct batch_space *space, size_t place, uint64_t index)
{
    char *at = space->text + place * ledger->entry_bytes;
    struct edge_full full[TILE_LEVELS];
    struct hash leaf;
    unsigned count;

    for (size_t i = 0; i < ledger->entry_bytes; i++)
        at[i] = (char)(index >> i % 8 * 8);
    space->entries[place] = (struct str){ at, ledger->entry_bytes };
    leaf = hash_leaf(space->entries[place]);
    count = edge_append(&ledger->edge, &leaf, full);
    for (unsigned i = 0; i < count; i++, space->tile_count++) {
        memcpy(space->hashes[space->tile_count], full[i].hashes, TILE_BYTES);
        space->tiles[space->tile_count] =
            (struct store_tile){ full[i].level, full[i].n, space->hashes[space->tile_count] };
    }
}

static void append(struct ledger *ledger, struct batch_space *space, size_t count)
{
    struct store_batch batch = { .first = ledger->edge.tree.size, .entries = space->entries, .entry_count = count };
    struct err err = { 0 };

    space->tile_count = 0;
    for (size_t i = 0; i < count; i++)
        entry_make(ledger, space, i, batch.first + i);
    batch.tiles = space->tiles;
    batch.tile_count = space->tile_count;
    batch.head = (struct store_head){ .size = batch.first + count, .root = tree_root(&ledger->edge.tree) };
    must_ok(store_append(ledger->store, &batch, &err), &err);
}

static void fill(struct ledger *ledger)
{
    struct batch_space space = space_new(ledger);

    while (ledger->edge.tree.size < ledger->size) {
        uint64_t left = ledger->size - ledger->edge.tree.size;

        append(ledger, &space, left < BATCH ? (size_t)left : BATCH);
    }
    space_free(&space);
}

/* The whole tree as one published checkpoint. */
static void publish(struct ledger *ledger)
{
    struct publisher_config config = { 0 };
    struct signer_client *signer = NULL;
    struct err err = { 0 };

    must_ok(signer_create(ledger->dir, STR("bench.example/ledger"), &err), &err);
    must_ok(signer_client_open(ledger->dir, NULL, &signer, &err), &err);
    must_ok(publisher_start(signer, &config, &ledger->publisher, &err), &err);
    publisher_offer(ledger->publisher, &ledger->edge);
    publisher_stop(ledger->publisher);
    must(publisher_head(ledger->publisher).size == ledger->size, "the checkpoint was not signed");
}

static void ledger_open(struct ledger *ledger, const char *parent)
{
    static const struct store_fact facts[] = { { STR_INIT("origin"), STR_INIT("bench.example/ledger") } };
    struct err err = { 0 };

    (void)snprintf(ledger->dir, sizeof ledger->dir, "%s/bench-proof-XXXXXX", parent);
    must(mkdtemp(ledger->dir) != NULL, "can't make a directory");
    (void)snprintf(ledger->database, sizeof ledger->database, "%s/ledger.db", ledger->dir);
    must_ok(store_create(ledger->dir, facts, 1, &err), &err);
    must_ok(store_open(ledger->dir, &ledger->store, &err), &err);
    fill(ledger);
    publish(ledger);
    store_close(ledger->store); /* folds the log into the file, so that dropping the file's pages drops everything */
    must_ok(store_open(ledger->dir, &ledger->store, &err), &err);
    must_ok(ledger_views_new(ledger->store, ledger->publisher, 1, &ledger->views), &err);
}

static void ledger_remove(struct ledger *ledger)
{
    DIR *directory;
    const struct dirent *item;

    ledger_views_free(ledger->views);
    publisher_free(ledger->publisher);
    store_close(ledger->store);
    directory = opendir(ledger->dir);
    while (directory && (item = readdir(directory)))
        (void)unlinkat(dirfd(directory), item->d_name, 0);
    if (directory)
        (void)closedir(directory);
    (void)rmdir(ledger->dir);
}

/* ---- Bare SQLite ---- */

struct bare {
    sqlite3 *db;
    sqlite3_stmt *read;
};

static void bare_open(struct bare *bare, const struct ledger *ledger)
{
    must(sqlite3_open_v2(ledger->database, &bare->db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, "can't open bare");
    must(sqlite3_prepare_v2(bare->db, "SELECT hashes FROM tiles WHERE level = ?1 AND number = ?2", -1, &bare->read,
                            NULL) == SQLITE_OK,
         "can't prepare");
}

static void bare_close(struct bare *bare)
{
    (void)sqlite3_finalize(bare->read);
    (void)sqlite3_close(bare->db);
}

/* The full tiles on the entry's way to the root, copied as the store copies them. */
static void bare_read(struct bare *bare, const struct ledger *ledger, uint64_t index)
{
    uint8_t hashes[TILE_BYTES];

    for (unsigned level = 0; tile_level_size(ledger->size, level) > 0; level++) {
        uint64_t n = tile_level_size(index, level) / TILE_WIDTH;

        if (tile_width_at(ledger->size, level, n) < TILE_WIDTH)
            continue;
        (void)sqlite3_bind_int64(bare->read, 1, level);
        (void)sqlite3_bind_int64(bare->read, 2, (sqlite3_int64)n);
        must(sqlite3_step(bare->read) == SQLITE_ROW && sqlite3_column_bytes(bare->read, 0) == TILE_BYTES, "no tile");
        memcpy(hashes, sqlite3_column_blob(bare->read, 0), TILE_BYTES);
        (void)sqlite3_reset(bare->read);
    }
}

/* ---- Measuring ---- */

struct times {
    int64_t us[PROOFS];
    size_t count;
};

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int64_t at_share(const struct times *times, double share)
{
    return times->us[(size_t)(share * (double)(times->count - 1))];
}

static double mean(const struct times *times)
{
    int64_t sum_us = 0;

    for (size_t i = 0; i < times->count; i++)
        sum_us += times->us[i];
    return (double)sum_us / (double)times->count;
}

/* Compared by their means; `baseline` may be NULL. */
static void tell(const char *name, struct times *times, const struct times *baseline)
{
    qsort(times->us, times->count, sizeof times->us[0], compare);
    printf("%-36s %8.1f %6" PRId64 " %6" PRId64 " %6" PRId64 " %6" PRId64, name, mean(times), at_share(times, 0.5),
           at_share(times, 0.9), at_share(times, 0.99), at_share(times, 1));
    if (baseline)
        printf("   %.2f x", mean(times) / mean(baseline));
    printf("\n");
    (void)fflush(stdout);
}

enum work { PROOF, PROOF_WITHOUT_LEAF, CONSISTENCY };

/* The leaf's hash as a job's answer has it at hand. */
static struct hash leaf_of(const struct ledger *ledger, uint64_t index)
{
    char text[ENTRY_MAX_BYTES];

    for (size_t i = 0; i < ledger->entry_bytes; i++)
        text[i] = (char)(index >> i % 8 * 8);
    return hash_leaf((struct str){ text, ledger->entry_bytes });
}

static void prove(struct ledger *ledger, struct ledger_view *view, enum work work, struct times *times)
{
    static struct buf text = { .max = PROOF_MAX_BYTES };
    uint64_t index = entropy_below(&ledger->random, ledger->size);
    struct hash leaf = leaf_of(ledger, index);
    struct tree_path path;
    struct err err = { 0 };
    int64_t began_us = clock_running_us();

    buf_clear(&text);
    if (work == CONSISTENCY)
        must_ok(ledger_view_consistency(view, index + 1, ledger->size, &path, &err), &err);
    else
        must_ok(ledger_view_proof(view, index, work == PROOF ? &leaf : NULL, &text, &err), &err);
    times->us[times->count++] = clock_running_us() - began_us;
}

static void read_bare(struct ledger *ledger, struct bare *bare, struct times *times)
{
    uint64_t index = entropy_below(&ledger->random, ledger->size);
    int64_t began_us = clock_running_us();

    bare_read(bare, ledger, index);
    times->us[times->count++] = clock_running_us() - began_us;
}

/* A round that is not counted comes first. */
static void measure_warm(struct ledger *ledger, enum work work, const char *name)
{
    static struct times ours, theirs;
    struct ledger_view *view = NULL;
    struct bare bare;
    struct err err = { 0 };

    bare_open(&bare, ledger);
    must_ok(ledger_view_open(ledger->views, &view, &err), &err);
    for (int round = 0; round < 2; round++) {
        ours.count = theirs.count = 0;
        for (int i = 0; i < PROOFS; i++) {
            prove(ledger, view, work, &ours);
            read_bare(ledger, &bare, &theirs);
        }
    }
    ledger_view_close(view);
    bare_close(&bare);
    if (work == PROOF)
        tell("bare SQLite, the same tiles, warm", &theirs, NULL);
    tell(name, &ours, &theirs);
}

static void drop_pages(const struct ledger *ledger)
{
    int file = open(ledger->database, O_RDONLY | O_CLOEXEC);

    must(file >= 0 && fdatasync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0, "can't drop pages");
    (void)close(file);
}

static void prove_fresh(struct ledger *ledger, struct times *times)
{
    struct ledger_view *view = NULL;
    struct err err = { 0 };

    ledger_views_free(ledger->views);
    ledger->views = NULL;
    must_ok(ledger_views_new(ledger->store, ledger->publisher, 1, &ledger->views), &err);
    must_ok(ledger_view_open(ledger->views, &view, &err), &err);
    prove(ledger, view, PROOF, times);
    ledger_view_close(view);
}

static void measure_cold(struct ledger *ledger)
{
    static struct times ours, theirs;

    for (int i = 0; i < PROOFS_COLD; i++) {
        struct bare bare;

        drop_pages(ledger);
        prove_fresh(ledger, &ours);
        drop_pages(ledger);
        bare_open(&bare, ledger);
        read_bare(ledger, &bare, &theirs);
        bare_close(&bare);
    }
    tell("bare SQLite, the same tiles, cold", &theirs, NULL);
    tell("proof, cold", &ours, &theirs);
}

static void measure(struct ledger *ledger)
{
    static struct times fresh;

    printf("at %" PRIu64 " entries of %zu bytes, in us:   mean    p50    p90    p99    max   to bare SQLite\n",
           ledger->size, ledger->entry_bytes);
    measure_warm(ledger, PROOF, "proof, warm");
    measure_warm(ledger, PROOF_WITHOUT_LEAF, "proof with its leaf looked up, warm");
    measure_warm(ledger, CONSISTENCY, "consistency proof, warm");
    for (int i = 0; i < PROOFS_FRESH; i++)
        prove_fresh(ledger, &fresh);
    tell("proof, fresh", &fresh, NULL);
    measure_cold(ledger);
}

int main(int argc, char **argv)
{
    static struct ledger ledger;
    uint64_t size = ENTRIES_DEFAULT;
    uint64_t bytes = ENTRY_BYTES_DEFAULT;
    int64_t began_us = clock_running_us();

    must(argc < 2 || (!str_to_u64(str_of(argv[1]), UINT32_MAX, &size).code && size > 0), "ENTRIES");
    must(argc < 3 || (!str_to_u64(str_of(argv[2]), ENTRY_MAX_BYTES, &bytes).code && bytes > 0), "ENTRY_BYTES");
    ledger.size = size;
    ledger.entry_bytes = (size_t)bytes;
    ledger.random = entropy_from_seed(1);
    ledger_open(&ledger, argc > 3 ? argv[3] : "/tmp");
    printf("made in %.1f s\n", (double)(clock_running_us() - began_us) / 1e6);
    measure(&ledger);
    ledger_remove(&ledger);
    return EXIT_SUCCESS;
}
