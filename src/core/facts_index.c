/*
 * core/facts_edit: what lies beside the facts is made anew from them: the maps after a snapshot was read, the deadlines
 * when a writer starts.
 */
#include "core/facts_edit.h"
#include "core/facts_keys.h"
#include "core/lease_terms.h"

/* One map over one table. */
struct index {
    const struct table *table;
    struct map *map;
    const struct map_kind *kind;
    /* Whether the record at a place is in the map; NULL: every one. Asked in the order of places. */
    bool (*holds)(const struct facts *facts, uint32_t place);
};

static bool lease_lives(const struct facts *facts, uint32_t place)
{
    return lease_at(facts, place)->id.lo != 0; /* a free place holds a number in its first bytes */
}

static bool ticket_lives(const struct facts *facts, uint32_t place)
{
    return ticket_at(facts, place)->id.lo != 0;
}

static bool group_lives(const struct facts *facts, uint32_t place)
{
    return observed_group_at(facts, place)->quantity > 0;
}

static bool idem_lives(const struct facts *facts, uint32_t place)
{
    const struct idem *idem = table_at(&facts->idems, place);

    return idem->time_ms > 0;
}

/* Of features with one bare name, and of pools of one group, the oldest is in the map and the others hang on it. */
static bool feature_leads(const struct facts *facts, uint32_t place)
{
    return feature_find_bare(facts, feature_name(feature_at(facts, place))) == NONE;
}

static bool pool_leads(const struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);

    return pool_find_group(facts, pool->holder, pool->feature) == NONE;
}

static status index_fill(struct facts *facts, const struct index *index)
{
    map_free(index->map);
    TRY(map_reserve(index->map, index->kind, facts, index->table->live));
    for (uint32_t place = 0; place < index->table->used; place++) {
        if (!index->holds || index->holds(facts, place))
            map_put(index->map, index->kind->hash(facts, place), place);
    }
    return OK;
}

static status beside_cover(struct facts *facts)
{
    TRY(table_cover(&facts->license_links, facts->licenses.used));
    TRY(table_cover(&facts->pool_pulses, facts->pools.used));
    TRY(table_cover(&facts->lease_pulses, facts->leases.used));
    TRY(table_cover(&facts->ticket_pulses, facts->tickets.used));
    TRY(table_cover(&facts->principal_pulses, facts->principals.used));
    return table_cover(&facts->membership_links, facts->memberships.used);
}

void pool_count_anew(struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);
    struct pool_pulse *pulse = pool_pulse_at(facts, place);
    const struct order turns = facts_turns(facts);

    pulse->to_revoke = 0;
    pulse->turns_root = 0;
    for (uint32_t at = pool->lease_newest; at != NONE && pool->marked; at = lease_at(facts, at)->older)
        pulse->to_revoke += lease_at(facts, at)->ending == ENDING_REVOKE;
    for (uint32_t at = pool->ticket_first; at != NONE; at = ticket_at(facts, at)->next) {
        ticket_pulse_at(facts, at)->turn = (struct order_link){ 0 };
        order_append(&turns, &pulse->turns_root, at);
    }
}

/* What each has, and how the lists of the teams go back. */
static void people_count(struct facts *facts)
{
    facts->central_admins = 0;
    for (uint32_t place = 0; place < facts->principals.used; place++) {
        const struct principal *principal = principal_at(facts, place);
        uint32_t at = principal->kind == ID_TEAM ? principal->membership_first : NONE;

        principal_pulse_at(facts, place)->leases = principal_pulse_at(facts, place)->tickets = 0;
        facts->central_admins += is_central_admin(principal);
        for (uint32_t previous = 0; at != NONE; at = membership_at(facts, at)->next_of_team) {
            membership_link_at(facts, at)->previous_of_team = previous;
            previous = at + 1;
        }
    }
    for (uint32_t place = 0; place < facts->leases.used; place++) {
        if (lease_lives(facts, place) && lease_at(facts, place)->ttl_s)
            principal_pulse_at(facts, lease_at(facts, place)->principal)->leases++;
    }
    for (uint32_t place = 0; place < facts->tickets.used; place++) {
        if (ticket_lives(facts, place))
            principal_pulse_at(facts, ticket_at(facts, place)->principal)->tickets++;
    }
}

#define INDEX(plural, map_name, holds_it)                                                                              \
    {                                                                                                                  \
        &facts->plural, &facts->map_name, &facts_keys.map_name, holds_it                                               \
    }

status facts_index(struct facts *facts)
{
    const struct index all[] = {
        INDEX(principals, principal_by_id, NULL),
        INDEX(credentials, credential_by_id, NULL),
        INDEX(credentials, credential_by_hash, NULL),
        INDEX(products, product_by_id, NULL),
        INDEX(products, product_by_name, NULL),
        INDEX(features, feature_by_name, NULL),
        INDEX(features, feature_by_bare_name, feature_leads),
        INDEX(licenses, license_by_id, NULL),
        INDEX(pools, pool_by_id, NULL),
        INDEX(pools, pool_by_group, pool_leads),
        INDEX(leases, lease_by_id, lease_lives),
        INDEX(tickets, ticket_by_id, ticket_lives),
        INDEX(endeds, ended_by_id, NULL),
        INDEX(idems, idem_by_key, idem_lives),
        INDEX(observed_groups, observed_by_key, group_lives),
        INDEX(watermarks, watermark_by_head, NULL),
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        TRY(index_fill(facts, &all[i]));
    TRY(beside_cover(facts));
    people_count(facts);
    for (uint32_t place = 0; place < facts->pools.used; place++)
        pool_count_anew(facts, place);
    return OK;
}

static void lease_pulses_start(struct facts *facts, const struct pool *pool, int64_t now_ms)
{
    for (uint32_t place = pool->lease_oldest; place != NONE; place = lease_at(facts, place)->newer) {
        const struct lease *lease = lease_at(facts, place);
        struct lease_pulse *pulse = lease_pulse_at(facts, place);

        *pulse = (struct lease_pulse){ .last_seen_ms = now_ms };
        if (lease->ttl_s)
            wheel_add(&facts->lease_wheel, place, lease_deadline_ms(pool, lease, pulse));
    }
}

static void ticket_pulses_start(struct facts *facts, const struct pool *pool, int64_t now_ms)
{
    for (uint32_t place = pool->ticket_first; place != NONE; place = ticket_at(facts, place)->next) {
        const struct ticket *ticket = ticket_at(facts, place);
        struct ticket_pulse *pulse = ticket_pulse_at(facts, place);

        *pulse = (struct ticket_pulse){ .last_seen_ms = now_ms };
        if (ticket->state == TICKET_OFFERED)
            pulse->offered_ms = now_ms;
        wheel_add(&facts->ticket_wheel, place, ticket_deadline_ms(ticket, pulse));
    }
}

static bool pool_may_be_due(const struct pool *pool)
{
    return pool->kind == POOL_ENFORCED &&
           (pool->entitled != pool->limit || pool->occupied > pool->limit || pool->revoking || pool->queued);
}

void facts_pulses_start(struct facts *facts, int64_t now_ms)
{
    wheel_init(&facts->lease_wheel, &facts->lease_pulses, offsetof(struct lease_pulse, link), now_ms);
    wheel_init(&facts->ticket_wheel, &facts->ticket_pulses, offsetof(struct ticket_pulse, link), now_ms);
    wheel_init(&facts->license_wheel, &facts->license_links, 0, now_ms);
    for (uint32_t place = 0; place < facts->licenses.used; place++) {
        *(struct wheel_link *)table_at(&facts->license_links, place) = (struct wheel_link){ 0 };
        license_watch(facts, place);
    }
    facts->due_pool_first = NONE;
    for (uint32_t place = 0; place < facts->pools.used; place++) {
        *pool_pulse_at(facts, place) = (struct pool_pulse){ 0 };
        lease_pulses_start(facts, pool_at(facts, place), now_ms);
        ticket_pulses_start(facts, pool_at(facts, place), now_ms);
        pool_count_anew(facts, place);
        if (pool_may_be_due(pool_at(facts, place)))
            pool_mark_due(facts, place);
    }
}
