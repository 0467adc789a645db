/*
 * engine/engine: the engine's life: its parts are made, the ledger is opened, the threads are started and ended in the
 * order that keeps every promise; and what other threads may ask of it while it lives.
 */
#include "engine/engine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "engine/history.h"
#include "engine/state.h"
#include "store/space.h"

/* The engine's own memory; everything here has a destructor that accepts what was not made. */
static status parts_new(struct engine *engine)
{
    struct siphash_key key;

    engine->entropy = entropy_from_system();
    engine->draft.entries = memory_new(CHANGE_MAX_ENTRIES, sizeof(*engine->draft.entries));
    engine->draft_names.max_bytes = BATCH_MAX_BYTES;
    engine->draft.names = &engine->draft_names;
    if (!engine->draft.entries || pthread_mutex_init(&engine->stats_mutex, NULL))
        return (status){ CODE_NO_MEMORY };
    TRY(queue_init(&engine->queue, engine->config.queue_max ? engine->config.queue_max : QUEUE_MAX_COMMANDS));
    TRY(batch_init(&engine->batch));
    TRY(batch_init(&engine->carried));
    TRY(facts_init(&engine->facts));
    entropy_fill(&engine->entropy, &key, sizeof(key));
    facts_key_set(&engine->facts, &key);
    TRY(floods_init(&engine->floods));
    TRY(directory_new(&engine->directory));
    return names_new(&engine->names);
}

/* A wall clock that can't be believed at the start is recorded as soon as the writer runs. */
static void clock_start(struct engine *engine)
{
    struct store_head head = store_head(engine->store);

    engine->jump = clockwork_start(&engine->clock, clock_read(), head.time_ms, engine->facts.clock_frozen);
    atomic_store(&engine->now_ms, engine->clock.now_ms);
    engine->alive_ms = engine->clock.now_ms;
}

/* The ledger still begins with what its key signed last (P3). */
static status signed_head_check(struct engine *engine, struct err *err)
{
    struct tree_head last;

    if (!engine->signer)
        return OK;
    last = signer_client_head(engine->signer);
    return history_check(engine->reader, &engine->edge, &last, err);
}

static status ledger_open(struct engine *engine, struct err *err)
{
    TRY(store_open(engine->dir, &engine->store, err));
    TRY(store_reader_open(engine->store, &engine->reader, err));
    if (!engine->config.without_signer)
        TRY(signer_client_open(engine->dir, engine->config.signer, &engine->signer, err));
    TRY(store_reader_open(engine->store, &engine->proof_reader, err));
    TRY(replay_all(engine, err));
    TRY(signed_head_check(engine, err));
    TRY(vault_start(engine, err));
    TRY(vault_names_load(engine, err));
    engine->system = (struct actor){ .who = engine->facts.self, .via = VIA_SYSTEM, .level = LEVEL_A2 };
    clock_start(engine);
    if (!engine->config.without_signer && !ballast_is_there(engine->dir) && ballast_create(engine->dir, err).code)
        log_write(LOG_WARN, "engine", "no room for the ballast: %s", err->text);
    return OK;
}

status engine_open(const struct engine_config *config, struct engine **ret_engine, struct err *err)
{
    struct engine *engine = memory_new(1, sizeof(*engine));
    status s;

    if (!engine)
        return err_set(err, CODE_NO_MEMORY, "no memory for the engine");
    engine->config = *config;
    if (!str_to_c(str_of(config->dir), engine->dir, sizeof(engine->dir)))
        s = err_set(err, CODE_INVALID, "the data directory's path is too long");
    else
        s = parts_new(engine);
    if (!s.code)
        s = ledger_open(engine, err);
    if (s.code) {
        engine_close(engine);
        return s;
    }
    *ret_engine = engine;
    return OK;
}

/* writer.started, and what the start itself has to tell. */
static status start_append(struct engine *engine, struct err *err)
{
    struct command writer = system_command(engine, AUDIT_WRITER_STARTED);
    struct command server = system_command(engine, AUDIT_SERVER_STARTED);
    struct command replaced = system_command(engine, AUDIT_VAULT_KEYS_REPLACED);

    writer.system.numbers[0] = (int64_t)engine->facts.epoch + 1;
    server.system.texts[0] = STR(TALLY_VERSION);
    TRY(writer_append_system(engine, &writer, err));
    TRY(writer_append_system(engine, &server, err));
    TRY(writer_append_refusal(engine, err));
    if (!vault_is_announced(engine->vault))
        TRY(writer_append_system(engine, &replaced, err));
    return writer_append_jump(engine, err);
}

/* The first commit of a writer is made before anybody is served; when it fails, nothing starts. */
static status first_commit(struct engine *engine, struct err *err)
{
    enum clock_event event = clockwork_turn(&engine->clock, clock_read());

    if (event != CLOCK_NONE)
        engine->jump = event;
    batch_clear(&engine->batch, engine->facts.size);
    TRY(start_append(engine, err));
    batch_close(&engine->batch, &engine->edge, &engine->facts);
    TRY(store_append(engine->store, &engine->batch.store, err));
    engine->jump = CLOCK_NONE;
    return vault_is_announced(engine->vault) ? OK : vault_announce(engine->vault, err);
}

status engine_start(struct engine *engine, struct err *err)
{
    struct publisher_config publisher = { .published = engine->config.published,
                                          .flushed = engine->config.flushed,
                                          .context = engine->config.context,
                                          .barred = engine->config.barred,
                                          .full_tiles = history_tiles(engine->proof_reader) };

    assert(engine->signer);
    if (engine->facts.sealed)
        return err_set(err, CODE_CONFLICT, "the ledger in %s is sealed: `tally doctor` says which one continues it",
                       engine->dir);
    TRY(vault_require(engine, err));
    TRY(first_commit(engine, err));
    TRY(publisher_start(engine->signer, &publisher, &engine->publisher, err));
    engine->signer = NULL;
    publisher_offer(engine->publisher, &engine->edge);
    engine->stats.ready = true;
    engine->stats.size = engine->facts.size;
    engine->snapshot_ms = clock_read().running_ms;
    TRY(carrier_start(&engine->carrier, engine->store, &engine->queue, err));
    if (pthread_create(&engine->thread, NULL, writer_run, engine))
        return err_set(err, CODE_NO_MEMORY, "the engine's thread could not be started");
    engine->started = true;
    return OK;
}

/* There is room on the disk, and memory is what the store has. */
static bool writes_all(const struct engine *engine)
{
    return engine->writing <= WRITING_NO_GRANTS && !engine->broken;
}

static void stop_append(struct engine *engine)
{
    struct command command = system_command(engine, AUDIT_SERVER_STOPPED);
    struct err err = { 0 };

    command.system.numbers[0] = REASON_OWNER;
    batch_clear(&engine->batch, engine->facts.size);
    if (writer_append_system(engine, &command, &err).code)
        log_write(LOG_ERROR, "engine", "the stop could not be recorded: %s", err.text);
    else
        (void)commit_batch(engine);
}

void engine_stop(struct engine *engine)
{
    if (!engine->started)
        return;
    queue_close(&engine->queue);
    pthread_join(engine->thread, NULL);
    carrier_stop(&engine->carrier);
    engine->started = false;
    pthread_mutex_lock(&engine->stats_mutex);
    engine->stats.ready = false;
    pthread_mutex_unlock(&engine->stats_mutex);
    if (writes_all(engine))
        shed_write(engine);
    if (writes_all(engine))
        stop_append(engine);
    if (writes_all(engine))
        snapshot_at_stop(engine);
    if (engine->writing < WRITING_NOTHING && !engine->broken) /* else the edge may hold what is not durable */
        publisher_offer(engine->publisher, &engine->edge);
    publisher_stop(engine->publisher); /* its last checkpoint can be read until engine_close */
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    engine_stop(engine);
    publisher_free(engine->publisher);
    signer_client_close(engine->signer);
    store_reader_close(engine->proof_reader);
    store_reader_close(engine->reader);
    store_close(engine->store);
    vault_close(engine->vault);
    names_free(engine->names);
    directory_free(engine->directory);
    floods_free(&engine->floods);
    facts_free(&engine->facts);
    batch_free(&engine->batch);
    batch_free(&engine->carried);
    queue_free(&engine->queue);
    arena_free(&engine->draft_names);
    memory_free(engine->draft.entries);
    pthread_mutex_destroy(&engine->stats_mutex);
    memory_free(engine);
}

void engine_submit(struct engine *engine, struct job *first)
{
    struct job_list refused = { 0 };
    int64_t now_us = clock_running_us();
    struct job *rest;

    for (struct job *job = first; job; job = job->next)
        job->submitted_us = now_us;
    rest = queue_put(&engine->queue, first);
    while (rest) {
        struct job *next = rest->next;

        job_list_add(&refused, rest);
        rest = next;
    }
    if (!refused.count)
        return;
    pthread_mutex_lock(&engine->stats_mutex);
    engine->stats.overloaded += refused.count;
    pthread_mutex_unlock(&engine->stats_mutex);
    jobs_refuse(engine, &refused, queue_is_closed(&engine->queue) ? VERDICT_STOPPING : VERDICT_OVERLOADED);
}

struct directory *engine_directory(struct engine *engine)
{
    return engine->directory;
}

const char *engine_keys_dir(const struct engine *engine)
{
    return engine->config.keys_dir ? engine->config.keys_dir : engine->dir;
}

struct vault *engine_vault(struct engine *engine)
{
    return engine->vault;
}

struct names *engine_names(struct engine *engine)
{
    return engine->names;
}

struct publisher *engine_publisher(struct engine *engine)
{
    return engine->publisher;
}

struct store *engine_store(struct engine *engine)
{
    return engine->store;
}

struct actor engine_system_actor(struct engine *engine)
{
    return engine->system;
}

int64_t engine_now_ms(struct engine *engine)
{
    return atomic_load(&engine->now_ms);
}

void engine_stats(struct engine *engine, struct engine_stats *ret_stats)
{
    pthread_mutex_lock(&engine->stats_mutex);
    *ret_stats = engine->stats;
    pthread_mutex_unlock(&engine->stats_mutex);
    ret_stats->queue_length = queue_length(&engine->queue);
}
