#include "api/answer.h"

#include "http/respond.h"

/* A leaf of the answer, decoded; false (never, in practice) when it can't be. */
static bool leaf_read(const struct job *job, size_t number, struct entry *ret_entry)
{
    return number < job->reply.leaf_count && !entry_decode(job->reply.leaves[number], ret_entry, NULL).code;
}

/* ---- One writer for each kind of entry that answers a command ---- */

static void lease_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_LEASE, entry->on[ON_LEASE].id);
    json_out_id(out, "license", ID_LICENSE, entry->on[ON_LICENSE].id);
    json_out_id(out, "pool", ID_POOL, entry->on[ON_POOL].id);
    json_out_text(out, "feature", entry->on[ON_FEATURE].text);
    json_out_i64(out, "quantity", entry->data[DATA_QUANTITY].number);
    json_out_i64(out, "ttl_s", entry->data[DATA_TTL_S].number);
    json_out_time(out, "granted_at", entry->time_ms);
    json_out_time(out, "expires_at", entry->data[DATA_EXPIRES_AT].number);
    json_out_time(out, "proven_until", entry->data[DATA_PROVEN_UNTIL].number);
    json_out_hex(out, "nonce", entry->data[DATA_NONCE].bytes, 16);
    json_out_i64(out, "used", entry->data[DATA_USED].number);
    json_out_i64(out, "limit", entry->data[DATA_LIMIT].number);
    json_out_text(out, "chosen_by", entry->data[DATA_CHOSEN_BY].text);
}

static void renewal_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_LEASE, entry->on[ON_LEASE].id);
    json_out_time(out, "expires_at", entry->data[DATA_EXPIRES_AT].number);
    json_out_time(out, "proven_until", entry->data[DATA_PROVEN_UNTIL].number);
}

static void release_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_LEASE, entry->on[ON_LEASE].id);
    json_out_text(out, "state", lease_state_words[entry->code == TS2003 ? LEASE_RELEASED : LEASE_REVOKED]);
}

static void ticket_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_TICKET, entry->on[ON_TICKET].id);
    json_out_id(out, "pool", ID_POOL, entry->on[ON_POOL].id);
    json_out_text(out, "state", ticket_state_words[TICKET_WAITING]);
    json_out_i64(out, "place", entry->data[DATA_PLACE].number);
    json_out_time(out, "expires_at", entry->data[DATA_EXPIRES_AT].number);
}

static void ticket_end_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_TICKET, entry->on[ON_TICKET].id);
    json_out_text(out, "state", ticket_state_words[TICKET_CANCELLED]);
}

static void product_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_PRODUCT, entry->on[ON_PRODUCT].id);
    json_out_text(out, "name", entry->data[DATA_NAME].text);
}

/* The id of whom or what the entry made. */
static void subject_write(const struct entry *entry, struct json_out *out)
{
    static const enum on_field subjects[] = { ON_USER,    ON_TEAM,       ON_SERVICE, ON_ORGANISATION,
                                              ON_LICENSE, ON_CREDENTIAL, ON_LEASE,   ON_POOL };

    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (entry_has_on(entry, subjects[i])) {
            json_out_id(out, "id", on_fields[subjects[i]].id_kind, entry->on[subjects[i]].id);
            return;
        }
    }
}

static void license_write(const struct entry *entry, struct json_out *out)
{
    subject_write(entry, out);
    if (entry_has(entry, DATA_STATE))
        json_out_text(out, "state", license_state_words[entry->data[DATA_STATE].number]);
}

static void token_write(const struct entry *entry, struct json_out *out)
{
    json_out_id(out, "id", ID_CREDENTIAL, entry->on[ON_CREDENTIAL].id);
    if (entry_has(entry, DATA_EXPIRES_AT))
        json_out_time(out, "expires_at", entry->data[DATA_EXPIRES_AT].number);
}

struct answer_row {
    unsigned status; /* 0: a denial, a problem */
    void (*write)(const struct entry *entry, struct json_out *out);
};

static const struct answer_row answers[AUDIT_COUNT] = {
    [TS1008] = { 200, subject_write }, [TS1009] = { 201, subject_write }, [TS1012] = { 200, subject_write },
    [TS2001] = { 201, lease_write },   [TS2003] = { 200, release_write }, [TS2006] = { 200, release_write },
    [TS2007] = { 200, renewal_write }, [TS2011] = { 202, ticket_write },  [TS2014] = { 200, ticket_end_write },
    [TS3001] = { 201, subject_write }, [TS3002] = { 201, product_write }, [TS3004] = { 201, license_write },
    [TS3006] = { 201, subject_write }, [TS3007] = { 200, subject_write }, [TS3010] = { 200, license_write },
    [TS3011] = { 200, license_write }, [TS3012] = { 200, license_write }, [TS3013] = { 200, license_write },
    [TS4001] = { 201, subject_write }, [TS4002] = { 201, subject_write }, [TS4003] = { 201, subject_write },
    [TS4004] = { 201, token_write },   [TS4005] = { 200, token_write },   [TS4006] = { 200, subject_write },
    [TS4007] = { 200, subject_write }, [TS4008] = { 200, subject_write }, [TS6001] = { 201, subject_write },
    [TS6002] = { 200, subject_write }, [TS6003] = { 200, subject_write }, [TS6004] = { 200, subject_write },
    [TS6005] = { 200, subject_write }, [TS6006] = { 200, subject_write },
};

/* ---- Outcomes ---- */

unsigned answer_status(const struct job *job)
{
    struct entry entry;

    switch (job->reply.outcome.kind) {
    case OUTCOME_LEASE:
    case OUTCOME_TICKET:
    case OUTCOME_ENDED:
    case OUTCOME_VIEW:
        return 200;
    case OUTCOME_ENTRY:
    case OUTCOME_REPEAT:
        if (leaf_read(job, 0, &entry) && answers[entry.code].write)
            return answers[entry.code].status;
        return problem_status(job);
    default:
        return problem_status(job);
    }
}

static void outcome_lease_write(const struct outcome *outcome, struct json_out *out)
{
    json_out_id(out, "id", ID_LEASE, outcome->id);
    json_out_time(out, "expires_at", outcome->expires_ms);
    json_out_time(out, "proven_until", outcome->proven_until_ms);
}

static void outcome_ticket_write(const struct outcome *outcome, struct json_out *out)
{
    json_out_id(out, "id", ID_TICKET, outcome->id);
    json_out_text(out, "state", ticket_state_words[outcome->place ? TICKET_WAITING : TICKET_OFFERED]);
    json_out_i64(out, "place", outcome->place);
    json_out_time(out, "expires_at", outcome->expires_ms);
}

/* A release or cancel that had happened before: as it was answered then. */
static void outcome_ended_write(const struct outcome *outcome, struct json_out *out)
{
    bool is_ticket = outcome->ended_kind == ID_TICKET;

    json_out_id(out, "id", is_ticket ? ID_TICKET : ID_LEASE, outcome->id);
    json_out_text(out, "state", is_ticket ? ticket_state_words[outcome->state] : lease_state_words[outcome->state]);
}

/* The entry's own members, then its index, then the receipt that was asked for. */
static void entry_write(struct call *call, const struct job *job, struct json_out *out)
{
    struct entry entry;

    (void)call;
    if (!leaf_read(job, 0, &entry) || !answers[entry.code].write) {
        problem_write(job, out);
        return;
    }
    answers[entry.code].write(&entry, out);
}

void answer_write(struct call *call, const struct job *job, struct json_out *out)
{
    const struct outcome *outcome = &job->reply.outcome;

    switch (outcome->kind) {
    case OUTCOME_LEASE:
        outcome_lease_write(outcome, out);
        break;
    case OUTCOME_TICKET:
        outcome_ticket_write(outcome, out);
        break;
    case OUTCOME_ENDED:
        outcome_ended_write(outcome, out);
        break;
    case OUTCOME_ENTRY:
    case OUTCOME_REPEAT:
        entry_write(call, job, out);
        break;
    default:
        problem_write(job, out);
        return;
    }
    if (job->reply.index != UINT64_MAX && answer_status(job) < 400)
        json_out_u64(out, "index", job->reply.index);
}

void answer_call(struct call *call)
{
    struct json_out out = { .buf = &call->exchange->answer };
    const struct job *job = call->jobs;
    unsigned code;

    if (call_refused(call, job))
        return;
    code = answer_status(job);
    if (code >= 400) {
        answer_problem_of(call, job);
        return;
    }
    json_out_object(&out, NULL);
    answer_write(call, job, &out);
    json_out_end(&out);
    http_respond_json(call->exchange, code);
}
