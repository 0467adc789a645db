/*
 * store: readers and backups beside a writer that goes on, and over a reopen.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/fault.h"
#include "base/memory.h"
#include "store/store.h"
#include "store_world.h"

struct helper {
    pthread_t thread;
    struct world *world;
    struct store_reader *reader;
    atomic_bool stop;
    atomic_uint reads;
    uint64_t wrong;
};

static void start(struct helper *helper, void *(*run)(void *))
{
    CHECK(pthread_create(&helper->thread, NULL, run, helper) == 0);
}

static void stop(struct helper *helper)
{
    atomic_store(&helper->stop, true);
    CHECK(pthread_join(helper->thread, NULL) == 0);
}

/* ---- Readers ---- */

/* All that is read is right, at every moment; while the store is stopped the answer may be "not now". */
static void *read_for_ever(void *context)
{
    struct helper *helper = context;
    struct store_range range = { .max_count = 200, .max_bytes = 100000 };
    uint64_t next = 0;

    while (!atomic_load(&helper->stop)) {
        AUTO(struct world_judge, world_judge_free) judge = WORLD_JUDGE(range.first, NULL);
        struct store_entry_visitor visitor = { world_judge_leaf, &judge };
        struct store_head head = { 0 };
        status s = store_head_read(helper->reader, &head, NULL);

        if (!s.code)
            s = store_entries_read(helper->reader, &range, &visitor, &next, NULL);
        helper->wrong += judge.wrong || (s.code && s.code != CODE_UNAVAILABLE);
        range.first = s.code || next >= head.size ? 0 : next;
        atomic_fetch_add(&helper->reads, 1);
    }
    return NULL;
}

static void append_and_reopen(struct world *world, int round)
{
    struct store_head head = { 0 };
    uint64_t size;

    for (int i = 0; i < 10; i++)
        CHECK_OK(world_append(world, 1 + (size_t)i * 20, NULL));
    size = store_head(world->store).size;
    if (round % 2) {
        fault_arm(FAULT_STORE_WRITE, 0, 1);
        CHECK_CODE(world_append(world, 1, NULL), CODE_IO);
        fault_disarm_all();
    }
    CHECK_OK(store_reopen(world->store, &head, NULL));
    CHECK_INT(head.size, size);
}

static void readers_go_on_while_the_writer_appends_and_reopens(void)
{
    AUTO(struct world, world_free) world = world_new();
    struct helper helpers[2] = { { .world = &world }, { .world = &world } };

    for (int i = 0; i < 2; i++) {
        CHECK_OK(store_reader_open(world.store, &helpers[i].reader, NULL));
        start(&helpers[i], read_for_ever);
    }
    for (int round = 0; round < 6; round++)
        append_and_reopen(&world, round);
    for (int i = 0; i < 2; i++) {
        while (atomic_load(&helpers[i].reads) < 5)
            sched_yield();
        stop(&helpers[i]);
        CHECK_INT(helpers[i].wrong, 0);
        world_check(helpers[i].reader, store_head(world.store).size);
        store_reader_close(helpers[i].reader);
    }
}

static void a_directory_can_be_read_while_it_is_written(void)
{
    AUTO(struct world, world_free) world = world_new();
    struct store_reader *by_path = NULL;

    CHECK_OK(store_reader_open_path(world.dir, &by_path, NULL));
    CHECK_INT(world_check_entries(by_path), 0);
    for (uint64_t size = 100; size <= 500; size += 100) {
        CHECK_OK(world_append(&world, 100, NULL));
        world_check(by_path, size);
    }
    world_close(&world);
    world_check(by_path, 500);
    store_reader_close(by_path);
    CHECK(world_open(&world));
    world_check(world.reader, 500);
}

/* ---- Backups ---- */

static void *append_for_ever(void *context)
{
    struct helper *helper = context;

    while (!atomic_load(&helper->stop) && store_head(helper->world->store).size < 400000)
        helper->wrong += world_append(helper->world, 64, NULL).code != CODE_OK;
    return NULL;
}

static bool count_calls(void *context, uint64_t done, uint64_t total)
{
    int *calls = context;

    CHECK(done <= total);
    ++*calls;
    return true;
}

static bool stop_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return false;
}

/* A file format version of 1 in the header says: no log needed. */
static void check_stands_alone(const char *path)
{
    char header[20] = { 0 };
    struct stat found = { 0 };
    int fd = open(path, O_RDONLY);

    CHECK(read(fd, header, sizeof header) == sizeof header);
    CHECK_INT(header[18], 1);
    CHECK_INT(header[19], 1);
    CHECK(fstat(fd, &found) == 0 && (found.st_mode & 0777) == 0600);
    CHECK(close(fd) == 0);
}

static uint64_t check_copy(const char *path)
{
    struct store_reader *copy = NULL;
    struct store_head head = { 0 };

    check_stands_alone(path);
    if (!CHECK_OK(store_reader_open_path(path, &copy, NULL)))
        return 0;
    CHECK_OK(store_head_read(copy, &head, NULL));
    world_check(copy, head.size);
    store_reader_close(copy);
    return head.size;
}

static void a_backup_is_one_moment_of_a_ledger_that_goes_on(void)
{
    AUTO(struct world, world_free) world = world_new();
    struct helper writer = { .world = &world };
    struct store_progress progress = { count_calls, &(int){ 0 } };
    struct err err = { 0 };
    uint64_t before;
    char to[WORLD_PATH_BYTES + 64];

    CHECK_OK(world_append(&world, 1000, NULL));
    before = store_head(world.store).size;
    (void)snprintf(to, sizeof to, "%s", world_path(&world, "copy.db"));
    start(&writer, append_for_ever);
    CHECK_OK(store_backup(world.dir, to, &progress, &err));
    CHECK_CODE(store_backup(world.dir, to, NULL, &err), CODE_CONFLICT);
    stop(&writer);
    CHECK_INT(writer.wrong, 0);
    CHECK(*(int *)progress.context > 0);
    CHECK(check_copy(to) >= before);
    CHECK(access(world_path(&world, "copy.db.unfinished"), F_OK) != 0);
    world_check(world.reader, store_head(world.store).size);
}

static void a_backup_that_is_stopped_or_fails_leaves_nothing(void)
{
    AUTO(struct world, world_free) world = world_new();
    struct store_progress progress = { stop_at_once, NULL };
    char to[WORLD_PATH_BYTES + 64];

    CHECK_OK(world_append(&world, 1000, NULL));
    (void)snprintf(to, sizeof to, "%s", world_path(&world, "copy.db"));
    CHECK_CODE(store_backup(world.dir, to, &progress, NULL), CODE_UNAVAILABLE);
    CHECK(access(to, F_OK) != 0);
    CHECK(access(world_path(&world, "copy.db.unfinished"), F_OK) != 0);
    CHECK_CODE(store_backup(world.dir, "/nowhere/copy.db", NULL, NULL), CODE_IO);
    CHECK_CODE(store_backup("/nowhere", to, NULL, NULL), CODE_NOT_FOUND);
    CHECK(access(to, F_OK) != 0);
    CHECK_OK(store_backup(world_path(&world, "ledger.db"), to, NULL, NULL));
    CHECK_INT(check_copy(to), 1000);
}

static void a_backup_can_be_put_in_the_ledgers_place(void)
{
    AUTO(struct world, world_free) world = world_new();
    char to[WORLD_PATH_BYTES + 64];

    CHECK_OK(world_append(&world, 700, NULL));
    (void)snprintf(to, sizeof to, "%s", world_path(&world, "copy.db"));
    CHECK_OK(store_backup(world.dir, to, NULL, NULL));
    CHECK_OK(world_append(&world, 50, NULL));
    world_close(&world);
    CHECK(rename(to, world_path(&world, "ledger.db")) == 0);
    if (!world_open(&world))
        return;
    world_check(world.reader, 700);
    CHECK_OK(world_append(&world, 300, NULL));
    world_check(world.reader, 1000);
}

static const struct test tests[] = {
    TEST(readers_go_on_while_the_writer_appends_and_reopens), TEST(a_directory_can_be_read_while_it_is_written),
    TEST(a_backup_is_one_moment_of_a_ledger_that_goes_on),    TEST(a_backup_that_is_stopped_or_fails_leaves_nothing),
    TEST(a_backup_can_be_put_in_the_ledgers_place),
};
TEST_MAIN(tests)
