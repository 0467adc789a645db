/*
 * store/db: one connection to a ledger's database: statements by number, values by type, transactions.
 *
 * This is the seam between the rules of the store and an engine: append.c, reader.c, entries.c and private.c know
 * nothing else of it. sqlite.c implements it; a second engine is a second file that does. How a connection is opened is
 * the engine's own (sqlite.h).
 *
 * It refuses to build SQL and to convert: a value of another type than the statement's table says is a programmer's
 * error when it goes in and CODE_CORRUPT when it comes out. One thread at a time for each connection.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/statements/statements.h"

struct db;

struct sql_value {
    enum sql_type type;
    int64_t integer;
    struct str bytes; /* SQL_BYTES and SQL_TEXT */
};

static inline struct sql_value sql_integer(int64_t number)
{
    return (struct sql_value){ .type = SQL_INTEGER, .integer = number };
}
/* For indexes and sizes, which stay below 2^63 (TREE_MAX_LEAVES); a larger bound means "no bound" and is cut. */
static inline struct sql_value sql_index(uint64_t number)
{
    return sql_integer(number > INT64_MAX ? INT64_MAX : (int64_t)number);
}
static inline struct sql_value sql_bytes(struct str bytes)
{
    return (struct sql_value){ .type = SQL_BYTES, .bytes = bytes };
}
static inline struct sql_value sql_text(struct str text)
{
    return (struct sql_value){ .type = SQL_TEXT, .bytes = text };
}

void db_close(struct db *db); /* accepts NULL; rolls back what is under way */
static inline void db_free(struct db **db)
{
    db_close(*db);
}

/* For writing, at once, so that it can't turn out later that somebody else writes. */
MUST_CHECK status db_begin(struct db *db, struct err *err);
/* A failure means that nobody knows whether it happened. */
MUST_CHECK status db_commit(struct db *db, struct err *err);
/* Can't fail so that it matters: what is not committed is not there. Does nothing outside a transaction. */
void db_rollback(struct db *db);

/* Runs a statement without columns. *ret_changed, if wanted, is the number of rows it changed. */
MUST_CHECK status db_run(struct db *db, enum statement id, const struct sql_value *values, int64_t *ret_changed,
                         struct err *err);

/* A statement under way. Its columns live until the next query_next or query_end. */
struct query {
    struct db *db;
    enum statement id;
    struct sql_value columns[SQL_COLUMNS_MAX];
};

/* The values' bytes must live as long as the query. A statement can't be under way twice on one connection. */
MUST_CHECK status query_start(struct db *db, enum statement id, const struct sql_value *values, struct query *ret_query,
                              struct err *err);
/* *ret_row is false after the last row. */
MUST_CHECK status query_next(struct query *query, bool *ret_row, struct err *err);
void query_end(struct query *query); /* accepts a zeroed one */

#endif
