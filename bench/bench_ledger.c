/*
 * bench/ledger: ledgers of any size, and what it takes to start on one.
 *
 * `make` writes one; `extend` appends to it what no snapshot covers; `restart` opens it as a server does, until the
 * writer's first commit is durable, and tells the time, how many entries were replayed a second, and the memory. After
 * that it stops cleanly, with a snapshot, so that the next restart has no tail; with `--crash` it ends at once instead,
 * as kill -9 would, and changes nothing but the entries of the start.
 *
 * Usage: bench_ledger make DIR ORGANISATIONS FEATURES LICENCES LEASES ENTRIES
 *        bench_ledger extend DIR ENTRIES
 *        bench_ledger restart DIR NAME [--crash]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/seed.h"
#include "world.h"

#define LIMIT 1000000

static int make(char **arguments)
{
    struct world_plan plan = { .dir = arguments[0], .limit = LIMIT };
    int64_t began_us = clock_running_us();
    double seconds;

    plan.organisations = must_number(arguments[1], UINT16_MAX, "ORGANISATIONS");
    plan.features = must_number(arguments[2], FEATURES_MAX, "FEATURES");
    plan.licenses = must_number(arguments[3], UINT32_MAX, "LICENCES");
    plan.leases = must_number(arguments[4], UINT32_MAX, "LEASES");
    plan.entries = must_number(arguments[5], UINT32_MAX, "ENTRIES");
    world_make(&plan);
    seconds = seconds_since(began_us);
    printf("made %" PRIu64 " licences, %" PRIu64 " leases and %" PRIu64 " entries in %.1f s\n", plan.licenses,
           plan.leases, plan.entries, seconds);
    sample("ledger.made_s", seconds);
    return EXIT_SUCCESS;
}

static int restart(const char *dir, const char *name, bool crash)
{
    struct engine_config config = { .dir = dir };
    struct engine *engine = NULL;
    struct engine_stats stats;
    struct err err = { 0 };
    char sample_name[64];
    int64_t began_us = clock_running_us();
    double seconds, processor_s;

    must_ok(engine_open(&config, &engine, &err), &err);
    must_ok(engine_start(engine, &err), &err);
    seconds = seconds_since(began_us);
    processor_s = processor_seconds();
    engine_stats(engine, &stats);
    printf("%s: ready after %.3f s (%.3f s of a core) with %" PRIu64 " entries; %.0f MB in memory\n", name, seconds,
           processor_s, stats.size, (double)resident_bytes() / 1e6);
    (void)snprintf(sample_name, sizeof(sample_name), "%s_s", name);
    sample(sample_name, seconds);
    (void)snprintf(sample_name, sizeof(sample_name), "%s_core_s", name);
    sample(sample_name, processor_s);
    if (crash) {
        (void)fflush(stdout);
        _exit(EXIT_SUCCESS);
    }
    engine_stop(engine);
    engine_close(engine);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "make") == 0)
        return make(argv + 2);
    if (argc == 4 && strcmp(argv[1], "extend") == 0) {
        world_extend(argv[2], must_number(argv[3], UINT32_MAX, "ENTRIES"));
        return EXIT_SUCCESS;
    }
    if (argc >= 4 && strcmp(argv[1], "restart") == 0)
        return restart(argv[2], argv[3], argc == 5 && strcmp(argv[4], "--crash") == 0);
    must(false, "make DIR ORGANISATIONS FEATURES LICENCES LEASES ENTRIES | extend DIR ENTRIES | "
                "restart DIR NAME [--crash]");
    return EXIT_FAILURE;
}
