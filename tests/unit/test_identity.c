/*
 * core/decide_identity, core/visible: organisations, people, teams and roles, and that organisations do not exist for
 * each other.
 */
#include "core/deciders.h"
#include "core_check.h"
#include "core_world.h"
#include "test.h"

static void world_end(struct world **world)
{
    if (*world)
        CHECK(facts_check(&(*world)->facts));
    world_free(world);
}
#define WORLD(name) AUTO(struct world *, world_end) name = world_new(11)

static const struct principal *principal_of(const struct world *world, struct who who)
{
    return principal_at(&world->facts, principal_find(&world->facts, who.id));
}

/* ---- principals ---- */

static void principals_belong_where_their_entry_says(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct who central = world_service(world, WORLD_NOBODY, ROLE_MEMBER);
    uint32_t place = principal_find(&world->facts, acme.id);
    struct entry entry;

    CHECK_INT(principal_of(world, acme)->organisation, place);
    CHECK_INT(principal_of(world, ann)->organisation, place);
    CHECK_INT(principal_of(world, central)->organisation, NONE);
    world_team(world, acme);
    world_answer(world, 0, &entry);
    CHECK_INT(entry.code, AUDIT_TEAM_CREATED);
    CHECK(id_eq(entry.on[ON_ORGANISATION].id, acme.id));
}

static void an_organisation_s_admin_adds_people_to_it_alone(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who other = world_organisation(world);
    struct who boss = world_user(world, acme, ROLE_ADMIN);
    struct command command = world_as(world, boss, COMMAND_USER_CREATE);

    command.principal_create.id = world_alias(world);
    world_done(world, &command); /* without an organisation: in its own */
    CHECK_INT(principal_at(&world->facts, principal_find(&world->facts, command.principal_create.id))->organisation,
              principal_find(&world->facts, acme.id));
    command.principal_create.id = world_alias(world);
    command.principal_create.organisation = other.id;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "organisation");
    command.principal_create.organisation = world_alias(world);
    world_refused(world, &command, PROBLEM_NOT_FOUND, "organisation");
    command = world_as(world, boss, COMMAND_ORGANISATION_CREATE);
    command.principal_create.id = world_alias(world);
    world_denied(world, &command, REASON_ROLE);
}

static void an_id_is_used_once(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_TEAM_CREATE);

    command.principal_create.id = ann.id;
    world_refused(world, &command, PROBLEM_NAME_TAKEN, "name");
}

static void nobody_gives_a_role_that_holds_more_than_it_does(void)
{
    WORLD(world);
    struct who admin = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command;

    world_token(world, admin, (permissions)1 << PERM_PEOPLE_WRITE, 30);
    command = world_as(world, admin, COMMAND_USER_CREATE);
    command.principal_create.id = world_alias(world);
    command.principal_create.role = ROLE_ADMIN;
    world_refused(world, &command, PROBLEM_FORBIDDEN, "role");
    command.principal_create.role = ROLE_MEMBER;
    world_done(world, &command);
    command.kind = COMMAND_ROLE_CHANGE;
    command.role_change.who = (struct who){ command.principal_create.id, ID_USER };
    command.role_change.role = ROLE_AUDITOR;
    world_refused(world, &command, PROBLEM_FORBIDDEN, "role");
    /* nor takes one away that it could not give */
    command.role_change.who = world->admin;
    command.role_change.role = ROLE_MEMBER;
    world_refused(world, &command, PROBLEM_FORBIDDEN, "role");
}

static void the_installation_keeps_an_admin(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who bob;
    struct id credential;
    struct command command = world_as(world, world->admin, COMMAND_ROLE_CHANGE);

    world_user(world, acme, ROLE_ADMIN); /* of an organisation: does not count */
    command.role_change.who = world->admin;
    command.role_change.role = ROLE_MEMBER;
    world_refused(world, &command, PROBLEM_WRONG_STATE, "role");
    bob = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    credential = world_token(world, bob, PERMISSIONS_ALL, 30);
    world_done(world, &command);
    command = world_as(world, bob, COMMAND_ROLE_CHANGE);
    CHECK(id_eq(command.actor.cred, credential));
    command.role_change.who = bob;
    command.role_change.role = ROLE_AUDITOR;
    world_refused(world, &command, PROBLEM_WRONG_STATE, "role");
}

static void a_role_is_somebody_s_and_another_one(void)
{
    WORLD(world);
    struct who team = world_team(world, WORLD_NOBODY);
    struct who robot = world_service(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_ROLE_CHANGE);

    command.role_change.role = ROLE_AUDITOR;
    command.role_change.who = team;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command.role_change.who = (struct who){ robot.id, ID_USER };
    world_refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command.role_change.who = robot;
    world_done(world, &command);
    world_refused(world, &command, PROBLEM_WRONG_STATE, "role");
}

/* ---- teams ---- */

static void a_team_s_seats_are_its_members(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who team = world_team(world, acme);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_MEMBER_REMOVE);

    world_product(world, "cad", "render");
    world_license(world, team, "cad/render", 2);
    CHECK(id_is_none(world_take(world, ann, "cad/render", 1)));
    world_join(world, team, ann);
    CHECK(!id_is_none(world_take(world, ann, "cad/render", 1)));
    command.member.team = team.id;
    command.member.user = ann.id;
    world_done(world, &command);
    CHECK(id_is_none(world_take(world, ann, "cad/render", 1)));
    world_refused(world, &command, PROBLEM_NOT_FOUND, "user");
}

static void who_may_take_what_a_holder_has(void)
{
    static const struct {
        int organisation; /* 0: acme, 1: another, 2: the installation */
        enum id_kind kind;
        enum role role;
        const char *may; /* take what acme, its team, its member and nobody hold */
    } cases[] = {
        { 0, ID_USER, ROLE_MEMBER, "ynnn" },    { 0, ID_USER, ROLE_ADMIN, "ynnn" },
        { 0, ID_SERVICE, ROLE_MEMBER, "ynnn" }, { 1, ID_USER, ROLE_ADMIN, "nnnn" },
        { 2, ID_USER, ROLE_MEMBER, "nnnn" },    { 2, ID_USER, ROLE_AUDITOR, "nnnn" },
        { 2, ID_USER, ROLE_ADMIN, "yyyy" },     { 2, ID_SERVICE, ROLE_MEMBER, "yyyy" },
    };
    WORLD(world);
    struct who organisations[3] = { 0 };
    struct who team;
    struct who member;
    uint32_t holders[4] = { [3] = NONE };

    organisations[0] = world_organisation(world);
    organisations[1] = world_organisation(world);
    team = world_team(world, organisations[0]);
    member = world_user(world, organisations[0], ROLE_MEMBER);
    world_join(world, team, member);
    holders[0] = principal_find(&world->facts, organisations[0].id);
    holders[1] = principal_find(&world->facts, team.id);
    holders[2] = principal_find(&world->facts, member.id);
    for (int k = 0; k < 4; k++)
        CHECK_INT(holder_admits(&world->facts, holders[k], holders[2]), k < 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct who organisation = organisations[cases[i].organisation];
        struct who taker = cases[i].kind == ID_USER ? world_user(world, organisation, cases[i].role)
                                                    : world_service(world, organisation, cases[i].role);

        for (int k = 0; k < 4; k++) {
            CHECKING("case %zu, holder %d", i, k);
            CHECK_INT(holder_admits(&world->facts, holders[k], principal_find(&world->facts, taker.id)),
                      cases[i].may[k] == 'y');
        }
    }
}

static void memberships_come_and_go_in_any_order(void)
{
    enum { USERS = 7, TEAMS = 5, STEPS = 400 };
    WORLD(world);
    struct entropy entropy = entropy_from_seed(test_seed());
    struct who users[USERS];
    struct who teams[TEAMS];
    bool in[USERS][TEAMS] = { 0 };
    uint32_t live = 0;

    for (int i = 0; i < USERS; i++)
        users[i] = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    for (int i = 0; i < TEAMS; i++)
        teams[i] = world_team(world, WORLD_NOBODY);
    for (int step = 0; step < STEPS; step++) {
        uint64_t user = entropy_below(&entropy, USERS);
        uint64_t team = entropy_below(&entropy, TEAMS);
        enum command_kind kind = in[user][team] ? COMMAND_MEMBER_REMOVE : COMMAND_MEMBER_ADD;
        struct command command = world_as(world, world->admin, kind);

        command.member.team = teams[team].id;
        command.member.user = users[user].id;
        world_done(world, &command);
        in[user][team] = !in[user][team];
    }
    for (int user = 0; user < USERS; user++) {
        for (int team = 0; team < TEAMS; team++) {
            uint32_t place = membership_find(&world->facts, principal_find(&world->facts, teams[team].id),
                                             principal_find(&world->facts, users[user].id));

            CHECK_INT(place != NONE, in[user][team]);
            live += in[user][team];
        }
    }
    CHECK_INT(world->facts.memberships.live, live);
}

static void a_team_takes_its_organisation_s_people_once(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who other = world_organisation(world);
    struct who team = world_team(world, acme);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct who eve = world_user(world, other, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_MEMBER_ADD);

    command.member.team = team.id;
    command.member.user = eve.id;
    world_refused(world, &command, PROBLEM_BAD_REQUEST, "user");
    command.member.user = ann.id;
    world_done(world, &command);
    world_refused(world, &command, PROBLEM_WRONG_STATE, "user");
    command.member.team = ann.id;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "team");
    command.member.team = team.id;
    command.member.user = team.id;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "user");
    world_join(world, world_team(world, WORLD_NOBODY), eve); /* one of the installation may have anybody */
}

static void a_user_is_in_so_many_teams_at_most(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_MEMBER_ADD);

    for (int i = 0; i < TEAMS_PER_USER_MAX; i++)
        world_join(world, world_team(world, WORLD_NOBODY), ann);
    command.member.team = world_team(world, WORLD_NOBODY).id;
    command.member.user = ann.id;
    world_refused(world, &command, PROBLEM_TOO_MANY, "user");
}

/* ---- organisations ---- */

static void what_belongs_to_another_organisation_does_not_exist(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct who team = world_team(world, acme);
    struct who boss = world_user(world, world_organisation(world), ROLE_ADMIN);
    struct id credential = world_token(world, ann, PERMISSIONS_ALL, 30);
    struct who own = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = world_as(world, boss, COMMAND_MEMBER_ADD);

    command.member.team = team.id;
    command.member.user = ann.id;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "team");
    command.kind = COMMAND_MEMBER_REMOVE;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "team");
    command = world_as(world, boss, COMMAND_ROLE_CHANGE);
    command.role_change.who = ann;
    command.role_change.role = ROLE_AUDITOR;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command.role_change.who = own; /* the installation's are not seen either */
    world_refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command = world_as(world, boss, COMMAND_TOKEN_CREATE);
    command.token_create.owner = ann;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "owner");
    command = world_as(world, boss, COMMAND_TOKEN_REVOKE);
    command.credential = credential;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "token");
}

static void seats_are_their_organisation_s(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct who eve = world_user(world, world_organisation(world), ROLE_ADMIN);
    struct id license;
    struct id lease;
    struct command command;
    struct entry entry;

    world_product(world, "cad", "render");
    license = world_license(world, acme, "cad/render", 2);
    command = world_checkout(world, ann, "cad/render", 1);
    command.lease_create.ttl_s = 3600;
    world_entry(world, world_done(world, &command), &entry);
    lease = entry.on[ON_LEASE].id;
    CHECK(id_is_none(world_take(world, eve, "cad/render", 1)));
    CHECK_INT(world->outcome.reason, REASON_NOT_FOUND);
    command = world_checkout(world, eve, "cad/render", 1);
    command.lease_create.license = license;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "license");
    command.lease_create.license = (struct id){ 0 };
    command.lease_create.pool = world_pool(world, acme, "cad/render")->id;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "pool");
    command = world_as(world, eve, COMMAND_LEASE_REVOKE);
    command.lease = lease;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "lease");
    command.kind = COMMAND_LEASE_RELEASE;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "lease");
    command.kind = COMMAND_LEASE_HEARTBEAT;
    world_refused(world, &command, PROBLEM_NOT_FOUND, "lease");
    command = world_as(world, world->admin, COMMAND_LEASE_REVOKE);
    command.lease = lease;
    world_done(world, &command);
}

static void the_server_is_the_installation_s_to_run(void)
{
    static const enum command_kind kinds[] = { COMMAND_CLOCK_CONFIRM, COMMAND_BACKUP_MADE, COMMAND_CHECKPOINT_COSIGNED,
                                               COMMAND_DEMO_SEEDED };
    WORLD(world);
    struct who boss = world_user(world, world_organisation(world), ROLE_ADMIN);

    world_system(world, AUDIT_CLOCK_JUMPED, REASON_FORWARD);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct command command = world_as(world, boss, kinds[i]);

        world_denied(world, &command, REASON_ROLE);
        command = world_as(world, world->admin, kinds[i]);
        world_done(world, &command);
    }
    CHECK(!world->facts.clock_frozen);
    {
        struct command command = world_as(world, world->admin, COMMAND_CLOCK_CONFIRM);

        world_refused(world, &command, PROBLEM_WRONG_STATE, "");
    }
}

static void a_full_table_is_told_before_anything_begins(void)
{
    WORLD(world);
    struct who team = world_team(world, WORLD_NOBODY);
    struct command command = world_as(world, world->admin, COMMAND_USER_CREATE);
    struct command join = world_as(world, world->admin, COMMAND_MEMBER_ADD);
    struct command token = world_as(world, world->admin, COMMAND_TOKEN_CREATE);
    struct facts *facts = &world->facts;

    command.principal_create.id = world_alias(world);
    facts->principals.max = facts->principals.live;
    world_refused(world, &command, PROBLEM_TOO_MANY, "");
    facts->principals.max++;
    world_done(world, &command);
    join.member.team = team.id;
    join.member.user = command.principal_create.id;
    facts->memberships.max = 0;
    world_refused(world, &join, PROBLEM_TOO_MANY, "user");
    facts->memberships.max = 1;
    world_done(world, &join);
    token.token_create.owner = world->admin;
    token.token_create.scopes = PERMISSIONS_ALL;
    token.token_create.expires_ms = world->now_ms + DAY_MS;
    facts->credentials.max = facts->credentials.live;
    world_refused(world, &token, PROBLEM_TOO_MANY, "");
    facts->credentials.max++;
    world_done(world, &token);
}

static void no_failed_allocation_changes_anything_about_people(void)
{
    WORLD(world);
    struct who acme;
    struct who team;
    struct who ann;
    struct command command;

    world->torture = true;
    acme = world_organisation(world);
    team = world_team(world, acme);
    ann = world_user(world, acme, ROLE_MEMBER);
    world_join(world, team, ann);
    command = world_as(world, world->admin, COMMAND_TOKEN_REVOKE);
    command.has_idem = true;
    command.credential = world_token(world, ann, (permissions)1 << PERM_LEASE_TAKE, 30);
    world_done(world, &command);
    CHECK(world->failed_once > 0);
}

static const struct test tests[] = {
    TEST(principals_belong_where_their_entry_says),
    TEST(an_organisation_s_admin_adds_people_to_it_alone),
    TEST(an_id_is_used_once),
    TEST(nobody_gives_a_role_that_holds_more_than_it_does),
    TEST(the_installation_keeps_an_admin),
    TEST(a_role_is_somebody_s_and_another_one),
    TEST(a_team_s_seats_are_its_members),
    TEST(who_may_take_what_a_holder_has),
    TEST(memberships_come_and_go_in_any_order),
    TEST(a_team_takes_its_organisation_s_people_once),
    TEST(a_user_is_in_so_many_teams_at_most),
    TEST(what_belongs_to_another_organisation_does_not_exist),
    TEST(seats_are_their_organisation_s),
    TEST(the_server_is_the_installation_s_to_run),
    TEST(a_full_table_is_told_before_anything_begins),
    TEST(no_failed_allocation_changes_anything_about_people),
};
TEST_MAIN(tests)
