/*
 * core/decide_license, core/decide_change and their appliers: what licences do to pools and leases over their whole
 * life (P4).
 */
#include "core/facts_edit.h"
#include "core_world.h"
#include "license_scene.h"
#include "test.h"

/* ---- beginning ---- */

static void a_licence_makes_a_pool_with_its_limit(void)
{
    SCENE(scene, 8);
    struct pool *pool = render(&scene);

    CHECK_INT(scene.world->count, 4); /* license, pool, entitlement, limit */
    CHECK_INT(pool->limit, 8);
    CHECK_INT(pool->terms_end_ms, 0);
    CHECK_INT(pool->kind, POOL_ENFORCED);
    CHECK_INT(license_at(&scene.world->facts, pool->license)->starts_ms, 0);
    CHECK_INT(pool->chain.number, 2); /* pool.created, pool.limit_changed */
}

static void licences_of_one_holder_and_feature_join_in_one_pool(void)
{
    SCENE(scene, 8);
    uint32_t oldest = render(&scene)->license;

    world_license(scene.world, scene.acme, "cad/render", 5);
    CHECK_INT(render(&scene)->limit, 13);
    CHECK_INT(render(&scene)->license, oldest);
    CHECK_INT(render(&scene)->next_of_group, NONE);
    CHECK_INT(scene.world->count, 3); /* license, entitlement, limit */
    world_license(scene.world, scene.ann, "cad/render", 1);
    world_license(scene.world, scene.acme, "cad/mesh", 1);
    CHECK_INT(render(&scene)->limit, 13);
}

static void another_grace_makes_a_pool_of_its_own(void)
{
    SCENE(scene, 8);
    struct command command = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_CREATE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 3, .grace_s = 600 };
    struct facts *facts = &scene.world->facts;

    command.license_create.product = STR("cad");
    command.license_create.holder = scene.acme;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    world_done(scene.world, &command);
    CHECK_INT(render(&scene)->limit, 8);
    if (CHECK(render(&scene)->next_of_group != NONE)) {
        CHECK_INT(pool_at(facts, render(&scene)->next_of_group)->grace_s, 600);
        CHECK_INT(pool_at(facts, render(&scene)->next_of_group)->limit, 3);
    }
    world_done(scene.world, &command);
    CHECK_INT(pool_at(facts, render(&scene)->next_of_group)->limit, 6);
    terms.grace_s = GRACE_MAX_S;
    terms.limit = LIMIT_MAX;
    world_done(scene.world, &command);
    CHECK_INT(facts->pools.live, 3);
    CHECK_INT(pool_at(facts, render(&scene)->next_of_group)->limit, LIMIT_MAX);
}

static void a_licence_is_what_its_entries_say(void)
{
    SCENE(scene, 8);
    int64_t now_ms = scene.world->now_ms;
    struct id id = license_of(&scene, now_ms + HOUR_MS, now_ms + DAY_MS);
    struct entry entry;

    world_answer(scene.world, 0, &entry);
    CHECK_INT(entry.code, AUDIT_LICENSE_CREATED);
    CHECK_INT(entry.data[DATA_STATE].number, LICENSE_SCHEDULED);
    CHECK_INT(entry.data[DATA_KIND].number, LICENSE_TERM);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 1);
    CHECK_INT(entry.data[DATA_STARTS_AT].number, now_ms + HOUR_MS);
    CHECK_INT(entry.data[DATA_ENDS_AT].number, now_ms + DAY_MS);
    CHECK(id_eq(entry.data[DATA_HOLDER].principal.id, scene.acme.id));
    world_answer(scene.world, 1, &entry);
    CHECK_INT(entry.code, AUDIT_ENTITLEMENT_CREATED);
    CHECK(id_eq(entry.on[ON_LICENSE].id, id));
    CHECK_INT(entry.seq_count, 1);
    CHECK_INT(entry.seq[0].number, 2);
    CHECK_INT(scene.world->count, 2); /* it does not count yet, so no limit changes */
}

/* ---- time ---- */

static void a_licence_starts_by_itself_and_gives_nothing_before(void)
{
    AUTO(struct world *, world_free) world = world_new(3);
    struct scene scene = { .world = world, .acme = world_organisation(world) };
    struct id id;

    scene.ann = world_user(world, scene.acme, ROLE_MEMBER);
    world_product(world, "cad", "render");
    id = license_of(&scene, world->now_ms + HOUR_MS, 0);
    CHECK(id_is_none(world_take(world, scene.ann, "cad/render", 1)));
    CHECK_INT(world->outcome.reason, REASON_NOT_STARTED);
    world_wait(world, HOUR_MS - 1000);
    CHECK_INT(state_of(&scene, id), LICENSE_SCHEDULED);
    world_wait(world, 2000);
    CHECK_INT(state_of(&scene, id), LICENSE_ACTIVE);
    CHECK_INT(render(&scene)->limit, 3);
    CHECK(!id_is_none(world_take(world, scene.ann, "cad/render", 1)));
    CHECK(facts_check(&world->facts));
}

static void an_ended_licence_drains(void)
{
    SCENE(scene, 1);
    struct id id = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    struct id first = world_take(scene.world, scene.ann, "cad/render", 2);
    struct id second = world_take(scene.world, scene.ann, "cad/render", 2);

    world_wait(scene.world, 60000);
    CHECK(lease_of(&scene, first) && lease_of(&scene, second));
    scene.world->now_ms += HOUR_MS;
    world_restart(scene.world); /* nobody fell silent meanwhile */
    world_due(scene.world);
    CHECK_INT(state_of(&scene, id), LICENSE_EXPIRED);
    CHECK_INT(render(&scene)->limit, 1);
    CHECK_INT(pool_over(render(&scene)), 3);
    if (CHECK(lease_of(&scene, first) && lease_of(&scene, second))) {
        CHECK_INT(lease_of(&scene, second)->ending, ENDING_DRAIN);
        CHECK_INT(lease_of(&scene, first)->ending, ENDING_DRAIN); /* two seats cover only a part of three */
    }
    CHECK(id_is_none(world_take(scene.world, scene.ann, "cad/render", 1)));
}

static void while_the_clock_is_frozen_no_licence_starts_or_ends(void)
{
    SCENE(scene, 1);
    struct id ends = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    struct id starts = license_of(&scene, scene.world->now_ms + HOUR_MS, 0);
    struct command command = world_as(scene.world, scene.world->admin, COMMAND_CLOCK_CONFIRM);

    world_system(scene.world, AUDIT_CLOCK_JUMPED, REASON_FORWARD);
    world_wait(scene.world, 2 * HOUR_MS);
    CHECK_INT(state_of(&scene, ends), LICENSE_ACTIVE);
    CHECK_INT(state_of(&scene, starts), LICENSE_SCHEDULED);
    world_done(scene.world, &command);
    CHECK_INT(state_of(&scene, ends), LICENSE_EXPIRED);
    CHECK_INT(state_of(&scene, starts), LICENSE_ACTIVE);
}

static void after_a_restart_what_was_due_is_still_due_and_nothing_else(void)
{
    AUTO(struct world *, world_free) world = world_new(31);
    struct scene scene = { .world = world, .acme = world_organisation(world) };
    struct command wait;
    struct command release;
    struct id lease;
    struct id license;

    scene.ann = world_user(world, scene.acme, ROLE_MEMBER);
    world_product(world, "cad", "render");
    license = license_of(&scene, world->now_ms + 1000, world->now_ms + HOUR_MS);
    world_restart(world);
    CHECK_INT(pool_due_first(&world->facts), NONE);
    world->now_ms += 1000;
    world_restart(world);
    world->now_ms += WHEEL_TICK_MS;
    CHECK_INT(world_due(world), 2); /* license.started, pool.limit_changed */
    lease = world_take(world, scene.ann, "cad/render", 3);
    wait = world_checkout(world, scene.ann, "cad/render", 1);
    wait.lease_create.wait_s = 100;
    world_done(world, &wait);
    release = world_as(world, scene.ann, COMMAND_LEASE_RELEASE);
    release.lease = lease;
    world->no_due = true;
    world_done(world, &release);
    world_restart(world);
    CHECK_INT(world_due(world), 1); /* ticket.offered */
    CHECK_INT(render(&scene)->occupied, 1);
    world->now_ms += HOUR_MS;
    world_restart(world);
    world->now_ms += WHEEL_TICK_MS;
    world_due(world);
    CHECK_INT(state_of(&scene, license), LICENSE_EXPIRED);
    CHECK(facts_check(&world->facts));
}

/* ---- falling limits (P4) ---- */

static void a_lower_limit_marks_the_newest_leases_that_cover_it(void)
{
    SCENE(scene, 6);
    struct id leases[3];

    for (int i = 0; i < 3; i++)
        leases[i] = world_take(scene.world, scene.ann, "cad/render", 2);
    limit_set(&scene, 3, ENDING_NONE);
    CHECK_INT(pool_over(render(&scene)), 3);
    CHECK_INT(lease_of(&scene, leases[2])->ending, ENDING_DRAIN);
    CHECK_INT(lease_of(&scene, leases[1])->ending, ENDING_DRAIN);
    CHECK_INT(lease_of(&scene, leases[0])->ending, ENDING_NONE);
    CHECK(id_is_none(world_take(scene.world, scene.ann, "cad/render", 1)));
    limit_set(&scene, 5, ENDING_NONE);
    CHECK_INT(lease_of(&scene, leases[2])->ending, ENDING_DRAIN);
    CHECK_INT(lease_of(&scene, leases[1])->ending, ENDING_NONE);
    limit_set(&scene, 6, ENDING_NONE);
    CHECK_INT(lease_of(&scene, leases[2])->ending, ENDING_NONE);
}

static void a_further_fall_never_weakens_how_a_lease_ends(void)
{
    SCENE(scene, 4);
    struct id older = world_take(scene.world, scene.ann, "cad/render", 2);
    struct id newer = world_take(scene.world, scene.ann, "cad/render", 2);

    limit_set(&scene, 3, ENDING_LAPSE);
    limit_set(&scene, 1, ENDING_DRAIN);
    CHECK_INT(lease_of(&scene, newer)->ending, ENDING_LAPSE);
    CHECK_INT(lease_of(&scene, older)->ending, ENDING_DRAIN);
}

static void suspension_lets_leases_lapse_and_reinstatement_spares_them(void)
{
    SCENE(scene, 4);
    struct id id = world_take(scene.world, scene.ann, "cad/render", 2);
    struct command beat = world_as(scene.world, scene.ann, COMMAND_LEASE_HEARTBEAT);
    struct entry entry;

    beat.lease = id;
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    CHECK_INT(lease_of(&scene, id)->ending, ENDING_LAPSE);
    CHECK_OK(world_command(scene.world, &beat));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_LEASE_ENDED);
    CHECK_INT(scene.world->outcome.reason, REASON_SUSPENDED);
    CHECK(id_is_none(world_take(scene.world, scene.ann, "cad/render", 1)));
    CHECK_INT(scene.world->outcome.reason, REASON_SUSPENDED);
    world_answer(scene.world, 0, &entry);
    CHECK_INT(entry_number_or(&entry, DATA_LIMIT, -1), 0);
    doing(&scene, COMMAND_LICENSE_REINSTATE);
    CHECK_INT(lease_of(&scene, id)->ending, ENDING_NONE);
    CHECK_OK(world_command(scene.world, &beat));
    CHECK_INT(scene.world->outcome.kind, OUTCOME_LEASE);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    world_wait(scene.world, TTL_DEFAULT_S * 1000 + 1000);
    CHECK(!lease_of(&scene, id));
    CHECK_INT(world_count(scene.world, AUDIT_LEASE_LAPSED, 0), 1);
}

static void revocation_ends_leases_at_once_one_entry_each(void)
{
    SCENE(scene, 9);
    uint64_t before;

    for (int i = 0; i < 4; i++)
        world_take(scene.world, scene.ann, "cad/render", 2);
    before = scene.world->facts.size;
    doing(&scene, COMMAND_LICENSE_REVOKE);
    CHECK_INT(world_count(scene.world, AUDIT_LEASE_REVOKED, before), 4);
    CHECK_INT(render(&scene)->used, 0);
    CHECK_INT(render(&scene)->limit, 0);
    CHECK_INT(render(&scene)->revoking, 0);
}

static void revoking_one_of_two_licences_ends_only_what_is_above_the_other(void)
{
    SCENE(scene, 4);
    struct id leases[4];

    world_license(scene.world, scene.acme, "cad/render", 4);
    for (int i = 0; i < 4; i++)
        leases[i] = world_take(scene.world, scene.ann, "cad/render", 2);
    doing(&scene, COMMAND_LICENSE_REVOKE);
    CHECK_INT(render(&scene)->used, 4);
    CHECK(lease_of(&scene, leases[0]) && lease_of(&scene, leases[1]));
    CHECK(!lease_of(&scene, leases[2]) && !lease_of(&scene, leases[3]));
}

static void a_licence_with_many_features_moves_every_pool_in_one_change(void)
{
    AUTO(struct world *, world_free) world = world_new(5);
    struct scene scene = { .world = world, .acme = world_organisation(world) };
    struct command command = world_as(world, world->admin, COMMAND_LICENSE_CREATE);
    char names[ENTITLEMENTS_MAX][4];
    struct entitlement_terms terms[ENTITLEMENTS_MAX];
    struct command product = world_as(world, world->admin, COMMAND_PRODUCT_CREATE);
    struct str features[ENTITLEMENTS_MAX];
    struct entry entry;

    for (int i = 0; i < ENTITLEMENTS_MAX; i++) {
        memcpy(names[i], (char[4]){ 'f', (char)('a' + i / 10), (char)('0' + i % 10), 0 }, 4);
        features[i] = str_of(names[i]);
        terms[i] = (struct entitlement_terms){ .feature = features[i], .limit = i };
    }
    product.product_create = (struct product_create){ STR("big"), features, ENTITLEMENTS_MAX };
    world_done(world, &product);
    command.license_create.product = STR("big");
    command.license_create.holder = scene.acme;
    command.license_create.entitlements = terms;
    command.license_create.entitlement_count = ENTITLEMENTS_MAX;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(world->count, 1 + 3 * ENTITLEMENTS_MAX - 1); /* a limit of nothing is no change */
    scene.license = entry.on[ON_LICENSE].id;
    doing(&scene, COMMAND_LICENSE_REVOKE);
    CHECK_INT(world->count, ENTITLEMENTS_MAX);
    world_answer(world, ENTITLEMENTS_MAX - 1, &entry);
    CHECK_INT(entry.change_k, ENTITLEMENTS_MAX);
    CHECK_INT(entry.change_n, ENTITLEMENTS_MAX);
    CHECK(facts_check(&world->facts));
}

/* ---- states ---- */

static void bring_to(struct scene *scene, enum license_state state)
{
    int64_t starts_ms = state == LICENSE_SCHEDULED ? scene->world->now_ms + HOUR_MS : 0;
    int64_t ends_ms = state == LICENSE_EXPIRED ? scene->world->now_ms + 1000 : 0;

    scene->license = license_of(scene, starts_ms, ends_ms);
    if (state == LICENSE_SUSPENDED)
        doing(scene, COMMAND_LICENSE_SUSPEND);
    else if (state == LICENSE_REVOKED)
        doing(scene, COMMAND_LICENSE_REVOKE);
    else if (state == LICENSE_EXPIRED)
        world_wait(scene->world, 2000);
    CHECK_INT(state_of(scene, scene->license), state);
}

static void each_state_allows_what_it_allows(void)
{
    static const struct {
        enum license_state state;
        enum command_kind kind;
        bool allowed;
        enum license_state after;
    } cases[] = {
        { LICENSE_SCHEDULED, COMMAND_LICENSE_SUSPEND, true, LICENSE_SUSPENDED },
        { LICENSE_SCHEDULED, COMMAND_LICENSE_REINSTATE, false, LICENSE_SCHEDULED },
        { LICENSE_SCHEDULED, COMMAND_LICENSE_REVOKE, true, LICENSE_REVOKED },
        { LICENSE_ACTIVE, COMMAND_LICENSE_SUSPEND, true, LICENSE_SUSPENDED },
        { LICENSE_ACTIVE, COMMAND_LICENSE_REINSTATE, false, LICENSE_ACTIVE },
        { LICENSE_ACTIVE, COMMAND_LICENSE_REVOKE, true, LICENSE_REVOKED },
        { LICENSE_SUSPENDED, COMMAND_LICENSE_SUSPEND, false, LICENSE_SUSPENDED },
        { LICENSE_SUSPENDED, COMMAND_LICENSE_REINSTATE, true, LICENSE_ACTIVE },
        { LICENSE_SUSPENDED, COMMAND_LICENSE_REVOKE, true, LICENSE_REVOKED },
        { LICENSE_EXPIRED, COMMAND_LICENSE_SUSPEND, false, LICENSE_EXPIRED },
        { LICENSE_EXPIRED, COMMAND_LICENSE_REINSTATE, false, LICENSE_EXPIRED },
        { LICENSE_EXPIRED, COMMAND_LICENSE_REVOKE, true, LICENSE_REVOKED },
        { LICENSE_REVOKED, COMMAND_LICENSE_SUSPEND, false, LICENSE_REVOKED },
        { LICENSE_REVOKED, COMMAND_LICENSE_REINSTATE, false, LICENSE_REVOKED },
        { LICENSE_REVOKED, COMMAND_LICENSE_REVOKE, false, LICENSE_REVOKED },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SCENE(scene, 8);
        struct command command;

        CHECKING("case %zu", i);
        bring_to(&scene, cases[i].state);
        command = about(&scene, cases[i].kind);
        if (cases[i].allowed)
            world_done(scene.world, &command);
        else
            world_refused(scene.world, &command, PROBLEM_WRONG_STATE, "license");
        CHECK_INT(state_of(&scene, scene.license), cases[i].after);
    }
}

static void a_licence_suspended_before_its_start_goes_back_to_waiting_for_it(void)
{
    SCENE(scene, 8);

    bring_to(&scene, LICENSE_SCHEDULED);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    doing(&scene, COMMAND_LICENSE_REINSTATE);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_SCHEDULED);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    world_wait(scene.world, HOUR_MS + 1000);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_SUSPENDED);
    doing(&scene, COMMAND_LICENSE_REINSTATE);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_ACTIVE);
    CHECK_INT(render(&scene)->limit, 11);
}

static void a_licence_is_not_put_back_once_its_end_has_come(void)
{
    SCENE(scene, 8);
    struct command command;

    scene.license = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    world_system(scene.world, AUDIT_CLOCK_JUMPED, REASON_FORWARD); /* so that it does not expire */
    scene.world->now_ms += HOUR_MS - 61000;                        /* it is refused a minute from now */
    command = about(&scene, COMMAND_LICENSE_REINSTATE);
    world_refused(scene.world, &command, PROBLEM_WRONG_STATE, "license");
    CHECK_INT(state_of(&scene, scene.license), LICENSE_SUSPENDED);
}

static void a_suspended_licence_expires_like_any_other(void)
{
    SCENE(scene, 8);

    scene.license = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    world_wait(scene.world, HOUR_MS + 1000);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_EXPIRED);
}

/* ---- changed terms ---- */

static void a_later_end_brings_an_expired_licence_back(void)
{
    SCENE(scene, 8);
    struct command command;

    scene.license = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    world_wait(scene.world, HOUR_MS + 1000);
    CHECK_INT(render(&scene)->limit, 8);
    command = about(&scene, COMMAND_LICENSE_CHANGE);
    command.license_change.has_ends = true;
    command.license_change.ends_ms = scene.world->now_ms + HOUR_MS;
    world_done(scene.world, &command);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_ACTIVE);
    CHECK_INT(render(&scene)->limit, 11);
    world_wait(scene.world, HOUR_MS + 1000);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_EXPIRED);
    CHECK_INT(render(&scene)->limit, 8);
}

static void an_end_moves_and_so_does_the_end_of_the_pool(void)
{
    AUTO(struct world *, world_free) world = world_new(4);
    struct scene scene = { .world = world, .acme = world_organisation(world) };
    int64_t end_ms = world->now_ms + HOUR_MS;
    struct command command;

    world_product(world, "cad", "render");
    scene.license = license_of(&scene, 0, end_ms);
    license_of(&scene, 0, end_ms + DAY_MS);
    CHECK_INT(render(&scene)->terms_end_ms, end_ms + DAY_MS);
    command = about(&scene, COMMAND_LICENSE_CHANGE);
    command.license_change.has_ends = true;
    command.license_change.ends_ms = end_ms + 2 * DAY_MS;
    world_done(world, &command);
    CHECK_INT(render(&scene)->terms_end_ms, end_ms + 2 * DAY_MS);
    command.license_change.ends_ms = end_ms + 1000;
    world_done(world, &command);
    CHECK_INT(render(&scene)->terms_end_ms, end_ms + DAY_MS);
    CHECK_INT(world->count, 1); /* no limit changed */
    CHECK(facts_check(&world->facts));
    world_wait(world, HOUR_MS + 2000);
    CHECK_INT(state_of(&scene, scene.license), LICENSE_EXPIRED);
    CHECK_INT(render(&scene)->limit, 3);
}

static void an_end_and_limits_change_together(void)
{
    SCENE(scene, 8);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 30 };
    struct command command;
    struct entry entry;

    scene.license = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    world_wait(scene.world, HOUR_MS + 1000);
    command = about(&scene, COMMAND_LICENSE_CHANGE);
    command.license_change.has_ends = true;
    command.license_change.ends_ms = scene.world->now_ms + HOUR_MS;
    command.license_change.entitlements = &terms;
    command.license_change.entitlement_count = 1;
    world_done(scene.world, &command);
    CHECK_INT(scene.world->count, 3); /* end and state; the entitlement's limit; the pool's */
    world_answer(scene.world, 2, &entry);
    CHECK_INT(entry.code, AUDIT_POOL_LIMIT_CHANGED);
    CHECK_INT(entry.data[DATA_LIMIT].number, 38);
    CHECK_INT(render(&scene)->limit, 38);
}

static void each_feature_of_a_licence_has_a_limit_of_its_own(void)
{
    SCENE(scene, 8);
    struct command command = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_CREATE);
    struct entitlement_terms terms[] = { { .feature = STR("render"), .limit = 1 },
                                         { .feature = STR("mesh"), .limit = 2 } };
    struct entry entry;

    command.license_create.product = STR("cad");
    command.license_create.holder = scene.acme;
    command.license_create.entitlements = terms;
    command.license_create.entitlement_count = 2;
    world_entry(scene.world, world_done(scene.world, &command), &entry);
    scene.license = entry.on[ON_LICENSE].id;
    command = about(&scene, COMMAND_LICENSE_CHANGE);
    terms[1].limit = 20;
    command.license_change.entitlements = &terms[1];
    command.license_change.entitlement_count = 1;
    world_done(scene.world, &command);
    CHECK_INT(scene.world->count, 2);
    CHECK_INT(render(&scene)->limit, 9);
    CHECK_INT(world_pool(scene.world, scene.acme, "cad/mesh")->limit, 20);
    terms[0].limit = 10;
    terms[1].limit = 0;
    command.license_change.entitlements = terms;
    command.license_change.entitlement_count = 2;
    world_done(scene.world, &command);
    CHECK_INT(scene.world->count, 4);
    CHECK_INT(render(&scene)->limit, 18);
    CHECK_INT(world_pool(scene.world, scene.acme, "cad/mesh")->limit, 0);
}

static void a_changed_limit_of_a_licence_that_does_not_count_changes_no_pool(void)
{
    SCENE(scene, 8);

    doing(&scene, COMMAND_LICENSE_SUSPEND);
    limit_set(&scene, 5, ENDING_NONE);
    CHECK_INT(scene.world->count, 1);
    CHECK_INT(render(&scene)->limit, 0);
    doing(&scene, COMMAND_LICENSE_REINSTATE);
    CHECK_INT(render(&scene)->limit, 5);
}

/* ---- memory ---- */

static void no_failed_allocation_changes_anything_in_a_licence_s_life(void)
{
    SCENE(scene, 8);

    scene.world->torture = true;
    world_product(scene.world, "lab", "ray");
    scene.license = license_of(&scene, 0, scene.world->now_ms + HOUR_MS);
    world_take(scene.world, scene.ann, "cad/render", 2);
    limit_set(&scene, 1, ENDING_LAPSE);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    doing(&scene, COMMAND_LICENSE_REINSTATE);
    doing(&scene, COMMAND_LICENSE_REVOKE);
    CHECK(scene.world->failed_once > 0);
}

static const struct test tests[] = {
    TEST(a_licence_makes_a_pool_with_its_limit),
    TEST(licences_of_one_holder_and_feature_join_in_one_pool),
    TEST(another_grace_makes_a_pool_of_its_own),
    TEST(a_licence_is_what_its_entries_say),
    TEST(a_licence_starts_by_itself_and_gives_nothing_before),
    TEST(an_ended_licence_drains),
    TEST(while_the_clock_is_frozen_no_licence_starts_or_ends),
    TEST(after_a_restart_what_was_due_is_still_due_and_nothing_else),
    TEST(a_lower_limit_marks_the_newest_leases_that_cover_it),
    TEST(a_further_fall_never_weakens_how_a_lease_ends),
    TEST(suspension_lets_leases_lapse_and_reinstatement_spares_them),
    TEST(revocation_ends_leases_at_once_one_entry_each),
    TEST(revoking_one_of_two_licences_ends_only_what_is_above_the_other),
    TEST(a_licence_with_many_features_moves_every_pool_in_one_change),
    TEST(each_state_allows_what_it_allows),
    TEST(a_licence_suspended_before_its_start_goes_back_to_waiting_for_it),
    TEST(a_licence_is_not_put_back_once_its_end_has_come),
    TEST(a_suspended_licence_expires_like_any_other),
    TEST(a_later_end_brings_an_expired_licence_back),
    TEST(an_end_moves_and_so_does_the_end_of_the_pool),
    TEST(an_end_and_limits_change_together),
    TEST(each_feature_of_a_licence_has_a_limit_of_its_own),
    TEST(a_changed_limit_of_a_licence_that_does_not_count_changes_no_pool),
    TEST(no_failed_allocation_changes_anything_in_a_licence_s_life),
};
TEST_MAIN(tests)
