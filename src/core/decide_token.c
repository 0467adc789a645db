/*
 * core/decide_token: API tokens (identity.md flow 5): made for somebody, with an end, ended for good.
 */
#include "codec/timetext.h"
#include "core/decide_identity.h"

#define SCOPES_MAX_BYTES 1024 /* of all words (core/audit) */

static struct objection owner_check(const struct facts *facts, const struct command *command)
{
    struct who who = command->token_create.owner;
    uint32_t owner = principal_visible(facts, command, who);

    if (owner == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("owner"));
    if (who.kind != ID_USER && who.kind != ID_SERVICE)
        return objection_of(PROBLEM_BAD_REQUEST, STR("owner"));
    return principal_at(facts, owner)->disabled ? objection_of(PROBLEM_WRONG_STATE, STR("owner")) : NO_OBJECTION;
}

/* What the token's scopes give: "all" in an organisation is all that anybody there can hold. */
static permissions rights_given(const struct facts *facts, const struct command *command)
{
    const struct principal *owner = principal_at(facts, principal_find(facts, command->token_create.owner.id));

    return rights_of(command->token_create.scopes & role_permissions(ROLE_ADMIN, owner->organisation != NONE));
}

static struct objection token_check(const struct facts *facts, const struct command *command, int64_t now_ms)
{
    const struct token_create *request = &command->token_create;
    struct objection objection = owner_check(facts, command);

    if (objection.problem)
        return objection;
    if (!rights_of(request->scopes))
        return objection_of(PROBLEM_BAD_REQUEST, STR("scopes"));
    if (rights_given(facts, command) & ~actor_rights(facts, command))
        return objection_of(PROBLEM_FORBIDDEN, STR("scopes"));
    if (request->expires_ms <= now_ms || request->expires_ms > now_ms + TOKEN_DAYS_MAX * MS_PER_DAY)
        return objection_of(PROBLEM_BAD_REQUEST, STR("expires_at"));
    if (credential_find_hash(facts, request->hash) != NONE)
        return objection_of(PROBLEM_NAME_TAKEN, STR("token"));
    return table_left(&facts->credentials) ? NO_OBJECTION : objection_of(PROBLEM_TOO_MANY, STR_NONE);
}

/* The words of the scopes in the draft's memory. */
static status scopes_text(struct draft *draft, permissions scopes, struct str *ret_text)
{
    char space[SCOPES_MAX_BYTES];
    struct buf text = BUF_OVER(space);

    scopes_write(scopes == PERMISSIONS_ALL ? scopes : rights_of(scopes), &text);
    TRY(text.status);
    return arena_copy(draft->names, buf_str(&text), ret_text);
}

status token_create_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome)
{
    const struct token_create *request = &command->token_create;
    struct objection objection = token_check(context->facts, command, context->now_ms);
    struct str scopes;
    struct entry *entry;

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    TRY(scopes_text(draft, request->scopes, &scopes));
    entry = draft_add(context, command, draft, AUDIT_TOKEN_CREATED);
    entry_on_id(entry, ON_CREDENTIAL, id_new(context->entropy, context->now_ms));
    entry_principal(entry, DATA_OWNER, request->owner);
    entry_text(entry, DATA_SCOPES, scopes);
    entry_number(entry, DATA_EXPIRES_AT, request->expires_ms);
    entry_bytes(entry, DATA_TOKEN_HASH, request->hash);
    return OK;
}

/*
 * One's own token may be ended by anybody, others' by who may write people. Who may not is told so before anything is
 * looked up: the answer must not tell which tokens there are.
 */
status token_revoke_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome)
{
    const struct facts *facts = context->facts;
    uint32_t place = credential_find(facts, command->credential);
    bool own = place != NONE && credential_at(facts, place)->owner == actor_place(facts, command);
    const struct principal *owner;
    enum reason reason = REASON_ROLE;
    struct entry *entry;

    if (!own && !permission_is_held(facts, command, PERM_PEOPLE_WRITE, &reason))
        return access_refuse(context, command, draft, outcome, reason);
    if (place == NONE || !actor_sees(facts, command, credential_at(facts, place)->owner))
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_FOUND, STR("token")));
    if (credential_at(facts, place)->revoked)
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_WRONG_STATE, STR("token")));
    owner = principal_at(facts, credential_at(facts, place)->owner);
    entry = draft_add(context, command, draft, AUDIT_TOKEN_REVOKED);
    entry_on_id(entry, ON_CREDENTIAL, command->credential);
    entry_principal(entry, DATA_OWNER, (struct who){ owner->id, (enum id_kind)owner->kind });
    entry_number(entry, DATA_REASON, own ? REASON_OWNER : REASON_ADMIN);
    return OK;
}
