/*
 * The end of an engine: whenever it comes, everything that was accepted is answered once, and nothing waits for ever.
 */
#include <time.h>

#include "engine_world.h"

enum { ROUNDS = 10, MANY = 3000 };

/* How long an answer takes is the disk's business: each round stops at another moment of it. */
static void pause_us(long us)
{
    (void)nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static void whenever_it_stops_all_that_was_accepted_is_answered_once(void)
{
    struct engine_world world;
    static struct ask asks[MANY];

    engine_world_init(&world);
    for (int round = 0; round < ROUNDS; round++) {
        CHECKING("round %d", round);
        for (int i = 0; i < MANY; i++) {
            struct command command = engine_checkout(&world.people[i % ENGINE_PEOPLE]);

            command.dry_run = i % 3 == 0; /* answered without an entry */
            ask_init(&asks[i], &world, &command);
        }
        for (int i = 0; i < MANY; i++)
            ask_send(&asks[i], 1);
        pause_us(round * 150);
        engine_world_stop(&world);
        for (int i = 0; i < MANY; i++) {
            ask_wait(&asks[i]);
            CHECK_INT(asks[i].times, 1);
            ask_free(&asks[i]);
        }
        engine_world_start(&world);
    }
    CHECK(engine_verifies(&world));
    CHECK(engine_has_no_seat_too_many(&world));
    engine_world_free(&world);
}

static void an_idle_engine_stops(void)
{
    struct engine_world world;

    engine_world_init(&world);
    for (int round = 0; round < ROUNDS; round++) {
        engine_world_stop(&world);
        engine_world_start(&world);
        pause_us(round * 10000);
    }
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(whenever_it_stops_all_that_was_accepted_is_answered_once),
    TEST(an_idle_engine_stops),
};
TEST_MAIN(tests)
