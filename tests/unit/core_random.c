#include "core_random.h"

#include <assert.h>

#include "test.h"

#define LOOKS 16 /* tries to find something of the wanted kind by chance */

static uint64_t below(struct random_life *life, uint64_t bound)
{
    return entropy_below(&life->entropy, bound);
}

static bool chance(struct random_life *life, uint64_t one_in)
{
    return below(life, one_in) == 0;
}

/* ---- somebody, something ---- */

static struct who any_of(struct random_life *life, uint32_t kinds)
{
    const struct facts *facts = &life->world->facts;

    for (int look = 0; look < LOOKS; look++) {
        const struct principal *found = principal_at(facts, (uint32_t)below(life, facts->principals.used));

        if ((kinds >> found->kind & 1) && !found->erased)
            return (struct who){ found->id, (enum id_kind)found->kind };
    }
    return life->world->admin;
}
#define TAKERS  (1u << ID_USER | 1u << ID_SERVICE)
#define USERS   (1u << ID_USER)
#define TEAMS   (1u << ID_TEAM)
#define HOLDERS (1u << ID_ORGANISATION | 1u << ID_TEAM | 1u << ID_USER)

/* Mostly one that many want. */
static struct str any_feature(struct random_life *life)
{
    const struct facts *facts = &life->world->facts;

    if (!chance(life, 4))
        return STR("cad/render");
    return feature_full_name(feature_at(facts, (uint32_t)below(life, facts->features.used)));
}

/* Of any table whose records begin with an id; a made-up one now and then, or when there is none. */
static struct id any_id(struct random_life *life, const struct table *table, uint32_t *ret_place)
{
    for (int look = 0; look < LOOKS && table->used && !chance(life, 40); look++) {
        const struct id *id = table_at(table, *ret_place = (uint32_t)below(life, table->used));

        if (id->lo)
            return *id;
    }
    *ret_place = NONE;
    return world_alias(life->world);
}

static void run(struct random_life *life, struct command *command)
{
    struct world *world = life->world;

    command->dry_run = chance(life, 20);
    command->has_idem = chance(life, 4);
    entropy_fill(&life->entropy, command->idem_key, sizeof command->idem_key);
    if (!CHECK_OK(world_command(world, command)))
        return;
    life->commands++;
    life->refused += world->outcome.kind == OUTCOME_PROBLEM || world->outcome.kind == OUTCOME_FLOOD;
    if (command->has_idem && !command->dry_run && world->outcome.kind == OUTCOME_ENTRY && chance(life, 3)) {
        uint64_t index = world->index;

        CHECK_OK(world_command(world, command));
        CHECK(world->outcome.kind == OUTCOME_PROBLEM || world->outcome.kind == OUTCOME_FLOOD ||
              (world->outcome.kind == OUTCOME_REPEAT && world->outcome.index == index));
    }
}

/* By the one who may, mostly. */
static struct command by_admin(struct random_life *life, enum command_kind kind)
{
    return world_as(life->world, chance(life, 8) ? any_of(life, TAKERS) : life->world->admin, kind);
}

/* ---- seats ---- */

static void take(struct random_life *life)
{
    struct command command = world_as(life->world, any_of(life, TAKERS), COMMAND_LEASE_CREATE);

    command.lease_create = (struct lease_create){ .feature = any_feature(life),
                                                  .quantity = (int64_t)below(life, 3) + 1,
                                                  .ttl_s = TTL_MIN_S + (int64_t)below(life, 300),
                                                  .wait_s = chance(life, 2) ? (int64_t)below(life, 600) : 0 };
    if (chance(life, 4))
        command.lease_create.user_alias = world_alias(life->world);
    run(life, &command);
    for (int i = chance(life, 40) ? 20 : 0; i > 0; i--) /* somebody who does not take no for an answer */
        run(life, &command);
}

static struct command of_owner(struct random_life *life, uint32_t owner, enum command_kind kind)
{
    const struct principal *principal = principal_at(&life->world->facts, owner);

    return world_as(life->world, (struct who){ principal->id, (enum id_kind)principal->kind }, kind);
}

static void keep_or_end(struct random_life *life)
{
    static const enum command_kind kinds[] = { COMMAND_LEASE_HEARTBEAT, COMMAND_LEASE_HEARTBEAT, COMMAND_LEASE_RELEASE,
                                               COMMAND_LEASE_REVOKE };
    const struct facts *facts = &life->world->facts;
    enum command_kind kind = kinds[below(life, sizeof kinds / sizeof *kinds)];
    uint32_t place;
    struct id id = any_id(life, &facts->leases, &place);
    struct command command;

    if (kind == COMMAND_LEASE_REVOKE || place == NONE || chance(life, 20))
        command = by_admin(life, kind);
    else
        command = of_owner(life, lease_at(facts, place)->principal, kind);
    command.lease = id;
    run(life, &command);
}

/* One lease is kept for so long that its proof is renewed. */
static void keep_long(struct random_life *life)
{
    struct world *world = life->world;
    uint32_t place;
    struct id id = any_id(life, &world->facts.leases, &place);
    struct command command;

    if (place == NONE)
        return;
    command = of_owner(life, lease_at(&world->facts, place)->principal, COMMAND_LEASE_HEARTBEAT);
    command.lease = id;
    for (int i = 0; i < 300 && lease_find(&world->facts, id) != NONE; i++) {
        world->now_ms += TTL_MIN_S * 1000 - 1;
        run(life, &command);
        if (world->outcome.kind != OUTCOME_LEASE)
            break;
    }
}

static void wait_in_line(struct random_life *life)
{
    static const enum command_kind kinds[] = { COMMAND_TICKET_POLL, COMMAND_TICKET_CLAIM, COMMAND_TICKET_CLAIM,
                                               COMMAND_TICKET_CANCEL };
    const struct facts *facts = &life->world->facts;
    uint32_t place;
    struct id id = any_id(life, &facts->tickets, &place);
    struct command command;

    if (place == NONE)
        return;
    command = of_owner(life, ticket_at(facts, place)->principal, kinds[below(life, sizeof kinds / sizeof *kinds)]);
    command.ticket = id;
    run(life, &command);
}

/* ---- terms ---- */

static void license(struct random_life *life)
{
    const struct world *world = life->world;
    struct str name = any_feature(life);
    struct entitlement_terms terms = { .limit = (int64_t)below(life, 8), .grace_s = chance(life, 3) ? 30 : 0 };
    struct command command = by_admin(life, COMMAND_LICENSE_CREATE);

    command.license_create.product = str_take(&name, '/');
    terms.feature = name;
    command.license_create.holder = any_of(life, HOLDERS);
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    if (chance(life, 2))
        command.license_create.starts_ms = world->now_ms + (int64_t)below(life, 600000);
    if (chance(life, 2))
        command.license_create.ends_ms = world->now_ms + (int64_t)below(life, 1200000);
    run(life, &command);
}

static void move_license(struct random_life *life)
{
    static const enum command_kind kinds[] = { COMMAND_LICENSE_SUSPEND,   COMMAND_LICENSE_SUSPEND,
                                               COMMAND_LICENSE_REINSTATE, COMMAND_LICENSE_REINSTATE,
                                               COMMAND_LICENSE_REINSTATE, COMMAND_LICENSE_REVOKE };
    struct command command = by_admin(life, kinds[below(life, sizeof kinds / sizeof *kinds)]);
    uint32_t place;

    command.license = any_id(life, &life->world->facts.licenses, &place);
    run(life, &command);
}

static void change_license(struct random_life *life)
{
    const struct facts *facts = &life->world->facts;
    struct command command = by_admin(life, COMMAND_LICENSE_CHANGE);
    struct license_change *request = &command.license_change;
    struct entitlement_terms terms = { .limit = (int64_t)below(life, 8) };
    uint32_t place;

    request->license = any_id(life, &facts->licenses, &place);
    request->ending = (enum ending)below(life, ENDING_COUNT);
    request->has_ends = chance(life, 3);
    if (chance(life, 2))
        request->ends_ms = life->world->now_ms + (int64_t)below(life, 600000);
    if (place != NONE) {
        uint32_t entitlement = license_at(facts, place)->entitlement_first;

        terms.feature = feature_name(feature_at(facts, entitlement_at(facts, entitlement)->feature));
        request->entitlements = &terms;
        request->entitlement_count = below(life, 2);
    }
    run(life, &command);
}

/* ---- people ---- */

static void create(struct random_life *life)
{
    static const enum command_kind kinds[] = { COMMAND_USER_CREATE, COMMAND_TEAM_CREATE, COMMAND_SERVICE_CREATE };
    struct command command = by_admin(life, kinds[below(life, sizeof kinds / sizeof *kinds)]);

    command.principal_create.id = world_alias(life->world);
    command.principal_create.role = (enum role)below(life, ROLE_COUNT);
    if (chance(life, 2))
        command.principal_create.organisation = any_of(life, 1u << ID_ORGANISATION).id;
    run(life, &command);
}

static void join_or_leave(struct random_life *life)
{
    struct command command = by_admin(life, chance(life, 3) ? COMMAND_MEMBER_REMOVE : COMMAND_MEMBER_ADD);

    command.member.team = any_of(life, TEAMS).id;
    command.member.user = any_of(life, USERS).id;
    if (command.kind == COMMAND_MEMBER_REMOVE && !chance(life, 4)) { /* somebody who is in it */
        const struct facts *facts = &life->world->facts;
        uint32_t first = principal_at(facts, principal_find(facts, command.member.user))->membership_first;

        if (first != NONE)
            command.member.team = principal_at(facts, membership_at(facts, first)->team)->id;
    }
    run(life, &command);
}

static void change_rights(struct random_life *life)
{
    struct who who = any_of(life, TAKERS);
    struct command command = by_admin(life, COMMAND_ROLE_CHANGE);

    if (id_eq(who.id, life->world->admin.id))
        return;
    if (chance(life, 3)) {
        world_token(life->world, who, chance(life, 2) ? PERMISSIONS_ALL : (permissions)1 << PERM_LEASE_TAKE,
                    1 + (int64_t)below(life, 3));
        return;
    }
    if (chance(life, 4)) {
        command.kind = COMMAND_TOKEN_REVOKE;
        command.credential = world_credential(life->world, who);
        if (id_is_none(command.credential))
            return;
    } else {
        command.role_change.who = who;
        command.role_change.role = (enum role)below(life, ROLE_COUNT);
    }
    run(life, &command);
}

/* Holds, their end, and erasures: of people who have no seat, mostly. */
static void erase_or_hold(struct random_life *life)
{
    static const enum command_kind kinds[] = { COMMAND_USER_ERASE, COMMAND_USER_HOLD, COMMAND_USER_RELEASE_HOLD };
    struct command command = by_admin(life, kinds[below(life, sizeof kinds / sizeof *kinds)]);
    const struct facts *facts = &life->world->facts;

    command.user = any_of(life, USERS).id;
    for (uint32_t place = 0; place < facts->principals.used && command.kind == COMMAND_USER_RELEASE_HOLD; place++) {
        if (principal_at(facts, place)->hold)
            command.user = principal_at(facts, place)->id;
    }
    if (!id_eq(command.user, life->world->admin.id))
        run(life, &command);
}

static void name_product(struct random_life *life)
{
    struct command command = by_admin(life, COMMAND_PRODUCT_CREATE);
    char name[2] = { (char)('a' + below(life, 26)), (char)('a' + below(life, 26)) };
    struct str features[2] = { STR("f"), { name, 2 } };

    command.product_create = (struct product_create){ { name, 2 }, features, below(life, 3) };
    run(life, &command);
}

/* ---- logs ---- */

static void observe(struct random_life *life)
{
    static const enum command_kind kinds[] = {
        COMMAND_OBSERVE_OUT,   COMMAND_OBSERVE_OUT,     COMMAND_OBSERVE_OUT,  COMMAND_OBSERVE_IN,
        COMMAND_OBSERVE_IN,    COMMAND_OBSERVE_IN,      COMMAND_OBSERVE_READ, COMMAND_OBSERVE_DENIED,
        COMMAND_OBSERVE_LIMIT, COMMAND_OBSERVE_RESTART,
    };
    static const char *const features[] = { "one", "two", "th/ree" };
    struct command command = by_admin(life, kinds[below(life, sizeof kinds / sizeof *kinds)]);
    uint64_t who = below(life, 3) + 1;

    command.observation = (struct observation){ .product = STR("daemon"),
                                                .feature = str_of(features[below(life, 3)]),
                                                .user_alias = { .hi = who, .lo = who },
                                                .host_alias = { .hi = who, .lo = who },
                                                .quantity = (int64_t)below(life, 2) + 1,
                                                .limit = (int64_t)below(life, 5) - 1,
                                                .line = (int64_t)life->commands,
                                                .offset = (int64_t)life->commands,
                                                .occurred_at_ms = chance(life, 5) ? 0 : (int64_t)life->commands + 1 };
    command.observation.head[0] = (uint8_t)below(life, 3);
    run(life, &command);
}

/* ---- the world around ---- */

static void pass_time(struct random_life *life)
{
    static const int64_t spans_ms[] = { 10, 100, 1000, 5000, 5000, 20000, 120000 };

    life->world->now_ms += (int64_t)below(life, (uint64_t)spans_ms[below(life, sizeof spans_ms / sizeof *spans_ms)]);
    if (chance(life, 200))
        life->world->now_ms += DAY_MS;
    world_due(life->world);
}

static void disturb(struct random_life *life)
{
    struct command command = world_as(life->world, life->world->admin, COMMAND_CLOCK_CONFIRM);

    if (life->world->facts.clock_frozen)
        run(life, &command);
    else if (chance(life, 2))
        world_system(life->world, AUDIT_CLOCK_JUMPED, REASON_BACK);
    else
        world_restart(life->world);
}

static const struct {
    void (*act)(struct random_life *life);
    uint32_t weight;
} acts[] = {
    { take, 60 },          { keep_or_end, 30 }, { wait_in_line, 30 }, { license, 4 },       { move_license, 4 },
    { change_license, 4 }, { create, 2 },       { join_or_leave, 3 }, { change_rights, 2 }, { name_product, 1 },
    { observe, 20 },       { pass_time, 30 },   { disturb, 1 },       { keep_long, 1 },     { erase_or_hold, 2 },
};

struct random_life random_life(struct world *world, uint64_t seed)
{
    struct random_life life = { .world = world, .entropy = entropy_from_seed(seed) };

    world_product(world, "cad", "render mesh");
    world_product(world, "lab", "render");
    for (int i = 0; i < 2; i++) {
        struct who organisation = world_organisation(world);
        struct who team = world_team(world, organisation);
        struct who user = world_user(world, organisation, ROLE_MEMBER);

        world_user(world, organisation, ROLE_ADMIN);
        world_join(world, team, user);
        world_license(world, organisation, "cad/render", 5);
        world_license(world, team, "cad/mesh", 2);
        world_license(world, user, "lab/render", 1);
    }
    world_service(world, WORLD_NOBODY, ROLE_ADMIN);
    return life;
}

void random_step(struct random_life *life)
{
    uint32_t sum = 0;
    uint64_t drawn;

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        sum += acts[i].weight;
    drawn = below(life, sum);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (drawn < acts[i].weight) {
            acts[i].act(life);
            return;
        }
        drawn -= acts[i].weight;
    }
    assert(false);
}
