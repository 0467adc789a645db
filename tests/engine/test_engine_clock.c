/*
 * P7: the clock is set while the engine runs and while it does not; an alarm is recorded, nothing expires before
 * somebody says that the time is right, silent seats come back all the same, and time never goes back.
 */
#include <stdio.h>
#include <time.h>

#include "engine_world.h"

#define HOUR_S ((int64_t)3600)
#define YEAR_S (365 * 24 * HOUR_S)

/* Waits for an entry of that code at or after `from`. */
static bool await(struct engine_world *world, enum audit_code code, uint64_t from, struct entry *ret_entry)
{
    for (int i = 0; i < 6000; i++) {
        if (engine_count(world, code, from))
            return engine_find(world, code, from, ret_entry);
        (void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    CHECKING("the entry did not come");
    return CHECK(false);
}

/* A licence that ends within the hour, for a pool of its own. */
static void ending_license(struct engine_world *world)
{
    static const struct entitlement_terms terms = { .feature = STR_INIT("render"), .limit = 1 };
    struct command command = engine_command(&world->admin, COMMAND_LICENSE_CREATE);

    command.license_create = (struct license_create){ .product = STR("cad"),
                                                      .holder = world->people[3].who,
                                                      .ends_ms = engine_now_ms(world->engine) + HOUR_S / 2 * 1000,
                                                      .entitlements = &terms,
                                                      .entitlement_count = 1 };
    CHECK_INT(engine_ask(world, &command, NULL).outcome.kind, OUTCOME_ENTRY);
}

static struct reply confirm(struct engine_world *world, struct entry *ret_entry)
{
    struct command command = engine_command(&world->admin, COMMAND_CLOCK_CONFIRM);

    return engine_ask(world, &command, ret_entry);
}

static status time_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    int64_t *last_ms = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    CHECK(entry.time_ms >= *last_ms);
    *last_ms = entry.time_ms;
    return OK;
}

static void check_times(const struct engine_world *world)
{
    struct store_reader *reader = NULL;
    int64_t last_ms = 0;
    uint64_t next = 0;

    CHECK_OK(store_reader_open_path(world->dir, &reader, NULL));
    CHECK_OK(store_entries_read(reader, &(struct store_range){ 0, UINT32_MAX, 64 * 1024 * 1024 },
                                &(struct store_entry_visitor){ time_visit, &last_ms }, &next, NULL));
    store_reader_close(reader);
}

/* The shortest silence that there is; so a lapse can be waited for. */
static struct id short_lease(struct engine_world *world)
{
    struct command command = engine_checkout(&world->people[0]);
    struct entry entry = { 0 };

    command.lease_create.ttl_s = TTL_MIN_S;
    CHECK_INT(engine_ask(world, &command, &entry).outcome.kind, OUTCOME_ENTRY);
    CHECK_INT(entry.code, AUDIT_LEASE_GRANTED);
    return entry.on[ON_LEASE].id;
}

static void a_jump_freezes_expiry_while_lapsing_goes_on(void)
{
    static const struct {
        int64_t offset_s;
        enum reason reason;
    } cases[] = { { YEAR_S, REASON_FORWARD }, { -HOUR_S, REASON_BACK } };

    for (size_t i = 0; i < 2; i++) {
        struct engine_world world;
        struct entry entry = { 0 };
        struct engine_stats stats;
        int64_t before_ms;
        uint64_t size;

        CHECKING("%lld s", (long long)cases[i].offset_s);
        engine_world_init(&world);
        ending_license(&world);
        (void)short_lease(&world);
        size = engine_size(&world);
        before_ms = engine_now_ms(world.engine);
        fault_arm(FAULT_CLOCK_OFFSET_S, cases[i].offset_s, 1);
        if (!await(&world, AUDIT_CLOCK_JUMPED, size, &entry))
            break;
        CHECK_INT(entry.data[DATA_REASON].number, cases[i].reason);
        CHECK(entry.data[DATA_JUMP_MS].number / 10000 == cases[i].offset_s / 10 ||
              (entry.data[DATA_JUMP_MS].number - cases[i].offset_s * 1000) / 5000 == 0);
        CHECK(entry.time_ms - before_ms < 60000);
        if (i == 0) { /* once is enough: it takes the ten seconds of a ttl */
            CHECK(await(&world, AUDIT_LEASE_LAPSED, size, &entry));
            CHECK_INT(engine_count(&world, AUDIT_LICENSE_EXPIRED, 0), 0);
        }
        engine_stats(world.engine, &stats);
        CHECK(stats.clock_frozen);
        CHECK(!id_is_none(engine_take(&world, &world.people[1])));
        CHECK_INT(confirm(&world, &entry).outcome.kind, OUTCOME_ENTRY);
        CHECK_INT(entry.code, AUDIT_CLOCK_CONFIRMED);
        if (cases[i].offset_s > 0) {
            CHECK(await(&world, AUDIT_LICENSE_EXPIRED, size, &entry));
            CHECK(entry.time_ms - before_ms > (cases[i].offset_s - 60) * 1000);
            CHECK_INT(engine_count(&world, AUDIT_LEASE_LAPSED, size),
                      1); /* nobody's silence is known after a confirmed jump */
        }
        CHECK_INT(confirm(&world, NULL).outcome.problem, PROBLEM_WRONG_STATE);
        engine_world_stop(&world);
        check_times(&world);
        CHECK(engine_verifies(&world));
        engine_world_free(&world);
    }
}

static void a_jump_across_a_restart_is_one_too(void)
{
    static const struct {
        int64_t offset_s;
        enum reason reason;
    } cases[] = { { YEAR_S, REASON_FORWARD }, { -HOUR_S, REASON_BACK } };

    for (size_t i = 0; i < 2; i++) {
        struct engine_world world;
        struct entry entry = { 0 };
        uint64_t size;

        CHECKING("%lld s", (long long)cases[i].offset_s);
        engine_world_init(&world);
        ending_license(&world);
        CHECK(!id_is_none(engine_take(&world, &world.people[0])));
        engine_world_stop(&world);
        size = engine_size(&world);
        fault_arm(FAULT_CLOCK_OFFSET_S, cases[i].offset_s, 1);
        engine_world_start(&world);
        CHECK_INT(engine_count(&world, AUDIT_CLOCK_JUMPED, size), 1);
        if (CHECK(engine_find(&world, AUDIT_CLOCK_JUMPED, size, &entry)))
            CHECK_INT(entry.data[DATA_REASON].number, cases[i].reason);
        engine_world_stop(&world); /* it is remembered, and told once */
        engine_world_start(&world);
        CHECK_INT(engine_count(&world, AUDIT_CLOCK_JUMPED, size), 1);
        CHECK_INT(engine_count(&world, AUDIT_LICENSE_EXPIRED, 0), 0);
        CHECK(!id_is_none(engine_take(&world, &world.people[1])));
        CHECK_INT(confirm(&world, NULL).outcome.kind, OUTCOME_ENTRY);
        if (cases[i].offset_s > 0)
            CHECK(await(&world, AUDIT_LICENSE_EXPIRED, size, &entry));
        engine_world_stop(&world);
        check_times(&world);
        engine_world_free(&world);
    }
}

/* A jump whose entry could not be committed is not forgotten, and not believed. */
static void a_jump_is_recorded_whatever_the_first_commit_comes_to(void)
{
    static const enum fault_point points[] = { FAULT_STORE_COMMIT, FAULT_STORE_AFTER_COMMIT, FAULT_STORE_WRITE };

    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct engine_world world;
        struct engine_stats stats;
        struct entry entry = { 0 };
        uint64_t size;

        CHECKING("point %d", (int)points[i]);
        engine_world_init(&world);
        ending_license(&world);
        size = engine_size(&world);
        fault_arm(points[i], 0, 1);
        fault_arm(FAULT_CLOCK_OFFSET_S, YEAR_S, 1);
        CHECK(await(&world, AUDIT_CLOCK_JUMPED, size, &entry));
        CHECK(fault_was_hit(points[i]));
        engine_wait_ready(&world);
        CHECK(!id_is_none(engine_take(&world, &world.people[1])));
        engine_stats(world.engine, &stats);
        CHECK(stats.clock_frozen);
        CHECK_INT(engine_count(&world, AUDIT_CLOCK_JUMPED, size), 1);
        CHECK_INT(engine_count(&world, AUDIT_LICENSE_EXPIRED, 0), 0);
        CHECK_INT(confirm(&world, NULL).outcome.kind, OUTCOME_ENTRY);
        engine_world_stop(&world);
        check_times(&world);
        engine_world_free(&world);
    }
}

/* A store that fails while the clock is frozen does not make the engine believe the clock. */
static void a_failing_store_confirms_no_clock(void)
{
    struct engine_world world;
    struct command command;
    struct entry entry = { 0 };
    int64_t before_ms;
    uint64_t size;

    engine_world_init(&world);
    ending_license(&world);
    size = engine_size(&world);
    before_ms = engine_now_ms(world.engine);
    fault_arm(FAULT_CLOCK_OFFSET_S, YEAR_S, 1);
    CHECK(await(&world, AUDIT_CLOCK_JUMPED, size, &entry));
    command = engine_checkout(&world.people[0]);
    fault_arm(FAULT_STORE_COMMIT, 0, 6);
    CHECK(engine_ask(&world, &command, NULL).verdict != VERDICT_DONE);
    engine_wait_ready(&world);
    CHECK(!id_is_none(engine_take(&world, &world.people[1])));
    CHECK(engine_now_ms(world.engine) - before_ms < 120000);
    CHECK_INT(engine_count(&world, AUDIT_LICENSE_EXPIRED, 0), 0);
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(a_jump_freezes_expiry_while_lapsing_goes_on),
    TEST(a_jump_across_a_restart_is_one_too),
    TEST(a_jump_is_recorded_whatever_the_first_commit_comes_to),
    TEST(a_failing_store_confirms_no_clock),
};
TEST_MAIN(tests)
