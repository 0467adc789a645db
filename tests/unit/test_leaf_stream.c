/* engine/leaf_stream: the leaves that are stored, in their order, and the exact one named that is not as its tile says.
 */
#include "engine/leaf_stream.h"

#include <sqlite3.h>

#include "base/fault.h"
#include "ledger_world.h"

#define SIZE 2600 /* more runs than the ring holds, and a part of a tile */

static const struct leaf_range whole = { .end = SIZE };

struct taken {
    uint64_t next;
    status end;
    struct err err;
};

static void stream_end(struct leaf_stream **stream)
{
    leaf_stream_close(*stream);
}

/* Everything from `first` on, each leaf compared with what was stored. */
static struct taken take_all(struct ledger *ledger, uint64_t first, uint64_t end)
{
    AUTO(struct leaf_stream *, stream_end) stream = NULL;
    struct taken taken = { .next = first };
    const struct leaf_run *run = NULL;
    char space[TEXT_MAX];

    CHECK_OK(leaf_stream_open(ledger->stored.reader, &(struct leaf_range){ first, end, false }, &stream, NULL));
    for (;;) {
        taken.end = leaf_stream_next(stream, &run, &taken.err);
        if (!run)
            return taken;
        CHECK_INT(run->first, taken.next);
        CHECK(run->count >= 1 && run->first / TILE_WIDTH == (run->first + run->count - 1) / TILE_WIDTH);
        for (unsigned i = 0; i < run->count; i++) {
            struct hash hash = hash_leaf(run->leaves[i]);

            CHECK_STR(run->leaves[i], leaf_text(run->first + i, space));
            CHECK(hash_eq(&hash, &run->hashes[i]));
        }
        taken.next += run->count;
    }
}

static void sql(struct ledger *ledger, const char *text)
{
    sqlite3 *connection = NULL;

    CHECK_INT(sqlite3_open(world_path(&ledger->stored, "ledger.db"), &connection), SQLITE_OK);
    CHECK_INT(sqlite3_exec(connection, text, NULL, NULL, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_close(connection), SQLITE_OK);
}

static bool says(const struct taken *taken, const char *what)
{
    return str_find_str(str_of(taken->err.text), str_of(what)) < strlen(taken->err.text);
}

static void every_leaf_comes_once_and_in_order(void)
{
    static const uint64_t firsts[] = { 0, 1, 255, 256, 700, SIZE - 1 };
    static const uint64_t ends[] = { 1, 255, 256, 257, 2560, SIZE };
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    ledger_grow(&ledger, SIZE);
    for (size_t i = 0; i < 6; i++) {
        struct taken from = take_all(&ledger, firsts[i], SIZE);

        CHECK_INT(from.end.code, CODE_OK);
        CHECK_INT(from.next, SIZE);
    }
    for (size_t i = 0; i < 6; i++) { /* an end within a tile that is full by now: its hashes are compared by nobody */
        struct taken to = take_all(&ledger, 0, ends[i]);

        CHECK_INT(to.end.code, CODE_OK);
        CHECK_INT(to.next, ends[i]);
    }
}

static void a_changed_leaf_is_named_after_all_before_it(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct taken taken;

    ledger_init(&ledger);
    ledger_grow(&ledger, SIZE);
    sql(&ledger, "UPDATE entries SET bundle = CAST(replace(CAST(bundle AS TEXT), 'entry 1300', 'entry 1301') AS BLOB) "
                 "WHERE instr(bundle, CAST('entry 1300' AS BLOB))");
    taken = take_all(&ledger, 0, SIZE);
    CHECK_INT(taken.end.code, CODE_CORRUPT);
    CHECK(says(&taken, "entry 1300: its hash is not the one in tile 0/5"));
    CHECK_INT(taken.next, 1280);
}

static void a_missing_tile_is_named(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct taken taken;

    ledger_init(&ledger);
    ledger_grow(&ledger, SIZE);
    sql(&ledger, "DELETE FROM tiles WHERE level = 0 AND number = 3");
    taken = take_all(&ledger, 0, SIZE);
    CHECK_INT(taken.end.code, CODE_CORRUPT);
    CHECK(says(&taken, "tile 0/3 is missing"));
    CHECK_INT(taken.next, 3 * TILE_WIDTH);
}

static void who_takes_no_more_may_leave_at_any_run(void)
{
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    ledger_grow(&ledger, SIZE);
    for (int runs = 0; runs < 13; runs++) {
        AUTO(struct leaf_stream *, stream_end) stream = NULL;
        const struct leaf_run *run = NULL;

        CHECK_OK(leaf_stream_open(ledger.stored.reader, &whole, &stream, NULL));
        for (int i = 0; i < runs; i++)
            CHECK_OK(leaf_stream_next(stream, &run, NULL));
        CHECK((run == NULL) == (runs == 0 || runs > 11));
    }
}

static void want_of_memory_is_told_and_no_leaf_is_passed_over(void)
{
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    ledger_grow(&ledger, SIZE);
    for (int step = 0;; step++) {
        struct leaf_stream *stream = NULL;
        const struct leaf_run *run = NULL;
        uint64_t next = 0;
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = leaf_stream_open(ledger.stored.reader, &whole, &stream, NULL);
        for (bool more = !s.code; more; more = run != NULL) {
            s = leaf_stream_next(stream, &run, NULL);
            next += run ? run->count : 0;
        }
        leaf_stream_close(stream);
        CHECK_INT(s.code, fault_was_hit(FAULT_MEMORY) ? CODE_NO_MEMORY : CODE_OK);
        CHECK(s.code || next == SIZE);
        fault_disarm_all();
        if (!s.code)
            break;
    }
}

static const struct test tests[] = {
    TEST(every_leaf_comes_once_and_in_order),
    TEST(a_changed_leaf_is_named_after_all_before_it),
    TEST(a_missing_tile_is_named),
    TEST(who_takes_no_more_may_leave_at_any_run),
    TEST(want_of_memory_is_told_and_no_leaf_is_passed_over),
};
TEST_MAIN(tests)
