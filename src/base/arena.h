/*
 * base/arena: the memory of one request or batch, freed at once.
 *
 * A zeroed arena with `max_bytes` set is ready for use. Not for several threads.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;
    size_t max_bytes;
};

void arena_free(struct arena *arena);  /* gives all memory back */
void arena_reset(struct arena *arena); /* empties; keeps the first block for the next request */
/* Zeroed, aligned for any type; NULL when the maximum is reached or there is no memory. */
void *arena_new(struct arena *arena, size_t count, size_t size);
/* Whether that much is below the maximum; tells a full arena from a system without memory. */
bool arena_fits(const struct arena *arena, size_t count, size_t size);
/* A copy with a NUL after it (not counted in len). CODE_TOO_LARGE or CODE_NO_MEMORY. */
MUST_CHECK status arena_copy(struct arena *arena, struct str text, struct str *ret_copy);

#endif
