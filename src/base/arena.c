/*
 * base/arena: blocks in a list, the newest first; each request is cut from the newest block or starts another one.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>

#include "base/memory.h"

/* Holds what an ordinary request needs, and is still one page-sized piece of the allocator. */
#define BLOCK_BYTES 4000

struct arena_block {
    struct arena_block *older;
    size_t capacity;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

/* Rounded up so that the next object is aligned for any type; an empty object still has an address of its own. */
static size_t rounded(size_t bytes)
{
    size_t unit = alignof(max_align_t);

    return bytes ? (bytes + unit - 1) / unit * unit : unit;
}

static bool add_block(struct arena *arena, size_t bytes)
{
    size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    struct arena_block *block = memory_resize(NULL, 1, sizeof *block + capacity);

    if (!block)
        return false;
    block->older = arena->blocks;
    block->capacity = capacity;
    block->used = 0;
    arena->blocks = block;
    return true;
}

bool arena_fits(const struct arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > arena->max_bytes)
        return false;
    return rounded(bytes) <= arena->max_bytes - arena->used_bytes;
}

void *arena_new(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    unsigned char *at;

    if (!arena_fits(arena, count, size))
        return NULL;
    bytes = rounded(count * size);
    if (!arena->blocks || bytes > arena->blocks->capacity - arena->blocks->used) {
        if (!add_block(arena, bytes))
            return NULL;
    }
    at = arena->blocks->bytes + arena->blocks->used;
    arena->blocks->used += bytes;
    arena->used_bytes += bytes;
    return memset(at, 0, bytes);
}

status arena_copy(struct arena *arena, struct str text, struct str *ret_copy)
{
    char *at;

    if (text.len == SIZE_MAX || !arena_fits(arena, text.len + 1, 1))
        return (status){ CODE_TOO_LARGE };
    at = arena_new(arena, text.len + 1, 1);
    if (!at)
        return (status){ CODE_NO_MEMORY };
    if (text.len)
        memcpy(at, text.at, text.len);
    *ret_copy = (struct str){ at, text.len };
    return OK;
}

/* Frees the newest blocks until `keep` is the newest. */
static void free_down_to(struct arena *arena, const struct arena_block *keep)
{
    while (arena->blocks != keep) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->older;
        memory_free(block);
    }
}

void arena_free(struct arena *arena)
{
    free_down_to(arena, NULL);
    arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *first = arena->blocks;

    while (first && first->older)
        first = first->older;
    free_down_to(arena, first);
    if (first)
        first->used = 0;
    arena->used_bytes = 0;
}
