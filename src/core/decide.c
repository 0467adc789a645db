/*
 * core/decide: the table of command kinds, and the checks that stand before every decision: the credential is live at
 * this index, its owner too, and the permission is held (P5, DESIGN section 6). A token revoked in entry n acts in no
 * entry after n, however long its command waited in the queue.
 */
#include "core/decide.h"

#include <assert.h>

#include "core/deciders.h"
#include "core/quota.h"

struct decider_row {
    decider *decide;
    enum permission permission;
    bool begins; /* held to the author's rates; what ends or keeps something is not, nor what an observer reads */
};

static const struct decider_row deciders[COMMAND_COUNT] = {
    [COMMAND_LEASE_CREATE] = { lease_create_decide, PERM_LEASE_TAKE, true },
    [COMMAND_LEASE_HEARTBEAT] = { lease_heartbeat_decide, PERM_LEASE_TAKE, false },
    [COMMAND_LEASE_RELEASE] = { lease_release_decide, PERM_LEASE_TAKE, false },
    [COMMAND_LEASE_REVOKE] = { lease_revoke_decide, PERM_LEASE_REVOKE, false },
    [COMMAND_TICKET_POLL] = { ticket_poll_decide, PERM_LEASE_TAKE, false },
    [COMMAND_TICKET_CLAIM] = { ticket_claim_decide, PERM_LEASE_TAKE, false },
    [COMMAND_TICKET_CANCEL] = { ticket_cancel_decide, PERM_LEASE_TAKE, false },
    [COMMAND_PRODUCT_CREATE] = { product_create_decide, PERM_CATALOG_WRITE, true },
    [COMMAND_ORGANISATION_CREATE] = { principal_create_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_LICENSE_CREATE] = { license_create_decide, PERM_LICENSE_WRITE, true },
    [COMMAND_LICENSE_SUSPEND] = { license_suspend_decide, PERM_LICENSE_WRITE, false },
    [COMMAND_LICENSE_REINSTATE] = { license_reinstate_decide, PERM_LICENSE_WRITE, true },
    [COMMAND_LICENSE_REVOKE] = { license_revoke_decide, PERM_LICENSE_WRITE, false },
    [COMMAND_LICENSE_CHANGE] = { license_change_decide, PERM_LICENSE_WRITE, true },
    [COMMAND_USER_CREATE] = { principal_create_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_TEAM_CREATE] = { principal_create_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_SERVICE_CREATE] = { principal_create_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_MEMBER_ADD] = { member_add_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_MEMBER_REMOVE] = { member_remove_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_ROLE_CHANGE] = { role_change_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_TOKEN_CREATE] = { token_create_decide, PERM_PEOPLE_WRITE, true },
    [COMMAND_USER_ERASE] = { user_erase_decide, PERM_PEOPLE_WRITE, false },
    [COMMAND_USER_HOLD] = { user_hold_decide, PERM_PEOPLE_WRITE, false },
    [COMMAND_USER_RELEASE_HOLD] = { user_hold_decide, PERM_PEOPLE_WRITE, false },
    [COMMAND_TOKEN_REVOKE] = { token_revoke_decide, PERM_ANY, false }, /* one's own; others' need people.write */
    [COMMAND_OBSERVE_OUT] = { observe_out_decide, PERM_OBSERVE, false },
    [COMMAND_OBSERVE_IN] = { observe_in_decide, PERM_OBSERVE, false },
    [COMMAND_OBSERVE_DENIED] = { observe_denied_decide, PERM_OBSERVE, false },
    [COMMAND_OBSERVE_RESTART] = { observe_restart_decide, PERM_OBSERVE, false },
    [COMMAND_OBSERVE_READ] = { observe_read_decide, PERM_OBSERVE, false },
    [COMMAND_OBSERVE_LIMIT] = { observe_limit_decide, PERM_OBSERVE, false },
    [COMMAND_DATA_READ] = { data_read_decide, PERM_ANY, true }, /* the route checked what the read itself needs */
    [COMMAND_AUTH_FAILED] = { auth_failed_decide, PERM_PUBLIC, false },
    [COMMAND_ACCESS_DENIED] = { access_denied_decide, PERM_PUBLIC, false },
    [COMMAND_REJECTED] = { rejected_decide, PERM_PUBLIC, false },
    [COMMAND_CLOCK_CONFIRM] = { clock_confirm_decide, PERM_SERVER, false },
    [COMMAND_BACKUP_MADE] = { backup_made_decide, PERM_SERVER, true },
    [COMMAND_CHECKPOINT_COSIGNED] = { checkpoint_cosigned_decide, PERM_SERVER, true },
    [COMMAND_DEMO_SEEDED] = { demo_seeded_decide, PERM_SERVER, true },
    [COMMAND_KEYS_COPY] = { keys_copy_decide, PERM_SERVER, true },
    [COMMAND_SYSTEM] = { system_decide, PERM_PUBLIC, false },
    [COMMAND_VIEW] = { view_decide, PERM_PUBLIC, false },
};

struct entry *draft_add(struct decide_context *context, const struct command *command, struct draft *draft,
                        enum audit_code code)
{
    struct entry *entry;

    assert(draft->count < CHANGE_MAX_ENTRIES);
    entry = &draft->entries[draft->count++];
    entry_begin(entry, code, &command->actor, context->now_ms);
    entry->id = id_new(context->entropy, context->now_ms);
    if (draft->count > 1)
        return entry;
    entry->has_src = !id_is_none(command->src);
    entry->src = command->src;
    entry->has_request = !id_is_none(command->request);
    entry->request = command->request;
    entry->has_idem = command->has_idem;
    entry->has_private = command->has_private;
    memcpy(entry->idem_key, command->idem_key, sizeof(entry->idem_key));
    memcpy(entry->idem_body, command->idem_body, sizeof(entry->idem_body));
    memcpy(entry->private_hash, command->private_hash, sizeof(entry->private_hash));
    return entry;
}

void draft_finish(struct decide_context *context, struct draft *draft)
{
    struct id change;

    if (draft->count < 2)
        return;
    change = id_new(context->entropy, context->now_ms);
    for (size_t i = 0; i < draft->count; i++) {
        draft->entries[i].has_change = true;
        draft->entries[i].change = change;
        draft->entries[i].change_k = (uint32_t)i + 1;
        draft->entries[i].change_n = (uint32_t)draft->count;
    }
}

bool draft_is_written(const struct command *command, const struct outcome *outcome)
{
    return !command->dry_run || outcome->problem == PROBLEM_UNAUTHORIZED || outcome->problem == PROBLEM_FORBIDDEN;
}

/*
 * The entry of one event unless its source floods; then the outcome waits for the roll-up, and it returns NULL. In the
 * table each event's code stands before that of its roll-up, which is the key's.
 */
static struct entry *note(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome, const struct flood_key *key)
{
    struct flood_event event = { .key = *key, .actor = &command->actor };
    struct entry *entry;

    if (draft_is_written(command, outcome) && !flood_note(context->floods, &event, context->now_ms, &outcome->flood)) {
        outcome->kind = OUTCOME_FLOOD;
        return NULL;
    }
    outcome->kind = OUTCOME_PROBLEM;
    entry = draft_add(context, command, draft, key->code - 1);
    entry->has_idem = false; /* a refused command changed nothing; trying it again is a new try */
    entry->has_private = false;
    return entry;
}

status refuse(struct decide_context *context, const struct command *command, struct draft *draft,
              struct outcome *outcome, struct objection objection)
{
    struct flood_key key = { .code = AUDIT_REQUEST_REJECTIONS,
                             .source = command->actor.who.id,
                             .reason = (uint8_t)objection.problem };
    struct entry *entry;

    draft->count = 0;
    outcome->problem = objection.problem;
    outcome->member = objection.member;
    entry = note(context, command, draft, outcome, &key);
    if (entry) {
        entry_text(entry, DATA_ROUTE, command->route);
        entry_number(entry, DATA_PROBLEM, objection.problem);
        if (objection.member.len)
            entry_text(entry, DATA_MEMBER, objection.member);
    }
    return OK;
}

status rejected_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                       struct outcome *outcome)
{
    return refuse(context, command, draft, outcome, objection_of(command->rejected.problem, command->rejected.member));
}

static status auth_refuse(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome, enum reason reason)
{
    struct id cred = command->kind == COMMAND_AUTH_FAILED ? command->auth_failed.cred : command->actor.cred;
    struct flood_key key = {
        .code = AUDIT_AUTH_FAILURES, .source = command->src, .object = cred, .reason = (uint8_t)reason
    };
    struct entry *entry;

    outcome->problem = PROBLEM_UNAUTHORIZED;
    outcome->reason = reason;
    entry = note(context, command, draft, outcome, &key);
    if (entry) {
        entry_number(entry, DATA_REASON, reason);
        if (!id_is_none(cred))
            entry_on_id(entry, ON_CREDENTIAL, cred);
    }
    return OK;
}

status auth_failed_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome)
{
    return auth_refuse(context, command, draft, outcome, command->auth_failed.reason);
}

status access_refuse(struct decide_context *context, const struct command *command, struct draft *draft,
                     struct outcome *outcome, enum reason reason)
{
    struct flood_key key = { .code = AUDIT_ACCESS_DENIALS, .source = command->actor.who.id, .reason = (uint8_t)reason };
    struct entry *entry;

    draft->count = 0;
    outcome->problem = PROBLEM_FORBIDDEN;
    outcome->reason = reason;
    entry = note(context, command, draft, outcome, &key);
    if (entry) {
        entry_text(entry, DATA_ROUTE, command->route);
        entry_number(entry, DATA_REASON, reason);
    }
    return OK;
}

status access_denied_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    return access_refuse(context, command, draft, outcome, command->access_denied);
}

/* Whether the author's credential, owner and permission are live at this index; *ret_reason says why not. */
static bool credential_is_live(const struct facts *facts, const struct command *command, int64_t now_ms,
                               enum reason *ret_reason)
{
    uint32_t place = credential_find(facts, command->actor.cred);
    const struct credential *credential = place == NONE ? NULL : credential_at(facts, place);

    if (!credential)
        *ret_reason = REASON_BAD_TOKEN;
    else if (credential->revoked)
        *ret_reason = REASON_TOKEN_REVOKED;
    else if (credential->expires_ms <= now_ms)
        *ret_reason = REASON_TOKEN_EXPIRED;
    else if (principal_at(facts, credential->owner)->disabled)
        *ret_reason = REASON_DISABLED;
    else
        return true;
    return false;
}

bool permission_is_held(const struct facts *facts, const struct command *command, enum permission permission,
                        enum reason *ret_reason)
{
    const struct credential *credential = credential_at(facts, credential_find(facts, command->actor.cred));
    const struct principal *owner = principal_at(facts, credential->owner);

    if (permission == PERM_ANY)
        return true;
    if (!permissions_hold(role_permissions(owner->role, owner->organisation != NONE), permission))
        *ret_reason = REASON_ROLE;
    else if (!permissions_hold(credential->scopes, permission))
        *ret_reason = REASON_SCOPE;
    else
        return true;
    return false;
}

/*
 * A command that was answered before is answered the same; another body under the same key is refused. A dry run asks
 * what a new command would do.
 */
static bool repeat_find(struct decide_context *context, const struct command *command, struct outcome *outcome,
                        bool *ret_conflict)
{
    bool asks = command->has_idem && !command->dry_run;
    const struct idem *idem = asks ? idem_find(context->facts, command->idem_key) : NULL;

    if (!idem || idem->time_ms + (int64_t)IDEM_HOURS * 3600 * 1000 <= context->now_ms)
        return false;
    *ret_conflict = memcmp(idem->body, command->idem_body, sizeof(idem->body)) != 0;
    outcome->kind = OUTCOME_REPEAT;
    outcome->index = idem->index;
    return true;
}

/* What the draft would add is taken off the author's rates, or refused by the one that is used up. */
static status rates_hold(struct decide_context *context, const struct command *command, struct draft *draft,
                         struct outcome *outcome)
{
    struct quota_use use = { .principal = actor_place(context->facts, command),
                             .entries = (int64_t)draft->count,
                             .names = command->new_names };
    enum problem problem = quota_of_rates(context->facts, &use, context->now_ms);

    if (problem)
        return refuse(context, command, draft, outcome, objection_of(problem, STR_NONE));
    if (!command->dry_run)
        quota_take(context->facts, &use, context->now_ms);
    return OK;
}

status decide(struct decide_context *context, const struct command *command, struct draft *draft,
              struct outcome *ret_outcome)
{
    const struct decider_row *row = &deciders[command->kind];
    enum reason reason = REASON_BAD_TOKEN;
    bool conflict = false;

    assert(command->kind < COMMAND_COUNT && row->decide);
    draft->count = 0;
    *ret_outcome = (struct outcome){ .kind = OUTCOME_ENTRY };
    if (row->permission != PERM_PUBLIC) {
        if (!credential_is_live(context->facts, command, context->now_ms, &reason))
            return auth_refuse(context, command, draft, ret_outcome, reason);
        if (!permission_is_held(context->facts, command, row->permission, &reason))
            return access_refuse(context, command, draft, ret_outcome, reason);
    }
    if (repeat_find(context, command, ret_outcome, &conflict))
        return conflict ? refuse(context, command, draft, ret_outcome,
                                 objection_of(PROBLEM_IDEMPOTENCY, STR("Idempotency-Key")))
                        : OK;
    TRY(row->decide(context, command, draft, ret_outcome));
    if (row->begins && ret_outcome->kind == OUTCOME_ENTRY && !ret_outcome->problem)
        TRY(rates_hold(context, command, draft, ret_outcome));
    draft_finish(context, draft);
    return OK;
}

status view_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                   struct outcome *outcome)
{
    (void)draft;
    outcome->kind = OUTCOME_VIEW;
    command->view.call(command->view.context, context->facts, context->now_ms);
    return OK;
}
