/*
 * core/apply: what was seen in the logs of other licence servers. Observed leases have no ttl and so no deadline.
 */
#include "core/appliers.h"

/* The place of an observed pool that the entry names. */
static status observed_pool_find(const struct facts *facts, const struct entry *entry, uint32_t *ret_place,
                                 struct err *err)
{
    uint32_t place;

    TRY(on_find(facts, entry, ON_POOL, &place, err));
    if (pool_at(facts, place)->kind != POOL_OBSERVED)
        return contradiction(facts, entry, err, "its pool is not an observed one");
    *ret_place = place;
    return OK;
}

/* The count that the entry says is the one that it gives. */
static status used_check(const struct facts *facts, const struct entry *entry, uint32_t pool, struct err *err)
{
    if (pool_at(facts, pool)->used != entry->data[DATA_USED].number)
        return contradiction(facts, entry, err, "other seats are used than it says");
    return OK;
}

status observe_out_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct lease lease = {
        .id = entry->on[ON_LEASE].id,
        .granted_ms = entry->source == SOURCE_NONE ? entry->time_ms : entry->occurred_at_ms,
        .granted_index = facts->size,
    };
    int64_t quantity = entry->data[DATA_QUANTITY].number;
    struct observed_group key = { .user_alias = entry->on[ON_USER_ALIAS].id,
                                  .host_alias = entry->on[ON_HOST_ALIAS].id };
    uint32_t place;

    TRY(observed_pool_find(facts, entry, &lease.pool, err));
    TRY(author_find(facts, entry, &lease.principal, err));
    if (quantity < 1 || quantity > QUANTITY_MAX)
        return contradiction(facts, entry, err, "no lease has so many seats");
    lease.quantity = (uint32_t)quantity;
    key.pool = lease.pool;
    key.quantity = lease.quantity;
    TRY(observed_reserve(facts));
    TRY(lease_add(facts, &lease, entry->time_ms, &place));
    observed_open(facts, place, &key);
    return used_check(facts, entry, lease.pool, err);
}

status observe_in_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t pool = NONE;
    uint32_t place = NONE;

    TRY(observed_pool_find(facts, entry, &pool, err));
    TRY(on_find(facts, entry, ON_LEASE, &place, err));
    if (lease_at(facts, place)->pool != pool)
        return contradiction(facts, entry, err, "its lease is one of another pool");
    TRY(ended_reserve(facts));
    lease_end(facts, place, LEASE_RELEASED, (enum reason)entry->data[DATA_REASON].number);
    return used_check(facts, entry, pool, err);
}

status observe_read_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct watermark watermark = { .offset = entry->data[DATA_OFFSET].number, .line = entry->data[DATA_LINE].number };
    uint32_t reader;

    TRY(author_find(facts, entry, &reader, err));
    watermark.organisation = principal_at(facts, reader)->organisation;
    memcpy(watermark.head, entry->data[DATA_HEAD].bytes, sizeof watermark.head);
    return watermark_set(facts, &watermark);
}
