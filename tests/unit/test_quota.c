/*
 * core/quota: nobody uses up what is there for all, who gives back may go on, and others do not notice (P9).
 */
#include "core/quota.h"

#include "core_check.h"
#include "core_world.h"
#include "test.h"

struct scene {
    struct world *world;
    struct who acme;
    struct who ann;
    struct who bob;
    struct who robot; /* a service */
};

static void scene_free(struct scene *scene)
{
    CHECK(facts_check(&scene->world->facts));
    world_free(&scene->world);
}

static struct scene scene_new(int64_t limit)
{
    struct scene scene = { .world = world_new(17) };

    world_product(scene.world, "cad", "render");
    scene.acme = world_organisation(scene.world);
    scene.ann = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.bob = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.robot = world_service(scene.world, scene.acme, ROLE_MEMBER);
    world_license(scene.world, scene.acme, "cad/render", limit);
    return scene;
}
#define SCENE(name, limit) AUTO(struct scene, scene_free) name = scene_new(limit)

static uint32_t place_of(const struct scene *scene, struct who who)
{
    return principal_find(&scene->world->facts, who.id);
}

/* Uses up that much of somebody's rates, as commands would. */
static void use_up(struct scene *scene, struct who who, int64_t entries, int64_t names)
{
    struct quota_use use = { .principal = place_of(scene, who), .entries = entries, .names = names };

    quota_take(&scene->world->facts, &use, scene->world->now_ms);
}

static struct command checkout(struct scene *scene, struct who who, int64_t wait_s)
{
    struct command command = world_checkout(scene->world, who, "cad/render", 1);

    command.lease_create.wait_s = wait_s;
    command.lease_create.ttl_s = TTL_MAX_S;
    return command;
}

static void give_back(struct scene *scene, struct who who, struct id lease)
{
    struct command command = world_as(scene->world, who, COMMAND_LEASE_RELEASE);

    command.lease = lease;
    world_done(scene->world, &command);
}

static void a_person_has_so_many_live_leases_and_no_more(void)
{
    SCENE(scene, PERSON_LEASES_MAX + 10);
    struct command command;
    struct id lease = { 0 };

    for (int i = 0; i < PERSON_LEASES_MAX; i++) {
        command = checkout(&scene, scene.ann, 0);
        world_done(scene.world, &command);
        if (i == 0)
            lease = lease_at(&scene.world->facts, 0)->id;
    }
    command = checkout(&scene, scene.ann, 0);
    world_refused(scene.world, &command, PROBLEM_LEASE_QUOTA, "");
    command = checkout(&scene, scene.bob, 0);
    world_done(scene.world, &command);
    command = checkout(&scene, scene.robot, 0);
    world_done(scene.world, &command);
    give_back(&scene, scene.ann, lease);
    command = checkout(&scene, scene.ann, 0);
    world_done(scene.world, &command);
    command = checkout(&scene, scene.ann, 0);
    world_refused(scene.world, &command, PROBLEM_LEASE_QUOTA, "");
}

static void a_person_leaves_room_in_the_queue_for_others(void)
{
    SCENE(scene, 1);
    struct command command = checkout(&scene, scene.bob, 0);
    struct entry entry;
    struct id ticket = { 0 };

    world_done(scene.world, &command);
    for (int i = 0; i < PERSON_TICKETS_MAX; i++) {
        command = checkout(&scene, scene.ann, 3600);
        world_entry(scene.world, world_done(scene.world, &command), &entry);
        ticket = entry.on[ON_TICKET].id;
    }
    command = checkout(&scene, scene.ann, 3600);
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_TICKET_QUOTA);
    CHECK_INT(world_pool(scene.world, scene.acme, "cad/render")->queued, PERSON_TICKETS_MAX);
    command = checkout(&scene, scene.robot, 3600);
    world_done(scene.world, &command);
    command = world_as(scene.world, scene.ann, COMMAND_TICKET_CANCEL);
    command.ticket = ticket;
    world_done(scene.world, &command);
    command = checkout(&scene, scene.ann, 3600);
    world_done(scene.world, &command);
}

static void who_begins_too_much_is_slowed_down_and_can_still_give_back(void)
{
    SCENE(scene, 100);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);
    struct command command = checkout(&scene, scene.ann, 0);

    use_up(&scene, scene.ann, PERSON_ENTRIES_MAX, 0);
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_ENTRY_QUOTA);
    command = world_as(scene.world, scene.ann, COMMAND_LEASE_HEARTBEAT);
    command.lease = lease;
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.kind, OUTCOME_LEASE);
    give_back(&scene, scene.ann, lease);
    command = checkout(&scene, scene.bob, 0);
    world_done(scene.world, &command); /* others go on */
    world_wait(scene.world, 1000);
    for (int i = 0; i < 1000000 / PERSON_ENTRY_EVERY_US; i++) {
        command = checkout(&scene, scene.ann, 0);
        world_done(scene.world, &command);
    }
    command = checkout(&scene, scene.ann, 0);
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_ENTRY_QUOTA);
}

/* Else whoever is refused makes the ledger grow by being refused. */
static void refusals_by_a_quota_are_rolled_up(void)
{
    SCENE(scene, 100);
    uint64_t size;

    world_take(scene.world, scene.ann, "cad/render", 1);
    use_up(&scene, scene.ann, PERSON_ENTRIES_MAX, 0);
    size = scene.world->facts.size;
    scene.world->no_due = true;
    for (int i = 0; i < 500; i++) {
        struct command command = checkout(&scene, scene.ann, 0);
        struct decide_context context = { .facts = &scene.world->facts,
                                          .floods = &scene.world->floods,
                                          .entropy = &scene.world->entropy,
                                          .now_ms = scene.world->now_ms };
        struct outcome outcome;

        CHECK_OK(decide(&context, &command, &scene.world->draft, &outcome));
        CHECK_INT(outcome.problem, PROBLEM_ENTRY_QUOTA);
        CHECK_INT(outcome.kind, i < FLOOD_FIRST ? OUTCOME_PROBLEM : OUTCOME_FLOOD);
    }
    CHECK_INT(scene.world->facts.size, size);
}

static void invented_users_and_hosts_are_limited_and_known_ones_are_not(void)
{
    SCENE(scene, 100);
    struct command command = checkout(&scene, scene.ann, 0);

    use_up(&scene, scene.ann, 0, PERSON_NAMES_MAX);
    command.new_names = 10;
    world_refused(scene.world, &command, PROBLEM_NAME_QUOTA, ""); /* in its minute five came back */
    use_up(&scene, scene.ann, 0, PERSON_NAMES_MAX);
    command = checkout(&scene, scene.ann, 0);
    command.new_names = 1;
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_NAME_QUOTA);
    command = checkout(&scene, scene.ann, 0);
    world_done(scene.world, &command);
    command = checkout(&scene, scene.bob, 0);
    command.new_names = 2;
    world_done(scene.world, &command);
    world_wait(scene.world, PERSON_NAME_EVERY_US / 1000);
    command = checkout(&scene, scene.ann, 0);
    command.new_names = 1;
    world_done(scene.world, &command);
}

static void a_refused_command_takes_nothing_off_the_rates(void)
{
    SCENE(scene, 1);
    struct command command = checkout(&scene, scene.ann, 0);
    const struct principal_pulse *pulse;
    struct bucket before;

    world_done(scene.world, &command);
    pulse = principal_pulse_at(&scene.world->facts, place_of(&scene, scene.ann));
    before = pulse->entries;
    world_take(scene.world, scene.ann, "cad/render", 1); /* denied */
    command = checkout(&scene, scene.ann, 0);
    command.lease_create.feature = STR("cad/nothing");
    world_refused(scene.world, &command, PROBLEM_NOT_FOUND, "feature");
    command = checkout(&scene, scene.ann, 3600);
    command.dry_run = true;
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(before.full_at_us, pulse->entries.full_at_us);
}

static void an_administrator_can_always_act(void)
{
    SCENE(scene, 1);
    struct command command;

    use_up(&scene, scene.world->admin, PERSON_ENTRIES_MAX, PERSON_NAMES_MAX);
    command = world_as(scene.world, scene.world->admin, COMMAND_TEAM_CREATE);
    command.principal_create.id = world_alias(scene.world);
    world_done(scene.world, &command);
}

static void an_offer_can_be_claimed_whatever_else_is_used_up(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.bob, "cad/render", 1);
    struct command command = checkout(&scene, scene.ann, 3600);
    struct entry entry;

    world_entry(scene.world, world_done(scene.world, &command), &entry);
    use_up(&scene, scene.ann, PERSON_ENTRIES_MAX, PERSON_NAMES_MAX);
    give_back(&scene, scene.bob, lease);
    command = world_as(scene.world, scene.ann, COMMAND_TICKET_CLAIM);
    command.ticket = entry.on[ON_TICKET].id;
    world_done(scene.world, &command);
}

static void a_restart_counts_what_there_is_anew(void)
{
    SCENE(scene, 2);
    struct command command;
    AUTO(struct facts, facts_free) again = { 0 };
    uint32_t ann;

    world_take(scene.world, scene.ann, "cad/render", 2);
    command = checkout(&scene, scene.ann, 3600);
    world_done(scene.world, &command);
    world_restart(scene.world);
    CHECK_OK(world_replay(scene.world, scene.world->facts.size, &again, NULL));
    ann = principal_find(&again, scene.ann.id);
    CHECK_INT(principal_pulse_at(&again, ann)->leases, 1);
    CHECK_INT(principal_pulse_at(&again, ann)->tickets, 1);
}

static const struct test tests[] = {
    TEST(a_person_has_so_many_live_leases_and_no_more),
    TEST(a_person_leaves_room_in_the_queue_for_others),
    TEST(who_begins_too_much_is_slowed_down_and_can_still_give_back),
    TEST(refusals_by_a_quota_are_rolled_up),
    TEST(invented_users_and_hosts_are_limited_and_known_ones_are_not),
    TEST(a_refused_command_takes_nothing_off_the_rates),
    TEST(an_administrator_can_always_act),
    TEST(an_offer_can_be_claimed_whatever_else_is_used_up),
    TEST(a_restart_counts_what_there_is_anew),
};
TEST_MAIN(tests)
