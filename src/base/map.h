/*
 * base/map: an open-addressing table of 32-bit places in an array that somebody else owns.
 *
 * A slot is four bytes; key and hash stay with the owner, who gives both through struct map_kind. Iteration order is
 * not offered on purpose: facts must not depend on it (P2).
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define MAP_NONE UINT32_MAX

struct map_kind {
    uint64_t (*hash)(const void *owner, uint32_t place); /* of the key at that place */
    bool (*equals)(const void *owner, uint32_t place, const void *key);
};

struct map {
    uint32_t *slots; /* place + 1; 0 is free */
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void map_free(struct map *map);
void map_clear(struct map *map); /* keeps its room */
/* The place whose key equals `key`, or MAP_NONE. `hash` is the key's hash as kind->hash would give it. */
uint32_t map_find(const struct map *map, const struct map_kind *kind, const void *owner, uint64_t hash,
                  const void *key);
/* Room for `more` further places, so that the next `more` map_put can't fail. */
MUST_CHECK status map_reserve(struct map *map, const struct map_kind *kind, const void *owner, size_t more);
/* The key must not be there yet, and room must have been reserved. */
void map_put(struct map *map, uint64_t hash, uint32_t place);
/* Removes that place; it must be there. Call while the owner still gives its hash. */
void map_remove(struct map *map, const struct map_kind *kind, const void *owner, uint32_t place);

#endif
