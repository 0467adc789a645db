/*
 * cli/id_table: records that are found by an id, for programs that read a ledger through: pools, leases, chains.
 *
 * A record is a struct that begins with its struct id. Bounded by the maximum given; records stay where they are.
 */
#ifndef CLI_ID_TABLE_H
#define CLI_ID_TABLE_H

#include "base/map.h"
#include "base/table.h"
#include "codec/typeid.h"

struct id_table {
    struct table records;
    struct map by_id;
};

struct id_table id_table_of(uint32_t record_bytes, uint32_t max);
void id_table_free(struct id_table *table);
/* NULL when there is none. */
void *id_table_find(const struct id_table *table, struct id id);
/* A zeroed record with that id, which must not be there. CODE_NO_MEMORY, CODE_TOO_LARGE. */
MUST_CHECK status id_table_add(struct id_table *table, struct id id, void **ret_record);
/* That id must be there. */
void id_table_remove(struct id_table *table, struct id id);

#endif
