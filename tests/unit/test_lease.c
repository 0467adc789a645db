/*
 * core/decide_lease, core/choose, core/due: seats are taken, kept and given back (P4, P6), and denials say why.
 */
#include "base/limits.h"
#include "core_check.h"
#include "core_world.h"
#include "test.h"

struct scene {
    struct world *world;
    struct who acme;
    struct who ann; /* both of acme */
    struct who bob;
    struct id license;
};

static void scene_free(struct scene *scene)
{
    CHECK(facts_check(&scene->world->facts));
    world_free(&scene->world);
}

static struct scene scene_new(int64_t limit)
{
    struct scene scene = { .world = world_new(11) };

    world_product(scene.world, "cad", "render mesh");
    scene.acme = world_organisation(scene.world);
    scene.ann = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.bob = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.license = world_license(scene.world, scene.acme, "cad/render", limit);
    return scene;
}
#define SCENE(name, limit) AUTO(struct scene, scene_free) name = scene_new(limit)

/* A licence for one seat of cad/render that ends. */
static struct id term_license(struct scene *scene, struct who holder, int64_t ends_ms)
{
    struct command command = world_as(scene->world, scene->world->admin, COMMAND_LICENSE_CREATE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 1 };
    struct entry entry;

    command.license_create.product = STR("cad");
    command.license_create.holder = holder;
    command.license_create.kind = LICENSE_TERM;
    command.license_create.ends_ms = ends_ms;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    world_entry(scene->world, world_done(scene->world, &command), &entry);
    return entry.on[ON_LICENSE].id;
}

static struct pool *render(const struct scene *scene)
{
    return world_pool(scene->world, scene->acme, "cad/render");
}

/* A command of that person about that lease; its outcome. */
static const struct outcome *about_lease(struct scene *scene, struct who who, enum command_kind kind, struct id lease)
{
    struct command command = world_as(scene->world, who, kind);

    command.lease = lease;
    CHECK_OK(world_command(scene->world, &command));
    return &scene->world->outcome;
}

static struct entry denial_of(struct scene *scene, struct who who, int64_t quantity)
{
    struct command command = world_checkout(scene->world, who, "cad/render", quantity);
    struct entry entry;

    CHECK_OK(world_command(scene->world, &command));
    world_answer(scene->world, 0, &entry);
    CHECK_INT(entry.code, AUDIT_LEASE_DENIED);
    return entry;
}

static void the_last_seat_goes_to_one_of_two(void)
{
    SCENE(scene, 1);

    CHECK(!id_is_none(world_take(scene.world, scene.ann, "cad/render", 1)));
    CHECK(id_is_none(world_take(scene.world, scene.bob, "cad/render", 1)));
    CHECK_INT(render(&scene)->used, 1);
}

static void a_denial_says_how_many_are_used_and_when_one_comes_back(void)
{
    SCENE(scene, 2);
    struct entry entry;

    world_take(scene.world, scene.ann, "cad/render", 2);
    entry = denial_of(&scene, scene.bob, 1);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_NO_SEATS);
    CHECK_INT(entry.data[DATA_USED].number, 2);
    CHECK_INT(entry.data[DATA_LIMIT].number, 2);
    CHECK_INT(entry.data[DATA_NEXT_FREE].number, scene.world->now_ms + TTL_DEFAULT_S * 1000);
}

static void more_than_the_pool_has_is_a_reason_of_its_own(void)
{
    SCENE(scene, 2);

    CHECK_INT(denial_of(&scene, scene.ann, 3).data[DATA_REASON].number, REASON_LIMIT);
}

static void somebody_without_a_licence_is_told_so(void)
{
    SCENE(scene, 2);
    struct who stranger = world_user(scene.world, world_organisation(scene.world), ROLE_MEMBER);
    struct entry entry = denial_of(&scene, stranger, 1);

    CHECK_INT(entry.data[DATA_REASON].number, REASON_NOT_FOUND);
    CHECK(!entry_has_on(&entry, ON_POOL)); /* and nothing about whose pool there is */
}

static void a_team_members_seat_comes_from_the_teams_licence(void)
{
    SCENE(scene, 1);
    struct who team = world_team(scene.world, scene.acme);

    world_join(scene.world, team, scene.ann);
    world_license(scene.world, team, "cad/mesh", 1);
    CHECK(!id_is_none(world_take(scene.world, scene.ann, "cad/mesh", 1)));
    CHECK(id_is_none(world_take(scene.world, scene.bob, "cad/mesh", 1)));
}

static enum problem bare_problem(const struct scene *scene, const char *name)
{
    struct command command = world_checkout(scene->world, scene->ann, name, 1);

    CHECK_OK(world_command(scene->world, &command));
    return scene->world->outcome.problem;
}

static void a_bare_feature_name_is_the_one_that_the_taker_has_a_pool_of(void)
{
    SCENE(scene, 1);

    world_product(scene.world, "cam", "mesh");
    CHECK_INT(bare_problem(&scene, "mesh"), PROBLEM_NOT_LICENSED);
    world_license(scene.world, scene.acme, "cam/mesh", 2);
    CHECK(!id_is_none(world_take(scene.world, scene.ann, "mesh", 1)));
    world_license(scene.world, scene.acme, "cad/mesh", 1);
    CHECK_INT(bare_problem(&scene, "mesh"), PROBLEM_AMBIGUOUS);
    CHECK(!id_is_none(world_take(scene.world, scene.ann, "render", 1)));
}

static void what_others_call_their_features_makes_no_name_ambiguous(void)
{
    SCENE(scene, 1);
    struct who other = world_organisation(scene.world);

    world_product(scene.world, "cam", "render");
    world_license(scene.world, other, "cam/render", 1);
    CHECK(!id_is_none(world_take(scene.world, scene.ann, "render", 1)));
}

static void a_released_seat_is_free_at_once_and_a_second_release_is_answered_the_same(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);
    const struct outcome *outcome = about_lease(&scene, scene.ann, COMMAND_LEASE_RELEASE, lease);
    uint64_t index = scene.world->index;

    CHECK_INT(outcome->kind, OUTCOME_ENTRY);
    outcome = about_lease(&scene, scene.ann, COMMAND_LEASE_RELEASE, lease);
    CHECK_INT(outcome->kind, OUTCOME_ENDED);
    CHECK_INT(outcome->state, LEASE_RELEASED);
    CHECK_INT((int64_t)outcome->index, (int64_t)index);
    CHECK(!id_is_none(world_take(scene.world, scene.bob, "cad/render", 1)));
}

static void nobody_can_beat_or_release_anothers_lease(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);

    CHECK_INT(about_lease(&scene, scene.bob, COMMAND_LEASE_HEARTBEAT, lease)->problem, PROBLEM_NOT_FOUND);
    CHECK_INT(about_lease(&scene, scene.bob, COMMAND_LEASE_RELEASE, lease)->problem, PROBLEM_NOT_FOUND);
    CHECK_INT(render(&scene)->used, 1);
}

static void a_lease_lapses_after_its_ttl_of_silence_and_not_before(void)
{
    SCENE(scene, 1);
    uint64_t from = scene.world->facts.size;

    world_take(scene.world, scene.ann, "cad/render", 1);
    world_wait(scene.world, TTL_DEFAULT_S * 1000 - 1);
    CHECK_INT(render(&scene)->used, 1);
    world_wait(scene.world, 1000);
    CHECK_INT(render(&scene)->used, 0);
    CHECK_INT((int64_t)world_count(scene.world, AUDIT_LEASE_LAPSED, from), 1);
}

static void a_heartbeat_moves_the_deadline(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);

    for (int i = 0; i < 5; i++) {
        world_wait(scene.world, (TTL_DEFAULT_S - 1) * 1000);
        CHECK_INT(about_lease(&scene, scene.ann, COMMAND_LEASE_HEARTBEAT, lease)->kind, OUTCOME_LEASE);
    }
    CHECK_INT(render(&scene)->used, 1);
}

static void a_lapse_tells_the_last_heartbeat(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);
    struct entry entry;
    int64_t seen_ms;

    world_wait(scene.world, 100 * 1000);
    about_lease(&scene, scene.ann, COMMAND_LEASE_HEARTBEAT, lease);
    seen_ms = scene.world->now_ms;
    world_wait(scene.world, (TTL_DEFAULT_S + 1) * 1000);
    world_entry(scene.world, scene.world->facts.size - 1, &entry);
    CHECK_INT(entry.code, AUDIT_LEASE_LAPSED);
    CHECK_INT(entry.data[DATA_LAST_SEEN].number, seen_ms);
}

static void a_heartbeat_past_half_of_the_proof_renews_it_once(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);
    uint64_t from = scene.world->facts.size;

    for (int minutes = 4; minutes <= 40; minutes += 4) {
        world_wait(scene.world, 4 * 60 * 1000);
        about_lease(&scene, scene.ann, COMMAND_LEASE_HEARTBEAT, lease);
        CHECK_INT((int64_t)world_count(scene.world, AUDIT_LEASE_RENEWED, from), minutes >= 30);
    }
    CHECK_INT(lease_at(&scene.world->facts, lease_find(&scene.world->facts, lease))->proven_until_ms,
              scene.world->now_ms - 8 * 60 * 1000 + HOUR_MS);
}

static void nothing_is_proven_past_the_end_of_the_terms(void)
{
    SCENE(scene, 1);
    struct who carl = world_user(scene.world, world_organisation(scene.world), ROLE_MEMBER);
    int64_t ends_ms = scene.world->now_ms + 10 * 60 * 1000;
    uint64_t from = scene.world->facts.size;
    struct id lease;

    term_license(&scene, carl, ends_ms);
    lease = world_take(scene.world, carl, "cad/render", 1);
    CHECK_INT(lease_at(&scene.world->facts, lease_find(&scene.world->facts, lease))->proven_until_ms, ends_ms);
    for (int i = 0; i < 10; i++) {
        world_wait(scene.world, 60 * 1000);
        about_lease(&scene, carl, COMMAND_LEASE_HEARTBEAT, lease);
    }
    CHECK_INT(scene.world->outcome.problem, PROBLEM_LEASE_ENDED);
    world_wait(scene.world, 1000);
    CHECK_INT((int64_t)world_count(scene.world, AUDIT_LEASE_EXPIRED, from), 1);
    CHECK_INT(world_pool(scene.world, carl, "cad/render")->used, 0);
}

static void a_restart_gives_every_lease_its_whole_ttl_again(void)
{
    SCENE(scene, 1);

    world_take(scene.world, scene.ann, "cad/render", 1);
    world_wait(scene.world, (TTL_DEFAULT_S - 1) * 1000);
    scene.world->now_ms += HOUR_MS; /* the server was away */
    world_restart(scene.world);
    world_wait(scene.world, (TTL_DEFAULT_S - 1) * 1000);
    CHECK_INT(render(&scene)->used, 1);
    world_wait(scene.world, 2000);
    CHECK_INT(render(&scene)->used, 0);
}

static void a_revoked_lease_ends_at_once_and_its_heartbeat_says_why(void)
{
    SCENE(scene, 1);
    struct id lease = world_take(scene.world, scene.ann, "cad/render", 1);

    about_lease(&scene, scene.world->admin, COMMAND_LEASE_REVOKE, lease);
    CHECK_INT(render(&scene)->used, 0);
    about_lease(&scene, scene.ann, COMMAND_LEASE_HEARTBEAT, lease);
    CHECK_INT(scene.world->outcome.problem, PROBLEM_LEASE_ENDED);
    CHECK_INT(scene.world->outcome.state, LEASE_REVOKED);
    CHECK_INT(scene.world->outcome.reason, REASON_ADMIN);
}

static struct command keyed(struct scene *scene, const char *key, uint8_t body)
{
    struct command command = world_checkout(scene->world, scene->ann, "cad/render", 1);

    command.has_idem = true;
    memcpy(command.idem_key, key, sizeof(command.idem_key));
    command.idem_body[0] = body;
    return command;
}

static void a_retry_with_the_same_key_never_counts_twice(void)
{
    SCENE(scene, 5);
    struct command command = keyed(&scene, "a key of sixteen", 1);
    uint64_t index = world_done(scene.world, &command);

    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.kind, OUTCOME_REPEAT);
    CHECK_INT((int64_t)scene.world->outcome.index, (int64_t)index);
    CHECK_INT(render(&scene)->used, 1);
    command = keyed(&scene, "a key of sixteen", 2);
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_IDEMPOTENCY);
}

static void a_key_is_forgotten_after_a_day(void)
{
    SCENE(scene, 5);
    struct command command = keyed(&scene, "a key of sixteen", 1);

    world_done(scene.world, &command);
    scene.world->now_ms += DAY_MS + 1;
    world_restart(scene.world);
    world_done(scene.world, &command);
}

static void a_dry_run_changes_nothing(void)
{
    SCENE(scene, 1);
    struct command command = world_checkout(scene.world, scene.ann, "cad/render", 1);
    uint64_t size = scene.world->facts.size;
    struct hash before = facts_digest(&scene.world->facts);
    struct hash after;

    command.dry_run = true;
    CHECK_OK(world_command(scene.world, &command));
    after = facts_digest(&scene.world->facts);
    CHECK_INT((int64_t)scene.world->facts.size, (int64_t)size);
    CHECK(hash_eq(&before, &after));
    CHECK_INT((int64_t)scene.world->draft.count, 1); /* what would be written */
}

/* P1: however it tries. What it would have done stays untold. */
static void who_tries_what_it_may_not_is_recorded_also_in_a_dry_run(void)
{
    SCENE(scene, 1);
    struct command command;

    world_token(scene.world, scene.ann, (permissions)1 << PERM_CATALOG_READ, 30);
    command = world_checkout(scene.world, scene.ann, "cad/render", 1);
    command.dry_run = true;
    world_denied(scene.world, &command, REASON_SCOPE);
    command.actor.cred = (struct id){ 1, 2 };
    world_unauthorized(scene.world, &command, REASON_BAD_TOKEN);
}

/* P7 keeps a licence from expiring by a clock that nobody believes; P6 keeps its leases from being proven any longer.
 */
static void with_a_frozen_clock_nothing_is_granted_that_could_not_be_kept(void)
{
    SCENE(scene, 1);
    struct id license = term_license(&scene, scene.bob, scene.world->now_ms + HOUR_MS);
    struct id lease = world_take(scene.world, scene.bob, "cad/render", 1);
    struct command command = world_checkout(scene.world, scene.bob, "cad/render", 1);
    struct entry entry;

    command.lease_create.license = license;
    world_system(scene.world, AUDIT_CLOCK_JUMPED, REASON_FORWARD);
    for (int i = 0; i < 61; i++) {
        world_wait(scene.world, 60000);
        about_lease(&scene, scene.bob, COMMAND_LEASE_HEARTBEAT, lease);
    }
    CHECK_INT(scene.world->outcome.problem, PROBLEM_LEASE_ENDED);
    CHECK_INT(license_at(&scene.world->facts, license_find(&scene.world->facts, license))->state, LICENSE_ACTIVE);
    about_lease(&scene, scene.bob, COMMAND_LEASE_RELEASE, lease);
    for (int i = 0; i < 2; i++) { /* before and after an entry has told what time it is */
        CHECK_OK(world_command(scene.world, &command));
        world_answer(scene.world, 0, &entry);
        CHECK_INT(entry.code, AUDIT_LEASE_DENIED);
        CHECK_INT(entry.data[DATA_REASON].number, REASON_EXPIRED);
    }
}

static void the_soonest_ending_pool_gives_first(void)
{
    SCENE(scene, 1);

    term_license(&scene, scene.ann, scene.world->now_ms + DAY_MS);
    world_take(scene.world, scene.ann, "cad/render", 1);
    CHECK_INT(world_pool(scene.world, scene.ann, "cad/render")->used, 1);
    CHECK_INT(render(&scene)->used, 0);
    world_take(scene.world, scene.ann, "cad/render", 1);
    CHECK_INT(render(&scene)->used, 1);
}

static void a_flood_of_denials_is_counted_exactly(void)
{
    SCENE(scene, 1);
    uint64_t from = scene.world->facts.size;
    int64_t counted = 0;

    world_take(scene.world, scene.bob, "cad/render", 1);
    for (int i = 0; i < 500; i++)
        world_take(scene.world, scene.ann, "cad/render", 1);
    for (uint64_t i = from; i < scene.world->facts.size; i++) {
        struct entry entry;

        world_entry(scene.world, i, &entry);
        if (entry.code == AUDIT_LEASE_DENIED)
            counted++;
        else if (entry.code == AUDIT_LEASE_DENIALS)
            counted += entry.data[DATA_COUNT_OF].number;
    }
    CHECK_INT(counted, 500);
    CHECK_INT((int64_t)world_count(scene.world, AUDIT_LEASE_DENIED, from), FLOOD_FIRST);
}

static void a_revoked_token_acts_in_no_later_entry(void)
{
    SCENE(scene, 5);
    struct command command = world_checkout(scene.world, scene.ann, "cad/render", 1);
    struct command revoke = world_as(scene.world, scene.world->admin, COMMAND_TOKEN_REVOKE);

    revoke.credential = world_credential(scene.world, scene.ann);
    world_done(scene.world, &revoke);
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_UNAUTHORIZED);
    CHECK_INT(scene.world->outcome.reason, REASON_TOKEN_REVOKED);
    CHECK_INT(render(&scene)->used, 0);
}

static void failed_allocations_take_no_seat(void)
{
    SCENE(scene, 3);

    scene.world->torture = true;
    CHECK(!id_is_none(world_take(scene.world, scene.ann, "cad/render", 2)));
    CHECK(scene.world->failed_once > 0);
    CHECK_INT(render(&scene)->used, 2);
}

/* An entry that can't be applied would cost the whole batch and the facts: it must not be written. */
static void a_full_table_refuses_before_anything_is_written(void)
{
    SCENE(scene, 2);
    struct facts *facts = &scene.world->facts;
    struct command take = world_checkout(scene.world, scene.ann, "cad/render", 2);
    struct command claim = world_as(scene.world, scene.bob, COMMAND_TICKET_CLAIM);
    struct command release = world_as(scene.world, scene.ann, COMMAND_LEASE_RELEASE);
    struct entry entry;
    uint32_t max = facts->leases.max;

    facts->leases.max = 0;
    world_refused(scene.world, &take, PROBLEM_TOO_MANY, "");
    facts->leases.max = max;
    release.lease = world_take(scene.world, scene.ann, "cad/render", 2);
    take = world_checkout(scene.world, scene.bob, "cad/render", 1);
    take.lease_create.wait_s = 600;
    facts->tickets.max = 0;
    CHECK_OK(world_command(scene.world, &take));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_NO_SEATS);
    CHECK_INT(scene.world->outcome.reason, REASON_QUEUE_FULL);
    facts->tickets.max = 1;
    world_entry(scene.world, world_done(scene.world, &take), &entry);
    CHECK_INT(entry.code, AUDIT_TICKET_QUEUED);
    claim.ticket = entry.on[ON_TICKET].id;
    world_done(scene.world, &release);
    facts->leases.max = facts->leases.live;
    CHECK_OK(world_command(scene.world, &claim));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_TOO_MANY);
    facts->leases.max = max;
    world_done(scene.world, &claim);
}

static const struct test tests[] = {
    TEST(a_full_table_refuses_before_anything_is_written),
    TEST(the_last_seat_goes_to_one_of_two),
    TEST(a_denial_says_how_many_are_used_and_when_one_comes_back),
    TEST(more_than_the_pool_has_is_a_reason_of_its_own),
    TEST(somebody_without_a_licence_is_told_so),
    TEST(a_team_members_seat_comes_from_the_teams_licence),
    TEST(a_bare_feature_name_is_the_one_that_the_taker_has_a_pool_of),
    TEST(what_others_call_their_features_makes_no_name_ambiguous),
    TEST(a_released_seat_is_free_at_once_and_a_second_release_is_answered_the_same),
    TEST(nobody_can_beat_or_release_anothers_lease),
    TEST(a_lease_lapses_after_its_ttl_of_silence_and_not_before),
    TEST(a_heartbeat_moves_the_deadline),
    TEST(a_lapse_tells_the_last_heartbeat),
    TEST(a_heartbeat_past_half_of_the_proof_renews_it_once),
    TEST(nothing_is_proven_past_the_end_of_the_terms),
    TEST(a_restart_gives_every_lease_its_whole_ttl_again),
    TEST(a_revoked_lease_ends_at_once_and_its_heartbeat_says_why),
    TEST(a_retry_with_the_same_key_never_counts_twice),
    TEST(a_key_is_forgotten_after_a_day),
    TEST(a_dry_run_changes_nothing),
    TEST(who_tries_what_it_may_not_is_recorded_also_in_a_dry_run),
    TEST(with_a_frozen_clock_nothing_is_granted_that_could_not_be_kept),
    TEST(the_soonest_ending_pool_gives_first),
    TEST(a_flood_of_denials_is_counted_exactly),
    TEST(a_revoked_token_acts_in_no_later_entry),
    TEST(failed_allocations_take_no_seat),
};
TEST_MAIN(tests)
