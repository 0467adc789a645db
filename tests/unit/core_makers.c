/*
 * tests/core_world: who and what a world is filled with.
 */
#include <assert.h>

#include "core_world.h"
#include "test.h"

struct id world_credential(const struct world *world, struct who who)
{
    for (size_t i = world->token_count; i > 0; i--) {
        if (id_eq(world->tokens[i - 1].owner.id, who.id))
            return world->tokens[i - 1].credential;
    }
    return (struct id){ 0 };
}

void world_token_keep(struct world *world, struct who owner, struct id credential)
{
    world->tokens = world_grown(world->tokens, &world->token_capacity, world->token_count + 1, sizeof *world->tokens);
    world->tokens[world->token_count++] = (struct world_token){ owner, credential };
}

struct id world_token(struct world *world, struct who owner, permissions scopes, int64_t days)
{
    struct command command = world_as(world, world->admin, COMMAND_TOKEN_CREATE);
    struct entry entry;

    command.dry_run = false;
    command.token_create.owner = owner;
    command.token_create.scopes = scopes;
    command.token_create.expires_ms = world->now_ms + days * DAY_MS;
    entropy_fill(&world->entropy, command.token_create.hash, sizeof command.token_create.hash);
    world_entry(world, world_done(world, &command), &entry);
    world_token_keep(world, owner, entry.on[ON_CREDENTIAL].id);
    return entry.on[ON_CREDENTIAL].id;
}

struct command world_as(struct world *world, struct who who, enum command_kind kind)
{
    struct command command = {
        .kind = kind,
        .actor = { .who = who, .via = VIA_API_TOKEN, .level = LEVEL_A1, .cred = world_credential(world, who) },
        .dry_run = world->dry_run,
        .route = STR("POST /v1/test"),
    };

    if (id_is_none(command.actor.cred))
        command.actor.cred = world_token(world, who, PERMISSIONS_ALL, 3650);
    return command;
}

static struct who created(struct world *world, enum command_kind kind, struct who organisation, enum role role)
{
    static const enum id_kind kinds[] = { [COMMAND_ORGANISATION_CREATE] = ID_ORGANISATION,
                                          [COMMAND_USER_CREATE] = ID_USER,
                                          [COMMAND_TEAM_CREATE] = ID_TEAM,
                                          [COMMAND_SERVICE_CREATE] = ID_SERVICE };
    struct command command = world_as(world, world->admin, kind);

    command.principal_create.id = id_new(&world->entropy, world->now_ms);
    command.principal_create.organisation = organisation.id;
    command.principal_create.role = role;
    world_done(world, &command);
    return (struct who){ command.principal_create.id, kinds[kind] };
}

struct who world_organisation(struct world *world)
{
    return created(world, COMMAND_ORGANISATION_CREATE, WORLD_NOBODY, ROLE_MEMBER);
}

struct who world_user(struct world *world, struct who organisation, enum role role)
{
    return created(world, COMMAND_USER_CREATE, organisation, role);
}

struct who world_service(struct world *world, struct who organisation, enum role role)
{
    return created(world, COMMAND_SERVICE_CREATE, organisation, role);
}

struct who world_team(struct world *world, struct who organisation)
{
    return created(world, COMMAND_TEAM_CREATE, organisation, ROLE_MEMBER);
}

void world_join(struct world *world, struct who team, struct who user)
{
    struct command command = world_as(world, world->admin, COMMAND_MEMBER_ADD);

    command.member.team = team.id;
    command.member.user = user.id;
    world_done(world, &command);
}

void world_product(struct world *world, const char *name, const char *features)
{
    struct command command = world_as(world, world->admin, COMMAND_PRODUCT_CREATE);
    struct str rest = str_of(features);
    struct str names[FEATURES_MAX];

    command.product_create.name = str_of(name);
    command.product_create.features = names;
    while (rest.len > 0 && command.product_create.feature_count < FEATURES_MAX)
        names[command.product_create.feature_count++] = str_take(&rest, ' ');
    world_done(world, &command);
}

struct id world_license(struct world *world, struct who holder, const char *feature, int64_t limit)
{
    struct command command = world_as(world, world->admin, COMMAND_LICENSE_CREATE);
    struct str name = str_of(feature);
    struct entitlement_terms terms = { .limit = limit };
    struct entry entry;

    command.license_create.product = str_take(&name, '/');
    command.license_create.holder = holder;
    command.license_create.entitlements = &terms;
    command.license_create.entitlement_count = 1;
    terms.feature = name;
    world_entry(world, world_done(world, &command), &entry);
    return entry.on[ON_LICENSE].id;
}

struct pool *world_pool(const struct world *world, struct who holder, const char *feature)
{
    uint32_t organisation = holder.kind == ID_NONE ? NONE : principal_find(&world->facts, holder.id);
    uint32_t place = pool_find_group(&world->facts, organisation, feature_find(&world->facts, str_of(feature)));

    assert(place != NONE);
    return pool_at(&world->facts, place);
}

struct command world_checkout(struct world *world, struct who who, const char *feature, int64_t quantity)
{
    struct command command = world_as(world, who, COMMAND_LEASE_CREATE);

    command.lease_create.feature = str_of(feature);
    command.lease_create.quantity = quantity;
    command.lease_create.ttl_s = TTL_DEFAULT_S;
    return command;
}

struct id world_take(struct world *world, struct who who, const char *feature, int64_t quantity)
{
    struct command command = world_checkout(world, who, feature, quantity);
    struct entry entry;

    CHECK_OK(world_command(world, &command));
    if (world->outcome.kind != OUTCOME_ENTRY)
        return (struct id){ 0 };
    world_answer(world, 0, &entry);
    return entry.code == AUDIT_LEASE_GRANTED ? entry.on[ON_LEASE].id : (struct id){ 0 };
}

struct id world_alias(struct world *world)
{
    return id_new(&world->entropy, world->now_ms);
}
