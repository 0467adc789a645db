/*
 * cli/verify_chains: the own history of each pool and licence within the ledger: numbers from 1 without a gap, each
 * with the first bytes of the leaf hash before it on that chain, so that a holder can check all of it without reading
 * anybody else's.
 */
#ifndef CLI_VERIFY_CHAINS_H
#define CLI_VERIFY_CHAINS_H

#include "cli/id_table.h"
#include "core/entry.h"
#include "crypto/hash.h"

struct chain_link {
    struct id id;
    uint64_t number;
    uint64_t index; /* of its newest entry */
    uint8_t hash[SEQ_PREV_BYTES];
};

struct chains {
    bool is_open; /* of a ledger that continues another, whose chains are not known: each goes on from anywhere, once */
    struct id_table links;
    uint64_t pools, licenses;
};

struct chains chains_begin(void);
void chains_free(struct chains *chains);
/* A chain that another ledger began: its newest number and the hash of that leaf. */
MUST_CHECK status chains_seed(struct chains *chains, enum id_kind kind, struct id id, uint64_t number,
                              const uint8_t *hash);
/* CODE_CORRUPT names the entry, and what does not fit. */
MUST_CHECK status chains_add(struct chains *chains, const struct entry *entry, uint64_t index, const struct hash *leaf,
                             struct err *err);

#endif
