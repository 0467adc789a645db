/*
 * core/facts_edit: what is remembered for a while (ended leases and tickets, keyed commands) and what observation
 * keeps.
 *
 * A ring's records lie in their table by number modulo its maximum, so the newest takes the oldest's place.
 */
#include <assert.h>

#include "core/facts_edit.h"
#include "core/facts_keys.h"

#define MS_PER_HOUR    ((int64_t)3600 * 1000)
#define IDEM_DROPS_MAX 256 /* by one entry: tens of microseconds */

static uint32_t ring_place(const struct table *table, uint64_t number)
{
    return (uint32_t)(number % table->max);
}

static bool ring_is_full(const struct table *table, const struct ring *ring)
{
    return ring->next - ring->first == table->max;
}

/* Room for the next record, unless it takes the place of an old one. */
static status ring_reserve(struct table *table, const struct ring *ring)
{
    return ring->next < table->max ? table_reserve(table, 1) : OK;
}

static uint32_t ring_take(struct table *table, struct ring *ring)
{
    uint32_t place = ring->next < table->max ? table_take(table) : ring_place(table, ring->next);

    assert(place == ring_place(table, ring->next));
    ring->next++;
    return place;
}

/* The oldest record's place, which leaves the ring. */
static uint32_t ring_drop(struct table *table, struct ring *ring)
{
    assert(ring->first < ring->next);
    return ring_place(table, ring->first++);
}

status ended_reserve(struct facts *facts)
{
    TRY(ring_reserve(&facts->endeds, &facts->ended_ring));
    return FACTS_RESERVE(facts, ended_by_id);
}

void ended_push(struct facts *facts, const struct ended *ended)
{
    uint32_t place;

    if (ring_is_full(&facts->endeds, &facts->ended_ring))
        FACTS_REMOVE(facts, ended_by_id, ring_drop(&facts->endeds, &facts->ended_ring));
    place = ring_take(&facts->endeds, &facts->ended_ring);
    *(struct ended *)table_at(&facts->endeds, place) = *ended;
    FACTS_PUT(facts, ended_by_id, place);
}

static const struct idem *idem_oldest(const struct facts *facts)
{
    if (facts->idem_ring.first == facts->idem_ring.next)
        return NULL;
    return table_at(&facts->idems, ring_place(&facts->idems, facts->idem_ring.first));
}

static void idem_drop(struct facts *facts)
{
    uint32_t place = ring_drop(&facts->idems, &facts->idem_ring);

    FACTS_REMOVE(facts, idem_by_key, place);
    memset(table_at(&facts->idems, place), 0, sizeof(struct idem));
}

status idem_reserve(struct facts *facts, const uint8_t *key, int64_t now_ms)
{
    const struct idem *known = idem_find(facts, key);

    if (known && known->time_ms + IDEM_HOURS * MS_PER_HOUR > now_ms)
        return (status){ CODE_CORRUPT };
    TRY(ring_reserve(&facts->idems, &facts->idem_ring));
    return FACTS_RESERVE(facts, idem_by_key);
}

/*
 * Entry times never decrease, so what is too old stands at the ring's beginning. After a quiet day that may be
 * millions: they leave by and by, each entry some of them. A key that is used again after its time leaves at once, with
 * those before it.
 */
void idem_push(struct facts *facts, const struct idem *idem)
{
    const struct idem *oldest = idem_oldest(facts);
    uint32_t place;

    for (int i = 0; oldest && oldest->time_ms + IDEM_HOURS * MS_PER_HOUR <= idem->time_ms; i++) {
        if (i >= IDEM_DROPS_MAX && !idem_find(facts, idem->key))
            break;
        idem_drop(facts);
        oldest = idem_oldest(facts);
    }
    if (ring_is_full(&facts->idems, &facts->idem_ring))
        idem_drop(facts);
    place = ring_take(&facts->idems, &facts->idem_ring);
    *(struct idem *)table_at(&facts->idems, place) = *idem;
    FACTS_PUT(facts, idem_by_key, place);
}

void idem_forget_all(struct facts *facts)
{
    while (facts->idem_ring.first < facts->idem_ring.next)
        idem_drop(facts);
}

status observed_reserve(struct facts *facts)
{
    TRY(table_reserve(&facts->observed_groups, 1));
    return FACTS_RESERVE(facts, observed_by_key);
}

static uint32_t group_take(struct facts *facts, const struct observed_group *key)
{
    uint32_t place = table_take(&facts->observed_groups);

    *observed_group_at(facts, place) = (struct observed_group){
        .pool = key->pool,
        .quantity = key->quantity,
        .user_alias = key->user_alias,
        .host_alias = key->host_alias,
        .oldest = NONE,
        .newest = NONE,
    };
    FACTS_PUT(facts, observed_by_key, place);
    return place;
}

void observed_open(struct facts *facts, uint32_t lease, const struct observed_group *key)
{
    uint32_t found = observed_group_find(facts, key);
    uint32_t place = found == NONE ? group_take(facts, key) : found;
    struct observed_group *group = observed_group_at(facts, place);

    if (group->oldest == NONE)
        group->oldest = lease;
    else
        lease_at(facts, group->newest)->observed_next = lease;
    group->newest = lease;
    lease_at(facts, lease)->observed_next = NONE;
    lease_at(facts, lease)->observed_key = place;
}

void observed_close(struct facts *facts, uint32_t lease)
{
    struct lease *closed = lease_at(facts, lease);
    uint32_t place = closed->observed_key;
    struct observed_group *group;
    uint32_t before = NONE;

    if (place == NONE)
        return;
    group = observed_group_at(facts, place);
    for (uint32_t at = group->oldest; at != lease; at = lease_at(facts, at)->observed_next)
        before = at;
    if (before == NONE)
        group->oldest = closed->observed_next;
    else
        lease_at(facts, before)->observed_next = closed->observed_next;
    if (group->newest == lease)
        group->newest = before;
    closed->observed_key = NONE;
    closed->observed_next = NONE;
    if (group->oldest == NONE) {
        FACTS_REMOVE(facts, observed_by_key, place);
        table_give(&facts->observed_groups, place);
    }
}

status watermark_set(struct facts *facts, const struct watermark *watermark)
{
    uint32_t place = watermark_find(facts, watermark->organisation, watermark->head);

    if (place == NONE) {
        TRY(table_reserve(&facts->watermarks, 1));
        TRY(FACTS_RESERVE(facts, watermark_by_head));
        place = table_take(&facts->watermarks);
        *watermark_at(facts, place) = *watermark;
        FACTS_PUT(facts, watermark_by_head, place);
        return OK;
    }
    *watermark_at(facts, place) = *watermark;
    return OK;
}
