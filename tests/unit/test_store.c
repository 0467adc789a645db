/*
 * store: what was appended is read back, whatever the batches, and a ledger has one writer and one beginning.
 */
#include "store/store.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "store/space.h"
#include "store_world.h"

#define LONG_LEDGER 9000

static void append_in_random_batches(struct world *world, struct entropy *random, uint64_t until)
{
    struct err err = { 0 };

    while (store_head(world->store).size < until) {
        size_t max = entropy_below(random, 4) ? 20 : 1024;
        if (CHECK_OK(world_append(world, 1 + entropy_below(random, max), &err)))
            continue;
        printf("%s\n", err.text);
        return;
    }
}

/* Any range, from any index on, with any of the two bounds in force. */
static void check_random_ranges(struct world *world, struct entropy *random)
{
    uint64_t size = store_head(world->store).size;

    for (int i = 0; i < 300; i++) {
        struct store_range range = { .first = entropy_below(random, size + 3),
                                     .max_count = 1 + entropy_below(random, 700),
                                     .max_bytes = 1 + entropy_below(random, 20000) };
        AUTO(struct world_judge, world_judge_free) judge = WORLD_JUDGE(range.first, NULL);
        struct store_entry_visitor visitor = { world_judge_leaf, &judge };
        uint64_t left = range.first < size ? size - range.first : 0;
        uint64_t next = 0;

        CHECK_OK(store_entries_read(world->reader, &range, &visitor, &next, NULL));
        CHECK_INT(next, range.first + judge.seen);
        CHECK_INT(judge.wrong, 0);
        CHECK(judge.seen <= range.max_count && judge.seen <= left);
        CHECK(judge.seen > 0 || left == 0);
    }
}

static void what_was_appended_is_read_back_whatever_the_batches(void)
{
    struct entropy random = entropy_from_seed(test_seed());
    AUTO(struct world, world_free) world = world_new();
    struct store_head head;

    append_in_random_batches(&world, &random, LONG_LEDGER / 2);
    check_random_ranges(&world, &random);
    world_close(&world);
    if (!world_open(&world))
        return;
    append_in_random_batches(&world, &random, LONG_LEDGER);
    check_random_ranges(&world, &random);
    world_check(world.reader, store_head(world.store).size);

    head = store_head(world.store);
    world_close(&world);
    if (!world_open(&world))
        return;
    CHECK_INT(store_head(world.store).size, head.size);
    world_check(world.reader, head.size);
}

static void a_read_ends_with_the_entry_that_reaches_max_bytes(void)
{
    static const struct str leaves[] = { { "aaaa", 4 }, { "bbbb", 4 }, { "cccc", 4 }, { "", 0 }, { "dddd", 4 } };
    static const struct {
        uint64_t first, max_count;
        size_t max_bytes;
        uint64_t next;
    } cases[] = {
        { 0, 9, 1, 1 }, { 0, 9, 4, 1 }, { 0, 9, 5, 2 },  { 0, 2, 99, 2 }, { 2, 9, 5, 5 },
        { 3, 9, 1, 5 }, { 3, 1, 9, 4 }, { 4, 9, 99, 5 }, { 5, 9, 99, 5 }, { 77, 9, 99, 77 },
    };
    AUTO(struct world, world_free) world = world_new();
    struct store_batch batch = { .entries = leaves, .entry_count = 5, .head = world_head(5) };
    AUTO(struct world_judge, world_judge_free) judge = WORLD_JUDGE(0, NULL);
    struct store_entry_visitor visitor = { world_judge_leaf, &judge };

    CHECK_OK(store_append(world.store, &batch, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_range range = { cases[i].first, cases[i].max_count, cases[i].max_bytes };
        uint64_t next = 0;

        CHECKING("case %zu", i);
        CHECK_OK(store_entries_read(world.reader, &range, &visitor, &next, NULL));
        CHECK_INT(next, cases[i].next);
    }
}

static void a_batch_that_does_not_continue_the_head_is_refused(void)
{
    static const uint64_t firsts[] = { 0, 9, 11, 256 };
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    AUTO(struct world, world_free) world = world_new();
    struct store_batch batch;
    struct err err = { 0 };

    CHECK_OK(world_append(&world, 10, &err));
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        batch = world_batch(&arena, firsts[i], 3);
        CHECK_CODE(store_append(world.store, &batch, &err), CODE_CORRUPT);
        CHECK(str_find_str(str_of(err.text), STR("a ledger of 10 entries")) < strlen(err.text));
    }
    batch = world_batch(&arena, 10, 3);
    batch.head.epoch--;
    CHECK_CODE(store_append(world.store, &batch, &err), CODE_CONFLICT);
    world_check(world.reader, 10);
    CHECK_OK(world_append(&world, 3, &err));
    world_check(world.reader, 13);
}

static void what_is_too_large_is_refused_whole(void)
{
    static char text[70000];
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    AUTO(struct world, world_free) world = world_new();
    struct store_batch batch = world_batch(&arena, 0, 300);
    struct str *entries = arena_new(&arena, 300, sizeof *entries);

    memcpy(entries, batch.entries, 300 * sizeof *entries);
    entries[299] = (struct str){ text, sizeof text };
    batch.entries = entries;
    CHECK_CODE(store_append(world.store, &batch, NULL), CODE_TOO_LARGE);
    world_check(world.reader, 0);

    CHECK_OK(world_append(&world, 300, NULL));
    world_check(world.reader, 300);
}

/* In one batch or in two: commands that were decided before it was durable bring it, too. */
static void an_alias_that_comes_again_is_stored_once(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    AUTO(struct world, world_free) world = world_new();

    for (uint64_t first = 0; first < 600; first += 300) {
        struct store_batch batch = world_batch(&arena, first, 300);
        struct store_alias *aliases = arena_new(&arena, 2 * batch.alias_count, sizeof *aliases);

        for (size_t i = 0; i < batch.alias_count; i++)
            aliases[2 * i] = aliases[2 * i + 1] = batch.aliases[i];
        batch.aliases = aliases;
        batch.alias_count *= 2;
        CHECK_OK(store_append(world.store, &batch, NULL));
        if (first) {
            batch = world_batch(&arena, 600, 1);
            batch.aliases = aliases;
            batch.alias_count = 1;
            CHECK_OK(store_append(world.store, &batch, NULL));
        }
    }
    world_check(world.reader, 601);
}

static status alias_seen(void *context, const struct store_alias *alias, struct err *err)
{
    (void)err;
    *(struct str *)context = (struct str){ "", alias->text.len };
    return OK;
}

static void an_alias_that_is_there_is_written_over(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    AUTO(struct world, world_free) world = world_new();
    struct store_alias alias = { .id = { 1, 1 }, .kind = 1, .text = STR("sealed once") };
    struct str seen = STR_NONE;
    struct store_alias_visitor visitor = { alias_seen, &seen };

    for (int i = 0; i < 2; i++) {
        struct store_batch batch = world_batch(&arena, (uint64_t)i, 1);

        batch.aliases = &alias;
        batch.alias_count = 1;
        CHECK_OK(store_append(world.store, &batch, NULL));
        CHECK_OK(store_aliases_read(world.reader, &visitor, NULL));
        CHECK_INT(seen.len, alias.text.len);
        alias.text = STR("sealed anew, under another key");
    }
}

static void private_texts_are_found_by_a_list_of_entries(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    struct entropy random = entropy_from_seed(test_seed());
    AUTO(struct world, world_free) world = world_new();
    AUTO(struct world_judge, world_judge_free) judge = WORLD_JUDGE(0, NULL);
    AUTO(struct world_judge, world_judge_free) range_judge = WORLD_JUDGE(100, world_has_private);
    struct store_private_visitor visitor = { world_judge_private, &judge };
    struct store_private_visitor range_visitor = { world_judge_private, &range_judge };
    uint64_t *wanted = arena_new(&arena, LONG_LEDGER, sizeof *wanted);
    uint64_t expected = 0;
    size_t count = 0;

    append_in_random_batches(&world, &random, 3000);
    for (uint64_t index = 0; index < 3000; index += 1 + entropy_below(&random, index < 1000 ? 3 : 400)) {
        wanted[count++] = index;
        expected += world_has_private(index);
    }
    CHECK_OK(store_private_find(world.reader, wanted, count, &visitor, NULL));
    CHECK_INT(judge.seen, expected);

    CHECK_OK(store_private_read(world.reader, 100, 700, &range_visitor, NULL));
    CHECK_INT(range_judge.wrong, 0);
    CHECK_INT(range_judge.seen, world_count(700, world_has_private) - world_count(100, world_has_private));
    CHECK_OK(store_private_find(world.reader, NULL, 0, &visitor, NULL));
}

static status fail_at_third(void *context, uint64_t index, struct str leaf, struct err *err)
{
    int *calls = context;

    (void)leaf;
    return ++*calls == 3 ? err_set(err, CODE_DENIED, "not entry %lu", (unsigned long)index) : OK;
}

static void a_failure_of_the_visitor_ends_the_read(void)
{
    AUTO(struct world, world_free) world = world_new();
    struct store_range range = { 0, 100, 100000 };
    int calls = 0;
    struct store_entry_visitor visitor = { fail_at_third, &calls };
    struct err err = { 0 };
    uint64_t next = 55;

    CHECK_OK(world_append(&world, 10, NULL));
    CHECK_CODE(store_entries_read(world.reader, &range, &visitor, &next, &err), CODE_DENIED);
    CHECK_STR(str_of(err.text), STR("not entry 2"));
    CHECK_INT(calls, 3);
    CHECK_INT(next, 55);
    CHECK_OK(world_append(&world, 10, NULL));
    world_check(world.reader, 20);
}

static void facts_are_kept_and_can_be_changed(void)
{
    static const struct store_fact fact = { { "watermark", 9 }, { "12345", 5 } };
    static const struct store_fact newer = { { "watermark", 9 }, { "67890", 5 } };
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    AUTO(struct world, world_free) world = world_new();
    struct str value = STR_NONE;

    CHECK_CODE(store_fact_read(world.reader, STR("watermark"), &arena, &value, NULL), CODE_NOT_FOUND);
    CHECK_OK(store_fact_write(world.store, &fact, NULL));
    CHECK_OK(store_fact_read(world.reader, STR("watermark"), &arena, &value, NULL));
    CHECK_STR(value, STR("12345"));
    CHECK_OK(store_fact_write(world.store, &newer, NULL));
    world_close(&world);
    if (!world_open(&world))
        return;
    CHECK_OK(store_fact_read(world.reader, STR("watermark"), &arena, &value, NULL));
    CHECK_STR(value, STR("67890"));
    CHECK_OK(store_fact_read(world.reader, STR("origin"), &arena, &value, NULL));
    CHECK_STR(value, STR("test.example/ledger"));
    CHECK_OK(store_fact_read(world.reader, STR("schema"), &arena, &value, NULL));
    CHECK_STR(value, STR("1"));
}

static void a_ledger_is_made_once_and_whole(void)
{
    AUTO(struct world, world_free) world = world_closed_below(world_parent());
    struct err err = { 0 };

    CHECK_CODE(store_create(world.dir, NULL, 0, &err), CODE_CONFLICT);
    CHECK(str_find_str(str_of(err.text), str_of(world.dir)) < strlen(err.text));

    /* What a crash during store_create leaves is not a ledger, and is in nobody's way. */
    CHECK(unlink(world_path(&world, "ledger.db")) == 0);
    CHECK(close(creat(world_path(&world, "ledger.db.new"), 0600)) == 0);
    CHECK_CODE(store_open(world.dir, &world.store, &err), CODE_NOT_FOUND);
    CHECK_OK(store_create(world.dir, NULL, 0, &err));
    CHECK(world_open(&world));
    CHECK_CODE(store_create("/nowhere/at/all", NULL, 0, &err), CODE_IO);
}

static void a_ledger_is_nobody_elses_to_read(void)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "lock" };
    AUTO(struct world, world_free) world = world_new();
    struct stat found;

    CHECK_OK(world_append(&world, 1, NULL));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECKING("%s", names[i]);
        CHECK(stat(world_path(&world, names[i]), &found) == 0 && (found.st_mode & 0777) == 0600);
    }
}

/* Opens the ledger in a child and reports the code, so that another process is really another one. */
static enum code open_in_child(const char *dir, pid_t holder)
{
    struct store *store = NULL;
    struct err err = { 0 };
    char pid[32];
    int result = 0;
    pid_t child = fork();

    if (child == 0) {
        status s = store_open(dir, &store, &err);
        (void)snprintf(pid, sizeof pid, "process %d ", holder);
        if (s.code == CODE_BUSY && strncmp(err.text, pid, strlen(pid)) != 0)
            s.code = CODE_INVALID;
        store_close(store);
        _exit((int)s.code);
    }
    (void)waitpid(child, &result, 0);
    return WIFEXITED(result) ? (enum code)WEXITSTATUS(result) : CODE_COUNT;
}

static void a_second_open_is_refused_and_told_who_holds_the_ledger(void)
{
    AUTO(struct world, world_free) world = world_closed_below(world_parent());
    struct store *second = NULL;
    struct err err = { 0 };

    CHECK_INT(open_in_child(world.dir, 0), CODE_OK);
    CHECK(world_open(&world));
    CHECK_CODE(store_open(world.dir, &second, &err), CODE_BUSY);
    CHECK(str_find_str(str_of(err.text), str_of(world.dir)) < strlen(err.text));
    CHECK_INT(open_in_child(world.dir, getpid()), CODE_BUSY);
    CHECK_CODE(store_create(world.dir, NULL, 0, &err), CODE_BUSY);
    CHECK_OK(world_append(&world, 5, &err));
    world_close(&world);
    CHECK_INT(open_in_child(world.dir, 0), CODE_OK);
}

/* The child that writes a snapshot must not keep the ledger locked when its parent is gone. */
static void a_forked_child_can_let_go_of_the_ledger(void)
{
    AUTO(struct world, world_free) world = world_new();
    int to_child[2], from_child[2];
    char byte = 0;
    pid_t child;

    if (!CHECK(pipe(to_child) == 0 && pipe(from_child) == 0))
        return;
    child = fork();
    if (child == 0) {
        store_forget_in_child(world.store);
        _exit(write(from_child[1], "x", 1) != 1 || read(to_child[0], &byte, 1) != 1);
    }
    CHECK(read(from_child[0], &byte, 1) == 1);
    world_close(&world);
    CHECK(world_open(&world));
    CHECK(write(to_child[1], "x", 1) == 1);
    CHECK(waitpid(child, NULL, 0) == child);
    for (int i = 0; i < 2; i++)
        (void)(close(to_child[i]) | close(from_child[i]));
}

static void the_ballast_has_real_blocks_and_gives_them_back(void)
{
    AUTO(struct world, world_free) world = world_new();
    struct stat found = { 0 };
    struct err err = { 0 };

    CHECK(!ballast_is_there(world.dir));
    CHECK_OK(ballast_free(world.dir, &err));
    for (int round = 0; round < 2; round++) {
        CHECK_OK(ballast_create(world.dir, &err));
        CHECK_OK(ballast_create(world.dir, &err));
        CHECK(ballast_is_there(world.dir));
        CHECK(stat(world_path(&world, "ballast"), &found) == 0);
        CHECK(found.st_blocks * 512 >= BALLAST_BYTES);
        CHECK_OK(ballast_free(world.dir, &err));
        CHECK(!ballast_is_there(world.dir));
    }
    CHECK_CODE(ballast_create("/nowhere", &err), CODE_IO);
}

static void the_disk_warns_at_80_90_and_95_percent(void)
{
    static const struct {
        struct space space;
        unsigned percent, warning;
    } cases[] = {
        { { 1000, 1000 }, 0, 0 },  { { 1000, 201 }, 80, 80 }, { { 1000, 211 }, 79, 0 },
        { { 1000, 100 }, 90, 90 }, { { 1000, 50 }, 95, 95 },  { { 1000, 1 }, 100, 95 },
        { { 1000, 0 }, 100, 95 },  { { 0, 0 }, 100, 95 },     { { UINT64_MAX, UINT64_MAX / 2 }, 50, 0 },
    };
    struct space space = { 0 };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECKING("case %zu", i);
        CHECK_INT(space_used_percent(&cases[i].space), cases[i].percent);
        CHECK_INT(space_warning(&cases[i].space), cases[i].warning);
    }
    CHECK_OK(space_read("/", &space, NULL));
    CHECK(space.total_bytes > 0 && space.free_bytes <= space.total_bytes);
    CHECK_CODE(space_read("/nowhere", &space, NULL), CODE_IO);
}

static const struct test tests[] = {
    TEST(what_was_appended_is_read_back_whatever_the_batches),
    TEST(a_read_ends_with_the_entry_that_reaches_max_bytes),
    TEST(a_batch_that_does_not_continue_the_head_is_refused),
    TEST(what_is_too_large_is_refused_whole),
    TEST(an_alias_that_comes_again_is_stored_once),
    TEST(an_alias_that_is_there_is_written_over),
    TEST(private_texts_are_found_by_a_list_of_entries),
    TEST(a_failure_of_the_visitor_ends_the_read),
    TEST(facts_are_kept_and_can_be_changed),
    TEST(a_ledger_is_made_once_and_whole),
    TEST(a_ledger_is_nobody_elses_to_read),
    TEST(a_second_open_is_refused_and_told_who_holds_the_ledger),
    TEST(a_forked_child_can_let_go_of_the_ledger),
    TEST(the_ballast_has_real_blocks_and_gives_them_back),
    TEST(the_disk_warns_at_80_90_and_95_percent),
};
TEST_MAIN(tests)
