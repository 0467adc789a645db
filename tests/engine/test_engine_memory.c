/*
 * Memory runs out at every place of a turn once: everybody is answered, nothing is half-done, and one key stays one
 * action.
 */
#include <stdio.h>

#include "engine_world.h"

#define STEPS_MAX 400
#define QUIET     3 /* steps in a row that no allocation reached: the turn has no more of them */

/* What one step asks for, in one chain: a seat under a key, a dry run, something refused (by one person after the
 * other, or it would be a flood), and two seats with a receipt. */
enum { KEYED, DRY, REFUSED, PROVEN, ASKS };

static void asks_make(struct engine_world *world, struct ask *asks, const struct command *keyed, int64_t step)
{
    struct command dry = engine_checkout(&world->people[1]);
    struct command refused = engine_command(&world->people[step % ENGINE_PEOPLE], COMMAND_LEASE_RELEASE);
    struct command proven = engine_checkout(&world->people[3]);

    dry.dry_run = true;
    refused.lease = id_new(&world->entropy, 1);
    proven.lease_create.quantity = 2;
    ask_init(&asks[KEYED], world, keyed);
    ask_init(&asks[DRY], world, &dry);
    ask_init(&asks[REFUSED], world, &refused);
    ask_init(&asks[PROVEN], world, &proven);
}

/* Gives whether an allocation failed. */
static bool step_run(struct engine_world *world, int64_t step)
{
    struct command keyed = engine_keyed(world, engine_checkout(&world->people[0]));
    struct ask asks[ASKS];
    struct entry entry = { 0 };
    struct reply again;
    uint64_t size = engine_size(world);
    struct id leases[2] = { 0 };
    bool hit;

    asks_make(world, asks, &keyed, step);
    asks[PROVEN].job.wants_receipt = true;
    fault_arm(FAULT_MEMORY, step, 1);
    ask_send(asks, ASKS);
    for (int i = 0; i < ASKS; i++)
        ask_wait(&asks[i]);
    hit = fault_was_hit(FAULT_MEMORY);
    fault_disarm_all();
    engine_wait_ready(world);
    again = engine_ask(world, &keyed, &entry);
    CHECK_INT(again.verdict, VERDICT_DONE);
    if (asks[KEYED].job.reply.verdict == VERDICT_DONE)
        CHECK_INT(again.index, asks[KEYED].job.reply.index);
    if (CHECK_INT(entry.code, AUDIT_LEASE_GRANTED))
        leases[0] = entry.on[ON_LEASE].id;
    if (engine_count(world, AUDIT_LEASE_GRANTED, size) > 1 && engine_find(world, AUDIT_LEASE_GRANTED, size, &entry))
        leases[1] = entry.on[ON_LEASE].id;
    CHECK(engine_count(world, AUDIT_LEASE_GRANTED, size) <= 2);
    CHECK_INT(engine_release(world, &world->people[0], leases[0]).verdict, VERDICT_DONE);
    for (int i = 0; i < ENGINE_PEOPLE && !id_is_none(leases[1]); i++)
        (void)engine_release(world, &world->people[i], leases[1]);
    for (int i = 0; i < ASKS; i++)
        ask_free(&asks[i]);
    return hit;
}

static void everybody_is_answered_and_nothing_is_half_done_wherever_memory_ends(void)
{
    struct engine_world world;
    int64_t step = 0;
    int failed = 0;

    engine_world_init(&world);
    for (int quiet = 0; quiet < QUIET && step < STEPS_MAX; step++) {
        bool hit;

        CHECKING("allocation %d", (int)step);
        hit = step_run(&world, step);
        failed += hit;
        quiet = hit ? 0 : quiet + 1;
    }
    CHECK(step < STEPS_MAX);
    CHECK(failed > 3);
    printf("%d allocations failed, one by one\n", failed);
    engine_world_stop(&world);
    CHECK(engine_verifies(&world));
    CHECK(engine_has_no_seat_too_many(&world));
    engine_world_start(&world);
    CHECK(!id_is_none(engine_take(&world, &world.people[0])));
    engine_world_free(&world);
}

/* Opening too: what could not be opened lets go of everything, and opens when there is memory. */
static void an_engine_that_gets_no_memory_opens_later(void)
{
    struct engine_world world;
    int64_t step = 0;

    engine_world_init(&world);
    CHECK(!id_is_none(engine_take(&world, &world.people[0])));
    engine_world_stop(&world);
    for (;; step++) {
        struct err err = { 0 };
        bool hit;
        status s;

        CHECKING("allocation %d", (int)step);
        fault_arm(FAULT_MEMORY, step, 1);
        s = engine_world_open(&world, &err);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK(hit || s.code == CODE_OK);
        if (s.code)
            CHECK(world.engine == NULL);
        engine_world_stop(&world);
        if (!hit)
            break;
    }
    printf("%d allocations of a start failed, one by one\n", (int)step);
    CHECK_INT(engine_count(&world, AUDIT_SNAPSHOT_REFUSED, 0), 0);
    engine_world_start(&world);
    CHECK(!id_is_none(engine_take(&world, &world.people[1])));
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(everybody_is_answered_and_nothing_is_half_done_wherever_memory_ends),
    TEST(an_engine_that_gets_no_memory_opens_later),
};
TEST_MAIN(tests)
