/*
 * core/decide_ticket, core/due: waiting for a seat: in order, bounded, and never a seat too many (P4).
 */
#include "base/limits.h"
#include "core_check.h"
#include "core_world.h"
#include "test.h"

struct scene {
    struct world *world;
    struct who acme;
    struct who ann; /* holds the only seat when a test begins */
    struct who bob;
    struct who carl;
    struct id lease;
    struct id license;
};

static void scene_free(struct scene *scene)
{
    CHECK(facts_check(&scene->world->facts));
    world_free(&scene->world);
}

static struct scene scene_new(int64_t limit)
{
    struct scene scene = { .world = world_new(13) };

    world_product(scene.world, "cad", "render");
    scene.acme = world_organisation(scene.world);
    scene.ann = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.bob = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.carl = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.license = world_license(scene.world, scene.acme, "cad/render", limit);
    scene.lease = world_take(scene.world, scene.ann, "cad/render", limit);
    return scene;
}
#define SCENE(name, limit) AUTO(struct scene, scene_free) name = scene_new(limit)

static struct pool *render(const struct scene *scene)
{
    return world_pool(scene->world, scene->acme, "cad/render");
}

/* Queues; the ticket. */
static struct id queue(struct scene *scene, struct who who, int64_t quantity, int64_t wait_s)
{
    struct command command = world_checkout(scene->world, who, "cad/render", quantity);
    struct entry entry;

    command.lease_create.wait_s = wait_s;
    world_entry(scene->world, world_done(scene->world, &command), &entry);
    CHECK_INT(entry.code, AUDIT_TICKET_QUEUED);
    return entry.on[ON_TICKET].id;
}

static const struct outcome *about_ticket(struct scene *scene, struct who who, enum command_kind kind, struct id ticket)
{
    struct command command = world_as(scene->world, who, kind);

    command.ticket = ticket;
    CHECK_OK(world_command(scene->world, &command));
    return &scene->world->outcome;
}

static int64_t place_of(struct scene *scene, struct who who, struct id ticket)
{
    const struct outcome *outcome = about_ticket(scene, who, COMMAND_TICKET_POLL, ticket);

    CHECK_INT(outcome->kind, OUTCOME_TICKET);
    return outcome->place;
}

static void release(struct scene *scene)
{
    struct command command = world_as(scene->world, scene->ann, COMMAND_LEASE_RELEASE);

    command.lease = scene->lease;
    world_done(scene->world, &command);
}

static void tickets_are_served_in_their_order(void)
{
    SCENE(scene, 1);
    struct id first = queue(&scene, scene.bob, 1, 600);
    struct id second = queue(&scene, scene.carl, 1, 600);

    CHECK_INT(place_of(&scene, scene.bob, first), 1);
    CHECK_INT(place_of(&scene, scene.carl, second), 2);
    release(&scene);
    CHECK_INT(place_of(&scene, scene.bob, first), 0);
    CHECK_INT(place_of(&scene, scene.carl, second), 1);
}

static void an_offer_occupies_the_seat_and_a_claim_takes_it(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 600);

    release(&scene);
    CHECK_INT(render(&scene)->occupied, 1);
    CHECK_INT(render(&scene)->used, 0);
    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CLAIM, ticket)->kind, OUTCOME_ENTRY);
    CHECK_INT(render(&scene)->occupied, 1);
    CHECK_INT(render(&scene)->used, 1);
    about_ticket(&scene, scene.bob, COMMAND_TICKET_POLL, ticket);
    CHECK_INT(scene.world->outcome.problem, PROBLEM_TICKET_ENDED);
    CHECK_INT(scene.world->outcome.state, TICKET_CLAIMED);
}

static void a_claims_nonce_is_the_leases(void)
{
    SCENE(scene, 1);
    struct command claim = world_as(scene.world, scene.bob, COMMAND_TICKET_CLAIM);
    struct entry entry;

    claim.ticket = queue(&scene, scene.bob, 1, 600);
    claim.has_claim_nonce = true;
    memset(claim.claim_nonce, 0xa5, sizeof(claim.claim_nonce));
    release(&scene);
    world_entry(scene.world, world_done(scene.world, &claim), &entry);
    CHECK_INT(entry.code, AUDIT_LEASE_GRANTED);
    CHECK(memcmp(entry.data[DATA_NONCE].bytes, claim.claim_nonce, sizeof(claim.claim_nonce)) == 0);
}

/* The disk is nearly full: a claim would be refused, so nobody loses a place for not claiming. */
static void while_grants_are_stopped_nothing_is_offered_and_an_offer_keeps(void)
{
    SCENE(scene, 1);
    struct id first = queue(&scene, scene.bob, 1, WAIT_MAX_S);
    struct id second;
    struct command command;

    release(&scene);
    second = queue(&scene, scene.carl, 1, WAIT_MAX_S);
    CHECK_INT(place_of(&scene, scene.bob, first), 0);
    scene.world->facts.grants_stopped = true;
    for (int i = 0; i < 20; i++) {
        world_wait(scene.world, OFFER_S * 1000);
        CHECK_INT(place_of(&scene, scene.bob, first), 0);
        CHECK_INT(place_of(&scene, scene.carl, second), 1);
    }
    scene.world->facts.grants_stopped = false;
    world_wait(scene.world, OFFER_S * 1000 - 2000);
    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CLAIM, first)->kind, OUTCOME_ENTRY);
    command = world_as(scene.world, scene.carl, COMMAND_TICKET_CANCEL);
    command.ticket = second;
    world_done(scene.world, &command);
}

static void a_free_seat_is_not_taken_past_those_who_wait(void)
{
    SCENE(scene, 2);
    struct entry entry;

    queue(&scene, scene.bob, 2, 600);
    release(&scene);
    CHECK(id_is_none(world_take(scene.world, scene.carl, "cad/render", 1)));
    world_answer(scene.world, 0, &entry);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_NO_SEATS);
}

static void an_offer_that_nobody_claims_goes_to_the_next(void)
{
    SCENE(scene, 1);
    struct id second;

    queue(&scene, scene.bob, 1, 600);
    second = queue(&scene, scene.carl, 1, 600);
    release(&scene);
    CHECK_INT(place_of(&scene, scene.carl, second), 1);
    world_wait(scene.world, OFFER_S * 1000 + 1000);
    CHECK_INT(place_of(&scene, scene.carl, second), 0);
}

static void a_ticket_can_not_be_claimed_before_its_turn_or_by_another(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 600);

    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CLAIM, ticket)->problem, PROBLEM_NOT_OFFERED);
    release(&scene);
    CHECK_INT(about_ticket(&scene, scene.carl, COMMAND_TICKET_CLAIM, ticket)->problem, PROBLEM_NOT_FOUND);
    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CLAIM, ticket)->kind, OUTCOME_ENTRY);
}

static void who_stops_polling_has_left(void)
{
    SCENE(scene, 1);
    uint64_t from = scene.world->facts.size;
    struct entry entry;

    queue(&scene, scene.bob, 1, 600);
    world_wait(scene.world, TICKET_TTL_S * 1000 + 1000);
    CHECK_INT((int64_t)world_count(scene.world, AUDIT_TICKET_EXPIRED, from), 1);
    world_entry(scene.world, scene.world->facts.size - 1, &entry);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_SILENT);
    CHECK_INT(render(&scene)->queued, 0);
}

static void the_wait_ends_when_wait_s_is_over_however_often_it_is_polled(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 100);

    for (int i = 0; i < 10; i++) {
        CHECK_INT(place_of(&scene, scene.bob, ticket), 1);
        world_wait(scene.world, 10 * 1000 - 1);
    }
    world_wait(scene.world, 1000);
    about_ticket(&scene, scene.bob, COMMAND_TICKET_POLL, ticket);
    CHECK_INT(scene.world->outcome.problem, PROBLEM_TICKET_ENDED);
    CHECK_INT(scene.world->outcome.reason, REASON_WAITED);
}

static void a_cancelled_ticket_makes_room_and_cancelling_again_is_the_same(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 600);

    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CANCEL, ticket)->kind, OUTCOME_ENTRY);
    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CANCEL, ticket)->kind, OUTCOME_ENDED);
    release(&scene);
    CHECK(!id_is_none(world_take(scene.world, scene.carl, "cad/render", 1)));
}

static void a_lapse_and_a_raised_limit_serve_the_queue_too(void)
{
    SCENE(scene, 1);
    struct id first = queue(&scene, scene.bob, 1, 6000);
    struct id second;

    for (int i = 0; i < TTL_DEFAULT_S / 50 + 1; i++) {
        about_ticket(&scene, scene.bob, COMMAND_TICKET_POLL, first);
        world_wait(scene.world, 50 * 1000);
    }
    CHECK_INT(render(&scene)->used, 0); /* ann fell silent, bob's offer ran out */
    CHECK(!id_is_none(world_take(scene.world, scene.ann, "cad/render", 1)));
    second = queue(&scene, scene.carl, 1, 600);
    world_license(scene.world, scene.acme, "cad/render", 1);
    CHECK_INT(place_of(&scene, scene.carl, second), 0);
}

static void an_offer_above_a_fallen_limit_is_taken_back(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 600);
    struct command suspend = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_SUSPEND);

    release(&scene);
    CHECK_INT(place_of(&scene, scene.bob, ticket), 0);
    suspend.license = scene.license;
    world_done(scene.world, &suspend);
    about_ticket(&scene, scene.bob, COMMAND_TICKET_CLAIM, ticket);
    CHECK_INT(scene.world->outcome.problem, PROBLEM_TICKET_ENDED);
    CHECK_INT(render(&scene)->occupied, 0);
}

static void limit_fall(struct scene *scene, int64_t limit)
{
    struct command change = world_as(scene->world, scene->world->admin, COMMAND_LICENSE_CHANGE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = limit };

    change.license_change.license = scene->license;
    change.license_change.entitlements = &terms;
    change.license_change.entitlement_count = 1;
    world_done(scene->world, &change);
}

/* Else one that polls for more seats than there are would keep every seat from everybody, for a week. */
static void a_ticket_for_more_than_a_fallen_limit_does_not_hold_up_the_queue(void)
{
    SCENE(scene, 4);
    struct id large = queue(&scene, scene.bob, 3, 6000);
    struct id small = queue(&scene, scene.carl, 1, 6000);

    limit_fall(&scene, 2);
    release(&scene);
    CHECK_INT(place_of(&scene, scene.carl, small), 0);
    about_ticket(&scene, scene.bob, COMMAND_TICKET_POLL, large);
    CHECK_INT(scene.world->outcome.problem, PROBLEM_TICKET_ENDED);
    CHECK_INT(scene.world->outcome.reason, REASON_LIMIT);
}

static void who_waits_keeps_its_place_while_the_licence_is_suspended(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 6000);
    struct command command = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_SUSPEND);

    command.license = scene.license;
    world_done(scene.world, &command);
    release(&scene);
    CHECK_INT(place_of(&scene, scene.bob, ticket), 1);
    command.kind = COMMAND_LICENSE_REINSTATE;
    world_done(scene.world, &command);
    CHECK_INT(place_of(&scene, scene.bob, ticket), 0);
}

static void tickets_outlive_a_restart(void)
{
    SCENE(scene, 1);
    struct id ticket = queue(&scene, scene.bob, 1, 6000);

    world_wait(scene.world, (TICKET_TTL_S - 1) * 1000);
    world_restart(scene.world);
    world_wait(scene.world, (TICKET_TTL_S - 1) * 1000);
    CHECK_INT(place_of(&scene, scene.bob, ticket), 1);
    release(&scene);
    world_wait(scene.world, (OFFER_S - 1) * 1000);
    world_restart(scene.world);
    world_wait(scene.world, (OFFER_S - 1) * 1000);
    CHECK_INT(about_ticket(&scene, scene.bob, COMMAND_TICKET_CLAIM, ticket)->kind, OUTCOME_ENTRY);
}

static const struct test tests[] = {
    TEST(tickets_are_served_in_their_order),
    TEST(an_offer_occupies_the_seat_and_a_claim_takes_it),
    TEST(a_claims_nonce_is_the_leases),
    TEST(while_grants_are_stopped_nothing_is_offered_and_an_offer_keeps),
    TEST(a_free_seat_is_not_taken_past_those_who_wait),
    TEST(an_offer_that_nobody_claims_goes_to_the_next),
    TEST(a_ticket_can_not_be_claimed_before_its_turn_or_by_another),
    TEST(who_stops_polling_has_left),
    TEST(the_wait_ends_when_wait_s_is_over_however_often_it_is_polled),
    TEST(a_cancelled_ticket_makes_room_and_cancelling_again_is_the_same),
    TEST(a_lapse_and_a_raised_limit_serve_the_queue_too),
    TEST(an_offer_above_a_fallen_limit_is_taken_back),
    TEST(a_ticket_for_more_than_a_fallen_limit_does_not_hold_up_the_queue),
    TEST(who_waits_keeps_its_place_while_the_licence_is_suspended),
    TEST(tickets_outlive_a_restart),
};
TEST_MAIN(tests)
