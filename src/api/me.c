/*
 * api/me: who the caller is to the server; why a seat would be given or denied now; which roles there are.
 */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/holders.h"
#include "api/list.h"
#include "api/problems.h"
#include "api/would.h"
#include "http/respond.h"

/* ---- GET /v1/me ---- */

struct me_row {
    struct who who;
    struct str name;
    uint8_t role;
    struct id organisation;
    struct str organisation_name;
    struct shape_list permissions; /* struct str */
    struct id token;
    uint8_t level;
};

#define ME(member_) offsetof(struct me_row, member_)

/* clang-format off */
static const struct shape_member me_members[] = {
    { .name = "id", .kind = SHAPE_WHO, .at = ME(who) },
    { .name = "name", .kind = SHAPE_TEXT, .at = ME(name), .maybe = true },
    { .name = "role", .kind = SHAPE_WORD, .words = role_words, .word_count = ROLE_COUNT, .at = ME(role) },
    { .name = "organisation", .kind = SHAPE_ID, .id = ID_ORGANISATION, .at = ME(organisation), .maybe = true,
      .about = "absent: of the installation" },
    { .name = "organisation_name", .kind = SHAPE_TEXT, .at = ME(organisation_name), .maybe = true },
    { .name = "permissions", .kind = SHAPE_TEXTS, .at = ME(permissions), .about = "the role's and the token's together" },
    { .name = "token", .kind = SHAPE_ID, .id = ID_CREDENTIAL, .at = ME(token), .about = "the credential in use" },
    { .name = "level", .kind = SHAPE_WORD, .words = level_words, .word_count = LEVEL_COUNT, .at = ME(level),
      .about = "how well this request is attributed" },
};
/* clang-format on */
const struct shape me_shape = SHAPE("Me", me_members);

static struct shape_list permissions_list(struct call *call, permissions set)
{
    struct str *words = arena_new(call_arena(call), PERMISSION_COUNT, sizeof(*words));
    struct shape_list list = { .at = words };

    for (int i = PERM_LEASE_TAKE; words && i < PERMISSION_COUNT; i++) {
        if (permissions_hold(set, (enum permission)i))
            words[list.count++] = permission_words[i];
    }
    return list;
}

void me_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct json_out out = { .buf = &exchange->answer };
    const struct bearer *bearer = &call->bearer;
    struct me_row row = { .who = bearer->actor.who,
                          .name = list_name(call, bearer->actor.who.id),
                          .role = (uint8_t)bearer->role,
                          .permissions = permissions_list(call, bearer->permissions),
                          .token = bearer->actor.cred,
                          .level = (uint8_t)bearer->actor.level };
    struct shape_source source = { .value = &row };

    if (bearer->organisation.kind != ID_NONE) {
        row.organisation = bearer->organisation.id;
        row.organisation_name = list_name(call, row.organisation);
    }
    json_out_object(&out, NULL);
    shape_write(&me_shape, &source, &out);
    json_out_end(&out);
    http_respond_json(exchange, 200);
}

/* ---- GET /v1/roles ---- */

struct role_row {
    struct str role;
    struct shape_list permissions;
};
struct roles_row {
    struct shape_list roles;
};

static const struct shape_member role_members[] = {
    { .name = "role", .kind = SHAPE_TEXT, .at = offsetof(struct role_row, role) },
    { .name = "permissions", .kind = SHAPE_TEXTS, .at = offsetof(struct role_row, permissions) },
};
static const struct shape role_shape = SHAPE("Role", role_members);
static const struct shape_member roles_members[] = {
    { .name = "roles", .kind = SHAPE_ROWS, .shape = &role_shape, .size = sizeof(struct role_row), .at = 0 },
};
const struct shape roles_shape = SHAPE("Roles", roles_members);

void roles_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct json_out out = { .buf = &exchange->answer };
    struct role_row rows[ROLE_COUNT];
    struct roles_row row = { .roles = { .at = rows, .count = ROLE_COUNT } };
    struct shape_source source = { .value = &row };

    for (int i = 0; i < ROLE_COUNT; i++) {
        rows[i].role = role_words[i];
        rows[i].permissions = permissions_list(call, role_permissions((enum role)i, false));
    }
    json_out_object(&out, NULL);
    shape_write(&roles_shape, &source, &out);
    json_out_end(&out);
    http_respond_json(exchange, 200);
}

/* ---- GET /v1/why: a check-out that is only thought of ---- */

struct last_denial {
    uint64_t index;
    int64_t time_ms;
    struct str reason;
};

static const struct shape_member denial_members[] = {
    { .name = "index", .kind = SHAPE_INDEX, .at = offsetof(struct last_denial, index) },
    { .name = "time", .kind = SHAPE_TIME, .at = offsetof(struct last_denial, time_ms) },
    { .name = "reason", .kind = SHAPE_TEXT, .at = offsetof(struct last_denial, reason) },
};
static const struct shape denial_shape = SHAPE("LastDenial", denial_members);

struct why_row {
    struct str feature;
    int64_t quantity;
    struct str answer;
    struct str code;
    struct str reason;
    struct str detail;
    struct shape_list last_denials;
    struct shape_list holders; /* struct holder_row */
};

#define WHY(member_) offsetof(struct why_row, member_)

/* clang-format off */
static const struct shape_member why_members[] = {
    { .name = "feature", .kind = SHAPE_TEXT, .at = WHY(feature) },
    { .name = "quantity", .kind = SHAPE_INT, .at = WHY(quantity) },
    { .name = "answer", .kind = SHAPE_TEXT, .at = WHY(answer), .about = "granted or denied, if it were asked for now" },
    { .name = "code", .kind = SHAPE_TEXT, .at = WHY(code), .maybe = true, .about = "the problem's" },
    { .name = "reason", .kind = SHAPE_TEXT, .at = WHY(reason), .maybe = true },
    { .name = "detail", .kind = SHAPE_TEXT, .at = WHY(detail), .about = "a sentence for people" },
    { .name = "last_denials", .kind = SHAPE_ROWS, .shape = &denial_shape, .size = sizeof(struct last_denial),
      .at = WHY(last_denials), .about = "the caller's newest, if it is remembered" },
    { .name = "holders", .kind = SHAPE_ROWS, .shape = &holder_shape, .size = sizeof(struct holder_row),
      .at = WHY(holders), .about = "who has the seats, as in a denial" },
};
/* clang-format on */
const struct shape why_shape = SHAPE("Why", why_members);

static void last_denial_add(struct call *call, struct why_row *why)
{
    struct last_denial *last = arena_new(call_arena(call), 1, sizeof(*last));
    struct recent_denial denial;

    if (!last || !recent_denial_find(&call_api(call)->recent, call->bearer.actor.who.id, &denial))
        return;
    *last =
        (struct last_denial){ .index = denial.index, .time_ms = denial.time_ms, .reason = reason_words[denial.reason] };
    why->last_denials = (struct shape_list){ .at = last, .count = 1 };
}

static void why_explain(struct call *call, const struct job *job, struct why_row *why)
{
    const struct outcome *outcome = &job->reply.outcome;
    struct answer answer = { .problem = outcome->problem, .reason = outcome->reason };

    why->answer = outcome->problem ? STR("denied") : STR("granted");
    why->detail = STR("a seat is free and would be given");
    if (!outcome->problem)
        return;
    why->code = problem_words[outcome->problem];
    if (outcome->kind == OUTCOME_ENTRY)
        why->reason = reason_words[outcome->reason];
    why->detail = problem_detail(call, job, &answer);
}

static void why_write(struct call *call, const struct job *job, struct shape_list holders)
{
    struct json_out out = { .buf = &call->exchange->answer };
    struct why_row why = { .feature = job->command.lease_create.feature,
                           .quantity = job->command.lease_create.quantity,
                           .holders = holders };
    struct shape_source source = { .value = &why };

    why_explain(call, job, &why);
    last_denial_add(call, &why);
    json_out_object(&out, NULL);
    shape_write(&why_shape, &source, &out);
    would_write(call, job, &out);
    json_out_end(&out);
    http_respond_json(call->exchange, 200);
}

static void why_with_holders(struct call *call)
{
    const struct holders *holders = call->detail;

    why_write(call, holders->job, holders->rows);
}

static void why_answer(struct call *call)
{
    const struct job *job = call->jobs;
    struct id pool;

    if (call_refused(call, job))
        return;
    if (job->reply.outcome.problem == PROBLEM_UNAUTHORIZED || job->reply.outcome.problem == PROBLEM_FORBIDDEN) {
        answer_call(call);
        return;
    }
    pool = job->reply.outcome.problem == PROBLEM_NO_SEATS ? would_pool(job) : (struct id){ 0 };
    if (id_is_none(pool))
        why_write(call, job, (struct shape_list){ 0 });
    else
        holders_ask(call, job, pool, why_with_holders);
}

void why_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct err err = { 0 };
    struct job *job;

    if (!call_asked(call, QUERY_FEATURE)) {
        (void)err_member(&err, CODE_INVALID, "feature", "feature is missing: product/feature, or a bare name");
        call_reject(call, &err);
        return;
    }
    job = call_job(call, COMMAND_LEASE_CREATE);
    if (!job)
        return;
    job->command.dry_run = true;
    job->command.lease_create.feature = call_text(call, QUERY_FEATURE);
    job->command.lease_create.quantity = call_number(call, QUERY_QUANTITY, 1);
    job->command.lease_create.ttl_s = TTL_DEFAULT_S;
    call_submit(call, why_answer);
}
