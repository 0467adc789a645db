/*
 * core/image_check: facts that came from bytes are looked through before anybody follows their places: each leads to a
 * live record of its table, each list comes to its end with all that belong to it, and counts are what they count.
 *
 * Not checked is what only the ledger can tell: whether these are the right facts. That says the image's hash.
 */
#include <assert.h>

#include "base/memory.h"
#include "core/image_parts.h"

#define NO_OFFSET UINT16_MAX

struct checker {
    const struct facts *facts;
    uint8_t *free_bits[IMAGE_TABLE_COUNT]; /* of the table's free places; NULL: it has none */
    struct err *err;
};

static void checker_free(struct checker *checker)
{
    for (int i = 0; i < IMAGE_TABLE_COUNT; i++)
        memory_free(checker->free_bits[i]);
}

static status damaged(const struct checker *checker, enum image_table number, uint32_t place, const char *what)
{
    return err_set(checker->err, CODE_CORRUPT, "the image of the facts is damaged: %s %u: %s",
                   image_records[number].name, (unsigned)place, what);
}

static uint32_t u32_at(const char *record, size_t offset)
{
    uint32_t number;

    memcpy(&number, record + offset, sizeof number);
    return number;
}

static bool bit_get(const uint8_t *bits, uint32_t place)
{
    return bits && bits[place / 8] >> place % 8 & 1;
}

static void bit_set(uint8_t *bits, uint32_t place)
{
    bits[place / 8] = (uint8_t)(bits[place / 8] | 1u << place % 8);
}

static bool is_live(const struct checker *checker, enum image_table number, uint32_t place)
{
    return place < image_table_of(checker->facts, number)->used && !bit_get(checker->free_bits[number], place);
}

/* ---- Free places ---- */

/* The other tables never give a place back. */
static bool may_have_free(enum image_table number)
{
    return number == IMAGE_MEMBERSHIPS || number == IMAGE_LEASES || number == IMAGE_TICKETS ||
           number == IMAGE_OBSERVED_GROUPS;
}

/* A free record holds nothing but the number of the next one. */
static bool is_blank(const char *record, uint32_t bytes)
{
    for (uint32_t i = sizeof(uint32_t); i < bytes; i++) {
        if (record[i])
            return false;
    }
    return true;
}

static status free_places_note(struct checker *checker, enum image_table number)
{
    const struct table *table = image_table_of(checker->facts, number);
    uint32_t left = table->used - table->live;
    uint8_t *bits;

    if (left == 0)
        return table->free_first ? damaged(checker, number, 0, "a full table has free places") : OK;
    if (!may_have_free(number))
        return damaged(checker, number, 0, "the table has free places");
    bits = checker->free_bits[number] = memory_new(table->used / 8 + 1, 1);
    if (!bits)
        return err_set(checker->err, CODE_NO_MEMORY, "no memory to check an image of the facts");
    for (uint32_t next = table->free_first; next; left--) {
        uint32_t place = next - 1;
        if (left == 0 || place >= table->used || bit_get(bits, place) ||
            !is_blank(table_at(table, place), table->record_bytes))
            return damaged(checker, number, place, "the free places are no list");
        bit_set(bits, place);
        next = u32_at(table_at(table, place), 0);
    }
    return left ? damaged(checker, number, 0, "free places are missing in their list") : OK;
}

/* ---- Members ---- */

static bool member_fits(const struct checker *checker, const struct image_member *member, const char *record)
{
    uint64_t index;

    switch (member->check) {
    case CHECK_NOTHING:
        break;
    case CHECK_PLACE:
        return is_live(checker, (enum image_table)member->bound, u32_at(record, member->offset));
    case CHECK_PLACE_OR_NONE:
        return u32_at(record, member->offset) == NONE ||
               is_live(checker, (enum image_table)member->bound, u32_at(record, member->offset));
    case CHECK_BELOW:
        return (uint8_t)record[member->offset] < member->bound;
    case CHECK_INDEX:
        memcpy(&index, record + member->offset, sizeof index);
        return index < checker->facts->size;
    }
    return true;
}

static status records_check(const struct checker *checker, enum image_table number)
{
    const struct image_record *kind = &image_records[number];
    const struct table *table = image_table_of(checker->facts, number);

    for (uint32_t place = 0; place < table->used; place++) {
        if (!is_live(checker, number, place))
            continue;
        for (int i = 0; i < kind->count; i++) {
            if (kind->members[i].check != CHECK_NOTHING &&
                !member_fits(checker, &kind->members[i], table_at(table, place)))
                return damaged(checker, number, place, "a member is none of its possible values");
        }
    }
    return OK;
}

static status scalars_check(const struct checker *checker)
{
    const struct facts *facts = checker->facts;

    for (int i = 0; i < image_scalars.count; i++) {
        if (!member_fits(checker, &image_scalars.members[i], (const char *)facts))
            return err_set(checker->err, CODE_CORRUPT, "the image of the facts is damaged at its beginning");
    }
    if (facts->self.kind != ID_NONE && !who_kind_fits(facts->self.kind))
        return err_set(checker->err, CODE_CORRUPT, "the image of the facts names an impossible server");
    return OK;
}

/* What marks a record as live in its table's map (core/facts_edit). */
static status marks_check(const struct checker *checker)
{
    const struct facts *facts = checker->facts;

    for (uint32_t place = 0; place < facts->leases.used; place++) {
        if (is_live(checker, IMAGE_LEASES, place) && lease_at(facts, place)->id.lo == 0)
            return damaged(checker, IMAGE_LEASES, place, "has no id");
    }
    for (uint32_t place = 0; place < facts->tickets.used; place++) {
        if (is_live(checker, IMAGE_TICKETS, place) && ticket_at(facts, place)->id.lo == 0)
            return damaged(checker, IMAGE_TICKETS, place, "has no id");
    }
    for (uint32_t place = 0; place < facts->observed_groups.used; place++) {
        if (is_live(checker, IMAGE_OBSERVED_GROUPS, place) && observed_group_at(facts, place)->quantity == 0)
            return damaged(checker, IMAGE_OBSERVED_GROUPS, place, "has no quantity");
    }
    return OK;
}

/* ---- Rings ---- */

static bool ring_fits(const struct ring *ring, const struct table *table)
{
    uint64_t used = ring->next < table->max ? ring->next : table->max;

    return ring->first <= ring->next && ring->next - ring->first <= used && used == table->used;
}

/* Ended ones stay until the ring is full; keyed commands leave it when they are old, and their places are zeroed. */
static status rings_check(const struct checker *checker)
{
    const struct facts *facts = checker->facts;
    const struct ring *ring = &facts->idem_ring;

    if (!ring_fits(&facts->ended_ring, &facts->endeds) ||
        facts->ended_ring.next - facts->ended_ring.first != facts->endeds.used)
        return damaged(checker, IMAGE_ENDEDS, 0, "the ring is broken");
    if (!ring_fits(ring, &facts->idems))
        return damaged(checker, IMAGE_IDEMS, 0, "the ring is broken");
    for (uint64_t number = ring->next - facts->idems.used; number < ring->next; number++) {
        uint32_t place = (uint32_t)(number % facts->idems.max);
        const struct idem *idem = table_at(&facts->idems, place);
        if ((idem->time_ms > 0) != (number >= ring->first) || (idem->time_ms > 0 && idem->index >= facts->size) ||
            (idem->time_ms <= 0 && (u32_at((const char *)idem, 0) || !is_blank((const char *)idem, sizeof *idem))))
            return damaged(checker, IMAGE_IDEMS, place, "is not as its ring says");
    }
    return OK;
}

/* ---- Lists ---- */

struct list {
    enum image_table owners;
    enum image_table members;
    uint16_t first; /* offsets in the owner; last may be NO_OFFSET */
    uint16_t last;
    uint16_t next; /* offsets in the member; previous may be NO_OFFSET */
    uint16_t previous;
    uint16_t owner;
    bool (*owns)(const struct facts *facts, uint32_t owner);       /* NULL: every owner */
    bool (*belongs)(const struct facts *facts, uint32_t member);   /* NULL: every member */
    uint32_t (*length)(const struct facts *facts, uint32_t owner); /* NULL: not counted */
};

static bool is_team(const struct facts *facts, uint32_t place)
{
    return principal_at(facts, place)->kind == ID_TEAM;
}

static bool is_no_team(const struct facts *facts, uint32_t place)
{
    return !is_team(facts, place);
}

static bool is_observed(const struct facts *facts, uint32_t place)
{
    return lease_at(facts, place)->observed_key != NONE;
}

static uint32_t pools_of_feature(const struct facts *facts, uint32_t place)
{
    return feature_at(facts, place)->pool_count;
}

static uint32_t entitlements_of_license(const struct facts *facts, uint32_t place)
{
    return license_at(facts, place)->entitlement_count;
}

#define OF(type, member) (uint16_t) offsetof(struct type, member)

static const struct list lists[] = {
    { IMAGE_PRINCIPALS, IMAGE_MEMBERSHIPS, OF(principal, membership_first), NO_OFFSET, OF(membership, next_of_user),
      NO_OFFSET, OF(membership, user), is_no_team, NULL, NULL },
    { IMAGE_PRINCIPALS, IMAGE_MEMBERSHIPS, OF(principal, membership_first), NO_OFFSET, OF(membership, next_of_team),
      NO_OFFSET, OF(membership, team), is_team, NULL, NULL },
    { IMAGE_PRODUCTS, IMAGE_FEATURES, OF(product, feature_first), NO_OFFSET, OF(feature, next_of_product), NO_OFFSET,
      OF(feature, product), NULL, NULL, NULL },
    { IMAGE_FEATURES, IMAGE_POOLS, OF(feature, pool_first), NO_OFFSET, OF(pool, next_of_feature), NO_OFFSET,
      OF(pool, feature), NULL, NULL, pools_of_feature },
    { IMAGE_LICENSES, IMAGE_ENTITLEMENTS, OF(license, entitlement_first), NO_OFFSET, OF(entitlement, next_of_license),
      NO_OFFSET, OF(entitlement, license), NULL, NULL, entitlements_of_license },
    { IMAGE_POOLS, IMAGE_ENTITLEMENTS, OF(pool, entitlement_first), OF(pool, entitlement_last),
      OF(entitlement, next_of_pool), NO_OFFSET, OF(entitlement, pool), NULL, NULL, NULL },
    { IMAGE_POOLS, IMAGE_LEASES, OF(pool, lease_oldest), OF(pool, lease_newest), OF(lease, newer), OF(lease, older),
      OF(lease, pool), NULL, NULL, NULL },
    { IMAGE_POOLS, IMAGE_TICKETS, OF(pool, ticket_first), OF(pool, ticket_last), OF(ticket, next), OF(ticket, previous),
      OF(ticket, pool), NULL, NULL, NULL },
    { IMAGE_OBSERVED_GROUPS, IMAGE_LEASES, OF(observed_group, oldest), OF(observed_group, newest),
      OF(lease, observed_next), NO_OFFSET, OF(lease, observed_key), NULL, is_observed, NULL },
};

static uint32_t members_count(const struct checker *checker, const struct list *list)
{
    const struct table *table = image_table_of(checker->facts, list->members);
    uint32_t count = 0;

    if (!list->belongs)
        return table->live;
    for (uint32_t place = 0; place < table->used; place++)
        count += is_live(checker, list->members, place) && list->belongs(checker->facts, place);
    return count;
}

/* Takes what it meets off *left, so that a list that bites its tail ends, too. */
static status list_walk(const struct checker *checker, const struct list *list, uint32_t owner, uint32_t *left)
{
    const char *owner_record = table_at(image_table_of(checker->facts, list->owners), owner);
    const struct table *table = image_table_of(checker->facts, list->members);
    uint32_t before = NONE;
    uint32_t length = 0;

    for (uint32_t at = u32_at(owner_record, list->first); at != NONE; length++) {
        const char *record = table_at(table, at);
        if (*left == 0 || u32_at(record, list->owner) != owner ||
            (list->previous != NO_OFFSET && u32_at(record, list->previous) != before))
            return damaged(checker, list->members, at, "is in a list where it does not belong");
        (*left)--;
        before = at;
        at = u32_at(record, list->next);
    }
    if (list->last != NO_OFFSET && u32_at(owner_record, list->last) != before)
        return damaged(checker, list->owners, owner, "has another last one than its list");
    if (list->length && list->length(checker->facts, owner) != length)
        return damaged(checker, list->owners, owner, "has another count than its list");
    return OK;
}

static status list_check(const struct checker *checker, const struct list *list)
{
    const struct table *owners = image_table_of(checker->facts, list->owners);
    uint32_t left = members_count(checker, list);

    for (uint32_t owner = 0; owner < owners->used; owner++) {
        if (is_live(checker, list->owners, owner) && (!list->owns || list->owns(checker->facts, owner)))
            TRY(list_walk(checker, list, owner, &left));
    }
    return left ? damaged(checker, list->members, left, "so many are in no list") : OK;
}

/* ---- Counts ---- */

static bool seats_fit(const struct facts *facts, const struct pool *pool)
{
    int64_t used = 0;
    int64_t offered = 0;
    uint32_t queued = 0;

    for (uint32_t at = pool->lease_oldest; at != NONE; at = lease_at(facts, at)->newer)
        used += lease_at(facts, at)->quantity;
    for (uint32_t at = pool->ticket_first; at != NONE; at = ticket_at(facts, at)->next) {
        if (ticket_at(facts, at)->state == TICKET_OFFERED)
            offered += ticket_at(facts, at)->quantity;
        else
            queued++;
    }
    return pool->used == used && pool->occupied == used + offered && pool->queued == queued;
}

static bool terms_fit(const struct facts *facts, const struct pool *pool)
{
    bool license_is_one = pool->license == NONE && pool->entitlement_first == NONE;
    int64_t entitled = 0;

    for (uint32_t at = pool->entitlement_first; at != NONE; at = entitlement_at(facts, at)->next_of_pool) {
        const struct entitlement *entitlement = entitlement_at(facts, at);
        if (license_at(facts, entitlement->license)->state == LICENSE_ACTIVE)
            entitled += entitlement->limit;
        license_is_one = license_is_one || entitlement->license == pool->license;
    }
    return license_is_one && pool->entitled == entitled;
}

static status counts_check(const struct checker *checker)
{
    const struct facts *facts = checker->facts;

    for (uint32_t place = 0; place < facts->pools.used; place++) {
        if (!seats_fit(facts, pool_at(facts, place)))
            return damaged(checker, IMAGE_POOLS, place, "counts other seats than are taken");
        if (!terms_fit(facts, pool_at(facts, place)))
            return damaged(checker, IMAGE_POOLS, place, "counts other seats than it is entitled to");
    }
    return OK;
}

status image_check(const struct facts *facts, struct err *err)
{
    AUTO(struct checker, checker_free) checker = { .facts = facts, .err = err };

    for (enum image_table number = 0; number < IMAGE_TABLE_COUNT; number++)
        TRY(free_places_note(&checker, number));
    TRY(scalars_check(&checker));
    for (enum image_table number = 0; number < IMAGE_TABLE_COUNT; number++)
        TRY(records_check(&checker, number));
    TRY(marks_check(&checker));
    TRY(rings_check(&checker));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        TRY(list_check(&checker, &lists[i]));
    return counts_check(&checker);
}
