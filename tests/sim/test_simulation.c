/*
 * The core, simulated: one seed is one run. TEST_SEED=N repeats one; TALLY_NIGHTLY=1 runs many more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core_world.h"
#include "oracle.h"
#include "simulation.h"
#include "test.h"

#define RUNS         1
#define RUNS_NIGHTLY 60

/* Reads the whole ledger; says which leaf can't be true. */
static bool is_true(const struct simulation *simulation, struct oracle *oracle)
{
    for (uint64_t index = 0; index < simulation_size(simulation); index++) {
        struct str leaf = simulation_leaf(simulation, index);
        const char *problem = oracle_read(oracle, leaf);

        if (!problem)
            continue;
        printf("entry %" PRIu64 ": %s: %.*s\n", index, problem, STR_ARG(leaf));
        return CHECK(!problem);
    }
    return true;
}

static void tell(uint64_t seed, const struct simulation_counts *did, const struct oracle_counts *read)
{
    printf("seed %" PRIu64 ": %" PRIu64 " requests, %" PRIu64 " repeats, %" PRIu64 " messages lost, %" PRIu64
           " doubled, %" PRIu64 " commits, %" PRIu64 " failed, %" PRIu64 " crashes, %" PRIu64
           " entries undone, %" PRIu64 " clock steps; %" PRIu64 " entries: %" PRIu64 " grants, %" PRIu64
           " ends (%" PRIu64 " lapses), %" PRIu64 " offers, %" PRIu64 " denials, %" PRIu64 " limits, %" PRIu64
           " jumps; %" PRIu64 " acknowledged\n",
           seed, did->requests, did->repeats, did->lost, did->doubled, did->commits, did->failed_commits, did->crashes,
           did->undone, did->steps, read->leaves, read->grants, read->ends, read->lapses, read->offers, read->denials,
           read->limits, read->jumps, did->acknowledged);
}

/* A run in which nothing went wrong with the network, the disk or the clock would prove nothing. */
static void check_trouble(const struct simulation_counts *did, const struct oracle_counts *read)
{
    CHECK(did->repeats > 0 && did->lost > 0 && did->doubled > 0 && did->failed_commits > 0 && did->crashes > 0);
    CHECK(did->undone > 0 && did->steps > 0);
    CHECK(read->grants > 0 && read->lapses > 0 && read->offers > 0 && read->denials > 0 && read->jumps > 0);
    CHECK_INT(read->writers, did->crashes + did->failed_commits + 1);
}

static void run_one(uint64_t seed, struct simulation_size size)
{
    AUTO(struct simulation *, simulation_free) simulation = simulation_new(seed, size);
    AUTO(struct oracle *, oracle_free) oracle = oracle_new();
    struct simulation_counts did;
    struct oracle_counts read;

    CHECKING("seed %" PRIu64, seed);
    simulation_run(simulation);
    simulation_testify(simulation, oracle);
    did = simulation_counts(simulation);
    if (is_true(simulation, oracle))
        simulation_agrees(simulation, oracle);
    simulation_keeps_its_word(simulation);
    simulation_replays(simulation);
    read = oracle_counts(oracle);
    tell(seed, &did, &read);
    check_trouble(&did, &read);
}

static void whatever_fails_no_word_is_broken_and_no_seat_is_given_twice(void)
{
    const struct simulation_size size = { .clients = 1500, .hours = 1 };
    int runs = getenv("TALLY_NIGHTLY") ? RUNS_NIGHTLY : RUNS;

    for (int i = 0; i < runs; i++)
        run_one(test_seed() + (uint64_t)i, size);
}

static void one_seed_is_one_run(void)
{
    const struct simulation_size size = { .clients = 50, .hours = 1 };
    struct simulation *runs[2];
    bool same = true;

    for (int i = 0; i < 2; i++) {
        runs[i] = simulation_new(7, size);
        simulation_run(runs[i]);
    }
    CHECK_INT(simulation_size(runs[0]), simulation_size(runs[1]));
    for (uint64_t index = 0; index < simulation_size(runs[0]) && same; index++)
        same = CHECK_STR(simulation_leaf(runs[0], index), simulation_leaf(runs[1], index));
    simulation_free(&runs[0]);
    simulation_free(&runs[1]);
}

static const struct test tests[] = {
    TEST(one_seed_is_one_run),
    TEST(whatever_fails_no_word_is_broken_and_no_seat_is_given_twice),
};
TEST_MAIN(tests)
