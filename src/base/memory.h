/*
 * base/memory: the one place that asks the system for memory.
 *
 * Every allocation is a fault point in test builds (base/fault), so a test can make each of them fail once.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#include "base/status.h"

/* Zeroed memory for `count` objects of `size` bytes; NULL when there is none or the product overflows. Free with
 * memory_free. */
void *memory_new(size_t count, size_t size);
/* Grows or shrinks; new bytes are not zeroed. On failure NULL, and `at` stays valid. */
void *memory_resize(void *at, size_t count, size_t size);
void memory_free(void *at); /* accepts NULL */
/* Grows *at to at least `want` objects, doubling, up to `max`. CODE_TOO_LARGE or CODE_NO_MEMORY leave everything as it
 * was. */
MUST_CHECK status memory_grow(void **at, size_t *capacity, size_t want, size_t max, size_t size);
/* Overwrites with zeros; the compiler can't remove it. */
void memory_wipe(void *at, size_t len);

#endif
