/*
 * base/memory: calloc, realloc and free behind a fault point, with the product of count and size checked. Any thread.
 */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* The first size of a growing array: smaller ones would only be copied again at once. */
#define GROW_FIRST 8

void *memory_new(size_t count, size_t size)
{
    if (fault_hit(FAULT_MEMORY))
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *memory_resize(void *at, size_t count, size_t size)
{
    if (fault_hit(FAULT_MEMORY))
        return NULL;
    /* A size of zero would free `at` and leave the caller with a stale pointer. */
    return reallocarray(at, count ? count : 1, size ? size : 1);
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
