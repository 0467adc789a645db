/*
 * tests/publisher_world.h: a publisher with a real signer, a tree that grows, and what the callbacks have said.
 *
 * The test's thread is the engine's. Nothing sleeps: what the other thread does is waited for as an event.
 */
#ifndef TESTS_PUBLISHER_WORLD_H
#define TESTS_PUBLISHER_WORLD_H

#include <pthread.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/publisher.h"
#include "signer_world.h"

#define EVENT_WAIT_S 30 /* then the event is taken for lost */

struct publisher_world {
    struct signer_world files;
    struct publisher *publisher;
    struct signer_client *signer; /* until the publisher has it */
    struct memory_log *log;       /* the ledger; grown under the mutex, since the publisher reads its tiles */

    pthread_mutex_t mutex;
    pthread_cond_t event;
    uint64_t published_size;
    uint64_t published_count;
    uint64_t flushed_count;
    uint64_t done_count;
};

/* A job that waits for a receipt. */
struct receipt {
    struct job job;
    bool done;
    bool covered; /* by the checkpoint that was published when it was done */
    bool on_this_thread;
    pthread_t thread; /* that made it */
};

static inline void publisher_world_publish(void *context, uint64_t size)
{
    struct publisher_world *world = context;

    pthread_mutex_lock(&world->mutex);
    world->published_size = size;
    world->published_count++;
    pthread_cond_broadcast(&world->event);
    pthread_mutex_unlock(&world->mutex);
}

static inline void publisher_world_flush(void *context)
{
    struct publisher_world *world = context;

    pthread_mutex_lock(&world->mutex);
    world->flushed_count++;
    pthread_cond_broadcast(&world->event);
    pthread_mutex_unlock(&world->mutex);
}

static inline void receipt_done(struct job *job)
{
    struct receipt *receipt = (struct receipt *)job;
    struct publisher_world *world = job->owner;
    bool covered = job->reply.index < publisher_head(world->publisher).size;

    pthread_mutex_lock(&world->mutex);
    CHECK(!receipt->done);
    receipt->done = true;
    receipt->covered = covered;
    receipt->on_this_thread = pthread_equal(receipt->thread, pthread_self());
    world->done_count++;
    pthread_cond_broadcast(&world->event);
    pthread_mutex_unlock(&world->mutex);
}

/* Waits until *value has reached `least`. */
static inline bool publisher_world_await(struct publisher_world *world, const uint64_t *value, uint64_t least)
{
    struct timespec deadline;
    bool reached;
    int failed = 0;

    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += EVENT_WAIT_S;
    pthread_mutex_lock(&world->mutex);
    while (*value < least && !failed)
        failed = pthread_cond_timedwait(&world->event, &world->mutex, &deadline);
    reached = *value >= least;
    pthread_mutex_unlock(&world->mutex);
    return CHECK(reached);
}

static inline status publisher_world_tile(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    struct publisher_world *world = from;
    status s;

    pthread_mutex_lock(&world->mutex);
    s = memory_log_read(world->log, tile, ret_hashes, err);
    pthread_mutex_unlock(&world->mutex);
    return s;
}

static inline struct publisher_config publisher_world_config(struct publisher_world *world)
{
    return (struct publisher_config){ .published = publisher_world_publish,
                                      .flushed = publisher_world_flush,
                                      .context = world,
                                      .full_tiles = { publisher_world_tile, world } };
}

static inline void publisher_world_start(struct publisher_world *world)
{
    struct publisher_config config = publisher_world_config(world);
    struct err err = { 0 };

    CHECK_OK(signer_client_open(world->files.dir, NULL, &world->signer, &err));
    if (CHECK_OK(publisher_start(world->signer, &config, &world->publisher, &err)))
        world->signer = NULL;
}

/* With files, but not started. */
static inline void publisher_world_prepare(struct publisher_world *world)
{
    memset(world, 0, sizeof *world);
    (void)pthread_mutex_init(&world->mutex, NULL);
    (void)pthread_cond_init(&world->event, NULL);
    world->log = memory_log_new();
    memory_log_room(&world->log->leaves, &world->log->capacity, 1024); /* tests of failing memory mean other memory */
    signer_world_init(&world->files);
    signer_close(world->files.signer);
    world->files.signer = NULL;
}

static inline void publisher_world_init(struct publisher_world *world)
{
    publisher_world_prepare(world);
    publisher_world_start(world);
}

static inline void publisher_world_free(struct publisher_world *world)
{
    publisher_free(world->publisher);
    signer_client_close(world->signer);
    signer_world_free(&world->files);
    memory_log_free(world->log);
    (void)pthread_cond_destroy(&world->event);
    (void)pthread_mutex_destroy(&world->mutex);
}

/* Makes the tree that large. */
static inline void publisher_world_grow(struct publisher_world *world, uint64_t size)
{
    pthread_mutex_lock(&world->mutex);
    memory_log_grow(world->log, size);
    pthread_mutex_unlock(&world->mutex);
}

static inline void publisher_world_offer(struct publisher_world *world, uint64_t size)
{
    publisher_world_grow(world, size);
    publisher_offer(world->publisher, &world->log->edge);
}

static inline void publisher_world_wait(struct publisher_world *world, struct receipt *receipt, uint64_t index)
{
    *receipt = (struct receipt){ .job = { .reply = { .index = index }, .done = receipt_done, .owner = world },
                                 .thread = pthread_self() };
    publisher_wait(world->publisher, &receipt->job, index);
}

#endif
