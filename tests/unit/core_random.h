/*
 * tests/core_random: one random step in the life of a world: any command by anybody, mostly a sensible one, or time, or
 * a restart. Everything that is drawn comes from the seed, so a failing run is repeated by it.
 */
#ifndef TESTS_CORE_RANDOM_H
#define TESTS_CORE_RANDOM_H

#include "core_world.h"

struct random_life {
    struct world *world;
    struct entropy entropy; /* the life's own: what the world draws does not depend on it */
    uint64_t commands;      /* run so far */
    uint64_t refused;
};

/* The world begins with two organisations, their people, a catalogue and licences. */
struct random_life random_life(struct world *world, uint64_t seed);
void random_step(struct random_life *life);

#endif
