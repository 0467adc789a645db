#include "api/answer.h"

#include "api/holders.h"
#include "api/problems.h"
#include "api/receipt.h"
#include "api/would.h"

#define ENTRY_ON(name_, field_)                                                                                        \
    {                                                                                                                  \
        .name = (name_), .kind = SHAPE_ON, .at = (field_)                                                              \
    }
#define ENTRY_DATA(name_, field_)                                                                                      \
    {                                                                                                                  \
        .name = (name_), .kind = SHAPE_DATA, .at = (field_)                                                            \
    }
#define ENTRY_DATA_MAYBE(name_, field_)                                                                                \
    {                                                                                                                  \
        .name = (name_), .kind = SHAPE_DATA, .at = (field_), .maybe = true                                             \
    }
#define FIXED(name_, word_)                                                                                            \
    {                                                                                                                  \
        .name = (name_), .kind = SHAPE_FIXED, .fixed = STR_INIT(word_)                                                 \
    }

/* clang-format off */
static const struct shape_member lease_members[] = {
    ENTRY_ON("id", ON_LEASE),
    ENTRY_ON("license", ON_LICENSE),
    ENTRY_ON("pool", ON_POOL),
    ENTRY_ON("feature", ON_FEATURE),
    ENTRY_DATA("quantity", DATA_QUANTITY),
    ENTRY_DATA("ttl_s", DATA_TTL_S),
    ENTRY_DATA_MAYBE("grace_s", DATA_GRACE_S),
    { .name = "granted_at", .kind = SHAPE_WHEN },
    ENTRY_DATA("expires_at", DATA_EXPIRES_AT),
    ENTRY_DATA("proven_until", DATA_PROVEN_UNTIL),
    ENTRY_DATA("nonce", DATA_NONCE),
    ENTRY_DATA("used", DATA_USED),
    ENTRY_DATA("limit", DATA_LIMIT),
    ENTRY_DATA("chosen_by", DATA_CHOSEN_BY),
};
static const struct shape lease_shape = SHAPE("Lease", lease_members);

static const struct shape_member renewal_members[] = {
    ENTRY_ON("id", ON_LEASE),
    ENTRY_DATA("expires_at", DATA_EXPIRES_AT),
    ENTRY_DATA("proven_until", DATA_PROVEN_UNTIL),
};
static const struct shape renewal_shape = SHAPE("Heartbeat", renewal_members);

static const struct shape_member released_members[] = { ENTRY_ON("id", ON_LEASE), FIXED("state", "released") };
static const struct shape released_shape = SHAPE("LeaseEnd", released_members);
static const struct shape_member revoked_members[] = { ENTRY_ON("id", ON_LEASE), FIXED("state", "revoked") };
static const struct shape revoked_shape = SHAPE("LeaseEnd", revoked_members);

static const struct shape_member ticket_members[] = {
    ENTRY_ON("id", ON_TICKET),
    ENTRY_ON("pool", ON_POOL),
    FIXED("state", "waiting"),
    ENTRY_DATA("place", DATA_PLACE),
    ENTRY_DATA("expires_at", DATA_EXPIRES_AT),
};
static const struct shape ticket_shape = SHAPE("Ticket", ticket_members);
static const struct shape_member cancelled_members[] = { ENTRY_ON("id", ON_TICKET), FIXED("state", "cancelled") };
static const struct shape cancelled_shape = SHAPE("TicketEnd", cancelled_members);

static const struct shape_member feature_members[] = {
    ENTRY_ON("id", ON_FEATURE_ID),
    ENTRY_ON("feature", ON_FEATURE),
};
static const struct shape feature_shape = SHAPE("Feature", feature_members);
static const struct shape_member product_members[] = { ENTRY_ON("id", ON_PRODUCT), ENTRY_DATA("name", DATA_NAME) };
static const struct shape product_shape = SHAPE("Product", product_members);

static const struct shape_member entitlement_members[] = {
    ENTRY_ON("id", ON_ENTITLEMENT),
    ENTRY_ON("feature", ON_FEATURE),
    ENTRY_DATA("model", DATA_MODEL),
    ENTRY_DATA("limit", DATA_LIMIT),
    ENTRY_DATA_MAYBE("grace_s", DATA_GRACE_S),
    ENTRY_ON("pool", ON_POOL),
};
static const struct shape entitlement_shape = SHAPE("Entitlement", entitlement_members);
static const struct shape_member license_members[] = {
    ENTRY_ON("id", ON_LICENSE),
    ENTRY_ON("product", ON_PRODUCT),
    ENTRY_DATA("holder", DATA_HOLDER),
    ENTRY_DATA("kind", DATA_KIND),
    ENTRY_DATA("state", DATA_STATE),
    ENTRY_DATA_MAYBE("starts_at", DATA_STARTS_AT),
    ENTRY_DATA_MAYBE("expires_at", DATA_ENDS_AT),
};
static const struct shape license_shape = SHAPE("License", license_members);
static const struct shape_member moved_members[] = { ENTRY_ON("id", ON_LICENSE), ENTRY_DATA("state", DATA_STATE) };
static const struct shape moved_shape = SHAPE("LicenseState", moved_members);
static const struct shape_member changed_members[] = {
    ENTRY_ON("id", ON_LICENSE), ENTRY_DATA_MAYBE("state", DATA_STATE)
};
static const struct shape changed_shape = SHAPE("LicenseChange", changed_members);
static const struct shape_member limit_members[] = {
    ENTRY_ON("id", ON_POOL),
    ENTRY_ON("feature", ON_FEATURE),
    ENTRY_DATA("used", DATA_USED),
    ENTRY_DATA_MAYBE("limit", DATA_LIMIT),
    ENTRY_DATA("over", DATA_OVER),
    ENTRY_DATA("ending", DATA_ENDING),
};
static const struct shape limit_shape = SHAPE("PoolLimit", limit_members);

#define GIVEN_NAME { .name = "name", .kind = SHAPE_GIVEN, .at = 0, .maybe = true, .about = "as it was given" }
static const struct shape_member organisation_members[] = { ENTRY_ON("id", ON_ORGANISATION), GIVEN_NAME };
static const struct shape organisation_shape = SHAPE("Organisation", organisation_members);
static const struct shape_member user_members[] = {
    ENTRY_ON("id", ON_USER), GIVEN_NAME, ENTRY_DATA("role", DATA_ROLE)
};
static const struct shape user_shape = SHAPE("User", user_members);
static const struct shape_member team_members[] = { ENTRY_ON("id", ON_TEAM), GIVEN_NAME };
static const struct shape team_shape = SHAPE("Team", team_members);
static const struct shape_member service_members[] = {
    ENTRY_ON("id", ON_SERVICE), GIVEN_NAME, ENTRY_DATA("role", DATA_ROLE)
};
static const struct shape service_shape = SHAPE("Service", service_members);
static const struct shape_member token_members[] = {
    ENTRY_ON("id", ON_CREDENTIAL),
    { .name = "token", .kind = SHAPE_GIVEN, .at = 0, .maybe = true, .about = "told once, and not again in a repeat" },
    ENTRY_DATA("owner", DATA_OWNER),
    ENTRY_DATA("expires_at", DATA_EXPIRES_AT),
};
static const struct shape token_shape = SHAPE("NewToken", token_members);
static const struct shape_member token_end_members[] = { ENTRY_ON("id", ON_CREDENTIAL), FIXED("state", "revoked") };
static const struct shape token_end_shape = SHAPE("TokenEnd", token_end_members);
static const struct shape_member membership_members[] = { ENTRY_ON("team", ON_TEAM), ENTRY_ON("user", ON_USER) };
static const struct shape membership_shape = SHAPE("Membership", membership_members);
static const struct shape_member role_members[] = {
    { .name = "user", .kind = SHAPE_ON, .at = ON_USER, .maybe = true },
    { .name = "service", .kind = SHAPE_ON, .at = ON_SERVICE, .maybe = true },
    ENTRY_DATA("role", DATA_ROLE),
};
static const struct shape role_shape = SHAPE("RoleChange", role_members);

static const struct shape_member confirm_members[] = { ENTRY_DATA("jump_ms", DATA_JUMP_MS) };
static const struct shape confirm_shape = SHAPE("ClockConfirmed", confirm_members);
static const struct shape_member backup_members[] = {
    { .name = "to", .kind = SHAPE_GIVEN, .at = 0, .maybe = true, .about = "the file in the data directory's backups/" },
    ENTRY_DATA("size", DATA_SIZE),
    { .name = "root", .kind = SHAPE_DATA, .at = DATA_ROOT, .maybe = true, .about = "of the copy's tree, in hexadecimal" },
    { .name = "sha256", .kind = SHAPE_DATA, .at = DATA_SHA256, .maybe = true, .about = "of the copy's file" },
};
static const struct shape_member cosigned_members[] = {
    ENTRY_DATA("size", DATA_SIZE), ENTRY_DATA("root", DATA_ROOT), ENTRY_DATA("count", DATA_COUNT_OF)
};
static const struct shape cosigned_shape = SHAPE("CheckpointCosigned", cosigned_members);
static const struct shape backup_shape = SHAPE("Backup", backup_members);
static const struct shape_member seeded_members[] = { ENTRY_DATA("count", DATA_COUNT_OF) };
static const struct shape seeded_shape = SHAPE("DemoSeeded", seeded_members);

static const struct shape_member observed_lease_members[] = {
    ENTRY_ON("id", ON_LEASE), ENTRY_ON("pool", ON_POOL), ENTRY_DATA("used", DATA_USED)
};
static const struct shape observed_lease_shape = SHAPE("ObservedLease", observed_lease_members);
static const struct shape_member observed_pool_members[] = { ENTRY_ON("pool", ON_POOL) };
static const struct shape observed_pool_shape = SHAPE("ObservedPool", observed_pool_members);
static const struct shape_member unmatched_members[] = { ENTRY_ON("pool", ON_POOL), FIXED("unmatched", "true") };
static const struct shape unmatched_shape = SHAPE("ObservedReturn", unmatched_members);
static const struct shape_member restart_members[] = {
    ENTRY_ON("product", ON_PRODUCT), ENTRY_DATA("count", DATA_COUNT_OF)
};
static const struct shape restart_shape = SHAPE("ObservedRestart", restart_members);
static const struct shape_member watermark_members[] = {
    ENTRY_DATA("offset", DATA_OFFSET), ENTRY_DATA("line", DATA_LINE)
};
static const struct shape watermark_shape = SHAPE("ObservedRead", watermark_members);

static const struct shape_member erased_members[] = {
    ENTRY_ON("id", ON_USER), FIXED("state", "erased"),
    { .name = "complete_at", .kind = SHAPE_DATA, .at = DATA_LAPSES_AT, .maybe = true,
      .about = "when the last backup of keys lapses from which the person can come back; absent: at once" },
};
static const struct shape erased_shape = SHAPE("UserErased", erased_members);
static const struct shape_member held_members[] = { ENTRY_ON("id", ON_USER), FIXED("state", "held") };
static const struct shape held_shape = SHAPE("UserHold", held_members);
static const struct shape_member unheld_members[] = { ENTRY_ON("id", ON_USER), FIXED("state", "not held") };
static const struct shape unheld_shape = SHAPE("UserHoldCleared", unheld_members);
static const struct shape_member key_backup_members[] = {
    { .name = "to", .kind = SHAPE_GIVEN, .at = 0, .maybe = true, .about = "the file in key-backups/" },
    ENTRY_DATA("lapses_at", DATA_LAPSES_AT),
};
static const struct shape key_backup_shape = SHAPE("KeyBackup", key_backup_members);

const struct answer_row answer_rows[AUDIT_COUNT] = {
    [AUDIT_VAULT_KEYS_COPIED] = { 201, &key_backup_shape, { { 0 } } },
    [AUDIT_USER_ERASED] = { 200, &erased_shape, { { 0 } } },
    [AUDIT_USER_HOLD_SET] = { 200, &held_shape, { { 0 } } },
    [AUDIT_USER_HOLD_CLEARED] = { 200, &unheld_shape, { { 0 } } },
    [AUDIT_CLOCK_CONFIRMED] = { 200, &confirm_shape, { { 0 } } },
    [AUDIT_BACKUP_MADE] = { 201, &backup_shape, { { 0 } } },
    [AUDIT_CHECKPOINT_COSIGNED] = { 201, &cosigned_shape, { { 0 } } },
    [AUDIT_DEMO_SEEDED] = { 200, &seeded_shape, { { 0 } } },
    [AUDIT_LEASE_GRANTED] = { 201, &lease_shape, { { 0 } } },
    [AUDIT_LEASE_RELEASED] = { 200, &released_shape, { { 0 } } },
    [AUDIT_LEASE_REVOKED] = { 200, &revoked_shape, { { 0 } } },
    [AUDIT_LEASE_RENEWED] = { 200, &renewal_shape, { { 0 } } },
    [AUDIT_TICKET_QUEUED] = { 202, &ticket_shape, { { 0 } } },
    [AUDIT_TICKET_CANCELLED] = { 200, &cancelled_shape, { { 0 } } },
    [AUDIT_ORGANISATION_CREATED] = { 201, &organisation_shape, { { 0 } } },
    [AUDIT_PRODUCT_CREATED] = { 201, &product_shape, { { "features", AUDIT_FEATURE_CREATED, &feature_shape } } },
    [AUDIT_LICENSE_CREATED] = { 201, &license_shape, { { "entitlements", AUDIT_ENTITLEMENT_CREATED, &entitlement_shape } } },
    [AUDIT_POOL_LIMIT_CHANGED] = { 200, &limit_shape, { { 0 } } },
    [AUDIT_LICENSE_STARTED] = { 200, &moved_shape, { { "pools", AUDIT_POOL_LIMIT_CHANGED, &limit_shape } } },
    [AUDIT_LICENSE_SUSPENDED] = { 200, &moved_shape, { { "pools", AUDIT_POOL_LIMIT_CHANGED, &limit_shape } } },
    [AUDIT_LICENSE_REINSTATED] = { 200, &moved_shape, { { "pools", AUDIT_POOL_LIMIT_CHANGED, &limit_shape } } },
    [AUDIT_LICENSE_REVOKED] = { 200, &moved_shape, { { "pools", AUDIT_POOL_LIMIT_CHANGED, &limit_shape } } },
    [AUDIT_LICENSE_CHANGED] = { 200, &changed_shape, { { "pools", AUDIT_POOL_LIMIT_CHANGED, &limit_shape } } },
    [AUDIT_USER_CREATED] = { 201, &user_shape, { { 0 } } },
    [AUDIT_TEAM_CREATED] = { 201, &team_shape, { { 0 } } },
    [AUDIT_SERVICE_CREATED] = { 201, &service_shape, { { 0 } } },
    [AUDIT_TOKEN_CREATED] = { 201, &token_shape, { { 0 } } },
    [AUDIT_TOKEN_REVOKED] = { 200, &token_end_shape, { { 0 } } },
    [AUDIT_TEAM_MEMBER_ADDED] = { 200, &membership_shape, { { 0 } } },
    [AUDIT_TEAM_MEMBER_REMOVED] = { 200, &membership_shape, { { 0 } } },
    [AUDIT_ROLE_CHANGED] = { 200, &role_shape, { { 0 } } },
    [AUDIT_OBSERVE_OUT] = { 201, &observed_lease_shape, { { 0 } } },
    [AUDIT_OBSERVE_IN] = { 200, &observed_lease_shape, { { 0 } } },
    [AUDIT_OBSERVE_DENIED] = { 200, &observed_pool_shape, { { 0 } } },
    [AUDIT_OBSERVE_UNMATCHED] = { 200, &unmatched_shape, { { 0 } } },
    [AUDIT_OBSERVE_RESTARTED] = { 200, &restart_shape, { { 0 } } },
    [AUDIT_OBSERVE_READ] = { 200, &watermark_shape, { { 0 } } },
};

/* ---- Outcomes without an entry ---- */

#define OUTCOME(member_) offsetof(struct outcome, member_)

static const struct shape_member heartbeat_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_LEASE, .at = OUTCOME(id) },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = OUTCOME(expires_ms) },
    { .name = "proven_until", .kind = SHAPE_TIME, .at = OUTCOME(proven_until_ms) },
};
const struct shape heartbeat_shape = SHAPE("Heartbeat", heartbeat_members);

static const struct shape_member ticket_now_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_TICKET, .at = OUTCOME(id) },
    { .name = "place", .kind = SHAPE_INT, .at = OUTCOME(place), .about = "from 1; 0: a seat is kept for it" },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = OUTCOME(expires_ms) },
};
const struct shape ticket_now_shape = SHAPE("TicketNow", ticket_now_members);

static const struct shape_member lease_ended_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_LEASE, .at = OUTCOME(id) },
    { .name = "state", .kind = SHAPE_WORD, .words = lease_state_words, .word_count = LEASE_STATE_COUNT,
      .at = OUTCOME(state) },
};
const struct shape ended_shape = SHAPE("LeaseEnd", lease_ended_members);
static const struct shape_member ticket_ended_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_TICKET, .at = OUTCOME(id) },
    { .name = "state", .kind = SHAPE_WORD, .words = ticket_state_words, .word_count = TICKET_STATE_COUNT,
      .at = OUTCOME(state) },
};
static const struct shape ticket_ended_shape = SHAPE("TicketEnd", ticket_ended_members);
/* clang-format on */

static const struct shape *outcome_shape(const struct outcome *outcome)
{
    switch (outcome->kind) {
    case OUTCOME_LEASE:
        return &heartbeat_shape;
    case OUTCOME_TICKET:
        return &ticket_now_shape;
    case OUTCOME_ENDED:
        return outcome->ended_kind == ID_TICKET ? &ticket_ended_shape : &ended_shape;
    default:
        return NULL;
    }
}

/* ---- Reading and writing one answer ---- */

static bool is_observation(enum command_kind kind)
{
    return kind >= COMMAND_OBSERVE_OUT && kind <= COMMAND_OBSERVE_LIMIT;
}

/* A command is answered by its first entry; an observation by what was seen, after the entries of what was new in it.
 */
static bool answers(enum command_kind kind, enum audit_code code)
{
    return !is_observation(kind) || code == AUDIT_POOL_LIMIT_CHANGED ||
           (code >= AUDIT_OBSERVE_OUT && code <= AUDIT_OBSERVE_READ) ||
           (code >= AUDIT_AUTH_FAILED && code <= AUDIT_REQUEST_REJECTIONS);
}

static bool entry_find(const struct job *job, struct answer *ret_answer)
{
    for (size_t i = 0; i < job->reply.leaf_count; i++) {
        ret_answer->index = job->reply.index + i;
        if (entry_decode(job->reply.leaves[i], &ret_answer->entry, NULL).code)
            return false;
        if (answers(job->command.kind, ret_answer->entry.code))
            return true;
    }
    ret_answer->index = job->reply.index;
    return false;
}

void answer_read(const struct job *job, struct answer *ret_answer)
{
    const struct outcome *outcome = &job->reply.outcome;

    ret_answer->status = 200;
    ret_answer->row = NULL;
    ret_answer->problem = PROBLEM_NONE;
    ret_answer->reason = outcome->reason;
    ret_answer->holders = (struct shape_list){ 0 };
    ret_answer->has_entry = entry_find(job, ret_answer);
    if (outcome_shape(outcome))
        return;
    if (outcome->kind == OUTCOME_PROBLEM || outcome->kind == OUTCOME_FLOOD) {
        ret_answer->problem = outcome->problem;
    } else if (!ret_answer->has_entry) {
        ret_answer->problem = PROBLEM_INTERNAL;
    } else if (answer_rows[ret_answer->entry.code].status) {
        ret_answer->row = &answer_rows[ret_answer->entry.code];
    } else {
        ret_answer->reason = (enum reason)entry_number_or(&ret_answer->entry, DATA_REASON, REASON_NO_SEATS);
        ret_answer->problem = problem_of_denial(&ret_answer->entry);
    }
    ret_answer->status = ret_answer->row ? ret_answer->row->status : problem_row(ret_answer->problem)->status;
}

/* The further entries with the part's code, each an item of its list. */
static void part_write(const struct job *job, const struct answer_part *part, struct json_out *out)
{
    struct entry entry;
    struct shape_source source = { .value = &entry };

    json_out_array(out, part->name);
    for (size_t i = 1; i < job->reply.leaf_count; i++) {
        if (entry_decode(job->reply.leaves[i], &entry, NULL).code || entry.code != part->code)
            continue;
        json_out_object(out, NULL);
        shape_write(part->shape, &source, out);
        json_out_end(out);
    }
    json_out_end(out);
}

void answer_write(struct call *call, const struct job *job, const struct answer *answer, struct json_out *out)
{
    struct shape_source source = { .value = &answer->entry, .given = call->given };

    if (answer->problem) {
        problem_write(call, job, answer, out);
        return;
    }
    if (!answer->row) {
        source.value = &job->reply.outcome;
        shape_write(outcome_shape(&job->reply.outcome), &source, out);
    } else {
        shape_write(answer->row->shape, &source, out);
        for (int i = 0; i < ANSWER_PARTS_MAX && answer->row->parts[i].name; i++)
            part_write(job, &answer->row->parts[i], out);
    }
    if (answer->index != UINT64_MAX)
        json_out_u64(out, "index", answer->index);
}

static void denial_answer(struct call *call)
{
    const struct holders *holders = call->detail;
    struct answer answer;

    answer_read(holders->job, &answer);
    answer.holders = holders->rows;
    answer_problem_of(call, holders->job, &answer);
}

/* A denial for want of seats that was just recorded; a repeat's and a roll-up's name nobody, and cost no look. */
static bool names_holders(const struct job *job, const struct answer *answer)
{
    return answer->problem == PROBLEM_NO_SEATS && job->reply.outcome.kind == OUTCOME_ENTRY && answer->has_entry &&
           entry_has_on(&answer->entry, ON_POOL);
}

void answer_call(struct call *call)
{
    struct json_out out = { .buf = &call->exchange->answer };
    const struct job *job = call->jobs;
    struct answer answer;

    if (call_refused(call, job))
        return;
    if (!draft_is_written(&job->command, &job->reply.outcome) && job->reply.outcome.kind != OUTCOME_PROBLEM) {
        would_answer(call, job);
        return;
    }
    answer_read(job, &answer);
    if (answer.problem && names_holders(job, &answer)) {
        holders_ask(call, job, answer.entry.on[ON_POOL].id, denial_answer);
        return;
    }
    if (answer.problem) {
        answer_problem_of(call, job, &answer);
        return;
    }
    if (job->wants_receipt && answer.has_entry) {
        receipt_answer(call);
        return;
    }
    json_out_object(&out, NULL);
    answer_write(call, job, &answer, &out);
    json_out_end(&out);
    http_respond_json(call->exchange, answer.status);
}
