#include "core/lease_terms.h"

static int64_t proof_span_ms(int64_t ttl_s)
{
    return (2 * ttl_s > 3600 ? 2 * ttl_s : 3600) * 1000;
}

int64_t lease_proof_end(const struct pool *pool, int64_t ttl_s, int64_t now_ms)
{
    int64_t end_ms = now_ms + proof_span_ms(ttl_s);

    if (pool->terms_end_ms > 0 && pool->terms_end_ms < end_ms)
        return pool->terms_end_ms;
    return end_ms;
}

bool pool_terms_are_over(const struct pool *pool, int64_t now_ms)
{
    return pool->terms_end_ms < 0 || (pool->terms_end_ms > 0 && pool->terms_end_ms <= now_ms);
}

bool lease_proof_is_due(const struct pool *pool, const struct lease *lease, int64_t now_ms)
{
    if (pool_terms_are_over(pool, now_ms) || now_ms < lease->proven_until_ms - proof_span_ms(lease->ttl_s) / 2)
        return false;
    return lease_proof_end(pool, lease->ttl_s, now_ms) > lease->proven_until_ms;
}

int64_t lease_lapse_ms(const struct pool *pool, const struct lease *lease, const struct lease_pulse *pulse)
{
    return pulse->last_seen_ms + ((int64_t)lease->ttl_s + pool->grace_s) * 1000;
}

int64_t lease_deadline_ms(const struct pool *pool, const struct lease *lease, const struct lease_pulse *pulse)
{
    int64_t lapse_ms = lease_lapse_ms(pool, lease, pulse);
    int64_t proof_ms = lease->proven_until_ms + (int64_t)pool->grace_s * 1000;

    return proof_ms < lapse_ms ? proof_ms : lapse_ms;
}

int64_t ticket_deadline_ms(const struct ticket *ticket, const struct ticket_pulse *pulse)
{
    int64_t silent_ms = pulse->last_seen_ms + TICKET_TTL_S * 1000;

    if (ticket->state == TICKET_OFFERED)
        return pulse->offered_ms + OFFER_S * 1000;
    return silent_ms < ticket->wait_until_ms ? silent_ms : ticket->wait_until_ms;
}

enum problem reason_problem(enum reason reason)
{
    switch (reason) {
    case REASON_SUSPENDED:
    case REASON_EXPIRED:
    case REASON_NOT_STARTED:
    case REASON_REVOKED:
    case REASON_NOT_FOUND:
        return PROBLEM_NOT_LICENSED;
    default:
        return PROBLEM_NO_SEATS;
    }
}
