#include "cli/id_table.h"

static const struct id *id_at(const void *owner, uint32_t place)
{
    return table_at(&((const struct id_table *)owner)->records, place);
}

static uint64_t place_hash(const void *owner, uint32_t place)
{
    return id_hash(*id_at(owner, place));
}

static bool place_equals(const void *owner, uint32_t place, const void *key)
{
    return id_eq(*id_at(owner, place), *(const struct id *)key);
}

static const struct map_kind kind = { place_hash, place_equals };

struct id_table id_table_of(uint32_t record_bytes, uint32_t max)
{
    return (struct id_table){ .records = table_of(record_bytes, max) };
}

void id_table_free(struct id_table *table)
{
    map_free(&table->by_id);
    table_free(&table->records);
}

static uint32_t find(const struct id_table *table, struct id id)
{
    return table->by_id.count ? map_find(&table->by_id, &kind, table, id_hash(id), &id) : MAP_NONE;
}

void *id_table_find(const struct id_table *table, struct id id)
{
    uint32_t place = find(table, id);

    return place == MAP_NONE ? NULL : table_at(&table->records, place);
}

status id_table_add(struct id_table *table, struct id id, void **ret_record)
{
    uint32_t place;

    TRY(table_reserve(&table->records, 1));
    TRY(map_reserve(&table->by_id, &kind, table, 1));
    place = table_take(&table->records);
    *(struct id *)table_at(&table->records, place) = id;
    map_put(&table->by_id, id_hash(id), place);
    *ret_record = table_at(&table->records, place);
    return OK;
}

void id_table_remove(struct id_table *table, struct id id)
{
    uint32_t place = find(table, id);

    map_remove(&table->by_id, &kind, table, place);
    table_give(&table->records, place);
}
