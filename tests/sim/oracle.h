/*
 * tests/sim/oracle: reads a ledger from its leaf texts alone, and says whether what they tell can be true.
 *
 * It shares no code with the product but the hash of a leaf: its own reading of JSON, its own arithmetic of time, its
 * own count of every pool's seats. It checks P4 (no grant and no offer above the limit in force; a silent lease's seat
 * comes back only after ttl and grace; each figure in a leaf is the one that the leaves before it give), P5 (a revoked
 * token is nobody's author), P7 (times never decrease; nothing expires while the clock is frozen), the chains, and that
 * one key is one action.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <stdint.h>

#include "base/str.h"

struct oracle;

/* Never NULL; free with oracle_free, which takes the pointer's address. */
struct oracle *oracle_new(void);
void oracle_free(struct oracle **oracle);

/* What a client was told: at engine time `seen_ms` this lease was alive. Before the leaves are read. */
void oracle_heard(struct oracle *oracle, struct str lease, int64_t seen_ms);

/* Reads the next leaf. Gives what is wrong with it, or NULL; the text is valid until the next call. */
const char *oracle_read(struct oracle *oracle, struct str leaf);

/* Of a pool, after the leaves read so far. */
struct oracle_pool {
    int64_t limit;
    int64_t used;
    int64_t occupied;
};
struct oracle_pool oracle_pool(struct oracle *oracle, struct str pool);

struct oracle_counts {
    uint64_t leaves;
    uint64_t grants;
    uint64_t ends;
    uint64_t lapses;
    uint64_t offers;
    uint64_t denials;
    uint64_t limits;
    uint64_t jumps;
    uint64_t writers;
};
struct oracle_counts oracle_counts(const struct oracle *oracle);

/* The raw value of a member of an object, without quotation marks; empty when it is not there. */
struct str oracle_member(struct str object, const char *name);

#endif
