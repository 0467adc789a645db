/* What is wrong with one command is that command's matter: the others of its batch, and the server, go on. */
#include "engine_world.h"

/* A dry run would be a new try: a key that was answered before does not concern it. */
static void a_dry_run_under_a_key_that_was_used_is_a_dry_run(void)
{
    struct engine_world world;
    struct command command;
    struct reply reply;

    engine_world_init(&world);
    command = engine_keyed(&world, engine_checkout(&world.people[0]));
    CHECK_INT(engine_ask(&world, &command, NULL).outcome.kind, OUTCOME_ENTRY);
    command.dry_run = true;
    reply = engine_ask(&world, &command, NULL);
    CHECK_INT(reply.outcome.kind, OUTCOME_ENTRY);
    CHECK_INT(reply.would_count, 1);
    CHECK_INT(reply.index, UINT64_MAX);
    engine_world_free(&world);
}

static void a_dry_run_that_finds_no_memory_for_its_answer_fails_alone(void)
{
    struct engine_world world;
    struct ask asks[3];
    struct engine_stats stats;

    engine_world_init(&world);
    for (int i = 0; i < 3; i++) {
        struct command command = engine_checkout(&world.people[i]);

        command.dry_run = i == 1;
        ask_init(&asks[i], &world, &command);
    }
    asks[1].arena.max_bytes = 64;
    ask_send(asks, 3);
    for (int i = 0; i < 3; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].job.reply.verdict, i == 1 ? VERDICT_READ_ONLY : VERDICT_DONE);
        ask_free(&asks[i]);
    }
    engine_stats(world.engine, &stats);
    CHECK_INT(stats.failed_commits, 0);
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(a_dry_run_that_finds_no_memory_for_its_answer_fails_alone),
    TEST(a_dry_run_under_a_key_that_was_used_is_a_dry_run),
};
TEST_MAIN(tests)
