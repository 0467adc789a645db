/*
 * tests/sim/clients: people who want seats. Each has one request under way, tries it again under the same key until it
 * is answered, and believes what it is told.
 */
#include <assert.h>

#include "inside.h"
#include "test.h"

#define TRY_AGAIN_MS 3000
#define TRIES_MAX    8 /* then it is given up, and what it may have got lapses */
#define PAUSE_MAX_MS 240000
#define HOLD_MAX_MS  600000
#define POLL_MS      20000

void client_plan(struct simulation *sim, uint32_t number, int64_t in_ms)
{
    sim->clients[number].wake = sim->order;
    event_add(sim, EVENT_WAKE, in_ms, number, NULL);
}

/* ---- Asking ---- */

static void transmit(struct simulation *sim, uint32_t number)
{
    struct client *client = &sim->clients[number];
    struct message message = { .client = number, .number = client->number, .command = client->command };

    client->tries++;
    network_send(sim, EVENT_REQUEST, &message);
    client_plan(sim, number, TRY_AGAIN_MS);
}

static struct command *request(struct simulation *sim, struct client *client, enum command_kind kind)
{
    client->pending = true;
    client->tries = 0;
    client->number++;
    client->command = (struct command){
        .kind = kind,
        .actor = { .who = client->who, .via = VIA_API_TOKEN, .level = LEVEL_A1, .cred = client->cred },
        .route = STR("POST /v1/simulated"),
    };
    if (kind == COMMAND_LEASE_CREATE || kind == COMMAND_TICKET_CLAIM) {
        client->command.has_idem = true;
        entropy_fill(&sim->entropy, client->command.idem_key, sizeof client->command.idem_key);
        entropy_fill(&sim->entropy, client->command.idem_body, sizeof client->command.idem_body);
    }
    return &client->command;
}

static void want_seat(struct simulation *sim, struct client *client)
{
    struct lease_create *create = &request(sim, client, COMMAND_LEASE_CREATE)->lease_create;

    client->ttl_s = 30 + (int64_t)below(sim, 120);
    *create = (struct lease_create){ .feature = str_of(client->feature),
                                     .quantity = 1 + (int64_t)below(sim, 3) / 2,
                                     .ttl_s = client->ttl_s,
                                     .wait_s = chance(sim, 3) ? 30 + (int64_t)below(sim, 300) : 0 };
}

static void keep_seat(struct simulation *sim, struct client *client)
{
    bool over = sim->running_ms >= client->until_ms;
    struct command *command = request(sim, client, over ? COMMAND_LEASE_RELEASE : COMMAND_LEASE_HEARTBEAT);

    command->lease = client->lease;
}

static void wait_in_line(struct simulation *sim, struct client *client)
{
    enum command_kind kind = client->offered ? COMMAND_TICKET_CLAIM : COMMAND_TICKET_POLL;

    if (chance(sim, 12))
        kind = COMMAND_TICKET_CANCEL;
    request(sim, client, kind)->ticket = client->ticket;
}

/* Nobody answers: the client goes away, and leaves behind what it may hold. */
static void give_up(struct simulation *sim, struct client *client)
{
    sim->counts.given_up++;
    client->pending = false;
    client->lease = (struct id){ 0 };
    client->ticket = (struct id){ 0 };
}

void client_wake(struct simulation *sim, uint32_t number)
{
    struct client *client = &sim->clients[number];

    if (client->retired)
        return;
    if (client->pending && client->tries >= TRIES_MAX)
        give_up(sim, client);
    if (!client->pending) {
        if (!id_is_none(client->lease))
            keep_seat(sim, client);
        else if (!id_is_none(client->ticket))
            wait_in_line(sim, client);
        else
            want_seat(sim, client);
    }
    transmit(sim, number);
}

/* ---- Being answered ---- */

static void acknowledge(struct simulation *sim, const struct message *answer)
{
    sim->acknowledged = list_room(&sim->acknowledged_list, sim->acknowledged, 1, sizeof *sim->acknowledged);
    sim->acknowledged[sim->acknowledged_list.count++] = (struct acknowledgement){ answer->index, answer->leaf };
    sim->counts.acknowledged++;
}

static void testify(struct simulation *sim, struct id lease, int64_t seen_ms)
{
    sim->testimonies = list_room(&sim->testimony_list, sim->testimonies, 1, sizeof *sim->testimonies);
    sim->testimonies[sim->testimony_list.count++] = (struct testimony){ lease, seen_ms };
}

static int64_t took_seat(struct simulation *sim, struct client *client, const struct message *answer)
{
    struct entry entry;

    CHECK_OK(entry_decode(sim_leaf(sim, answer->index), &entry, NULL));
    client->lease = answer->id;
    client->ticket = (struct id){ 0 };
    client->until_ms = sim->running_ms + (int64_t)below(sim, HOLD_MAX_MS);
    testify(sim, answer->id, entry.time_ms);
    return client->ttl_s * 1000 / 3;
}

/* How long until the client does something again. */
static int64_t answered_create(struct simulation *sim, struct client *client, const struct message *answer)
{
    if (answer->answer != ANSWER_ENTRY)
        return (int64_t)below(sim, PAUSE_MAX_MS);
    if (answer->code == AUDIT_LEASE_GRANTED)
        return took_seat(sim, client, answer);
    if (answer->code == AUDIT_TICKET_QUEUED) {
        client->ticket = answer->id;
        client->offered = false;
        return (int64_t)below(sim, POLL_MS);
    }
    CHECK(answer->code == AUDIT_LEASE_DENIED);
    return (int64_t)below(sim, PAUSE_MAX_MS);
}

static int64_t answered_keep(struct simulation *sim, struct client *client, const struct message *answer)
{
    if (answer->answer == ANSWER_LEASE || (answer->answer == ANSWER_ENTRY && answer->code == AUDIT_LEASE_RENEWED)) {
        testify(sim, client->lease, answer->decided_ms);
        return client->ttl_s * 1000 / 3;
    }
    /* A lease that was acknowledged may have ended; it can't be unknown. */
    CHECK(answer->answer == ANSWER_PROBLEM && answer->problem != PROBLEM_NOT_FOUND);
    client->lease = (struct id){ 0 };
    return (int64_t)below(sim, PAUSE_MAX_MS);
}

static int64_t answered_release(struct simulation *sim, struct client *client, const struct message *answer)
{
    CHECK(answer->answer == ANSWER_ENDED || (answer->answer == ANSWER_ENTRY && answer->code == AUDIT_LEASE_RELEASED));
    CHECK(id_eq(answer->id, client->lease));
    client->lease = (struct id){ 0 };
    return (int64_t)below(sim, PAUSE_MAX_MS);
}

static int64_t answered_wait(struct simulation *sim, struct client *client, const struct message *answer)
{
    if (answer->answer == ANSWER_TICKET) {
        client->offered = answer->place == 0;
        return client->offered ? 1 : POLL_MS;
    }
    if (answer->answer == ANSWER_ENTRY && answer->code == AUDIT_LEASE_GRANTED)
        return took_seat(sim, client, answer);
    CHECK(answer->answer != ANSWER_PROBLEM || answer->problem != PROBLEM_NOT_FOUND);
    client->ticket = (struct id){ 0 };
    return (int64_t)below(sim, PAUSE_MAX_MS);
}

/* The token is not good any more: there is a new one, or that was it. */
static void refused(struct simulation *sim, struct client *client, uint32_t number)
{
    client->retired = id_is_none(client->next_cred);
    client->cred = client->next_cred;
    client->command.actor.cred = client->cred;
    client->next_cred = (struct id){ 0 };
    client->tries = 0;
    if (!client->retired)
        client_plan(sim, number, 1);
}

void client_answer(struct simulation *sim, const struct message *answer)
{
    struct client *client = &sim->clients[answer->client];
    int64_t pause_ms;

    if (!client->pending || answer->number != client->number || answer->answer == ANSWER_UNAVAILABLE)
        return; /* too late, or to be tried again */
    if (answer->index != UINT64_MAX)
        acknowledge(sim, answer);
    if (answer->answer == ANSWER_PROBLEM && answer->problem == PROBLEM_UNAUTHORIZED) {
        if (id_eq(answer->command.actor.cred, client->cred))
            refused(sim, client, answer->client);
        return;
    }
    client->pending = false;
    if (client->command.kind == COMMAND_LEASE_CREATE)
        pause_ms = answered_create(sim, client, answer);
    else if (client->command.kind == COMMAND_LEASE_HEARTBEAT)
        pause_ms = answered_keep(sim, client, answer);
    else if (client->command.kind == COMMAND_LEASE_RELEASE)
        pause_ms = answered_release(sim, client, answer);
    else
        pause_ms = answered_wait(sim, client, answer);
    client_plan(sim, answer->client, pause_ms);
}
