/*
 * base/table: pages behind an array of pointers, of which only the array is ever moved. A free record is zeroed but for
 * its first four bytes, which link it to the one freed before it.
 */
#include "base/table.h"

#include <string.h>

#include "base/memory.h"

struct table table_of(uint32_t record_bytes, uint32_t max)
{
    assert(record_bytes >= sizeof(uint32_t));
    return (struct table){ .record_bytes = record_bytes, .max = max };
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->page_count; i++)
        memory_free(table->pages[i]);
    memory_free(table->pages);
    *table = table_of(table->record_bytes ? table->record_bytes : 4, table->max);
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->page_count; i++)
        memset(table->pages[i], 0, (size_t)TABLE_PAGE_RECORDS * table->record_bytes);
    table->used = table->live = table->free_first = 0;
}

static status page_add(struct table *table)
{
    void *pages = table->pages;
    size_t most = (size_t)table->max / TABLE_PAGE_RECORDS + 1;
    char *page;

    TRY(memory_grow(&pages, &table->page_capacity, table->page_count + 1, most, sizeof(char *)));
    table->pages = pages;
    page = memory_new(TABLE_PAGE_RECORDS, table->record_bytes);
    if (!page)
        return (status){ CODE_NO_MEMORY };
    table->pages[table->page_count++] = page;
    return OK;
}

MUST_CHECK status table_reserve(struct table *table, uint32_t more)
{
    uint64_t want = (uint64_t)table->live + more;

    if (want > table->max)
        return (status){ CODE_TOO_LARGE };
    while ((uint64_t)table->page_count * TABLE_PAGE_RECORDS < want)
        TRY(page_add(table));
    return OK;
}

uint32_t table_take(struct table *table)
{
    uint32_t place;

    if (table->free_first) {
        place = table->free_first - 1;
        memcpy(&table->free_first, table_at(table, place), sizeof(uint32_t));
        memset(table_at(table, place), 0, sizeof(uint32_t));
    } else {
        assert((uint64_t)table->used < (uint64_t)table->page_count * TABLE_PAGE_RECORDS);
        place = table->used++;
    }
    table->live++;
    return place;
}

void table_give(struct table *table, uint32_t place)
{
    char *record = table_at(table, place);

    assert(table->live > 0);
    memset(record, 0, table->record_bytes);
    memcpy(record, &table->free_first, sizeof(uint32_t));
    table->free_first = place + 1;
    table->live--;
}

MUST_CHECK status table_shape(struct table *table, uint32_t used, uint32_t live, uint32_t free_first)
{
    if (used > table->max || live > used || free_first > used)
        return (status){ CODE_CORRUPT };
    while ((uint64_t)table->page_count * TABLE_PAGE_RECORDS < used)
        TRY(page_add(table));
    table->used = used;
    table->live = live;
    table->free_first = free_first;
    return OK;
}

MUST_CHECK status table_cover(struct table *table, uint32_t used)
{
    if (used > table->max)
        return (status){ CODE_TOO_LARGE };
    while ((uint64_t)table->page_count * TABLE_PAGE_RECORDS < used)
        TRY(page_add(table));
    if (used > table->used)
        table->used = used;
    return OK;
}
