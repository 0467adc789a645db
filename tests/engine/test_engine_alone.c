/* What is wrong with one command is that command's matter: the others of its batch, and the server, go on. */
#include <assert.h>
#include <stdlib.h>

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

/* A pool of its own, with all its seats taken one by one. */
static struct id crowd_form(struct engine_world *world, int64_t seats)
{
    struct entitlement_terms terms = { .feature = STR("render"), .limit = seats };
    struct command command = engine_command(&world->admin, COMMAND_LICENSE_CREATE);
    struct ask *asks = calloc((size_t)seats, sizeof *asks);
    struct entry entry = { 0 };

    assert(asks);
    command.license_create = (struct license_create){
        .product = STR("cad"), .holder = world->people[3].who, .entitlements = &terms, .entitlement_count = 1
    };
    CHECK_INT(engine_ask(world, &command, &entry).outcome.kind, OUTCOME_ENTRY);
    command = engine_checkout(&world->people[3]);
    for (int64_t i = 0; i < seats; i++)
        ask_init(&asks[i], world, &command);
    ask_send(asks, (size_t)seats);
    for (int64_t i = 0; i < seats; i++) {
        ask_wait(&asks[i]);
        ask_free(&asks[i]);
    }
    free(asks);
    return entry.on[ON_LICENSE].id;
}

static struct ask *next_ask;
static void (*first_done)(struct job *job);

/* Within the turn that answers the first, so that the next turn meets it. */
static void done_and_ask_next(struct job *job)
{
    ask_send(next_ask, 1);
    first_done(job);
}

/* Thousands of seats that end at once (a licence revoked, a network gone) don't keep everybody else waiting. */
static void who_comes_while_thousands_of_seats_end_is_served_among_them(void)
{
    enum { SEATS = 6000 };
    struct engine_world world;
    struct command command;
    struct ask revoke;
    struct ask other;
    uint64_t index;

    engine_world_init(&world);
    command = engine_command(&world.admin, COMMAND_LICENSE_REVOKE);
    command.license = crowd_form(&world, SEATS);
    ask_init(&revoke, &world, &command);
    command = engine_checkout(&world.people[0]);
    ask_init(&other, &world, &command);
    next_ask = &other;
    first_done = revoke.job.done;
    revoke.job.done = done_and_ask_next;
    ask_send(&revoke, 1);
    ask_wait(&revoke);
    ask_wait(&other);
    index = other.job.reply.index;
    engine_world_stop(&world);
    CHECK_INT(engine_count(&world, AUDIT_LEASE_REVOKED, 0), SEATS);
    CHECK(engine_count(&world, AUDIT_LEASE_REVOKED, index) >= SEATS / 4);
    ask_free(&revoke);
    ask_free(&other);
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(who_comes_while_thousands_of_seats_end_is_served_among_them),
    TEST(a_dry_run_that_finds_no_memory_for_its_answer_fails_alone),
    TEST(a_dry_run_under_a_key_that_was_used_is_a_dry_run),
};
TEST_MAIN(tests)
