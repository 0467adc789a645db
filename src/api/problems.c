#include "api/problems.h"

#include "api/holders.h"
#include "codec/timetext.h"
#include "core/lease_terms.h"
#include "http/respond.h"

static const struct problem_row rows[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = { 500, "No problem", "", 0 },
    [PROBLEM_BAD_REQUEST] = { 400, "Bad request", "the request is wrong", 0 },
    [PROBLEM_UNAUTHORIZED] = { 401, "Not authenticated", "a valid bearer token is needed", 0 },
    [PROBLEM_FORBIDDEN] = { 403, "Not allowed", "this is not permitted to you", 0 },
    [PROBLEM_NOT_FOUND] = { 404, "Not found", "there is no such thing here, or none that you may know of", 0 },
    [PROBLEM_NO_SEATS] = { 409, "No seats", "every seat is taken", 0 },
    [PROBLEM_NOT_LICENSED] = { 409, "Not licensed", "no licence of yours covers this feature now", 0 },
    [PROBLEM_LEASES_OPEN] = { 409, "Leases open", "the person holds seats; they must be given back or revoked before",
                              0 },
    [PROBLEM_ON_HOLD] = { 409, "On hold", "a legal hold stands; it must be cleared before", 0 },
    [PROBLEM_AMBIGUOUS] = { 409, "Ambiguous", "several fit: name product/feature, a licence or a pool", 0 },
    [PROBLEM_LEASE_ENDED] = { 409, "Lease ended", "this lease has ended", 0 },
    [PROBLEM_TICKET_ENDED] = { 409, "Ticket ended", "this ticket has ended", 0 },
    [PROBLEM_NOT_OFFERED] = { 409, "Not offered", "no seat is kept for this ticket at the moment", 0 },
    [PROBLEM_NAME_TAKEN] = { 409, "Name taken", "that name is taken", 0 },
    [PROBLEM_WRONG_STATE] = { 409, "Wrong state", "it is not in a state in which this can be done", 0 },
    [PROBLEM_IDEMPOTENCY] = { 422, "Key used before", "this Idempotency-Key was used with another body", 0 },
    [PROBLEM_TOO_MANY] = { 409, "Too many", "a maximum is reached", 0 },
    [PROBLEM_CLOCK_FROZEN] = { 409, "Clock not confirmed", "the server's clock jumped and is not confirmed yet", 0 },
    [PROBLEM_READ_ONLY] = { 503, "Read-only", "nothing can be recorded at the moment, so nothing was done", 5 },
    [PROBLEM_OVERLOADED] = { 503, "Overloaded", "too many requests wait; nothing was done", 1 },
    [PROBLEM_STOPPING] = { 503, "Stopping", "the server is stopping; nothing was done", 5 },
    [PROBLEM_LEASE_QUOTA] = { 429, "Too many leases", "you have as many live leases as one principal may have", 60 },
    [PROBLEM_TICKET_QUOTA] = { 429, "Too many tickets", "as many of you wait for seats as one principal may have", 10 },
    [PROBLEM_ENTRY_QUOTA] = { 429, "Too fast", "you have begun more than one principal may in so short a time", 10 },
    [PROBLEM_NAME_QUOTA] = { 429, "Too many new names",
                             "you have asserted more new users and hosts than one principal may in so short a time",
                             60 },
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
        [REASON_BAD_TOKEN] = STR_INIT("no token came along, or one that this server does not know"),
        [REASON_TOKEN_EXPIRED] = STR_INIT("the token has expired"),
        [REASON_TOKEN_REVOKED] = STR_INIT("the token was revoked"),
        [REASON_DISABLED] = STR_INIT("the token's owner is disabled"),
        [REASON_SCOPE] = STR_INIT("the token's scopes do not allow this"),
        [REASON_ROLE] = STR_INIT("your role, or whose you are, does not allow this"),
    };

    return details[reason];
}

/* Reasons mean something for these; for others `reason` is just zero. */
static bool has_reason(enum problem problem)
{
    return problem == PROBLEM_UNAUTHORIZED || problem == PROBLEM_FORBIDDEN || problem == PROBLEM_NO_SEATS ||
           problem == PROBLEM_NOT_LICENSED || problem == PROBLEM_LEASE_ENDED || problem == PROBLEM_TICKET_ENDED;
}

enum problem problem_of_denial(const struct entry *entry)
{
    switch (entry->code) {
    case AUDIT_LEASE_DENIED:
    case AUDIT_LEASE_DENIALS:
        return reason_problem((enum reason)entry_number_or(entry, DATA_REASON, REASON_NO_SEATS));
    case AUDIT_AUTH_FAILED:
    case AUDIT_AUTH_FAILURES:
        return PROBLEM_UNAUTHORIZED;
    case AUDIT_ACCESS_DENIED:
    case AUDIT_ACCESS_DENIALS:
        return PROBLEM_FORBIDDEN;
    case AUDIT_REQUEST_REJECTED:
    case AUDIT_REQUEST_REJECTIONS:
        return (enum problem)entry_number_or(entry, DATA_PROBLEM, PROBLEM_INTERNAL);
    default:
        return PROBLEM_INTERNAL;
    }
}

/* What decide() demands of a member beyond what its table can say. */
static struct str member_detail(struct str member)
{
    static const struct {
        struct str member;
        struct str detail;
    } rules[] = {
        { STR_INIT("name"), STR_INIT("name must be free of '/', quotation marks and backslashes") },
        { STR_INIT("features"),
          STR_INIT("features must be different names, free of '/', quotation marks and backslashes") },
        { STR_INIT("starts_at"), STR_INIT("starts_at must be a time from 1970 to 9999") },
        { STR_INIT("expires_at"),
          STR_INIT("expires_at must lie ahead and after starts_at; terms and trials need one, perpetual licences have "
                   "none; a token's lies within ten years") },
        { STR_INIT("entitlements"), STR_INIT("say what is to change: limits of entitlements, or the end") },
        { STR_INIT("feature"), STR_INIT("each feature can be named once") },
        { STR_INIT("scopes"), STR_INIT("scopes must hold at least one permission") },
        { STR_INIT("owner"), STR_INIT("owner must be a user or a service") },
        { STR_INIT("holder"), STR_INIT("holder must be an organisation, a team or a user") },
        { STR_INIT("team"), STR_INIT("a team of an organisation has that organisation's people alone") },
        { STR_INIT("user"), STR_INIT("a team of an organisation has that organisation's people alone") },
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (str_eq(rules[i].member, member))
            return rules[i].detail;
    }
    return STR_NONE;
}

/* Of what is in the wrong state, by what was asked for. */
static struct str state_detail(enum command_kind kind)
{
    static const struct str details[COMMAND_COUNT] = {
        [COMMAND_LICENSE_SUSPEND] = STR_INIT("the licence is suspended already, or it has expired or been revoked"),
        [COMMAND_LICENSE_REINSTATE] = STR_INIT("only a suspended licence can be put back, and not after its end"),
        [COMMAND_LICENSE_REVOKE] = STR_INIT("the licence is revoked already"),
        [COMMAND_LICENSE_CHANGE] = STR_INIT("the licence is revoked, and stays so"),
        [COMMAND_MEMBER_ADD] = STR_INIT("the user is a member of the team already"),
        [COMMAND_ROLE_CHANGE] = STR_INIT("it has this role already, or is the installation's last admin"),
        [COMMAND_OBSERVE_READ] = STR_INIT("the log was read further than to this offset already"),
        [COMMAND_CLOCK_CONFIRM] = STR_INIT("the clock did not jump: there is nothing to confirm"),
    };

    return details[kind];
}

/* "8 of 8 seats of cad/render are taken, and 2 were asked for; 3 wait in the queue; …". */
static struct str no_seats_detail(struct call *call, const struct entry *entry)
{
    char space[320];
    struct buf text = BUF_OVER(space);
    struct str copy;
    int64_t queued = entry_number_or(entry, DATA_QUEUED, 0);

    buf_add_format(&text, "%lld of %lld seats of %.*s are taken", (long long)entry->data[DATA_OCCUPIED].number,
                   (long long)entry->data[DATA_LIMIT].number, STR_ARG(entry->on[ON_FEATURE].text));
    if (entry_has(entry, DATA_QUANTITY) && entry->data[DATA_QUANTITY].number > 1)
        buf_add_format(&text, ", and %lld were asked for", (long long)entry->data[DATA_QUANTITY].number);
    if (queued > 0)
        buf_add_format(&text, "; %lld wait in the queue", (long long)queued);
    if (entry_has(entry, DATA_NEXT_FREE)) {
        buf_add(&text, STR("; unless it is renewed, the next is free at "));
        timetext_add(&text, entry->data[DATA_NEXT_FREE].number);
    }
    return text.status.code || arena_copy(call_arena(call), buf_str(&text), &copy).code ? STR_NONE : copy;
}

static struct str limit_detail(struct call *call, const struct entry *entry)
{
    char space[320];
    struct buf text = BUF_OVER(space);
    struct str copy;

    buf_add_format(&text, "%lld seats of %.*s were asked for, of %lld in all",
                   (long long)entry->data[DATA_QUANTITY].number, STR_ARG(entry->on[ON_FEATURE].text),
                   (long long)entry->data[DATA_LIMIT].number);
    return text.status.code || arena_copy(call_arena(call), buf_str(&text), &copy).code ? STR_NONE : copy;
}

/* How many there are, when the entry says so. */
static struct str seats_detail(struct call *call, const struct entry *entry, enum reason reason)
{
    if (!entry_has_on(entry, ON_FEATURE) || !entry_has(entry, DATA_LIMIT))
        return STR_NONE;
    if (reason == REASON_LIMIT && entry_has(entry, DATA_QUANTITY))
        return limit_detail(call, entry);
    return reason == REASON_NO_SEATS && entry_has(entry, DATA_OCCUPIED) ? no_seats_detail(call, entry) : STR_NONE;
}

/* Which permission it was; refusals that go by who somebody is name none. */
static struct str permission_detail(struct call *call, enum reason reason)
{
    char space[160];
    struct buf text = BUF_OVER(space);
    struct str copy;

    if (call->lacks <= PERM_ANY)
        return STR_NONE;
    buf_add_format(&text, "this needs the permission %.*s, which your %s not have",
                   STR_ARG(permission_words[call->lacks]), reason == REASON_SCOPE ? "token's scopes do" : "role does");
    return text.status.code || arena_copy(call_arena(call), buf_str(&text), &copy).code ? STR_NONE : copy;
}

/* "2 seats are held: lse_…, lse_…", and which entry set a hold. */
static struct str obstacle_detail(struct call *call, const struct outcome *outcome, enum problem problem)
{
    char space[512];
    struct buf text = BUF_OVER(space);
    struct str copy;

    if (problem == PROBLEM_ON_HOLD)
        buf_add_format(&text, "a legal hold stands, set by entry %llu", (unsigned long long)outcome->index);
    else
        buf_add_format(&text,
                       "the person has %u live leases, to be given back or revoked before: ", outcome->lease_count);
    for (uint32_t i = 0; problem == PROBLEM_LEASES_OPEN && i < outcome->lease_count && i < OUTCOME_LEASES_MAX; i++) {
        if (i)
            buf_add(&text, STR(", "));
        typeid_add(&text, ID_LEASE, outcome->leases[i]);
    }
    return text.status.code || arena_copy(call_arena(call), buf_str(&text), &copy).code ? STR_NONE : copy;
}

struct str problem_detail(struct call *call, const struct job *job, const struct answer *answer)
{
    struct str detail = STR_NONE;

    if (answer->problem == PROBLEM_BAD_REQUEST)
        detail = member_detail(job->reply.outcome.member);
    if (answer->problem == PROBLEM_WRONG_STATE)
        detail = state_detail(job->command.kind);
    if (answer->problem == PROBLEM_FORBIDDEN)
        detail = permission_detail(call, answer->reason);
    if (answer->problem == PROBLEM_NO_SEATS && answer->has_entry)
        detail = seats_detail(call, &answer->entry, answer->reason);
    if ((answer->problem == PROBLEM_ON_HOLD || answer->problem == PROBLEM_LEASES_OPEN) &&
        job->reply.outcome.kind == OUTCOME_PROBLEM)
        detail = obstacle_detail(call, &job->reply.outcome, answer->problem);
    if (!detail.len && has_reason(answer->problem))
        detail = reason_detail(answer->reason);
    return detail.len ? detail : str_of(rows[answer->problem].detail);
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

/* ---- What a problem says beyond the standard's members ---- */

/* Of the job: why, which entry covers it, and how the object it asked for had ended. */
struct extras {
    struct str reason;
    struct str state;
    uint64_t index;
    uint64_t ended_index;
    uint64_t hold_index;
    struct id lease_ids[OUTCOME_LEASES_MAX];
    struct shape_list leases;
};

#define EXTRA(member_) offsetof(struct extras, member_)

/* clang-format off */
static const struct shape_member extra_members[] = {
    { .name = "reason", .kind = SHAPE_TEXT, .at = EXTRA(reason), .maybe = true },
    { .name = "state", .kind = SHAPE_TEXT, .at = EXTRA(state), .maybe = true, .about = "how the lease or ticket ended" },
    { .name = "index", .kind = SHAPE_INDEX, .at = EXTRA(index), .maybe = true, .about = "of the entry that covers it" },
    { .name = "ended_index", .kind = SHAPE_INDEX, .at = EXTRA(ended_index), .maybe = true,
      .about = "of the entry by which it ended" },
    { .name = "hold_index", .kind = SHAPE_INDEX, .at = EXTRA(hold_index), .maybe = true,
      .about = "of the entry that set the legal hold" },
    { .name = "leases", .kind = SHAPE_IDS, .id = ID_LEASE, .at = EXTRA(leases), .maybe = true,
      .about = "of a person who can't be erased: the first of their leases" },
};
const struct shape problem_extra_shape = SHAPE(NULL, extra_members);

static const struct shape_member count_members[] = {
    { .name = "used", .kind = SHAPE_DATA, .at = DATA_USED, .maybe = true },
    { .name = "occupied", .kind = SHAPE_DATA, .at = DATA_OCCUPIED, .maybe = true },
    { .name = "limit", .kind = SHAPE_DATA, .at = DATA_LIMIT, .maybe = true },
    { .name = "queued", .kind = SHAPE_DATA, .at = DATA_QUEUED, .maybe = true },
    { .name = "others", .kind = SHAPE_DATA, .at = DATA_OTHERS, .maybe = true },
    { .name = "next_free", .kind = SHAPE_DATA, .at = DATA_NEXT_FREE, .maybe = true },
    { .name = "pool", .kind = SHAPE_ON, .at = ON_POOL, .maybe = true },
};
const struct shape problem_count_shape = SHAPE(NULL, count_members);

static const struct shape_member holders_members[] = {
    { .name = "holders", .kind = SHAPE_ROWS, .shape = &holder_shape, .size = sizeof(struct holder_row),
      .at = offsetof(struct answer, holders), .maybe = true,
      .about = "who has the seats, the 16 oldest leases that the caller may see; not in a repeat or a roll-up" },
};
const struct shape problem_holders_shape = SHAPE(NULL, holders_members);
/* clang-format on */

static struct str end_state(const struct outcome *outcome, enum problem problem)
{
    if (problem == PROBLEM_LEASE_ENDED)
        return lease_state_words[outcome->state];
    return problem == PROBLEM_TICKET_ENDED ? ticket_state_words[outcome->state] : STR_NONE;
}

/* What stands in an erasure's way. */
static void obstacles_tell(const struct outcome *outcome, enum problem problem, struct extras *extras)
{
    if (problem == PROBLEM_ON_HOLD && outcome->kind == OUTCOME_PROBLEM)
        extras->hold_index = outcome->index;
    if (problem != PROBLEM_LEASES_OPEN)
        return;
    memcpy(extras->lease_ids, outcome->leases, sizeof(extras->lease_ids));
    extras->leases.at = extras->lease_ids;
    extras->leases.count = outcome->lease_count < OUTCOME_LEASES_MAX ? outcome->lease_count : OUTCOME_LEASES_MAX;
}

static void extras_write(const struct job *job, const struct answer *answer, struct json_out *out)
{
    struct extras extras = { .index = job->reply.index, .ended_index = UINT64_MAX, .hold_index = UINT64_MAX };
    struct shape_source source = { .value = &extras };
    struct shape_source entry = { .value = &answer->entry };
    struct shape_source holders = { .value = answer };

    if (has_reason(answer->problem))
        extras.reason = reason_words[answer->reason];
    extras.state = end_state(&job->reply.outcome, answer->problem);
    if (extras.state.len)
        extras.ended_index = job->reply.outcome.index;
    obstacles_tell(&job->reply.outcome, answer->problem, &extras);
    shape_write(&problem_extra_shape, &source, out);
    if (answer->has_entry)
        shape_write(&problem_count_shape, &entry, out);
    if (answer->holders.count)
        shape_write(&problem_holders_shape, &holders, out);
}

void problem_write(struct call *call, const struct job *job, const struct answer *answer, struct json_out *out)
{
    json_out_text(out, "title", str_of(rows[answer->problem].title));
    json_out_text(out, "detail", problem_detail(call, job, answer));
    json_out_text(out, "code", problem_words[answer->problem]);
    if (job->reply.outcome.member.len)
        json_out_text(out, "member", job->reply.outcome.member);
    extras_write(job, answer, out);
}

void answer_problem_of(struct call *call, const struct job *job, const struct answer *answer)
{
    static const struct response_field challenge = { STR_INIT("WWW-Authenticate"), STR_INIT("Bearer") };
    struct http_problem doc = document(answer->problem, problem_detail(call, job, answer), job->reply.outcome.member);
    struct json_out out;

    if (answer->problem == PROBLEM_UNAUTHORIZED) {
        doc.fields = &challenge;
        doc.field_count = 1;
    }
    out = http_problem_begin(call->exchange, &doc);
    extras_write(job, answer, &out);
    http_problem_send(call->exchange, &out, &doc);
}

void answer_problem(struct call *call, enum problem problem, struct str detail)
{
    struct http_problem doc = document(problem, detail, STR_NONE);

    http_respond_problem(call->exchange, &doc);
}
