/*
 * cli/listing: rows of an answer as a table for people: one column for each named member, as wide as its widest value.
 * Wide texts are cut, with "…", since they have a `show` of their own. Bounded by what an answer may hold.
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "base/arena.h"
#include "codec/json_doc.h"

#define LISTING_COLUMNS_MAX 12
#define LISTING_ROWS_MAX    (1u << 20)
#define LISTING_CELL_MAX    64 /* characters */

/* Zeroed, with `columns` and arena.max_bytes set, it is ready. */
struct listing {
    const char *columns; /* names of members, separated by one space */
    struct arena arena;
    struct str *cells; /* row by row */
    size_t row_count;
    size_t row_capacity;
};

void listing_free(struct listing *listing);
/* CODE_TOO_LARGE or CODE_NO_MEMORY. */
MUST_CHECK status listing_add(struct listing *listing, struct json_node row);
/* The heading and all rows; nothing when there is no row. */
void listing_print(const struct listing *listing);
/* One object: a line for each of its members that has a value, down to one level of lists. */
void object_print(struct json_node object, const char *members);

/* Whether the row fits NAME=VALUE, NAME!=VALUE or NAME~PART. CODE_INVALID when the filter is none of these. */
MUST_CHECK status where_fits(struct str filter, struct json_node row, bool *ret_fits, struct err *err);

#endif
