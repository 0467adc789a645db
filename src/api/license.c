/*
 * api/license: licences are granted, suspended, put back, revoked and changed.
 */
#include "api/asserted.h"
#include "api/handlers.h"
#include "api/requests.h"

struct entitlement_request {
    struct str feature;
    int model;
    int64_t limit;
    int64_t grace_s;
};

static const struct json_field entitlement_fields[] = {
    JSON_NAME(struct entitlement_request, feature, NAME_MAX_BYTES, JSON_REQUIRED,
              .about = "its bare name within the product"),
    JSON_ENUM(struct entitlement_request, model, model_words, MODEL_COUNT, JSON_REQUIRED),
    JSON_INT(struct entitlement_request, limit, 0, LIMIT_MAX, JSON_REQUIRED, .about = "seats"),
    JSON_INT(struct entitlement_request, grace_s, 0, GRACE_MAX_S, JSON_OPTIONAL,
             .about = "offline grace after the ttl, in seconds"),
};
static const struct json_table entitlement_table =
    JSON_TABLE("EntitlementRequest", struct entitlement_request, entitlement_fields);

struct license_request {
    struct str product;
    struct str holder;
    int kind;
    bool has_kind;
    struct json_array entitlements;
    int64_t starts_at;
    int64_t expires_at;
};

static const struct json_field license_fields[] = {
    JSON_NAME(struct license_request, product, NAME_MAX_BYTES, JSON_REQUIRED, .about = "its name or id"),
    JSON_NAME(struct license_request, holder, NAME_MAX_BYTES, JSON_REQUIRED,
              .about = "the id of an organisation, team or user, or an organisation's name"),
    JSON_ENUM(struct license_request, kind, license_kind_words, LICENSE_KIND_COUNT,
              JSON_SEEN(struct license_request, has_kind), .about = "without it: perpetual without an end, else term"),
    JSON_STRUCT_ARRAY(struct license_request, entitlements, &entitlement_table, 1, ENTITLEMENTS_MAX, JSON_REQUIRED),
    JSON_TIME(struct license_request, starts_at, JSON_OPTIONAL, .about = "without it: at once"),
    JSON_TIME(struct license_request, expires_at, JSON_OPTIONAL, .about = "exclusive; without it: never"),
};
const struct json_table license_table = JSON_TABLE("LicenseRequest", struct license_request, license_fields);

static const struct entitlement_terms *terms_new(struct call *call, const struct json_array *entitlements)
{
    struct entitlement_terms *terms = arena_new(call_arena(call), entitlements->count, sizeof(*terms));
    const struct entitlement_request *requests = entitlements->at;

    for (size_t i = 0; terms && i < entitlements->count; i++) {
        terms[i].feature = requests[i].feature;
        terms[i].limit = requests[i].limit;
        terms[i].grace_s = requests[i].grace_s;
    }
    return terms;
}

void license_create_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct license_request request = { 0 };
    struct license_create *create;
    struct job *job;

    if (!call_body(call, &license_table, &request))
        return;
    job = call_job(call, COMMAND_LICENSE_CREATE);
    if (!job)
        return;
    create = &job->command.license_create;
    create->product = request.product;
    create->holder = principal_named(call, request.holder);
    create->has_kind = request.has_kind;
    create->kind = (enum license_kind)request.kind;
    create->starts_ms = request.starts_at;
    create->ends_ms = request.expires_at;
    create->entitlements = terms_new(call, &request.entitlements);
    create->entitlement_count = request.entitlements.count;
    if (create->entitlements)
        call_command(call);
    else
        call_no_memory(call);
}

/* ---- A licence moves ---- */

static void license_move(struct exchange *exchange, enum command_kind kind)
{
    struct call *call = call_of(exchange);
    struct reason_request request = { 0 };
    struct id license;
    struct job *job;

    if (!call_path_id(call, 0, ID_LICENSE, &license) || !call_body(call, &reason_table, &request))
        return;
    job = call_job(call, kind);
    if (!job)
        return;
    job->command.license = license;
    reason_command(call, request.reason);
}

void license_suspend_handle(struct exchange *exchange)
{
    license_move(exchange, COMMAND_LICENSE_SUSPEND);
}

void license_reinstate_handle(struct exchange *exchange)
{
    license_move(exchange, COMMAND_LICENSE_REINSTATE);
}

void license_revoke_handle(struct exchange *exchange)
{
    license_move(exchange, COMMAND_LICENSE_REVOKE);
}

/* ---- New terms ---- */

struct limit_request {
    struct str feature;
    int64_t limit;
};

static const struct json_field limit_fields[] = {
    JSON_NAME(struct limit_request, feature, NAME_MAX_BYTES, JSON_REQUIRED,
              .about = "its bare name; the licence must have it"),
    JSON_INT(struct limit_request, limit, 0, LIMIT_MAX, JSON_REQUIRED, .about = "seats"),
};
static const struct json_table limit_table = JSON_TABLE("LimitRequest", struct limit_request, limit_fields);

struct license_change_request {
    int64_t expires_at;
    bool has_expires_at;
    bool never_expires;
    struct json_array entitlements;
    int ending;
    struct str reason;
};

static const struct json_field license_change_fields[] = {
    JSON_TIME(struct license_change_request, expires_at, JSON_SEEN(struct license_change_request, has_expires_at)),
    JSON_BOOL(struct license_change_request, never_expires, JSON_OPTIONAL),
    JSON_STRUCT_ARRAY(struct license_change_request, entitlements, &limit_table, 1, ENTITLEMENTS_MAX, JSON_OPTIONAL),
    JSON_ENUM(struct license_change_request, ending, ending_words, ENDING_COUNT, JSON_OPTIONAL,
              .about = "how leases above a lowered limit end; without it: drain"),
    JSON_TEXT(struct license_change_request, reason, 1, TEXT_MAX_BYTES, JSON_OPTIONAL, .about = "kept privately"),
};
const struct json_table license_change_table =
    JSON_TABLE("LicenseChangeRequest", struct license_change_request, license_change_fields);

static const struct entitlement_terms *limits_new(struct call *call, const struct json_array *limits)
{
    struct entitlement_terms *terms = arena_new(call_arena(call), limits->count + 1, sizeof(*terms));
    const struct limit_request *requests = limits->at;

    for (size_t i = 0; terms && i < limits->count; i++) {
        terms[i].feature = requests[i].feature;
        terms[i].limit = requests[i].limit;
    }
    return terms;
}

static bool change_check(struct call *call, const struct license_change_request *request)
{
    struct err err = { 0 };

    if (!request->never_expires || !request->has_expires_at)
        return true;
    (void)err_member(&err, CODE_INVALID, "never_expires", "never_expires and expires_at contradict each other");
    call_reject(call, &err);
    return false;
}

void license_change_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct license_change_request request = { 0 };
    struct license_change *change;
    struct id license;
    struct job *job;

    if (!call_path_id(call, 0, ID_LICENSE, &license) || !call_body(call, &license_change_table, &request) ||
        !change_check(call, &request))
        return;
    job = call_job(call, COMMAND_LICENSE_CHANGE);
    if (!job)
        return;
    change = &job->command.license_change;
    change->license = license;
    change->has_ends = request.has_expires_at || request.never_expires;
    change->ends_ms = request.expires_at;
    change->ending = (enum ending)request.ending;
    change->entitlements = limits_new(call, &request.entitlements);
    change->entitlement_count = request.entitlements.count;
    if (change->entitlements)
        reason_command(call, request.reason);
    else
        call_no_memory(call);
}
