/*
 * base/siphash: SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012): a hash of
 * texts that somebody else chooses. Who does not know the key can't find texts that meet in one slot of a table, so a
 * table of them stays fast whatever it is fed. Pure; any thread.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/str.h"

/* Drawn at random and told to nobody. */
struct siphash_key {
    uint64_t words[2];
};

uint64_t siphash(const struct siphash_key *key, struct str text);

#endif
