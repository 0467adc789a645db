/*
 * tests/sim/simulation: makes the world, lets its events happen, and judges what came of it.
 */
#include "simulation.h"

#include <assert.h>
#include <stdlib.h>

#include "core_check.h"
#include "inside.h"
#include "oracle.h"
#include "test.h"

#define ORGANISATIONS 4

/* ---- Making it ---- */

static void people_make(struct simulation *sim)
{
    static const char *const features[] = { "cad/render", "cad/mesh" };
    struct world *world = sim->world;
    struct who organisations[ORGANISATIONS];

    world_product(world, "cad", "render mesh");
    for (int i = 0; i < ORGANISATIONS; i++) {
        organisations[i] = world_organisation(world);
        for (int k = 0; k < 2; k++)
            sim->licenses[sim->license_count++] =
                world_license(world, organisations[i], features[k], sim->size.clients / 32 + 2);
    }
    for (uint32_t i = 0; i < sim->size.clients; i++) {
        struct client *client = &sim->clients[i];

        client->who = world_user(world, organisations[i % ORGANISATIONS], ROLE_MEMBER);
        client->cred = world_token(world, client->who, PERMISSIONS_ALL, 3650);
        client->feature = features[below(sim, 2)];
    }
}

struct simulation *simulation_new(uint64_t seed, struct simulation_size size)
{
    struct simulation *sim = calloc(1, sizeof *sim);

    assert(sim);
    sim->size = size;
    sim->entropy = entropy_from_seed(seed);
    sim->end_ms = size.hours * HOUR_MS;
    sim->world = world_new(seed + 1);
    sim->clients = calloc(size.clients, sizeof *sim->clients);
    assert(sim->clients);
    sim->admin = sim->world->admin;
    people_make(sim);
    server_begin(sim);
    for (uint32_t i = 0; i < size.clients; i++)
        client_plan(sim, i, (int64_t)below(sim, 300000));
    event_add(sim, EVENT_ADMIN, 60000, NO_CLIENT, NULL);
    return sim;
}

void simulation_free(struct simulation **simulation)
{
    struct simulation *sim = *simulation;

    if (!sim)
        return;
    for (size_t i = 0; i < sim->event_list.count; i++)
        free(sim->events[i].message);
    for (size_t i = 0; i < sim->inbox_list.count; i++)
        free(sim->inbox[i]);
    buf_free(&sim->image);
    world_free(&sim->world);
    free(sim->events);
    free(sim->inbox);
    free(sim->text);
    free(sim->leaves);
    free(sim->clients);
    free(sim->acknowledged);
    free(sim->testimonies);
    free(sim);
    *simulation = NULL;
}

/* ---- Running it ---- */

static void happen(struct simulation *sim, struct event *event)
{
    switch (event->kind) {
    case EVENT_REQUEST:
        server_receive(sim, event->message);
        event->message = NULL;
        break;
    case EVENT_TURN:
        server_turn(sim);
        break;
    case EVENT_TICK:
        server_tick(sim);
        break;
    case EVENT_ANSWER:
        client_answer(sim, event->message);
        break;
    case EVENT_WAKE:
        if (event->order == sim->clients[event->client].wake)
            client_wake(sim, event->client);
        break;
    case EVENT_ADMIN:
        admin_act(sim);
        break;
    case EVENT_CLOCK:
        server_step_clock(sim);
        break;
    }
    free(event->message);
}

void simulation_run(struct simulation *sim)
{
    struct event event;

    while (event_next(sim, &event)) {
        if (event.at_ms > sim->end_ms) {
            free(event.message);
            return;
        }
        sim->running_ms = event.at_ms;
        happen(sim, &event);
    }
}

/* ---- Judging it ---- */

struct simulation_counts simulation_counts(const struct simulation *sim)
{
    return sim->counts;
}

uint64_t simulation_size(const struct simulation *sim)
{
    return sim->committed;
}

struct str simulation_leaf(const struct simulation *sim, uint64_t index)
{
    return sim_leaf(sim, index);
}

bool simulation_keeps_its_word(const struct simulation *sim)
{
    bool good = true;

    for (size_t i = 0; i < sim->acknowledged_list.count && good; i++) {
        const struct acknowledgement *told = &sim->acknowledged[i];
        struct hash leaf;

        good = CHECK(told->index < sim->committed);
        leaf = good ? hash_leaf(sim_leaf(sim, told->index)) : told->leaf;
        good = good && CHECK(hash_eq(&leaf, &told->leaf));
    }
    return good;
}

static bool replays(const struct simulation *sim, bool from_image)
{
    struct facts *facts = calloc(1, sizeof *facts);
    struct err err = { 0 };
    struct hash theirs;
    struct hash ours;
    bool good;

    assert(facts);
    good = CHECK_OK(server_replay(sim, from_image, sim->leaf_list.count, facts, &err));
    theirs = facts_digest(&sim->world->facts);
    ours = facts_digest(facts);
    good = CHECK(hash_eq(&theirs, &ours)) && good;
    facts_free(facts);
    free(facts);
    return good;
}

bool simulation_replays(const struct simulation *sim)
{
    return replays(sim, false) && replays(sim, true) && facts_check(&sim->world->facts);
}

void simulation_testify(const struct simulation *sim, struct oracle *oracle)
{
    for (size_t i = 0; i < sim->testimony_list.count; i++) {
        char text[TYPEID_BYTES];

        typeid_write(ID_LEASE, sim->testimonies[i].lease, text);
        oracle_heard(oracle, (struct str){ text, TYPEID_BYTES }, sim->testimonies[i].seen_ms);
    }
}

bool simulation_agrees(const struct simulation *sim, struct oracle *oracle)
{
    const struct facts *facts = &sim->world->facts;
    bool good = true;

    for (uint32_t place = 0; place < facts->pools.used; place++) {
        const struct pool *pool = pool_at(facts, place);
        struct oracle_pool counted;
        char text[TYPEID_BYTES];

        typeid_write(ID_POOL, pool->id, text);
        counted = oracle_pool(oracle, (struct str){ text, TYPEID_BYTES });
        good = CHECK_INT(pool->used, counted.used) && good;
        good = CHECK_INT(pool->occupied, counted.occupied) && good;
        good = CHECK_INT(pool->limit, counted.limit) && good;
    }
    return good;
}
