/*
 * core/decide_license, core/decide_change, core/decide_catalog and their appliers: what licences do to pools and leases
 * over their whole life (P4), and what is refused.
 */
#include "core_check.h"
#include "core_world.h"
#include "test.h"

/* A vendor's usual world: a product, a customer with a user, one licence. */
struct scene {
    struct world *world;
    struct who acme;
    struct who ann; /* of acme */
    struct id license;
};

static void scene_free(struct scene *scene)
{
    CHECK(facts_check(&scene->world->facts));
    world_free(&scene->world);
}

static struct scene scene_new(int64_t limit)
{
    struct scene scene = { .world = world_new(7) };

    world_product(scene.world, "cad", "render mesh");
    scene.acme = world_organisation(scene.world);
    scene.ann = world_user(scene.world, scene.acme, ROLE_MEMBER);
    scene.license = world_license(scene.world, scene.acme, "cad/render", limit);
    return scene;
}
#define SCENE(name, limit) AUTO(struct scene, scene_free) name = scene_new(limit)

static struct pool *render(const struct scene *scene)
{
    return world_pool(scene->world, scene->acme, "cad/render");
}

static struct lease *lease_of(const struct scene *scene, struct id id)
{
    uint32_t place = lease_find(&scene->world->facts, id);

    return place == NONE ? NULL : lease_at(&scene->world->facts, place);
}

static struct command about(struct scene *scene, enum command_kind kind)
{
    struct command command = world_as(scene->world, scene->world->admin, kind);

    if (kind == COMMAND_LICENSE_CHANGE)
        command.license_change.license = scene->license;
    else
        command.license = scene->license;
    return command;
}

static void doing(struct scene *scene, enum command_kind kind)
{
    struct command command = about(scene, kind);

    world_done(scene->world, &command);
}

/* Refused with that problem and member, recorded by one entry, and nothing else happened. */
static void refused(struct world *world, const struct command *command, enum problem problem, const char *member)
{
    uint64_t size;
    struct entry entry;

    world->now_ms += 61000; /* like refusals within a minute would be rolled up */
    world_due(world);
    size = world->facts.size;
    CHECK_OK(world_command(world, command));
    CHECK_INT(world->outcome.kind, OUTCOME_PROBLEM);
    CHECK_STR(problem_words[world->outcome.problem], problem_words[problem]);
    CHECK_STR(world->outcome.member, str_of(member));
    if (CHECK_INT(world->facts.size, size + 1)) {
        world_answer(world, 0, &entry);
        CHECK_INT(entry.code, TS5005);
        CHECK_INT(entry.data[DATA_PROBLEM].number, problem);
    }
}

static void limit_set(struct scene *scene, int64_t limit, enum ending ending)
{
    struct command command = about(scene, COMMAND_LICENSE_CHANGE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = limit };

    command.license_change.entitlements = &terms;
    command.license_change.entitlement_count = 1;
    command.license_change.ending = ending;
    world_done(scene->world, &command);
}

static struct id license_of(struct scene *scene, int64_t starts_ms, int64_t ends_ms)
{
    struct command command = world_as(scene->world, scene->world->admin, COMMAND_LICENSE_CREATE);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 3 };
    struct entry entry;

    command.license_create.product = STR("cad");
    command.license_create.holder = scene->acme;
    command.license_create.starts_ms = starts_ms;
    command.license_create.ends_ms = ends_ms;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    world_entry(scene->world, world_done(scene->world, &command), &entry);
    return entry.on[ON_LICENSE].id;
}

static enum license_state state_of(const struct scene *scene, struct id license)
{
    const struct facts *facts = &scene->world->facts;

    return license_at(facts, license_find(facts, license))->state;
}

/* ---- beginning ---- */

static void a_licence_makes_a_pool_with_its_limit(void)
{
    SCENE(scene, 8);
    struct pool *pool = render(&scene);

    CHECK_INT(scene.world->count, 4); /* license, pool, entitlement, limit */
    CHECK_INT(pool->limit, 8);
    CHECK_INT(pool->terms_end_ms, 0);
    CHECK_INT(pool->kind, POOL_ENFORCED);
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
}

static void a_licence_is_what_its_entries_say(void)
{
    SCENE(scene, 8);
    int64_t now_ms = scene.world->now_ms;
    struct id id = license_of(&scene, now_ms + HOUR_MS, now_ms + DAY_MS);
    struct entry entry;

    world_answer(scene.world, 0, &entry);
    CHECK_INT(entry.code, TS3004);
    CHECK_INT(entry.data[DATA_STATE].number, LICENSE_SCHEDULED);
    CHECK_INT(entry.data[DATA_KIND].number, LICENSE_TERM);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 1);
    CHECK_INT(entry.data[DATA_STARTS_AT].number, now_ms + HOUR_MS);
    CHECK_INT(entry.data[DATA_ENDS_AT].number, now_ms + DAY_MS);
    CHECK(id_eq(entry.data[DATA_HOLDER].principal.id, scene.acme.id));
    world_answer(scene.world, 1, &entry);
    CHECK_INT(entry.code, TS3005);
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

    world_system(scene.world, TS1007, REASON_FORWARD);
    world_wait(scene.world, 2 * HOUR_MS);
    CHECK_INT(state_of(&scene, ends), LICENSE_ACTIVE);
    CHECK_INT(state_of(&scene, starts), LICENSE_SCHEDULED);
    world_done(scene.world, &command);
    CHECK_INT(state_of(&scene, ends), LICENSE_EXPIRED);
    CHECK_INT(state_of(&scene, starts), LICENSE_ACTIVE);
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

    beat.lease = id;
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    CHECK_INT(lease_of(&scene, id)->ending, ENDING_LAPSE);
    CHECK_OK(world_command(scene.world, &beat));
    CHECK_INT(scene.world->outcome.problem, PROBLEM_LEASE_ENDED);
    CHECK_INT(scene.world->outcome.reason, REASON_SUSPENDED);
    CHECK(id_is_none(world_take(scene.world, scene.ann, "cad/render", 1)));
    CHECK_INT(scene.world->outcome.reason, REASON_SUSPENDED);
    doing(&scene, COMMAND_LICENSE_REINSTATE);
    CHECK_INT(lease_of(&scene, id)->ending, ENDING_NONE);
    CHECK_OK(world_command(scene.world, &beat));
    CHECK_INT(scene.world->outcome.kind, OUTCOME_LEASE);
    doing(&scene, COMMAND_LICENSE_SUSPEND);
    world_wait(scene.world, TTL_DEFAULT_S * 1000 + 1000);
    CHECK(!lease_of(&scene, id));
    CHECK_INT(world_count(scene.world, TS2004, 0), 1);
}

static void revocation_ends_leases_at_once_one_entry_each(void)
{
    SCENE(scene, 9);
    uint64_t before;

    for (int i = 0; i < 4; i++)
        world_take(scene.world, scene.ann, "cad/render", 2);
    before = scene.world->facts.size;
    doing(&scene, COMMAND_LICENSE_REVOKE);
    CHECK_INT(world_count(scene.world, TS2006, before), 4);
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
            refused(scene.world, &command, PROBLEM_WRONG_STATE, "license");
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
    CHECK_INT(entry.code, TS3007);
    CHECK_INT(entry.data[DATA_LIMIT].number, 38);
    CHECK_INT(render(&scene)->limit, 38);
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

/* ---- what is refused ---- */

enum wrong_create {
    WRONG_HOLDER,
    WRONG_HOLDER_KIND,
    WRONG_SERVICE,
    WRONG_PRODUCT,
    WRONG_START,
    WRONG_END,
    WRONG_END_BEFORE_START,
    WRONG_END_PAST_TIME,
    WRONG_PERPETUAL_WITH_END,
    WRONG_TERM_WITHOUT_END,
    WRONG_NO_ENTITLEMENT,
    WRONG_TOO_MANY_ENTITLEMENTS,
    WRONG_FEATURE,
    WRONG_FEATURE_OF_ANOTHER_PRODUCT,
    WRONG_FEATURE_TWICE,
    WRONG_LIMIT_NEGATIVE,
    WRONG_LIMIT_TOO_LARGE,
    WRONG_GRACE_NEGATIVE,
    WRONG_GRACE_TOO_LONG,
    WRONG_CREATE_COUNT
};

static void spoil_terms(struct entitlement_terms *terms, enum wrong_create wrong)
{
    if (wrong == WRONG_FEATURE)
        terms[0].feature = STR("nothing");
    else if (wrong == WRONG_FEATURE_OF_ANOTHER_PRODUCT)
        terms[0].feature = STR("ray");
    else if (wrong == WRONG_FEATURE_TWICE)
        terms[1].feature = terms[0].feature;
    else if (wrong == WRONG_LIMIT_NEGATIVE)
        terms[1].limit = -1;
    else if (wrong == WRONG_LIMIT_TOO_LARGE)
        terms[1].limit = (int64_t)LIMIT_MAX + 1;
    else if (wrong == WRONG_GRACE_NEGATIVE)
        terms[1].grace_s = -1;
    else if (wrong == WRONG_GRACE_TOO_LONG)
        terms[1].grace_s = GRACE_MAX_S + 1;
}

static void spoil_create(struct scene *scene, struct license_create *request, enum wrong_create wrong)
{
    if (wrong == WRONG_HOLDER)
        request->holder.id.lo++;
    else if (wrong == WRONG_HOLDER_KIND)
        request->holder.kind = ID_TEAM;
    else if (wrong == WRONG_SERVICE)
        request->holder = world_service(scene->world, scene->acme, ROLE_MEMBER);
    else if (wrong == WRONG_PRODUCT)
        request->product = STR("nothing");
    else if (wrong == WRONG_START)
        request->starts_ms = -1;
    else if (wrong == WRONG_END)
        request->ends_ms = -1;
    else if (wrong == WRONG_END_BEFORE_START)
        request->starts_ms = request->ends_ms;
    else if (wrong == WRONG_END_PAST_TIME)
        request->ends_ms = scene->world->now_ms;
    else if (wrong == WRONG_PERPETUAL_WITH_END)
        request->kind = LICENSE_PERPETUAL;
    else if (wrong == WRONG_TERM_WITHOUT_END)
        request->ends_ms = 0;
    else if (wrong == WRONG_NO_ENTITLEMENT)
        request->entitlement_count = 0;
    else if (wrong == WRONG_TOO_MANY_ENTITLEMENTS)
        request->entitlement_count = ENTITLEMENTS_MAX + 1;
}

static void a_wrong_licence_is_refused_by_the_member_at_fault(void)
{
    static const struct {
        enum problem problem;
        const char *member;
    } wanted[WRONG_CREATE_COUNT] = {
        [WRONG_HOLDER] = { PROBLEM_NOT_FOUND, "holder" },
        [WRONG_HOLDER_KIND] = { PROBLEM_NOT_FOUND, "holder" },
        [WRONG_SERVICE] = { PROBLEM_BAD_REQUEST, "holder" },
        [WRONG_PRODUCT] = { PROBLEM_NOT_FOUND, "product" },
        [WRONG_START] = { PROBLEM_BAD_REQUEST, "starts_at" },
        [WRONG_END] = { PROBLEM_BAD_REQUEST, "expires_at" },
        [WRONG_END_BEFORE_START] = { PROBLEM_BAD_REQUEST, "expires_at" },
        [WRONG_END_PAST_TIME] = { PROBLEM_BAD_REQUEST, "expires_at" },
        [WRONG_PERPETUAL_WITH_END] = { PROBLEM_BAD_REQUEST, "expires_at" },
        [WRONG_TERM_WITHOUT_END] = { PROBLEM_BAD_REQUEST, "expires_at" },
        [WRONG_NO_ENTITLEMENT] = { PROBLEM_BAD_REQUEST, "entitlements" },
        [WRONG_TOO_MANY_ENTITLEMENTS] = { PROBLEM_BAD_REQUEST, "entitlements" },
        [WRONG_FEATURE] = { PROBLEM_NOT_FOUND, "feature" },
        [WRONG_FEATURE_OF_ANOTHER_PRODUCT] = { PROBLEM_NOT_FOUND, "feature" },
        [WRONG_FEATURE_TWICE] = { PROBLEM_BAD_REQUEST, "feature" },
        [WRONG_LIMIT_NEGATIVE] = { PROBLEM_BAD_REQUEST, "limit" },
        [WRONG_LIMIT_TOO_LARGE] = { PROBLEM_BAD_REQUEST, "limit" },
        [WRONG_GRACE_NEGATIVE] = { PROBLEM_BAD_REQUEST, "grace_s" },
        [WRONG_GRACE_TOO_LONG] = { PROBLEM_BAD_REQUEST, "grace_s" },
    };
    SCENE(scene, 8);

    world_product(scene.world, "lab", "ray");
    for (int wrong = 0; wrong < WRONG_CREATE_COUNT; wrong++) {
        struct command command = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_CREATE);
        struct entitlement_terms terms[ENTITLEMENTS_MAX + 1] = { { .feature = STR("render"), .limit = 3 },
                                                                 { .feature = STR("mesh"), .limit = 3 } };

        CHECKING("wrong %d", wrong);
        command.license_create = (struct license_create){ .product = STR("cad"),
                                                          .holder = scene.acme,
                                                          .has_kind = true,
                                                          .kind = LICENSE_TERM,
                                                          .ends_ms = scene.world->now_ms + DAY_MS,
                                                          .entitlements = terms,
                                                          .entitlement_count = 2 };
        spoil_create(&scene, &command.license_create, (enum wrong_create)wrong);
        spoil_terms(terms, (enum wrong_create)wrong);
        refused(scene.world, &command, wanted[wrong].problem, wanted[wrong].member);
    }
}

static void a_wrong_change_is_refused_by_the_member_at_fault(void)
{
    static const struct {
        bool has_ends;
        int64_t ends_in_ms;
        const char *features[2];
        int64_t limit;
        enum problem problem;
        const char *member;
    } cases[] = {
        { false, 0, { NULL }, 0, PROBLEM_BAD_REQUEST, "entitlements" },
        { true, DAY_MS, { NULL }, 0, PROBLEM_BAD_REQUEST, "expires_at" }, /* a perpetual one has no end */
        { false, 0, { "mesh" }, 1, PROBLEM_NOT_FOUND, "feature" },        /* the licence has not that one */
        { false, 0, { "cad/render" }, 1, PROBLEM_NOT_FOUND, "feature" },
        { false, 0, { "render", "render" }, 1, PROBLEM_BAD_REQUEST, "feature" },
        { false, 0, { "render" }, -1, PROBLEM_BAD_REQUEST, "limit" },
        { false, 0, { "render" }, (int64_t)LIMIT_MAX + 1, PROBLEM_BAD_REQUEST, "limit" },
    };
    SCENE(scene, 8);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command command = about(&scene, COMMAND_LICENSE_CHANGE);
        struct entitlement_terms terms[2] = { 0 };

        CHECKING("case %zu", i);
        command.license_change.has_ends = cases[i].has_ends;
        command.license_change.ends_ms = scene.world->now_ms + cases[i].ends_in_ms;
        command.license_change.entitlements = terms;
        for (size_t k = 0; k < 2 && cases[i].features[k]; k++) {
            terms[k] = (struct entitlement_terms){ .feature = str_of(cases[i].features[k]), .limit = cases[i].limit };
            command.license_change.entitlement_count = k + 1;
        }
        refused(scene.world, &command, cases[i].problem, cases[i].member);
    }
    doing(&scene, COMMAND_LICENSE_REVOKE);
    {
        struct command command = about(&scene, COMMAND_LICENSE_CHANGE);
        struct entitlement_terms terms = { .feature = STR("render"), .limit = 1 };

        command.license_change.entitlements = &terms;
        command.license_change.entitlement_count = 1;
        refused(scene.world, &command, PROBLEM_WRONG_STATE, "license");
    }
}

static void an_organisation_s_licences_do_not_exist_for_another(void)
{
    static const enum command_kind kinds[] = { COMMAND_LICENSE_SUSPEND, COMMAND_LICENSE_REINSTATE,
                                               COMMAND_LICENSE_REVOKE, COMMAND_LICENSE_CHANGE };
    SCENE(scene, 8);
    struct who other = world_organisation(scene.world);
    struct who spy = world_user(scene.world, other, ROLE_ADMIN);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 1 };
    struct command command;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        CHECKING("kind %zu", i);
        command = about(&scene, kinds[i]);
        command.actor = world_as(scene.world, spy, kinds[i]).actor;
        if (kinds[i] == COMMAND_LICENSE_CHANGE) {
            command.license_change.entitlements = &terms;
            command.license_change.entitlement_count = 1;
        }
        refused(scene.world, &command, PROBLEM_NOT_FOUND, "license");
    }
    command = world_as(scene.world, spy, COMMAND_LICENSE_CREATE);
    command.license_create.product = STR("cad");
    command.license_create.holder = scene.acme;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    refused(scene.world, &command, PROBLEM_NOT_FOUND, "holder");
    command.license_create.holder = scene.ann;
    refused(scene.world, &command, PROBLEM_NOT_FOUND, "holder");
    CHECK_INT(state_of(&scene, scene.license), LICENSE_ACTIVE);
}

static void a_dry_run_says_what_would_be_and_changes_nothing(void)
{
    SCENE(scene, 8);
    struct hash before = facts_digest(&scene.world->facts);
    struct command command = about(&scene, COMMAND_LICENSE_REVOKE);
    struct hash after;

    command.dry_run = true;
    CHECK_OK(world_command(scene.world, &command));
    CHECK_INT(scene.world->draft.count, 2);
    CHECK_INT(scene.world->draft.entries[0].code, TS3012);
    after = facts_digest(&scene.world->facts);
    CHECK(hash_eq(&before, &after));
}

/* ---- products ---- */

static void a_product_s_names_fit_and_are_its_own(void)
{
    static const struct {
        const char *name;
        const char *features[3];
        enum problem problem;
        const char *member;
    } cases[] = {
        { "", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "a/b", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { " a", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "a\n", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "a\"", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "a\\", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "\xff", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "0123456789012345678901234567890123456789012345678901234567890123x", { "a" }, PROBLEM_BAD_REQUEST, "name" },
        { "cad", { "a" }, PROBLEM_NAME_TAKEN, "name" },
        { "new", { "a", "" }, PROBLEM_BAD_REQUEST, "features" },
        { "new", { "a", "b/c" }, PROBLEM_BAD_REQUEST, "features" },
        { "new", { "a", "b", "a" }, PROBLEM_BAD_REQUEST, "features" },
    };
    SCENE(scene, 8);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command command = world_as(scene.world, scene.world->admin, COMMAND_PRODUCT_CREATE);
        struct str features[3];
        size_t count = 0;

        CHECKING("case %zu", i);
        while (count < 3 && cases[i].features[count]) {
            features[count] = str_of(cases[i].features[count]);
            count++;
        }
        command.product_create = (struct product_create){ str_of(cases[i].name), features, count };
        refused(scene.world, &command, cases[i].problem, cases[i].member);
    }
}

static void a_product_has_at_most_so_many_features(void)
{
    SCENE(scene, 8);
    struct command command = world_as(scene.world, scene.world->admin, COMMAND_PRODUCT_CREATE);
    static char names[FEATURES_MAX + 1][4];
    static struct str features[FEATURES_MAX + 1];

    for (int i = 0; i <= FEATURES_MAX; i++) {
        memcpy(names[i], (char[4]){ (char)('a' + i / 100), (char)('0' + i / 10 % 10), (char)('0' + i % 10), 0 }, 4);
        features[i] = str_of(names[i]);
    }
    command.product_create = (struct product_create){ STR("new"), features, FEATURES_MAX + 1 };
    refused(scene.world, &command, PROBLEM_BAD_REQUEST, "features");
    command.product_create.feature_count = FEATURES_MAX;
    world_done(scene.world, &command);
    CHECK_INT(scene.world->count, FEATURES_MAX + 1);
    CHECK(feature_find(&scene.world->facts, STR("new/c55")) != NONE);
}

static void features_of_two_products_may_have_one_name(void)
{
    SCENE(scene, 8);
    struct facts *facts = &scene.world->facts;
    uint32_t first;

    world_product(scene.world, "lab", "render");
    first = feature_find_bare(facts, STR("render"));
    CHECK_STR(feature_full_name(feature_at(facts, first)), STR("cad/render"));
    CHECK_STR(feature_full_name(feature_at(facts, feature_at(facts, first)->next_of_name)), STR("lab/render"));
    CHECK_INT(feature_find_parts(facts, STR("lab"), STR("render")), feature_at(facts, first)->next_of_name);
    CHECK_INT(feature_find_parts(facts, STR("lab"), STR("mesh")), NONE);
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
    TEST(a_lower_limit_marks_the_newest_leases_that_cover_it),
    TEST(a_further_fall_never_weakens_how_a_lease_ends),
    TEST(suspension_lets_leases_lapse_and_reinstatement_spares_them),
    TEST(revocation_ends_leases_at_once_one_entry_each),
    TEST(revoking_one_of_two_licences_ends_only_what_is_above_the_other),
    TEST(a_licence_with_many_features_moves_every_pool_in_one_change),
    TEST(each_state_allows_what_it_allows),
    TEST(a_licence_suspended_before_its_start_goes_back_to_waiting_for_it),
    TEST(a_suspended_licence_expires_like_any_other),
    TEST(a_later_end_brings_an_expired_licence_back),
    TEST(an_end_moves_and_so_does_the_end_of_the_pool),
    TEST(an_end_and_limits_change_together),
    TEST(a_changed_limit_of_a_licence_that_does_not_count_changes_no_pool),
    TEST(a_wrong_licence_is_refused_by_the_member_at_fault),
    TEST(a_wrong_change_is_refused_by_the_member_at_fault),
    TEST(an_organisation_s_licences_do_not_exist_for_another),
    TEST(a_dry_run_says_what_would_be_and_changes_nothing),
    TEST(a_product_s_names_fit_and_are_its_own),
    TEST(a_product_has_at_most_so_many_features),
    TEST(features_of_two_products_may_have_one_name),
    TEST(no_failed_allocation_changes_anything_in_a_licence_s_life),
};
TEST_MAIN(tests)
