/*
 * store: when a step fails, a batch is stored or not, and store_reopen tells which. P1.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "faulty_disk.h"
#include "store/store.h"
#include "store_world.h"

#define KILL_ROUNDS 20

/* A file system in memory: what matters here is not what the disk does but what SQLite is told. */
static struct world fast_world(void)
{
    struct world world = world_closed_below(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : world_parent());

    if (!world_open(&world))
        exit(EXIT_FAILURE);
    return world;
}

/* ---- Fault points ---- */

/* What an append that failed says next time, and what its reader says. */
static void check_stopped(struct world *world, enum code failure)
{
    static const struct {
        enum code failure, next_append, read;
    } rules[] = {
        { CODE_IO, CODE_IO, CODE_UNAVAILABLE },
        { CODE_DISK_FULL, CODE_DISK_FULL, CODE_OK },
        { CODE_UNKNOWN, CODE_UNAVAILABLE, CODE_UNAVAILABLE },
        { CODE_NO_MEMORY, CODE_OK, CODE_OK },
    };
    struct store_head head = { 0 };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].failure != failure)
            continue;
        CHECK_CODE(store_head_read(world->reader, &head, NULL), rules[i].read);
        CHECK_CODE(world_append(world, 1, NULL), rules[i].next_append);
    }
}

static void a_failure_at_any_step_leaves_the_old_head_or_the_new_one(void)
{
    static const struct {
        enum fault_point point;
        enum code code;
        bool stored;
    } cases[] = {
        { FAULT_STORE_WRITE, CODE_IO, false },       { FAULT_STORE_FULL, CODE_DISK_FULL, false },
        { FAULT_STORE_COMMIT, CODE_UNKNOWN, false }, { FAULT_STORE_AFTER_COMMIT, CODE_UNKNOWN, true },
        { FAULT_MEMORY, CODE_NO_MEMORY, false },
    };
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    AUTO(struct world, world_free) world = fast_world();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int step = 0;; step++) {
            uint64_t first = store_head(world.store).size;
            struct store_batch batch = world_batch(&arena, first, 300);
            struct store_head head = { 0 };
            bool hit;
            status s;

            CHECKING("fault point %d, step %d", (int)cases[i].point, step);
            fault_arm(cases[i].point, step, 1);
            s = store_append(world.store, &batch, NULL);
            hit = fault_was_hit(cases[i].point);
            fault_disarm_all();
            CHECK_INT(s.code, hit ? cases[i].code : CODE_OK);
            check_stopped(&world, hit && cases[i].code != CODE_NO_MEMORY ? s.code : CODE_OK);
            CHECK_OK(store_reopen(world.store, &head, NULL));
            CHECK_INT(head.size, first + (hit && !cases[i].stored ? 0 : 300));
            CHECK_INT(world_check_entries(world.reader), head.size);
            arena_reset(&arena);
            if (!hit)
                break;
        }
    }
    world_check(world.reader, store_head(world.store).size);
}

static void a_full_disk_is_over_when_a_reopen_succeeds(void)
{
    AUTO(struct world, world_free) world = fast_world();
    struct store_head head = { 0 };

    CHECK_OK(world_append(&world, 10, NULL));
    fault_arm(FAULT_STORE_FULL, 0, -1);
    CHECK_CODE(world_append(&world, 10, NULL), CODE_DISK_FULL);
    for (int i = 0; i < 3; i++)
        CHECK_CODE(store_reopen(world.store, &head, NULL), CODE_DISK_FULL);
    CHECK_CODE(world_append(&world, 10, NULL), CODE_DISK_FULL);
    world_check(world.reader, 10);
    fault_disarm_all();
    CHECK_CODE(world_append(&world, 10, NULL), CODE_DISK_FULL);
    CHECK_OK(store_reopen(world.store, &head, NULL));
    CHECK_INT(head.size, 10);
    CHECK_OK(world_append(&world, 10, NULL));
    world_check(world.reader, 20);
}

/* ---- Memory that is not there ---- */

static void a_lack_of_memory_when_opening_leaves_nothing_open(void)
{
    AUTO(struct world, world_free) world = world_closed_below(world_parent());
    bool hit = true;

    for (int step = 0; hit; step++) {
        status s;

        CHECKING("allocation %d", step);
        fault_arm(FAULT_MEMORY, step, 1);
        s = store_open(world.dir, &world.store, NULL);
        if (!s.code)
            s = store_reader_open(world.store, &world.reader, NULL);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK_INT(s.code, hit ? CODE_NO_MEMORY : CODE_OK);
        world_close(&world);
    }
    if (world_open(&world))
        world_check(world.reader, 0);
}

/* SQLite's own allocations, of which the one that the countdown tells fails. */
static struct {
    sqlite3_mem_methods real;
    atomic_long countdown;
} sqlite_memory;

static bool sqlite_memory_fails(void)
{
    return atomic_load(&sqlite_memory.countdown) >= 0 && atomic_fetch_sub(&sqlite_memory.countdown, 1) == 0;
}

static void *sqlite_memory_new(int len)
{
    return sqlite_memory_fails() ? NULL : sqlite_memory.real.xMalloc(len);
}

static void *sqlite_memory_resize(void *at, int len)
{
    return sqlite_memory_fails() ? NULL : sqlite_memory.real.xRealloc(at, len);
}

/* With no database open. */
static void sqlite_memory_install(bool failing)
{
    sqlite3_mem_methods methods;

    CHECK(sqlite3_shutdown() == SQLITE_OK);
    if (failing)
        CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory.real) == SQLITE_OK);
    methods = sqlite_memory.real;
    if (failing) {
        methods.xMalloc = sqlite_memory_new;
        methods.xRealloc = sqlite_memory_resize;
    }
    atomic_store(&sqlite_memory.countdown, -1);
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
}

/* Appends to a ledger just opened, whose statements are still to be prepared. False when no allocation failed. */
static bool append_without_memory(struct world *world, int step)
{
    uint64_t first = store_head(world->store).size;
    struct store_head head = { 0 };
    bool hit;
    status s;

    CHECKING("allocation %d of SQLite", step);
    CHECK_OK(store_reopen(world->store, &head, NULL));
    atomic_store(&sqlite_memory.countdown, step);
    s = world_append(world, 20, NULL);
    hit = atomic_exchange(&sqlite_memory.countdown, -1) < 0;
    CHECK(s.code == CODE_OK || s.code == CODE_NO_MEMORY || s.code == CODE_UNKNOWN);
    CHECK(s.code == CODE_OK || hit);
    if (s.code == CODE_UNKNOWN)
        CHECK_OK(store_reopen(world->store, &head, NULL));
    CHECK(store_head(world->store).size == first + (s.code ? 0 : 20) || s.code == CODE_UNKNOWN);
    CHECK_INT(world_check_entries(world->reader), store_head(world->store).size);
    return hit;
}

static void a_lack_of_memory_within_sqlite_stores_nothing_or_all(void)
{
    sqlite_memory_install(true);
    {
        AUTO(struct world, world_free) world = fast_world();
        int step = 0;

        while (append_without_memory(&world, step))
            step += 1 + step / 16;
        CHECK(step > 5);
        world_check(world.reader, store_head(world.store).size);
    }
    sqlite_memory_install(false);
}

/* ---- A disk that fails ---- */

static bool is_stored(const struct store_head *head, uint64_t size)
{
    struct store_head want = world_head(size);

    return size == 0 ? head->size == 0 : world_heads_equal(head, &want);
}

/* Appends one batch and reopens, with the disk call of that number failing. False when that many calls did not come. */
static bool append_on_faulty_disk(struct world *world, int step, int code, bool syncs_only)
{
    uint64_t first = store_head(world->store).size;
    size_t count = 1 + (size_t)step * 37 % 300;
    struct store_head head = { 0 };
    bool hit;
    status s;

    disk_arm(step, code, syncs_only, NULL);
    s = world_append(world, count, NULL);
    if (store_reopen(world->store, &head, NULL).code) {
        CHECK(disk.hit);
        CHECK_OK(store_reopen(world->store, &head, NULL));
    }
    hit = disk_disarm();
    CHECK(is_stored(&head, first) || is_stored(&head, first + count));
    CHECK(s.code != CODE_OK || head.size == first + count);
    CHECK(s.code == CODE_OK || s.code == CODE_UNKNOWN || head.size == first);
    CHECK_INT(world_check_entries(world->reader), head.size);
    return hit;
}

static void a_disk_that_fails_once_at_any_call_loses_nothing_that_was_acknowledged(void)
{
    static const struct {
        const char *what;
        int code;
        bool syncs_only;
    } cases[] = {
        { "EIO when writing", SQLITE_IOERR_WRITE, false },
        { "ENOSPC when writing", SQLITE_FULL, false },
        { "a lost sync", SQLITE_IOERR_FSYNC, true },
    };

    disk_install();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct world, world_free) world = fast_world();
        uint64_t size;
        int step = 0;

        do {
            CHECKING("%s, call %d", cases[i].what, step);
        } while (append_on_faulty_disk(&world, step++, cases[i].code, cases[i].syncs_only));
        CHECK(step > 4); /* the calls of an append and a reopen */
        size = store_head(world.store).size;
        world_check(world.reader, size);
        world_close(&world);
        if (world_open(&world))
            world_check(world.reader, size);
        world_close(&world);
        disk_forget_all();
    }
}

/* Appends until the background checkpoint's failure reaches the writer. */
static status append_until_refused(struct world *world)
{
    status s = OK;

    for (int64_t end = clock_running_us() + 20 * 1000000; !s.code && clock_running_us() < end;)
        s = world_append(world, 3, NULL);
    return s;
}

static status append_while_reading(void *context, uint64_t index, struct str leaf, struct err *err)
{
    (void)index;
    (void)leaf;
    (void)err;
    return append_until_refused(context);
}

/*
 * The dangerous case: a reader that came just after some appends keeps a checkpoint from finishing, so SQLite counts
 * their pages as folded though they were never synced; then the sync fails and they are gone. Only a recovery that
 * folds the whole log again brings them back.
 */
static void pages_lost_by_a_failed_sync_are_written_again(void)
{
    disk_install();
    {
        AUTO(struct world, world_free) world = fast_world();
        struct store_range range = { 0, 1, 1 };
        struct store_entry_visitor visitor = { append_while_reading, &world };
        struct store_head head = { 0 };
        uint64_t next = 0, size;

        for (int i = 0; i < 50; i++)
            CHECK_OK(world_append(&world, 20, NULL));
        disk_arm(0, SQLITE_OK, true, "ledger.db");
        CHECK_CODE(store_entries_read(world.reader, &range, &visitor, &next, NULL), CODE_IO);
        CHECK(disk_disarm());
        size = store_head(world.store).size;
        CHECK_CODE(store_head_read(world.reader, &head, NULL), CODE_UNAVAILABLE);
        CHECK_OK(store_reopen(world.store, &head, NULL));
        CHECK_INT(head.size, size);
        world_check(world.reader, size);
        CHECK_OK(world_append(&world, 300, NULL));
        world_check(world.reader, size + 300);
    }
    disk_forget_all();
}

static void after_an_io_error_a_reopen_waits_for_other_readers_to_leave(void)
{
    AUTO(struct world, world_free) world = fast_world();
    struct store_reader *other = NULL;
    struct store_head head = { 0 };
    struct err err = { 0 };

    CHECK_OK(world_append(&world, 300, NULL));
    CHECK_OK(store_reader_open_path(world.dir, &other, NULL));
    fault_arm(FAULT_STORE_WRITE, 0, 1);
    CHECK_CODE(world_append(&world, 1, NULL), CODE_IO);
    CHECK_CODE(store_reopen(world.store, &head, &err), CODE_BUSY);
    CHECK_INT(world_check_entries(other), 300);
    store_reader_close(other);
    CHECK_OK(store_reopen(world.store, &head, NULL));
    CHECK_INT(head.size, 300);
    world_check(world.reader, 300);
}

/* ---- A disk that is full ---- */

/* A file system of a few MiB of this process's own; false where the system allows none. */
static bool mount_small(const char *dir)
{
    if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", dir, "tmpfs", 0, "size=4m,mode=0700") == 0;
}

static void fill_disk(const struct world *world, size_t bytes)
{
    static const char zeros[65536];
    int fd = creat(world_path(world, "filler"), 0600);

    for (size_t done = 0; done < bytes; done += sizeof zeros)
        CHECK(write(fd, zeros, sizeof zeros) == sizeof zeros);
    CHECK(close(fd) == 0);
}

static void append_until_full_and_recover(struct world *world)
{
    struct store_head head = { 0 };
    uint64_t size = 0;
    status s = OK;

    while (!s.code) {
        size = store_head(world->store).size;
        s = world_append(world, 50, NULL);
    }
    CHECK(s.code == CODE_DISK_FULL || s.code == CODE_UNKNOWN);
    CHECK(world_append(world, 1, NULL).code != CODE_OK);
    if (s.code == CODE_DISK_FULL)
        CHECK_INT(world_check_entries(world->reader), size);
    CHECK(unlink(world_path(world, "filler")) == 0);
    CHECK_OK(store_reopen(world->store, &head, NULL));
    CHECK(head.size == size || (s.code == CODE_UNKNOWN && head.size == size + 50));
    world_check(world->reader, head.size);
    CHECK_OK(world_append(world, 50, NULL));
    world_check(world->reader, head.size + 50);
}

static void a_really_full_disk_loses_nothing_and_work_goes_on_when_there_is_space(void)
{
    char dir[] = "/tmp/tally-test-full-XXXXXX";

    if (!CHECK(mkdtemp(dir)))
        return;
    if (mount_small(dir)) {
        AUTO(struct world, world_free) world = world_closed_below(dir);

        fill_disk(&world, 1500 * 1024);
        if (world_open(&world))
            append_until_full_and_recover(&world);
        world_free(&world);
        CHECK(umount(dir) == 0);
    } else {
        printf("no file system of one's own can be mounted here (%s); the faulty disk stands in for it\n",
               strerror(errno));
    }
    (void)rmdir(dir);
}

/* ---- A process that dies ---- */

/* Appends for ever and tells each size that is acknowledged. */
static _Noreturn void append_and_tell(const char *dir, int to, uint64_t seed)
{
    struct entropy random = entropy_from_seed(seed);
    struct world world = { 0 };
    uint64_t size;

    (void)snprintf(world.dir, sizeof world.dir, "%s", dir);
    if (store_open(dir, &world.store, NULL).code)
        _exit(1);
    for (;;) {
        if (world_append(&world, 1 + entropy_below(&random, 40), NULL).code)
            _exit(1);
        size = store_head(world.store).size;
        if (write(to, &size, sizeof size) != sizeof size)
            _exit(1);
    }
}

/* Kills a child somewhere in its work; gives the newest size that it acknowledged. */
static uint64_t kill_while_appending(const char *dir, struct entropy *random)
{
    uint64_t size = 0;
    int pipes[2], result = 0;
    pid_t child;

    if (!CHECK(pipe(pipes) == 0))
        return 0;
    child = fork();
    if (child == 0)
        append_and_tell(dir, pipes[1], entropy_u64(random));
    (void)close(pipes[1]);
    for (uint64_t acks = 1 + entropy_below(random, 60); acks; acks--)
        CHECK(read(pipes[0], &size, sizeof size) == sizeof size);
    for (int64_t at = clock_running_us() + (int64_t)entropy_below(random, 3000); clock_running_us() < at;)
        continue;
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &result, 0) == child && WIFSIGNALED(result));
    while (read(pipes[0], &size, sizeof size) == sizeof size)
        continue;
    (void)close(pipes[0]);
    return size;
}

static void what_was_acknowledged_before_a_kill_is_there(void)
{
    struct entropy random = entropy_from_seed(test_seed());
    AUTO(struct world, world_free) world = world_closed_below(world_parent());
    uint64_t told = 0;

    for (int round = 0; round < KILL_ROUNDS; round++) {
        CHECKING("round %d", round);
        (void)entropy_u64(&random);
        told = kill_while_appending(world.dir, &random);
        if (!world_open(&world))
            return;
        CHECK(store_head(world.store).size >= told);
        world_check(world.reader, store_head(world.store).size);
        world_close(&world);
    }
    CHECK(told > KILL_ROUNDS);
}

static const struct test tests[] = {
    TEST(a_failure_at_any_step_leaves_the_old_head_or_the_new_one),
    TEST(a_full_disk_is_over_when_a_reopen_succeeds),
    TEST(a_lack_of_memory_when_opening_leaves_nothing_open),
    TEST(a_lack_of_memory_within_sqlite_stores_nothing_or_all),
    TEST(what_was_acknowledged_before_a_kill_is_there),
    TEST(a_disk_that_fails_once_at_any_call_loses_nothing_that_was_acknowledged),
    TEST(pages_lost_by_a_failed_sync_are_written_again),
    TEST(after_an_io_error_a_reopen_waits_for_other_readers_to_leave),
    TEST(a_really_full_disk_loses_nothing_and_work_goes_on_when_there_is_space),
};
TEST_MAIN(tests)
