/*
 * core/apply: products, features, licences, entitlements, pools and their limits.
 */
#include "core/appliers.h"
#include "core/label.h"

status product_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct str name = entry->data[DATA_NAME].text;

    if (!label_fits(name))
        return contradiction(facts, entry, err, "its name is none that a product can have");
    return product_add(facts, entry->on[ON_PRODUCT].id, name);
}

status feature_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct str rest = entry->on[ON_FEATURE].text;
    struct str product_name;
    uint32_t product;

    TRY(on_find(facts, entry, ON_PRODUCT, &product, err));
    product_name = str_take(&rest, '/');
    if (!str_eq(product_name, label_str(&product_at(facts, product)->name)) || !label_fits(rest))
        return contradiction(facts, entry, err, "its name is none that a feature of that product can have");
    return feature_add(facts, entry->on[ON_FEATURE_ID].id, product, entry->on[ON_FEATURE].text);
}

status license_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct license license = {
        .id = entry->on[ON_LICENSE].id,
        .starts_ms = entry_number_or(entry, DATA_STARTS_AT, 0),
        .ends_ms = entry_number_or(entry, DATA_ENDS_AT, 0),
        .kind = (uint8_t)entry->data[DATA_KIND].number,
        .state = (uint8_t)entry->data[DATA_STATE].number,
    };

    TRY(on_find(facts, entry, ON_PRODUCT, &license.product, err));
    TRY(who_find(facts, entry, DATA_HOLDER, &license.holder, err));
    if (license.state != LICENSE_SCHEDULED && license.state != LICENSE_ACTIVE)
        return contradiction(facts, entry, err, "no licence begins in that state");
    return license_add(facts, &license);
}

status pool_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    bool enforced = entry->data[DATA_POOL_KIND].number == POOL_ENFORCED;
    struct pool pool = {
        .id = entry->on[ON_POOL].id,
        .kind = (uint8_t)entry->data[DATA_POOL_KIND].number,
        .limit = enforced ? 0 : -1,
        .holder = NONE,
    };
    int64_t grace_s = entry_number_or(entry, DATA_GRACE_S, 0);

    TRY(on_find(facts, entry, ON_FEATURE, &pool.feature, err));
    if (entry_has(entry, DATA_HOLDER))
        TRY(who_find(facts, entry, DATA_HOLDER, &pool.holder, err));
    if ((enforced && pool.holder == NONE) || grace_s < 0 || grace_s > UINT32_MAX)
        return contradiction(facts, entry, err, "no pool has such a holder or grace");
    pool.grace_s = (uint32_t)grace_s;
    return pool_add(facts, &pool);
}

status entitlement_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct entitlement entitlement = { .id = entry->on[ON_ENTITLEMENT].id };
    int64_t limit = entry->data[DATA_LIMIT].number;
    const struct pool *pool;

    TRY(on_find(facts, entry, ON_LICENSE, &entitlement.license, err));
    TRY(on_find(facts, entry, ON_FEATURE, &entitlement.feature, err));
    TRY(on_find(facts, entry, ON_POOL, &entitlement.pool, err));
    pool = pool_at(facts, entitlement.pool);
    if (pool->kind != POOL_ENFORCED || pool->feature != entitlement.feature || limit < 0 || limit > LIMIT_MAX)
        return contradiction(facts, entry, err, "its pool can't count it");
    entitlement.limit = (uint32_t)limit;
    return entitlement_add(facts, &entitlement);
}

/*
 * P4: the newest leases that cover `over` seats end as told; a mark that is there already is never weakened, and all
 * others are free of one. A pool may have a million leases: without an old mark the walk ends with those above.
 */
static void leases_mark(struct facts *facts, uint32_t pool_place, int64_t over, enum ending ending)
{
    struct pool *pool = pool_at(facts, pool_place);
    struct pool_pulse *pulse = pool_pulse_at(facts, pool_place);
    bool had_marks = pool->marked;
    uint32_t place = pool->lease_newest;

    pulse->to_revoke = 0;
    pool->marked = 0;
    for (; place != NONE && (over > 0 || had_marks); place = lease_at(facts, place)->older) {
        struct lease *lease = lease_at(facts, place);

        if (over <= 0)
            lease->ending = ENDING_NONE;
        else if (ending > lease->ending)
            lease->ending = (uint8_t)ending;
        if (lease->ending != ENDING_NONE)
            pool->marked = 1;
        pulse->to_revoke += lease->ending == ENDING_REVOKE;
        over -= lease->quantity;
    }
    pool->revoking = pulse->to_revoke > 0;
}

status limit_changed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct pool *pool;
    uint32_t place;

    TRY(on_find(facts, entry, ON_POOL, &place, err));
    pool = pool_at(facts, place);
    if (pool->kind == POOL_ENFORCED && !entry_has(entry, DATA_LIMIT))
        return contradiction(facts, entry, err, "an enforced pool always has a limit");
    pool->limit = entry_number_or(entry, DATA_LIMIT, -1);
    leases_mark(facts, place, entry->data[DATA_OVER].number, (enum ending)entry->data[DATA_ENDING].number);
    pool_mark_due(facts, place);
    return OK;
}

status license_moved_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t place;

    TRY(on_find(facts, entry, ON_LICENSE, &place, err));
    return license_move(facts, place, (enum license_state)entry->data[DATA_STATE].number);
}

/* The licence's entitlement that the entry names, or NONE. */
static uint32_t entitlement_named(const struct facts *facts, const struct entry *entry, uint32_t license)
{
    uint32_t place = license_at(facts, license)->entitlement_first;

    while (place != NONE && !id_eq(entitlement_at(facts, place)->id, entry->on[ON_ENTITLEMENT].id))
        place = entitlement_at(facts, place)->next_of_license;
    return place;
}

static status entitlement_changed(struct facts *facts, const struct entry *entry, uint32_t license, struct err *err)
{
    uint32_t place = entitlement_named(facts, entry, license);
    int64_t limit = entry_number_or(entry, DATA_LIMIT, -1);

    if (place == NONE || limit < 0 || limit > LIMIT_MAX)
        return contradiction(facts, entry, err, "the licence has no such entitlement, or it no such limit");
    entitlement_limit_set(facts, place, (uint32_t)limit);
    return OK;
}

/*
 * With an entitlement it sets that one's limit. Without one it sets the licence's end (without ends_at: never), and a
 * state where the new end brings an expired licence back.
 */
status license_changed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t place;

    TRY(on_find(facts, entry, ON_LICENSE, &place, err));
    if (entry_has_on(entry, ON_ENTITLEMENT))
        return entitlement_changed(facts, entry, place, err);
    license_end_set(facts, place, entry_number_or(entry, DATA_ENDS_AT, 0));
    if (entry_has(entry, DATA_STATE))
        return license_move(facts, place, (enum license_state)entry->data[DATA_STATE].number);
    return OK;
}
