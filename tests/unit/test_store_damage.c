/*
 * store: a row that was torn or edited is an error that names the entry, and never a crash; so is a file that is not a
 * ledger.
 */
#include <fcntl.h>
#include <sqlite3.h>

#include "store/row.h"
#include "store/store.h"
#include "store_world.h"

#define LEDGER_ENTRIES   1000
#define FLIP_ROUNDS      300
#define LEDGER_MAX_BYTES ((size_t)16 * 1024 * 1024)

/* A closed ledger of rows 0…255, 256…511, 512…767, 768…999. */
static struct world closed_world(void)
{
    struct world world = world_new();

    CHECK_OK(world_append(&world, LEDGER_ENTRIES, NULL));
    world_close(&world);
    return world;
}

static void write_file(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(write(fd, text, len) == (ssize_t)len);
    CHECK(close(fd) == 0);
}

/* Puts the undamaged ledger back, without what an edit may have left beside it. */
static void restore(const struct world *world, const struct buf *whole)
{
    (void)unlink(world_path(world, "ledger.db-wal"));
    (void)unlink(world_path(world, "ledger.db-shm"));
    write_file(world_path(world, "ledger.db"), whole->at, whole->len);
}

static void edit(const struct world *world, const char *sql)
{
    sqlite3 *connection = NULL;
    char *text = NULL;

    CHECK(sqlite3_open(world_path(world, "ledger.db"), &connection) == SQLITE_OK);
    CHECK(sqlite3_exec(connection, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL) == SQLITE_OK);
    if (!CHECK(sqlite3_exec(connection, sql, NULL, NULL, &text) == SQLITE_OK))
        printf("%s: %s\n", sql, text);
    sqlite3_free(text);
    CHECK(sqlite3_close(connection) == SQLITE_OK);
}

static status pass_leaf(void *context, uint64_t index, struct str leaf, struct err *err)
{
    (void)context;
    (void)index;
    (void)leaf;
    (void)err;
    return OK;
}
static status pass_private(void *context, const struct store_private *item, struct err *err)
{
    (void)context;
    (void)item;
    (void)err;
    return OK;
}
static status pass_alias(void *context, const struct store_alias *alias, struct err *err)
{
    (void)context;
    (void)alias;
    (void)err;
    return OK;
}

/* Everything there is to read, up to the first error. */
static status read_all(struct store_reader *reader, struct err *err)
{
    struct store_entry_visitor on_entry = { pass_leaf, NULL };
    struct store_private_visitor on_private = { pass_private, NULL };
    struct store_alias_visitor on_alias = { pass_alias, NULL };
    struct store_range range = { 0, LEDGER_ENTRIES + 10, SIZE_MAX };
    uint8_t hashes[TILE_BYTES];
    struct store_head head = { 0 };
    uint64_t next = 0;

    TRY(store_head_read(reader, &head, err));
    TRY(store_entries_read(reader, &range, &on_entry, &next, err));
    TRY(store_private_read(reader, 0, UINT64_MAX, &on_private, err));
    TRY(store_aliases_read(reader, &on_alias, err));
    for (uint64_t n = 0; n < LEDGER_ENTRIES / TILE_WIDTH; n++)
        TRY(store_tile_read(reader, 0, n, hashes, err));
    return OK;
}

static status open_and_read_all(const struct world *world, struct err *err)
{
    struct store_reader *reader = NULL;
    status s = store_reader_open_path(world->dir, &reader, err);

    if (!s.code)
        s = read_all(reader, err);
    store_reader_close(reader);
    return s;
}

static void a_damaged_row_is_an_error_that_names_the_entry(void)
{
    static const struct {
        const char *sql;
        const char *text;
    } cases[] = {
        { "UPDATE entries SET bundle = substr(bundle, 1, length(bundle) - 1) WHERE first_index = 256",
          "entry 511: the row that begins at 256 is cut short" },
        { "UPDATE entries SET bundle = x'' WHERE first_index = 512", "entry 512: " },
        { "UPDATE entries SET bundle = x'00' WHERE first_index = 512", "entry 512: " },
        { "UPDATE entries SET bundle = CAST(bundle || x'00' AS BLOB) WHERE first_index = 0", "entry 255: " },
        { "UPDATE entries SET bundle = zeroblob(length(bundle)) WHERE first_index = 0", "entry 255: " },
        { "UPDATE entries SET entry_count = 255 WHERE first_index = 0", "entry 254: " },
        { "UPDATE entries SET entry_count = 257 WHERE first_index = 0", "entry 0 is missing" },
        { "UPDATE entries SET entry_count = 0 WHERE first_index = 256", "entry 256 is missing" },
        { "UPDATE entries SET entry_count = -1 WHERE first_index = 256", "entry 256 is missing" },
        { "UPDATE entries SET first_index = -1 WHERE first_index = 0", "entry 0 is missing" },
        { "UPDATE entries SET first_index = 9223372036854775807 WHERE first_index = 768", "entry 768 is missing" },
        { "UPDATE entries SET first_index = 513 WHERE first_index = 512", "entry 512 is missing" },
        { "DELETE FROM entries WHERE first_index = 256", "entry 256 is missing" },
        { "DELETE FROM entries WHERE first_index = 768", "entry 768 is missing" },
        { "DELETE FROM entries", "entry 0 is missing" },
        { "INSERT INTO entries SELECT 300, entry_count, bundle FROM entries WHERE first_index = 256",
          "entry 300 is stored twice" },
        { "UPDATE private_texts SET items = x'' WHERE first_index > 255", "the private text of entry 2" },
        { "UPDATE private_texts SET items = CAST(items || x'00' AS BLOB)", "bytes too many" },
        { "UPDATE private_texts SET items = CAST(x'ffff' || substr(items, 3) AS BLOB)", "is damaged" },
        { "UPDATE private_texts SET item_count = 9223372036854775807", "is damaged" },
        { "UPDATE private_texts SET item_count = 1", "bytes too many" },
        { "UPDATE tiles SET hashes = substr(hashes, 1, 8191) WHERE number = 1", "tile 0/1 has 8191 bytes" },
        { "UPDATE tiles SET hashes = x''", "tile 0/0 has 0 bytes" },
        { "UPDATE aliases SET id = substr(id, 1, 15)", "an alias has an id of 15 bytes" },
        { "UPDATE head SET root = x''", "no head" },
        { "UPDATE head SET size = -1", "no head" },
        { "DELETE FROM head", "no head" },
        { "DROP TABLE head; CREATE TABLE head (id, size, root, time_ms, epoch);"
          "INSERT INTO head VALUES (1, 1000, NULL, 0, 0)",
          "column 2 of head_read has the wrong type" },
        { "DROP TABLE head; CREATE VIEW head AS SELECT 1 AS id, 1 AS size", "no such column" },
        { "DROP TABLE entries", "no such table: entries" },
        { "UPDATE facts SET value = 'one' WHERE name = 'schema'", "\"one\" is not the number of a schema" },
        { "DELETE FROM facts", "no fact named schema" },
    };

    AUTO(struct buf, buf_free) whole = { .max = LEDGER_MAX_BYTES };
    AUTO(struct world, world_free) world = closed_world();

    if (!test_read_file(world_path(&world, "ledger.db"), &whole))
        return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { 0 };

        CHECKING("%s", cases[i].sql);
        restore(&world, &whole);
        CHECK_OK(open_and_read_all(&world, &err));
        edit(&world, cases[i].sql);
        CHECK(open_and_read_all(&world, &err).code != CODE_OK);
        if (!CHECK(str_find_str(str_of(err.text), str_of(cases[i].text)) < strlen(err.text)))
            printf("the text is: %s\n", err.text);
    }
}

static void a_head_and_entries_that_disagree_are_found_when_opening(void)
{
    static const char *const edits[] = { "UPDATE head SET size = 1001", "UPDATE head SET size = 999",
                                         "DELETE FROM entries WHERE first_index = 768", "DELETE FROM entries",
                                         "UPDATE entries SET entry_count = 231 WHERE first_index = 768" };

    AUTO(struct buf, buf_free) whole = { .max = LEDGER_MAX_BYTES };
    AUTO(struct world, world_free) world = closed_world();

    if (!test_read_file(world_path(&world, "ledger.db"), &whole))
        return;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct err err = { 0 };

        CHECKING("%s", edits[i]);
        restore(&world, &whole);
        edit(&world, edits[i]);
        CHECK_CODE(store_open(world.dir, &world.store, &err), CODE_CORRUPT);
        CHECK(str_find_str(str_of(err.text), STR("entries, and has")) < strlen(err.text));
    }
}

static void a_newer_schema_is_refused_and_left_alone(void)
{
    AUTO(struct world, world_free) world = closed_world();
    struct err err = { 0 };

    edit(&world, "UPDATE facts SET value = '2' WHERE name = 'schema'");
    CHECK_CODE(store_open(world.dir, &world.store, &err), CODE_INVALID);
    CHECK(str_find_str(str_of(err.text), STR("has schema 2, this program knows 1")) < strlen(err.text));
    CHECK_CODE(store_reader_open_path(world.dir, &world.reader, &err), CODE_INVALID);
    edit(&world, "UPDATE facts SET value = '1' WHERE name = 'schema'");
    if (world_open(&world))
        world_check(world.reader, LEDGER_ENTRIES);
}

static void a_file_that_is_no_ledger_is_refused(void)
{
    static char noise[40000];
    static const struct {
        const char *what;
        size_t len;
        enum code code;
    } cases[] = {
        { "empty", 0, CODE_CORRUPT },
        { "a few bytes", 7, CODE_CORRUPT },
        { "many bytes", sizeof noise, CODE_CORRUPT },
    };
    AUTO(struct world, world_free) world = closed_world();

    memset(noise, 'x', sizeof noise);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECKING("%s", cases[i].what);
        write_file(world_path(&world, "ledger.db"), noise, cases[i].len);
        CHECK_CODE(store_open(world.dir, &world.store, NULL), cases[i].code);
        CHECK_CODE(store_reader_open_path(world.dir, &world.reader, NULL), cases[i].code);
        CHECK_CODE(store_reader_open_path(world_path(&world, "ledger.db"), &world.reader, NULL), cases[i].code);
    }
    CHECK_CODE(store_reader_open_path("/nowhere", &world.reader, NULL), CODE_NOT_FOUND);
    CHECK_CODE(store_reader_open_path(world_parent(), &world.reader, NULL), CODE_NOT_FOUND);
    CHECK_CODE(store_open("/nowhere", &world.store, NULL), CODE_NOT_FOUND);
}

/* Damage below the rows: what SQLite notices is an error, what it does not is for the hashes. */
static void flipped_bytes_anywhere_in_the_file_never_crash_a_reader(void)
{
    AUTO(struct buf, buf_free) whole = { .max = LEDGER_MAX_BYTES };
    struct entropy random = entropy_from_seed(test_seed());
    AUTO(struct world, world_free) world = closed_world();
    int noticed = 0;

    if (!test_read_file(world_path(&world, "ledger.db"), &whole))
        return;
    for (int round = 0; round < FLIP_ROUNDS; round++) {
        AUTO(struct buf, buf_free) flipped = { .max = whole.max };
        size_t len = round % 10 ? whole.len : (size_t)entropy_below(&random, whole.len);
        struct err err = { 0 };

        buf_add(&flipped, str_cut(buf_str(&whole), 0, len));
        for (uint64_t flips = 1 + entropy_below(&random, 8); flips && len; flips--)
            flipped.at[entropy_below(&random, len)] ^= (char)(1 << entropy_below(&random, 8));
        write_file(world_path(&world, "ledger.db"), flipped.at, len);
        noticed += open_and_read_all(&world, &err).code != CODE_OK;
    }
    CHECK(noticed > 0);
}

static void only_the_bytes_of_a_row_are_a_row(void)
{
    AUTO(struct buf, buf_free) row = { .max = ROW_MAX_BYTES };
    struct store_private item = { .index = 511, .part = 1, .text = STR("text") };
    struct store_private got = { 0 };
    struct str rest;

    row_add_private(&row, 256, &item);
    CHECK_OK(row.status);
    for (size_t len = 0; len < row.len; len++) {
        rest = str_cut(buf_str(&row), 0, len);
        CHECK(!row_take_private(&rest, 256, &got));
        CHECK_INT(rest.len, len);
    }
    rest = buf_str(&row);
    CHECK(!row_take_private(&rest, 257, &got)); /* 512 is in another run */
    CHECK(row_take_private(&rest, 256, &got));
    CHECK_INT(rest.len, 0);
    CHECK_INT(got.index, 511);
    CHECK_STR(got.text, STR("text"));
    CHECK_INT(got.part, 1);
}

static const struct test tests[] = {
    TEST(a_damaged_row_is_an_error_that_names_the_entry),
    TEST(a_head_and_entries_that_disagree_are_found_when_opening),
    TEST(a_newer_schema_is_refused_and_left_alone),
    TEST(a_file_that_is_no_ledger_is_refused),
    TEST(flipped_bytes_anywhere_in_the_file_never_crash_a_reader),
    TEST(only_the_bytes_of_a_row_are_a_row),
};
TEST_MAIN(tests)
