/*
 * core/decide_erase: people who are erased, and legal holds that forbid it (P8).
 *
 * Of a person who is erased the ledger keeps ids and numbers. Nobody is erased who holds a seat, whom a legal hold
 * protects, or without whom the installation had no admin. Only the entry is decided here; that the vault's key is
 * dropped once it is durable is the engine's work (engine/vault).
 */
#include "core/decide_identity.h"

void key_copies_note(const struct facts *facts, int64_t now_ms, struct entry *entry)
{
    if (facts->key_copies_lapse_ms > now_ms)
        entry_number(entry, DATA_LAPSES_AT, facts->key_copies_lapse_ms);
}

/* A user whom the author may change: nobody decides about those who may more. */
static struct objection user_choose(const struct facts *facts, const struct command *command, uint32_t *ret_place)
{
    uint32_t place = principal_visible(facts, command, (struct who){ command->user, ID_USER });

    if (place == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("user"));
    if (!may_give_role(facts, command, (enum role)principal_at(facts, place)->role,
                       principal_organisation(facts, place)))
        return objection_of(PROBLEM_FORBIDDEN, STR("user"));
    if (principal_at(facts, place)->erased)
        return objection_of(PROBLEM_WRONG_STATE, STR("user"));
    *ret_place = place;
    return NO_OBJECTION;
}

/* Names the first of the user's live leases. Nobody keeps a list of each one's for that: a refused erasure is rare. */
static void leases_name(const struct facts *facts, uint32_t user, struct outcome *outcome)
{
    uint32_t found = 0;

    for (uint32_t at = 0; at < facts->leases.used && found < OUTCOME_LEASES_MAX; at++) {
        if (lease_at(facts, at)->ttl_s && lease_at(facts, at)->principal == user) /* a free place is all zeros there */
            outcome->leases[found++] = lease_at(facts, at)->id;
    }
}

static struct objection erase_check(const struct facts *facts, uint32_t user, struct outcome *outcome)
{
    const struct principal *principal = principal_at(facts, user);

    if (principal->hold) {
        outcome->index = principal->hold - 1;
        return objection_of(PROBLEM_ON_HOLD, STR_NONE);
    }
    outcome->lease_count = principal_pulse_at(facts, user)->leases;
    if (outcome->lease_count) {
        leases_name(facts, user, outcome);
        return objection_of(PROBLEM_LEASES_OPEN, STR_NONE);
    }
    if (is_central_admin(principal) && facts->central_admins == 1)
        return objection_of(PROBLEM_WRONG_STATE, STR("user"));
    return NO_OBJECTION;
}

status user_erase_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                         struct outcome *outcome)
{
    uint32_t user;
    struct objection objection = user_choose(context->facts, command, &user);
    struct entry *entry;

    if (!objection.problem)
        objection = erase_check(context->facts, user, outcome);
    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    entry = draft_add(context, command, draft, AUDIT_USER_ERASED);
    entry_on_id(entry, ON_USER, command->user);
    key_copies_note(context->facts, context->now_ms, entry);
    return OK;
}

/* Sets a hold, or clears it. */
status user_hold_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                        struct outcome *outcome)
{
    bool sets = command->kind == COMMAND_USER_HOLD;
    uint32_t user;
    struct objection objection = user_choose(context->facts, command, &user);

    if (!objection.problem && sets != (principal_at(context->facts, user)->hold == 0))
        objection = objection_of(PROBLEM_WRONG_STATE, STR("user"));
    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    entry_on_id(draft_add(context, command, draft, sets ? AUDIT_USER_HOLD_SET : AUDIT_USER_HOLD_CLEARED), ON_USER,
                command->user);
    return OK;
}
