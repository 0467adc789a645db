#include "core/choose.h"

#include "core/deciders.h"
#include "core/lease_terms.h"

/* The candidates found so far. */
struct candidates {
    uint32_t pools[CHOOSE_POOLS_MAX];
    int count;
    bool too_many;
};

/* Walks the licence's entitlements (at most ENTITLEMENTS_MAX), never the pool's. */
static bool license_feeds_pool(const struct facts *facts, struct id license, uint32_t pool)
{
    uint32_t place = license_find(facts, license);
    uint32_t e = place == NONE ? NONE : license_at(facts, place)->entitlement_first;

    for (; e != NONE; e = entitlement_at(facts, e)->next_of_license) {
        if (entitlement_at(facts, e)->pool == pool)
            return true;
    }
    return false;
}

static void candidate_add(struct candidates *candidates, const struct facts *facts, uint32_t place)
{
    if (pool_at(facts, place)->kind != POOL_ENFORCED)
        return;
    if (candidates->count == CHOOSE_POOLS_MAX)
        candidates->too_many = true;
    else
        candidates->pools[candidates->count++] = place;
}

static void group_add(struct candidates *candidates, const struct facts *facts, uint32_t holder, uint32_t feature)
{
    uint32_t place = pool_find_group(facts, holder, feature);

    for (; place != NONE && !candidates->too_many; place = pool_at(facts, place)->next_of_group)
        candidate_add(candidates, facts, place);
}

static bool takes_from_any(const struct principal *taker)
{
    return taker->organisation == NONE && (taker->kind == ID_SERVICE || taker->role == ROLE_ADMIN);
}

/* The pools of a named licence: at most its entitlements' many, however many pools the feature has. */
static void license_add_pools(struct candidates *candidates, const struct facts *facts, uint32_t taker,
                              uint32_t feature, const struct lease_create *request)
{
    uint32_t license = license_find(facts, request->license);
    uint32_t e = license == NONE ? NONE : license_at(facts, license)->entitlement_first;

    for (; e != NONE; e = entitlement_at(facts, e)->next_of_license) {
        const struct entitlement *entitlement = entitlement_at(facts, e);

        if (entitlement->feature == feature && holder_admits(facts, license_at(facts, license)->holder, taker))
            candidate_add(candidates, facts, entitlement->pool);
    }
}

static void candidates_find(struct candidates *candidates, const struct facts *facts, uint32_t taker, uint32_t feature,
                            const struct lease_create *request)
{
    const struct principal *who = principal_at(facts, taker);

    if (!id_is_none(request->license)) {
        license_add_pools(candidates, facts, taker, feature, request);
        return;
    }
    if (takes_from_any(who)) {
        uint32_t place = feature_at(facts, feature)->pool_first;

        for (; place != NONE && !candidates->too_many; place = pool_at(facts, place)->next_of_feature)
            candidate_add(candidates, facts, place);
        return;
    }
    group_add(candidates, facts, taker, feature);
    if (who->kind == ID_USER) {
        for (uint32_t m = who->membership_first; m != NONE; m = membership_at(facts, m)->next_of_user)
            group_add(candidates, facts, membership_at(facts, m)->team, feature);
    }
    if (who->organisation != NONE)
        group_add(candidates, facts, who->organisation, feature);
}

/* Why a pool without any active licence gives nothing. */
static enum reason terms_reason(const struct facts *facts, const struct pool *pool)
{
    static const enum reason reasons[LICENSE_STATE_COUNT] = {
        [LICENSE_SCHEDULED] = REASON_NOT_STARTED, [LICENSE_ACTIVE] = REASON_LIMIT,
        [LICENSE_SUSPENDED] = REASON_SUSPENDED,   [LICENSE_EXPIRED] = REASON_EXPIRED,
        [LICENSE_REVOKED] = REASON_REVOKED,
    };

    return pool->license == NONE ? REASON_LIMIT : reasons[license_at(facts, pool->license)->state];
}

bool pool_has_room(const struct facts *facts, const struct pool *pool, int64_t quantity, enum reason *ret_reason)
{
    if (pool->terms_end_ms < 0)
        *ret_reason = terms_reason(facts, pool);
    else if (pool_terms_are_over(pool, facts->time_ms)) /* the clock is frozen: a lease now would prove nothing (P6) */
        *ret_reason = REASON_EXPIRED;
    else if (quantity > pool->limit)
        *ret_reason = REASON_LIMIT;
    else if (pool->occupied + quantity > pool->limit)
        *ret_reason = REASON_NO_SEATS;
    else if (pool->queued > 0)
        *ret_reason = REASON_QUEUED;
    else
        return true;
    return false;
}

/* Sooner is better; a pool that never ends comes last, one without terms after that. */
static int64_t end_rank(const struct pool *pool)
{
    if (pool->terms_end_ms < 0)
        return INT64_MAX;
    return pool->terms_end_ms ? pool->terms_end_ms : INT64_MAX - 1;
}

static struct choice candidates_choose(const struct facts *facts, const struct candidates *candidates, int64_t quantity)
{
    struct choice best = { .kind = CHOICE_NOT_FOUND, .pool = NONE };

    for (int i = 0; i < candidates->count; i++) {
        const struct pool *pool = pool_at(facts, candidates->pools[i]);
        enum reason reason = REASON_NO_SEATS;
        enum choice_kind kind = pool_has_room(facts, pool, quantity, &reason) ? CHOICE_FREE : CHOICE_FULL;

        if (best.pool != NONE &&
            (kind > best.kind || (kind == best.kind && end_rank(pool) >= end_rank(pool_at(facts, best.pool)))))
            continue;
        best.kind = kind;
        best.pool = candidates->pools[i];
        best.reason = reason;
    }
    best.others = candidates->count - 1;
    best.chosen_by = candidates->count == 1 ? STR("only") : STR("soonest_end");
    return best;
}

/* A pool asked for by id. */
static struct choice named_choose(const struct facts *facts, uint32_t taker, uint32_t feature,
                                  const struct lease_create *request)
{
    struct candidates candidates = { 0 };
    uint32_t place = pool_find(facts, request->pool);
    struct choice choice;

    if (place != NONE && pool_at(facts, place)->feature == feature &&
        holder_admits(facts, pool_at(facts, place)->holder, taker) &&
        (id_is_none(request->license) || license_feeds_pool(facts, request->license, place)))
        candidate_add(&candidates, facts, place);
    choice = candidates_choose(facts, &candidates, request->quantity);
    choice.chosen_by = STR("asked");
    return choice;
}

static struct choice feature_choose(const struct facts *facts, uint32_t taker, uint32_t feature,
                                    const struct lease_create *request)
{
    struct candidates candidates = { 0 };
    struct choice choice;

    if (!id_is_none(request->pool)) {
        choice = named_choose(facts, taker, feature, request);
    } else {
        candidates_find(&candidates, facts, taker, feature, request);
        choice = candidates_choose(facts, &candidates, request->quantity);
        if (candidates.too_many)
            choice.kind = CHOICE_AMBIGUOUS;
        if (!id_is_none(request->license))
            choice.chosen_by = STR("asked");
    }
    choice.feature = feature;
    return choice;
}

/*
 * A name without its product means the one feature of that name that the taker has a pool of: what others' products
 * are called makes nobody's name ambiguous, and tells nobody that they are there.
 */
static struct choice bare_choose(const struct facts *facts, uint32_t taker, const struct lease_create *request)
{
    static const struct choice ambiguous = { .kind = CHOICE_AMBIGUOUS, .pool = NONE, .feature = NONE };
    struct choice choice = { .kind = CHOICE_NOT_FOUND, .pool = NONE, .feature = NONE };
    int looked_at = 0;

    for (uint32_t feature = feature_find_bare(facts, request->feature); feature != NONE;
         feature = feature_at(facts, feature)->next_of_name) {
        struct choice found;

        if (looked_at++ == CHOOSE_FEATURES_MAX)
            return ambiguous;
        found = feature_choose(facts, taker, feature, request);
        if (found.kind == CHOICE_NOT_FOUND && choice.feature != NONE)
            continue;
        if (found.kind != CHOICE_NOT_FOUND && choice.kind != CHOICE_NOT_FOUND)
            return ambiguous;
        choice = found;
    }
    return choice;
}

struct choice choose_pool(const struct facts *facts, uint32_t taker, const struct lease_create *request)
{
    uint32_t feature;

    if (str_find(request->feature, '/') == request->feature.len)
        return bare_choose(facts, taker, request);
    feature = feature_find(facts, request->feature);
    if (feature == NONE)
        return (struct choice){ .kind = CHOICE_NOT_FOUND, .pool = NONE, .feature = NONE };
    return feature_choose(facts, taker, feature, request);
}
