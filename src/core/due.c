/*
 * core/due: what time brings about, one entry at a time: licences start and end, limits follow, offers are made and
 * taken back, tickets and leases end. Each entry is applied before the next is asked for, so counts are always of now.
 * While the clock is frozen (P7) licences neither start nor end; lapsing goes on, because it runs on the running clock.
 * While grants are stopped nothing is offered, and what was offered keeps: nobody can claim it.
 */
#include "core/decide.h"

#include "core/deciders.h"
#include "core/facts_edit.h"
#include "core/lease_terms.h"

#define OFFER_KEEPS_MS 1000 /* how often an offer that nobody can claim is made to begin anew */

struct due_context {
    struct facts *facts;
    struct entropy *entropy;
    int64_t now_ms;
    const struct actor *system;
    struct entry *entry;
};

static struct entry *due_begin(struct due_context *due, enum audit_code code)
{
    entry_begin(due->entry, code, due->system, due->now_ms);
    due->entry->id = id_new(due->entropy, due->now_ms);
    return due->entry;
}

static bool license_due(struct due_context *due)
{
    struct facts *facts = due->facts;
    uint32_t place;

    while (!facts->clock_frozen && (place = wheel_next(&facts->license_wheel, due->now_ms)) != WHEEL_NONE) {
        const struct license *license = license_at(facts, place);
        bool ends = license->ends_ms && license->ends_ms <= due->now_ms;
        bool starts = license->state == LICENSE_SCHEDULED && license->starts_ms <= due->now_ms;
        struct entry *entry;

        if (license->state == LICENSE_EXPIRED || license->state == LICENSE_REVOKED)
            continue;
        if (!ends && !starts) {
            license_watch(facts, place);
            continue;
        }
        entry = due_begin(due, ends ? AUDIT_LICENSE_EXPIRED : AUDIT_LICENSE_STARTED);
        entry_on_id(entry, ON_LICENSE, license->id);
        entry_number(entry, DATA_STATE, ends ? LICENSE_EXPIRED : LICENSE_ACTIVE);
        return true;
    }
    return false;
}

/*
 * A ticket for more seats than a fallen limit has would hold up everybody behind it for as long as it polls. A pool
 * without any terms now serves nobody, and there all keep their places.
 */
static bool ticket_is_too_large(const struct facts *facts, const struct pool *pool, uint32_t place)
{
    return pool->terms_end_ms >= 0 && ticket_at(facts, place)->quantity > pool->limit;
}

static bool seats_are_free(const struct facts *facts, const struct pool *pool, uint32_t place)
{
    return pool->occupied + ticket_at(facts, place)->quantity <= pool->limit;
}

static void offer_entry(struct due_context *due, uint32_t place)
{
    const struct ticket *ticket = ticket_at(due->facts, place);
    const struct pool *pool = pool_at(due->facts, ticket->pool);
    struct entry *entry = due_begin(due, AUDIT_TICKET_OFFERED);

    entry_on_id(entry, ON_TICKET, ticket->id);
    entry_on_id(entry, ON_POOL, pool->id);
    entry_number(entry, DATA_QUANTITY, ticket->quantity);
    entry_number(entry, DATA_OCCUPIED, pool->occupied + ticket->quantity);
    entry_number(entry, DATA_EXPIRES_AT, due->now_ms + OFFER_S * 1000);
}

/* The newest offer, to be taken back while the pool is above its limit (P4). */
static uint32_t offer_above_limit(const struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);

    return pool->occupied > pool->limit ? queue_newest_offer(facts, place) : NONE;
}

static uint32_t lease_to_revoke(const struct facts *facts, const struct pool *pool)
{
    uint32_t place = pool->revoking ? pool->lease_newest : NONE;

    while (place != NONE && lease_at(facts, place)->ending != ENDING_REVOKE)
        place = lease_at(facts, place)->older;
    return place;
}

/* What is due for the first in the pool's queue, if anything. */
static bool queue_step(struct due_context *due, uint32_t place)
{
    const struct pool *pool = pool_at(due->facts, place);
    uint32_t first = queue_first_waiting(due->facts, place);

    if (first == NONE)
        return false;
    if (ticket_is_too_large(due->facts, pool, first))
        ticket_end_entry(due->facts, first, REASON_LIMIT, due_begin(due, AUDIT_TICKET_EXPIRED));
    else if (!due->facts->grants_stopped && seats_are_free(due->facts, pool, first))
        offer_entry(due, first);
    else
        return false;
    return true;
}

/* The one thing that is due in this pool, if any. */
static bool pool_step(struct due_context *due, uint32_t place)
{
    const struct pool *pool = pool_at(due->facts, place);
    uint32_t found;

    if (pool->kind != POOL_ENFORCED)
        return false;
    if (pool->entitled != pool->limit) {
        limit_change_entry(due->facts, place, pool->entitled < pool->limit ? ENDING_DRAIN : ENDING_NONE,
                           due_begin(due, AUDIT_POOL_LIMIT_CHANGED));
        return true;
    }
    if ((found = lease_to_revoke(due->facts, pool)) != NONE) {
        lease_end_entry(due->facts, found, due_begin(due, AUDIT_LEASE_REVOKED));
        entry_number(due->entry, DATA_REASON, REASON_REVOKED);
        return true;
    }
    if ((found = offer_above_limit(due->facts, place)) != NONE) {
        ticket_end_entry(due->facts, found, REASON_LIMIT, due_begin(due, AUDIT_TICKET_EXPIRED));
        return true;
    }
    return queue_step(due, place);
}

/* A pool stays on the due list until a look at it finds nothing more to do. */
static bool pool_due(struct due_context *due)
{
    uint32_t place;

    while ((place = pool_due_first(due->facts)) != NONE) {
        if (pool_step(due, place))
            return true;
        pool_due_drop(due->facts);
    }
    return false;
}

/* Nobody can claim it now: its ten seconds begin when grants do. */
static bool offer_keeps(struct due_context *due, uint32_t place)
{
    struct facts *facts = due->facts;

    if (!facts->grants_stopped || ticket_at(facts, place)->state != TICKET_OFFERED)
        return false;
    ticket_pulse_at(facts, place)->offered_ms = due->now_ms;
    wheel_add(&facts->ticket_wheel, place, due->now_ms + OFFER_KEEPS_MS);
    return true;
}

static bool ticket_due(struct due_context *due)
{
    struct facts *facts = due->facts;
    uint32_t place;

    while ((place = wheel_next(&facts->ticket_wheel, due->now_ms)) != WHEEL_NONE) {
        const struct ticket *ticket = ticket_at(facts, place);
        int64_t deadline_ms = ticket_deadline_ms(ticket, ticket_pulse_at(facts, place));
        enum reason reason = REASON_SILENT;

        if (offer_keeps(due, place))
            continue;
        if (deadline_ms > due->now_ms) {
            wheel_add(&facts->ticket_wheel, place, deadline_ms);
            continue;
        }
        if (ticket->state == TICKET_OFFERED)
            reason = REASON_NOT_CLAIMED;
        else if (ticket->wait_until_ms <= due->now_ms)
            reason = REASON_WAITED;
        ticket_end_entry(facts, place, reason, due_begin(due, AUDIT_TICKET_EXPIRED));
        return true;
    }
    return false;
}

static bool lease_due(struct due_context *due)
{
    struct facts *facts = due->facts;
    uint32_t place;

    while ((place = wheel_next(&facts->lease_wheel, due->now_ms)) != WHEEL_NONE) {
        const struct lease *lease = lease_at(facts, place);
        const struct lease_pulse *pulse = lease_pulse_at(facts, place);
        const struct pool *pool = pool_at(facts, lease->pool);
        int64_t lapse_ms = lease_lapse_ms(pool, lease, pulse);
        int64_t proof_ms = lease->proven_until_ms + (int64_t)pool->grace_s * 1000;
        bool lapses = lapse_ms <= due->now_ms;
        bool expires = proof_ms <= due->now_ms && !facts->clock_frozen && pool_terms_are_over(pool, due->now_ms);

        if (!lapses && !expires) {
            wheel_add(&facts->lease_wheel, place, proof_ms > due->now_ms && proof_ms < lapse_ms ? proof_ms : lapse_ms);
            continue;
        }
        lease_end_entry(facts, place, due_begin(due, expires ? AUDIT_LEASE_EXPIRED : AUDIT_LEASE_LAPSED));
        entry_number(due->entry, DATA_LAST_SEEN, pulse->last_seen_ms);
        return true;
    }
    return false;
}

bool due_next(struct facts *facts, struct entropy *entropy, int64_t now_ms, const struct actor *system,
              struct entry *ret_entry)
{
    struct due_context due = {
        .facts = facts, .entropy = entropy, .now_ms = now_ms, .system = system, .entry = ret_entry
    };

    return license_due(&due) || pool_due(&due) || ticket_due(&due) || lease_due(&due);
}
