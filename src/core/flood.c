/*
 * core/flood: counters found by key, and a queue of those that wait. All memory is there from the start, so that an
 * event can always be counted.
 */
#include "core/flood.h"

#include <assert.h>
#include <string.h>

#define NONE         TABLE_NONE
#define SWEEP_PLACES 64 /* looked at for stale counters by one event; a full table is passed in 82 events */
#define REASONS_MAX  32 /* of one code */
#define CODES        4
#define WINDOW_MS    ((int64_t)FLOOD_WINDOW_S * 1000)

static_assert(REASON_COUNT <= REASONS_MAX && PROBLEM_COUNT <= REASONS_MAX, "each has room for its counter");

static const uint32_t shares_max[FLOOD_SHARE_COUNT] = {
    [FLOOD_OWN] = FLOOD_SOURCES_MAX,
    [FLOOD_BY_OBJECT] = FLOOD_SHARED_MAX,
    [FLOOD_BY_REASON] = CODES * REASONS_MAX,
};
#define COUNTERS_MAX (FLOOD_SOURCES_MAX + FLOOD_SHARED_MAX + CODES * REASONS_MAX)

bool flood_key_eq(const struct flood_key *a, const struct flood_key *b)
{
    return a->code == b->code && a->reason == b->reason && id_eq(a->source, b->source) && id_eq(a->object, b->object);
}

static struct flood *flood_at(const struct floods *floods, uint32_t place)
{
    return table_at(&floods->counters, place);
}

static uint64_t key_hash(const struct flood_key *key)
{
    uint64_t word = (uint64_t)key->code << 8 | key->reason;

    return (id_hash(key->source) ^ (id_hash(key->object) * 3 + word)) * 0x9e3779b97f4a7c15u;
}

static uint64_t place_hash(const void *owner, uint32_t place)
{
    return key_hash(&flood_at(owner, place)->key);
}

static bool place_equals(const void *owner, uint32_t place, const void *key)
{
    return flood_key_eq(&flood_at(owner, place)->key, key);
}

static const struct map_kind by_key = { place_hash, place_equals };

status floods_init(struct floods *ret_floods)
{
    struct floods floods = {
        .counters = table_of(sizeof(struct flood), COUNTERS_MAX),
        .due_first = NONE,
        .due_last = NONE,
    };
    status s = table_reserve(&floods.counters, COUNTERS_MAX);

    if (s.code == CODE_OK)
        s = map_reserve(&floods.by_key, &by_key, &floods, COUNTERS_MAX);
    if (s.code) {
        floods_free(&floods);
        return s;
    }
    *ret_floods = floods;
    return OK;
}

void floods_free(struct floods *floods)
{
    table_free(&floods->counters);
    map_free(&floods->by_key);
    floods->due_first = floods->due_last = NONE;
}

void floods_clear(struct floods *floods)
{
    table_clear(&floods->counters);
    map_clear(&floods->by_key);
    memset(floods->shares, 0, sizeof(floods->shares));
    floods->sweep = 0;
    floods->due_first = floods->due_last = NONE;
}

static bool is_stale(const struct flood *flood, int64_t now_ms)
{
    return flood->in_window > 0 && flood->waiting == 0 && flood->window_start_ms + WINDOW_MS <= now_ms;
}

/* Gives back the counters, among the next few places, whose window has passed. */
static void sweep(struct floods *floods, int64_t now_ms)
{
    for (int i = 0; i < SWEEP_PLACES; i++) {
        uint32_t place = floods->sweep < floods->counters.used ? floods->sweep : 0;
        const struct flood *flood = flood_at(floods, place);
        floods->sweep = place + 1;
        if (!is_stale(flood, now_ms))
            continue;
        floods->shares[flood->share]--;
        map_remove(&floods->by_key, &by_key, floods, place);
        table_give(&floods->counters, place);
    }
}

static uint32_t counter_new(struct floods *floods, const struct flood_key *key, enum flood_share share, int64_t now_ms)
{
    uint32_t place = table_take(&floods->counters);
    struct flood *flood = flood_at(floods, place);

    flood->key = *key;
    flood->share = share;
    flood->window_start_ms = now_ms;
    map_put(&floods->by_key, key_hash(key), place);
    floods->shares[share]++;
    return place;
}

static struct flood_key key_of_share(const struct flood_key *key, enum flood_share share)
{
    struct flood_key shared = *key;

    if (share >= FLOOD_BY_OBJECT)
        shared.source = (struct id){ 0 };
    if (share >= FLOOD_BY_REASON)
        shared.object = (struct id){ 0 };
    return shared;
}

/* The event's own counter, or the first shared one for which there is room. By reason there is room for all. */
static uint32_t counter_of(struct floods *floods, const struct flood_key *of_event, int64_t now_ms)
{
    for (enum flood_share share = FLOOD_OWN;; share++) {
        struct flood_key key = key_of_share(of_event, share);
        uint32_t place = map_find(&floods->by_key, &by_key, floods, key_hash(&key), &key);
        if (place != NONE)
            return place;
        if (floods->shares[share] >= shares_max[share])
            sweep(floods, now_ms);
        if (floods->shares[share] < shares_max[share])
            return counter_new(floods, &key, share, now_ms);
        assert(share < FLOOD_BY_REASON);
    }
}

/* Leaves of the author what both have: another person is nobody, another credential none, the weaker level counts. */
static void actor_join(struct actor *actor, const struct actor *other)
{
    if (!id_eq(actor->who.id, other->who.id)) {
        *actor = (struct actor){ .via = VIA_NONE, .level = LEVEL_A0 };
        return;
    }
    if (!id_eq(actor->cred, other->cred))
        actor->cred = (struct id){ 0 };
    if (actor->via != other->via)
        actor->via = VIA_NONE;
    if (actor->level > other->level)
        actor->level = other->level;
}

static void due_add(struct floods *floods, uint32_t place)
{
    flood_at(floods, place)->due_next = NONE;
    if (floods->due_last != NONE)
        flood_at(floods, floods->due_last)->due_next = place;
    else
        floods->due_first = place;
    floods->due_last = place;
}

static void due_drop_first(struct floods *floods)
{
    floods->due_first = flood_at(floods, floods->due_first)->due_next;
    if (floods->due_first == NONE)
        floods->due_last = NONE;
}

static void waiting_start(struct flood *flood, const struct flood_event *event, int64_t now_ms)
{
    assert(event->feature.len <= sizeof flood->feature);
    flood->first_ms = now_ms;
    flood->due_ms = now_ms + ROLLUP_MS;
    flood->actor = *event->actor;
    flood->feature_len = (uint8_t)event->feature.len;
    if (event->feature.len)
        memcpy(flood->feature, event->feature.at, event->feature.len);
}

static struct str flood_feature(const struct flood *flood)
{
    return (struct str){ flood->feature, flood->feature_len };
}

bool flood_note(struct floods *floods, const struct flood_event *event, int64_t now_ms, struct flood_key *ret_key)
{
    uint32_t place = counter_of(floods, &event->key, now_ms);
    struct flood *flood = flood_at(floods, place);

    if (flood->window_start_ms + WINDOW_MS <= now_ms) {
        flood->window_start_ms = now_ms;
        flood->in_window = 0;
    }
    if (flood->in_window < FLOOD_FIRST) {
        flood->in_window++;
        return true;
    }
    if (flood->waiting++ == 0) {
        waiting_start(flood, event, now_ms);
        due_add(floods, place);
    }
    actor_join(&flood->actor, event->actor);
    if (!str_eq(flood_feature(flood), event->feature))
        flood->feature_len = 0;
    flood->last_ms = now_ms;
    *ret_key = flood->key;
    return false;
}

/* Whom and what the events had in common, by the members of each code's row. */
static void roll_up_of(const struct flood *flood, struct entry *entry)
{
    const struct flood_key *key = &flood->key;
    bool has_object = !id_is_none(key->object);

    entry_number(entry, key->code == AUDIT_REQUEST_REJECTIONS ? DATA_PROBLEM : DATA_REASON, key->reason);
    switch (key->code) {
    case AUDIT_LEASE_DENIALS:
        if (has_object)
            entry_on_id(entry, ON_POOL, key->object);
        if (flood->feature_len)
            entry_on_feature(entry, flood_feature(flood));
        break;
    case AUDIT_AUTH_FAILURES:
        if (has_object)
            entry_on_id(entry, ON_CREDENTIAL, key->object);
        entry->has_src = !id_is_none(key->source);
        entry->src = key->source;
        break;
    default:
        assert(key->code == AUDIT_ACCESS_DENIALS || key->code == AUDIT_REQUEST_REJECTIONS);
    }
}

bool flood_roll_up(struct floods *floods, int64_t now_ms, bool all, struct entry *ret_entry, struct flood_key *ret_key)
{
    struct flood *flood;

    if (flood_due_ms(floods) > (all ? INT64_MAX - 1 : now_ms))
        return false;
    flood = flood_at(floods, floods->due_first);
    due_drop_first(floods);
    entry_begin(ret_entry, flood->key.code, &flood->actor, now_ms);
    roll_up_of(flood, ret_entry);
    entry_number(ret_entry, DATA_COUNT_OF, (int64_t)flood->waiting);
    entry_number(ret_entry, DATA_FIRST_AT, flood->first_ms);
    entry_number(ret_entry, DATA_LAST_AT, flood->last_ms);
    flood->waiting = 0;
    *ret_key = flood->key;
    return true;
}

int64_t flood_due_ms(const struct floods *floods)
{
    return floods->due_first == NONE ? INT64_MAX : flood_at(floods, floods->due_first)->due_ms;
}
