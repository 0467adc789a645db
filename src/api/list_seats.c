/*
 * api/list_seats: pools, leases and tickets as they are now.
 */
#include "api/handlers.h"
#include "api/list.h"
#include "core/lease_terms.h"

#define LICENSES_SHOWN 64 /* of one pool; a pool may join very many */

/* ---- Pools ---- */

struct pool_row {
    struct id id;
    struct id license;
    struct shape_list licenses; /* struct id */
    struct str feature;
    struct who holder;
    struct str holder_name;
    uint8_t kind;
    int64_t used;
    int64_t occupied;
    uint32_t queued;
    int64_t over;
    int64_t limit;
    uint32_t grace_s;
    int64_t ends_ms;
};

#define POOL(member_) offsetof(struct pool_row, member_)

/* clang-format off */
static const struct shape_member pool_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_POOL, .at = POOL(id) },
    { .name = "license", .kind = SHAPE_ID, .id = ID_LICENSE, .at = POOL(license), .maybe = true,
      .about = "the oldest active one; none of an observed pool" },
    { .name = "licenses", .kind = SHAPE_IDS, .id = ID_LICENSE, .at = POOL(licenses), .about = "the 64 oldest" },
    { .name = "feature", .kind = SHAPE_TEXT, .at = POOL(feature), .about = "product/feature" },
    { .name = "kind", .kind = SHAPE_WORD, .words = pool_kind_words, .word_count = POOL_KIND_COUNT, .at = POOL(kind) },
    { .name = "holder", .kind = SHAPE_WHO, .at = POOL(holder), .maybe = true },
    { .name = "holder_name", .kind = SHAPE_TEXT, .at = POOL(holder_name), .maybe = true },
    { .name = "used", .kind = SHAPE_INT, .at = POOL(used), .about = "granted seats" },
    { .name = "occupied", .kind = SHAPE_INT, .at = POOL(occupied), .about = "granted and offered seats" },
    { .name = "queued", .kind = SHAPE_COUNT, .at = POOL(queued), .about = "tickets waiting" },
    { .name = "over", .kind = SHAPE_INT, .at = POOL(over), .about = "seats above the limit" },
    { .name = "limit", .kind = SHAPE_INT, .at = POOL(limit), .maybe = true, .about = "absent: unknown" },
    { .name = "grace_s", .kind = SHAPE_COUNT, .at = POOL(grace_s), .about = "offline grace in seconds" },
    { .name = "ends_at", .kind = SHAPE_TIME, .at = POOL(ends_ms), .maybe = true,
      .about = "when the last of the active licences ends; absent: never, or none is active" },
};
/* clang-format on */
static const struct shape pool_shape = SHAPE("Pool", pool_members);

static struct shape_list pool_licenses(struct view *view, const struct pool *pool)
{
    struct shape_list list = { 0 };
    uint32_t place = pool->entitlement_first;
    struct id *ids;

    for (; place != NONE && list.count < LICENSES_SHOWN; place = entitlement_at(view->facts, place)->next_of_pool)
        list.count++;
    ids = view_new(view, list.count, sizeof(*ids));
    view->listed += list.count;
    list.at = ids;
    place = pool->entitlement_first;
    for (size_t i = 0; ids && i < list.count; i++, place = entitlement_at(view->facts, place)->next_of_pool)
        ids[i] = license_at(view->facts, entitlement_at(view->facts, place)->license)->id;
    return list;
}

static struct id pool_license_id(const struct view *view, const struct pool *pool)
{
    return pool->license == NONE ? (struct id){ 0 } : license_at(view->facts, pool->license)->id;
}

static struct str pool_feature(struct view *view, const struct pool *pool)
{
    return view_copy(view, feature_full_name(feature_at(view->facts, pool->feature)));
}

static bool pool_read(struct view *view, uint32_t place, void *ret_row)
{
    const struct pool *pool = pool_at(view->facts, place);
    struct pool_row *row = ret_row;
    uint32_t organisation = pool->holder == NONE ? NONE : principal_organisation(view->facts, pool->holder);

    if (!sees_organisation(view->facts, view->viewer, organisation))
        return false;
    *row = (struct pool_row){ .id = pool->id,
                              .license = pool_license_id(view, pool),
                              .licenses = pool_licenses(view, pool),
                              .feature = pool_feature(view, pool),
                              .holder = view_who(view, pool->holder),
                              .kind = pool->kind,
                              .used = pool->used,
                              .occupied = pool->occupied,
                              .queued = pool->queued,
                              .over = pool_over(pool),
                              .limit = pool->limit,
                              .grace_s = pool->grace_s,
                              .ends_ms = pool->terms_end_ms };
    return true;
}

static void pool_name(struct call *call, void *at)
{
    struct pool_row *row = at;

    row->holder_name = list_name(call, row->holder.id);
}

static const struct table *pools_table(const struct facts *facts)
{
    return &facts->pools;
}

const struct list_kind pools_kind = { .name = "pools",
                                      .id = ID_POOL,
                                      .table = pools_table,
                                      .find = pool_find,
                                      .row_size = sizeof(struct pool_row),
                                      .shape = &pool_shape,
                                      .read = pool_read,
                                      .name_fill = pool_name };

/* ---- Leases ---- */

struct lease_row {
    struct id id;
    struct id license;
    struct id pool;
    struct str feature;
    uint8_t pool_kind;
    uint32_t quantity;
    uint32_t ttl_s;
    struct who principal;
    struct str principal_name;
    int64_t granted_ms;
    int64_t expires_ms;
    int64_t proven_until_ms;
    uint8_t ending;
    uint64_t index;
};

#define LEASE(member_) offsetof(struct lease_row, member_)

/* clang-format off */
static const struct shape_member lease_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_LEASE, .at = LEASE(id) },
    { .name = "license", .kind = SHAPE_ID, .id = ID_LICENSE, .at = LEASE(license), .maybe = true },
    { .name = "pool", .kind = SHAPE_ID, .id = ID_POOL, .at = LEASE(pool) },
    { .name = "feature", .kind = SHAPE_TEXT, .at = LEASE(feature), .about = "product/feature" },
    { .name = "kind", .kind = SHAPE_WORD, .words = pool_kind_words, .word_count = POOL_KIND_COUNT,
      .at = LEASE(pool_kind) },
    { .name = "principal", .kind = SHAPE_WHO, .at = LEASE(principal), .about = "who took it" },
    { .name = "principal_name", .kind = SHAPE_TEXT, .at = LEASE(principal_name), .maybe = true },
    { .name = "quantity", .kind = SHAPE_COUNT, .at = LEASE(quantity) },
    { .name = "ttl_s", .kind = SHAPE_COUNT, .at = LEASE(ttl_s), .about = "0: observed, without an end of its own" },
    { .name = "granted_at", .kind = SHAPE_TIME, .at = LEASE(granted_ms), .maybe = true },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = LEASE(expires_ms), .maybe = true },
    { .name = "proven_until", .kind = SHAPE_TIME, .at = LEASE(proven_until_ms), .maybe = true },
    { .name = "ending", .kind = SHAPE_WORD, .words = ending_words, .word_count = ENDING_COUNT, .at = LEASE(ending),
      .about = "how it will end, being above a fallen limit" },
    { .name = "index", .kind = SHAPE_INDEX, .at = LEASE(index), .about = "of the entry that granted it" },
};
/* clang-format on */
static const struct shape lease_shape = SHAPE("LeaseNow", lease_members);

static bool lease_read(struct view *view, uint32_t place, void *ret_row)
{
    const struct lease *lease = lease_at(view->facts, place);
    const struct pool *pool = pool_at(view->facts, lease->pool);
    bool mine = lease->principal == view->viewer_place;
    int64_t seen_ms = lease_pulse_at(view->facts, place)->last_seen_ms;
    struct lease_row *row = ret_row;

    if (!mine && (!view->all ||
                  !sees_organisation(view->facts, view->viewer, principal_organisation(view->facts, lease->principal))))
        return false;
    view->foreign = view->foreign || !mine;
    *row = (struct lease_row){ .id = lease->id,
                               .license = pool_license_id(view, pool),
                               .pool = pool->id,
                               .feature = pool_feature(view, pool),
                               .pool_kind = pool->kind,
                               .quantity = lease->quantity,
                               .ttl_s = lease->ttl_s,
                               .principal = view_who(view, lease->principal),
                               .granted_ms = lease->granted_ms,
                               .expires_ms = lease->ttl_s ? seen_ms + (int64_t)lease->ttl_s * 1000 : 0,
                               .proven_until_ms = lease->proven_until_ms,
                               .ending = lease->ending,
                               .index = lease->granted_index };
    return true;
}

static void lease_name(struct call *call, void *at)
{
    struct lease_row *row = at;

    row->principal_name = list_name(call, row->principal.id);
}

static const struct table *leases_table(const struct facts *facts)
{
    return &facts->leases;
}

const struct list_kind leases_kind = { .name = "leases",
                                       .id = ID_LEASE,
                                       .scope = "leases",
                                       .all_needs = PERM_LEASE_READ,
                                       .table = leases_table,
                                       .find = lease_find,
                                       .row_size = sizeof(struct lease_row),
                                       .shape = &lease_shape,
                                       .read = lease_read,
                                       .name_fill = lease_name };

/* ---- Tickets: one's own ---- */

struct ticket_row {
    struct id id;
    struct id pool;
    struct str feature;
    uint32_t quantity;
    uint8_t state;
    int64_t created_ms;
    int64_t wait_until_ms;
    int64_t expires_ms;
};

#define TICKET(member_) offsetof(struct ticket_row, member_)

/* clang-format off */
static const struct shape_member ticket_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_TICKET, .at = TICKET(id) },
    { .name = "pool", .kind = SHAPE_ID, .id = ID_POOL, .at = TICKET(pool) },
    { .name = "feature", .kind = SHAPE_TEXT, .at = TICKET(feature), .about = "product/feature" },
    { .name = "quantity", .kind = SHAPE_COUNT, .at = TICKET(quantity) },
    { .name = "state", .kind = SHAPE_WORD, .words = ticket_state_words, .word_count = TICKET_STATE_COUNT,
      .at = TICKET(state) },
    { .name = "created_at", .kind = SHAPE_TIME, .at = TICKET(created_ms) },
    { .name = "waits_until", .kind = SHAPE_TIME, .at = TICKET(wait_until_ms), .about = "the end of wait_s" },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = TICKET(expires_ms), .about = "if nothing is heard of it" },
};
/* clang-format on */
static const struct shape ticket_shape = SHAPE("TicketRow", ticket_members);

static bool ticket_read(struct view *view, uint32_t place, void *ret_row)
{
    const struct ticket *ticket = ticket_at(view->facts, place);
    const struct pool *pool = pool_at(view->facts, ticket->pool);
    struct ticket_row *row = ret_row;

    if (ticket->principal != view->viewer_place)
        return false;
    *row = (struct ticket_row){ .id = ticket->id,
                                .pool = pool->id,
                                .feature = pool_feature(view, pool),
                                .quantity = ticket->quantity,
                                .state = ticket->state,
                                .created_ms = ticket->created_ms,
                                .wait_until_ms = ticket->wait_until_ms,
                                .expires_ms = ticket_deadline_ms(ticket, ticket_pulse_at(view->facts, place)) };
    return true;
}

static const struct table *tickets_table(const struct facts *facts)
{
    return &facts->tickets;
}

const struct list_kind tickets_kind = { .name = "tickets",
                                        .id = ID_TICKET,
                                        .table = tickets_table,
                                        .find = ticket_find,
                                        .row_size = sizeof(struct ticket_row),
                                        .shape = &ticket_shape,
                                        .read = ticket_read };

/* ---- Handlers ---- */

void pools_handle(struct exchange *exchange)
{
    list_handle(exchange, &pools_kind);
}

void pool_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &pools_kind);
}

void leases_handle(struct exchange *exchange)
{
    list_handle(exchange, &leases_kind);
}

void lease_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &leases_kind);
}

void tickets_handle(struct exchange *exchange)
{
    list_handle(exchange, &tickets_kind);
}
