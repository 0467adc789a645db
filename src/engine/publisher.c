/*
 * engine/publisher: the engine copies a head into the offer; the thread takes the newest offer, signs and publishes it.
 *
 * `mutex` is around what engine and thread share. Readers ask the shelf, so that they never wait for an edge that is
 * being copied.
 */
#include "engine/publisher.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "engine/queue.h"
#include "tlog/prove.h"

#define US_PER_MS 1000
/* The pauses after failures: the first, doubled each time, up to the longest. */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   5000

struct publisher {
    struct signer_client *signer;
    struct publisher_config config;
    pthread_t thread;
    bool stopped;

    pthread_mutex_t mutex;
    pthread_cond_t changed; /* an offer, or the end */
    struct issue *offer;    /* where the engine puts the next head; never NULL */
    bool offered;           /* it has done so, since the last one was taken */
    bool stopping;
    bool impatient; /* receipts don't wait: signing has failed for too long, or has ended */
    uint64_t published_size;
    struct job_list waiting;

    struct shelf shelf;
    atomic_uint_fast64_t failures;
    atomic_bool refused; /* the signer will have none of this ledger */
    atomic_bool barred;  /* somebody showed a checkpoint by its key that is not of it */

    /* The engine's thread alone: */
    uint64_t offered_size;
    uint64_t wanted_size; /* a receipt waits for a checkpoint of at least that size */
    int64_t offered_us;

    /* The publisher's thread alone: */
    struct issue *work;       /* being signed, or to be exchanged for the next offer; NULL after a publication */
    int64_t not_before_us;    /* of the next attempt */
    int64_t failing_since_us; /* 0: the last attempt did not fail */
    int64_t pause_ms;
    struct prover prover;
};

/* ---- What anybody may ask ---- */

const struct publication *publisher_hold(struct publisher *publisher)
{
    return shelf_hold(&publisher->shelf);
}

struct tree_head publisher_head(struct publisher *publisher)
{
    const struct publication *publication = publisher_hold(publisher);
    struct tree_head head = publication ? publication->head : tree_head(&(struct tree){ 0 });

    publication_release(publication);
    return head;
}

status publisher_checkpoint(struct publisher *publisher, struct arena *arena, struct str *ret_note)
{
    const struct publication *publication = publisher_hold(publisher);
    status s = { CODE_NOT_FOUND };

    if (publication)
        s = arena_copy(arena, publication->checkpoint, ret_note);
    publication_release(publication);
    return s;
}

const struct vkey *publisher_vkey(const struct publisher *publisher)
{
    return signer_client_vkey(publisher->signer);
}

uint64_t publisher_failures(const struct publisher *publisher)
{
    return atomic_load(&publisher->failures);
}

bool publisher_is_refused(const struct publisher *publisher)
{
    return atomic_load(&publisher->refused) || atomic_load(&publisher->barred);
}

const struct signer_client *publisher_signer(const struct publisher *publisher)
{
    return publisher->signer;
}

/* ---- Jobs that wait ---- */

/* Takes those that a tree of `size` entries covers. */
static struct job_list take_covered(struct job_list *waiting, uint64_t size)
{
    struct job_list covered = { 0 };
    struct job_list rest = { 0 };
    struct job *job;

    while ((job = job_list_take(waiting)))
        job_list_add(job->reply.index < size ? &covered : &rest, job);
    *waiting = rest;
    return covered;
}

static void finish(const struct publisher *publisher, struct job_list *jobs)
{
    bool any = jobs->count > 0;
    struct job *job;

    while ((job = job_list_take(jobs)))
        job->done(job);
    if (any && publisher->config.flushed)
        publisher->config.flushed(publisher->config.context);
}

/* Their entries are durable: they are answered without a checkpoint, and so are those who come now. */
static void lose_patience(struct publisher *publisher)
{
    struct job_list jobs;

    pthread_mutex_lock(&publisher->mutex);
    publisher->impatient = true;
    jobs = publisher->waiting;
    publisher->waiting = (struct job_list){ 0 };
    pthread_mutex_unlock(&publisher->mutex);
    finish(publisher, &jobs);
}

void publisher_bar(struct publisher *publisher)
{
    atomic_store(&publisher->barred, true);
    lose_patience(publisher);
}

/* ---- The engine's side ---- */

bool publisher_wants(const struct publisher *publisher, uint64_t size)
{
    if (size <= publisher->offered_size)
        return false;
    return publisher->wanted_size > publisher->offered_size ||
           clock_monotonic_us() - publisher->offered_us >= (int64_t)CHECKPOINT_EVERY_MS * US_PER_MS;
}

void publisher_offer(struct publisher *publisher, const struct edge *edge)
{
    if (edge->tree.size == publisher->offered_size)
        return;
    pthread_mutex_lock(&publisher->mutex);
    edge_copy(&publisher->offer->publication.edge, edge);
    publisher->offered = true;
    pthread_cond_signal(&publisher->changed);
    pthread_mutex_unlock(&publisher->mutex);
    publisher->offered_size = edge->tree.size;
    publisher->offered_us = clock_monotonic_us();
}

void publisher_wait(struct publisher *publisher, struct job *job, uint64_t index)
{
    bool waits;

    assert(index == job->reply.index);
    pthread_mutex_lock(&publisher->mutex);
    waits = index >= publisher->published_size && !publisher->impatient;
    if (waits)
        job_list_add(&publisher->waiting, job);
    pthread_mutex_unlock(&publisher->mutex);
    if (!waits)
        job->done(job);
    else if (publisher->wanted_size <= index)
        publisher->wanted_size = index + 1;
}

/* ---- The thread's side ---- */

static struct timespec time_of(int64_t at_us)
{
    return (struct timespec){ .tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000 };
}

/* Nothing to sign: a signer that has ended meanwhile is replaced now, not when somebody waits for it. */
static void look_after_signer(struct publisher *publisher)
{
    struct err err = { 0 };

    if (!publisher_is_refused(publisher) && signer_client_ready(publisher->signer, &err).code)
        log_write(LOG_ERROR, "publisher", "no signer: %s", err.text);
}

/* Until something has changed, or a second is over: false. The mutex is held. */
static bool wait_for_change(struct publisher *publisher)
{
    struct timespec until = time_of(clock_monotonic_us() + (int64_t)CHECKPOINT_EVERY_MS * US_PER_MS);

    return pthread_cond_timedwait(&publisher->changed, &publisher->mutex, &until) == 0;
}

/* Until there is an offer that may be signed now: true; or until the end: false. */
static bool wait_for_turn(struct publisher *publisher)
{
    struct timespec not_before = time_of(publisher->not_before_us);
    bool stopping;

    pthread_mutex_lock(&publisher->mutex);
    while (!publisher->stopping && (!publisher->offered || publisher_is_refused(publisher))) {
        if (wait_for_change(publisher))
            continue;
        pthread_mutex_unlock(&publisher->mutex);
        look_after_signer(publisher);
        pthread_mutex_lock(&publisher->mutex);
    }
    while (!publisher->stopping && clock_monotonic_us() < publisher->not_before_us)
        pthread_cond_timedwait(&publisher->changed, &publisher->mutex, &not_before);
    stopping = publisher->stopping;
    pthread_mutex_unlock(&publisher->mutex);
    return !stopping;
}

static void exchange(struct publisher *publisher)
{
    struct issue *offer = publisher->offer;

    publisher->offer = publisher->work;
    publisher->work = offer;
}

/* Makes the newest offer the work; the engine gets room for another one. */
static status take_offer(struct publisher *publisher, struct err *err)
{
    if (!publisher->work)
        publisher->work = issue_new();
    if (!publisher->work)
        return err_set(err, CODE_NO_MEMORY, "no memory for another one");
    pthread_mutex_lock(&publisher->mutex);
    exchange(publisher);
    publisher->offered = false;
    pthread_mutex_unlock(&publisher->mutex);
    return OK;
}

/* What could not be signed is offered again, unless there is a newer offer. */
static void put_back(struct publisher *publisher)
{
    pthread_mutex_lock(&publisher->mutex);
    if (!publisher->offered)
        exchange(publisher);
    publisher->offered = true;
    pthread_mutex_unlock(&publisher->mutex);
}

/* None is needed, or possible, where the tree is not larger: the signer says so. */
static status prove(struct publisher *publisher, const struct edge *edge, struct tree_path *ret_proof, struct err *err)
{
    struct edge_source source = { .edge = edge, .full = publisher->config.full_tiles };
    uint64_t signed_size = signer_client_head(publisher->signer).size;

    *ret_proof = (struct tree_path){ 0 };
    if (signed_size >= edge->tree.size)
        return OK;
    publisher->prover = (struct prover){ .tiles = edge_tiles(&source) };
    return prove_consistency(&publisher->prover, signed_size, edge->tree.size, ret_proof, err);
}

static status sign(struct publisher *publisher, struct issue *issue, struct err *err)
{
    struct publication *publication = &issue->publication;
    struct tree_path proof;

    publication->head = tree_head(&publication->edge.tree);
    buf_clear(&issue->note);
    TRY(signer_client_ready(publisher->signer, err));
    TRY(prove(publisher, &publication->edge, &proof, err));
    TRY(signer_client_sign(publisher->signer, &publication->head, &proof, &issue->note, err));
    publication->checkpoint = buf_str(&issue->note);
    return OK;
}

/* The work becomes the newest publication; then those who waited for it are told. */
static void publish(struct publisher *publisher)
{
    uint64_t size = publisher->work->publication.head.size;
    struct job_list covered;

    shelf_put(&publisher->shelf, publisher->work);
    publisher->work = NULL;
    pthread_mutex_lock(&publisher->mutex);
    publisher->published_size = size;
    publisher->impatient = publisher_is_refused(publisher);
    covered = take_covered(&publisher->waiting, size);
    pthread_mutex_unlock(&publisher->mutex);
    if (publisher->config.published)
        publisher->config.published(publisher->config.context, size);
    finish(publisher, &covered);
}

static void note_failure(struct publisher *publisher, status failure, const struct err *err, int64_t now_us)
{
    atomic_fetch_add(&publisher->failures, 1);
    atomic_store(&publisher->refused, failure.code == CODE_CONFLICT);
    publisher->pause_ms = publisher->pause_ms ? 2 * publisher->pause_ms : PAUSE_FIRST_MS;
    if (publisher->pause_ms > PAUSE_MAX_MS)
        publisher->pause_ms = PAUSE_MAX_MS;
    publisher->not_before_us = now_us + publisher->pause_ms * US_PER_MS;
    if (!publisher->failing_since_us)
        publisher->failing_since_us = now_us;
    log_write(LOG_ERROR, "publisher", "a checkpoint could not be signed: %s%s", err->text,
              publisher->refused ? "; no other is tried before the next start" : "");
    if (publisher->refused || now_us - publisher->failing_since_us >= (int64_t)RECEIPT_PATIENCE_MS * US_PER_MS)
        lose_patience(publisher);
}

static void note_success(struct publisher *publisher, int64_t now_us)
{
    if (publisher->failing_since_us)
        log_write(LOG_INFO, "publisher", "checkpoints are signed again");
    publisher->failing_since_us = 0;
    publisher->pause_ms = 0;
    publisher->not_before_us = now_us + (int64_t)CHECKPOINT_COALESCE_MS * US_PER_MS;
}

/* There is an offer. */
static void attempt(struct publisher *publisher)
{
    int64_t now_us = clock_monotonic_us();
    struct err err = { 0 };
    status s = take_offer(publisher, &err);

    if (!s.code) {
        s = sign(publisher, publisher->work, &err);
        if (s.code)
            put_back(publisher);
    }
    if (s.code) {
        note_failure(publisher, s, &err, now_us);
        return;
    }
    note_success(publisher, now_us);
    publish(publisher);
}

static bool has_offer(struct publisher *publisher)
{
    bool offered;

    pthread_mutex_lock(&publisher->mutex);
    offered = publisher->offered;
    pthread_mutex_unlock(&publisher->mutex);
    return offered;
}

static void *run(void *argument)
{
    struct publisher *publisher = argument;

    while (wait_for_turn(publisher))
        attempt(publisher);
    if (has_offer(publisher) && !publisher_is_refused(publisher))
        attempt(publisher);
    lose_patience(publisher);
    return NULL;
}

/* ---- Its life ---- */

static status locks_init(struct publisher *publisher)
{
    pthread_condattr_t attributes;
    int failed;

    /* The condition's clock is what clock_monotonic_us reads. */
    shelf_init(&publisher->shelf);
    (void)pthread_mutex_init(&publisher->mutex, NULL);
    if (pthread_condattr_init(&attributes))
        return (status){ CODE_NO_MEMORY };
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed = pthread_cond_init(&publisher->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return failed ? (status){ CODE_NO_MEMORY } : OK;
}

static void publisher_destroy(struct publisher *publisher)
{
    issue_free(publisher->offer);
    issue_free(publisher->work);
    (void)pthread_cond_destroy(&publisher->changed);
    (void)pthread_mutex_destroy(&publisher->mutex);
    shelf_free(&publisher->shelf);
    memory_free(publisher);
}

status publisher_start(struct signer_client *signer, const struct publisher_config *config,
                       struct publisher **ret_publisher, struct err *err)
{
    struct publisher *publisher = memory_new(1, sizeof *publisher);

    if (!publisher || locks_init(publisher).code) {
        memory_free(publisher);
        return err_set(err, CODE_NO_MEMORY, "no memory for the publisher of checkpoints");
    }
    publisher->signer = signer;
    publisher->config = *config;
    publisher->barred = publisher->impatient = config->barred;
    publisher->offer = issue_new();
    if (!publisher->offer || pthread_create(&publisher->thread, NULL, run, publisher)) {
        publisher_destroy(publisher);
        return err_set(err, CODE_NO_MEMORY, "no memory for the publisher of checkpoints");
    }
    *ret_publisher = publisher;
    return OK;
}

void publisher_stop(struct publisher *publisher)
{
    if (publisher->stopped)
        return;
    pthread_mutex_lock(&publisher->mutex);
    publisher->stopping = true;
    pthread_cond_signal(&publisher->changed);
    pthread_mutex_unlock(&publisher->mutex);
    (void)pthread_join(publisher->thread, NULL);
    publisher->stopped = true;
}

void publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    publisher_stop(publisher);
    signer_client_close(publisher->signer);
    publisher_destroy(publisher);
}
