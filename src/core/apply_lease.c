#include "core/apply_lease.h"

#include "core/facts_edit.h"
#include "core/facts_keys.h"
#include "core/lease_terms.h"

/* The counts that an entry says must be those that its application gives: a wrong ledger is found here (P2). */
static status counts_check(const struct pool *pool, const struct entry *entry, struct err *err)
{
    if (entry_number_or(entry, DATA_OCCUPIED, pool->occupied) != pool->occupied)
        return err_set(err, CODE_CORRUPT, "the entry says %lld seats are occupied, the facts say %lld",
                       (long long)entry->data[DATA_OCCUPIED].number, (long long)pool->occupied);
    if (entry_number_or(entry, DATA_USED, pool->used) != pool->used)
        return err_set(err, CODE_CORRUPT, "the entry says %lld seats are used, the facts say %lld",
                       (long long)entry->data[DATA_USED].number, (long long)pool->used);
    return OK;
}

static void lease_link(struct facts *facts, uint32_t place)
{
    struct lease *lease = lease_at(facts, place);
    struct pool *pool = pool_at(facts, lease->pool);

    lease->newer = NONE;
    lease->older = pool->lease_newest;
    if (pool->lease_newest != NONE)
        lease_at(facts, pool->lease_newest)->newer = place;
    else
        pool->lease_oldest = place;
    pool->lease_newest = place;
}

static void lease_unlink(struct facts *facts, uint32_t place)
{
    const struct lease *lease = lease_at(facts, place);
    struct pool *pool = pool_at(facts, lease->pool);

    if (lease->newer != NONE)
        lease_at(facts, lease->newer)->older = lease->older;
    else
        pool->lease_newest = lease->older;
    if (lease->older != NONE)
        lease_at(facts, lease->older)->newer = lease->newer;
    else
        pool->lease_oldest = lease->newer;
}

/* Room for one more, so that lease_add can't fail for want of memory. */
static status lease_reserve(struct facts *facts)
{
    TRY(table_reserve(&facts->leases, 1));
    TRY(table_cover(&facts->lease_pulses, facts->leases.used + 1));
    return FACTS_RESERVE(facts, lease_by_id);
}

status lease_add(struct facts *facts, const struct lease *lease, int64_t seen_ms, uint32_t *ret_place)
{
    struct pool *pool = pool_at(facts, lease->pool);
    struct lease_pulse *pulse;
    uint32_t place;

    if (lease_find(facts, lease->id) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(lease_reserve(facts));
    place = table_take(&facts->leases);
    *lease_at(facts, place) = *lease;
    lease_at(facts, place)->observed_next = NONE;
    lease_at(facts, place)->observed_key = NONE;
    FACTS_PUT(facts, lease_by_id, place);
    lease_link(facts, place);
    pool->used += lease->quantity;
    pool->occupied += lease->quantity;
    pulse = lease_pulse_at(facts, place);
    pulse->last_seen_ms = seen_ms;
    if (lease->ttl_s) {
        principal_pulse_at(facts, lease->principal)->leases++;
        wheel_add(&facts->lease_wheel, place, lease_deadline_ms(pool, lease, pulse));
    }
    *ret_place = place;
    return OK;
}

void lease_end(struct facts *facts, uint32_t place, enum lease_state state, enum reason reason)
{
    const struct lease *lease = lease_at(facts, place);
    struct pool *pool = pool_at(facts, lease->pool);
    uint32_t pool_place = lease->pool;
    struct ended ended = { .id = lease->id,
                           .index = facts->size,
                           .principal = lease->principal,
                           .state = (uint8_t)state,
                           .reason = (uint8_t)reason,
                           .kind = ID_LEASE };

    wheel_remove(&facts->lease_wheel, place);
    observed_close(facts, place);
    lease_unlink(facts, place);
    pool->used -= lease->quantity;
    pool->occupied -= lease->quantity;
    if (lease->ttl_s)
        principal_pulse_at(facts, lease->principal)->leases--;
    if (lease->ending == ENDING_REVOKE)
        pool->revoking = --pool_pulse_at(facts, pool_place)->to_revoke > 0;
    ended_push(facts, &ended);
    FACTS_REMOVE(facts, lease_by_id, place);
    *lease_pulse_at(facts, place) = (struct lease_pulse){ 0 };
    table_give(&facts->leases, place);
    if (pool->queued || pool->revoking)
        pool_mark_due(facts, pool_place);
}

static void ticket_link(struct facts *facts, uint32_t place)
{
    struct ticket *ticket = ticket_at(facts, place);
    struct pool *pool = pool_at(facts, ticket->pool);
    const struct order turns = facts_turns(facts);

    order_append(&turns, &pool_pulse_at(facts, ticket->pool)->turns_root, place);
    principal_pulse_at(facts, ticket->principal)->tickets++;
    ticket->next = NONE;
    ticket->previous = pool->ticket_last;
    if (pool->ticket_last != NONE)
        ticket_at(facts, pool->ticket_last)->next = place;
    else
        pool->ticket_first = place;
    pool->ticket_last = place;
}

static void ticket_unlink(struct facts *facts, uint32_t place)
{
    const struct ticket *ticket = ticket_at(facts, place);
    struct pool *pool = pool_at(facts, ticket->pool);
    const struct order turns = facts_turns(facts);

    order_remove(&turns, &pool_pulse_at(facts, ticket->pool)->turns_root, place);
    principal_pulse_at(facts, ticket->principal)->tickets--;
    if (ticket->next != NONE)
        ticket_at(facts, ticket->next)->previous = ticket->previous;
    else
        pool->ticket_last = ticket->previous;
    if (ticket->previous != NONE)
        ticket_at(facts, ticket->previous)->next = ticket->next;
    else
        pool->ticket_first = ticket->next;
}

/* Ends a ticket; an offer's seats are free again. */
static void ticket_end(struct facts *facts, uint32_t place, enum ticket_state state, enum reason reason)
{
    const struct ticket *ticket = ticket_at(facts, place);
    struct pool *pool = pool_at(facts, ticket->pool);
    uint32_t pool_place = ticket->pool;
    struct ended ended = { .id = ticket->id,
                           .index = facts->size,
                           .principal = ticket->principal,
                           .state = (uint8_t)state,
                           .reason = (uint8_t)reason,
                           .kind = ID_TICKET };

    if (ticket->state == TICKET_OFFERED)
        pool->occupied -= ticket->quantity;
    else
        pool->queued--;
    wheel_remove(&facts->ticket_wheel, place);
    ticket_unlink(facts, place);
    ended_push(facts, &ended);
    FACTS_REMOVE(facts, ticket_by_id, place);
    *ticket_pulse_at(facts, place) = (struct ticket_pulse){ 0 };
    table_give(&facts->tickets, place);
    if (pool->queued)
        pool_mark_due(facts, pool_place);
}

/* The pool and principal that an entry names must be there. */
static status places_find(const struct facts *facts, const struct entry *entry, uint32_t *ret_pool,
                          uint32_t *ret_principal, struct err *err)
{
    uint32_t pool = pool_find(facts, entry->on[ON_POOL].id);
    uint32_t principal = principal_find(facts, entry->actor.who.id);

    if (pool == NONE)
        return err_set(err, CODE_CORRUPT, "the entry names a pool that is not there");
    if (principal == NONE)
        return err_set(err, CODE_CORRUPT, "the entry's author is not there");
    *ret_pool = pool;
    *ret_principal = principal;
    return OK;
}

static status ticket_claim_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t ticket = ticket_find(facts, entry->on[ON_TICKET].id);

    if (ticket == NONE || ticket_at(facts, ticket)->state != TICKET_OFFERED)
        return err_set(err, CODE_CORRUPT, "a seat was granted to a ticket that has no offer");
    TRY(lease_reserve(facts));
    TRY(ended_reserve(facts));
    ticket_end(facts, ticket, TICKET_CLAIMED, REASON_OWNER);
    return OK;
}

status lease_granted_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct lease lease = { .id = entry->on[ON_LEASE].id,
                           .granted_ms = entry->time_ms,
                           .granted_index = facts->size,
                           .proven_until_ms = entry->data[DATA_PROVEN_UNTIL].number,
                           .quantity = (uint32_t)entry->data[DATA_QUANTITY].number,
                           .ttl_s = (uint32_t)entry->data[DATA_TTL_S].number };
    uint32_t place;

    TRY(places_find(facts, entry, &lease.pool, &lease.principal, err));
    if (entry_has_on(entry, ON_TICKET))
        TRY(ticket_claim_apply(facts, entry, err));
    TRY(lease_add(facts, &lease, entry->time_ms, &place));
    return counts_check(pool_at(facts, lease.pool), entry, err);
}

static status lease_named(const struct facts *facts, const struct entry *entry, uint32_t *ret_place, struct err *err)
{
    uint32_t place = lease_find(facts, entry->on[ON_LEASE].id);

    if (place == NONE)
        return err_set(err, CODE_CORRUPT, "the entry names a lease that is not live");
    *ret_place = place;
    return OK;
}

status lease_renewed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct lease_pulse *pulse;
    uint32_t place = NONE;

    TRY(lease_named(facts, entry, &place, err));
    lease_at(facts, place)->proven_until_ms = entry->data[DATA_PROVEN_UNTIL].number;
    pulse = lease_pulse_at(facts, place);
    if (pulse->last_seen_ms < entry->time_ms)
        pulse->last_seen_ms = entry->time_ms;
    return OK;
}

status lease_ended_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    static const struct {
        enum lease_state state;
        enum reason reason;
    } ends[] = {
        [AUDIT_LEASE_RELEASED] = { LEASE_RELEASED, REASON_OWNER },
        [AUDIT_LEASE_LAPSED] = { LEASE_LAPSED, REASON_SILENT },
        [AUDIT_LEASE_EXPIRED] = { LEASE_EXPIRED, REASON_EXPIRED },
        [AUDIT_LEASE_REVOKED] = { LEASE_REVOKED, REASON_ADMIN },
    };
    enum lease_state state = ends[entry->code].state;
    enum reason reason = (enum reason)entry_number_or(entry, DATA_REASON, ends[entry->code].reason);
    uint32_t place = NONE;
    uint32_t pool;

    TRY(lease_named(facts, entry, &place, err));
    TRY(ended_reserve(facts));
    pool = lease_at(facts, place)->pool;
    lease_end(facts, place, state, reason);
    return counts_check(pool_at(facts, pool), entry, err);
}

status ticket_queued_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct ticket ticket = { .id = entry->on[ON_TICKET].id,
                             .created_ms = entry->time_ms,
                             .wait_until_ms = entry->time_ms + entry->data[DATA_WAIT_S].number * 1000,
                             .quantity = (uint32_t)entry->data[DATA_QUANTITY].number,
                             .ttl_s = (uint32_t)entry->data[DATA_TTL_S].number,
                             .state = TICKET_WAITING };
    struct ticket_pulse *pulse;
    uint32_t place;

    TRY(places_find(facts, entry, &ticket.pool, &ticket.principal, err));
    if (entry_has_on(entry, ON_USER_ALIAS))
        ticket.user_alias = entry->on[ON_USER_ALIAS].id;
    if (entry_has_on(entry, ON_HOST_ALIAS))
        ticket.host_alias = entry->on[ON_HOST_ALIAS].id;
    TRY(table_reserve(&facts->tickets, 1));
    TRY(table_cover(&facts->ticket_pulses, facts->tickets.used + 1));
    TRY(FACTS_RESERVE(facts, ticket_by_id));
    place = table_take(&facts->tickets);
    *ticket_at(facts, place) = ticket;
    FACTS_PUT(facts, ticket_by_id, place);
    ticket_link(facts, place);
    pool_at(facts, ticket.pool)->queued++;
    pulse = ticket_pulse_at(facts, place);
    pulse->last_seen_ms = entry->time_ms;
    wheel_add(&facts->ticket_wheel, place, ticket_deadline_ms(&ticket, pulse));
    pool_mark_due(facts, ticket.pool);
    return OK;
}

static status ticket_named(const struct facts *facts, const struct entry *entry, uint32_t *ret_place, struct err *err)
{
    uint32_t place = ticket_find(facts, entry->on[ON_TICKET].id);

    if (place == NONE)
        return err_set(err, CODE_CORRUPT, "the entry names a ticket that is not live");
    *ret_place = place;
    return OK;
}

status ticket_offered_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct ticket *ticket;
    struct pool *pool;
    uint32_t place = NONE;

    TRY(ticket_named(facts, entry, &place, err));
    ticket = ticket_at(facts, place);
    pool = pool_at(facts, ticket->pool);
    if (ticket->state != TICKET_WAITING)
        return err_set(err, CODE_CORRUPT, "a ticket was offered a seat twice");
    if (place != queue_first_waiting(facts, ticket->pool))
        return err_set(err, CODE_CORRUPT, "a ticket was offered a seat before those ahead of it");
    ticket->state = TICKET_OFFERED;
    pool->queued--;
    pool->occupied += ticket->quantity;
    ticket_pulse_at(facts, place)->offered_ms = entry->time_ms;
    wheel_remove(&facts->ticket_wheel, place);
    wheel_add(&facts->ticket_wheel, place, ticket_deadline_ms(ticket, ticket_pulse_at(facts, place)));
    return counts_check(pool, entry, err);
}

status ticket_ended_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    enum ticket_state state = entry->code == AUDIT_TICKET_CANCELLED ? TICKET_CANCELLED : TICKET_EXPIRED;
    enum reason reason = (enum reason)entry->data[DATA_REASON].number;
    uint32_t place = NONE;
    uint32_t pool;

    TRY(ticket_named(facts, entry, &place, err));
    TRY(ended_reserve(facts));
    pool = ticket_at(facts, place)->pool;
    ticket_end(facts, place, state, reason);
    return counts_check(pool_at(facts, pool), entry, err);
}
