/*
 * tests/core_check: what must hold of facts at every index, counted anew from the records: P4, lists that agree with
 * their ends and counts, maps that find what is there.
 */
#ifndef TESTS_CORE_CHECK_H
#define TESTS_CORE_CHECK_H

#include "core/facts.h"
#include "crypto/hash.h"

/* Fails the running test for every rule that does not hold; gives whether all do. */
bool facts_check(const struct facts *facts);
/* Of every fact; what lies beside them (maps, pulses, wheels) is not in it. */
struct hash facts_digest(const struct facts *facts);

#endif
