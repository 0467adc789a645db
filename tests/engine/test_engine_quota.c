/*
 * engine/writer, engine/names, engine/commit: the register of names is there for all, and nobody fills it; nobody holds
 * up the engine with answers that are long to read (P9).
 */
#include <stdio.h>

#include "engine_world.h"

/* Invents a host; whether the check-out brought it into the register. */
static bool host_is_brought(struct engine_world *world, const struct actor *actor, int number)
{
    struct name_new host = { .kind = NAME_ALIAS_HOST };
    struct command command = engine_checkout(actor);
    struct ask ask;
    char text[32];
    bool is_new = false;
    bool brought;

    (void)snprintf(text, sizeof(text), "invented-%d", number);
    host.text = str_of(text);
    CHECK_OK(names_alias(engine_names(world->engine), &host, &world->entropy, 1, &is_new));
    CHECK(is_new);
    command.lease_create.host_alias = host.id;
    ask_init(&ask, world, &command);
    ask.job.names[0] = host;
    ask.job.name_count = 1;
    ask_send(&ask, 1);
    ask_wait(&ask);
    brought = ask.job.reply.outcome.kind == OUTCOME_ENTRY;
    if (brought) {
        struct entry entry;

        CHECK_OK(entry_decode(ask.job.reply.leaves[0], &entry, NULL));
        (void)engine_release(world, actor, entry.on[ON_LEASE].id);
    } else {
        CHECK_INT(ask.job.reply.outcome.problem, PROBLEM_NAME_QUOTA);
    }
    ask_free(&ask);
    return brought;
}

/* P9: the register is there for all. What was refused leaves no name behind. */
static void nobody_fills_the_register_with_invented_hosts(void)
{
    struct engine_world world;
    uint64_t before;
    int number = 0;

    engine_world_init(&world);
    before = names_count(engine_names(world.engine));
    while (number <= PERSON_NAMES_MAX + 60 && host_is_brought(&world, &world.people[0], number))
        number++;
    CHECK(number >= PERSON_NAMES_MAX && number < PERSON_NAMES_MAX + 60);
    CHECK_INT(names_count(engine_names(world.engine)), before + (uint64_t)number);
    CHECK(host_is_brought(&world, &world.people[1], number + 1)); /* others do not notice */
    engine_world_free(&world);
}

/* A hundred processes of one machine that nobody knew are one new name, also when they come at once. */
static void a_new_host_that_comes_with_many_commands_at_once_counts_once(void)
{
    enum { MANY = ENGINE_SEATS };
    struct engine_world world;
    struct ask asks[MANY];
    uint64_t before;

    engine_world_init(&world);
    before = names_count(engine_names(world.engine));
    for (int i = 0; i < MANY; i++) {
        struct name_new host = { .kind = NAME_ALIAS_HOST, .text = STR("farm-1") };
        struct command command = engine_checkout(&world.people[0]);
        bool is_new = false;

        CHECK_OK(names_alias(engine_names(world.engine), &host, &world.entropy, 1, &is_new));
        command.lease_create.host_alias = host.id;
        ask_init(&asks[i], &world, &command);
        asks[i].job.names[0] = host;
        asks[i].job.name_count = is_new;
    }
    ask_send(asks, MANY);
    for (int i = 0; i < MANY; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].job.reply.outcome.kind, OUTCOME_ENTRY);
        CHECK(asks[i].job.command.new_names == 0 || i == 0);
    }
    for (int i = 0; i < MANY; i++)
        ask_free(&asks[i]);
    CHECK_INT(names_count(engine_names(world.engine)), before + 1);
    engine_world_free(&world);
}

/* A product of that many features is a change of so many entries, all of which answer a repeat. */
static void repeats_of_a_large_change_are_all_answered_and_hold_up_nobody(void)
{
    enum { REPEATS = 40 };
    struct engine_world world;
    struct str features[FEATURES_MAX];
    char names[FEATURES_MAX][8];
    struct command command;
    struct ask asks[REPEATS];
    struct ask other;

    engine_world_init(&world);
    for (int i = 0; i < FEATURES_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "f%d", i);
        features[i] = str_of(names[i]);
    }
    command = engine_keyed(&world, engine_command(&world.admin, COMMAND_PRODUCT_CREATE));
    command.product_create.name = STR("suite");
    command.product_create.features = features;
    command.product_create.feature_count = FEATURES_MAX;
    CHECK_INT(engine_ask(&world, &command, NULL).leaf_count, FEATURES_MAX + 1);
    for (int i = 0; i < REPEATS; i++)
        ask_init(&asks[i], &world, &command);
    ask_send(asks, REPEATS);
    command = engine_checkout(&world.people[0]);
    ask_init(&other, &world, &command);
    ask_send(&other, 1);
    ask_wait(&other);
    CHECK_INT(other.job.reply.outcome.kind, OUTCOME_ENTRY);
    for (int i = 0; i < REPEATS; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].job.reply.verdict, VERDICT_DONE);
        CHECK_INT(asks[i].job.reply.outcome.kind, OUTCOME_REPEAT);
        CHECK_INT(asks[i].job.reply.leaf_count, FEATURES_MAX + 1);
        CHECK_INT(asks[i].times, 1);
        ask_free(&asks[i]);
    }
    ask_free(&other);
    engine_world_free(&world);
}

/* Those that still wait are answered before the engine's thread ends. */
static void a_stop_answers_the_repeats_that_wait(void)
{
    enum { REPEATS = 30 };
    struct engine_world world;
    struct str feature = STR("only");
    struct command command;
    struct ask asks[REPEATS];

    engine_world_init(&world);
    command = engine_keyed(&world, engine_command(&world.admin, COMMAND_PRODUCT_CREATE));
    command.product_create.name = STR("suite");
    command.product_create.features = &feature;
    command.product_create.feature_count = 1;
    (void)engine_ask(&world, &command, NULL);
    for (int i = 0; i < REPEATS; i++)
        ask_init(&asks[i], &world, &command);
    ask_send(asks, REPEATS);
    engine_world_stop(&world);
    for (int i = 0; i < REPEATS; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].times, 1);
        ask_free(&asks[i]);
    }
    engine_world_start(&world);
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(nobody_fills_the_register_with_invented_hosts),
    TEST(a_new_host_that_comes_with_many_commands_at_once_counts_once),
    TEST(repeats_of_a_large_change_are_all_answered_and_hold_up_nobody),
    TEST(a_stop_answers_the_repeats_that_wait),
};
TEST_MAIN(tests)
