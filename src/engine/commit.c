/*
 * engine/commit: the batch becomes durable, then everybody is answered, never the other way round (P1). Every answer of
 * a batch waits for its commit, also one without an entry of its own: its decision saw what the commit holds.
 *
 * While commands wait, a batch is carried to the store by a second thread and the next one is decided meanwhile, on
 * facts that hold it (docs/decisions/0011). The commits follow each other, and so do the answers; when the first fails,
 * the second did not happen either.
 */
#include <assert.h>

#include "base/log.h"
#include "engine/state.h"

#define REPEAT_ROWS_MAX (2 * CHANGE_MAX_ENTRIES) /* read by one turn for those who repeat; a few milliseconds */

/* Names become known when their command was written; else they are free again. */
static void job_names_settle(struct engine *engine, struct job *job, bool durable)
{
    for (int i = 0; i < job->name_count; i++)
        names_settle(engine->names, &job->names[i], durable);
}

/* Nobody knows whether they were written: they stay taken until the store can be asked (recover.c). */
static void job_names_doubt(struct engine *engine, struct job *job)
{
    for (int i = 0; i < job->name_count; i++)
        names_doubt(engine->names, &job->names[i]);
}

void jobs_refuse(struct engine *engine, struct job_list *jobs, enum verdict verdict)
{
    struct job *job;
    uint32_t count = jobs->count;

    while ((job = job_list_take(jobs))) {
        if (verdict == VERDICT_UNKNOWN)
            job_names_doubt(engine, job);
        else
            job_names_settle(engine, job, false);
        job->reply = (struct reply){ .verdict = verdict, .index = UINT64_MAX };
        job->done(job);
    }
    if (!count)
        return;
    shed_note(engine, verdict == VERDICT_OVERLOADED || verdict == VERDICT_STOPPING ? SHED_QUEUE : SHED_STORAGE, count);
    if (engine->config.flushed)
        engine->config.flushed(engine->config.context);
}

/* Copies leaves of this batch, or of the store for a repeat of something older, into the job's arena. */
struct leaf_copy {
    struct arena *arena;
    struct str *leaves;
    size_t count;
};

static status leaf_keep(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct leaf_copy *copy = context;

    (void)index;
    (void)err;
    return arena_copy(copy->arena, leaf, &copy->leaves[copy->count++]);
}

/* `batch` NULL: from the store, whatever there is in batches. */
static status leaves_copy(struct engine *engine, const struct batch *batch, struct job *job, size_t count,
                          struct err *err)
{
    uint64_t index = job->reply.index;
    struct leaf_copy copy = { .arena = job->arena, .leaves = arena_new(job->arena, count, sizeof(struct str)) };
    struct store_range range = { .first = index, .max_count = count, .max_bytes = BATCH_MAX_BYTES };
    struct store_entry_visitor visitor = { leaf_keep, &copy };
    uint64_t next;

    if (!copy.leaves)
        return (status){ CODE_NO_MEMORY };
    if (!batch || index < batch->first) {
        TRY(store_entries_read(engine->reader, &range, &visitor, &next, err));
    } else {
        while (copy.count < count)
            TRY(leaf_keep(&copy, index, batch_leaf_text(batch, index + copy.count), err));
    }
    job->reply.leaves = copy.leaves;
    job->reply.leaf_count = copy.count;
    return copy.count == count ? OK : err_set(err, CODE_CORRUPT, "entry %llu is missing", (unsigned long long)index);
}

/*
 * A repeat is answered by all entries of the first answer's change, up to CHANGE_MAX_ENTRIES: the first of them tells
 * how many.
 */
static status repeat_copy(struct engine *engine, struct job *job, struct err *err)
{
    struct entry *entry = &engine->due_entry;

    TRY(leaves_copy(engine, NULL, job, 1, err));
    TRY(entry_decode(job->reply.leaves[0], entry, err));
    if (entry->has_change && entry->change_n > 1)
        TRY(leaves_copy(engine, NULL, job, entry->change_n, err));
    return OK;
}

static void answer_fill(struct engine *engine, const struct batch *batch, struct job *job)
{
    struct err err = { 0 };
    status s = OK;

    if (job->reply.outcome.kind == OUTCOME_REPEAT)
        s = repeat_copy(engine, job, &err);
    else if (job->reply.leaf_count)
        s = leaves_copy(engine, batch, job, job->reply.leaf_count, &err);
    if (s.code) { /* it is durable, but can't be told: say nothing rather than something else */
        log_write(LOG_ERROR, "engine", "an answer could not be put together: %s", err.text);
        job->reply.verdict = VERDICT_UNKNOWN;
    }
}

/* The job is somebody else's afterwards. */
static void answer_send(struct engine *engine, struct job *job)
{
    if (job->wants_receipt && job->reply.index != UINT64_MAX && job->reply.verdict == VERDICT_DONE)
        publisher_wait(engine->publisher, job, job->reply.index);
    else
        job->done(job);
}

/* In the order in which they came. A batch full of repeats of large changes would else hold up everybody for seconds.
 */
void repeats_answer(struct engine *engine)
{
    size_t rows = 0;
    struct job *job;

    if (!engine->repeats.count)
        return;
    while (rows < REPEAT_ROWS_MAX && (job = job_list_take(&engine->repeats))) {
        job->reply.leaf_count = 1;
        answer_fill(engine, NULL, job);
        rows += job->reply.leaf_count + 1;
        answer_send(engine, job);
    }
    if (engine->config.flushed)
        engine->config.flushed(engine->config.context);
}

/* Rights, and those who follow entries of that code. */
static void entry_tell(struct engine *engine, const struct batch *batch, uint64_t index, bool follows)
{
    struct err err = { 0 };

    if (entry_decode(batch_leaf_text(batch, index), &engine->due_entry, &err).code)
        return; /* can't be: this very process encoded it */
    if (batch->rights_changed && directory_update(engine->directory, &engine->facts, &engine->due_entry).code)
        log_write(LOG_ERROR, "engine", "no memory for a credential: it is not known until the next start");
    if (follows)
        engine->config.committed(engine->config.context, index, &engine->due_entry);
}

static bool follows_code(const struct engine_config *config, enum audit_code code)
{
    return config->committed && (unsigned)code < 64 && config->committed_codes >> code & 1;
}

/* What it repeats is durable: when it is answered does not matter to anybody else. */
static void repeat_wait(struct engine *engine, struct job *job)
{
    job->name_count = 0; /* they are settled */
    job_list_add(&engine->repeats, job);
}

/* What others learn of a durable batch: rights, followers, then the answers. `edge` is the log's behind it. */
static void batch_tell(struct engine *engine, struct batch *batch, const struct edge *edge)
{
    struct job *job;

    for (size_t i = 0; i < batch->count; i++) {
        bool follows = follows_code(&engine->config, batch->leaves[i].code);

        if (follows || batch->rights_changed)
            entry_tell(engine, batch, batch->first + i, follows);
    }
    while ((job = job_list_take(&batch->jobs))) {
        job_names_settle(engine, job, job_keeps_names(job));
        if (job->reply.outcome.kind == OUTCOME_REPEAT) {
            repeat_wait(engine, job);
            continue;
        }
        answer_fill(engine, batch, job);
        answer_send(engine, job);
    }
    repeats_answer(engine);
    if (engine->config.flushed)
        engine->config.flushed(engine->config.context);
    if (batch->jump_recorded)
        engine->jump = CLOCK_NONE;
    /* After the answers, so that it knows of the receipts that wait; also in a turn that wrote nothing. */
    if (publisher_wants(engine->publisher, edge->tree.size))
        publisher_offer(engine->publisher, edge);
}

/* But for size and time, what is counted here may be a batch ahead of what is durable. */
static void stats_update(struct engine *engine, const struct batch *batch, int64_t commit_us)
{
    struct engine_stats *stats = &engine->stats;

    pthread_mutex_lock(&engine->stats_mutex);
    stats->size = batch->first + batch->count;
    stats->commits += batch->count > 0;
    stats->commands += batch->jobs.count;
    stats->leases = engine->facts.leases.live;
    stats->licenses = engine->facts.licenses.live;
    stats->pools = engine->facts.pools.live;
    stats->tickets = engine->facts.tickets.live;
    if (batch->count)
        stats->newest_entry_ms = batch->store.head.time_ms;
    stats->commit_us_total += (uint64_t)commit_us;
    stats->clock_frozen = engine->facts.clock_frozen;
    pthread_mutex_unlock(&engine->stats_mutex);
}

/* What became of a commit. False: it did not happen, or nobody can tell. */
static bool commit_settle(struct engine *engine, struct batch *batch, status s, const struct err *err)
{
    if (!s.code)
        return true;
    log_write(LOG_ERROR, "engine", "a commit failed (%s): %s", status_name(s), err->text);
    return recover_commit(engine, batch);
}

bool commit_batch(struct engine *engine)
{
    struct batch *batch = &engine->batch;
    struct err err = { 0 };
    int64_t began_us = clock_running_us();
    status s = OK;

    assert(!engine->carrying);
    if (batch->count) {
        batch_close(batch, &engine->edge, &engine->facts);
        s = store_append(engine->store, &batch->store, &err);
    }
    if (!commit_settle(engine, batch, s, &err))
        return false;
    stats_update(engine, batch, clock_running_us() - began_us);
    vault_follow(engine);
    batch_tell(engine, batch, &engine->edge);
    return true;
}

/* Waits for the batch that is under way. True: it is durable, and to be told. */
static bool carried_end(struct engine *engine)
{
    struct err err = { 0 };
    int64_t spent_us = 0;
    status s = carrier_end(&engine->carrier, &spent_us, &err);

    engine->carrying = false;
    if (!commit_settle(engine, &engine->carried, s, &err))
        return false;
    stats_update(engine, &engine->carried, spent_us);
    return true;
}

bool commit_carried(struct engine *engine)
{
    if (!engine->carrying)
        return true;
    if (!carried_end(engine))
        return false;
    batch_tell(engine, &engine->carried, engine->carried.edge);
    return true;
}

/* Behind a batch that is under way the next one waits, half filled; without one nothing does. */
void commit_all(struct engine *engine)
{
    if (engine->carrying && commit_carried(engine) && (engine->batch.count || engine->batch.jobs.count))
        (void)commit_batch(engine);
}

/* The two batches change places: the filled one takes its way, and the one that was on it before is told meanwhile. */
static void carry(struct engine *engine)
{
    bool tell = engine->carrying;

    if (engine->carrying && !carried_end(engine))
        return;
    batch_close(&engine->batch, &engine->edge, &engine->facts);
    batch_keep_edge(&engine->batch, &engine->edge);
    batch_swap(&engine->batch, &engine->carried);
    carrier_take(&engine->carrier, &engine->carried.store);
    engine->carrying = true;
    if (tell)
        batch_tell(engine, &engine->batch, engine->batch.edge);
    batch_clear(&engine->batch, engine->facts.size);
}

/*
 * A batch that changes rights is told with facts that hold nothing that is not durable (engine/directory). A small one,
 * or one that nobody waits behind, is committed here, which wakes no thread.
 */
static bool pays(const struct engine *engine, bool more)
{
    const struct batch *batch = &engine->batch;

    return (more || engine->carrying) && batch->count && batch->jobs.count >= CARRIED_MIN_COMMANDS &&
           !batch->rights_changed;
}

void commit_turn(struct engine *engine, bool more)
{
    if (pays(engine, more))
        carry(engine);
    else if (commit_carried(engine))
        (void)commit_batch(engine);
}
