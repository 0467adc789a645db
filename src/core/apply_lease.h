/*
 * core/apply_lease: what entries about leases and tickets make true. Used by core/apply and, for observed leases, by
 * core/apply_observe.
 */
#ifndef CORE_APPLY_LEASE_H
#define CORE_APPLY_LEASE_H

#include "base/err.h"
#include "core/facts.h"

/*
 * Adds a live lease as the newest of its pool; `used` grows by its quantity, `occupied` too. Links in the record are
 * not looked at. A lease with a ttl gets a deadline, seen at seen_ms.
 */
MUST_CHECK status lease_add(struct facts *facts, const struct lease *lease, int64_t seen_ms, uint32_t *ret_place);
/* Room for the memory of its end has been made with ended_reserve. */
void lease_end(struct facts *facts, uint32_t place, enum lease_state state, enum reason reason);

MUST_CHECK status lease_granted_apply(struct facts *facts, const struct entry *entry, struct err *err);
MUST_CHECK status lease_renewed_apply(struct facts *facts, const struct entry *entry, struct err *err);
/* released, lapsed, expired, revoked */
MUST_CHECK status lease_ended_apply(struct facts *facts, const struct entry *entry, struct err *err);
MUST_CHECK status ticket_queued_apply(struct facts *facts, const struct entry *entry, struct err *err);
MUST_CHECK status ticket_offered_apply(struct facts *facts, const struct entry *entry, struct err *err);
/* expired, cancelled */
MUST_CHECK status ticket_ended_apply(struct facts *facts, const struct entry *entry, struct err *err);

#endif
