/*
 * api/people: organisations, users, teams, services and roles. Names stay outside the ledger (P8); that each is unique
 * in its organisation is decided here, before decide().
 */
#include "api/asserted.h"
#include "api/handlers.h"
#include "api/requests.h"

struct principal_request {
    struct str name;
    struct id organisation;
    int role;
};

static const struct json_field organisation_fields[] = {
    JSON_NAME(struct principal_request, name, NAME_MAX_BYTES, JSON_REQUIRED),
};
const struct json_table organisation_table =
    JSON_TABLE("OrganisationRequest", struct principal_request, organisation_fields);

static const struct json_field principal_fields[] = {
    JSON_NAME(struct principal_request, name, NAME_MAX_BYTES, JSON_REQUIRED),
    JSON_ID(struct principal_request, organisation, ID_ORGANISATION, JSON_OPTIONAL,
            .about = "without it: the author's own, or none"),
    JSON_ROLE(struct principal_request, role, JSON_OPTIONAL, .about = "without it: member"),
};
const struct json_table principal_table = JSON_TABLE("PrincipalRequest", struct principal_request, principal_fields);

static const struct json_field team_fields[] = {
    JSON_NAME(struct principal_request, name, NAME_MAX_BYTES, JSON_REQUIRED),
    JSON_ID(struct principal_request, organisation, ID_ORGANISATION, JSON_OPTIONAL,
            .about = "without it: the author's own, or none"),
};
const struct json_table team_table = JSON_TABLE("TeamRequest", struct principal_request, team_fields);

struct principal_kind {
    enum command_kind command;
    enum name_kind name;
    const struct json_table *table;
};

/* Where the name must be unique. */
static struct id name_scope(const struct call *call, const struct principal_kind *kind, struct id organisation)
{
    if (kind->name == NAME_ORGANISATION || !id_is_none(organisation))
        return kind->name == NAME_ORGANISATION ? (struct id){ 0 } : organisation;
    return call->bearer.organisation.id;
}

/*
 * Keeps the name for a fresh id. For one that is taken decide() gets an id that is taken too, the author's: it answers
 * a repeat of the command that took it, and else that the name is taken.
 */
static status name_keep(struct call *call, struct job *job, const struct principal_kind *kind, struct str text,
                        struct err *err)
{
    struct principal_create *create = &job->command.principal_create;
    struct engine *engine = call_engine(call);
    struct name_new name = { .id = id_new(&call_loop(call)->entropy, engine_now_ms(engine)),
                             .kind = kind->name,
                             .within = name_scope(call, kind, create->organisation),
                             .text = text };
    status s = names_reserve(engine_names(engine), &name);

    if (s.code == CODE_TOO_LARGE)
        return err_member(err, s.code, "name", "there is no room for further names");
    if (s.code && s.code != CODE_CONFLICT)
        return s;
    create->id = s.code ? call->bearer.actor.who.id : name.id;
    if (!s.code)
        job->names[job->name_count++] = name;
    return private_member_keep(call, job, "name", text);
}

static void principal_create(struct exchange *exchange, const struct principal_kind *kind)
{
    struct call *call = call_of(exchange);
    struct principal_request request = { 0 };
    struct err err = { 0 };
    struct job *job;

    if (!call_body(call, kind->table, &request))
        return;
    job = call_job(call, kind->command);
    if (!job)
        return;
    job->command.principal_create.organisation = request.organisation;
    job->command.principal_create.role = (enum role)request.role;
    call->given[0] = request.name;
    call_command_unless(call, name_keep(call, job, kind, request.name, &err), &err);
}

void organisation_create_handle(struct exchange *exchange)
{
    static const struct principal_kind kind = { COMMAND_ORGANISATION_CREATE, NAME_ORGANISATION, &organisation_table };

    principal_create(exchange, &kind);
}

void user_create_handle(struct exchange *exchange)
{
    static const struct principal_kind kind = { COMMAND_USER_CREATE, NAME_USER, &principal_table };

    principal_create(exchange, &kind);
}

void team_create_handle(struct exchange *exchange)
{
    static const struct principal_kind kind = { COMMAND_TEAM_CREATE, NAME_TEAM, &team_table };

    principal_create(exchange, &kind);
}

void service_create_handle(struct exchange *exchange)
{
    static const struct principal_kind kind = { COMMAND_SERVICE_CREATE, NAME_SERVICE, &principal_table };

    principal_create(exchange, &kind);
}

/* ---- Members of teams ---- */

struct member_request {
    struct id user;
};

static const struct json_field member_fields[] = {
    JSON_ID(struct member_request, user, ID_USER, JSON_REQUIRED),
};
const struct json_table member_table = JSON_TABLE("MemberRequest", struct member_request, member_fields);

static void member_command(struct call *call, enum command_kind kind, struct id team, struct id user)
{
    struct job *job = call_job(call, kind);

    if (!job)
        return;
    job->command.member.team = team;
    job->command.member.user = user;
    call_command(call);
}

void member_add_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct member_request request = { 0 };
    struct id team;

    if (call_path_id(call, 0, ID_TEAM, &team) && call_body(call, &member_table, &request))
        member_command(call, COMMAND_MEMBER_ADD, team, request.user);
}

void member_remove_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct id team;
    struct id user;

    if (call_path_id(call, 0, ID_TEAM, &team) && call_path_id(call, 1, ID_USER, &user))
        member_command(call, COMMAND_MEMBER_REMOVE, team, user);
}

/* ---- Roles ---- */

struct role_request {
    struct str principal;
    int role;
    struct str reason;
};

static const struct json_field role_fields[] = {
    JSON_TEXT(struct role_request, principal, TYPEID_BYTES, TYPEID_BYTES, JSON_REQUIRED,
              .about = "the id of a user or service"),
    JSON_ROLE(struct role_request, role, JSON_REQUIRED),
    JSON_TEXT(struct role_request, reason, 1, TEXT_MAX_BYTES, JSON_OPTIONAL, .about = "kept privately"),
};
const struct json_table role_table = JSON_TABLE("RoleRequest", struct role_request, role_fields);

void role_change_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct role_request request = { 0 };
    struct who who;
    struct job *job;

    if (!call_body(call, &role_table, &request))
        return;
    who = principal_named(call, request.principal);
    job = call_job(call, COMMAND_ROLE_CHANGE);
    if (!job)
        return;
    job->command.role_change.who = who;
    job->command.role_change.role = (enum role)request.role;
    reason_command(call, request.reason);
}
