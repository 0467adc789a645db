#include "cli/verify_seats.h"

#include <assert.h>

#include "base/limits.h"

struct seat_pool {
    struct id id;
    int64_t limit; /* -1: unknown, of an observed one */
    int64_t used;
    int64_t occupied;
    bool enforced;
};

struct seat_lease {
    struct id id;
    struct id pool;
    int64_t quantity;
};

struct seat_ticket {
    struct id id;
    struct id pool;
    int64_t quantity;
    bool offered;
};

struct seats seats_begin(void)
{
    return (struct seats){ .pools = id_table_of(sizeof(struct seat_pool), POOLS_MAX),
                           .leases = id_table_of(sizeof(struct seat_lease), LEASES_MAX),
                           .tickets = id_table_of(sizeof(struct seat_ticket), TICKETS_MAX) };
}

void seats_free(struct seats *seats)
{
    id_table_free(&seats->pools);
    id_table_free(&seats->leases);
    id_table_free(&seats->tickets);
}

/* The counts and the limit that an entry tells are those that it leads to. */
static status counts_check(const struct seat_pool *pool, const struct entry *entry, struct err *err)
{
    int64_t used = entry_number_or(entry, DATA_USED, pool->used);
    int64_t occupied = entry_number_or(entry, DATA_OCCUPIED, pool->occupied);

    if (used != pool->used)
        return err_set(err, CODE_CORRUPT, "it says that %lld seats are used, and %lld are", (long long)used,
                       (long long)pool->used);
    if (occupied != pool->occupied)
        return err_set(err, CODE_CORRUPT, "it says that %lld seats are occupied, and %lld are", (long long)occupied,
                       (long long)pool->occupied);
    return OK;
}

static status limit_check(const struct seat_pool *pool, const struct entry *entry, struct err *err)
{
    int64_t limit = entry_number_or(entry, DATA_LIMIT, pool->limit);

    if (limit != pool->limit)
        return err_set(err, CODE_CORRUPT, "it says that there are %lld seats, and there are %lld", (long long)limit,
                       (long long)pool->limit);
    if (pool->enforced && pool->occupied > pool->limit)
        return err_set(err, CODE_CORRUPT, "a seat too many was given: %lld are occupied, and the limit is %lld",
                       (long long)pool->occupied, (long long)pool->limit);
    return OK;
}

static status pool_named(const struct seats *seats, const struct entry *entry, struct seat_pool **ret_pool,
                         struct err *err)
{
    *ret_pool = id_table_find(&seats->pools, entry->on[ON_POOL].id);
    return *ret_pool ? OK : err_set(err, CODE_CORRUPT, "no entry before it made its pool");
}

static status quantity_of(const struct entry *entry, int64_t *ret_quantity, struct err *err)
{
    *ret_quantity = entry->data[DATA_QUANTITY].number;
    if (*ret_quantity >= 1 && *ret_quantity <= QUANTITY_MAX)
        return OK;
    return err_set(err, CODE_CORRUPT, "%lld is no number of seats", (long long)*ret_quantity);
}

/* ---- Pools ---- */

static status pool_created(struct seats *seats, const struct entry *entry, struct err *err)
{
    void *record;
    struct seat_pool *pool;

    if (id_table_find(&seats->pools, entry->on[ON_POOL].id))
        return err_set(err, CODE_CORRUPT, "its pool was there already");
    TRY(id_table_add(&seats->pools, entry->on[ON_POOL].id, &record));
    pool = record;
    pool->enforced = entry->data[DATA_POOL_KIND].number == POOL_ENFORCED;
    pool->limit = pool->enforced ? 0 : -1;
    return OK;
}

static status limit_changed(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_pool *pool;

    TRY(pool_named(seats, entry, &pool, err));
    pool->limit = entry_number_or(entry, DATA_LIMIT, -1);
    if (pool->enforced && pool->limit < 0)
        return err_set(err, CODE_CORRUPT, "an enforced pool always has a limit");
    return counts_check(pool, entry, err);
}

/* ---- Leases ---- */

static status lease_live(struct seats *seats, const struct entry *entry, struct seat_pool *pool, int64_t quantity,
                         struct err *err)
{
    struct id id = entry->on[ON_LEASE].id;
    struct seat_lease *lease;
    void *record;

    if (id_table_find(&seats->leases, id))
        return err_set(err, CODE_CORRUPT, "its lease is live already");
    TRY(id_table_add(&seats->leases, id, &record));
    lease = record;
    lease->pool = pool->id;
    lease->quantity = quantity;
    pool->used += quantity;
    pool->occupied += quantity;
    return OK;
}

/* A claim turns the offer's seats into the lease's. */
static status offer_claim(struct seats *seats, const struct entry *entry, struct seat_pool *pool, int64_t quantity,
                          struct err *err)
{
    struct seat_ticket *ticket = id_table_find(&seats->tickets, entry->on[ON_TICKET].id);

    if (!ticket || !ticket->offered || !id_eq(ticket->pool, pool->id) || ticket->quantity != quantity)
        return err_set(err, CODE_CORRUPT, "no offer like it was open for its ticket");
    pool->occupied -= quantity;
    id_table_remove(&seats->tickets, entry->on[ON_TICKET].id);
    return OK;
}

static status lease_granted(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_pool *pool;
    int64_t quantity;

    TRY(pool_named(seats, entry, &pool, err));
    TRY(quantity_of(entry, &quantity, err));
    if (!pool->enforced)
        return err_set(err, CODE_CORRUPT, "nothing is granted from an observed pool");
    if (entry_has_on(entry, ON_TICKET))
        TRY(offer_claim(seats, entry, pool, quantity, err));
    TRY(lease_live(seats, entry, pool, quantity, err));
    seats->grants++;
    TRY(counts_check(pool, entry, err));
    return limit_check(pool, entry, err);
}

static status observed_out(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_pool *pool;
    int64_t quantity;

    TRY(pool_named(seats, entry, &pool, err));
    TRY(quantity_of(entry, &quantity, err));
    if (pool->enforced)
        return err_set(err, CODE_CORRUPT, "nothing is observed in an enforced pool");
    TRY(lease_live(seats, entry, pool, quantity, err));
    seats->observed++;
    return counts_check(pool, entry, err);
}

static status lease_named(const struct seats *seats, const struct entry *entry, struct seat_lease **ret_lease,
                          struct err *err)
{
    struct seat_lease *lease = id_table_find(&seats->leases, entry->on[ON_LEASE].id);

    if (!lease)
        return err_set(err, CODE_CORRUPT, "its lease is not live");
    if (!id_eq(lease->pool, entry->on[ON_POOL].id))
        return err_set(err, CODE_CORRUPT, "its lease is one of another pool");
    *ret_lease = lease;
    return OK;
}

static status lease_ended(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_lease *lease = NULL;
    struct seat_pool *pool;

    TRY(lease_named(seats, entry, &lease, err));
    TRY(pool_named(seats, entry, &pool, err));
    assert(lease);
    if (lease->quantity != entry->data[DATA_QUANTITY].number)
        return err_set(err, CODE_CORRUPT, "its lease has %lld seats", (long long)lease->quantity);
    pool->used -= lease->quantity;
    pool->occupied -= lease->quantity;
    id_table_remove(&seats->leases, lease->id);
    seats->ends++;
    return counts_check(pool, entry, err);
}

static status lease_renewed(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_lease *lease;

    return lease_named(seats, entry, &lease, err);
}

/* ---- Tickets ---- */

static status ticket_queued(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_ticket *ticket = NULL;
    struct seat_pool *pool = NULL;
    void *record;
    int64_t quantity;

    TRY(pool_named(seats, entry, &pool, err));
    TRY(quantity_of(entry, &quantity, err));
    if (id_table_find(&seats->tickets, entry->on[ON_TICKET].id))
        return err_set(err, CODE_CORRUPT, "its ticket waits already");
    TRY(id_table_add(&seats->tickets, entry->on[ON_TICKET].id, &record));
    ticket = record;
    ticket->pool = pool->id;
    ticket->quantity = quantity;
    return counts_check(pool, entry, err);
}

static status ticket_named(const struct seats *seats, const struct entry *entry, struct seat_ticket **ret_ticket,
                           struct err *err)
{
    struct seat_ticket *ticket = id_table_find(&seats->tickets, entry->on[ON_TICKET].id);

    if (!ticket || !id_eq(ticket->pool, entry->on[ON_POOL].id) || ticket->quantity != entry->data[DATA_QUANTITY].number)
        return err_set(err, CODE_CORRUPT, "no ticket like it waits");
    *ret_ticket = ticket;
    return OK;
}

static status ticket_offered(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_ticket *ticket = NULL;
    struct seat_pool *pool = NULL;

    TRY(ticket_named(seats, entry, &ticket, err));
    TRY(pool_named(seats, entry, &pool, err));
    assert(ticket && pool);
    if (ticket->offered)
        return err_set(err, CODE_CORRUPT, "its ticket has an offer already");
    ticket->offered = true;
    pool->occupied += ticket->quantity;
    seats->offers++;
    TRY(counts_check(pool, entry, err));
    return limit_check(pool, entry, err);
}

static status ticket_ended(struct seats *seats, const struct entry *entry, struct err *err)
{
    struct seat_ticket *ticket = NULL;
    struct seat_pool *pool = NULL;

    TRY(ticket_named(seats, entry, &ticket, err));
    TRY(pool_named(seats, entry, &pool, err));
    assert(ticket && pool);
    if (ticket->offered)
        pool->occupied -= ticket->quantity;
    id_table_remove(&seats->tickets, ticket->id);
    return counts_check(pool, entry, err);
}

/* ---- What another ledger left ---- */

status seats_seed_pool(struct seats *seats, const struct pool *from)
{
    struct seat_pool *pool;
    void *record;

    TRY(id_table_add(&seats->pools, from->id, &record));
    pool = record;
    pool->enforced = from->kind == POOL_ENFORCED;
    pool->limit = from->limit;
    pool->used = from->used;
    pool->occupied = from->occupied;
    return OK;
}

status seats_seed_lease(struct seats *seats, struct id id, struct id pool, int64_t quantity)
{
    struct seat_lease *lease;
    void *record;

    TRY(id_table_add(&seats->leases, id, &record));
    lease = record;
    lease->pool = pool;
    lease->quantity = quantity;
    return OK;
}

status seats_seed_ticket(struct seats *seats, const struct ticket *from, struct id pool)
{
    struct seat_ticket *ticket;
    void *record;

    TRY(id_table_add(&seats->tickets, from->id, &record));
    ticket = record;
    ticket->pool = pool;
    ticket->quantity = from->quantity;
    ticket->offered = from->state == TICKET_OFFERED;
    return OK;
}

/* ---- Which entry does what ---- */

typedef status seats_step(struct seats *seats, const struct entry *entry, struct err *err);

static seats_step *const steps[AUDIT_COUNT] = {
    [AUDIT_LEASE_GRANTED] = lease_granted, [AUDIT_LEASE_RELEASED] = lease_ended,
    [AUDIT_LEASE_LAPSED] = lease_ended,    [AUDIT_LEASE_EXPIRED] = lease_ended,
    [AUDIT_LEASE_REVOKED] = lease_ended,   [AUDIT_LEASE_RENEWED] = lease_renewed,
    [AUDIT_TICKET_QUEUED] = ticket_queued, [AUDIT_TICKET_OFFERED] = ticket_offered,
    [AUDIT_TICKET_EXPIRED] = ticket_ended, [AUDIT_TICKET_CANCELLED] = ticket_ended,
    [AUDIT_POOL_CREATED] = pool_created,   [AUDIT_POOL_LIMIT_CHANGED] = limit_changed,
    [AUDIT_OBSERVE_OUT] = observed_out,    [AUDIT_OBSERVE_IN] = lease_ended,
};

status seats_add(struct seats *seats, const struct entry *entry, struct err *err)
{
    seats_step *step = steps[entry->code];

    return step ? step(seats, entry, err) : OK;
}
