#include "cli/observed.h"

#include "base/limits.h"

#define NAMES_MAX_BYTES ((size_t)256 << 20)

struct open_lease {
    struct id id;
    struct id pool;
    int64_t since_ms;
    int64_t quantity;
};

struct observed observed_begin(void)
{
    return (struct observed){ .pools = id_table_of(sizeof(struct observed_pool), POOLS_MAX),
                              .leases = id_table_of(sizeof(struct open_lease), LEASES_MAX),
                              .names = { .max_bytes = NAMES_MAX_BYTES } };
}

void observed_free(struct observed *observed)
{
    id_table_free(&observed->pools);
    id_table_free(&observed->leases);
    arena_free(&observed->names);
}

static status pool_of(struct observed *observed, const struct entry *entry, struct observed_pool **ret_pool)
{
    struct id id = entry->on[ON_POOL].id;
    void *record = id_table_find(&observed->pools, id);
    struct str feature;

    if (!record) {
        TRY(arena_copy(&observed->names, entry->on[ON_FEATURE].text, &feature));
        TRY(id_table_add(&observed->pools, id, &record));
        ((struct observed_pool *)record)->feature = feature;
    }
    *ret_pool = record;
    return OK;
}

static void lease_count(struct observed_pool *pool, const struct open_lease *lease, int64_t until_ms)
{
    if (until_ms > lease->since_ms)
        pool->seat_ms += (until_ms - lease->since_ms) * lease->quantity;
}

static status out_add(struct observed *observed, struct observed_pool *pool, const struct entry *entry)
{
    struct open_lease *lease;
    void *record;

    if (id_table_find(&observed->leases, entry->on[ON_LEASE].id))
        return (status){ CODE_CORRUPT };
    TRY(id_table_add(&observed->leases, entry->on[ON_LEASE].id, &record));
    lease = record;
    lease->pool = pool->id;
    lease->since_ms = entry->occurred_at_ms;
    lease->quantity = entry->data[DATA_QUANTITY].number;
    pool->grants++;
    pool->open++;
    pool->used += lease->quantity;
    pool->peak = pool->used > pool->peak ? pool->used : pool->peak;
    return OK;
}

/* A lease that was opened before the first leaf that was read is none of ours. */
static void in_add(struct observed *observed, struct observed_pool *pool, const struct entry *entry)
{
    struct open_lease *lease = id_table_find(&observed->leases, entry->on[ON_LEASE].id);

    if (!lease)
        return;
    lease_count(pool, lease, entry->occurred_at_ms);
    pool->used -= lease->quantity;
    pool->open--;
    if (entry->data[DATA_REASON].number == REASON_RESTART)
        pool->closed_by_restart++;
    else
        pool->returns++;
    id_table_remove(&observed->leases, entry->on[ON_LEASE].id);
}

static status seats_add(struct observed *observed, const struct entry *entry)
{
    struct observed_pool *pool;

    TRY(pool_of(observed, entry, &pool));
    if (entry->code == AUDIT_OBSERVE_OUT)
        return out_add(observed, pool, entry);
    if (entry->code == AUDIT_OBSERVE_IN)
        in_add(observed, pool, entry);
    pool->denied += entry->code == AUDIT_OBSERVE_DENIED;
    pool->unmatched += entry->code == AUDIT_OBSERVE_UNMATCHED;
    return OK;
}

status observed_add(struct observed *observed, struct str leaf, struct err *err)
{
    struct entry entry;

    if (str_find_str(leaf, STR("\"type\":\"observe.")) == leaf.len)
        return OK;
    TRY(entry_decode(leaf, &entry, err));
    if (entry.occurred_at_ms)
        observed->last_ms = entry.occurred_at_ms; /* in the order of lines, whatever the times say */
    if (entry.code < AUDIT_OBSERVE_OUT || entry.code > AUDIT_OBSERVE_UNMATCHED)
        return OK;
    if (seats_add(observed, &entry).code)
        return err_set(err, CODE_CORRUPT, "the ledger's observations contradict each other, or are too many");
    return OK;
}

void observed_end(struct observed *observed)
{
    struct table *leases = &observed->leases.records;

    for (uint32_t place = 0; place < leases->used; place++) {
        struct open_lease *lease = table_at(leases, place);
        struct observed_pool *pool = id_table_find(&observed->pools, lease->pool);

        if (pool && lease->quantity) /* a freed record has none */
            lease_count(pool, lease, observed->last_ms);
    }
}
