/*
 * engine/clockwork: time does not go back (P7), follows the wall clock gently, and believes no jump before it is told
 * to.
 */
#include "engine/clockwork.h"

#include <stdlib.h>

#include "base/entropy.h"
#include "base/limits.h"
#include "test.h"

#define WALL_MS    ((int64_t)1800000000000)
#define RUNNING_MS ((int64_t)5000000)
#define SECOND     ((int64_t)1000)
#define HOUR       (3600 * SECOND)
#define DAY        (24 * HOUR)
#define YEAR       (365 * DAY)

/* A clockwork and the machine's two clocks. */
struct world {
    struct clockwork clock;
    struct clock_reading machine;
};

static enum clock_event world_start(struct world *world, int64_t last_entry_ms, bool frozen)
{
    world->machine = (struct clock_reading){ WALL_MS, RUNNING_MS };
    return clockwork_start(&world->clock, world->machine, last_entry_ms, frozen);
}

/* Time passes, and the wall clock moves by that much and `more`. */
static enum clock_event world_pass(struct world *world, int64_t ms, int64_t more)
{
    int64_t before_ms = world->clock.now_ms;
    enum clock_event event;

    world->machine.running_ms += ms;
    world->machine.wall_ms += ms + more;
    event = clockwork_turn(&world->clock, world->machine);
    CHECK(world->clock.now_ms >= before_ms);
    return event;
}

/* As many turns of 100 ms as that takes; none reports anything. */
static void world_live(struct world *world, int64_t ms)
{
    for (int64_t i = 0; i < ms / 100; i++) {
        if (!CHECK_INT(world_pass(world, 100, 0), CLOCK_NONE))
            return;
    }
}

static int64_t behind_ms(const struct world *world)
{
    return world->clock.now_ms - world->machine.wall_ms;
}

/* ---- Starts ---- */

static void a_start_believes_a_wall_clock_that_can_be_right(void)
{
    static const struct {
        int64_t since_last_ms; /* from the newest entry to the wall clock */
        enum clock_event event;
    } cases[] = {
        { 0, CLOCK_NONE },
        { 1, CLOCK_NONE },
        { 30 * DAY, CLOCK_NONE },
        { 30 * DAY + 1, CLOCK_JUMPED_FORWARD },
        { 10 * YEAR, CLOCK_JUMPED_FORWARD },
        { -CLOCK_JUMP_BACK_MS, CLOCK_NONE }, /* a quick restart beside a wall clock that is slewed back */
        { -CLOCK_JUMP_BACK_MS - 1, CLOCK_JUMPED_BACK },
        { -HOUR, CLOCK_JUMPED_BACK },
        { -10 * YEAR, CLOCK_JUMPED_BACK },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t last_ms = WALL_MS - cases[i].since_last_ms;
        bool jumped = cases[i].event != CLOCK_NONE;
        struct world world;

        CHECKING("case %zu", i);
        CHECK_INT(world_start(&world, last_ms, false), cases[i].event);
        CHECK(world.clock.frozen == jumped);
        CHECK_INT(world.clock.now_ms, jumped || last_ms > WALL_MS ? last_ms : WALL_MS);
        if (jumped)
            CHECK_INT(world.clock.jump_ms, cases[i].since_last_ms);
        CHECK_INT(world_pass(&world, 5 * SECOND, 0), CLOCK_NONE); /* a jump is reported once, and time goes on */
        CHECK_INT(world.clock.now_ms, (jumped ? last_ms : WALL_MS) + 5 * SECOND);
    }
}

static void a_new_ledger_begins_with_the_wall_clock(void)
{
    struct world world;

    CHECK_INT(world_start(&world, 0, false), CLOCK_NONE);
    CHECK_INT(world.clock.now_ms, WALL_MS);
    CHECK(!world.clock.frozen);
}

static void a_jump_that_was_not_confirmed_is_not_believed_after_a_restart(void)
{
    static const int64_t since_last_ms[] = { 5 * SECOND, 10 * YEAR, -HOUR };

    for (size_t i = 0; i < sizeof since_last_ms / sizeof *since_last_ms; i++) {
        struct world world;

        CHECK_INT(world_start(&world, WALL_MS - since_last_ms[i], true), CLOCK_NONE); /* the ledger has it already */
        CHECK(world.clock.frozen);
        CHECK_INT(world.clock.now_ms, WALL_MS - since_last_ms[i]);
        world_live(&world, 10 * SECOND);
        CHECK_INT(world.clock.now_ms, WALL_MS - since_last_ms[i] + 10 * SECOND);
    }
}

/* ---- Slewing ---- */

static void small_differences_are_slewed_by_one_percent(void)
{
    static const int64_t steps[] = { 60 * SECOND, SECOND, 7, -7, -SECOND };

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int64_t all_ms = 100 * llabs(steps[i]); /* until it is made good */
        struct world world;

        CHECKING("step %lld", (long long)steps[i]);
        (void)world_start(&world, 0, false);
        CHECK_INT(world_pass(&world, 0, steps[i]), CLOCK_NONE);
        CHECK_INT(behind_ms(&world), -steps[i]);
        world_live(&world, all_ms / 2 / 100 * 100);
        CHECK(llabs(behind_ms(&world) + steps[i] / 2) <= 2);
        world_live(&world, all_ms / 2 + 200);
        CHECK_INT(behind_ms(&world), 0);
    }
}

/* Never by more than one percent, and by no less than half of that. */
static void turns_of_any_length_are_slewed(void)
{
    static const int64_t turns[] = { 1, 3, 99, 100, 101, 199, 1000, 50000 };

    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        struct world world;
        int64_t passed_ms = 0;
        int64_t made_good_ms;

        CHECKING("turns of %d ms", (int)turns[i]);
        (void)world_start(&world, 0, false);
        (void)world_pass(&world, 0, SECOND);
        for (; passed_ms < 50 * SECOND; passed_ms += turns[i])
            CHECK_INT(world_pass(&world, turns[i], 0), CLOCK_NONE);
        made_good_ms = SECOND + behind_ms(&world);
        CHECK(made_good_ms <= passed_ms / 100 && made_good_ms >= passed_ms / 200);
    }
}

static void a_machine_that_slept_has_not_jumped(void)
{
    struct world world;

    (void)world_start(&world, 0, false);
    CHECK_INT(world_pass(&world, 3 * DAY, 0), CLOCK_NONE); /* both clocks went on */
    CHECK_INT(behind_ms(&world), 0);
    CHECK_INT(world_pass(&world, 3 * DAY, 20 * SECOND), CLOCK_NONE);
    CHECK_INT(behind_ms(&world), 0); /* one percent of three days is more than that */
}

/* ---- Jumps ---- */

static void only_more_than_the_limits_is_a_jump(void)
{
    static const struct {
        int64_t step_ms;
        enum clock_event event;
    } cases[] = {
        { CLOCK_JUMP_FORWARD_MS, CLOCK_NONE },
        { CLOCK_JUMP_FORWARD_MS + 1, CLOCK_JUMPED_FORWARD },
        { YEAR, CLOCK_JUMPED_FORWARD },
        { -CLOCK_JUMP_BACK_MS, CLOCK_NONE },
        { -CLOCK_JUMP_BACK_MS - 1, CLOCK_JUMPED_BACK },
        { -HOUR, CLOCK_JUMPED_BACK },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;

        CHECKING("case %zu", i);
        (void)world_start(&world, 0, false);
        CHECK_INT(world_pass(&world, 50, cases[i].step_ms), cases[i].event);
        CHECK(world.clock.frozen == (cases[i].event != CLOCK_NONE));
        if (world.clock.frozen)
            CHECK_INT(world.clock.jump_ms, cases[i].step_ms);
    }
}

static void a_jump_is_reported_once_and_time_goes_on_as_if_it_had_not_been(void)
{
    static const int64_t jumps[] = { YEAR, -HOUR };

    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        struct world world;

        (void)world_start(&world, 0, false);
        CHECK(world_pass(&world, 100, jumps[i]) != CLOCK_NONE);
        world_live(&world, HOUR);
        CHECK_INT(world_pass(&world, 100, jumps[i]), CLOCK_NONE);      /* another one */
        CHECK_INT(world_pass(&world, 100, -2 * jumps[i]), CLOCK_NONE); /* and back */
        CHECK_INT(world.clock.now_ms, WALL_MS + HOUR + 300);
        CHECK(world.clock.frozen);
    }
}

/* ---- Confirmation ---- */

static void a_confirmed_jump_forward_is_made_at_once(void)
{
    struct world world;

    (void)world_start(&world, 0, false);
    CHECK_INT(world_pass(&world, 100, YEAR), CLOCK_JUMPED_FORWARD);
    world_live(&world, 10 * SECOND);
    CHECK_INT(clockwork_confirm(&world.clock, world.machine), YEAR);
    CHECK_INT(behind_ms(&world), 0);
    CHECK(!world.clock.frozen);
    world_live(&world, HOUR);
    CHECK_INT(behind_ms(&world), 0);
    CHECK_INT(world_pass(&world, 100, YEAR), CLOCK_JUMPED_FORWARD);
}

static void a_confirmed_jump_back_is_made_good_at_half_speed(void)
{
    struct world world;
    int64_t before_ms;

    (void)world_start(&world, 0, false);
    CHECK_INT(world_pass(&world, 100, -HOUR), CLOCK_JUMPED_BACK);
    before_ms = world.clock.now_ms;
    CHECK_INT(clockwork_confirm(&world.clock, world.machine), 0);
    CHECK_INT(world.clock.now_ms, before_ms);
    CHECK_INT(behind_ms(&world), HOUR);
    world_live(&world, HOUR);
    CHECK_INT(world.clock.now_ms, before_ms + HOUR / 2);
    CHECK_INT(behind_ms(&world), HOUR / 2);
    world_live(&world, HOUR - 2 * SECOND);
    CHECK(llabs(behind_ms(&world) - SECOND) <= 2); /* the last second goes at one percent */
    world_live(&world, 101 * SECOND);
    CHECK_INT(behind_ms(&world), 0);
}

static void a_confirmed_step_within_a_second_lets_time_stand_still(void)
{
    struct world world;

    (void)world_start(&world, 0, false);
    CHECK_INT(world_pass(&world, 100, -HOUR), CLOCK_JUMPED_BACK);
    CHECK_INT(world_pass(&world, 100, HOUR - 500), CLOCK_NONE); /* somebody has set it right, nearly */
    CHECK_INT(clockwork_confirm(&world.clock, world.machine), 0);
    CHECK_INT(behind_ms(&world), 500);
    world_live(&world, 500);
    CHECK_INT(behind_ms(&world), 0);
    world_live(&world, 500);
    CHECK_INT(behind_ms(&world), 0);
}

/* While time waits for the wall clock, that clock may not jump either. */
static void a_jump_while_catching_up_is_a_jump(void)
{
    static const struct {
        int64_t step_ms;
        enum clock_event event;
    } cases[] = {
        { 0, CLOCK_NONE },
        { CLOCK_JUMP_FORWARD_MS, CLOCK_NONE },
        { CLOCK_JUMP_FORWARD_MS + 1, CLOCK_JUMPED_FORWARD },
        { 2 * HOUR, CLOCK_JUMPED_FORWARD },
        { -CLOCK_JUMP_BACK_MS, CLOCK_NONE },
        { -CLOCK_JUMP_BACK_MS - 1, CLOCK_JUMPED_BACK },
        { -HOUR, CLOCK_JUMPED_BACK },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;

        CHECKING("case %zu", i);
        (void)world_start(&world, 0, false);
        (void)world_pass(&world, 100, -HOUR);
        (void)clockwork_confirm(&world.clock, world.machine);
        world_live(&world, HOUR);
        CHECK_INT(world_pass(&world, 100, cases[i].step_ms), cases[i].event);
        CHECK(world.clock.frozen == (cases[i].event != CLOCK_NONE));
        if (world.clock.frozen)
            CHECK_INT(world.clock.jump_ms, cases[i].step_ms);
        world_live(&world, SECOND);
    }
}

/* ---- Walks ---- */

enum { WALK_TURNS = 50000, CALM_TURNS = 1500 };

/* One turn of a clock that is a few milliseconds off now and then, on a machine that sleeps now and then. */
static void walk_turn(struct world *world, struct entropy *random)
{
    int64_t before_ms = world->clock.now_ms;
    int64_t passed_ms = (int64_t)entropy_below(random, entropy_below(random, 200) ? 500 : (uint64_t)DAY);
    int64_t noise_ms = (int64_t)entropy_below(random, 7) - 3;
    bool steady = !world->clock.catching_up;
    int64_t moved_ms;

    CHECK_INT(world_pass(world, passed_ms, noise_ms), CLOCK_NONE);
    moved_ms = world->clock.now_ms - before_ms;
    if (world->clock.frozen)
        CHECK_INT(moved_ms, passed_ms);
    else if (steady)
        CHECK(llabs(moved_ms - passed_ms) <= passed_ms / 100 + 2);
    else
        CHECK(moved_ms >= passed_ms / 2 - 2 && moved_ms <= passed_ms + passed_ms / 100 + 2);
}

static void over_any_walk_time_never_goes_back_and_every_jump_is_seen_once(void)
{
    struct entropy random = entropy_from_seed(test_seed());
    struct world world;

    (void)world_start(&world, 0, false);
    for (int turn = 0; turn < WALK_TURNS; turn++) {
        if (turn % CALM_TURNS == CALM_TURNS - 1 && !world.clock.frozen) {
            bool forward = entropy_below(&random, 2);
            int64_t size_ms = (int64_t)entropy_below(&random, (uint64_t)HOUR);
            int64_t jump_ms = forward ? 2 * CLOCK_JUMP_FORWARD_MS + size_ms : -2 * CLOCK_JUMP_BACK_MS - size_ms;

            CHECK_INT(world_pass(&world, 10, jump_ms), forward ? CLOCK_JUMPED_FORWARD : CLOCK_JUMPED_BACK);
        } else if (world.clock.frozen && entropy_below(&random, 500) == 0) {
            int64_t before_ms = world.clock.now_ms;
            int64_t forward_ms = clockwork_confirm(&world.clock, world.machine);

            CHECK(forward_ms >= 0 && world.clock.now_ms == before_ms + forward_ms);
        } else {
            walk_turn(&world, &random);
        }
    }
}

static const struct test tests[] = {
    TEST(a_start_believes_a_wall_clock_that_can_be_right),
    TEST(a_new_ledger_begins_with_the_wall_clock),
    TEST(a_jump_that_was_not_confirmed_is_not_believed_after_a_restart),
    TEST(small_differences_are_slewed_by_one_percent),
    TEST(turns_of_any_length_are_slewed),
    TEST(a_machine_that_slept_has_not_jumped),
    TEST(only_more_than_the_limits_is_a_jump),
    TEST(a_jump_is_reported_once_and_time_goes_on_as_if_it_had_not_been),
    TEST(a_confirmed_jump_forward_is_made_at_once),
    TEST(a_confirmed_jump_back_is_made_good_at_half_speed),
    TEST(a_confirmed_step_within_a_second_lets_time_stand_still),
    TEST(a_jump_while_catching_up_is_a_jump),
    TEST(over_any_walk_time_never_goes_back_and_every_jump_is_seen_once),
};
TEST_MAIN(tests)
