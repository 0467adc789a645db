/*
 * cli/verify_seats: that no seat was given twice (P4), found by counting the entries alone, and by no code that the
 * server decides with.
 *
 * Grants and offers occupy seats of their pool, ends give them back; at each grant and offer of an enforced pool what
 * is occupied must be at most the limit in force. Counts that an entry tells must be those that it leads to. An entry
 * that ends what is not live, or grants what is live already, is a fault, too.
 */
#ifndef CLI_VERIFY_SEATS_H
#define CLI_VERIFY_SEATS_H

#include "cli/id_table.h"
#include "core/entry.h"
#include "core/facts.h"

struct seats {
    struct id_table pools, leases, tickets;
    uint64_t grants, offers, ends, observed;
};

struct seats seats_begin(void);
void seats_free(struct seats *seats);
/* What another ledger left: its pools first. */
MUST_CHECK status seats_seed_pool(struct seats *seats, const struct pool *pool);
MUST_CHECK status seats_seed_lease(struct seats *seats, struct id id, struct id pool, int64_t quantity);
MUST_CHECK status seats_seed_ticket(struct seats *seats, const struct ticket *ticket, struct id pool);
/* CODE_CORRUPT says what contradicts what; the caller names the entry. */
MUST_CHECK status seats_add(struct seats *seats, const struct entry *entry, struct err *err);

#endif
