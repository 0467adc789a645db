/*
 * core/decide_server: what the server says about itself, and what its operators do to it. Only a principal of the
 * installation may do these: they concern every organisation.
 */
#include <assert.h>

#include "core/deciders.h"

/* Where a member of a COMMAND_SYSTEM entry comes from. */
enum system_source { FROM_NOTHING, FROM_NUMBER, FROM_HASH, FROM_TEXT };

struct system_member {
    enum system_source from;
    enum data_field field;
    uint8_t at; /* in command.system.numbers or .texts */
};

#define NUMBER(field, at)                                                                                              \
    {                                                                                                                  \
        FROM_NUMBER, DATA_##field, at                                                                                  \
    }
#define TEXT(field, at)                                                                                                \
    {                                                                                                                  \
        FROM_TEXT, DATA_##field, at                                                                                    \
    }
#define DIGEST(field)                                                                                                  \
    {                                                                                                                  \
        FROM_HASH, DATA_##field, 0                                                                                     \
    }

#define SYSTEM_MEMBERS_MAX 4

/* The codes that COMMAND_SYSTEM may write, with the meaning of its numbers, hash and texts for each. */
static const struct system_row {
    bool allowed;
    struct system_member members[SYSTEM_MEMBERS_MAX];
} system_rows[AUDIT_COUNT] = {
    [AUDIT_LEDGER_CREATED] = { true,
                               { TEXT(ORIGIN, 0), TEXT(VKEY, 1),
                                 TEXT(VERSION, 2) } }, /* "on": the author, as the service */
    [AUDIT_SERVER_STARTED] = { true, { TEXT(VERSION, 0) } },
    [AUDIT_SERVER_STOPPED] = { true, { NUMBER(REASON, 0) } },
    [AUDIT_SERVER_ALIVE] = { true, { { FROM_NOTHING, 0, 0 } } },
    [AUDIT_WRITER_STARTED] = { true, { NUMBER(EPOCH, 0) } },
    [AUDIT_LEDGER_SNAPSHOT] = { true, { NUMBER(SIZE, 0), DIGEST(SHA256) } },
    [AUDIT_CLOCK_JUMPED] = { true, { NUMBER(REASON, 0), NUMBER(JUMP_MS, 1) } },
    [AUDIT_LOAD_SHED] = { true, { NUMBER(COUNT_OF, 0), NUMBER(FIRST_AT, 1), NUMBER(LAST_AT, 2), NUMBER(REASON, 3) } },
    [AUDIT_STORAGE_LOW] = { true, { NUMBER(USED_PERCENT, 0) } },
    [AUDIT_SNAPSHOT_REFUSED] = { true, { NUMBER(SIZE, 0), DIGEST(SHA256) } },
    [AUDIT_SIGNING_REFUSED] = { true, { NUMBER(SIZE, 0), DIGEST(ROOT) } },
    [AUDIT_LEDGER_SEALED] = { true, { TEXT(ORIGIN, 0), TEXT(VKEY, 1), NUMBER(REASON, 0) } },
    [AUDIT_STORE_RESTORED] = { true, { NUMBER(SIZE, 0) } },
    [AUDIT_WITNESS_ABSENT] = { true, { TEXT(VKEY, 0), NUMBER(SIZE, 0), NUMBER(REASON, 1) } },
    [AUDIT_WITNESS_RETURNED] = { true, { TEXT(VKEY, 0), NUMBER(SIZE, 0) } },
    [AUDIT_WITNESS_AHEAD] = { true, { TEXT(VKEY, 0), NUMBER(SIZE, 0) } },
    [AUDIT_LEDGER_FORKED] = { true, { TEXT(VKEY, 0), NUMBER(SIZE, 0), DIGEST(ROOT) } },
    [AUDIT_LEDGER_UNWITNESSED] = { true, { NUMBER(SIZE, 0) } },
    [AUDIT_LEDGER_WITNESSED] = { true, { NUMBER(SIZE, 0) } },
    [AUDIT_VAULT_DAYS_DROPPED] = { true, { NUMBER(KEPT_FROM, 0) } },
    [AUDIT_VAULT_KEYS_REPLACED] = { true, { { FROM_NOTHING, 0, 0 } } },
};

status system_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                     struct outcome *outcome)
{
    const struct system_row *row = &system_rows[command->system.code];
    struct entry *entry;

    (void)outcome;
    assert(row->allowed);
    entry = draft_add(context, command, draft, command->system.code);
    if (command->system.code == AUDIT_LEDGER_CREATED)
        entry_on_id(entry, ON_SERVICE, command->actor.who.id);
    if (command->system.code == AUDIT_VAULT_DAYS_DROPPED)
        key_copies_note(context->facts, context->now_ms, entry);
    for (int i = 0; i < SYSTEM_MEMBERS_MAX; i++) {
        const struct system_member *member = &row->members[i];

        if (member->from == FROM_NUMBER)
            entry_number(entry, member->field, command->system.numbers[member->at]);
        else if (member->from == FROM_TEXT)
            entry_text(entry, member->field, command->system.texts[member->at]);
        else if (member->from == FROM_HASH)
            entry_bytes(entry, member->field, command->system.hash);
    }
    return OK;
}

/* Whether the author belongs to the installation as a whole. */
static bool actor_is_central(const struct facts *facts, const struct command *command)
{
    return principal_organisation(facts, actor_place(facts, command)) == NONE;
}

status clock_confirm_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    if (!actor_is_central(context->facts, command))
        return access_refuse(context, command, draft, outcome, REASON_ROLE);
    if (!context->facts->clock_frozen)
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_WRONG_STATE, STR_NONE));
    entry_number(draft_add(context, command, draft, AUDIT_CLOCK_CONFIRMED), DATA_JUMP_MS, command->jump_ms);
    return OK;
}

status backup_made_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome)
{
    struct entry *entry;

    if (!actor_is_central(context->facts, command))
        return access_refuse(context, command, draft, outcome, REASON_ROLE);
    if (command->backup.size > context->facts->size)
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_BAD_REQUEST, STR("size")));
    entry = draft_add(context, command, draft, AUDIT_BACKUP_MADE);
    entry_number(entry, DATA_SIZE, (int64_t)command->backup.size);
    entry_bytes(entry, DATA_ROOT, command->backup.root);
    if (command->backup.has_hash)
        entry_bytes(entry, DATA_SHA256, command->backup.hash);
    return OK;
}

status keys_copy_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                        struct outcome *outcome)
{
    if (!actor_is_central(context->facts, command))
        return access_refuse(context, command, draft, outcome, REASON_ROLE);
    entry_number(draft_add(context, command, draft, AUDIT_VAULT_KEYS_COPIED), DATA_LAPSES_AT, command->lapses_ms);
    return OK;
}

status checkpoint_cosigned_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                                  struct outcome *outcome)
{
    struct entry *entry;

    if (!actor_is_central(context->facts, command))
        return access_refuse(context, command, draft, outcome, REASON_ROLE);
    entry = draft_add(context, command, draft, AUDIT_CHECKPOINT_COSIGNED);
    entry_number(entry, DATA_SIZE, (int64_t)command->cosigned.size);
    entry_bytes(entry, DATA_ROOT, command->cosigned.root);
    entry_number(entry, DATA_COUNT_OF, command->cosigned.count);
    return OK;
}

/* Everything up to here is made-up: the entry counts the entries before it. */
status demo_seeded_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome)
{
    if (!actor_is_central(context->facts, command))
        return access_refuse(context, command, draft, outcome, REASON_ROLE);
    entry_number(draft_add(context, command, draft, AUDIT_DEMO_SEEDED), DATA_COUNT_OF, (int64_t)context->facts->size);
    return OK;
}

/* A client may name any number; a leaf holds those that every JSON reader keeps. */
static struct objection read_check(const struct read_record *read)
{
    if (read->from > ENTRY_NUMBER_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("after"));
    if (read->to > ENTRY_NUMBER_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("to"));
    return read->limit > ENTRY_NUMBER_MAX ? objection_of(PROBLEM_BAD_REQUEST, STR("limit")) : NO_OBJECTION;
}

status data_read_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                        struct outcome *outcome)
{
    const struct read_record *read = &command->read;
    struct objection objection = read_check(read);
    struct entry *entry;

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    entry = draft_add(context, command, draft, AUDIT_DATA_READ);
    entry_text(entry, DATA_SCOPE, read->scope);
    if (read->from >= 0)
        entry_number(entry, DATA_FROM, read->from);
    if (read->to >= 0)
        entry_number(entry, DATA_TO, read->to);
    if (read->limit >= 0)
        entry_number(entry, DATA_LIMIT, read->limit);
    return OK;
}
