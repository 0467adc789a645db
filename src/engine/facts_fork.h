/*
 * engine/facts_fork: the hash of the facts as they are now, computed by a forked child, so that the engine is held only
 * for the fork. What a running server believes can be compared with what its ledger gives (P2): `tally verify
 * --replay`.
 *
 * facts_fork_begin on the engine's thread, facts_fork_end on any other.
 */
#ifndef ENGINE_FACTS_FORK_H
#define ENGINE_FACTS_FORK_H

#include <sys/types.h>

#include "base/err.h"
#include "core/facts.h"
#include "crypto/hash.h"

/* A zeroed one has no child. */
struct facts_fork {
    uint64_t size; /* entries applied */
    pid_t pid;
    int pipe;
};

MUST_CHECK status facts_fork_begin(const struct facts *facts, struct facts_fork *ret_fork, struct err *err);
/* Waits for the child, at most half a minute, and ends it. */
MUST_CHECK status facts_fork_end(struct facts_fork *fork, struct hash *ret_hash, struct err *err);
/* Ends a child that nobody waits for, at once; a zeroed one is none. */
void facts_fork_drop(struct facts_fork *fork);

#endif
