/*
 * core/apply: makes one entry true: the only writer of facts (P2).
 *
 * Applies what decide wrote and what replay reads, by the same code. Never judges whether an entry should have been
 * written; contradictions (an unknown id, a wrong chain number) are CODE_CORRUPT and leave the facts unusable.
 */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "base/err.h"
#include "core/entry.h"
#include "core/facts.h"
#include "crypto/hash.h"

/* `leaf` is the entry's leaf hash; it becomes facts->size, which must be its index. */
MUST_CHECK status apply(struct facts *facts, const struct entry *entry, const struct hash *leaf, struct err *err);

/* Fills the entry's seq links from the facts' chains, encodes it into `text` (cleared first) and hashes it. */
MUST_CHECK status entry_seal(const struct facts *facts, struct entry *entry, struct buf *text, struct hash *ret_leaf);

#endif
