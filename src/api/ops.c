#include "api/ops.h"

#include <string.h>

#include "api/asserted.h"
#include "api/lease.h"

/* Everything that any line can say: each op's table fills its own part, so that one reading has all defaults. */
struct op_request {
    struct lease_request create; /* first: it has a table of its own */
    struct id lease;             /* release, heartbeat */
    struct str product;          /* from here on: a line of another licence server's log (ENTRY.md, "Observe") */
    struct str feature;
    struct str user;
    struct str host;
    int64_t quantity;
    int64_t limit;
    int64_t line;
    int64_t occurred_at;
    unsigned char head[32];
    int64_t offset;
};

static const struct json_field lease_op_fields[] = { JSON_ID(struct op_request, lease, ID_LEASE, JSON_REQUIRED) };
static const struct json_table release_table = JSON_TABLE("ReleaseLine", struct op_request, lease_op_fields);
static const struct json_table heartbeat_table = JSON_TABLE("HeartbeatLine", struct op_request, lease_op_fields);

#define PRODUCT JSON_TEXT(struct op_request, product, 1, TEXT_MAX_BYTES, JSON_REQUIRED, .about = "the vendor daemon")
#define FEATURE JSON_TEXT(struct op_request, feature, 1, TEXT_MAX_BYTES, JSON_REQUIRED)
#define LINE    JSON_INT(struct op_request, line, 0, ENTRY_NUMBER_MAX, JSON_REQUIRED, .about = "of the log, from 1")
#define OCCURRED_AT                                                                                                    \
    JSON_TIME(struct op_request, occurred_at, JSON_OPTIONAL, .about = "the log's time, claimed by the observer")

static const struct json_field seats_fields[] = {
    PRODUCT,
    FEATURE,
    JSON_TEXT(struct op_request, user, 1, TEXT_MAX_BYTES, JSON_REQUIRED, .about = "becomes an alias"),
    JSON_TEXT(struct op_request, host, 1, TEXT_MAX_BYTES, JSON_REQUIRED, .about = "becomes an alias"),
    JSON_INT(struct op_request, quantity, 1, QUANTITY_MAX, JSON_OPTIONAL, .about = "seats; without it: 1"),
    LINE,
    OCCURRED_AT,
};
static const struct json_table out_table = JSON_TABLE("ObserveOutLine", struct op_request, seats_fields);
static const struct json_table in_table = JSON_TABLE("ObserveInLine", struct op_request, seats_fields);
static const struct json_table denied_table = JSON_TABLE("ObserveDeniedLine", struct op_request, seats_fields);

static const struct json_field restart_fields[] = { PRODUCT, LINE, OCCURRED_AT };
static const struct json_table restart_table = JSON_TABLE("ObserveRestartLine", struct op_request, restart_fields);

static const struct json_field read_fields[] = {
    JSON_HEX(struct op_request, head, JSON_REQUIRED, .about = "SHA-256 of the log's first bytes"),
    JSON_INT(struct op_request, offset, 0, ENTRY_NUMBER_MAX, JSON_REQUIRED, .about = "bytes read"),
    LINE,
    OCCURRED_AT,
};
static const struct json_table read_table = JSON_TABLE("ObserveReadLine", struct op_request, read_fields);

static const struct json_field limit_fields[] = {
    PRODUCT,
    FEATURE,
    JSON_INT(struct op_request, limit, 0, LIMIT_MAX, JSON_OPTIONAL, .about = "seats; without it: unknown"),
    JSON_INT(struct op_request, line, 0, ENTRY_NUMBER_MAX, JSON_OPTIONAL),
    OCCURRED_AT,
};
static const struct json_table limit_table = JSON_TABLE("ObserveLimitLine", struct op_request, limit_fields);

/* ---- The table of ops ---- */

enum op {
    OP_LEASE_CREATE,
    OP_LEASE_RELEASE,
    OP_LEASE_HEARTBEAT,
    OP_OBSERVE_OUT,
    OP_OBSERVE_IN,
    OP_OBSERVE_DENIED,
    OP_OBSERVE_RESTART,
    OP_OBSERVE_READ,
    OP_OBSERVE_LIMIT,
    OP_COUNT
};

const size_t op_count = OP_COUNT;
const struct str op_words[] = {
    STR_INIT("lease.create"),    STR_INIT("lease.release"), STR_INIT("lease.heartbeat"),
    STR_INIT("observe.out"),     STR_INIT("observe.in"),    STR_INIT("observe.denied"),
    STR_INIT("observe.restart"), STR_INIT("observe.read"),  STR_INIT("observe.limit"),
};
const struct json_table *const op_tables[] = {
    &lease_request_table, &release_table, &heartbeat_table, &out_table,   &in_table,
    &denied_table,        &restart_table, &read_table,      &limit_table,
};
static const enum command_kind op_commands[] = {
    COMMAND_LEASE_CREATE,   COMMAND_LEASE_RELEASE,   COMMAND_LEASE_HEARTBEAT, COMMAND_OBSERVE_OUT,   COMMAND_OBSERVE_IN,
    COMMAND_OBSERVE_DENIED, COMMAND_OBSERVE_RESTART, COMMAND_OBSERVE_READ,    COMMAND_OBSERVE_LIMIT,
};

struct op_line {
    int op;
    struct op_request request;
};

static const struct json_tagged tagged = {
    .tag = "op",
    .words = op_words,
    .tables = op_tables,
    .count = OP_COUNT,
    .choice_at = offsetof(struct op_line, op),
    .request_at = offsetof(struct op_line, request),
};

static status observe_fill(struct call *call, struct job *job, const struct op_request *request, struct err *err)
{
    struct observation *seen = &job->command.observation;
    struct name_new user = { .kind = NAME_ALIAS_USER, .text = request->user };
    struct name_new host = { .kind = NAME_ALIAS_HOST, .text = request->host };

    job->command.actor.via = VIA_OBSERVATION;
    seen->product = request->product;
    seen->feature = request->feature;
    seen->quantity = request->quantity;
    seen->limit = request->limit;
    seen->line = request->line;
    seen->occurred_at_ms = request->occurred_at;
    seen->offset = request->offset;
    memcpy(seen->head, request->head, sizeof(seen->head));
    if (user.text.len)
        TRY(asserted_alias(call, job, &user, err));
    if (host.text.len)
        TRY(asserted_alias(call, job, &host, err));
    seen->user_alias = user.id;
    seen->host_alias = host.id;
    return OK;
}

status op_fill(struct call *call, struct job *job, struct str text, struct err *err)
{
    struct op_line line = { .request = { .create = lease_request_default(), .quantity = 1, .limit = -1 } };

    TRY(json_read_tagged(text, &tagged, call_arena(call), &line, err));
    job->command.kind = op_commands[line.op];
    if (line.op == OP_LEASE_CREATE)
        return lease_job_fill(call, job, &line.request.create, err);
    if (line.op >= OP_OBSERVE_OUT)
        return observe_fill(call, job, &line.request, err);
    job->command.lease = line.request.lease;
    return OK;
}

struct str op_member(struct str member)
{
    struct str found = str_eq(member, STR("op")) ? STR("op") : STR_NONE;

    for (size_t i = 0; i < OP_COUNT && !found.len; i++)
        found = table_member(op_tables[i], member);
    return found;
}
