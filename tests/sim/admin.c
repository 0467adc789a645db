/*
 * tests/sim/admin: somebody changes the terms while everybody works. What is asked for is sent through the same network
 * and may be lost, doubled or late.
 */
#include "inside.h"
#include "test.h"

#define PAUSE_MS 20000

static struct message as_admin(struct simulation *sim, enum command_kind kind)
{
    struct message message = { .client = NO_CLIENT, .command = world_as(sim->world, sim->admin, kind) };

    message.command.has_idem = true;
    entropy_fill(&sim->entropy, message.command.idem_key, sizeof message.command.idem_key);
    return message;
}

static struct id any_license(struct simulation *sim)
{
    return sim->licenses[below(sim, sim->license_count)];
}

static void change_limit(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_LICENSE_CHANGE);
    struct license_change *change = &message.command.license_change;
    size_t which = below(sim, sim->license_count);

    change->license = sim->licenses[which];
    message.terms.feature = which % 2 ? STR("mesh") : STR("render"); /* as they were made */
    message.terms.limit = 1 + (int64_t)below(sim, sim->size.clients / 16 + 4);
    change->ending = (enum ending)below(sim, ENDING_COUNT);
    change->entitlement_count = 1;
    network_send(sim, EVENT_REQUEST, &message);
}

/* A suspension is undone before long. */
static void suspend(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_LICENSE_SUSPEND);

    message.command.license = any_license(sim);
    network_send(sim, EVENT_REQUEST, &message);
}

static void reinstate(struct simulation *sim)
{
    for (size_t i = 0; i < sim->license_count; i++) {
        struct message message = as_admin(sim, COMMAND_LICENSE_REINSTATE);
        uint32_t place = license_find(&sim->world->facts, sim->licenses[i]);

        if (place == NONE || license_at(&sim->world->facts, place)->state != LICENSE_SUSPENDED)
            continue;
        message.command.license = sim->licenses[i];
        network_send(sim, EVENT_REQUEST, &message);
    }
}

/* Further seats that end by themselves. */
static void license_for_a_while(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_LICENSE_CREATE);
    struct license_create *create = &message.command.license_create;
    uint32_t place = license_find(&sim->world->facts, any_license(sim));
    const struct principal *holder;

    if (place == NONE)
        return;
    holder = principal_at(&sim->world->facts, license_at(&sim->world->facts, place)->holder);
    create->product = STR("cad");
    create->holder = (struct who){ holder->id, (enum id_kind)holder->kind };
    create->ends_ms = sim->world->now_ms + 60000 + (int64_t)below(sim, 1800000);
    if (chance(sim, 2))
        create->starts_ms = sim->world->now_ms + (int64_t)below(sim, 60000);
    message.terms = (struct entitlement_terms){ .feature = STR("render"), .limit = 5 };
    create->entitlement_count = 1;
    network_send(sim, EVENT_REQUEST, &message);
}

static void revoke_lease(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_LEASE_REVOKE);
    uint32_t place = (uint32_t)below(sim, sim->world->facts.leases.used + 1);

    if (place == sim->world->facts.leases.used || id_is_none(lease_at(&sim->world->facts, place)->id))
        return;
    message.command.lease = lease_at(&sim->world->facts, place)->id;
    network_send(sim, EVENT_REQUEST, &message);
}

static void renew_token(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_TOKEN_CREATE);
    struct token_create *create = &message.command.token_create;

    message.token_for = (uint32_t)below(sim, sim->size.clients);
    create->owner = sim->clients[message.token_for].who;
    create->scopes = (permissions)1 << PERM_LEASE_TAKE;
    create->expires_ms = sim->world->now_ms + 30 * DAY_MS;
    entropy_fill(&sim->entropy, create->hash, sizeof create->hash);
    network_send(sim, EVENT_REQUEST, &message);
}

/* Mostly of those who have another one by now. */
static void revoke_token(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_TOKEN_REVOKE);
    uint32_t number = (uint32_t)below(sim, sim->size.clients);

    for (uint32_t i = 0; i < sim->size.clients && id_is_none(sim->clients[number].next_cred) && !chance(sim, 4000); i++)
        number = (number + 1) % sim->size.clients;
    message.command.credential = sim->clients[number].cred;
    if (!id_is_none(message.command.credential))
        network_send(sim, EVENT_REQUEST, &message);
}

static void confirm_clock(struct simulation *sim)
{
    struct message message = as_admin(sim, COMMAND_CLOCK_CONFIRM);

    if (sim->world->facts.clock_frozen)
        network_send(sim, EVENT_REQUEST, &message);
}

void admin_act(struct simulation *sim)
{
    static void (*const acts[])(struct simulation *) = { change_limit, change_limit,        suspend,      reinstate,
                                                         reinstate,    revoke_lease,        renew_token,  renew_token,
                                                         revoke_token, license_for_a_while, confirm_clock };

    acts[below(sim, sizeof acts / sizeof *acts)](sim);
    event_add(sim, EVENT_ADMIN, (int64_t)below(sim, PAUSE_MS), NO_CLIENT, NULL);
}
