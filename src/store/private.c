/*
 * store/private: reading what leaves only commit to, and aliases (P8). A reader's thread.
 */
#include <assert.h>
#include <string.h>

#include "store/parts.h"
#include "store/row.h"

/* Aliases are read in pages, so that no read keeps the log from being folded for long. */
#define ALIASES_PAGE 4096

/* ---- Private texts ---- */

/* Which entries are wanted: `count` indexes that ascend, or first … end - 1 when there are none. */
struct wanted {
    uint64_t first;
    uint64_t end;
    const uint64_t *indexes;
    size_t count;
};

/* Takes the index off the list, with those before it; they have been passed over. */
static bool is_wanted(struct wanted *wanted, uint64_t index)
{
    if (!wanted->indexes)
        return index >= wanted->first && index < wanted->end;
    while (wanted->count && *wanted->indexes < index) {
        wanted->indexes++;
        wanted->count--;
    }
    return wanted->count && *wanted->indexes == index;
}

static status visit_items(struct wanted *wanted, const struct query *query, const struct store_private_visitor *visitor,
                          struct err *err)
{
    uint64_t first = (uint64_t)query->columns[0].integer;
    int64_t count = query->columns[1].integer;
    struct str rest = query->columns[2].bytes;
    struct store_private item = { 0 };
    uint64_t next = first;
    uint64_t next_place = first * ROW_PARTS_MAX; /* items ascend by index and part */

    for (int64_t i = 0; i < count; i++) {
        if (!row_take_private(&rest, first, &item) || item.part >= ROW_PARTS_MAX ||
            item.index * ROW_PARTS_MAX + item.part < next_place)
            return err_set(err, CODE_CORRUPT, "the private text of entry %lu or one soon after it is damaged",
                           (unsigned long)next);
        next = item.index + 1;
        next_place = item.index * ROW_PARTS_MAX + item.part + 1;
        if (is_wanted(wanted, item.index))
            TRY(visitor->visit(visitor->context, &item, err));
    }
    if (rest.len)
        return err_set(err, CODE_CORRUPT, "the private text of entry %lu has %zu bytes too many",
                       (unsigned long)(next - 1), rest.len);
    return OK;
}

/* Rows that can hold entries first … end - 1. */
static status visit_rows(struct db *db, struct wanted *wanted, const struct store_private_visitor *visitor,
                         struct err *err)
{
    struct sql_value values[] = { sql_index(wanted->first), sql_index(wanted->end) };
    AUTO(struct query, query_end) query = { 0 };
    bool row = false;

    TRY(query_start(db, STATEMENT_PRIVATE_READ, values, &query, err));
    for (;;) {
        TRY(query_next(&query, &row, err));
        if (!row)
            return OK;
        TRY(visit_items(wanted, &query, visitor, err));
    }
}

status store_private_read(struct store_reader *reader, uint64_t first, uint64_t end,
                          const struct store_private_visitor *visitor, struct err *err)
{
    struct wanted wanted = { .first = first, .end = end };
    AUTO(struct read, read_end) read = { 0 };

    TRY(read_begin(reader, &read, err));
    return visit_rows(read.db, &wanted, visitor, err);
}

/* One run of entries after the other: those wanted of one run are in one read of few rows. */
status store_private_find(struct store_reader *reader, const uint64_t *indexes, size_t count,
                          const struct store_private_visitor *visitor, struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };
    size_t i = 0;

    TRY(read_begin(reader, &read, err));
    while (i < count) {
        uint64_t run_end = row_run_end(indexes[i]);
        struct wanted wanted = { .first = indexes[i], .indexes = indexes + i };

        for (; i < count && indexes[i] < run_end; i++) {
            assert(wanted.count == 0 || indexes[i] > indexes[i - 1]);
            wanted.count++;
        }
        wanted.end = indexes[i - 1] + 1;
        TRY(visit_rows(read.db, &wanted, visitor, err));
    }
    return OK;
}

/* ---- Aliases ---- */

static uint64_t read_u64(const char *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | (uint8_t)at[i];
    return number;
}

static status visit_alias(const struct query *query, const struct store_alias_visitor *visitor, struct err *err)
{
    struct str id = query->columns[0].bytes;
    struct store_alias alias = { .kind = query->columns[1].integer, .text = query->columns[2].bytes };

    if (id.len != STORE_ID_BYTES)
        return err_set(err, CODE_CORRUPT, "an alias has an id of %zu bytes", id.len);
    alias.id = (struct id){ .hi = read_u64(id.at), .lo = read_u64(id.at + 8) };
    return visitor->visit(visitor->context, &alias, err);
}

/* The id of the alias visited last; len 0 before the first. */
struct place {
    char id[STORE_ID_BYTES];
    size_t len;
};

static status visit_page(struct db *db, struct place *place, const struct store_alias_visitor *visitor, bool *ret_more,
                         struct err *err)
{
    const struct place after = *place;
    struct sql_value values[] = { sql_bytes((struct str){ after.id, after.len }), sql_integer(ALIASES_PAGE) };
    AUTO(struct query, query_end) query = { 0 };
    size_t count = 0;
    bool row = true;

    TRY(query_start(db, STATEMENT_ALIASES_READ, values, &query, err));
    for (;; count++) {
        TRY(query_next(&query, &row, err));
        if (!row)
            break;
        TRY(visit_alias(&query, visitor, err));
        memcpy(place->id, query.columns[0].bytes.at, sizeof place->id);
        place->len = sizeof place->id;
    }
    *ret_more = count == ALIASES_PAGE;
    return OK;
}

status store_aliases_read(struct store_reader *reader, const struct store_alias_visitor *visitor, struct err *err)
{
    AUTO(struct read, read_end) read = { 0 };
    struct place place = { 0 };
    bool more = true;

    TRY(read_begin(reader, &read, err));
    while (more)
        TRY(visit_page(read.db, &place, visitor, &more, err));
    return OK;
}
