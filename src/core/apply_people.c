/*
 * core/apply: organisations, users, teams, services, their tokens, memberships and roles.
 */
#include "core/appliers.h"

/* A principal whose id stands in `field`, of the organisation that the entry names, if any. */
static status principal_created(struct facts *facts, const struct entry *entry, enum on_field field, struct err *err)
{
    struct principal principal = {
        .id = entry->on[field].id,
        .kind = (uint8_t)on_fields[field].id_kind,
        .role = (uint8_t)entry_number_or(entry, DATA_ROLE, ROLE_MEMBER),
        .organisation = NONE,
    };

    if (field != ON_ORGANISATION && entry_has_on(entry, ON_ORGANISATION))
        TRY(on_find(facts, entry, ON_ORGANISATION, &principal.organisation, err));
    return principal_add(facts, &principal);
}

status organisation_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    return principal_created(facts, entry, ON_ORGANISATION, err);
}

status user_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    return principal_created(facts, entry, ON_USER, err);
}

status team_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    return principal_created(facts, entry, ON_TEAM, err);
}

status service_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    return principal_created(facts, entry, ON_SERVICE, err);
}

status token_created_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    struct credential credential = {
        .id = entry->on[ON_CREDENTIAL].id,
        .expires_ms = entry->data[DATA_EXPIRES_AT].number,
    };

    memcpy(credential.hash, entry->data[DATA_TOKEN_HASH].bytes, sizeof credential.hash);
    TRY(who_find(facts, entry, DATA_OWNER, &credential.owner, err));
    if (scopes_read(entry->data[DATA_SCOPES].text, &credential.scopes).code)
        return contradiction(facts, entry, err, "its scopes are not permissions");
    return credential_add(facts, &credential);
}

status token_revoked_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t place;

    TRY(on_find(facts, entry, ON_CREDENTIAL, &place, err));
    credential_at(facts, place)->revoked = true;
    return OK;
}

status member_added_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t team;
    uint32_t user;

    TRY(on_find(facts, entry, ON_TEAM, &team, err));
    TRY(on_find(facts, entry, ON_USER, &user, err));
    return membership_add(facts, team, user);
}

status member_removed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t team;
    uint32_t user;
    uint32_t membership;

    TRY(on_find(facts, entry, ON_TEAM, &team, err));
    TRY(on_find(facts, entry, ON_USER, &user, err));
    membership = membership_find(facts, team, user);
    if (membership == NONE)
        return contradiction(facts, entry, err, "the user is not in the team");
    membership_remove(facts, membership);
    return OK;
}

status role_changed_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    enum on_field field = entry_has_on(entry, ON_USER) ? ON_USER : ON_SERVICE;
    uint32_t place;

    if (!entry_has_on(entry, field))
        return contradiction(facts, entry, err, "it names nobody whose role it changes");
    TRY(on_find(facts, entry, field, &place, err));
    principal_role_set(facts, place, (enum role)entry->data[DATA_ROLE].number);
    return OK;
}

/* A user that the entry may change; an erased one is beyond that. */
static status living_user(struct facts *facts, const struct entry *entry, uint32_t *ret_place, struct err *err)
{
    uint32_t place;

    TRY(on_find(facts, entry, ON_USER, &place, err));
    if (principal_at(facts, place)->erased)
        return contradiction(facts, entry, err, "the user is erased already");
    *ret_place = place;
    return OK;
}

status user_erased_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t user = NONE;

    TRY(living_user(facts, entry, &user, err));
    if (principal_at(facts, user)->hold)
        return contradiction(facts, entry, err, "a legal hold stands");
    principal_erase(facts, user);
    return OK;
}

status hold_set_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t user = NONE;

    TRY(living_user(facts, entry, &user, err));
    principal_at(facts, user)->hold = facts->size + 1;
    return OK;
}

status hold_cleared_apply(struct facts *facts, const struct entry *entry, struct err *err)
{
    uint32_t user = NONE;

    TRY(living_user(facts, entry, &user, err));
    principal_at(facts, user)->hold = 0;
    return OK;
}
