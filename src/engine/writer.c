/*
 * engine/writer: the turn of the engine's thread: time, what is due, the commands that wait, what that made due,
 * roll-ups; then the commit and the answers. Nothing here waits for a disk or a network but the commit.
 *
 * While a batch is on its way to the disk, turns go on filling the next one until that is full or the way is free.
 */
#include <assert.h>

#include "base/log.h"
#include "base/memory.h"
#include "core/facts_edit.h"
#include "engine/state.h"

#define TURN_MS        100 /* the longest a quiet engine sleeps: what is due is at most this late */
#define PAUSE_EVERY_MS 1000
/*
 * What is due comes before the commands of its turn. When a million seats end at once, commands are served between
 * them: the heartbeats of all others wait in the same queue, and their leases must not end for that.
 */
#define DUE_FIRST_MAX (BATCH_MAX_ENTRIES / 4)

struct command system_command(const struct engine *engine, enum audit_code code)
{
    struct command command = { .kind = COMMAND_SYSTEM, .actor = engine->system };

    command.system.code = code;
    return command;
}

static struct decide_context decide_context_of(struct engine *engine)
{
    return (struct decide_context){
        .facts = &engine->facts, .floods = &engine->floods, .entropy = &engine->entropy, .now_ms = engine->clock.now_ms
    };
}

/* Applies the draft's entries in their order. */
static status draft_append(struct engine *engine, struct err *err)
{
    for (size_t i = 0; i < engine->draft.count; i++)
        TRY(batch_append(&engine->batch, &engine->facts, &engine->edge, &engine->draft.entries[i], err));
    return OK;
}

status writer_append_system(struct engine *engine, const struct command *command, struct err *err)
{
    struct decide_context context = decide_context_of(engine);
    struct outcome outcome = { 0 };

    TRY(decide(&context, command, &engine->draft, &outcome));
    return draft_append(engine, err);
}

/* Without memory for a place to wait nobody can tell when it is counted: nothing is said. */
static void flood_wait(struct engine *engine, struct job *job)
{
    if (!flood_waits_add(&engine->flood_waits, &job->reply.outcome.flood, job).code)
        return;
    job->reply.verdict = VERDICT_UNKNOWN;
    job_list_add(&engine->batch.jobs, job);
}

/* The roll-up's entry, the next one of the batch, answers everybody who waited for it. */
static void flood_answer(struct engine *engine, const struct flood_key *key)
{
    struct job_list jobs = flood_waits_end(&engine->flood_waits, key);
    struct job *job;

    while ((job = job_list_take(&jobs))) {
        job->reply.index = engine->batch.first + engine->batch.count;
        job->reply.leaf_count = 1;
        job_list_add(&engine->batch.jobs, job);
    }
}

bool job_keeps_names(const struct job *job)
{
    if (job->command.dry_run || job->reply.verdict != VERDICT_DONE)
        return false;
    return job->reply.outcome.kind == OUTCOME_ENTRY ||
           (job->reply.outcome.kind == OUTCOME_PROBLEM && job->command.kind == COMMAND_AUTH_FAILED);
}

/* What a dry run would write, as text without the chains' links. */
static status would_copy(struct engine *engine, struct job *job)
{
    AUTO(struct buf, buf_free) text = { .max = ENTRY_MAX_BYTES };
    struct str *would = arena_new(job->arena, engine->draft.count + 1, sizeof(*would));

    if (!would)
        return (status){ CODE_NO_MEMORY };
    for (size_t i = 0; i < engine->draft.count; i++) {
        buf_clear(&text);
        TRY(entry_encode(&engine->draft.entries[i], &text));
        TRY(arena_copy(job->arena, buf_str(&text), &would[i]));
    }
    job->reply.would = would;
    job->reply.would_count = engine->draft.count;
    return OK;
}

/* Nothing is applied for a dry run: one that finds no memory fails alone. */
static void would_keep(struct engine *engine, struct job *job)
{
    if (would_copy(engine, job).code)
        job->reply.verdict = VERDICT_READ_ONLY;
    job_list_add(&engine->batch.jobs, job);
}

/* ---- Names that nobody knew ---- */

static bool brings(struct engine *engine, const struct name_new *name)
{
    return names_is_new(engine->names, name->id, engine->batch.number);
}

/* The users and hosts that this job would bring into the register, for its author's quota. */
static int64_t new_names_of(struct engine *engine, const struct job *job)
{
    int64_t count = 0;

    for (int i = 0; i < job->name_count; i++) {
        if (job->names[i].kind == NAME_ALIAS_USER || job->names[i].kind == NAME_ALIAS_HOST)
            count += brings(engine, &job->names[i]);
    }
    return count;
}

static const struct bucket_rule networks_rule = { NETWORK_NAMES_MAX, NETWORK_NAME_EVERY_US };

/*
 * Whoever fails with a credential is nobody's principal, and may come from very many networks: beyond a rate for all
 * of them together a new one is not remembered, and its failures count as those of no network.
 */
static void network_hold(struct engine *engine, struct job *job)
{
    if (job->command.kind != COMMAND_AUTH_FAILED || !job->name_count || !brings(engine, &job->names[0]) ||
        bucket_has(&engine->networks, &networks_rule, 1, engine->clock.now_ms))
        return;
    names_settle(engine->names, &job->names[0], false);
    job->name_count = 0;
    job->command.src = (struct id){ 0 };
}

/* Of a job that was decided, before its names are the batch's. */
static void network_take(struct engine *engine, const struct job *job)
{
    if (job->command.kind == COMMAND_AUTH_FAILED && job->name_count && brings(engine, &job->names[0]))
        bucket_take(&engine->networks, &networks_rule, 1, engine->clock.now_ms);
}

/* The job is the batch's from the start: when its entries can't be applied, it is answered with the others. */
static status job_append(struct engine *engine, struct job *job, struct err *err)
{
    struct sealer sealer = { engine->vault, engine->names, &engine->entropy, engine->clock.now_ms, { 0 } };

    job_list_add(&engine->batch.jobs, job);
    job->reply.index = UINT64_MAX;
    job->reply.leaf_count = engine->draft.count;
    if (job->command.has_private) /* before what it ends is gone */
        sealer.person = private_person(&engine->facts, &job->command);
    if (engine->draft.count) {
        job->reply.index = engine->batch.first + engine->batch.count;
        TRY(draft_append(engine, err));
        if (!job_keeps_names(job))
            return OK;
        network_take(engine, job);
        TRY(batch_keep_private(&engine->batch, &sealer, job, job->reply.index));
    } else if (job->reply.outcome.kind == OUTCOME_REPEAT || job->reply.outcome.kind == OUTCOME_ENDED) {
        job->reply.index = job->reply.outcome.index;
    }
    return OK;
}

/* By how much time moves when the wall clock is believed again: never back. */
static int64_t clock_gap_ms(const struct engine *engine)
{
    int64_t gap_ms = clock_read().wall_ms - engine->clock.now_ms;

    return gap_ms > 0 ? gap_ms : 0;
}

static int64_t copies_lapse_ms(const struct engine *engine)
{
    int64_t days = engine->config.key_backup_days ? engine->config.key_backup_days : KEY_BACKUP_DAYS;

    return engine->clock.now_ms + days * VAULT_DAY_MS;
}

/* Decides one job. A failure here means that facts may be half-changed: the batch is dropped (engine/recover). */
status writer_decide(struct engine *engine, struct job *job, struct err *err)
{
    struct decide_context context = decide_context_of(engine);
    status s;

    arena_reset(&engine->draft_names);
    job->reply = (struct reply){ .verdict = VERDICT_DONE, .index = UINT64_MAX };
    network_hold(engine, job);
    job->command.new_names = new_names_of(engine, job);
    if (job->command.kind == COMMAND_CLOCK_CONFIRM) /* only this thread knows by how much time is to move */
        job->command.jump_ms = clock_gap_ms(engine);
    if (job->command.kind == COMMAND_KEYS_COPY)
        job->command.lapses_ms = copies_lapse_ms(engine);
    s = decide(&context, &job->command, &engine->draft, &job->reply.outcome);
    if (s.code) { /* nothing was applied for it yet: only this job fails */
        job->reply.verdict = VERDICT_READ_ONLY;
        job_list_add(&engine->batch.jobs, job);
        return OK;
    }
    if (job->reply.outcome.kind == OUTCOME_FLOOD) {
        flood_wait(engine, job);
        return OK;
    }
    if (!draft_is_written(&job->command, &job->reply.outcome)) {
        would_keep(engine, job);
        return OK;
    }
    return job_append(engine, job, err);
}

/* At most so many entries of what is due. */
static status due_append(struct engine *engine, size_t most, struct err *err)
{
    size_t end = engine->batch.count + most;

    while (engine->writing < WRITING_NOTHING && engine->batch.count < end && batch_has_room(&engine->batch) &&
           due_next(&engine->facts, &engine->entropy, engine->clock.now_ms, &engine->system, &engine->due_entry))
        TRY(batch_append(&engine->batch, &engine->facts, &engine->edge, &engine->due_entry, err));
    return OK;
}

status writer_due(struct engine *engine, struct err *err)
{
    return due_append(engine, BATCH_MAX_ENTRIES, err);
}

status writer_roll_up(struct engine *engine, bool all, struct err *err)
{
    struct flood_key key;

    while (batch_has_room(&engine->batch) &&
           flood_roll_up(&engine->floods, engine->clock.now_ms, all, &engine->due_entry, &key)) {
        engine->due_entry.id = id_new(&engine->entropy, engine->clock.now_ms);
        flood_answer(engine, &key);
        TRY(batch_append(&engine->batch, &engine->facts, &engine->edge, &engine->due_entry, err));
    }
    return OK;
}

static status jobs_decide(struct engine *engine, struct job_list *jobs, struct err *err)
{
    struct job *job;

    while (batch_has_room(&engine->batch) && (job = job_list_take(jobs))) {
        if (!writing_allows(engine->writing, job->command.kind)) {
            struct job_list refused = { 0 };

            job_list_add(&refused, job);
            jobs_refuse(engine, &refused, VERDICT_READ_ONLY);
            continue;
        }
        TRY(writer_decide(engine, job, err));
    }
    return OK;
}

status writer_append_jump(struct engine *engine, struct err *err)
{
    struct command command = system_command(engine, AUDIT_CLOCK_JUMPED);

    engine->batch.jump_recorded = engine->jump != CLOCK_NONE;
    if (engine->jump == CLOCK_NONE || engine->facts.clock_frozen)
        return OK;
    command.system.numbers[0] = engine->jump == CLOCK_JUMPED_FORWARD ? REASON_FORWARD : REASON_BACK;
    command.system.numbers[1] = engine->clock.jump_ms;
    return writer_append_system(engine, &command, err);
}

status writer_append_refusal(struct engine *engine, struct err *err)
{
    struct command command = system_command(engine, AUDIT_SNAPSHOT_REFUSED);

    if (!engine->refusal.happened)
        return OK;
    command.system.numbers[0] = (int64_t)engine->refusal.size;
    memcpy(command.system.hash, engine->refusal.hash.bytes, sizeof(command.system.hash));
    return writer_append_system(engine, &command, err);
}

/* P7: a jump is an alarm, and an entry: it stays to be recorded until that is durable. */
void writer_clock(struct engine *engine)
{
    enum clock_event event = clockwork_turn(&engine->clock, clock_read());

    atomic_store(&engine->now_ms, engine->clock.now_ms);
    if (event != CLOCK_NONE) {
        log_write(LOG_ERROR, "engine", "the clock jumped by %lld ms; expiry is frozen until `tally clock confirm`",
                  (long long)engine->clock.jump_ms);
        engine->jump = event;
    }
}

/* clock.confirmed was decided on the frozen time; from now on the wall clock counts again. */
static void clock_follow_facts(struct engine *engine)
{
    if (!engine->clock.frozen || engine->facts.clock_frozen)
        return;
    clockwork_confirm(&engine->clock, clock_read());
    facts_pulses_start(&engine->facts, engine->clock.now_ms);
    atomic_store(&engine->now_ms, engine->clock.now_ms);
}

/* A pool that waited for grants is looked at again when they go on. */
static void grants_turn(struct engine *engine)
{
    bool stopped = engine->writing >= WRITING_NO_GRANTS;
    bool go_on = engine->facts.grants_stopped && !stopped;

    engine->facts.grants_stopped = stopped;
    for (uint32_t place = 0; go_on && place < engine->facts.pools.used; place++) {
        if (pool_at(&engine->facts, place)->queued)
            pool_mark_due(&engine->facts, place);
    }
}

static status batch_fill(struct engine *engine, struct job_list *jobs, struct err *err)
{
    writer_clock(engine);
    grants_turn(engine);
    TRY(writer_append_jump(engine, err));
    TRY(due_append(engine, DUE_FIRST_MAX, err));
    TRY(jobs_decide(engine, jobs, err));
    TRY(writer_due(engine, err));
    TRY(writer_roll_up(engine, queue_is_closed(&engine->queue) || engine->flood_waits.jobs > QUEUE_MAX_COMMANDS, err));
    return vault_sync(engine->vault, err); /* no text is durable before its key */
}

/* One turn: everything in `jobs` that has room goes into one commit. */
static void turn(struct engine *engine, struct job_list *jobs)
{
    struct err err = { 0 };
    status s;

    if (!engine->carrying)
        batch_clear(&engine->batch, engine->facts.size);
    s = batch_fill(engine, jobs, &err);
    if (s.code) {
        log_write(LOG_ERROR, "engine", "a batch was given up: %s", err.text[0] ? err.text : status_name(s));
        if (commit_carried(engine))
            (void)recover_commit(engine, &engine->batch);
    } else if (!engine->carrying || !batch_has_room(&engine->batch) || !carrier_is_busy(&engine->carrier)) {
        commit_turn(engine, jobs->count > 0 || queue_length(&engine->queue) > 0);
    }
}

/* What is done between batches, and at least once a second however many there are. */
static void pause(struct engine *engine)
{
    if (engine->carrying && engine->clock.now_ms - engine->paused_ms < PAUSE_EVERY_MS)
        return;
    commit_all(engine);
    engine->paused_ms = engine->clock.now_ms;
    clock_follow_facts(engine);
    recover_turn(engine);
    housekeeping_turn(engine);
    retention_turn(engine);
    snapshot_turn(engine);
}

/* The last turn had no room for everything. */
static bool more_is_due(const struct engine *engine)
{
    return engine->writing < WRITING_NOTHING && (!batch_has_room(&engine->batch) || engine->repeats.count);
}

void *writer_run(void *argument)
{
    struct engine *engine = argument;
    struct job_list jobs = { 0 };
    bool last = false;

    while (!last) {
        last = queue_is_closed(&engine->queue) && jobs.count == 0 && queue_length(&engine->queue) == 0 &&
               engine->flood_waits.jobs == 0 && engine->repeats.count == 0;
        if (!jobs.count)
            jobs = queue_take(&engine->queue, engine->carrying ? CARRIED_MIN_COMMANDS : 1,
                              last || more_is_due(engine) ? 0 : TURN_MS);
        if (engine->writing == WRITING_NOTHING)
            jobs_refuse(engine, &jobs, VERDICT_READ_ONLY);
        else
            turn(engine, &jobs);
        pause(engine);
    }
    commit_all(engine); /* the last turn may have left its batch behind one that was under way */
    while (engine->repeats.count)
        repeats_answer(engine);
    return NULL;
}
