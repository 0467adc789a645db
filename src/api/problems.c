#include "api/problems.h"

#include "core/lease_terms.h"
#include "http/respond.h"

static const struct problem_row rows[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = { 500, "No problem", "", 0 },
    [PROBLEM_BAD_REQUEST] = { 400, "Bad request", "the request is wrong", 0 },
    [PROBLEM_UNAUTHORIZED] = { 401, "Not authenticated", "a valid bearer token is needed", 0 },
    [PROBLEM_FORBIDDEN] = { 403, "Not allowed", "this is not permitted to you", 0 },
    [PROBLEM_NOT_FOUND] = { 404, "Not found", "there is no such object, or none that you may know of", 0 },
    [PROBLEM_NO_SEATS] = { 409, "No seats", "every seat is taken", 0 },
    [PROBLEM_NOT_LICENSED] = { 409, "Not licensed", "no licence of yours covers this feature now", 0 },
    [PROBLEM_AMBIGUOUS] = { 409, "Ambiguous", "several fit: name product/feature, a licence or a pool", 0 },
    [PROBLEM_LEASE_ENDED] = { 409, "Lease ended", "this lease has ended", 0 },
    [PROBLEM_TICKET_ENDED] = { 409, "Ticket ended", "this ticket has ended", 0 },
    [PROBLEM_NOT_OFFERED] = { 409, "Not offered", "no seat is kept for this ticket at the moment", 0 },
    [PROBLEM_NAME_TAKEN] = { 409, "Name taken", "that name is taken", 0 },
    [PROBLEM_WRONG_STATE] = { 409, "Wrong state", "the object's state does not allow it", 0 },
    [PROBLEM_IDEMPOTENCY] = { 422, "Key used before", "this Idempotency-Key was used with another body", 0 },
    [PROBLEM_TOO_MANY] = { 409, "Too many", "a maximum is reached", 0 },
    [PROBLEM_CLOCK_FROZEN] = { 409, "Clock not confirmed", "the server's clock jumped and is not confirmed yet", 0 },
    [PROBLEM_READ_ONLY] = { 503, "Read-only", "nothing can be recorded at the moment, so nothing was done", 5 },
    [PROBLEM_OVERLOADED] = { 503, "Overloaded", "too many requests wait; nothing was done", 1 },
    [PROBLEM_STOPPING] = { 503, "Stopping", "the server is stopping; nothing was done", 5 },
    [PROBLEM_INTERNAL] = { 500, "Internal error", "something went wrong; the server's log says what", 0 },
};

const struct problem_row *problem_row(enum problem problem)
{
    return &rows[problem];
}

/* A sentence for a reason that a person can act on; empty when the problem's own says enough. */
static struct str reason_detail(enum reason reason)
{
    static const struct str details[REASON_COUNT] = {
        [REASON_QUEUED] = STR_INIT("others wait for a seat; ask with wait_s to join the queue"),
        [REASON_LIMIT] = STR_INIT("more seats were asked for than there are in all"),
        [REASON_SUSPENDED] = STR_INIT("the licence is suspended"),
        [REASON_EXPIRED] = STR_INIT("the licence has expired"),
        [REASON_NOT_STARTED] = STR_INIT("the licence has not started yet"),
        [REASON_REVOKED] = STR_INIT("the licence was revoked"),
        [REASON_NOT_FOUND] = STR_INIT("no licence that you may use has this feature"),
        [REASON_QUEUE_FULL] = STR_INIT("every seat is taken and the queue is full"),
        [REASON_BAD_TOKEN] = STR_INIT("this is no token of this server"),
        [REASON_TOKEN_EXPIRED] = STR_INIT("the token has expired"),
        [REASON_TOKEN_REVOKED] = STR_INIT("the token was revoked"),
        [REASON_DISABLED] = STR_INIT("the token's owner is disabled"),
        [REASON_SCOPE] = STR_INIT("the token's scopes do not include it"),
        [REASON_ROLE] = STR_INIT("your role does not include it"),
    };

    return details[reason];
}

/* Reasons mean something for these; for others `reason` is just zero. */
static bool has_reason(enum problem problem)
{
    return problem == PROBLEM_UNAUTHORIZED || problem == PROBLEM_FORBIDDEN || problem == PROBLEM_NO_SEATS ||
           problem == PROBLEM_NOT_LICENSED || problem == PROBLEM_LEASE_ENDED || problem == PROBLEM_TICKET_ENDED;
}

/* used, limit, queued, next_free, others: whatever the covering entry says of the pool. */
static void counts_write(const struct job *job, struct json_out *out)
{
    struct entry entry;

    if (!job->reply.leaf_count || entry_decode(job->reply.leaves[0], &entry, NULL).code)
        return;
    if (entry_has(&entry, DATA_USED))
        json_out_i64(out, "used", entry.data[DATA_USED].number);
    if (entry_has(&entry, DATA_OCCUPIED))
        json_out_i64(out, "occupied", entry.data[DATA_OCCUPIED].number);
    if (entry_has(&entry, DATA_LIMIT))
        json_out_i64(out, "limit", entry.data[DATA_LIMIT].number);
    if (entry_has(&entry, DATA_QUEUED))
        json_out_i64(out, "queued", entry.data[DATA_QUEUED].number);
    if (entry_has(&entry, DATA_OTHERS))
        json_out_i64(out, "others", entry.data[DATA_OTHERS].number);
    if (entry_has(&entry, DATA_NEXT_FREE))
        json_out_time(out, "next_free", entry.data[DATA_NEXT_FREE].number);
    if (entry_has_on(&entry, ON_POOL))
        json_out_id(out, "pool", ID_POOL, entry.on[ON_POOL].id);
}

/* A denial that has an entry of its own comes as OUTCOME_ENTRY or _REPEAT: its reason stands in the leaf. */
static enum problem job_problem(const struct job *job, enum reason *ret_reason)
{
    const struct outcome *outcome = &job->reply.outcome;
    struct entry entry;

    *ret_reason = outcome->reason;
    if (outcome->kind == OUTCOME_PROBLEM || outcome->kind == OUTCOME_FLOOD)
        return outcome->problem;
    if (!job->reply.leaf_count || entry_decode(job->reply.leaves[0], &entry, NULL).code)
        return PROBLEM_INTERNAL;
    *ret_reason = (enum reason)entry_number_or(&entry, DATA_REASON, REASON_NO_SEATS);
    return reason_problem(*ret_reason);
}

unsigned problem_status(const struct job *job)
{
    enum reason reason;

    return rows[job_problem(job, &reason)].status;
}

static struct http_problem document(enum problem problem, struct str detail, struct str member)
{
    const struct problem_row *row = &rows[problem];

    return (struct http_problem){ .status = row->status,
                                  .code = problem_words[problem].at,
                                  .title = str_of(row->title),
                                  .detail = detail.len ? detail : str_of(row->detail),
                                  .member = member,
                                  .retry_after_s = row->retry_after_s };
}

static struct http_problem job_document(const struct job *job, enum reason *ret_reason, enum problem *ret_problem)
{
    *ret_problem = job_problem(job, ret_reason);
    return document(*ret_problem, has_reason(*ret_problem) ? reason_detail(*ret_reason) : STR_NONE,
                    job->reply.outcome.member);
}

static void extras_write(const struct job *job, enum problem problem, enum reason reason, struct json_out *out)
{
    if (has_reason(problem))
        json_out_text(out, "reason", reason_words[reason]);
    if (job->reply.index != UINT64_MAX)
        json_out_u64(out, "index", job->reply.index);
    counts_write(job, out);
}

void problem_write(const struct job *job, struct json_out *out)
{
    enum reason reason;
    enum problem problem;
    struct http_problem doc = job_document(job, &reason, &problem);

    json_out_text(out, "title", doc.title);
    json_out_text(out, "detail", doc.detail);
    json_out_text(out, "code", str_of(doc.code));
    if (doc.member.len)
        json_out_text(out, "member", doc.member);
    extras_write(job, problem, reason, out);
}

void answer_problem_of(struct call *call, const struct job *job)
{
    static const struct response_field challenge = { STR_INIT("WWW-Authenticate"), STR_INIT("Bearer") };
    enum reason reason;
    enum problem problem;
    struct http_problem doc = job_document(job, &reason, &problem);
    struct json_out out;

    if (problem == PROBLEM_UNAUTHORIZED) {
        doc.fields = &challenge;
        doc.field_count = 1;
    }
    out = http_problem_begin(call->exchange, &doc);
    extras_write(job, problem, reason, &out);
    http_problem_send(call->exchange, &out, &doc);
}

void answer_problem(struct call *call, enum problem problem, struct str detail)
{
    struct http_problem doc = document(problem, detail, STR_NONE);

    http_respond_problem(call->exchange, &doc);
}
