/*
 * core/lease_terms: how long a lease is good for: the arithmetic of P4 and P6 in one place.
 */
#ifndef CORE_LEASE_TERMS_H
#define CORE_LEASE_TERMS_H

#include "core/facts.h"

/* A fresh proof's end: now + max(1 h, 2 x ttl), never past the end of the pool's terms (P6). */
int64_t lease_proof_end(const struct pool *pool, int64_t ttl_s, int64_t now_ms);
/* Whether a heartbeat now should extend the proof: past its half, and there is something to gain. */
bool lease_proof_is_due(const struct pool *pool, const struct lease *lease, int64_t now_ms);
/* Whether the pool's terms have ended by now. */
bool pool_terms_are_over(const struct pool *pool, int64_t now_ms);
/* Silence until then makes the lease lapse: last heartbeat + ttl + offline grace (P4). */
int64_t lease_lapse_ms(const struct pool *pool, const struct lease *lease, const struct lease_pulse *pulse);
/* The next moment at which core/due must look at the lease. */
int64_t lease_deadline_ms(const struct pool *pool, const struct lease *lease, const struct lease_pulse *pulse);
/* When a ticket ends if nothing happens: unclaimed offer, silence, or wait_s, whichever is first. */
int64_t ticket_deadline_ms(const struct ticket *ticket, const struct ticket_pulse *pulse);
/* A denial's or problem's stable code. */
enum problem reason_problem(enum reason reason);

#endif
