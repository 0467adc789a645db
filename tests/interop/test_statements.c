/*
 * store/statements: each statement is prepared by SQLite and by a real PostgreSQL, has there the types that the table
 * says, and does the same on both.
 */
#include "store/statements/statements.h"

#include <sqlite3.h>

#include "base/memory.h"
#include "postgres_server.h"
#include "store/schema/schema.h"

/* Object ids of pg_type that never change. */
#define PG_BYTEA 17
#define PG_INT8  20
#define PG_TEXT  25

#define TEXT_MAX        65536
#define VALUE_MAX_BYTES 8192

static const char *const sqlite_types[] = { [SQL_INTEGER] = "INTEGER", [SQL_BYTES] = "BLOB", [SQL_TEXT] = "TEXT" };
static const Oid pg_types[] = { [SQL_INTEGER] = PG_INT8, [SQL_BYTES] = PG_BYTEA, [SQL_TEXT] = PG_TEXT };

static int count_types(const enum sql_type *types)
{
    int count = 0;

    while (types[count])
        count++;
    return count;
}

/* ---- Both engines with the schema in them ---- */

struct engines {
    sqlite3 *sqlite;
    sqlite3_stmt *prepared[STATEMENT_COUNT];
    struct postgres postgres;
};

static void engines_close(struct engines *engines)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(engines->prepared[i]);
    (void)sqlite3_close(engines->sqlite);
    pg_close(&engines->postgres);
}

static bool load_postgres_schema(PGconn *connection)
{
    AUTO(struct buf, buf_free) text = { .max = 65536 };
    PGresult *result;
    bool good;

    if (!test_read_file(TALLY_TESTS "/../src/store/schema/0001.postgres.sql", &text))
        return false;
    buf_add_byte(&text, '\0');
    result = PQexec(connection, text.at);
    good = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!good)
        printf("%s\n", PQresultErrorMessage(result));
    PQclear(result);
    return CHECK(good);
}

static void prepare_on_sqlite(struct engines *engines, int id)
{
    if (!CHECK(sqlite3_prepare_v2(engines->sqlite, statements[id].sql, -1, &engines->prepared[id], NULL) == SQLITE_OK))
        printf("%s\n", sqlite3_errmsg(engines->sqlite));
}

static void prepare_on_postgres(struct engines *engines, int id)
{
    PGresult *result = PQprepare(engines->postgres.connection, statements[id].name, statements[id].sql, 0, NULL);

    if (!CHECK(PQresultStatus(result) == PGRES_COMMAND_OK))
        printf("%s\n", PQresultErrorMessage(result));
    PQclear(result);
}

static bool engines_open(struct engines *engines)
{
    CHECK(sqlite3_open(":memory:", &engines->sqlite) == SQLITE_OK);
    if (!CHECK(sqlite3_exec(engines->sqlite, schema_sqlite, NULL, NULL, NULL) == SQLITE_OK) ||
        !pg_open(&engines->postgres) || !load_postgres_schema(engines->postgres.connection))
        return false;
    for (int id = 0; id < STATEMENT_COUNT; id++) {
        CHECKING("%s", statements[id].name);
        prepare_on_sqlite(engines, id);
        prepare_on_postgres(engines, id);
    }
    CHECKING("%s", "all");
    return true;
}

/* ---- Types ---- */

/* SQLite numbers a parameter when it first meets it, so its name must tell that number. */
static void check_types_on_sqlite(sqlite3_stmt *prepared, const struct statement_text *text)
{
    char name[16];

    if (!CHECK_INT(sqlite3_bind_parameter_count(prepared), count_types(text->parameters)) ||
        !CHECK_INT(sqlite3_column_count(prepared), count_types(text->columns)))
        return;
    for (int i = 0; text->parameters[i]; i++) {
        (void)snprintf(name, sizeof name, "$%d", i + 1);
        CHECK_STR(str_of(sqlite3_bind_parameter_name(prepared, i + 1)), str_of(name));
    }
    for (int i = 0; text->columns[i]; i++)
        CHECK_STR(str_of(sqlite3_column_decltype(prepared, i)), str_of(sqlite_types[text->columns[i]]));
}

static void check_types_on_postgres(PGconn *connection, const struct statement_text *text)
{
    PGresult *result = PQdescribePrepared(connection, text->name);

    if (CHECK_INT(PQnparams(result), count_types(text->parameters))) {
        for (int i = 0; text->parameters[i]; i++)
            CHECK_INT(PQparamtype(result, i), pg_types[text->parameters[i]]);
    }
    if (CHECK_INT(PQnfields(result), count_types(text->columns))) {
        for (int i = 0; text->columns[i]; i++)
            CHECK_INT(PQftype(result, i), pg_types[text->columns[i]]);
    }
    PQclear(result);
}

/* ---- Running: numbers in decimal, bytes as "\x" and hex digits (PostgreSQL's form), rows ended by ";" ---- */

static void run_on_postgres(struct engines *engines, enum statement id, const char *const *values, struct buf *ret_text)
{
    PGresult *result = PQexecPrepared(engines->postgres.connection, statements[id].name,
                                      count_types(statements[id].parameters), values, NULL, NULL, 0);

    buf_clear(ret_text);
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        buf_add_format(ret_text, "%s changed", PQcmdTuples(result));
    else if (PQresultStatus(result) != PGRES_TUPLES_OK)
        buf_add(ret_text, STR("refused"));
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < PQnfields(result); i++)
            buf_add_format(ret_text, "%s%s", i ? "," : "", PQgetvalue(result, row, i));
        buf_add_byte(ret_text, ';');
    }
    PQclear(result);
}

static int bind_on_sqlite(sqlite3_stmt *prepared, int place, enum sql_type type, const char *value)
{
    char bytes[VALUE_MAX_BYTES];
    size_t len = 0;

    if (type == SQL_INTEGER)
        return sqlite3_bind_int64(prepared, place, strtoll(value, NULL, 10));
    if (type == SQL_TEXT)
        return sqlite3_bind_text(prepared, place, value, -1, SQLITE_TRANSIENT);
    for (const char *at = value + 2; *at && len < sizeof bytes; at += 2)
        bytes[len++] = (char)strtol((char[]){ at[0], at[1], '\0' }, NULL, 16);
    return sqlite3_bind_blob64(prepared, place, bytes, len, SQLITE_TRANSIENT);
}

static void add_sqlite_value(struct buf *text, sqlite3_stmt *prepared, int place)
{
    const unsigned char *bytes = sqlite3_column_blob(prepared, place);

    if (sqlite3_column_type(prepared, place) != SQLITE_BLOB) {
        buf_add(text, str_of((const char *)sqlite3_column_text(prepared, place)));
        return;
    }
    buf_add(text, STR("\\x"));
    for (int i = 0; i < sqlite3_column_bytes(prepared, place); i++)
        buf_add_format(text, "%02x", bytes[i]);
}

static void run_on_sqlite(struct engines *engines, enum statement id, const char *const *values, struct buf *ret_text)
{
    sqlite3_stmt *prepared = engines->prepared[id];
    int result;

    buf_clear(ret_text);
    for (int i = 0; statements[id].parameters[i]; i++)
        CHECK(bind_on_sqlite(prepared, i + 1, statements[id].parameters[i], values[i]) == SQLITE_OK);
    while ((result = sqlite3_step(prepared)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(prepared); i++) {
            buf_add(ret_text, i ? STR(",") : STR_NONE);
            add_sqlite_value(ret_text, prepared, i);
        }
        buf_add_byte(ret_text, ';');
    }
    if (result != SQLITE_DONE)
        buf_add(ret_text, STR("refused"));
    else if (!statements[id].columns[0])
        buf_add_format(ret_text, "%d changed", sqlite3_changes(engines->sqlite));
    (void)sqlite3_reset(prepared);
}

#define ROOT(digit)                                                                                                    \
    "\\x" digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit  \
        digit digit digit digit digit digit digit digit digit digit digit digit digit digit
#define ID(digit) "\\x" digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit

struct step {
    enum statement id;
    const char *values[SQL_PARAMETERS_MAX];
    const char *want;
};

/* One after the other, on the same data. */
static const struct step steps[] = {
    { STATEMENT_FACT_WRITE, { "origin", "one" }, "1 changed" },
    { STATEMENT_FACT_WRITE, { "origin", "two" }, "1 changed" },
    { STATEMENT_FACT_READ, { "origin" }, "two;" },
    { STATEMENT_FACT_READ, { "vkey" }, "" },
    { STATEMENT_FACT_WRITE, { "created", "then" }, "1 changed" },
    { STATEMENT_FACTS_READ, { NULL }, "created,then;origin,two;" },

    { STATEMENT_HEAD_READ, { NULL }, "" },
    { STATEMENT_HEAD_CREATE, { "0", ROOT("00"), "0", "0" }, "1 changed" },
    { STATEMENT_HEAD_CREATE, { "0", ROOT("00"), "0", "0" }, "refused" },
    { STATEMENT_HEAD_WRITE, { "5", ROOT("aa"), "77", "3", "0" }, "1 changed" },
    { STATEMENT_HEAD_WRITE, { "9", ROOT("bb"), "88", "3", "4" }, "0 changed" }, /* another size */
    { STATEMENT_HEAD_WRITE, { "9", ROOT("bb"), "88", "2", "5" }, "0 changed" }, /* an old epoch */
    { STATEMENT_HEAD_WRITE, { "9", "\\xbb", "88", "4", "5" }, "refused" },      /* a short root */
    { STATEMENT_HEAD_READ, { NULL }, "5," ROOT("aa") ",77,3;" },

    { STATEMENT_ENTRIES_LAST, { NULL }, "" },
    { STATEMENT_ENTRIES_READ, { "0", "10" }, "" },
    { STATEMENT_ENTRIES_WRITE, { "0", "5", "\\x00" }, "1 changed" },
    { STATEMENT_ENTRIES_WRITE, { "5", "251", "\\x01" }, "1 changed" },
    { STATEMENT_ENTRIES_WRITE, { "256", "256", "\\x" }, "1 changed" },
    { STATEMENT_ENTRIES_WRITE, { "256", "1", "\\x" }, "refused" },
    { STATEMENT_ENTRIES_WRITE, { "600", "257", "\\x" }, "refused" },
    { STATEMENT_ENTRIES_LAST, { NULL }, "256,256;" },
    { STATEMENT_ENTRIES_READ, { "0", "2" }, "0,5,\\x00;5,251,\\x01;" },
    { STATEMENT_ENTRIES_READ, { "4", "1" }, "0,5,\\x00;" },
    { STATEMENT_ENTRIES_READ, { "5", "9" }, "5,251,\\x01;256,256,\\x;" },
    { STATEMENT_ENTRIES_READ, { "300", "9" }, "256,256,\\x;" },

    { STATEMENT_PRIVATE_LAST, { NULL }, "" },
    { STATEMENT_PRIVATE_WRITE, { "3", "1", "\\x03" }, "1 changed" },
    { STATEMENT_PRIVATE_WRITE, { "256", "2", "\\x04" }, "1 changed" },
    { STATEMENT_PRIVATE_WRITE, { "600", "2", "\\x05" }, "1 changed" },
    { STATEMENT_PRIVATE_WRITE, { "700", "0", "\\x05" }, "refused" },
    { STATEMENT_PRIVATE_LAST, { NULL }, "600;" },
    { STATEMENT_PRIVATE_READ, { "0", "3" }, "" },
    { STATEMENT_PRIVATE_READ, { "0", "4" }, "3,1,\\x03;" },
    { STATEMENT_PRIVATE_READ, { "100", "101" }, "3,1,\\x03;" },
    { STATEMENT_PRIVATE_READ, { "300", "9223372036854775807" }, "256,2,\\x04;600,2,\\x05;" },

    { STATEMENT_TILE_READ, { "0", "0" }, "" },
    { STATEMENT_TILE_WRITE, { "0", "0", "\\x00" }, "refused" },
    { STATEMENT_TILE_MEND, { "0", "0", "\\x00" }, "refused" },
    { STATEMENT_TILES_READ, { NULL }, "" },
    { STATEMENT_TILES_CUT, { "0", "0" }, "0 changed" },

    { STATEMENT_ALIAS_WRITE, { ID("ff"), "1", "\\xff" }, "1 changed" },
    { STATEMENT_ALIAS_WRITE, { ID("01"), "2", "\\x" }, "1 changed" },
    { STATEMENT_ALIAS_WRITE, { ID("80"), "3", "\\x00" }, "1 changed" },
    { STATEMENT_ALIAS_WRITE, { ID("80"), "3", "\\x00" }, "1 changed" }, /* sealed anew */
    { STATEMENT_ALIAS_WRITE, { "\\x80", "3", "\\x00" }, "refused" },
    { STATEMENT_ALIASES_READ, { "\\x", "2" }, ID("01") ",2,\\x;" ID("80") ",3,\\x00;" },
    { STATEMENT_ALIASES_READ, { ID("80"), "2" }, ID("ff") ",1,\\xff;" },
};

typedef void runner(struct engines *, enum statement, const char *const *, struct buf *);

/* A tile 1/7 is there. */
static void tiles_are_mended_and_cut(struct engines *engines, runner *run, const char *hashes)
{
    AUTO(struct buf, buf_free) got = { .max = TEXT_MAX };

    run(engines, STATEMENT_TILE_MEND, (const char *[]){ "1", "7", hashes }, &got);
    CHECK_STR(buf_str(&got), STR("1 changed"));
    run(engines, STATEMENT_TILE_MEND, (const char *[]){ "1", "8", hashes }, &got);
    CHECK_STR(buf_str(&got), STR("1 changed"));
    run(engines, STATEMENT_TILES_READ, (const char *[]){ NULL }, &got);
    CHECK_STR(buf_str(&got), STR("1,7;1,8;"));
    run(engines, STATEMENT_TILES_CUT, (const char *[]){ "1", "8" }, &got);
    CHECK_STR(buf_str(&got), STR("1 changed"));
    run(engines, STATEMENT_TILES_READ, (const char *[]){ NULL }, &got);
    CHECK_STR(buf_str(&got), STR("1,7;"));
}

static void tiles_are_read_as_written(struct engines *engines)
{
    AUTO(struct buf, buf_free) hex = { .max = TEXT_MAX };
    AUTO(struct buf, buf_free) got = { .max = TEXT_MAX };

    buf_add(&hex, STR("\\x"));
    for (int i = 0; i < 8192; i++)
        buf_add_format(&hex, "%02x", i % 256);
    buf_add_byte(&hex, '\0');
    for (int engine = 0; engine < 2; engine++) {
        runner *run = engine ? run_on_postgres : run_on_sqlite;

        run(engines, STATEMENT_TILE_WRITE, (const char *[]){ "1", "7", hex.at }, &got);
        CHECK_STR(buf_str(&got), STR("1 changed"));
        run(engines, STATEMENT_TILE_READ, (const char *[]){ "1", "7" }, &got);
        CHECK_STR(str_cut(buf_str(&got), 0, got.len - 1), str_of(hex.at));
        tiles_are_mended_and_cut(engines, run, hex.at);
    }
}

/* One server for all, because it takes longer to start than everything else. */
static void every_statement_has_its_types_and_does_the_same_on_both_engines(void)
{
    AUTO(struct engines, engines_close) engines = { 0 };
    AUTO(struct buf, buf_free) got = { .max = TEXT_MAX };
    bool ran[STATEMENT_COUNT] = { false };

    if (!engines_open(&engines))
        return;
    for (int id = 0; id < STATEMENT_COUNT; id++) {
        CHECKING("%s", statements[id].name);
        check_types_on_sqlite(engines.prepared[id], &statements[id]);
        check_types_on_postgres(engines.postgres.connection, &statements[id]);
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        CHECKING("step %zu, %s", i, statements[steps[i].id].name);
        run_on_sqlite(&engines, steps[i].id, steps[i].values, &got);
        CHECK_STR(buf_str(&got), str_of(steps[i].want));
        run_on_postgres(&engines, steps[i].id, steps[i].values, &got);
        CHECK_STR(buf_str(&got), str_of(steps[i].want));
        ran[steps[i].id] = true;
    }
    tiles_are_read_as_written(&engines);
    for (int id = 0; id < STATEMENT_COUNT; id++) {
        CHECKING("%s", statements[id].name);
        CHECK(ran[id]);
    }
}

static const struct test tests[] = {
    TEST(every_statement_has_its_types_and_does_the_same_on_both_engines),
};
TEST_MAIN(tests)
