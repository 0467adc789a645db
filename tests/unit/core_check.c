#include "core_check.h"

#include <stdlib.h>

#include "core/image.h"
#include "test.h"

/* ---- pools ---- */

static bool leases_check(const struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);
    uint32_t newer = NONE;
    int64_t used = 0;
    uint32_t revoking = 0;
    bool good = true;

    for (uint32_t at = pool->lease_newest; at != NONE; at = lease_at(facts, at)->older) {
        const struct lease *lease = lease_at(facts, at);

        good &= CHECK(lease->pool == place && lease->newer == newer);
        good &= CHECK(lease_find(facts, lease->id) == at);
        good &= CHECK((lease->observed_key == NONE) == (pool->kind == POOL_ENFORCED));
        good &= CHECK(pool->kind == POOL_OBSERVED || wheel_has(&facts->lease_wheel, at));
        used += lease->quantity;
        good &= CHECK(lease->ending == ENDING_NONE || pool->marked);
        revoking += lease->ending == ENDING_REVOKE;
        newer = at;
    }
    good &= CHECK(pool->lease_oldest == newer);
    good &= CHECK_INT(pool->used, used);
    good &= CHECK_INT(pool_pulse_at(facts, place)->to_revoke, revoking);
    return good & CHECK_INT(pool->revoking, revoking > 0);
}

static bool tickets_check(const struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);
    uint32_t previous = NONE;
    uint32_t queued = 0;
    uint32_t offer = NONE;
    uint32_t first = NONE;
    int64_t offered = 0;
    bool good = true;

    for (uint32_t at = pool->ticket_first; at != NONE; at = ticket_at(facts, at)->next) {
        const struct ticket *ticket = ticket_at(facts, at);

        good &= CHECK(ticket->pool == place && ticket->previous == previous);
        good &= CHECK(ticket_find(facts, ticket->id) == at);
        good &= CHECK(wheel_has(&facts->ticket_wheel, at));
        if (ticket->state == TICKET_WAITING) {
            first = queued++ ? first : at;
        } else {
            good &= CHECK_INT(queued, 0); /* offers stand first */
            offered += ticket->quantity;
            offer = at;
        }
        good &= CHECK_INT(queue_place(facts, at), queued);
        previous = at;
    }
    good &= CHECK_INT(queue_first_waiting(facts, place), first);
    good &= CHECK_INT(queue_newest_offer(facts, place), offer);
    good &= CHECK(pool->ticket_last == previous);
    good &= CHECK_INT(pool->queued, queued);
    return good & CHECK_INT(pool->occupied, pool->used + offered);
}

static int64_t end_rank(int64_t end_ms)
{
    return end_ms ? end_ms : INT64_MAX;
}

static bool terms_check(const struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);
    int64_t entitled = 0;
    int64_t end_ms = -1;
    uint32_t oldest = NONE;
    uint32_t oldest_active = NONE;
    uint32_t last = NONE;
    bool good = true;

    for (uint32_t at = pool->entitlement_first; at != NONE; at = entitlement_at(facts, at)->next_of_pool) {
        const struct entitlement *entitlement = entitlement_at(facts, at);
        const struct license *license = license_at(facts, entitlement->license);

        good &= CHECK(entitlement->pool == place && entitlement->feature == pool->feature);
        oldest = oldest == NONE ? entitlement->license : oldest;
        last = at;
        if (license->state != LICENSE_ACTIVE)
            continue;
        oldest_active = oldest_active == NONE ? entitlement->license : oldest_active;
        entitled += entitlement->limit;
        end_ms = end_rank(license->ends_ms) > end_rank(end_ms) || end_ms < 0 ? license->ends_ms : end_ms;
    }
    good &= CHECK(pool->entitlement_last == last);
    good &= CHECK_INT(pool->entitled, entitled);
    good &= CHECK_INT(pool->terms_end_ms, end_ms);
    return good & CHECK_INT(pool->license, oldest_active == NONE ? oldest : oldest_active);
}

static bool pool_check(const struct facts *facts, uint32_t place)
{
    const struct pool *pool = pool_at(facts, place);
    bool good = CHECK(pool_find(facts, pool->id) == place);
    uint32_t at = pool_find_group(facts, pool->holder, pool->feature);

    while (at != NONE && at != place)
        at = pool_at(facts, at)->next_of_group;
    good &= CHECK(at == place);
    good &= leases_check(facts, place);
    good &= tickets_check(facts, place);
    good &= terms_check(facts, place);
    if (pool->kind == POOL_OBSERVED)
        return good & CHECK(pool->license == NONE && pool->ticket_first == NONE);
    /* Whatever is still to be done in it, core/due will look at it. */
    return good & CHECK(pool->entitled == pool->limit || pool_pulse_at(facts, place)->due);
}

/* ---- the rest ---- */

static bool license_check(const struct facts *facts, uint32_t place)
{
    const struct license *license = license_at(facts, place);
    bool waits = license->state == LICENSE_SCHEDULED ||
                 (license->ends_ms && (license->state == LICENSE_ACTIVE || license->state == LICENSE_SUSPENDED));
    bool good = CHECK(license_find(facts, license->id) == place);
    int count = 0;

    for (uint32_t at = license->entitlement_first; at != NONE; at = entitlement_at(facts, at)->next_of_license) {
        good &= CHECK(entitlement_at(facts, at)->license == place);
        count++;
    }
    good &= CHECK_INT(license->entitlement_count, count);
    return good & CHECK(wheel_has(&facts->license_wheel, place) == waits);
}

static bool principal_check(const struct facts *facts, uint32_t place)
{
    const struct principal *principal = principal_at(facts, place);
    bool good = CHECK(principal_find(facts, principal->id) == place);

    if (principal->kind == ID_ORGANISATION)
        good &= CHECK(principal->organisation == place);
    for (uint32_t at = principal->membership_first; at != NONE && principal->kind == ID_USER;
         at = membership_at(facts, at)->next_of_user)
        good &= CHECK(membership_at(facts, at)->user == place);
    for (uint32_t at = principal->membership_first, previous = 0; at != NONE && principal->kind == ID_TEAM;
         at = membership_at(facts, at)->next_of_team) {
        good &= CHECK(membership_at(facts, at)->team == place);
        good &= CHECK_INT(membership_link_at(facts, at)->previous_of_team, previous);
        previous = at + 1;
    }
    return good;
}

static bool feature_check(const struct facts *facts, uint32_t place)
{
    const struct feature *feature = feature_at(facts, place);
    uint32_t at = feature_find_bare(facts, feature_name(feature));
    bool good = CHECK(feature_find(facts, feature_full_name(feature)) == place);
    uint32_t count = 0;

    while (at != NONE && at != place)
        at = feature_at(facts, at)->next_of_name;
    good &= CHECK(at == place);
    for (at = feature->pool_first; at != NONE; at = pool_at(facts, at)->next_of_feature) {
        good &= CHECK(pool_at(facts, at)->feature == place);
        count++;
    }
    return good & CHECK_INT(feature->pool_count, count);
}

static bool groups_check(const struct facts *facts)
{
    uint32_t in_groups = 0;
    uint32_t observed = 0;
    bool good = true;

    for (uint32_t place = 0; place < facts->observed_groups.used; place++) {
        const struct observed_group *group = observed_group_at(facts, place);
        uint32_t last = NONE;

        if (group->quantity == 0)
            continue;
        good &= CHECK(observed_group_find(facts, group) == place);
        for (uint32_t at = group->oldest; at != NONE; at = lease_at(facts, at)->observed_next) {
            const struct lease *lease = lease_at(facts, at);

            good &= CHECK(lease->observed_key == place && lease->pool == group->pool);
            good &= CHECK(lease->quantity == group->quantity);
            in_groups++;
            last = at;
        }
        good &= CHECK(last != NONE && group->newest == last);
    }
    for (uint32_t place = 0; place < facts->leases.used; place++)
        observed += lease_at(facts, place)->id.lo && lease_at(facts, place)->observed_key != NONE;
    return good & CHECK_INT(in_groups, observed);
}

/* Every record is in its maps once, and nothing else is. */
static bool maps_check(const struct facts *facts)
{
    bool good = CHECK_INT(facts->principal_by_id.count, facts->principals.live);

    good &= CHECK_INT(facts->credential_by_id.count, facts->credentials.live);
    good &= CHECK_INT(facts->credential_by_hash.count, facts->credentials.live);
    good &= CHECK_INT(facts->product_by_id.count, facts->products.live);
    good &= CHECK_INT(facts->product_by_name.count, facts->products.live);
    good &= CHECK_INT(facts->feature_by_name.count, facts->features.live);
    good &= CHECK_INT(facts->license_by_id.count, facts->licenses.live);
    good &= CHECK_INT(facts->pool_by_id.count, facts->pools.live);
    good &= CHECK_INT(facts->lease_by_id.count, facts->leases.live);
    good &= CHECK_INT(facts->ticket_by_id.count, facts->tickets.live);
    good &= CHECK_INT(facts->observed_by_key.count, facts->observed_groups.live);
    good &= CHECK_INT(facts->watermark_by_head.count, facts->watermarks.live);
    good &= CHECK_INT(facts->ended_by_id.count, facts->ended_ring.next - facts->ended_ring.first);
    return good & CHECK_INT(facts->idem_by_key.count, facts->idem_ring.next - facts->idem_ring.first);
}

/* What is counted for each principal, and who can act for the whole installation. */
static bool held_check(const struct facts *facts)
{
    struct held {
        uint32_t leases;
        uint32_t tickets;
    } *held = calloc(facts->principals.used + 1, sizeof *held);
    uint32_t admins = 0;
    bool good = CHECK(held);

    for (uint32_t place = 0; good && place < facts->leases.used; place++) {
        const struct lease *lease = lease_at(facts, place);

        if (lease->id.lo && lease->ttl_s)
            held[lease->principal].leases++;
    }
    for (uint32_t place = 0; good && place < facts->tickets.used; place++) {
        if (ticket_at(facts, place)->id.lo)
            held[ticket_at(facts, place)->principal].tickets++;
    }
    for (uint32_t place = 0; good && place < facts->principals.used; place++) {
        const struct principal_pulse *pulse = principal_pulse_at(facts, place);

        good &= CHECK(pulse->leases == held[place].leases && pulse->tickets == held[place].tickets);
        admins += is_central_admin(principal_at(facts, place));
    }
    free(held);
    return good & CHECK_INT(facts->central_admins, admins);
}

bool facts_check(const struct facts *facts)
{
    bool good = groups_check(facts);

    good &= held_check(facts);
    good &= maps_check(facts);
    for (uint32_t place = 0; place < facts->pools.used; place++)
        good &= pool_check(facts, place);
    for (uint32_t place = 0; place < facts->licenses.used; place++)
        good &= license_check(facts, place);
    for (uint32_t place = 0; place < facts->principals.used; place++)
        good &= principal_check(facts, place);
    for (uint32_t place = 0; place < facts->features.used; place++)
        good &= feature_check(facts, place);
    return good;
}

struct hash facts_digest(const struct facts *facts)
{
    struct hash hash = { 0 };

    CHECK_OK(facts_hash(facts, &hash, NULL));
    return hash;
}
