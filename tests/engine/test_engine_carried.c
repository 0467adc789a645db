/*
 * While one batch is on its way to the disk, the next one is decided on facts that hold it: what becomes of the first
 * decides about both (P1, P2; DESIGN section 2). More commands than one batch takes are sent at once, so that there are
 * always two.
 */
#include <stdio.h>

#include "engine_world.h"

#define ASKED      3000 /* of BATCH_MAX_COMMANDS: two full batches and a part */
#define NAME_BYTES 16

struct person {
    struct ask ask;
    char name[NAME_BYTES];
};

static struct person people[ASKED];

/* A new user, whose name must be free: what was refused frees it. */
static void person_init(struct person *person, struct engine_world *world, int number)
{
    struct command command = engine_command(&world->admin, COMMAND_USER_CREATE);
    struct name_new *name = &person->ask.job.names[0];

    (void)snprintf(person->name, sizeof person->name, "person %d", number);
    command.principal_create.id = id_new(&world->entropy, 1);
    command.principal_create.organisation = world->organisation;
    ask_init(&person->ask, world, &command);
    *name = (struct name_new){ .id = command.principal_create.id,
                               .kind = NAME_USER,
                               .within = world->organisation,
                               .text = str_of(person->name) };
    person->ask.job.name_count = 1;
    CHECK_OK(names_reserve(engine_names(world->engine), name));
}

/* Asks for all that were not made yet, as one chain; gives how many were made. Each answer is what the ledger says. */
static int ask_for_all(struct engine_world *world, bool made[ASKED])
{
    struct job *first = NULL;
    int count = 0;

    for (int i = ASKED - 1; i >= 0; i--) {
        if (made[i])
            continue;
        person_init(&people[i], world, i);
        people[i].ask.job.wants_receipt = i % 100 == 0;
        people[i].ask.looks = true;
        people[i].ask.job.next = first;
        first = &people[i].ask.job;
    }
    engine_submit(world->engine, first);
    for (int i = 0; i < ASKED; i++) {
        const struct reply *reply = &people[i].ask.job.reply;

        if (made[i])
            continue;
        ask_wait(&people[i].ask);
        CHECK_INT(people[i].ask.times, 1);
        made[i] = reply->verdict == VERDICT_DONE;
        count += made[i];
        CHECK(!made[i] || reply->index < people[i].ask.durable_size);
        if (made[i] && people[i].ask.job.wants_receipt)
            CHECK(publisher_head(engine_publisher(world->engine)).size > reply->index);
        ask_free(&people[i].ask);
    }
    return count;
}

static void what_a_commit_comes_to_decides_about_what_was_decided_after_it(void)
{
    static const struct {
        enum fault_point point;
        int64_t passes; /* commits before the one that fails */
        int64_t times;
        const char *name;
    } cases[] = {
        { FAULT_STORE_COMMIT, 0, 1, "the first commit" },
        { FAULT_STORE_COMMIT, 1, 1, "the second commit" },
        { FAULT_STORE_COMMIT, 2, 1, "the last commit" },
        { FAULT_STORE_AFTER_COMMIT, 0, 1, "the answer to the first" },
        { FAULT_STORE_AFTER_COMMIT, 1, 1, "the answer to the second" },
        { FAULT_STORE_WRITE, 3, 1, "a statement" },
        { FAULT_STORE_FULL, 9, 1, "the disk is full" },
        { FAULT_STORE_COMMIT, 0, -1, "the first commit, and the store can't be settled" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct engine_world world;
        static bool made[ASKED];
        uint64_t before;
        int count;

        CHECKING("%s", cases[i].name);
        memset(made, 0, sizeof made);
        engine_world_init(&world);
        before = engine_size(&world);
        fault_arm(cases[i].point, cases[i].passes, cases[i].times);
        count = ask_for_all(&world, made);
        CHECK(fault_was_hit(cases[i].point));
        fault_disarm_all();
        engine_wait_ready(&world);
        CHECK_INT(engine_count(&world, AUDIT_USER_CREATED, before), count);
        CHECK(cases[i].point == FAULT_STORE_AFTER_COMMIT ? count == ASKED : count < ASKED);
        count += ask_for_all(&world, made);
        CHECK_INT(count, ASKED);
        CHECK_INT(engine_count(&world, AUDIT_USER_CREATED, before), ASKED);
        CHECK(engine_verifies(&world));
        engine_world_free(&world);
    }
}

static void look(void *context, const struct facts *facts, int64_t now_ms)
{
    (void)context;
    (void)facts;
    (void)now_ms;
}

/* Two seats are taken in each batch under the same name, which none of them knows to be durable. */
static void a_name_that_two_batches_bring_is_stored_once(void)
{
    struct engine_world world;
    static struct ask asks[ASKED];
    struct id alias = { 0 };

    engine_world_init(&world);
    for (int i = 0; i < ASKED; i++) {
        struct command command = { .kind = COMMAND_VIEW, .view = { .call = look } };
        struct name_new name = { .kind = NAME_ALIAS_USER, .text = STR("ada") };
        bool is_new = false;

        if (i % (BATCH_MAX_COMMANDS / 2)) {
            ask_init(&asks[i], &world, &command);
            continue;
        }
        CHECK_OK(names_alias(engine_names(world.engine), &name, &world.entropy, 1, &is_new));
        CHECK(is_new);
        alias = name.id;
        command = engine_checkout(&world.people[0]);
        command.lease_create.user_alias = alias;
        ask_init(&asks[i], &world, &command);
        asks[i].job.names[0] = name;
        asks[i].job.name_count = 1;
    }
    ask_send(asks, ASKED);
    for (int i = 0; i < ASKED; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].job.reply.verdict, VERDICT_DONE);
        ask_free(&asks[i]);
    }
    CHECK(!names_is_new(engine_names(world.engine), alias, 0));
    engine_world_stop(&world);
    engine_world_start(&world);
    CHECK(!names_is_new(engine_names(world.engine), alias, 0));
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(what_a_commit_comes_to_decides_about_what_was_decided_after_it),
    TEST(a_name_that_two_batches_bring_is_stored_once),
};
TEST_MAIN(tests)
