/*
 * core/facts_edit: licences, pools and their entitlements, and what each pool derives from them: `entitled`,
 * `terms_end_ms` and `license`, kept up to date so that a check-out never walks a pool's licences.
 */
#include <assert.h>

#include "core/facts_edit.h"
#include "core/facts_keys.h"
#include "core/license_state.h"

/* Never ends: after everything; none active: before everything. */
static int64_t end_rank(int64_t end_ms)
{
    return end_ms == 0 ? INT64_MAX : end_ms;
}

static bool is_active(const struct facts *facts, uint32_t license)
{
    return license_at(facts, license)->state == LICENSE_ACTIVE;
}

/* Counts an entitlement in whose licence is active now. Places of licences rise with their age. */
static void pool_count_in(struct facts *facts, const struct entitlement *entitlement)
{
    struct pool *pool = pool_at(facts, entitlement->pool);
    int64_t end_ms = license_at(facts, entitlement->license)->ends_ms;

    pool->entitled += entitlement->limit;
    if (end_rank(end_ms) > end_rank(pool->terms_end_ms))
        pool->terms_end_ms = end_ms;
    if (!is_active(facts, pool->license) || entitlement->license < pool->license)
        pool->license = entitlement->license;
}

/* The first entitlement of the pool, from that one on, whose licence is active now; or NONE. */
static uint32_t active_from(const struct facts *facts, uint32_t at)
{
    while (at != NONE && !is_active(facts, entitlement_at(facts, at)->license))
        at = entitlement_at(facts, at)->next_of_pool;
    return at;
}

/* The entitlement by which a licence feeds a pool: one of a few. */
static uint32_t feeding(const struct facts *facts, uint32_t license, uint32_t pool)
{
    uint32_t at = license_at(facts, license)->entitlement_first;

    while (entitlement_at(facts, at)->pool != pool)
        at = entitlement_at(facts, at)->next_of_license;
    return at;
}

/*
 * The latest end of the active licences, the first of which is pool->license. None lies behind `latest`, the one before
 * something became less: the search ends where that is met, at once when many licences end together.
 */
static void terms_end_lower(struct facts *facts, uint32_t place, int64_t latest_ms)
{
    struct pool *pool = pool_at(facts, place);
    uint32_t at = active_from(facts, feeding(facts, pool->license, place));

    pool->terms_end_ms = -1;
    while (at != NONE && end_rank(pool->terms_end_ms) < end_rank(latest_ms)) {
        int64_t end_ms = license_at(facts, entitlement_at(facts, at)->license)->ends_ms;

        if (end_rank(end_ms) > end_rank(pool->terms_end_ms))
            pool->terms_end_ms = end_ms;
        at = active_from(facts, entitlement_at(facts, at)->next_of_pool);
    }
}

/* Counts an entitlement out whose licence was active until now. All before the pool's oldest active one are not. */
static void pool_count_out(struct facts *facts, uint32_t place)
{
    const struct entitlement *entitlement = entitlement_at(facts, place);
    struct pool *pool = pool_at(facts, entitlement->pool);

    pool->entitled -= entitlement->limit;
    if (pool->license == entitlement->license) {
        uint32_t next = active_from(facts, place);

        pool->license = entitlement_at(facts, next == NONE ? pool->entitlement_first : next)->license;
    }
    if (pool->terms_end_ms == license_at(facts, entitlement->license)->ends_ms)
        terms_end_lower(facts, entitlement->pool, pool->terms_end_ms);
}

status license_add(struct facts *facts, const struct license *license)
{
    struct license *added;
    uint32_t place;

    if (license_find(facts, license->id) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->licenses, 1));
    TRY(FACTS_RESERVE(facts, license_by_id));
    TRY(table_cover(&facts->license_links, facts->licenses.used + 1));
    place = table_take(&facts->licenses);
    added = license_at(facts, place);
    *added = *license;
    added->chain = (struct chain){ 0 };
    added->entitlement_first = NONE;
    added->entitlement_count = 0;
    FACTS_PUT(facts, license_by_id, place);
    license_watch(facts, place);
    return OK;
}

/* The first pool of a holder and feature stays the one that is found; the others hang on it. */
static void group_join(struct facts *facts, uint32_t place)
{
    struct pool *pool = pool_at(facts, place);
    uint32_t first = pool_find_group(facts, pool->holder, pool->feature);

    pool->next_of_group = NONE;
    if (first == NONE) {
        FACTS_PUT(facts, pool_by_group, place);
        return;
    }
    pool->next_of_group = pool_at(facts, first)->next_of_group;
    pool_at(facts, first)->next_of_group = place;
}

status pool_add(struct facts *facts, const struct pool *pool)
{
    struct feature *feature = feature_at(facts, pool->feature);
    struct pool *added;
    uint32_t place;

    if (pool_find(facts, pool->id) != NONE)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->pools, 1));
    TRY(FACTS_RESERVE(facts, pool_by_id));
    TRY(FACTS_RESERVE(facts, pool_by_group));
    TRY(table_cover(&facts->pool_pulses, facts->pools.used + 1));
    place = table_take(&facts->pools);
    added = pool_at(facts, place);
    *added = (struct pool){
        .id = pool->id,
        .limit = pool->limit,
        .terms_end_ms = -1,
        .feature = pool->feature,
        .holder = pool->holder,
        .grace_s = pool->grace_s,
        .license = NONE,
        .entitlement_first = NONE,
        .entitlement_last = NONE,
        .lease_newest = NONE,
        .lease_oldest = NONE,
        .ticket_first = NONE,
        .ticket_last = NONE,
        .next_of_feature = feature->pool_first,
        .kind = pool->kind,
    };
    feature->pool_first = place;
    feature->pool_count++;
    FACTS_PUT(facts, pool_by_id, place);
    group_join(facts, place);
    return OK;
}

/* In the order of the entries: at the end of the licence's list (which is short) and of the pool's. */
static void entitlement_join(struct facts *facts, uint32_t place)
{
    struct entitlement *entitlement = entitlement_at(facts, place);
    struct license *license = license_at(facts, entitlement->license);
    struct pool *pool = pool_at(facts, entitlement->pool);
    uint32_t *link = &license->entitlement_first;

    while (*link != NONE)
        link = &entitlement_at(facts, *link)->next_of_license;
    *link = place;
    entitlement->next_of_license = NONE;
    entitlement->next_of_pool = NONE;
    license->entitlement_count++;
    if (pool->entitlement_last == NONE) {
        pool->entitlement_first = place;
        pool->license = entitlement->license;
    } else {
        entitlement_at(facts, pool->entitlement_last)->next_of_pool = place;
    }
    pool->entitlement_last = place;
}

status entitlement_add(struct facts *facts, const struct entitlement *entitlement)
{
    uint32_t place;

    if (license_at(facts, entitlement->license)->entitlement_count == ENTITLEMENTS_MAX)
        return (status){ CODE_CORRUPT };
    TRY(table_reserve(&facts->entitlements, 1));
    place = table_take(&facts->entitlements);
    *entitlement_at(facts, place) = *entitlement;
    entitlement_join(facts, place);
    if (is_active(facts, entitlement->license)) {
        pool_count_in(facts, entitlement_at(facts, place));
        pool_mark_due(facts, entitlement->pool);
    }
    return OK;
}

status license_move(struct facts *facts, uint32_t license, enum license_state to)
{
    struct license *moved = license_at(facts, license);
    bool was_active = moved->state == LICENSE_ACTIVE;

    if (!license_may_move(moved->state, to))
        return (status){ CODE_CORRUPT };
    moved->state = (uint8_t)to;
    for (uint32_t at = moved->entitlement_first; at != NONE; at = entitlement_at(facts, at)->next_of_license) {
        if (was_active)
            pool_count_out(facts, at);
        else if (to == LICENSE_ACTIVE)
            pool_count_in(facts, entitlement_at(facts, at));
        pool_mark_due(facts, entitlement_at(facts, at)->pool);
    }
    license_watch(facts, license);
    return OK;
}

void license_end_set(struct facts *facts, uint32_t license, int64_t ends_ms)
{
    struct license *changed = license_at(facts, license);
    int64_t before_ms = changed->ends_ms;
    uint32_t at = changed->state == LICENSE_ACTIVE ? changed->entitlement_first : NONE;

    changed->ends_ms = ends_ms;
    for (; at != NONE; at = entitlement_at(facts, at)->next_of_license) {
        struct pool *pool = pool_at(facts, entitlement_at(facts, at)->pool);

        if (end_rank(ends_ms) >= end_rank(pool->terms_end_ms))
            pool->terms_end_ms = ends_ms;
        else if (before_ms == pool->terms_end_ms)
            terms_end_lower(facts, entitlement_at(facts, at)->pool, before_ms);
    }
    license_watch(facts, license);
}

void entitlement_limit_set(struct facts *facts, uint32_t entitlement, uint32_t limit)
{
    struct entitlement *changed = entitlement_at(facts, entitlement);

    if (is_active(facts, changed->license))
        pool_at(facts, changed->pool)->entitled += (int64_t)limit - changed->limit;
    changed->limit = limit;
    pool_mark_due(facts, changed->pool);
}

void license_watch(struct facts *facts, uint32_t license)
{
    const struct license *watched = license_at(facts, license);
    int64_t next_ms = watched->state == LICENSE_SCHEDULED ? watched->starts_ms : watched->ends_ms;

    wheel_remove(&facts->license_wheel, license);
    if (next_ms && watched->state != LICENSE_EXPIRED && watched->state != LICENSE_REVOKED)
        wheel_add(&facts->license_wheel, license, next_ms);
}

void pool_mark_due(struct facts *facts, uint32_t pool)
{
    struct pool_pulse *pulse = pool_pulse_at(facts, pool);

    if (pulse->due)
        return;
    pulse->due = true;
    pulse->next_due = facts->due_pool_first;
    facts->due_pool_first = pool;
}

uint32_t pool_due_first(const struct facts *facts)
{
    return facts->due_pool_first;
}

void pool_due_drop(struct facts *facts)
{
    struct pool_pulse *pulse = pool_pulse_at(facts, facts->due_pool_first);

    facts->due_pool_first = pulse->next_due;
    pulse->next_due = 0;
    pulse->due = false;
}
