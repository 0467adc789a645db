/*
 * engine/recover: what happens after a commit that failed or a batch that could not be applied. A failed commit is
 * *unknown*: the store is reopened and looked at. The batch is there: the answers are true and are given. It is not:
 * the facts are dropped and built anew from the store, and everybody is told that nothing happened. It can't be told:
 * the connections are closed without a word, and the engine stays read-only until it can (DESIGN section 2).
 */
#include <unistd.h>

#include "base/log.h"
#include "engine/state.h"
#include "store/space.h"

enum {
    SETTLE_TRIES = 20, /* then the held answers are given up as unknown */
    SETTLE_PAUSE_MS = 100,
    BALLAST_BACK_FACTOR = 2,           /* room for two ballasts before one is made again */
    COME_BACK_BYTES = 4 * 1024 * 1024, /* a writer's start and its log pages */
};

/* Jobs that arrive while the store is not settled are refused, so that nobody waits for a broken disk. */
static void queue_refuse(struct engine *engine, int64_t wait_ms)
{
    struct job_list jobs = queue_take(&engine->queue, 1, wait_ms);

    jobs_refuse(engine, &jobs, VERDICT_READ_ONLY);
}

static void writing_set(struct engine *engine, enum writing writing)
{
    if (engine->writing != writing)
        log_write(writing == WRITING_ALL ? LOG_INFO : LOG_ERROR, "engine", "%s",
                  writing == WRITING_ALL         ? "writing again"
                  : writing == WRITING_NO_GRANTS ? "little room on the disk: seats are not granted"
                  : writing == WRITING_GIVE_BACK ? "the disk was full: seats are only given back"
                                                 : "read-only until the store is settled");
    engine->writing = writing;
    pthread_mutex_lock(&engine->stats_mutex);
    engine->stats.read_only = writing >= WRITING_GIVE_BACK;
    engine->stats.grants_stopped = writing >= WRITING_NO_GRANTS;
    pthread_mutex_unlock(&engine->stats_mutex);
}

/* A writer's start and its log pages find room; a file system that can't be asked is taken to have some. */
static bool there_is_room(const struct engine *engine)
{
    struct space space;

    return space_read(engine->dir, &space, NULL).code || space.free_bytes >= COME_BACK_BYTES;
}

/*
 * Reopens the store. A full disk gives up its ballast: where it is seen to be full, since a commit that failed does not
 * say why, or where reopening says so.
 */
static status store_settle(struct engine *engine, struct store_head *ret_head, struct err *err)
{
    status s;

    if (!there_is_room(engine))
        TRY(ballast_free(engine->dir, err));
    s = store_reopen(engine->store, ret_head, err);
    if (s.code == CODE_DISK_FULL && ballast_is_there(engine->dir)) {
        TRY(ballast_free(engine->dir, err));
        s = store_reopen(engine->store, ret_head, err);
    }
    return s;
}

/* While the ballast is gone, its room is for giving back. */
static enum writing writing_now(const struct engine *engine)
{
    return ballast_is_there(engine->dir) ? WRITING_ALL : WRITING_GIVE_BACK;
}

/*
 * Facts, edge and pulses from the store; a new writer's epoch begins, as after a restart. It begins now: time may have
 * stood still for as long as nothing could be written, and nobody's silence in it counts (P4).
 */
static status rebuild(struct engine *engine, struct err *err)
{
    struct command command = system_command(engine, AUDIT_WRITER_STARTED);

    TRY(replay_all(engine, err));
    TRY(vault_names_load(engine, err));
    writer_clock(engine);
    batch_clear(&engine->batch, engine->facts.size);
    command.system.numbers[0] = (int64_t)engine->facts.epoch + 1;
    TRY(writer_append_system(engine, &command, err));
    TRY(writer_append_refusal(engine, err));
    TRY(writer_append_jump(engine, err));
    batch_close(&engine->batch, &engine->edge, &engine->facts);
    TRY(store_append(engine->store, &engine->batch.store, err));
    engine->jump = CLOCK_NONE;
    return OK;
}

/* One try to come back: settle the store, rebuild the facts. */
static status come_back(struct engine *engine, struct err *err)
{
    struct store_head head;

    TRY(store_settle(engine, &head, err));
    return rebuild(engine, err);
}

/*
 * The held jobs of a batch that did not happen, those that waited for its roll-ups, and those of what was decided after
 * it: that never was on its way to the store.
 */
static void batch_refuse(struct engine *engine, struct batch *batch, enum verdict verdict)
{
    struct job_list waiting = flood_waits_end_all(&engine->flood_waits);

    jobs_refuse(engine, &waiting, verdict);
    jobs_refuse(engine, &engine->repeats, VERDICT_READ_ONLY); /* they did nothing, whatever became of the batch */
    floods_clear(&engine->floods);
    jobs_refuse(engine, &batch->jobs, verdict);
    if (batch != &engine->batch)
        jobs_refuse(engine, &engine->batch.jobs, VERDICT_READ_ONLY);
}

/* Whether the store holds exactly this batch: the size and the root after it. One that was given up is not in. */
static bool batch_is_in(const struct batch *batch, const struct store_head *head)
{
    return batch->store.entry_count && head->size == batch->store.head.size &&
           hash_eq(&head->root, &batch->store.head.root);
}

bool recover_commit(struct engine *engine, struct batch *batch)
{
    struct store_head head = { 0 };
    struct err err = { 0 };
    status s = OK;

    pthread_mutex_lock(&engine->stats_mutex);
    engine->stats.failed_commits++;
    pthread_mutex_unlock(&engine->stats_mutex);
    writing_set(engine, WRITING_NOTHING);
    for (int i = 0; i < SETTLE_TRIES; i++) {
        s = store_settle(engine, &head, &err);
        if (!s.code)
            break;
        queue_refuse(engine, SETTLE_PAUSE_MS);
    }
    if (!s.code && batch_is_in(batch, &head)) {
        writing_set(engine, writing_now(engine));
        return true;
    }
    batch_refuse(engine, batch, s.code || head.size > batch->first ? VERDICT_UNKNOWN : VERDICT_READ_ONLY);
    if (!s.code && head.size != batch->first) {
        log_write(LOG_ERROR, "engine", "%s; this writer stops",
                  head.size > batch->first ? "another writer has written to this ledger"
                                           : "the store has lost entries that were durable");
        engine->broken = true;
    }
    batch_clear(&engine->batch, engine->facts.size);
    if (!s.code && !engine->broken && !(s = rebuild(engine, &err)).code)
        writing_set(engine, writing_now(engine));
    else
        log_write(LOG_ERROR, "engine", "the ledger is read-only: %s", err.text[0] ? err.text : status_name(s));
    return false;
}

/* Room again: make a new ballast, then write everything. */
static void room_look(struct engine *engine)
{
    struct space space;
    struct err err = { 0 };

    if (space_read(engine->dir, &space, &err).code)
        return;
    if (!ballast_is_there(engine->dir)) {
        if (space.free_bytes < (uint64_t)BALLAST_BACK_FACTOR * BALLAST_BYTES || ballast_create(engine->dir, &err).code)
            return;
    }
    if (engine->writing == WRITING_GIVE_BACK)
        writing_set(engine, WRITING_ALL);
}

/* Coming back replays the tail: not worth a try while the disk has no room for even a little. */
static bool may_come_back(const struct engine *engine)
{
    return ballast_is_there(engine->dir) || there_is_room(engine);
}

void recover_turn(struct engine *engine)
{
    struct err err = { 0 };

    /* The checkpointer's failure is found by the next commit; where nobody writes, readers would wait for that. */
    if (engine->writing < WRITING_NOTHING && !store_is_ready(engine->store))
        writing_set(engine, WRITING_NOTHING);
    if (engine->writing == WRITING_NOTHING && !engine->broken) {
        status s = may_come_back(engine) ? come_back(engine, &err) : (status){ CODE_DISK_FULL };

        if (!s.code)
            writing_set(engine, writing_now(engine));
        else
            queue_refuse(engine, SETTLE_PAUSE_MS);
    }
    if (engine->writing == WRITING_GIVE_BACK)
        room_look(engine);
}
