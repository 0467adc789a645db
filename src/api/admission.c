/*
 * api/admission: who asks, and whether the route is open to them; before the body is read. A refused credential and a
 * forbidden route are recorded first and answered then (P1); decide() checks again at its own index, so what is let in
 * here on a stale copy of the rights gets no further.
 */
#include <string.h>

#include "api/call.h"
#include "api/inside.h"
#include "api/problems.h"
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

static void failure_answer(struct call *call)
{
    if (!call_refused(call, call->jobs))
        answer_problem_of(call, call->jobs);
}

static enum http_verdict credential_refuse(struct call *call, const struct denial *denial)
{
    struct job *job = call_jobs(call, 1);

    if (!job)
        return HTTP_TAKEN_OVER;
    job->command.kind = COMMAND_AUTH_FAILED;
    job->command.actor = engine_system_actor(call_engine(call));
    job->command.actor.via = VIA_NONE;
    job->command.actor.level = LEVEL_A0;
    job->command.auth_failed.reason = denial->reason;
    job->command.auth_failed.cred = denial->cred;
    call_set_source(call, job);
    call_submit(call, failure_answer);
    return HTTP_TAKEN_OVER;
}

static enum http_verdict permission_refuse(struct call *call)
{
    struct job *job = call_jobs(call, 1);
    enum permission permission = (enum permission)call->exchange->route->permission;

    if (!job)
        return HTTP_TAKEN_OVER;
    job->command.kind = COMMAND_ACCESS_DENIED;
    job->command.access_denied =
        permissions_hold(role_permissions(call->bearer.role), permission) ? REASON_SCOPE : REASON_ROLE;
    call_submit(call, failure_answer);
    return HTTP_TAKEN_OVER;
}

static bool is_public(const struct call *call)
{
    return call->exchange->route->permission == PERM_PUBLIC;
}

/* A token on a public route is looked at too: a wrong one is refused, never ignored. */
static enum http_verdict admit_bearer(struct call *call, struct str header)
{
    enum permission permission = (enum permission)call->exchange->route->permission;
    struct str token = str_from(header, sizeof(bearer_scheme) - 1);
    struct denial denial = no_token;

    if (!str_eq_nocase(str_cut(header, 0, sizeof(bearer_scheme) - 1),
                       (struct str){ bearer_scheme, sizeof(bearer_scheme) - 1 }) ||
        bearer_find(call, token, &denial).code)
        return credential_refuse(call, &denial);
    call->is_known = true;
    if (permission > PERM_ANY && !permissions_hold(call->bearer.permissions, permission))
        return permission_refuse(call);
    return HTTP_ALLOWED;
}

enum http_verdict call_admit(struct exchange *exchange)
{
    struct call *call = call_begin(exchange);
    struct str header = STR_NONE;

    if (!call) {
        http_respond_refusal(exchange, REFUSE_NO_MEMORY);
        return HTTP_TAKEN_OVER;
    }
    if (exchange_header_once(exchange, STR("Authorization"), &header, NULL).code)
        return credential_refuse(call, &no_token);
    if (header.at)
        return admit_bearer(call, header);
    return is_public(call) ? HTTP_ALLOWED : credential_refuse(call, &no_token);
}
