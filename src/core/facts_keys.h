/*
 * core/facts_keys: how the records of core/facts are found again: a hash and an equality for each of its maps.
 *
 * A kind has the name of its map, so FACTS_FIND, FACTS_RESERVE and FACTS_PUT can't join the wrong two. Private to the
 * files that look into or change the maps: facts.c, facts_edit.c, facts_index.c, apply_lease.c.
 */
#ifndef CORE_FACTS_KEYS_H
#define CORE_FACTS_KEYS_H

#include "core/facts.h"

struct facts_keys {
    struct map_kind principal_by_id, credential_by_id, credential_by_hash, product_by_id, product_by_name;
    struct map_kind feature_by_name, feature_by_bare_name, license_by_id, pool_by_id, pool_by_group, lease_by_id,
        ticket_by_id;
    struct map_kind ended_by_id, idem_by_key, observed_by_key, watermark_by_head;
};

extern const struct facts_keys facts_keys;

/* The key of pool_by_group. */
struct group_key {
    uint32_t holder;
    uint32_t feature;
};

/* The key of watermark_by_head. */
struct watermark_key {
    uint32_t organisation;
    const uint8_t *head;
};

/* Hashes of keys as the kinds give them for places. */
uint64_t name_key_hash(const struct facts *facts, struct str name);
uint64_t bytes_key_hash(const uint8_t *hash); /* of a SHA-256 or a part of one */
uint64_t group_key_hash(const struct group_key *key);
uint64_t observed_key_hash(const struct observed_group *key);
uint64_t watermark_key_hash(const struct facts *facts, const struct watermark_key *key);

#define FACTS_FIND(facts, map, hash, key) map_find(&(facts)->map, &facts_keys.map, (facts), (hash), (key))
#define FACTS_RESERVE(facts, map)         map_reserve(&(facts)->map, &facts_keys.map, (facts), 1)
#define FACTS_PUT(facts, map, place)      map_put(&(facts)->map, facts_keys.map.hash((facts), (place)), (place))
#define FACTS_REMOVE(facts, map, place)   map_remove(&(facts)->map, &facts_keys.map, (facts), (place))

#endif
