/*
 * service/flexnet_usage: features, below them groups of leases that a return can't tell apart, in each the leases in
 * the order of their grants.
 */
#include "service/flexnet_usage.h"

struct group {
    struct str user, host;
    uint32_t feature;
    uint32_t quantity;
    uint32_t oldest, newest; /* TABLE_NONE when nothing is open */
};

struct lease {
    int64_t granted_ms;
    uint32_t next; /* granted later, or TABLE_NONE */
};

struct feature_key {
    struct str product, name;
};

struct group_key {
    const struct flexnet_line *line;
    uint32_t feature;
};

static struct flexnet_feature *feature_at(const struct flexnet_usage *usage, uint32_t place)
{
    return table_at(&usage->features, place);
}

static struct group *group_at(const struct flexnet_usage *usage, uint32_t place)
{
    return table_at(&usage->groups, place);
}

static struct lease *lease_at(const struct flexnet_usage *usage, uint32_t place)
{
    return table_at(&usage->leases, place);
}

static uint64_t feature_key_hash(const struct feature_key *key)
{
    return str_hash(key->name, str_hash(key->product, 0));
}

static uint64_t feature_hash(const void *owner, uint32_t place)
{
    const struct flexnet_feature *feature = feature_at(owner, place);

    return feature_key_hash(&(struct feature_key){ feature->product, feature->name });
}

static bool feature_equals(const void *owner, uint32_t place, const void *key)
{
    const struct flexnet_feature *feature = feature_at(owner, place);
    const struct feature_key *wanted = key;

    return str_eq(feature->name, wanted->name) && str_eq(feature->product, wanted->product);
}

static const struct map_kind feature_kind = { feature_hash, feature_equals };

static uint64_t holder_hash(uint32_t feature, struct str user, struct str host, uint32_t quantity)
{
    return str_hash(host, str_hash(user, (uint64_t)feature << 32 | quantity));
}

static uint64_t group_hash(const void *owner, uint32_t place)
{
    const struct group *group = group_at(owner, place);

    return holder_hash(group->feature, group->user, group->host, group->quantity);
}

static bool group_equals(const void *owner, uint32_t place, const void *key)
{
    const struct group *group = group_at(owner, place);
    const struct group_key *wanted = key;

    return group->feature == wanted->feature && group->quantity == wanted->line->quantity &&
           str_eq(group->user, wanted->line->user) && str_eq(group->host, wanted->line->host);
}

static const struct map_kind group_kind = { group_hash, group_equals };

struct flexnet_usage flexnet_usage_start(void)
{
    return (struct flexnet_usage){
        .features = table_of(sizeof(struct flexnet_feature), FLEXNET_FEATURES_MAX),
        .groups = table_of(sizeof(struct group), FLEXNET_GROUPS_MAX),
        .leases = table_of(sizeof(struct lease), FLEXNET_OPEN_MAX),
        .names.max_bytes = FLEXNET_NAMES_MAX_BYTES,
    };
}

void flexnet_usage_free(struct flexnet_usage *usage)
{
    map_free(&usage->features_by_name);
    map_free(&usage->groups_by_key);
    table_free(&usage->features);
    table_free(&usage->groups);
    table_free(&usage->leases);
    arena_free(&usage->names);
    *usage = (struct flexnet_usage){ 0 };
}

static status feature_new(struct flexnet_usage *usage, const struct feature_key *key, uint32_t *ret_place)
{
    struct flexnet_feature feature = { 0 };
    uint32_t place;

    TRY(table_reserve(&usage->features, 1));
    TRY(map_reserve(&usage->features_by_name, &feature_kind, usage, 1));
    TRY(arena_copy(&usage->names, key->product, &feature.product));
    TRY(arena_copy(&usage->names, key->name, &feature.name));
    place = table_take(&usage->features);
    *feature_at(usage, place) = feature;
    map_put(&usage->features_by_name, feature_key_hash(key), place);
    *ret_place = place;
    return OK;
}

static status feature_of(struct flexnet_usage *usage, const struct flexnet_line *line, uint32_t *ret_place)
{
    struct feature_key key = { line->daemon, line->feature };
    uint32_t place = map_find(&usage->features_by_name, &feature_kind, usage, feature_key_hash(&key), &key);

    if (place == MAP_NONE)
        return feature_new(usage, &key, ret_place);
    *ret_place = place;
    return OK;
}

static uint32_t group_find(const struct flexnet_usage *usage, uint32_t feature, const struct flexnet_line *line)
{
    struct group_key key = { line, feature };

    return map_find(&usage->groups_by_key, &group_kind, usage,
                    holder_hash(feature, line->user, line->host, line->quantity), &key);
}

static status group_new(struct flexnet_usage *usage, uint32_t feature, const struct flexnet_line *line,
                        uint32_t *ret_place)
{
    struct group group = { .feature = feature, .quantity = line->quantity, .oldest = TABLE_NONE, .newest = TABLE_NONE };
    uint32_t place;

    TRY(table_reserve(&usage->groups, 1));
    TRY(map_reserve(&usage->groups_by_key, &group_kind, usage, 1));
    TRY(arena_copy(&usage->names, line->user, &group.user));
    TRY(arena_copy(&usage->names, line->host, &group.host));
    place = table_take(&usage->groups);
    *group_at(usage, place) = group;
    map_put(&usage->groups_by_key, holder_hash(feature, group.user, group.host, group.quantity), place);
    *ret_place = place;
    return OK;
}

static status grant(struct flexnet_usage *usage, uint32_t feature_place, const struct flexnet_event *event)
{
    struct flexnet_feature *feature = feature_at(usage, feature_place);
    uint32_t place = group_find(usage, feature_place, &event->line);
    struct group *group;
    uint32_t lease;

    TRY(table_reserve(&usage->leases, 1));
    if (place == MAP_NONE)
        TRY(group_new(usage, feature_place, &event->line, &place));
    group = group_at(usage, place);
    lease = table_take(&usage->leases);
    *lease_at(usage, lease) = (struct lease){ event->moment.at_ms, TABLE_NONE };
    if (group->oldest == TABLE_NONE)
        group->oldest = lease;
    else
        lease_at(usage, group->newest)->next = lease;
    group->newest = lease;
    feature->grants++;
    feature->open++;
    feature->used += group->quantity;
    if (feature->used > feature->peak)
        feature->peak = feature->used;
    return OK;
}

static void count_time(struct flexnet_feature *feature, const struct group *group, int64_t from_ms, int64_t until_ms)
{
    uint64_t seconds = until_ms > from_ms ? (uint64_t)(until_ms - from_ms) / 1000 : 0;
    uint64_t seats = 0;

    if (__builtin_mul_overflow(seconds, group->quantity, &seats) ||
        __builtin_add_overflow(feature->seat_seconds, seats, &feature->seat_seconds))
        feature->seat_seconds = UINT64_MAX;
}

/* Ends the oldest lease of the group, which has one. */
static void end_oldest(struct flexnet_usage *usage, struct group *group, int64_t at_ms)
{
    struct flexnet_feature *feature = feature_at(usage, group->feature);
    uint32_t place = group->oldest;

    count_time(feature, group, lease_at(usage, place)->granted_ms, at_ms);
    group->oldest = lease_at(usage, place)->next;
    if (group->oldest == TABLE_NONE)
        group->newest = TABLE_NONE;
    table_give(&usage->leases, place);
    feature->open--;
    feature->used -= group->quantity;
}

static void give_back(struct flexnet_usage *usage, uint32_t feature_place, const struct flexnet_event *event)
{
    struct flexnet_feature *feature = feature_at(usage, feature_place);
    uint32_t place = group_find(usage, feature_place, &event->line);

    if (place == MAP_NONE || group_at(usage, place)->oldest == TABLE_NONE) {
        feature->unmatched++;
        return;
    }
    end_oldest(usage, group_at(usage, place), event->moment.at_ms);
    feature->returns++;
    feature->inactive += event->line.kind == FLEXNET_INACTIVE;
}

/* Groups are never given back, so every place below `used` is one. */
static void close_all(struct flexnet_usage *usage, struct str product, int64_t at_ms)
{
    for (uint32_t place = 0; place < usage->groups.used; place++) {
        struct group *group = group_at(usage, place);
        struct flexnet_feature *feature = feature_at(usage, group->feature);
        if (product.len > 0 && !str_eq(product, feature->product))
            continue;
        while (group->oldest != TABLE_NONE) {
            end_oldest(usage, group, at_ms);
            feature->closed_by_restart++;
        }
    }
}

static status add_about_feature(struct flexnet_usage *usage, const struct flexnet_event *event)
{
    uint32_t place = 0;

    TRY(feature_of(usage, &event->line, &place));
    if (event->line.kind == FLEXNET_OUT)
        return grant(usage, place, event);
    if (flexnet_is_return(event->line.kind))
        give_back(usage, place, event);
    else if (event->line.kind == FLEXNET_DENIED)
        feature_at(usage, place)->denied++;
    else
        feature_at(usage, place)->unsupported++;
    return OK;
}

status flexnet_usage_add(struct flexnet_usage *usage, const struct flexnet_event *event)
{
    switch (event->line.kind) {
    case FLEXNET_OUT:
    case FLEXNET_IN:
    case FLEXNET_INACTIVE:
    case FLEXNET_DENIED:
    case FLEXNET_UNSUPPORTED:
        TRY(add_about_feature(usage, event));
        break;
    case FLEXNET_START:
        if (event->restart) {
            close_all(usage, event->line.started, event->moment.at_ms);
            usage->restarts++;
        }
        break;
    case FLEXNET_NONE:
        return OK;
    default:
        break;
    }
    usage->last_ms = event->moment.at_ms;
    return OK;
}

void flexnet_usage_end(struct flexnet_usage *usage)
{
    for (uint32_t place = 0; place < usage->groups.used; place++) {
        struct group *group = group_at(usage, place);
        struct flexnet_feature *feature = feature_at(usage, group->feature);
        for (uint32_t lease = group->oldest; lease != TABLE_NONE; lease = lease_at(usage, lease)->next)
            count_time(feature, group, lease_at(usage, lease)->granted_ms, usage->last_ms);
    }
}

size_t flexnet_usage_count(const struct flexnet_usage *usage)
{
    return usage->features.used;
}

const struct flexnet_feature *flexnet_usage_feature(const struct flexnet_usage *usage, size_t number)
{
    return feature_at(usage, (uint32_t)number);
}

const struct flexnet_feature *flexnet_usage_find(const struct flexnet_usage *usage, struct str product, struct str name)
{
    struct feature_key key = { product, name };
    uint32_t place = map_find(&usage->features_by_name, &feature_kind, usage, feature_key_hash(&key), &key);

    return place == MAP_NONE ? NULL : feature_at(usage, place);
}
