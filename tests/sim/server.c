/*
 * tests/sim/server: the engine's rules around the real core, with memory that can be lost and a disk that is not.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/facts_edit.h"
#include "core/image.h"
#include "core_check.h"
#include "inside.h"
#include "test.h"

#define TURN_MS           40   /* what arrives within it is committed together */
#define TICK_MS           1000 /* a quiet server looks at what is due */
#define CRASH_ONE_IN      600  /* turns */
#define FAILED_ONE_IN     600
#define IMAGE_ONE_IN      400
#define IMAGE_MAX_BYTES   ((size_t)512 * 1024 * 1024)
#define STEP_EVERY_MS     600000
#define STEP_BACK_MAX_MS  3600000
#define STEP_AHEAD_MAX_MS 36000000

/* ---- Its disk and its memory ---- */

struct str sim_leaf(const struct simulation *sim, uint64_t index)
{
    return (struct str){ sim->text + sim->leaves[index].offset, sim->leaves[index].len };
}

static void leaf_keep(void *context, const struct entry *entry)
{
    struct simulation *sim = context;
    struct str leaf = world_leaf(sim->world, sim->world->facts.size - 1);

    (void)entry;
    sim->text = list_room(&sim->text_list, sim->text, leaf.len, 1);
    sim->leaves = list_room(&sim->leaf_list, sim->leaves, 1, sizeof *sim->leaves);
    memcpy(sim->text + sim->text_list.count, leaf.at, leaf.len);
    sim->leaves[sim->leaf_list.count++] = (struct leaf_at){ sim->text_list.count, leaf.len };
    sim->text_list.count += leaf.len;
    assert(sim->leaf_list.count == sim->world->facts.size);
}

static status image_keep(void *context, struct str bytes, struct err *err)
{
    struct buf *image = context;

    (void)err;
    buf_add(image, bytes);
    return image->status;
}

/* Of durable facts. */
static void image_take(struct simulation *sim)
{
    buf_clear(&sim->image);
    sim->image.max = IMAGE_MAX_BYTES;
    CHECK_OK(image_write(&sim->world->facts, &(struct image_sink){ image_keep, &sim->image }, &sim->image_hash, NULL));
    sim->image_size = sim->world->facts.size;
}

static status image_load(const struct simulation *sim, struct facts *ret_facts, struct err *err)
{
    struct hash hash;

    TRY(image_read(buf_str(&sim->image), ret_facts, &hash, err));
    CHECK(hash_eq(&hash, &sim->image_hash));
    return OK;
}

status server_replay(const struct simulation *sim, bool from_image, uint64_t size, struct facts *ret_facts,
                     struct err *err)
{
    TRY(facts_init(ret_facts));
    if (from_image && sim->image_size && sim->image_size <= size)
        TRY(image_load(sim, ret_facts, err));
    while (ret_facts->size < size) {
        struct str text = sim_leaf(sim, ret_facts->size);
        struct hash leaf = hash_leaf(text);
        struct entry entry;

        TRY(entry_decode(text, &entry, err));
        TRY(apply(ret_facts, &entry, &leaf, err));
    }
    return OK;
}

/* ---- Its clock ---- */

static struct clock_reading reading(const struct simulation *sim)
{
    return (struct clock_reading){ .wall_ms = WORLD_START_MS + sim->running_ms + sim->wall_ahead_ms,
                                   .running_ms = sim->running_ms };
}

static void jump_write(struct simulation *sim)
{
    struct command command = { .kind = COMMAND_SYSTEM, .actor = sim->world->system };

    command.system.code = AUDIT_CLOCK_JUMPED;
    command.system.numbers[0] = sim->clock.jump_ms > 0 ? REASON_FORWARD : REASON_BACK;
    command.system.numbers[1] = sim->clock.jump_ms;
    CHECK_OK(world_command(sim->world, &command));
}

static void clock_turn(struct simulation *sim)
{
    enum clock_event event = clockwork_turn(&sim->clock, reading(sim));

    sim->world->now_ms = sim->clock.now_ms;
    if (event != CLOCK_NONE)
        jump_write(sim);
}

/* A confirmation that is durable is believed. */
static void clock_follow(struct simulation *sim)
{
    if (!sim->clock.frozen || sim->world->facts.clock_frozen)
        return;
    clockwork_confirm(&sim->clock, reading(sim));
    sim->world->now_ms = sim->clock.now_ms;
    facts_pulses_start(&sim->world->facts, sim->world->now_ms);
}

void server_step_clock(struct simulation *sim)
{
    int64_t step_ms = chance(sim, 2) ? -(int64_t)below(sim, STEP_BACK_MAX_MS) : (int64_t)below(sim, STEP_AHEAD_MAX_MS);

    sim->wall_ahead_ms += step_ms;
    sim->counts.steps++;
    event_add(sim, EVENT_CLOCK, STEP_EVERY_MS, NO_CLIENT, NULL);
}

/* ---- Its failures ---- */

/* What was not durable is gone, and with it every heartbeat and every count of a flood. */
static void memory_lose(struct simulation *sim)
{
    struct world *world = sim->world;
    struct err err = { 0 };

    sim->counts.undone += sim->leaf_list.count - sim->committed;
    sim->leaf_list.count = sim->committed;
    sim->text_list.count = sim->leaves[sim->committed - 1].offset + sim->leaves[sim->committed - 1].len;
    facts_free(&world->facts);
    floods_free(&world->floods);
    CHECK_OK(floods_init(&world->floods));
    CHECK_OK(server_replay(sim, !chance(sim, 4), sim->committed, &world->facts, &err));
    CHECK_STR(str_of(err.text), STR(""));
}

static void writer_start(struct simulation *sim)
{
    world_restart(sim->world);
    if (sim->clock.frozen && !sim->world->facts.clock_frozen)
        jump_write(sim);
    sim->committed = sim->world->facts.size;
}

/* The machine starts again; the running clock has gone on. */
static void crash(struct simulation *sim)
{
    int64_t last_ms;

    sim->counts.crashes++;
    memory_lose(sim);
    last_ms = sim->world->facts.time_ms;
    (void)clockwork_start(&sim->clock, reading(sim), last_ms, sim->world->facts.clock_frozen);
    sim->world->now_ms = sim->clock.now_ms;
    writer_start(sim);
}

static void commit_fail(struct simulation *sim)
{
    sim->counts.failed_commits++;
    memory_lose(sim);
    writer_start(sim);
}

/* ---- Its turn ---- */

/* What the client is told of an entry. */
static void answer_entry(struct simulation *sim, struct message *message, uint64_t index)
{
    struct entry entry;
    struct str leaf = sim_leaf(sim, index);

    CHECK_OK(entry_decode(leaf, &entry, NULL));
    message->answer = ANSWER_ENTRY;
    message->index = index;
    message->leaf = hash_leaf(leaf);
    message->code = entry.code;
    message->id = (struct id){ 0 };
    for (int field = ON_CREDENTIAL; field >= ON_LEASE; field--) {
        if ((field == ON_LEASE || field == ON_TICKET || field == ON_CREDENTIAL) &&
            entry_has_on(&entry, (enum on_field)field))
            message->id = entry.on[field].id;
    }
}

static void decided(struct simulation *sim, struct message *message)
{
    const struct world *world = sim->world;

    message->decided_ms = world->now_ms;
    message->index = UINT64_MAX;
    message->problem = world->outcome.problem;
    message->place = world->outcome.place;
    switch (world->outcome.kind) {
    case OUTCOME_ENTRY:
        answer_entry(sim, message, world->index);
        break;
    case OUTCOME_REPEAT:
        answer_entry(sim, message, world->outcome.index);
        sim->counts.repeats++;
        break;
    case OUTCOME_LEASE:
        message->answer = ANSWER_LEASE;
        break;
    case OUTCOME_TICKET:
        message->answer = ANSWER_TICKET;
        break;
    case OUTCOME_ENDED:
        answer_entry(sim, message, world->outcome.index);
        message->answer = ANSWER_ENDED;
        break;
    default:
        message->answer = ANSWER_PROBLEM;
        break;
    }
}

static void decide_message(struct simulation *sim, struct message *message)
{
    struct command *command = &message->command;

    if (command->kind == COMMAND_LICENSE_CREATE)
        command->license_create.entitlements = &message->terms;
    if (command->kind == COMMAND_LICENSE_CHANGE)
        command->license_change.entitlements = &message->terms;
    CHECK_OK(world_command(sim->world, command));
    sim->counts.requests++;
    decided(sim, message);
}

static void inbox_answer(struct simulation *sim, bool happened)
{
    for (size_t i = 0; i < sim->inbox_list.count; i++) {
        struct message *message = sim->inbox[i];

        if (!happened)
            message->answer = ANSWER_UNAVAILABLE;
        if (happened && message->command.kind == COMMAND_TOKEN_CREATE && message->answer == ANSWER_ENTRY)
            sim->clients[message->token_for].next_cred = message->id;
        if (message->client != NO_CLIENT)
            network_send(sim, EVENT_ANSWER, message);
    }
}

static void inbox_empty(struct simulation *sim)
{
    for (size_t i = 0; i < sim->inbox_list.count; i++)
        free(sim->inbox[i]);
    sim->inbox_list.count = 0;
}

static void commit(struct simulation *sim)
{
    sim->committed = sim->world->facts.size;
    sim->counts.commits++;
    clock_follow(sim);
}

void server_turn(struct simulation *sim)
{
    sim->turn_planned = false;
    clock_turn(sim);
    world_due(sim->world);
    for (size_t i = 0; i < sim->inbox_list.count; i++)
        decide_message(sim, sim->inbox[i]);
    if (chance(sim, FAILED_ONE_IN)) {
        commit_fail(sim);
        inbox_answer(sim, false);
    } else if (chance(sim, CRASH_ONE_IN)) { /* before or after the disk has it; nobody is told */
        if (chance(sim, 2))
            commit(sim);
        crash(sim);
    } else {
        commit(sim);
        inbox_answer(sim, true);
        if (chance(sim, IMAGE_ONE_IN))
            image_take(sim);
    }
    inbox_empty(sim);
}

void server_tick(struct simulation *sim)
{
    server_turn(sim);
    event_add(sim, EVENT_TICK, TICK_MS, NO_CLIENT, NULL);
}

void server_receive(struct simulation *sim, struct message *message)
{
    sim->inbox = list_room(&sim->inbox_list, sim->inbox, 1, sizeof *sim->inbox);
    sim->inbox[sim->inbox_list.count++] = message;
    if (!sim->turn_planned)
        event_add(sim, EVENT_TURN, TURN_MS, NO_CLIENT, NULL);
    sim->turn_planned = true;
}

void server_begin(struct simulation *sim)
{
    for (uint64_t index = 0; index < sim->world->facts.size; index++) {
        struct str leaf = world_leaf(sim->world, index);

        sim->text = list_room(&sim->text_list, sim->text, leaf.len, 1);
        sim->leaves = list_room(&sim->leaf_list, sim->leaves, 1, sizeof *sim->leaves);
        memcpy(sim->text + sim->text_list.count, leaf.at, leaf.len);
        sim->leaves[sim->leaf_list.count++] = (struct leaf_at){ sim->text_list.count, leaf.len };
        sim->text_list.count += leaf.len;
    }
    sim->committed = sim->world->facts.size;
    sim->world->applied = leaf_keep;
    sim->world->context = sim;
    (void)clockwork_start(&sim->clock, reading(sim), sim->world->facts.time_ms, false);
    event_add(sim, EVENT_TICK, TICK_MS, NO_CLIENT, NULL);
    event_add(sim, EVENT_CLOCK, STEP_EVERY_MS, NO_CLIENT, NULL);
}
