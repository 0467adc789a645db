/*
 * api/lease: check-out, heartbeat, check-in, revocation.
 */
#include "api/lease.h"

#include "api/asserted.h"
#include "api/handlers.h"
#include "api/requests.h"

/* A process's lease is the only scope there is yet; a shared one is refused by name. */
static const struct str scope_words[] = { STR_INIT("process") };

static const struct json_field lease_fields[] = {
    JSON_TEXT(struct lease_request, feature, 1, FEATURE_MAX_BYTES, JSON_REQUIRED),
    JSON_INT(struct lease_request, quantity, 1, QUANTITY_MAX, JSON_OPTIONAL),
    JSON_INT(struct lease_request, ttl_s, TTL_MIN_S, TTL_MAX_S, JSON_OPTIONAL),
    JSON_INT(struct lease_request, wait_s, 0, WAIT_MAX_S, JSON_OPTIONAL),
    JSON_ENUM(struct lease_request, scope, scope_words, 1, JSON_OPTIONAL),
    JSON_TEXT(struct lease_request, project, 1, TEXT_MAX_BYTES, JSON_OPTIONAL),
    JSON_ID(struct lease_request, license, ID_LICENSE, JSON_OPTIONAL),
    JSON_ID(struct lease_request, pool, ID_POOL, JSON_OPTIONAL),
    JSON_TEXT_MAP(struct lease_request, asserted, ASSERTED_MAX, TEXT_MAX_BYTES, JSON_OPTIONAL),
    JSON_HEX(struct lease_request, nonce, JSON_SEEN(struct lease_request, has_nonce)),
};
const struct json_table lease_request_table = JSON_TABLE("LeaseRequest", struct lease_request, lease_fields);

struct lease_request lease_request_default(void)
{
    return (struct lease_request){ .quantity = 1, .ttl_s = TTL_DEFAULT_S };
}

status lease_job_fill(struct call *call, struct job *job, const struct lease_request *request, struct err *err)
{
    struct lease_create *create = &job->command.lease_create;

    job->command.kind = COMMAND_LEASE_CREATE;
    create->feature = request->feature;
    create->license = request->license;
    create->pool = request->pool;
    create->quantity = request->quantity;
    create->ttl_s = request->ttl_s;
    create->wait_s = request->wait_s;
    create->has_nonce = request->has_nonce;
    memcpy(create->nonce, request->nonce, sizeof(create->nonce));
    return asserted_keep(call, job, &request->asserted, request->project, err);
}

void lease_create_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct lease_request request = lease_request_default();
    struct err err = { 0 };
    struct job *job;

    if (!call_body(call, &lease_request_table, &request))
        return;
    job = call_jobs(call, 1);
    if (!job)
        return;
    call_command_unless(call, lease_job_fill(call, job, &request, &err), &err);
}

/* A route that names one lease and says no more. */
static void lease_command(struct exchange *exchange, enum command_kind kind)
{
    struct call *call = call_of(exchange);
    struct id lease;
    struct job *job;

    if (!call_path_id(call, 0, ID_LEASE, &lease) || !call_body(call, &nothing_table, &lease))
        return;
    job = call_job(call, kind);
    if (!job)
        return;
    job->command.lease = lease;
    call_command(call);
}

void lease_heartbeat_handle(struct exchange *exchange)
{
    lease_command(exchange, COMMAND_LEASE_HEARTBEAT);
}

void lease_release_handle(struct exchange *exchange)
{
    lease_command(exchange, COMMAND_LEASE_RELEASE);
}

void lease_revoke_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct reason_request request = { 0 };
    struct id lease;
    struct job *job;

    if (!call_path_id(call, 0, ID_LEASE, &lease) || !call_body(call, &reason_table, &request))
        return;
    job = call_job(call, COMMAND_LEASE_REVOKE);
    if (!job)
        return;
    job->command.lease = lease;
    reason_command(call, request.reason);
}
