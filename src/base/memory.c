/*
 * base/memory: calloc, realloc and free behind a fault point, with the product of count and size checked. Any thread.
 */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* The first size of a growing array: smaller ones would only be copied again at once. */
#define GROW_FIRST 8

/* The bytes to ask for, at least one: a size of zero has no portable meaning, and would make realloc free. 0 when the
 * product overflows. */
static size_t bytes_of(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return 0;
    return bytes ? bytes : 1;
}

void *memory_new(size_t count, size_t size)
{
    size_t bytes = bytes_of(count, size);

    return bytes && !fault_hit(FAULT_MEMORY) ? calloc(1, bytes) : NULL;
}

void *memory_resize(void *at, size_t count, size_t size)
{
    size_t bytes = bytes_of(count, size);

    return bytes && !fault_hit(FAULT_MEMORY) ? realloc(at, bytes) : NULL;
}

void memory_free(void *at)
{
    free(at);
}

status memory_grow(void **at, size_t *capacity, size_t want, size_t max, size_t size)
{
    size_t grown = *capacity > max / 2 ? max : *capacity * 2;
    void *moved;

    if (want <= *capacity)
        return OK;
    if (want > max)
        return (status){ CODE_TOO_LARGE };
    if (grown < GROW_FIRST)
        grown = GROW_FIRST < max ? GROW_FIRST : max;
    if (grown < want)
        grown = want;
    moved = memory_resize(*at, grown, size);
    if (!moved)
        return (status){ CODE_NO_MEMORY };
    *at = moved;
    *capacity = grown;
    return OK;
}

void memory_wipe(void *at, size_t len)
{
    if (len)
        explicit_bzero(at, len);
}
