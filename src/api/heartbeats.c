/*
 * api/heartbeats: one request that keeps many leases alive.
 */
#include "api/answer.h"
#include "api/handlers.h"
#include "http/respond.h"

struct heartbeats_request {
    struct json_array leases; /* struct id */
};

static const struct json_field heartbeats_fields[] = {
    JSON_ID_ARRAY(struct heartbeats_request, leases, ID_LEASE, 1, HEARTBEATS_MAX, JSON_REQUIRED),
};
const struct json_table heartbeats_table = JSON_TABLE("Heartbeats", struct heartbeats_request, heartbeats_fields);

static const struct shape_member result_members[] = {
    { .name = "lease", .kind = SHAPE_ID, .id = ID_LEASE },
    { .name = "status", .kind = SHAPE_INDEX, .about = "as of the single route" },
    { .name = "id", .kind = SHAPE_ID, .id = ID_LEASE, .maybe = true },
    { .name = "expires_at", .kind = SHAPE_TIME, .maybe = true },
    { .name = "proven_until", .kind = SHAPE_TIME, .maybe = true },
    { .name = "code", .kind = SHAPE_TEXT, .maybe = true, .about = "a problem's, with its other members" },
};
/* Of one result, for the schema: its members are those of the single route's answer. */
static const struct shape result_shape = SHAPE("HeartbeatResult", result_members);
static const struct shape_member heartbeats_members[] = {
    { .name = "results", .kind = SHAPE_ROWS, .shape = &result_shape },
};
const struct shape heartbeats_shape = SHAPE("HeartbeatResults", heartbeats_members);

/* A lease whose heartbeat the engine had no room for says so; its client beats again. */
static unsigned verdict_status(enum verdict verdict)
{
    return verdict == VERDICT_DONE ? 200 : 503;
}

static void result_write(struct call *call, const struct job *job, struct id lease, struct json_out *out)
{
    struct answer answer = { .status = verdict_status(job->reply.verdict) };

    json_out_object(out, NULL);
    json_out_id(out, "lease", ID_LEASE, lease);
    if (job->reply.verdict == VERDICT_DONE)
        answer_read(job, &answer);
    json_out_u64(out, "status", answer.status);
    if (job->reply.verdict == VERDICT_DONE)
        answer_write(call, job, &answer, out);
    json_out_end(out);
}

static bool any_is_unknown(const struct call *call)
{
    for (size_t i = 0; i < call->job_count; i++) {
        if (call->jobs[i].reply.verdict == VERDICT_UNKNOWN)
            return true;
    }
    return false;
}

static void heartbeats_answer(struct call *call)
{
    struct json_out out = { .buf = &call->exchange->answer };
    const struct id *leases = call->detail;

    if (any_is_unknown(call)) {
        http_hang_up(call->exchange);
        return;
    }
    json_out_object(&out, NULL);
    json_out_array(&out, "results");
    for (size_t i = 0; i < call->job_count; i++)
        result_write(call, &call->jobs[i], leases[i], &out);
    json_out_end(&out);
    json_out_end(&out);
    http_respond_json(call->exchange, 200);
}

void heartbeats_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct heartbeats_request request = { 0 };
    struct job *jobs;

    if (!call_body(call, &heartbeats_table, &request))
        return;
    jobs = call_jobs(call, request.leases.count);
    if (!jobs)
        return;
    for (size_t i = 0; i < request.leases.count; i++) {
        jobs[i].command.kind = COMMAND_LEASE_HEARTBEAT;
        jobs[i].command.lease = ((const struct id *)request.leases.at)[i];
    }
    call->detail = request.leases.at;
    call_submit(call, heartbeats_answer);
}
