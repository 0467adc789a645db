/*
 * tests/sim/inside: what the files of the simulation share: one struct, moved by events in the order of their times.
 *
 * events.c keeps the queue and is the network; server.c is the ledger's machine; clients.c and admin.c are the people;
 * simulation.c makes, runs and judges it all.
 */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include "core_world.h"
#include "engine/clockwork.h"
#include "simulation.h"

enum event_kind { EVENT_REQUEST, EVENT_TURN, EVENT_TICK, EVENT_ANSWER, EVENT_WAKE, EVENT_ADMIN, EVENT_CLOCK };

enum answer_kind {
    ANSWER_ENTRY, /* also of a repeat: the entry at `index` */
    ANSWER_LEASE,
    ANSWER_TICKET,
    ANSWER_ENDED,
    ANSWER_PROBLEM,
    ANSWER_UNAVAILABLE /* nothing happened */
};

#define NO_CLIENT UINT32_MAX

struct message {
    uint32_t client;
    uint32_t number; /* which of the client's requests */
    struct command command;
    struct entitlement_terms terms; /* what the command's entitlements are, wherever the message lies */
    uint32_t token_for;             /* token.create: the client that gets it */

    enum answer_kind answer;
    enum problem problem;
    uint64_t index; /* of an entry that the answer names; else UINT64_MAX */
    struct hash leaf;
    enum audit_code code;
    struct id id; /* of the lease, ticket or credential */
    int64_t place;
    int64_t decided_ms; /* engine time */
};

struct event {
    int64_t at_ms; /* running time */
    uint64_t order;
    enum event_kind kind;
    struct message *message; /* the event's own; NULL: none */
    uint32_t client;
};

struct client {
    struct who who;
    struct id cred;
    struct id next_cred; /* the one to use when that one is refused */
    const char *feature;
    uint64_t wake; /* the event that is to wake it; earlier ones are forgotten */
    bool retired;  /* its token was revoked and there is no other */

    bool pending;
    uint32_t number;
    int tries;
    struct command command; /* pending, or answered last */

    struct id lease;
    struct id ticket;
    bool offered;
    int64_t until_ms; /* running time: gives the seat back then */
    int64_t ttl_s;
};

/* Something a client was told that must be true for ever. */
struct acknowledgement {
    uint64_t index;
    struct hash leaf;
};
struct testimony {
    struct id lease;
    int64_t seen_ms;
};

struct leaf_at {
    size_t offset;
    size_t len;
};

/* A list that grows by doubling; the element type stands beside it. */
struct list {
    size_t count;
    size_t capacity;
};

struct simulation {
    struct simulation_size size;
    struct simulation_counts counts;
    struct entropy entropy;
    int64_t running_ms;
    int64_t end_ms;

    struct event *events; /* a heap */
    struct list event_list;
    uint64_t order;

    /* The server. */
    struct world *world;
    struct clockwork clock;
    int64_t wall_ahead_ms; /* of what it would be if nobody had set it */
    int64_t stepped_ms;    /* running time of the last step */
    char *text;            /* leaves, back to back: what the disk and the memory hold */
    struct list text_list;
    struct leaf_at *leaves;
    struct list leaf_list;
    uint64_t committed; /* of the leaves */
    struct buf image;
    uint64_t image_size;
    struct hash image_hash;
    struct message **inbox;
    struct list inbox_list;
    bool turn_planned;

    struct client *clients;
    struct who admin;
    struct id licenses[64];
    size_t license_count;

    struct acknowledgement *acknowledged;
    struct list acknowledged_list;
    struct testimony *testimonies;
    struct list testimony_list;
};

/* Room for `more` further elements. */
void *list_room(struct list *list, void *at, size_t more, size_t element_bytes);
static inline uint64_t below(struct simulation *sim, uint64_t bound)
{
    return entropy_below(&sim->entropy, bound);
}
static inline bool chance(struct simulation *sim, uint64_t one_in)
{
    return below(sim, one_in) == 0;
}

/* events.c */
void event_add(struct simulation *sim, enum event_kind kind, int64_t in_ms, uint32_t client, struct message *message);
bool event_next(struct simulation *sim, struct event *ret_event);
/* A message on its way: lost, doubled, late, or none of these. A copy is sent. */
void network_send(struct simulation *sim, enum event_kind kind, const struct message *message);

/* server.c */
void server_begin(struct simulation *sim);
void server_receive(struct simulation *sim, struct message *message); /* takes it over */
void server_turn(struct simulation *sim);
void server_tick(struct simulation *sim); /* a turn, and the next one in a while */
void server_step_clock(struct simulation *sim);
struct str sim_leaf(const struct simulation *sim, uint64_t index);
/* Facts from the texts of the first `size` leaves, on from the newest image or from 0. */
MUST_CHECK status server_replay(const struct simulation *sim, bool from_image, uint64_t size, struct facts *ret_facts,
                                struct err *err);

/* clients.c */
void client_plan(struct simulation *sim, uint32_t number, int64_t in_ms); /* instead of what was planned */
void client_wake(struct simulation *sim, uint32_t number);
void client_answer(struct simulation *sim, const struct message *answer);

/* admin.c */
void admin_act(struct simulation *sim);

#endif
