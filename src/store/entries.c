/*
 * store/entries: reading the leaves of a range, row by row. A reader's thread.
 *
 * The rows must follow each other without a gap, and each must hold as many entries as it says: what does not is
 * CODE_CORRUPT and named by the entry where it begins.
 */
#include "store/parts.h"
#include "store/row.h"

/* A read under way: what is wanted, and where it is. */
struct walk {
    const struct store_range *range;
    const struct store_entry_visitor *visitor;
    uint64_t next; /* the index to be visited */
    size_t bytes;  /* of the leaves visited */
};

static bool is_over(const struct walk *walk)
{
    return walk->next - walk->range->first >= walk->range->max_count || walk->bytes >= walk->range->max_bytes;
}

static status visit(struct walk *walk, struct str leaf, struct err *err)
{
    TRY(walk->visitor->visit(walk->visitor->context, walk->next, leaf, err));
    walk->next++;
    walk->bytes += leaf.len;
    return OK;
}

/* Entries of the row before the range are only stepped over. */
static status visit_row(struct walk *walk, uint64_t first, uint64_t count, struct str bundle, struct err *err)
{
    struct str leaf = STR_NONE;

    for (uint64_t index = first; index < first + count; index++) {
        if (bundle_take(&bundle, &leaf, NULL).code)
            return err_set(err, CODE_CORRUPT, "entry %lu: the row that begins at %lu is cut short",
                           (unsigned long)index, (unsigned long)first);
        if (index < walk->next)
            continue;
        if (is_over(walk))
            return OK;
        TRY(visit(walk, leaf, err));
    }
    if (bundle.len)
        return err_set(err, CODE_CORRUPT, "entry %lu: the row that begins at %lu has %zu bytes more than its entries",
                       (unsigned long)(first + count - 1), (unsigned long)first, bundle.len);
    return OK;
}

static status missing(uint64_t index, struct err *err)
{
    return err_set(err, CODE_CORRUPT, "entry %lu is missing", (unsigned long)index);
}

/* The row must hold the next entry; only the first row of a read may begin before it. */
static status take_row(struct walk *walk, const struct query *query, struct err *err)
{
    int64_t first = query->columns[0].integer;
    int64_t count = query->columns[1].integer;
    bool fits = first >= 0 && count > 0 && count <= BUNDLE_MAX_ENTRIES && first <= INT64_MAX - count;

    if (!fits || (uint64_t)first > walk->next || (uint64_t)(first + count) <= walk->next)
        return missing(walk->next, err);
    if ((uint64_t)first < walk->next && walk->next != walk->range->first)
        return err_set(err, CODE_CORRUPT, "entry %ld is stored twice", (long)first);
    return visit_row(walk, (uint64_t)first, (uint64_t)count, query->columns[2].bytes, err);
}

static status walk_rows(struct walk *walk, struct db *db, uint64_t size, struct err *err)
{
    struct sql_value values[] = { sql_index(walk->range->first), sql_index(walk->range->max_count) };
    AUTO(struct query, query_end) query = { 0 };
    bool row = false;

    TRY(query_start(db, STATEMENT_ENTRIES_READ, values, &query, err));
    while (!is_over(walk) && walk->next < size) {
        TRY(query_next(&query, &row, err));
        if (!row)
            return missing(walk->next, err);
        TRY(take_row(walk, &query, err));
    }
    return OK;
}

status store_entries_read(struct store_reader *reader, const struct store_range *range,
                          const struct store_entry_visitor *visitor, uint64_t *ret_next, struct err *err)
{
    struct walk walk = { .range = range, .visitor = visitor, .next = range->first };
    AUTO(struct read, read_end) read = { 0 };
    struct store_head head = { 0 };

    TRY(read_begin(reader, &read, err));
    TRY(head_row_read(read.db, &head, err));
    TRY(walk_rows(&walk, read.db, head.size, err));
    *ret_next = walk.next;
    return OK;
}
