/*
 * core/decide_license, core/decide_change, core/decide_catalog: what is refused, by the member at fault, and for whom a
 * licence does not exist.
 */
#include "core_world.h"
#include "license_scene.h"
#include "test.h"

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
        world_refused(scene.world, &command, wanted[wrong].problem, wanted[wrong].member);
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
        { false, 0, { "render", "render" }, 0, PROBLEM_BAD_REQUEST, "feature" },
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
        world_refused(scene.world, &command, cases[i].problem, cases[i].member);
    }
    doing(&scene, COMMAND_LICENSE_REVOKE);
    {
        struct command command = about(&scene, COMMAND_LICENSE_CHANGE);
        struct entitlement_terms terms = { .feature = STR("render"), .limit = 1 };

        command.license_change.entitlements = &terms;
        command.license_change.entitlement_count = 1;
        world_refused(scene.world, &command, PROBLEM_WRONG_STATE, "license");
    }
}

static void a_full_table_is_told_before_anything_begins(void)
{
    SCENE(scene, 8);
    struct facts *facts = &scene.world->facts;
    struct table *tables[] = { &facts->licenses, &facts->entitlements, &facts->pools };
    struct command command = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_CREATE);
    struct entitlement_terms terms = { .feature = STR("mesh"), .limit = 1 };
    struct command product = world_as(scene.world, scene.world->admin, COMMAND_PRODUCT_CREATE);
    struct str feature = STR("ray");

    command.license_create.product = STR("cad");
    command.license_create.holder = scene.acme;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    for (size_t i = 0; i < 3; i++) {
        CHECKING("table %zu", i);
        tables[i]->max = tables[i]->live;
        world_refused(scene.world, &command, PROBLEM_TOO_MANY, "");
        tables[i]->max++;
    }
    world_done(scene.world, &command);
    product.product_create = (struct product_create){ STR("lab"), &feature, 1 };
    facts->products.max = facts->products.live;
    world_refused(scene.world, &product, PROBLEM_TOO_MANY, "");
    facts->products.max++;
    facts->features.max = facts->features.live;
    world_refused(scene.world, &product, PROBLEM_TOO_MANY, "");
    facts->features.max++;
    world_done(scene.world, &product);
}

/* A holder that wrote its own licences would grant itself its seats: they are the installation's to write. */
static void nobody_in_an_organisation_writes_licences_its_own_or_anothers(void)
{
    static const enum command_kind kinds[] = { COMMAND_LICENSE_SUSPEND, COMMAND_LICENSE_REINSTATE,
                                               COMMAND_LICENSE_REVOKE, COMMAND_LICENSE_CHANGE };
    SCENE(scene, 8);
    struct who other = world_organisation(scene.world);
    struct who people[] = { world_user(scene.world, scene.acme, ROLE_ADMIN),
                            world_user(scene.world, other, ROLE_ADMIN) };
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 1 };
    struct command command;

    for (size_t i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
        enum command_kind kind = kinds[i / 2];

        CHECKING("kind %zu, person %zu", i / 2, i % 2);
        command = about(&scene, kind);
        command.actor = world_as(scene.world, people[i % 2], kind).actor;
        if (kind == COMMAND_LICENSE_CHANGE) {
            command.license_change.entitlements = &terms;
            command.license_change.entitlement_count = 1;
        }
        world_denied(scene.world, &command, REASON_ROLE);
    }
    for (size_t i = 0; i < 2; i++) {
        command = world_as(scene.world, people[i], COMMAND_LICENSE_CREATE);
        command.license_create.product = STR("cad");
        command.license_create.holder = scene.acme;
        command.license_create.entitlements = &terms;
        command.license_create.entitlement_count = 1;
        world_denied(scene.world, &command, REASON_ROLE);
    }
    CHECK_INT(state_of(&scene, scene.license), LICENSE_ACTIVE);
}

static void the_seats_of_a_pool_stay_a_number_that_every_reader_keeps(void)
{
    SCENE(scene, 8);
    struct entitlement_terms terms = { .feature = STR("render"), .limit = 9 };
    struct command create = world_as(scene.world, scene.world->admin, COMMAND_LICENSE_CREATE);
    struct command change = about(&scene, COMMAND_LICENSE_CHANGE);

    create.license_create.product = STR("cad");
    create.license_create.holder = scene.acme;
    create.license_create.entitlements = &terms;
    create.license_create.entitlement_count = 1;
    change.license_change.entitlements = &terms;
    change.license_change.entitlement_count = 1;
    render(&scene)->entitled = render(&scene)->limit = ENTRY_NUMBER_MAX - 8; /* of nine million licences */
    world_refused(scene.world, &create, PROBLEM_TOO_MANY, "limit");
    world_refused(scene.world, &change, PROBLEM_TOO_MANY, "limit");
    terms.limit = 8;
    world_done(scene.world, &create);
    CHECK_INT(render(&scene)->limit, ENTRY_NUMBER_MAX);
    render(&scene)->entitled = render(&scene)->limit = 16; /* as it was, for the check at the end */
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
    CHECK_INT(scene.world->draft.entries[0].code, AUDIT_LICENSE_REVOKED);
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
        world_refused(scene.world, &command, cases[i].problem, cases[i].member);
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
    world_refused(scene.world, &command, PROBLEM_BAD_REQUEST, "features");
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

static const struct test tests[] = {
    TEST(a_wrong_licence_is_refused_by_the_member_at_fault),
    TEST(a_wrong_change_is_refused_by_the_member_at_fault),
    TEST(a_full_table_is_told_before_anything_begins),
    TEST(nobody_in_an_organisation_writes_licences_its_own_or_anothers),
    TEST(the_seats_of_a_pool_stay_a_number_that_every_reader_keeps),
    TEST(a_dry_run_says_what_would_be_and_changes_nothing),
    TEST(a_product_s_names_fit_and_are_its_own),
    TEST(a_product_has_at_most_so_many_features),
    TEST(features_of_two_products_may_have_one_name),
};
TEST_MAIN(tests)
