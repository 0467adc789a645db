/*
 * base/table: an array of equal records that grows by pages and never moves them.
 *
 * A place is the record's number; freed places are used again, last freed first, so that the same calls give the same
 * places (P2). Pages are zeroed and so are freed records, so a dump of the pages is the same for the same history.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TABLE_NONE         UINT32_MAX
#define TABLE_PAGE_SHIFT   10
#define TABLE_PAGE_RECORDS (1u << TABLE_PAGE_SHIFT)

struct table {
    char **pages;
    size_t page_count;
    size_t page_capacity;
    uint32_t record_bytes; /* at least 4 */
    uint32_t max;          /* records */
    uint32_t used;         /* places ever handed out: every place below it is a record or free */
    uint32_t live;         /* records now */
    uint32_t free_first;   /* the last place freed + 1, or 0; a free record's first 4 bytes hold the next one + 1 */
};

struct table table_of(uint32_t record_bytes, uint32_t max);
void table_free(struct table *table);
/* As it was before the first take, but with the room that it has. */
void table_clear(struct table *table);
/* Room for `more` further records, so that the next `more` table_take can't fail. */
MUST_CHECK status table_reserve(struct table *table, uint32_t more);
/* A zeroed record's place; room must have been reserved. */
uint32_t table_take(struct table *table);
/* Zeroes the record and gives its place back. */
void table_give(struct table *table, uint32_t place);
/* Makes room for places 0 … used - 1 as a dump had them, for the reader of a dump to fill. */
MUST_CHECK status table_shape(struct table *table, uint32_t used, uint32_t live, uint32_t free_first);

/* For a table that lies beside another one: zeroed records for every place below `used`, none handed out by take. */
MUST_CHECK status table_cover(struct table *table, uint32_t used);

/* How many further records it may hold. */
static inline uint32_t table_left(const struct table *table)
{
    return table->max - table->live;
}
static inline void *table_at(const struct table *table, uint32_t place)
{
    assert(place < table->used);
    return table->pages[place >> TABLE_PAGE_SHIFT] + (size_t)(place & (TABLE_PAGE_RECORDS - 1)) * table->record_bytes;
}

#endif
