/*
 * tests/sim/simulation: a server, thousands of clients and a bad network between them, all from one seed.
 *
 * The server is the real decide, seal and apply (core_world) with the engine's rules around them: what has arrived is
 * decided together, answered only when it is durable, and thrown away with everything nobody was told when the machine
 * fails before that. It falls back to the last committed batch, from an image and the tail or from entry 0, and begins
 * with writer.started; heartbeats are forgotten. Its clock is the real clockwork over a wall clock that is set back and
 * forward. The network loses, doubles, delays and re-orders requests and answers. A client tries again with the same
 * key until it is answered, keeps what it was told, and holds a seat no longer than the promises allow it.
 *
 * What has been acknowledged is kept with its index and leaf hash, to be found again in the ledger at the end.
 */
#ifndef SIM_SIMULATION_H
#define SIM_SIMULATION_H

#include <stdint.h>

#include "base/str.h"

struct simulation;

struct simulation_size {
    uint32_t clients;
    int64_t hours; /* of simulated time */
};

struct simulation_counts {
    uint64_t requests; /* that reached the server */
    uint64_t repeats;  /* answered from the ledger */
    uint64_t lost;     /* messages */
    uint64_t doubled;
    uint64_t commits;
    uint64_t crashes;
    uint64_t failed_commits; /* that were told: nothing happened */
    uint64_t undone;         /* entries that were never durable */
    uint64_t steps;          /* of the wall clock */
    uint64_t acknowledged;
    uint64_t given_up; /* by clients, after many tries */
};

/* Never NULL; free with simulation_free, which takes the pointer's address. */
struct simulation *simulation_new(uint64_t seed, struct simulation_size size);
void simulation_free(struct simulation **simulation);
/* Runs it to the end; failed claims fail the running test. */
void simulation_run(struct simulation *simulation);
struct simulation_counts simulation_counts(const struct simulation *simulation);

/* The ledger as it is in the end. */
uint64_t simulation_size(const struct simulation *simulation);
struct str simulation_leaf(const struct simulation *simulation, uint64_t index);

/* Checks everything that was acknowledged against the ledger: true when all of it is there, as it was told. */
bool simulation_keeps_its_word(const struct simulation *simulation);
/* Facts replayed from the texts, and from the newest image with the tail, are the server's (P2). */
bool simulation_replays(const struct simulation *simulation);

struct oracle;
/* Tells the oracle which leases the clients knew to be alive, and when. */
void simulation_testify(const struct simulation *simulation, struct oracle *oracle);
/* Every pool of the server has what the oracle has counted. */
bool simulation_agrees(const struct simulation *simulation, struct oracle *oracle);

#endif
