/*
 * core/wheel against an oracle that keeps every deadline in an array.
 */
#include "core/wheel.h"

#include "base/entropy.h"
#include "base/memory.h"
#include "base/table.h"
#include "test.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define YEAR_MS ((int64_t)365 * 24 * HOUR_MS)
#define NOW_MS  ((int64_t)1795507200123)

struct record {
    int64_t deadline_ms;
    bool in; /* the oracle's opinion: whether the place is in the wheel */
    struct wheel_link link;
};

struct world {
    struct table table;
    struct wheel wheel;
    int64_t now_ms;
    uint32_t in;   /* places in the wheel, by the oracle */
    uint64_t puts; /* adds and puttings back */
};

static bool world_init(struct world *ret_world, uint32_t count, int64_t now_ms)
{
    *ret_world = (struct world){ .table = table_of(sizeof(struct record), count), .now_ms = now_ms };
    wheel_init(&ret_world->wheel, &ret_world->table, offsetof(struct record, link), now_ms);
    return CHECK_OK(table_cover(&ret_world->table, count));
}

static void world_free(struct world *world)
{
    table_free(&world->table);
}

static struct record *record_at(const struct world *world, uint32_t place)
{
    return table_at(&world->table, place);
}

static void add(struct world *world, uint32_t place, int64_t deadline_ms)
{
    record_at(world, place)->deadline_ms = deadline_ms;
    record_at(world, place)->in = true;
    wheel_add(&world->wheel, place, deadline_ms);
    world->in++;
    world->puts++;
}

static void drop(struct world *world, uint32_t place)
{
    world->in -= record_at(world, place)->in;
    record_at(world, place)->in = false;
    wheel_remove(&world->wheel, place);
}

/* Moves time on as an owner does; gives how many were due. */
static uint32_t advance(struct world *world, int64_t now_ms)
{
    uint32_t due = 0;
    uint32_t place;

    world->now_ms = now_ms;
    while ((place = wheel_next(&world->wheel, now_ms)) != WHEEL_NONE) {
        struct record *record = record_at(world, place);
        CHECK(record->in);
        if (record->deadline_ms > now_ms) {
            wheel_add(&world->wheel, place, record->deadline_ms);
            world->puts++;
            continue;
        }
        record->in = false;
        world->in--;
        due++;
    }
    return due;
}

/* Nothing is later than a tick, and nothing is lost. */
static void check_against_oracle(const struct world *world)
{
    uint32_t in = 0;

    for (uint32_t place = 0; place < world->table.used; place++) {
        const struct record *record = record_at(world, place);
        CHECK(wheel_has(&world->wheel, place) == record->in);
        CHECK(!record->in || record->deadline_ms > world->now_ms - WHEEL_TICK_MS);
        in += record->in;
    }
    CHECK_INT(in, world->in);
    CHECK_INT(world->wheel.count, in);
}

/* Mostly near, sometimes far, past, exactly now, or beyond all reach. */
static int64_t some_deadline(struct entropy *entropy, int64_t now_ms)
{
    int64_t reach_ms = (int64_t)1 << entropy_below(entropy, 41);

    switch (entropy_below(entropy, 8)) {
    case 0:
        return now_ms;
    case 1:
        return now_ms - (int64_t)entropy_below(entropy, (uint64_t)HOUR_MS);
    case 2:
        return entropy_below(entropy, 50) ? now_ms + 300000 : INT64_MAX;
    default:
        return now_ms + (int64_t)entropy_below(entropy, (uint64_t)reach_ms);
    }
}

static int64_t some_step(struct entropy *entropy)
{
    return (int64_t)entropy_below(entropy, (uint64_t)1 << entropy_below(entropy, 38));
}

static void random_adds_removes_and_steps_agree_with_the_oracle(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());
    const uint32_t count = 300;

    for (int round = 0; round < 40; round++) {
        AUTO(struct world, world_free) world = { 0 };
        if (!world_init(&world, count, round ? NOW_MS + some_step(&entropy) : 0))
            return;
        for (int step = 0; step < 500; step++) {
            uint32_t place = (uint32_t)entropy_below(&entropy, count);
            CHECKING("seed %llu, round %d, step %d", (unsigned long long)test_seed(), round, step);
            if (entropy_below(&entropy, 3) == 0) {
                advance(&world, world.now_ms + some_step(&entropy));
                check_against_oracle(&world);
            } else if (!wheel_has(&world.wheel, place)) {
                add(&world, place, some_deadline(&entropy, world.now_ms));
            } else if (entropy_below(&entropy, 2)) {
                drop(&world, place);
            }
        }
    }
}

static void a_hundred_thousand_come_out_when_they_are_due(void)
{
    AUTO(struct world, world_free) world = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());
    const uint32_t count = 100000;
    uint32_t due = 0;

    if (!world_init(&world, count, NOW_MS))
        return;
    for (uint32_t place = 0; place < count; place++)
        add(&world, place, NOW_MS + (int64_t)entropy_below(&entropy, (uint64_t)24 * HOUR_MS));
    for (int minute = 1; minute <= 24 * 60; minute++) {
        due += advance(&world, NOW_MS + (int64_t)minute * 60000);
        CHECK(minute != 12 * 60 || (due > count * 4 / 10 && due < count * 6 / 10));
    }
    due += advance(&world, NOW_MS + 24 * HOUR_MS + WHEEL_TICK_MS);
    CHECK_INT(due, count);
    check_against_oracle(&world);
    CHECK(world.puts <= (uint64_t)count * WHEEL_LEVELS); /* each moved down at most once a level */
}

static void years_that_hold_nothing_are_passed_in_one_step(void)
{
    AUTO(struct world, world_free) world = { 0 };

    if (!world_init(&world, 3, NOW_MS))
        return;
    add(&world, 0, NOW_MS + 5 * YEAR_MS);
    add(&world, 1, NOW_MS + 16 * YEAR_MS);
    add(&world, 2, NOW_MS + 40 * YEAR_MS); /* past the wheel's reach */
    CHECK_INT(advance(&world, NOW_MS + 5 * YEAR_MS - 1), 0);
    CHECK_INT(advance(&world, NOW_MS + 5 * YEAR_MS + WHEEL_TICK_MS), 1);
    CHECK_INT(advance(&world, NOW_MS + 39 * YEAR_MS), 1);
    CHECK_INT(advance(&world, NOW_MS + 40 * YEAR_MS - 1), 0);
    CHECK_INT(advance(&world, NOW_MS + 40 * YEAR_MS + WHEEL_TICK_MS), 1);
    check_against_oracle(&world);
}

static void what_is_added_too_late_comes_out_at_once(void)
{
    AUTO(struct world, world_free) world = { 0 };

    if (!world_init(&world, 2, NOW_MS))
        return;
    add(&world, 0, NOW_MS - YEAR_MS);
    CHECK_INT(advance(&world, NOW_MS), 1);
    CHECK_INT(advance(&world, NOW_MS + HOUR_MS), 0);
    add(&world, 1, 0);
    CHECK_INT(advance(&world, NOW_MS + HOUR_MS), 1);
    check_against_oracle(&world);
}

static void a_deadline_never_comes_out_before_its_time_nor_a_tick_after(void)
{
    AUTO(struct world, world_free) world = { 0 };

    if (!world_init(&world, 1, NOW_MS))
        return;
    for (int64_t ahead = 0; ahead < (int64_t)3 * WHEEL_SLOTS * WHEEL_TICK_MS; ahead += 97) {
        int64_t deadline_ms = world.now_ms + ahead;
        CHECKING("%lld ms ahead", (long long)ahead);
        add(&world, 0, deadline_ms);
        CHECK_INT(advance(&world, deadline_ms - 1), 0);
        CHECK_INT(advance(&world, deadline_ms + WHEEL_TICK_MS), 1);
    }
}

static void a_place_is_taken_out_from_anywhere_in_its_slot(void)
{
    static const uint32_t orders[][3] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 }
    };

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        AUTO(struct world, world_free) world = { 0 };
        CHECKING("order %zu", i);
        if (!world_init(&world, 3, NOW_MS))
            return;
        for (uint32_t place = 0; place < 3; place++)
            add(&world, place, NOW_MS + HOUR_MS);
        for (int taken = 0; taken < 3; taken++) {
            drop(&world, orders[i][taken]);
            drop(&world, orders[i][taken]); /* does nothing */
            check_against_oracle(&world);
        }
        CHECK_INT(advance(&world, NOW_MS + YEAR_MS), 0);
    }
}

static const struct test tests[] = {
    TEST(random_adds_removes_and_steps_agree_with_the_oracle),
    TEST(a_hundred_thousand_come_out_when_they_are_due),
    TEST(years_that_hold_nothing_are_passed_in_one_step),
    TEST(what_is_added_too_late_comes_out_at_once),
    TEST(a_deadline_never_comes_out_before_its_time_nor_a_tick_after),
    TEST(a_place_is_taken_out_from_anywhere_in_its_slot),
};
TEST_MAIN(tests)
