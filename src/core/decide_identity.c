/*
 * core/decide_identity: organisations, people, teams, services and roles.
 *
 * Nobody gives rights that it does not hold: not in a token, not by a role above member. Principals of an organisation
 * add people to it alone; what belongs to others does not exist for them.
 */
#include "core/decide_identity.h"

permissions rights_of(permissions set)
{
    return set & ~((permissions)1 << PERM_UNSET | (permissions)1 << PERM_PUBLIC | (permissions)1 << PERM_ANY);
}

permissions actor_rights(const struct facts *facts, const struct command *command)
{
    const struct credential *credential = credential_at(facts, credential_find(facts, command->actor.cred));
    const struct principal *actor = principal_at(facts, actor_place(facts, command));

    return rights_of(role_permissions((enum role)actor->role, actor->organisation != NONE) & credential->scopes);
}

bool may_give_role(const struct facts *facts, const struct command *command, enum role role, uint32_t organisation)
{
    permissions given = rights_of(role_permissions(role, organisation != NONE));

    return role == ROLE_MEMBER || (given & ~actor_rights(facts, command)) == 0;
}

uint32_t principal_visible(const struct facts *facts, const struct command *command, struct who who)
{
    uint32_t place = principal_find(facts, who.id);

    if (place == NONE || principal_at(facts, place)->kind != who.kind || !actor_sees(facts, command, place))
        return NONE;
    return place;
}

/* How a command adds a principal. */
struct creation {
    enum audit_code code;
    enum on_field field;
    bool has_role;
};

static struct creation creation_of(enum command_kind kind)
{
    switch (kind) {
    case COMMAND_ORGANISATION_CREATE:
        return (struct creation){ AUDIT_ORGANISATION_CREATED, ON_ORGANISATION, false };
    case COMMAND_TEAM_CREATE:
        return (struct creation){ AUDIT_TEAM_CREATED, ON_TEAM, false };
    case COMMAND_SERVICE_CREATE:
        return (struct creation){ AUDIT_SERVICE_CREATED, ON_SERVICE, true };
    default:
        return (struct creation){ AUDIT_USER_CREATED, ON_USER, true };
    }
}

/* The organisation that the new principal will belong to: the one asked for, else the author's own. */
static struct objection organisation_choose(const struct facts *facts, const struct command *command,
                                            uint32_t *ret_place)
{
    struct who asked = { .id = command->principal_create.organisation, .kind = ID_ORGANISATION };

    *ret_place = id_is_none(asked.id) ? principal_organisation(facts, actor_place(facts, command))
                                      : principal_visible(facts, command, asked);
    if (*ret_place == NONE && !id_is_none(asked.id))
        return objection_of(PROBLEM_NOT_FOUND, STR("organisation"));
    return NO_OBJECTION;
}

static struct objection creation_check(const struct facts *facts, const struct command *command, uint32_t organisation)
{
    const struct principal_create *request = &command->principal_create;

    if (creation_of(command->kind).has_role && !may_give_role(facts, command, request->role, organisation))
        return objection_of(PROBLEM_FORBIDDEN, STR("role"));
    if (principal_find(facts, request->id) != NONE)
        return objection_of(PROBLEM_NAME_TAKEN, STR("name"));
    return table_left(&facts->principals) ? NO_OBJECTION : objection_of(PROBLEM_TOO_MANY, STR_NONE);
}

static void principal_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                            uint32_t organisation)
{
    const struct principal_create *request = &command->principal_create;
    struct creation creation = creation_of(command->kind);
    struct entry *entry = draft_add(context, command, draft, creation.code);

    entry_on_id(entry, creation.field, request->id);
    if (creation.field != ON_ORGANISATION && organisation != NONE)
        entry_on_id(entry, ON_ORGANISATION, principal_at(context->facts, organisation)->id);
    if (creation.has_role)
        entry_number(entry, DATA_ROLE, request->role);
}

status principal_create_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                               struct outcome *outcome)
{
    uint32_t organisation;
    struct objection objection = organisation_choose(context->facts, command, &organisation);

    if (!objection.problem && command->kind == COMMAND_ORGANISATION_CREATE && organisation != NONE)
        return access_refuse(context, command, draft, outcome, REASON_ROLE); /* they are the installation's to add */
    if (!objection.problem)
        objection = creation_check(context->facts, command, organisation);
    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    principal_draft(context, command, draft, organisation);
    return OK;
}

static int teams_of(const struct facts *facts, uint32_t user)
{
    int count = 0;

    for (uint32_t at = principal_at(facts, user)->membership_first; at != NONE;
         at = membership_at(facts, at)->next_of_user)
        count++;
    return count;
}

/* The two of a membership command. */
static struct objection member_find(const struct facts *facts, const struct command *command, uint32_t *ret_team,
                                    uint32_t *ret_user)
{
    *ret_team = principal_visible(facts, command, (struct who){ command->member.team, ID_TEAM });
    *ret_user = principal_visible(facts, command, (struct who){ command->member.user, ID_USER });
    if (*ret_team == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("team"));
    return *ret_user == NONE ? objection_of(PROBLEM_NOT_FOUND, STR("user")) : NO_OBJECTION;
}

/* A team of an organisation has its people alone; one of the installation may have anybody. */
static struct objection membership_check(const struct facts *facts, uint32_t team, uint32_t user)
{
    uint32_t organisation = principal_organisation(facts, team);

    if (organisation != NONE && organisation != principal_organisation(facts, user))
        return objection_of(PROBLEM_BAD_REQUEST, STR("user"));
    if (membership_find(facts, team, user) != NONE)
        return objection_of(PROBLEM_WRONG_STATE, STR("user"));
    if (teams_of(facts, user) >= TEAMS_PER_USER_MAX || table_left(&facts->memberships) == 0)
        return objection_of(PROBLEM_TOO_MANY, STR("user"));
    return NO_OBJECTION;
}

static void member_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                         enum audit_code code)
{
    struct entry *entry = draft_add(context, command, draft, code);

    entry_on_id(entry, ON_TEAM, command->member.team);
    entry_on_id(entry, ON_USER, command->member.user);
}

status member_add_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                         struct outcome *outcome)
{
    uint32_t team;
    uint32_t user;
    struct objection objection = member_find(context->facts, command, &team, &user);

    if (!objection.problem)
        objection = membership_check(context->facts, team, user);
    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    member_draft(context, command, draft, AUDIT_TEAM_MEMBER_ADDED);
    return OK;
}

status member_remove_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    uint32_t team;
    uint32_t user;
    struct objection objection = member_find(context->facts, command, &team, &user);

    if (!objection.problem && membership_find(context->facts, team, user) == NONE)
        objection = objection_of(PROBLEM_NOT_FOUND, STR("user"));
    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    member_draft(context, command, draft, AUDIT_TEAM_MEMBER_REMOVED);
    return OK;
}

static struct objection role_check(const struct facts *facts, const struct command *command)
{
    uint32_t place = principal_visible(facts, command, command->role_change.who);
    const struct principal *principal = place == NONE ? NULL : principal_at(facts, place);

    if (!principal || (principal->kind != ID_USER && principal->kind != ID_SERVICE))
        return objection_of(PROBLEM_NOT_FOUND, STR("principal"));
    if (!may_give_role(facts, command, command->role_change.role, principal->organisation) ||
        !may_give_role(facts, command, (enum role)principal->role, principal->organisation))
        return objection_of(PROBLEM_FORBIDDEN, STR("role"));
    if (principal->role == command->role_change.role)
        return objection_of(PROBLEM_WRONG_STATE, STR("role"));
    if (is_central_admin(principal) && facts->central_admins == 1) /* the installation keeps one */
        return objection_of(PROBLEM_WRONG_STATE, STR("role"));
    return NO_OBJECTION;
}

status role_change_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome)
{
    struct who who = command->role_change.who;
    struct objection objection = role_check(context->facts, command);
    struct entry *entry;

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    entry = draft_add(context, command, draft, AUDIT_ROLE_CHANGED);
    entry_on_id(entry, who.kind == ID_USER ? ON_USER : ON_SERVICE, who.id);
    entry_number(entry, DATA_ROLE, command->role_change.role);
    return OK;
}
