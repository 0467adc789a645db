/*
 * core/decide_erase: who can be erased, what forbids it and is named, and what is left of them (P8).
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
#define WORLD(name) AUTO(struct world *, world_end) name = world_new(17)

static struct principal *principal_of(const struct world *world, struct who who)
{
    return principal_at(&world->facts, principal_find(&world->facts, who.id));
}

static struct command about(struct world *world, struct who author, enum command_kind kind, struct who user)
{
    struct command command = world_as(world, author, kind);

    command.user = user.id;
    return command;
}

static void an_erased_person_is_disabled_and_in_no_team(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct command erase = about(world, world->admin, COMMAND_USER_ERASE, ann);
    struct command acts;
    struct entry entry;

    world_join(world, world_team(world, acme), ann);
    world_join(world, world_team(world, acme), ann);
    acts = world_as(world, ann, COMMAND_DATA_READ);
    world_entry(world, world_done(world, &erase), &entry);
    CHECK_INT(entry.code, AUDIT_USER_ERASED);
    CHECK(id_eq(entry.on[ON_USER].id, ann.id));
    CHECK(!entry_has(&entry, DATA_LAPSES_AT)); /* no backup of keys was ever made */
    CHECK(principal_of(world, ann)->erased);
    CHECK_INT(principal_of(world, ann)->membership_first, NONE);
    world_unauthorized(world, &acts, REASON_DISABLED);
    world_refused(world, &erase, PROBLEM_WRONG_STATE, "user"); /* once and for all */
}

static void whoever_holds_a_seat_is_not_erased_and_the_seats_are_named(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct command erase = about(world, world->admin, COMMAND_USER_ERASE, ann);
    struct command release = world_as(world, ann, COMMAND_LEASE_RELEASE);
    struct id leases[OUTCOME_LEASES_MAX + 2];
    const uint32_t count = OUTCOME_LEASES_MAX + 2;

    world_product(world, "cad", "render");
    world_license(world, acme, "cad/render", 20);
    for (uint32_t i = 0; i < count; i++)
        leases[i] = world_take(world, ann, "cad/render", 1);
    world_refused(world, &erase, PROBLEM_LEASES_OPEN, "");
    CHECK_INT(world->outcome.lease_count, count);
    for (uint32_t i = 0; i < OUTCOME_LEASES_MAX; i++)
        CHECK(id_eq(world->outcome.leases[i], leases[i]));
    for (uint32_t i = 0; i < count; i++) {
        release.lease = leases[i];
        world_done(world, &release);
    }
    world_done(world, &erase);
}

static void a_legal_hold_forbids_erasure_until_it_is_cleared(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command hold = about(world, world->admin, COMMAND_USER_HOLD, ann);
    struct command clear = about(world, world->admin, COMMAND_USER_RELEASE_HOLD, ann);
    struct command erase = about(world, world->admin, COMMAND_USER_ERASE, ann);
    uint64_t set;

    world_refused(world, &clear, PROBLEM_WRONG_STATE, "user");
    set = world_done(world, &hold);
    world_refused(world, &hold, PROBLEM_WRONG_STATE, "user");
    world_refused(world, &erase, PROBLEM_ON_HOLD, "");
    CHECK_INT(world->outcome.index, set);
    world_done(world, &clear);
    world_done(world, &erase);
    world_refused(world, &hold, PROBLEM_WRONG_STATE, "user");
}

static void nobody_erases_above_its_own_rights_or_beyond_its_organisation(void)
{
    WORLD(world);
    struct who acme = world_organisation(world);
    struct who other = world_organisation(world);
    struct who boss = world_user(world, acme, ROLE_ADMIN);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct who far = world_user(world, other, ROLE_MEMBER);
    struct command command = about(world, ann, COMMAND_USER_ERASE, ann);

    world_denied(world, &command, REASON_ROLE);
    command = about(world, boss, COMMAND_USER_ERASE, far);
    world_refused(world, &command, PROBLEM_NOT_FOUND, "user");
    command = about(world, boss, COMMAND_USER_HOLD, far);
    world_refused(world, &command, PROBLEM_NOT_FOUND, "user");
    command = about(world, boss, COMMAND_USER_ERASE, acme); /* no person */
    world_refused(world, &command, PROBLEM_NOT_FOUND, "user");
    world_token(world, boss, (permissions)1 << PERM_PEOPLE_WRITE, 30);
    command = about(world, boss, COMMAND_USER_ERASE, boss);
    world_refused(world, &command, PROBLEM_FORBIDDEN, "user");
    command = about(world, boss, COMMAND_USER_ERASE, ann);
    world_done(world, &command);
}

static void the_installation_s_last_admin_stays(void)
{
    WORLD(world);
    struct command erase = about(world, world->admin, COMMAND_USER_ERASE, world->admin);

    world_refused(world, &erase, PROBLEM_WRONG_STATE, "user");
    world_user(world, WORLD_NOBODY, ROLE_ADMIN);
    world_done(world, &erase);
}

static void an_erasure_says_until_when_a_backup_of_keys_may_know(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct who bob = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command copy = world_as(world, world->admin, COMMAND_KEYS_COPY);
    struct command erase = about(world, world->admin, COMMAND_USER_ERASE, ann);
    int64_t lapses_ms = world->now_ms + 30 * DAY_MS;
    struct entry entry;

    copy.lapses_ms = lapses_ms;
    world_done(world, &copy);
    copy.lapses_ms = lapses_ms - DAY_MS; /* a shorter one does not make the longer one lapse */
    world_done(world, &copy);
    world_entry(world, world_done(world, &erase), &entry);
    CHECK_INT(entry.data[DATA_LAPSES_AT].number, lapses_ms);
    world->now_ms = lapses_ms;
    erase.user = bob.id;
    world_entry(world, world_done(world, &erase), &entry);
    CHECK(!entry_has(&entry, DATA_LAPSES_AT));
}

static void days_that_are_dropped_do_not_come_back(void)
{
    WORLD(world);
    struct entry entry;
    struct hash leaf = { 0 };

    world_system(world, AUDIT_VAULT_DAYS_DROPPED, WORLD_START_MS);
    CHECK_INT(world->facts.texts_kept_from_ms, WORLD_START_MS);
    entry_begin(&entry, AUDIT_VAULT_DAYS_DROPPED, &world->system, world->now_ms);
    entry.id = world_alias(world);
    entry_number(&entry, DATA_KEPT_FROM, WORLD_START_MS - 1);
    CHECK_CODE(apply(&world->facts, &entry, &leaf, NULL), CODE_CORRUPT);
    world_system(world, AUDIT_VAULT_KEYS_REPLACED, 0);
}

static void a_dry_run_erases_nobody(void)
{
    WORLD(world);
    struct who ann = world_user(world, WORLD_NOBODY, ROLE_MEMBER);
    struct command erase = about(world, world->admin, COMMAND_USER_ERASE, ann);

    erase.dry_run = true;
    CHECK_OK(world_command(world, &erase));
    CHECK_INT(world->outcome.kind, OUTCOME_ENTRY);
    CHECK(!principal_of(world, ann)->erased);
}

static const struct test tests[] = {
    TEST(an_erased_person_is_disabled_and_in_no_team),
    TEST(whoever_holds_a_seat_is_not_erased_and_the_seats_are_named),
    TEST(a_legal_hold_forbids_erasure_until_it_is_cleared),
    TEST(nobody_erases_above_its_own_rights_or_beyond_its_organisation),
    TEST(the_installation_s_last_admin_stays),
    TEST(an_erasure_says_until_when_a_backup_of_keys_may_know),
    TEST(days_that_are_dropped_do_not_come_back),
    TEST(a_dry_run_erases_nobody),
};
TEST_MAIN(tests)
