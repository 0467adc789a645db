/*
 * engine/retention: keys end when the ledger says so (P8): of a person with user.erased, of days with
 * vault.days_dropped.
 *
 * The entry comes first: it is durable before a key is dropped, so nobody is erased without a record, and what a crash
 * or a failing disk leaves undone is done at the next start, or a second later. Facts tell which keys may be, and what
 * facts do not allow is dropped whatever was put back into vault.keys.
 */
#include "base/log.h"
#include "engine/state.h"
#include "engine/vault_items.h"

#define TRY_AGAIN_MS 1000

/* ---- Whose text it is ---- */

static struct id person_of(const struct facts *facts, uint32_t place)
{
    const struct principal *principal = place == NONE ? NULL : principal_at(facts, place);

    return principal && principal->kind == ID_USER && !principal->erased ? principal->id : (struct id){ 0 };
}

/* Of those who hold the lease or token that is ended. */
static uint32_t owner_of(const struct facts *facts, const struct command *command)
{
    uint32_t place;

    switch (command->kind) {
    case COMMAND_LEASE_REVOKE:
        place = lease_find(facts, command->lease);
        return place == NONE ? NONE : lease_at(facts, place)->principal;
    case COMMAND_TOKEN_REVOKE:
        place = credential_find(facts, command->credential);
        return place == NONE ? NONE : credential_at(facts, place)->owner;
    case COMMAND_ROLE_CHANGE:
        return principal_find(facts, command->role_change.who.id);
    case COMMAND_USER_HOLD:
    case COMMAND_USER_RELEASE_HOLD:
        return principal_find(facts, command->user);
    default: /* why somebody was erased is the author's word: it stays */
        return NONE;
    }
}

struct id private_person(const struct facts *facts, const struct command *command)
{
    struct id person = person_of(facts, owner_of(facts, command));

    if (command->kind == COMMAND_USER_CREATE)
        return command->principal_create.id;
    return id_is_none(person) ? person_of(facts, principal_find(facts, command->actor.who.id)) : person;
}

/* ---- Dropping ---- */

static bool facts_keep(const void *context, const struct key_holder *holder)
{
    const struct facts *facts = context;

    switch (holder->kind) {
    case KEY_OF_PERSON:
        return !id_is_none(person_of(facts, principal_find(facts, holder->id)));
    case KEY_OF_DAY:
        return (int64_t)holder->id.lo * VAULT_DAY_MS >= facts->texts_kept_from_ms;
    default:
        return true;
    }
}

static void drop_failed(struct engine *engine, const struct err *err)
{
    log_write(LOG_ERROR, "vault", "a key that is to be dropped is still there, and will be tried again: %s", err->text);
    engine->keys_to_drop = true;
}

static void keys_drop(struct engine *engine)
{
    struct vault_judge judge = { facts_keep, &engine->facts };
    struct err err = { 0 };

    engine->keys_to_drop = false;
    engine->drop_tried_ms = clock_read().running_ms;
    if (vault_retain(engine->vault, &judge, &err).code)
        drop_failed(engine, &err);
}

/* An entry of this batch that ends a key, and with it the names under it. */
static void follow(struct engine *engine, uint64_t index, enum audit_code code)
{
    struct id user;
    struct err err = { 0 };

    if (code == AUDIT_VAULT_DAYS_DROPPED) {
        keys_drop(engine);
        names_forget_days(engine->names, vault_day_of(engine->facts.texts_kept_from_ms));
        return;
    }
    if (entry_decode(batch_leaf_text(&engine->batch, index), &engine->due_entry, &err).code)
        return; /* can't be: this very process encoded it */
    user = engine->due_entry.on[ON_USER].id;
    if (vault_drop_person(engine->vault, user, &err).code)
        drop_failed(engine, &err);
    names_forget_user(engine->names, user);
}

void vault_follow(struct engine *engine)
{
    for (size_t i = 0; i < engine->batch.count; i++) {
        enum audit_code code = engine->batch.leaves[i].code;

        if (code == AUDIT_USER_ERASED || code == AUDIT_VAULT_DAYS_DROPPED)
            follow(engine, engine->batch.first + i, code);
    }
}

/* ---- From the start ---- */

static uint32_t keep_days(const struct engine *engine)
{
    int64_t days = engine->config.vault_keep_days;

    return days < 0 ? 0 : (uint32_t)(days ? days : VAULT_KEEP_DAYS);
}

status vault_start(struct engine *engine, struct err *err)
{
    int64_t wall_ms = clock_read().wall_ms;
    int64_t now_ms = wall_ms > engine->facts.time_ms ? wall_ms : engine->facts.time_ms;
    struct vault_judge judge = { facts_keep, &engine->facts };
    status s = vault_open(engine_keys_dir(engine), engine->facts.self.id, now_ms, &engine->vault, err);

    if (s.code == CODE_NOT_FOUND)
        return OK; /* engine_start refuses; who only looks or carries over need not know names */
    TRY(s);
    return vault_retain(engine->vault, &judge, err);
}

status vault_require(const struct engine *engine, struct err *err)
{
    if (engine->vault)
        return OK;
    return err_set(err, CODE_CONFLICT,
                   "%s has no vault.keys, the keys of names and private texts: put it or a backup of it there, or make "
                   "new ones with `tally keys renew` when they are lost",
                   engine_keys_dir(engine));
}

static status name_open(void *context, const struct store_alias *stored, struct arena *arena, struct name_new *ret_name,
                        struct err *err)
{
    status s = vault_unseal_name(context, stored, arena, ret_name, err);

    if (s.code == CODE_CORRUPT) { /* the licences do not wait for a name */
        log_write(LOG_ERROR, "vault", "%s", err->text);
        return (status){ CODE_NOT_FOUND };
    }
    return s;
}

status vault_names_load(struct engine *engine, struct err *err)
{
    struct name_opener opener = { name_open, engine->vault };

    if (!engine->vault)
        return OK;
    return names_load(engine->names, engine->reader, &opener, err);
}

/* ---- While it runs ---- */

/* Under a legal hold nothing ends: whoever is held may have written on any day. */
static bool a_hold_stands(const struct facts *facts)
{
    for (uint32_t place = 0; place < facts->principals.used; place++) {
        if (principal_at(facts, place)->hold)
            return true;
    }
    return false;
}

/* Once a day. While nobody knows what day it is (P7), nothing ends for its age. */
static void days_turn(struct engine *engine)
{
    struct command command = system_command(engine, AUDIT_VAULT_DAYS_DROPPED);
    uint32_t today = vault_day_of(engine->clock.now_ms);
    uint32_t days = keep_days(engine);

    if (today == engine->retention_day || engine->facts.clock_frozen)
        return;
    engine->retention_day = today;
    vault_copies_end(engine_keys_dir(engine), engine->facts.self.id, engine->clock.now_ms);
    if (!days || today <= days || vault_first_day(engine->vault) >= today - days || a_hold_stands(&engine->facts))
        return;
    command.system.numbers[0] = (int64_t)(today - days) * VAULT_DAY_MS;
    if (!system_write(engine, &command))
        engine->retention_day = 0;
}

void retention_turn(struct engine *engine)
{
    if (engine->broken || engine->writing >= WRITING_NOTHING)
        return;
    if (engine->keys_to_drop && clock_read().running_ms - engine->drop_tried_ms >= TRY_AGAIN_MS)
        keys_drop(engine);
    days_turn(engine);
}
