/*
 * bench/bare: how many transactions of one size bare SQLite makes durable a second: the baseline of what is measured
 * over HTTP, where the program under test is another process.
 *
 * Usage: bench_bare SECONDS ENTRIES ENTRY_BYTES PRIVATE_BYTES [DIRECTORY]
 * Each transaction has ENTRIES entries, and as many private texts when PRIVATE_BYTES is above 1.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bare.h"
#include "base/entropy.h"
#include "base/limits.h"
#include "base/memory.h"

#define ENTRIES_MAX 1024

static struct load {
    struct str entries[ENTRIES_MAX];
    struct store_private privates[ENTRIES_MAX];
    struct store_tile tiles[ENTRIES_MAX / TILE_WIDTH + 1];
    char bytes[TILE_BYTES];
} load;

int main(int argc, char **argv)
{
    static struct bare bare;
    static struct bare_batch rows = { 0 };
    struct store_batch batch = { .entries = load.entries, .privates = load.privates, .tiles = load.tiles };
    struct entropy random = entropy_from_seed(1);
    uint64_t transactions = 0;
    size_t entry_bytes, private_bytes;
    int64_t spent_us = 0, limit_us;

    must(argc >= 5, "SECONDS ENTRIES ENTRY_BYTES PRIVATE_BYTES [DIRECTORY]");
    limit_us = (int64_t)must_number(argv[1], 600, "SECONDS") * 1000000;
    batch.entry_count = (size_t)must_number(argv[2], ENTRIES_MAX, "ENTRIES");
    entry_bytes = (size_t)must_number(argv[3], ENTRY_MAX_BYTES, "ENTRY_BYTES");
    private_bytes = (size_t)must_number(argv[4], ENTRY_MAX_BYTES, "PRIVATE_BYTES");
    entropy_fill(&random, load.bytes, sizeof(load.bytes));
    bare_open(&bare, argc > 5 ? argv[5] : "/tmp");
    while (spent_us < limit_us) {
        int64_t began_us;
        uint64_t end = batch.first + batch.entry_count;

        batch.private_count = private_bytes > 1 ? batch.entry_count : 0;
        for (size_t i = 0; i < batch.entry_count; i++) {
            load.entries[i] = (struct str){ load.bytes, entry_bytes };
            load.privates[i] =
                (struct store_private){ .index = batch.first + i, .text = { load.bytes, private_bytes } };
        }
        for (batch.tile_count = 0; batch.first / TILE_WIDTH + batch.tile_count < end / TILE_WIDTH; batch.tile_count++)
            load.tiles[batch.tile_count] = (struct store_tile){ .number = batch.first / TILE_WIDTH + batch.tile_count,
                                                                .hashes = (const uint8_t *)load.bytes };
        bare_build(&rows, &batch);
        began_us = clock_running_us();
        bare_append(&bare, &rows);
        spent_us += clock_running_us() - began_us;
        batch.first = end;
        transactions++;
    }
    printf("{\"mode\":\"bare\",\"requests_s\":%.1f,\"commands_s\":%.1f}\n",
           (double)transactions * 1e6 / (double)spent_us,
           (double)(transactions * batch.entry_count) * 1e6 / (double)spent_us);
    bare_batch_free(&rows);
    bare_close(&bare);
    return EXIT_SUCCESS;
}
