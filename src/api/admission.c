/*
 * api/admission: who asks, and whether the route is open to them; before the body is read. A refused credential and a
 * forbidden route are recorded first and answered then (P1); decide() checks again at its own index, so what is let in
 * here on a stale copy of the rights gets no further.
 */
#include <string.h>

#include "api/answer.h"
#include "api/call.h"
#include "codec/token_text.h"
#include "crypto/hash.h"

static const struct denial no_token = { .reason = REASON_BAD_TOKEN };
static const char bearer_scheme[] = "Bearer ";

static struct call *call_begin(struct exchange *exchange)
{
    struct call *call = arena_new(&exchange->arena, 1, sizeof(*call));
    struct api_loop *loop = loop_user(exchange->loop);

    if (!call)
        return NULL;
    call->exchange = exchange;
    call->request = id_new(&loop->entropy, engine_now_ms(api_engine(loop->api)));
    exchange->user = call;
    return call;
}

/* What the credential says; *denial why it is refused, and which one it was if that is known. */
static status bearer_find(struct call *call, struct str token, struct denial *denial)
{
    struct engine *engine = call_engine(call);
    enum token_kind kind;
    struct hash hash;

    TRY(token_text_read(token, &kind, NULL));
    hash = hash_of(token);
    return directory_find(engine_directory(engine), hash.bytes, engine_now_ms(engine), &call->bearer, denial);
}

static enum http_verdict credential_refuse(struct call *call, const struct denial *denial)
{
    struct job *job = call_job(call, COMMAND_AUTH_FAILED);

    if (!job)
        return HTTP_TAKEN_OVER;
    job->command.actor = engine_system_actor(call_engine(call));
    job->command.actor.via = VIA_NONE;
    job->command.actor.level = LEVEL_A0;
    job->command.auth_failed.reason = denial->reason;
    job->command.auth_failed.cred = denial->cred;
    call_set_source(call, job);
    call_submit(call, answer_call);
    return HTTP_TAKEN_OVER;
}

static bool call_holds(const struct call *call, enum permission permission)
{
    return permission <= PERM_ANY || permissions_hold(call->bearer.permissions, permission);
}

static enum http_verdict permission_refuse(struct call *call, enum permission permission)
{
    struct job *job = call_job(call, COMMAND_ACCESS_DENIED);
    permissions role = role_permissions(call->bearer.role, call->bearer.organisation.kind != ID_NONE);

    if (!job)
        return HTTP_TAKEN_OVER;
    job->command.access_denied = permissions_hold(role, permission) ? REASON_SCOPE : REASON_ROLE;
    call->lacks = permission;
    call_submit(call, answer_call);
    return HTTP_TAKEN_OVER;
}

/* Whether the route answers those too who are not known. */
static bool is_open(const struct call *call)
{
    enum public_access public_access = call_api(call)->config.public_access;

    switch (about_of(call->exchange->route)->access) {
    case ACCESS_CHECKPOINT:
        return public_access >= PUBLIC_CHECKPOINT;
    case ACCESS_TILES:
        return public_access >= PUBLIC_TILES;
    default:
        return call->exchange->route->permission == PERM_PUBLIC;
    }
}

/* A token on a public route is looked at too: a wrong one is refused, never ignored. */
static enum http_verdict admit_bearer(struct call *call, struct str header)
{
    enum permission permission = (enum permission)call->exchange->route->permission;
    struct str token = str_trim(str_from(header, sizeof(bearer_scheme) - 1));
    struct denial denial = no_token;

    if (!str_eq_nocase(str_cut(header, 0, sizeof(bearer_scheme) - 1),
                       (struct str){ bearer_scheme, sizeof(bearer_scheme) - 1 }) ||
        bearer_find(call, token, &denial).code)
        return credential_refuse(call, &denial);
    call->is_known = true;
    return is_open(call) || call_holds(call, permission) ? HTTP_ALLOWED : permission_refuse(call, permission);
}

/* Query parameters are looked at for every route in one place, so that none can forget to refuse an unknown one. */
static enum http_verdict admit_query(struct call *call)
{
    const struct route_about *about = about_of(call->exchange->route);
    struct query_values *values;
    struct err err = { 0 };
    status s;

    if (!exchange_query(call->exchange).len)
        return HTTP_ALLOWED;
    values = arena_new(call_arena(call), 1, sizeof(*values));
    if (!values) {
        call_no_memory(call);
        return HTTP_TAKEN_OVER;
    }
    s = query_read(call->exchange, about->queries, values, &err);
    if (s.code) {
        call_fail(call, s, &err);
        return HTTP_TAKEN_OVER;
    }
    call->query = values;
    call->dry_run = call_number(call, QUERY_DRY_RUN, 0);
    return HTTP_ALLOWED;
}

static enum http_verdict admit_who(struct call *call)
{
    struct str header = STR_NONE;

    if (exchange_header_once(call->exchange, STR("Authorization"), &header, NULL).code)
        return credential_refuse(call, &no_token);
    if (header.at)
        return admit_bearer(call, header);
    return is_open(call) ? HTTP_ALLOWED : credential_refuse(call, &no_token);
}

enum http_verdict call_admit(struct exchange *exchange)
{
    struct call *call = call_begin(exchange);

    if (!call) {
        http_respond_refusal(exchange, REFUSE_NO_MEMORY);
        return HTTP_TAKEN_OVER;
    }
    return admit_who(call) == HTTP_ALLOWED ? admit_query(call) : HTTP_TAKEN_OVER;
}

bool call_require(struct call *call, enum permission permission)
{
    if (!call->is_known)
        (void)credential_refuse(call, &no_token);
    else if (!call_holds(call, permission))
        (void)permission_refuse(call, permission);
    else
        return true;
    return false;
}
