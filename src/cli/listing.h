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
/* The heading and all rows. Without a row it prints nothing, which is what programs count. */
void listing_print(const struct listing *listing);
/* One object: a line for each of its members that has a value, down to one level of lists. */
void object_print(struct json_node object, const char *members);

/* A filter of rows: NAME=VALUE, NAME!=VALUE or NAME~PART. */
struct where {
    struct str name;
    struct str value;
    bool differs; /* != */
    bool is_part; /* ~ */
};

/* CODE_INVALID when it is none of these, or names none of the members (separated by one space). */
MUST_CHECK status where_read(struct str filter, const char *members, struct where *ret_where, struct err *err);
bool where_fits(const struct where *where, struct json_node row);

#endif
