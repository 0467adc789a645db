/*
 * core/decide_identity, core/decide_token, core/visible and core/decide's own checks: who may do what (P5), and that
 * organisations do not exist for each other.
 */
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

/* Answered with that problem, recorded by one entry of that code, and nothing else happened. */
static void answered(struct world *world, const struct command *command, enum problem problem, enum audit_code code)
{
    uint64_t size;
    struct entry entry;

    world->now_ms += 61000; /* like refusals within a minute would be rolled up */
    size = world->facts.size;
    CHECK_OK(world_command(world, command));
    CHECK_STR(problem_words[world->outcome.problem], problem_words[problem]);
    if (CHECK_INT(world->facts.size, size + 1)) {
        world_answer(world, 0, &entry);
        CHECK_INT(entry.code, code);
    }
}

static void refused(struct world *world, const struct command *command, enum problem problem, const char *member)
{
    answered(world, command, problem, TS5005);
    CHECK_STR(world->outcome.member, str_of(member));
}

/* Refused as what it may not do, for that reason. */
static void denied(struct world *world, const struct command *command, enum reason reason)
{
    answered(world, command, PROBLEM_FORBIDDEN, TS5003);
    CHECK_STR(reason_words[world->outcome.reason], reason_words[reason]);
}

/* ---- credentials, at the index of the decision ---- */

static struct command product_of(struct world *world, struct who who, const char *name)
{
    struct command command = world_as(world, who, COMMAND_PRODUCT_CREATE);

    command.product_create.name = str_of(name);
    return command;
}

static void revoke(struct world *world, struct id credential)
{
    struct command command = world_as(world, world->admin, COMMAND_TOKEN_REVOKE);

    command.credential = credential;
    world_done(world, &command);
}

static void a_token_acts_until_it_ends_and_no_longer(void)
{
    WORLD(world);
    struct who bob = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct id credential = world_token(world, bob, PERMISSIONS_ALL, 1);
    struct command command = product_of(world, bob, "one");

    world_done(world, &command);
    world->now_ms += DAY_MS;
    command.product_create.name = STR("two");
    answered(world, &command, PROBLEM_UNAUTHORIZED, TS5001);
    CHECK_INT(world->outcome.reason, REASON_TOKEN_EXPIRED);
    credential = world_token(world, bob, PERMISSIONS_ALL, 1);
    command.actor.cred = credential;
    revoke(world, credential);
    answered(world, &command, PROBLEM_UNAUTHORIZED, TS5001);
    CHECK_INT(world->outcome.reason, REASON_TOKEN_REVOKED);
    command.actor.cred.lo++;
    answered(world, &command, PROBLEM_UNAUTHORIZED, TS5001);
    CHECK_INT(world->outcome.reason, REASON_BAD_TOKEN);
    CHECK_INT(product_find_name(&world->facts, STR("two")), NONE);
}

static void a_thousand_queued_commands_of_a_revoked_token_do_nothing(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command = product_of(world, ann, "late");
    uint64_t before;

    revoke(world, command.actor.cred);
    before = world->facts.size;
    for (int i = 0; i < 1000; i++) {
        CHECK_OK(world_command(world, &command));
        CHECK_INT(world->outcome.problem, PROBLEM_UNAUTHORIZED);
        CHECK(world->index < world->facts.size); /* each has an entry that covers it (P1) */
    }
    CHECK_INT(world_count(world, TS3002, before), 0);
    CHECK_INT(world->facts.products.live, 0);
}

static void role_and_scopes_must_both_hold_the_permission(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct who bob = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command = product_of(world, ann, "one");

    denied(world, &command, REASON_ROLE);
    world_token(world, bob, (permissions)1 << PERM_LEASE_TAKE, 30);
    command = product_of(world, bob, "one");
    denied(world, &command, REASON_SCOPE);
    world_token(world, bob, (permissions)1 << PERM_CATALOG_WRITE, 30);
    command = product_of(world, bob, "one");
    world_done(world, &command);
}

static void a_changed_role_counts_from_the_next_command_on(void)
{
    WORLD(world);
    struct who bob = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command = product_of(world, bob, "one");
    struct command change = world_as(world, world->admin, COMMAND_ROLE_CHANGE);

    change.role_change.who = bob;
    change.role_change.role = ROLE_AUDITOR;
    world_done(world, &change);
    CHECK_INT(principal_of(world, bob)->role, ROLE_AUDITOR);
    denied(world, &command, REASON_ROLE);
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
    CHECK_INT(entry.code, TS4002);
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
    refused(world, &command, PROBLEM_NOT_FOUND, "organisation");
    command.principal_create.organisation = world_alias(world);
    refused(world, &command, PROBLEM_NOT_FOUND, "organisation");
    command = world_as(world, boss, COMMAND_ORGANISATION_CREATE);
    command.principal_create.id = world_alias(world);
    denied(world, &command, REASON_ROLE);
}

static void an_id_is_used_once(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_TEAM_CREATE);

    command.principal_create.id = ann.id;
    refused(world, &command, PROBLEM_NAME_TAKEN, "name");
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
    refused(world, &command, PROBLEM_FORBIDDEN, "role");
    command.principal_create.role = ROLE_MEMBER;
    world_done(world, &command);
    command.kind = COMMAND_ROLE_CHANGE;
    command.role_change.who = (struct who){ command.principal_create.id, ID_USER };
    command.role_change.role = ROLE_AUDITOR;
    refused(world, &command, PROBLEM_FORBIDDEN, "role");
    /* nor takes one away that it could not give */
    command.role_change.who = world->admin;
    command.role_change.role = ROLE_MEMBER;
    refused(world, &command, PROBLEM_FORBIDDEN, "role");
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
    refused(world, &command, PROBLEM_WRONG_STATE, "role");
    bob = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    credential = world_token(world, bob, PERMISSIONS_ALL, 30);
    world_done(world, &command);
    command = world_as(world, bob, COMMAND_ROLE_CHANGE);
    CHECK(id_eq(command.actor.cred, credential));
    command.role_change.who = bob;
    command.role_change.role = ROLE_AUDITOR;
    refused(world, &command, PROBLEM_WRONG_STATE, "role");
}

static void a_role_is_somebody_s_and_another_one(void)
{
    WORLD(world);
    struct who team = world_team(world, WORLD_NOBODY);
    struct who robot = world_service(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = world_as(world, world->admin, COMMAND_ROLE_CHANGE);

    command.role_change.role = ROLE_AUDITOR;
    command.role_change.who = team;
    refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command.role_change.who = (struct who){ robot.id, ID_USER };
    refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command.role_change.who = robot;
    world_done(world, &command);
    refused(world, &command, PROBLEM_WRONG_STATE, "role");
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
    refused(world, &command, PROBLEM_NOT_FOUND, "user");
}

static void memberships_come_and_go_in_any_order(void)
{
    enum { USERS = 7, TEAMS = 5, STEPS = 400 };
    WORLD(world);
    struct entropy entropy = entropy_from_seed(test_seed());
    struct who users[USERS];
    struct who teams[TEAMS];
    bool in[USERS][TEAMS] = { 0 };

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
        for (int team = 0; team < TEAMS; team++)
            CHECK_INT(membership_find(&world->facts, principal_find(&world->facts, teams[team].id),
                                      principal_find(&world->facts, users[user].id)) != NONE,
                      in[user][team]);
    }
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
    refused(world, &command, PROBLEM_BAD_REQUEST, "user");
    command.member.user = ann.id;
    world_done(world, &command);
    refused(world, &command, PROBLEM_WRONG_STATE, "user");
    command.member.team = ann.id;
    refused(world, &command, PROBLEM_NOT_FOUND, "team");
    command.member.team = team.id;
    command.member.user = team.id;
    refused(world, &command, PROBLEM_NOT_FOUND, "user");
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
    refused(world, &command, PROBLEM_TOO_MANY, "user");
}

/* ---- tokens ---- */

static struct command token_for(struct world *world, struct who who, struct who owner)
{
    struct command command = world_as(world, who, COMMAND_TOKEN_CREATE);

    command.token_create.owner = owner;
    command.token_create.scopes = PERMISSIONS_ALL;
    command.token_create.expires_ms = world->now_ms + DAY_MS;
    entropy_fill(&world->entropy, command.token_create.hash, sizeof command.token_create.hash);
    return command;
}

static void a_token_is_found_by_its_hash_with_what_it_may_do(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command command = token_for(world, world->admin, ann);
    const struct credential *credential;
    struct entry entry;
    uint32_t place;

    command.token_create.scopes = (permissions)1 << PERM_LEASE_TAKE | (permissions)1 << PERM_AUDIT_READ;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_STR(entry.data[DATA_SCOPES].text, STR("lease.take audit.read"));
    place = credential_find_hash(&world->facts, command.token_create.hash);
    if (!CHECK(place != NONE))
        return;
    credential = credential_at(&world->facts, place);
    CHECK_INT(credential->scopes, command.token_create.scopes);
    CHECK_INT(credential->owner, principal_find(&world->facts, ann.id));
    CHECK_INT(credential->expires_ms, command.token_create.expires_ms);
}

static void a_wrong_token_is_refused_by_the_member_at_fault(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct command command = token_for(world, world->admin, ann);
    struct command wrong = command;

    wrong.token_create.owner = acme;
    refused(world, &wrong, PROBLEM_BAD_REQUEST, "owner");
    wrong.token_create.owner.id.lo++;
    refused(world, &wrong, PROBLEM_NOT_FOUND, "owner");
    wrong = command;
    wrong.token_create.scopes = 0;
    refused(world, &wrong, PROBLEM_BAD_REQUEST, "scopes");
    wrong.token_create.scopes = (permissions)1 << PERM_ANY;
    refused(world, &wrong, PROBLEM_BAD_REQUEST, "scopes");
    wrong = command;
    wrong.token_create.expires_ms = world->now_ms;
    refused(world, &wrong, PROBLEM_BAD_REQUEST, "expires_at");
    wrong.token_create.expires_ms = world->now_ms + (TOKEN_DAYS_MAX + 1) * DAY_MS;
    refused(world, &wrong, PROBLEM_BAD_REQUEST, "expires_at");
    world_done(world, &command);
    refused(world, &command, PROBLEM_NAME_TAKEN, "token");
}

static void a_token_holds_no_more_than_its_maker(void)
{
    WORLD(world);
    struct who admin = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command;

    world_token(world, admin, (permissions)1 << PERM_PEOPLE_WRITE | (permissions)1 << PERM_LEASE_TAKE, 30);
    command = token_for(world, admin, admin);
    refused(world, &command, PROBLEM_FORBIDDEN, "scopes");
    command.token_create.scopes = (permissions)1 << PERM_LEASE_TAKE | (permissions)1 << PERM_LEASE_READ;
    refused(world, &command, PROBLEM_FORBIDDEN, "scopes");
    command.token_create.scopes = (permissions)1 << PERM_LEASE_TAKE;
    world_done(world, &command);
}

static void one_s_own_token_is_ended_by_oneself_another_s_by_who_may(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct who bob = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct id spare = world_token(world, ann, PERMISSIONS_ALL, 30);
    struct command command = world_as(world, bob, COMMAND_TOKEN_REVOKE);
    struct entry entry;

    world_token(world, ann, PERMISSIONS_ALL, 30);
    command.credential = spare;
    denied(world, &command, REASON_ROLE);
    command.credential = world_alias(world); /* one that is not there is told no differently */
    denied(world, &command, REASON_ROLE);
    command = world_as(world, ann, COMMAND_TOKEN_REVOKE);
    command.credential = spare;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_OWNER);
    refused(world, &command, PROBLEM_WRONG_STATE, "token");
    command = world_as(world, world->admin, COMMAND_TOKEN_REVOKE);
    command.credential = world_credential(world, ann);
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_ADMIN);
    command.credential = world_alias(world);
    refused(world, &command, PROBLEM_NOT_FOUND, "token");
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
    refused(world, &command, PROBLEM_NOT_FOUND, "team");
    command.kind = COMMAND_MEMBER_REMOVE;
    refused(world, &command, PROBLEM_NOT_FOUND, "team");
    command = world_as(world, boss, COMMAND_ROLE_CHANGE);
    command.role_change.who = ann;
    command.role_change.role = ROLE_AUDITOR;
    refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command.role_change.who = own; /* the installation's are not seen either */
    refused(world, &command, PROBLEM_NOT_FOUND, "principal");
    command = token_for(world, boss, ann);
    refused(world, &command, PROBLEM_NOT_FOUND, "owner");
    command = world_as(world, boss, COMMAND_TOKEN_REVOKE);
    command.credential = credential;
    refused(world, &command, PROBLEM_NOT_FOUND, "token");
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
    refused(world, &command, PROBLEM_NOT_FOUND, "license");
    command.lease_create.license = (struct id){ 0 };
    command.lease_create.pool = world_pool(world, acme, "cad/render")->id;
    refused(world, &command, PROBLEM_NOT_FOUND, "pool");
    command = world_as(world, eve, COMMAND_LEASE_REVOKE);
    command.lease = lease;
    refused(world, &command, PROBLEM_NOT_FOUND, "lease");
    command.kind = COMMAND_LEASE_RELEASE;
    refused(world, &command, PROBLEM_NOT_FOUND, "lease");
    command.kind = COMMAND_LEASE_HEARTBEAT;
    refused(world, &command, PROBLEM_NOT_FOUND, "lease");
    command = world_as(world, world->admin, COMMAND_LEASE_REVOKE);
    command.lease = lease;
    world_done(world, &command);
}

static void the_server_is_the_installation_s_to_run(void)
{
    static const enum command_kind kinds[] = { COMMAND_CLOCK_CONFIRM, COMMAND_BACKUP_MADE, COMMAND_DEMO_SEEDED };
    WORLD(world);
    struct who boss = world_user(world, world_organisation(world), ROLE_ADMIN);

    world_system(world, TS1007, REASON_FORWARD);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct command command = world_as(world, boss, kinds[i]);

        denied(world, &command, REASON_ROLE);
        command = world_as(world, world->admin, kinds[i]);
        world_done(world, &command);
    }
    CHECK(!world->facts.clock_frozen);
    {
        struct command command = world_as(world, world->admin, COMMAND_CLOCK_CONFIRM);

        refused(world, &command, PROBLEM_WRONG_STATE, "");
    }
}

/* ---- repeats ---- */

static void a_repeated_command_is_answered_by_the_first_one_s_entry(void)
{
    WORLD(world);
    struct command command = product_of(world, world->admin, "one");
    uint64_t first;

    command.has_idem = true;
    command.idem_key[0] = 1;
    command.idem_body[0] = 2;
    first = world_done(world, &command);
    CHECK_OK(world_command(world, &command));
    CHECK_INT(world->outcome.kind, OUTCOME_REPEAT);
    CHECK_INT(world->outcome.index, first);
    CHECK_INT(world->count, 0);
    command.idem_body[0] = 3;
    refused(world, &command, PROBLEM_IDEMPOTENCY, "Idempotency-Key");
    command.product_create.name = STR("two");
    world->now_ms += DAY_MS;
    world_done(world, &command); /* the key is forgotten by then, and may be used again */
    CHECK(product_find_name(&world->facts, STR("two")) != NONE);
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
    command = product_of(world, world->admin, "one");
    command.has_idem = true;
    world_done(world, &command);
    revoke(world, world_token(world, ann, (permissions)1 << PERM_LEASE_TAKE, 30));
    CHECK(world->failed_once > 0);
}

static const struct test tests[] = {
    TEST(a_token_acts_until_it_ends_and_no_longer),
    TEST(a_thousand_queued_commands_of_a_revoked_token_do_nothing),
    TEST(role_and_scopes_must_both_hold_the_permission),
    TEST(a_changed_role_counts_from_the_next_command_on),
    TEST(principals_belong_where_their_entry_says),
    TEST(an_organisation_s_admin_adds_people_to_it_alone),
    TEST(an_id_is_used_once),
    TEST(nobody_gives_a_role_that_holds_more_than_it_does),
    TEST(the_installation_keeps_an_admin),
    TEST(a_role_is_somebody_s_and_another_one),
    TEST(a_team_s_seats_are_its_members),
    TEST(memberships_come_and_go_in_any_order),
    TEST(a_team_takes_its_organisation_s_people_once),
    TEST(a_user_is_in_so_many_teams_at_most),
    TEST(a_token_is_found_by_its_hash_with_what_it_may_do),
    TEST(a_wrong_token_is_refused_by_the_member_at_fault),
    TEST(a_token_holds_no_more_than_its_maker),
    TEST(one_s_own_token_is_ended_by_oneself_another_s_by_who_may),
    TEST(what_belongs_to_another_organisation_does_not_exist),
    TEST(seats_are_their_organisation_s),
    TEST(the_server_is_the_installation_s_to_run),
    TEST(a_repeated_command_is_answered_by_the_first_one_s_entry),
    TEST(no_failed_allocation_changes_anything_about_people),
};
TEST_MAIN(tests)
