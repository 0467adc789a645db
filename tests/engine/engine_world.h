/*
 * tests/engine/engine_world: a whole engine on a data directory of its own: the real threads, the real store, the real
 * clock, which only the fault points move. A test speaks to it as admission does, with jobs, and waits for answers as
 * events.
 *
 * A world begins with a product "cad" of the feature "render", an organisation whose pool has ENGINE_SEATS seats, and
 * people of it. Makers assert that they succeed.
 */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include <pthread.h>

#include "base/fault.h"
#include "core/image.h"
#include "engine/engine.h"
#include "test.h"

#define ENGINE_DIR_BYTES 256
#define ENGINE_SEATS     8
#define ENGINE_PEOPLE    4
#define ENGINE_CLIENT    STR("POST /v1/test")

struct engine_world {
    char dir[ENGINE_DIR_BYTES];
    struct engine *engine; /* NULL: not open */
    struct engine_config config;
    struct actor admin;
    struct id organisation;
    struct id license;
    struct actor people[ENGINE_PEOPLE];
    struct entropy entropy;
    struct arena arena; /* of what must live as long as the world */

    pthread_mutex_t mutex;
    pthread_cond_t event;
    uint64_t published_size;
};

/* A job and its answer. */
struct ask {
    struct job job;
    struct arena arena;
    struct engine_world *world;
    bool done;
    int times;             /* `done` was called */
    uint64_t durable_size; /* of the store when it was done, where `looks` was set */
    bool looks;
};

void engine_world_init(struct engine_world *world);
/* The same in a directory of the caller's, and without opening it. */
void engine_world_create(struct engine_world *world, const char *dir);
void engine_world_free(struct engine_world *world); /* the directory too */
/* Opens and starts it, or opens it only. */
void engine_world_start(struct engine_world *world);
MUST_CHECK status engine_world_open(struct engine_world *world, struct err *err);
void engine_world_stop(struct engine_world *world);
/* Makes what the world begins with; done by engine_world_init. */
void engine_world_fill(struct engine_world *world);

/* ---- Asking ---- */

struct command engine_command(const struct actor *actor, enum command_kind kind);
struct command engine_checkout(const struct actor *actor);
/* With a fresh key, to be used again by whoever tries again. */
struct command engine_keyed(struct engine_world *world, struct command command);
void ask_init(struct ask *ask, struct engine_world *world, const struct command *command);
void ask_free(struct ask *ask);
/* Submits `count` of them as one chain. */
void ask_send(struct ask *asks, size_t count);
/* Waits until it is done; an answer that never comes fails the test's program. */
void ask_wait(struct ask *ask);
/* All of it at once. *ret_leaf (NULL: don't care) is copied to the world's arena. */
struct reply engine_ask(struct engine_world *world, const struct command *command, struct entry *ret_entry);
/* Takes a seat; none when it was not granted. */
struct id engine_take(struct engine_world *world, const struct actor *actor);
struct reply engine_release(struct engine_world *world, const struct actor *actor, struct id lease);
/* A principal with a token. */
struct actor engine_person(struct engine_world *world, struct id organisation);
/* Waits until a checkpoint of at least that size is published. */
void engine_wait_published(struct engine_world *world, uint64_t size);
/* Waits until the engine's numbers say so. */
void engine_wait_ready(struct engine_world *world);

/* ---- Looking, without the engine ---- */

/* The durable entries: how many; how many of that code from `from` on; one of them. */
uint64_t engine_size(const struct engine_world *world);
uint64_t engine_count(const struct engine_world *world, enum audit_code code, uint64_t from);
/* The newest of that code at or after `from`; false when there is none. */
bool engine_find(struct engine_world *world, enum audit_code code, uint64_t from, struct entry *ret_entry);
/* Tiles, leaves and the stored root agree, and every chain: what a verifier would say. */
bool engine_verifies(const struct engine_world *world);
/* P4 counted from the leaves: no grant above the limit in force. */
bool engine_has_no_seat_too_many(const struct engine_world *world);
/* The facts of an engine that is open and not started, or replayed from the leaves alone. */
struct hash engine_facts_hash(const struct engine_world *world);
struct hash engine_replayed_hash(const struct engine_world *world, uint64_t size);

#endif
