/*
 * api/query: every query parameter there is, in one table; a route says which of them it takes. Unknown, repeated and
 * malformed ones are refused by name.
 */
#ifndef API_QUERY_H
#define API_QUERY_H

#include "http/exchange.h"

enum query {
    QUERY_DRY_RUN,
    QUERY_AFTER, /* a list's cursor */
    QUERY_SINCE, /* "after" of the audit log: an index */
    QUERY_LIMIT,
    QUERY_MIN_INDEX,
    QUERY_ALL,
    QUERY_WAIT_S,
    QUERY_FEATURE,
    QUERY_QUANTITY,
    QUERY_HEAD,
    QUERY_FROM,
    QUERY_TO,
    QUERY_COUNT
};
#define QUERY(name) (1u << QUERY_##name)

enum query_kind { QUERY_IS_BOOL, QUERY_IS_INT, QUERY_IS_TEXT };

struct query_row {
    const char *name;
    enum query_kind kind;
    int64_t min; /* of a number, or of the bytes of a text */
    int64_t max;
    const char *about;
};
extern const struct query_row query_rows[QUERY_COUNT];

struct query_values {
    unsigned has;
    int64_t numbers[QUERY_COUNT]; /* a bool is 0 or 1 */
    struct str texts[QUERY_COUNT];
};

/* Reads the request's whole query; `allowed` are the bits that its route takes. CODE_INVALID names the parameter. */
MUST_CHECK status query_read(struct exchange *exchange, unsigned allowed, struct query_values *ret_values,
                             struct err *err);

#endif
