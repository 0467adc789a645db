/*
 * core/decide_token and core/decide's own checks: a credential counts at the index of its command (P5), and a repeated
 * command is answered once.
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
    world_unauthorized(world, &command, REASON_TOKEN_EXPIRED);
    credential = world_token(world, bob, PERMISSIONS_ALL, 1);
    command.actor.cred = credential;
    revoke(world, credential);
    world_unauthorized(world, &command, REASON_TOKEN_REVOKED);
    command.actor.cred.lo++;
    world_unauthorized(world, &command, REASON_BAD_TOKEN);
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
    CHECK_INT(world_count(world, AUDIT_PRODUCT_CREATED, before), 0);
    CHECK_INT(world->facts.products.live, 0);
}

static void role_and_scopes_must_both_hold_the_permission(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct who bob = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command = product_of(world, ann, "one");

    world_denied(world, &command, REASON_ROLE);
    world_token(world, bob, (permissions)1 << PERM_LEASE_TAKE, 30);
    command = product_of(world, bob, "one");
    world_denied(world, &command, REASON_SCOPE);
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
    world_denied(world, &command, REASON_ROLE);
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
    command = token_for(world, world->admin, ann);
    world_entry(world, world_done(world, &command), &entry);
    CHECK_STR(entry.data[DATA_SCOPES].text, STR("all"));
    command = token_for(world, world->admin, ann);
    command.token_create.scopes = (permissions)1 << PERM_LEASE_TAKE | (permissions)1 << PERM_ANY; /* no scope */
    world_entry(world, world_done(world, &command), &entry);
    CHECK_STR(entry.data[DATA_SCOPES].text, STR("lease.take"));
}

static void a_wrong_token_is_refused_by_the_member_at_fault(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct command command = token_for(world, world->admin, ann);
    struct command wrong = command;

    wrong.token_create.owner = acme;
    world_refused(world, &wrong, PROBLEM_BAD_REQUEST, "owner");
    wrong.token_create.owner.id.lo++;
    world_refused(world, &wrong, PROBLEM_NOT_FOUND, "owner");
    wrong = command;
    wrong.token_create.scopes = 0;
    world_refused(world, &wrong, PROBLEM_BAD_REQUEST, "scopes");
    wrong.token_create.scopes = (permissions)1 << PERM_ANY;
    world_refused(world, &wrong, PROBLEM_BAD_REQUEST, "scopes");
    wrong = command;
    wrong.token_create.expires_ms = world->now_ms;
    world_refused(world, &wrong, PROBLEM_BAD_REQUEST, "expires_at");
    wrong.token_create.expires_ms = world->now_ms + (TOKEN_DAYS_MAX + 1) * DAY_MS;
    world_refused(world, &wrong, PROBLEM_BAD_REQUEST, "expires_at");
    world_done(world, &command);
    world_refused(world, &command, PROBLEM_NAME_TAKEN, "token");
}

static void a_token_holds_no_more_than_its_maker(void)
{
    WORLD(world);
    struct who admin = world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    struct command command;

    world_token(world, admin, (permissions)1 << PERM_PEOPLE_WRITE | (permissions)1 << PERM_LEASE_TAKE, 30);
    command = token_for(world, admin, admin);
    world_refused(world, &command, PROBLEM_FORBIDDEN, "scopes");
    command.token_create.scopes = (permissions)1 << PERM_LEASE_TAKE | (permissions)1 << PERM_LEASE_READ;
    world_refused(world, &command, PROBLEM_FORBIDDEN, "scopes");
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
    world_denied(world, &command, REASON_ROLE);
    command.credential = world_alias(world); /* one that is not there is told no differently */
    world_denied(world, &command, REASON_ROLE);
    command = world_as(world, ann, COMMAND_TOKEN_REVOKE);
    command.credential = spare;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_OWNER);
    world_refused(world, &command, PROBLEM_WRONG_STATE, "token");
    command = world_as(world, world->admin, COMMAND_TOKEN_REVOKE);
    command.credential = world_credential(world, ann);
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_REASON].number, REASON_ADMIN);
    command.credential = world_alias(world);
    world_refused(world, &command, PROBLEM_NOT_FOUND, "token");
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
    world_refused(world, &command, PROBLEM_IDEMPOTENCY, "Idempotency-Key");
    command.product_create.name = STR("two");
    world->now_ms += DAY_MS;
    world_done(world, &command); /* the key is forgotten by then, and may be used again */
    CHECK(product_find_name(&world->facts, STR("two")) != NONE);
}

static const struct test tests[] = {
    TEST(a_token_acts_until_it_ends_and_no_longer),
    TEST(a_thousand_queued_commands_of_a_revoked_token_do_nothing),
    TEST(role_and_scopes_must_both_hold_the_permission),
    TEST(a_changed_role_counts_from_the_next_command_on),
    TEST(a_token_is_found_by_its_hash_with_what_it_may_do),
    TEST(a_wrong_token_is_refused_by_the_member_at_fault),
    TEST(a_token_holds_no_more_than_its_maker),
    TEST(one_s_own_token_is_ended_by_oneself_another_s_by_who_may),
    TEST(a_repeated_command_is_answered_by_the_first_one_s_entry),
};
TEST_MAIN(tests)
