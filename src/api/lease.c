/*
 * api/lease: check-out, heartbeat, check-in, revocation.
 */
#include "api/handlers.h"

#include "api/answer.h"
#include "api/asserted.h"

/* POST /v1/leases */
struct lease_request {
    struct str feature;
    int64_t quantity;
    int64_t ttl_s;
    int64_t wait_s;
    int scope;
    struct str project;
    struct id license;
    struct id pool;
    struct json_array asserted;
    unsigned char nonce[16];
    bool has_nonce;
};

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

bool lease_job_fill(struct call *call, struct job *job, struct str body, struct err *err)
{
    struct lease_request request = { .quantity = 1, .ttl_s = TTL_DEFAULT_S };
    struct lease_create *create = &job->command.lease_create;

    if (json_read(body, &lease_request_table, call_arena(call), &request, err).code)
        return false;
    job->command.kind = COMMAND_LEASE_CREATE;
    create->feature = request.feature;
    create->license = request.license;
    create->pool = request.pool;
    create->quantity = request.quantity;
    create->ttl_s = request.ttl_s;
    create->wait_s = request.wait_s;
    create->has_nonce = request.has_nonce;
    memcpy(create->nonce, request.nonce, sizeof(create->nonce));
    return asserted_keep(call, job, &request.asserted, request.project, err);
}

void lease_create_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct job *job = call_jobs(call, 1);
    struct err err = { 0 };

    if (!job)
        return;
    if (!lease_job_fill(call, job, exchange->body, &err)) {
        call_reject(call, &err);
        return;
    }
    if (!call_set_idempotency(call, job, STR_NONE, exchange->body))
        return;
    job->wants_receipt = call_prefers(call, STR("receipt"));
    call_submit(call, answer_call);
}

/* A route that names one lease and has no body. */
static void lease_command(struct exchange *exchange, enum command_kind kind)
{
    struct call *call = call_of(exchange);
    struct job *job = call_jobs(call, 1);

    if (!job || !call_path_id(call, 0, ID_LEASE, &job->command.lease))
        return;
    job->command.kind = kind;
    if (call_set_idempotency(call, job, STR_NONE, exchange->body))
        call_submit(call, answer_call);
}

void lease_heartbeat_handle(struct exchange *exchange)
{
    lease_command(exchange, COMMAND_LEASE_HEARTBEAT);
}

void lease_release_handle(struct exchange *exchange)
{
    lease_command(exchange, COMMAND_LEASE_RELEASE);
}
