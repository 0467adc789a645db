/*
 * engine/housekeeping: what the engine writes about itself: that it is alive (hourly, so that coverage has no silent
 * gap), what it had to turn away, and how full the disk is.
 */
#include <string.h>

#include "base/log.h"
#include "engine/state.h"
#include "store/space.h"

enum {
    ALIVE_EVERY_MS = 3600 * 1000,
    SHED_EVERY_MS = 1000,
    DISK_EVERY_MS = 1000,
};

bool writing_allows(enum writing writing, enum command_kind kind)
{
    switch (writing) {
    case WRITING_ALL:
        return true;
    case WRITING_NO_GRANTS:
        /* A claim is a grant, too; its offer keeps until grants go on (core/due). */
        return kind != COMMAND_LEASE_CREATE && kind != COMMAND_TICKET_CLAIM && kind != COMMAND_OBSERVE_OUT;
    case WRITING_GIVE_BACK:
        return kind == COMMAND_LEASE_RELEASE || kind == COMMAND_LEASE_REVOKE || kind == COMMAND_LICENSE_REVOKE ||
               kind == COMMAND_TICKET_CANCEL || kind == COMMAND_TOKEN_REVOKE || kind == COMMAND_USER_ERASE ||
               kind == COMMAND_VIEW;
    default:
        return false;
    }
}

void shed_note(struct engine *engine, enum shed_cause cause, uint64_t count)
{
    struct shed *shed = &engine->sheds[cause];
    int64_t now_ms = atomic_load(&engine->now_ms);

    pthread_mutex_lock(&engine->stats_mutex);
    if (!shed->count)
        shed->first_ms = now_ms;
    shed->count += count;
    shed->last_ms = now_ms;
    pthread_mutex_unlock(&engine->stats_mutex);
}

static struct shed shed_take(struct engine *engine, enum shed_cause cause)
{
    struct shed taken;

    pthread_mutex_lock(&engine->stats_mutex);
    taken = engine->sheds[cause];
    engine->sheds[cause].count = 0;
    pthread_mutex_unlock(&engine->stats_mutex);
    return taken;
}

/* What could not be recorded is still to be counted, with what has come since. */
static void shed_put_back(struct engine *engine, enum shed_cause cause, const struct shed *taken)
{
    struct shed *shed = &engine->sheds[cause];

    pthread_mutex_lock(&engine->stats_mutex);
    if (!shed->count)
        shed->last_ms = taken->last_ms;
    shed->first_ms = taken->first_ms;
    shed->count += taken->count;
    pthread_mutex_unlock(&engine->stats_mutex);
}

bool system_write(struct engine *engine, const struct command *command)
{
    struct err err = { 0 };
    status s;

    if (engine->broken || engine->writing >= WRITING_GIVE_BACK)
        return false; /* a turn before this one found out */
    batch_clear(&engine->batch, engine->facts.size);
    s = writer_append_system(engine, command, &err);
    return s.code ? recover_commit(engine, &engine->batch) : commit_batch(engine);
}

static void shed_write_one(struct engine *engine, enum shed_cause cause)
{
    static const enum reason reasons[SHED_CAUSES] = { REASON_QUEUE_FULL, REASON_STORAGE };
    struct command command = system_command(engine, AUDIT_LOAD_SHED);
    struct shed shed = shed_take(engine, cause);

    if (!shed.count)
        return;
    command.system.numbers[0] = (int64_t)shed.count;
    command.system.numbers[1] = shed.first_ms;
    command.system.numbers[2] = shed.last_ms;
    command.system.numbers[3] = reasons[cause];
    if (!system_write(engine, &command))
        shed_put_back(engine, cause, &shed);
}

void shed_write(struct engine *engine)
{
    engine->shed_ms = engine->clock.now_ms;
    for (int cause = 0; cause < SHED_CAUSES; cause++)
        shed_write_one(engine, (enum shed_cause)cause);
}

static void shed_turn(struct engine *engine)
{
    if (engine->clock.now_ms - engine->shed_ms >= SHED_EVERY_MS)
        shed_write(engine);
}

static void alive_turn(struct engine *engine)
{
    struct command command = system_command(engine, AUDIT_SERVER_ALIVE);

    if (engine->clock.now_ms - engine->alive_ms < ALIVE_EVERY_MS)
        return;
    engine->alive_ms = engine->clock.now_ms;
    (void)system_write(engine, &command);
}

/* Grants stop while there is still room for everything else. */
static void grants_turn(struct engine *engine, const struct space *space)
{
    if (engine->writing == WRITING_ALL && space->free_bytes < GRANTS_STOP_BYTES) {
        log_write(LOG_ERROR, "engine", "%llu bytes are left on the disk: seats are not granted",
                  (unsigned long long)space->free_bytes);
        engine->writing = WRITING_NO_GRANTS;
    } else if (engine->writing == WRITING_NO_GRANTS && space->free_bytes >= 2 * GRANTS_STOP_BYTES) {
        log_write(LOG_INFO, "engine", "room on the disk again: seats are granted");
        engine->writing = WRITING_ALL;
    }
}

static void disk_turn(struct engine *engine)
{
    int64_t running_ms = clock_read().running_ms;
    struct command command = system_command(engine, AUDIT_STORAGE_LOW);
    struct space space;
    int warning;

    if (running_ms - engine->disk_read_ms < DISK_EVERY_MS || space_read(engine->dir, &space, NULL).code)
        return;
    engine->disk_read_ms = running_ms;
    grants_turn(engine, &space);
    warning = (int)space_warning(&space);
    pthread_mutex_lock(&engine->stats_mutex);
    engine->stats.disk_used_percent = space_used_percent(&space);
    engine->stats.grants_stopped = engine->writing >= WRITING_NO_GRANTS;
    pthread_mutex_unlock(&engine->stats_mutex);
    if (warning > engine->disk_warning) {
        command.system.numbers[0] = space_used_percent(&space);
        (void)system_write(engine, &command);
    }
    engine->disk_warning = warning;
}

/* P3: the signer will have none of this ledger. Recording goes on, and this is recorded first, once. */
static void signing_turn(struct engine *engine)
{
    struct command command = system_command(engine, AUDIT_SIGNING_REFUSED);
    struct tree_head last;

    if (engine->refusal_recorded || !publisher_is_refused(engine->publisher))
        return;
    last = signer_client_head(publisher_signer(engine->publisher));
    command.system.numbers[0] = (int64_t)last.size;
    memcpy(command.system.hash, last.root.bytes, sizeof(command.system.hash));
    engine->refusal_recorded = system_write(engine, &command);
}

void housekeeping_turn(struct engine *engine)
{
    if (engine->broken || engine->writing >= WRITING_GIVE_BACK)
        return;
    signing_turn(engine);
    shed_turn(engine);
    alive_turn(engine);
    disk_turn(engine);
}
