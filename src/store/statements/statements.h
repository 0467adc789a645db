/*
 * store/statements: every SQL statement of the ledger, as text, with the types of its parameters and columns.
 *
 * The text is one for all engines. It keeps to what SQLite and PostgreSQL both read: `$1, $2, …` whose first uses
 * ascend (SQLite numbers a name when it first meets it), whole numbers as BIGINT, bytes as BLOB or BYTEA, and
 * ON CONFLICT. No SQL is put together at run time. tests/unit/test_statements.c prepares each on both engines and
 * compares the types. Beginning and ending a transaction differ between engines and belong to db.h.
 */
#ifndef STORE_STATEMENTS_STATEMENTS_H
#define STORE_STATEMENTS_STATEMENTS_H

#define SQL_PARAMETERS_MAX 5
#define SQL_COLUMNS_MAX    4

enum sql_type {
    SQL_NONE, /* ends a list of types */
    SQL_INTEGER,
    SQL_BYTES,
    SQL_TEXT, /* UTF-8 without NUL */
};

enum statement {
    STATEMENT_FACT_READ,
    STATEMENT_FACT_WRITE,
    STATEMENT_FACTS_READ,
    STATEMENT_HEAD_CREATE,
    STATEMENT_HEAD_READ,
    STATEMENT_HEAD_WRITE,
    STATEMENT_ENTRIES_READ,
    STATEMENT_ENTRIES_LAST,
    STATEMENT_ENTRIES_WRITE,
    STATEMENT_TILE_READ,
    STATEMENT_TILE_WRITE,
    STATEMENT_TILE_MEND,
    STATEMENT_TILES_READ,
    STATEMENT_TILES_CUT,
    STATEMENT_PRIVATE_READ,
    STATEMENT_PRIVATE_LAST,
    STATEMENT_PRIVATE_WRITE,
    STATEMENT_ALIASES_READ,
    STATEMENT_ALIAS_WRITE,
    STATEMENT_COUNT
};

struct statement_text {
    const char *name; /* for messages */
    const char *sql;
    enum sql_type parameters[SQL_PARAMETERS_MAX + 1];
    enum sql_type columns[SQL_COLUMNS_MAX + 1];
};

extern const struct statement_text statements[STATEMENT_COUNT];

#endif
