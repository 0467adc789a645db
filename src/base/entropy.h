/*
 * base/entropy: random bytes as an argument (P10).
 *
 * Production draws from the kernel in blocks; a simulation draws from a seed. Nothing else in the project asks for
 * randomness. One object serves one thread.
 */
#ifndef BASE_ENTROPY_H
#define BASE_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entropy {
    unsigned char block[1024];
    size_t left; /* unused bytes at the end of the block */
    bool seeded; /* from `state`, reproducible: tests and simulations only */
    uint64_t state;
};

struct entropy entropy_from_system(void);
struct entropy entropy_from_seed(uint64_t seed);
/* Never fails: a kernel that gives no random bytes ends the process, since no answer would be safe. */
void entropy_fill(struct entropy *entropy, void *ret_bytes, size_t len);
uint64_t entropy_u64(struct entropy *entropy);
/* Uniform in [0, bound); bound > 0. */
uint64_t entropy_below(struct entropy *entropy, uint64_t bound);

#endif
