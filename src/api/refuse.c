/*
 * api/refuse: requests that come to nothing. What a known principal asked for wrongly is recorded before it is told so
 * (P1); of somebody unknown there is nothing to record but failures of credentials (api/admission).
 */
#include "api/answer.h"
#include "api/call.h"
#include "api/problems.h"

bool call_refused(struct call *call, const struct job *job)
{
    switch (job->reply.verdict) {
    case VERDICT_DONE:
        return false;
    case VERDICT_OVERLOADED:
        answer_problem(call, PROBLEM_OVERLOADED, STR_NONE);
        return true;
    case VERDICT_READ_ONLY:
        answer_problem(call, PROBLEM_READ_ONLY, STR_NONE);
        return true;
    case VERDICT_STOPPING:
        answer_problem(call, PROBLEM_STOPPING, STR_NONE);
        return true;
    default: /* it may have happened: an answer would be a guess (DESIGN section 2) */
        http_hang_up(call->exchange);
        return true;
    }
}

void call_no_memory(struct call *call)
{
    call_forget(call);
    http_respond_refusal(call->exchange, REFUSE_NO_MEMORY);
}

void job_reject(struct call *call, struct job *job, enum problem problem, struct str member)
{
    call_forget_names(call, job);
    job->command.kind = COMMAND_REJECTED;
    job->command.dry_run = false; /* the attempt was real */
    job->command.has_private = false;
    job->command.has_idem = false;
    job->command.rejected.problem = problem;
    job->command.rejected.member = member;
}

/* ---- A 400 with a text of its own ---- */

static struct http_problem rejection(const struct err *err)
{
    return (struct http_problem){ .status = 400,
                                  .code = problem_words[PROBLEM_BAD_REQUEST].at,
                                  .title = STR("Bad request"),
                                  .detail = str_of(err->text),
                                  .member = str_of(err->member) };
}

/* Its text was kept while its entry was written. */
static void rejection_answer(struct call *call)
{
    struct http_problem doc = rejection(call->detail);
    struct json_out out;

    if (call_refused(call, call->jobs))
        return;
    if (call->jobs->reply.outcome.problem != PROBLEM_BAD_REQUEST) {
        answer_call(call);
        return;
    }
    out = http_problem_begin(call->exchange, &doc);
    json_out_u64(&out, "index", call->jobs->reply.index);
    http_problem_send(call->exchange, &out, &doc);
}

void call_reject(struct call *call, const struct err *err)
{
    struct err *kept = arena_new(call_arena(call), 1, sizeof(*kept));
    struct http_problem doc;
    struct job *job;

    if (!kept) {
        call_no_memory(call);
        return;
    }
    *kept = *err;
    if (!call->is_known) {
        doc = rejection(kept);
        http_respond_problem(call->exchange, &doc);
        return;
    }
    job = call_jobs(call, 1);
    if (!job)
        return;
    call->detail = kept;
    job_reject(call, job, PROBLEM_BAD_REQUEST, api_member_name(call->exchange->route, str_of(kept->member)));
    call_submit(call, rejection_answer);
}

void call_fail(struct call *call, status failure, const struct err *err)
{
    if (failure.code != CODE_NO_MEMORY) {
        call_reject(call, err);
        return;
    }
    call_no_memory(call);
}

void call_reject_as(struct call *call, enum problem problem, struct str member)
{
    struct job *job;

    if (!call->is_known) {
        answer_problem(call, problem, STR_NONE);
        return;
    }
    job = call_jobs(call, 1);
    if (!job)
        return;
    job_reject(call, job, problem, member);
    call_submit(call, answer_call);
}

/* ---- What http itself refuses: a body that is too large, too late, of the wrong type ---- */

struct http_refusal {
    enum refusal refusal;
    struct response_field field;
};

static void http_refusal_answer(struct call *call)
{
    struct http_refusal *refused = call->detail;
    const struct refusal_text *text = refusal_text(refused->refusal);
    struct http_problem doc = { .status = text->status, .code = text->code, .detail = str_of(text->detail) };
    struct json_out out;

    if (call_refused(call, call->jobs))
        return;
    if (refused->refusal == REFUSE_CONTENT_TYPE) {
        refused->field = (struct response_field){ STR("Accept"), str_of(call->exchange->route->content_type) };
        doc.fields = &refused->field;
        doc.field_count = 1;
    }
    out = http_problem_begin(call->exchange, &doc);
    if (call->jobs->reply.index != UINT64_MAX)
        json_out_u64(&out, "index", call->jobs->reply.index);
    http_problem_send(call->exchange, &out, &doc);
}

bool call_http_refused(struct exchange *exchange, enum refusal refusal)
{
    struct call *call = call_of(exchange);
    struct http_refusal *refused;
    struct job *job;

    if (!call || !call->is_known)
        return false;
    refused = arena_new(call_arena(call), 1, sizeof(*refused));
    if (!refused)
        return false;
    job = call_jobs(call, 1);
    if (!job)
        return true;
    refused->refusal = refusal;
    call->detail = refused;
    job_reject(call, job, PROBLEM_BAD_REQUEST, STR_NONE);
    call_submit(call, http_refusal_answer);
    return true;
}
