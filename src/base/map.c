/*
 * base/map: linear probing with backward-shift deletion, so that there are no tombstones and a table that lives for
 * months is as fast as a fresh one.
 *
 * At most half of the slots are in use: every probed slot costs a look at the owner's memory, and at one half a search
 * for an absent key probes 2.5 slots on average (Knuth, The Art of Computer Programming, volume 3, section 6.4).
 */
#include "base/map.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

#define CAPACITY_MIN 16
/* 2^32 slots would no longer be numbered by places. */
#define CAPACITY_MAX ((size_t)1 << 32)

void map_free(struct map *map)
{
    memory_free(map->slots);
    *map = (struct map){ 0 };
}

void map_clear(struct map *map)
{
    if (map->capacity)
        memset(map->slots, 0, map->capacity * sizeof(*map->slots));
    map->count = 0;
}

/* Fibonacci hashing: the upper bits of the product depend on all bits of the hash, which may be weak in its lower ones.
 */
static size_t home_of(uint64_t hash, size_t capacity)
{
    return (size_t)((hash * 0x9e3779b97f4a7c15u) >> (__builtin_clzll(capacity) + 1));
}

uint32_t map_find(const struct map *map, const struct map_kind *kind, const void *owner, uint64_t hash, const void *key)
{
    size_t mask = map->capacity - 1;

    if (map->count == 0)
        return MAP_NONE;
    for (size_t slot = home_of(hash, map->capacity); map->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t place = map->slots[slot] - 1;
        if (kind->equals(owner, place, key))
            return place;
    }
    return MAP_NONE;
}

static void put_in(uint32_t *slots, size_t capacity, uint64_t hash, uint32_t place)
{
    size_t slot = home_of(hash, capacity);

    while (slots[slot])
        slot = (slot + 1) & (capacity - 1);
    slots[slot] = place + 1;
}

static status rehash(struct map *map, const struct map_kind *kind, const void *owner, size_t capacity)
{
    uint32_t *slots = memory_new(capacity, sizeof *slots);

    if (!slots)
        return (status){ CODE_NO_MEMORY };
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i])
            put_in(slots, capacity, kind->hash(owner, map->slots[i] - 1), map->slots[i] - 1);
    }
    memory_free(map->slots);
    map->slots = slots;
    map->capacity = capacity;
    return OK;
}

status map_reserve(struct map *map, const struct map_kind *kind, const void *owner, size_t more)
{
    size_t capacity = map->capacity ? map->capacity : CAPACITY_MIN;

    if (more > CAPACITY_MAX / 2 - map->count)
        return (status){ CODE_TOO_LARGE };
    while (map->count + more > capacity / 2)
        capacity *= 2;
    if (capacity == map->capacity)
        return OK;
    return rehash(map, kind, owner, capacity);
}

void map_put(struct map *map, uint64_t hash, uint32_t place)
{
    assert(place != MAP_NONE);
    assert(map->count < map->capacity / 2);
    put_in(map->slots, map->capacity, hash, place);
    map->count++;
}

static size_t slot_of(const struct map *map, uint64_t hash, uint32_t place)
{
    size_t slot;

    assert(map->count > 0);
    slot = home_of(hash, map->capacity);
    while (map->slots[slot] != place + 1) {
        assert(map->slots[slot]);
        slot = (slot + 1) & (map->capacity - 1);
    }
    return slot;
}

/*
 * Every place behind the hole, up to the next free slot, moves into it unless that would put the place before its home.
 * Distances are taken forwards around the table.
 */
void map_remove(struct map *map, const struct map_kind *kind, const void *owner, uint32_t place)
{
    size_t mask = map->capacity - 1;
    size_t hole = slot_of(map, kind->hash(owner, place), place);

    for (size_t slot = (hole + 1) & mask; map->slots[slot]; slot = (slot + 1) & mask) {
        size_t home = home_of(kind->hash(owner, map->slots[slot] - 1), map->capacity);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            map->slots[hole] = map->slots[slot];
            hole = slot;
        }
    }
    map->slots[hole] = 0;
    map->count--;
}
