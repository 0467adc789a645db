/*
 * api/metrics: numbers for Prometheus (text format 0.0.4). Whoever reads them without a token sees the server's own;
 * who may read the catalogue also sees what is used of each feature, under the names that dashboards for FlexNet know.
 */
#include "api/handlers.h"
#include "api/list.h"
#include "http/respond.h"
#include "http/server.h"
#include "service/witnesses.h"

#define POOLS_SHOWN 1000 /* lines of one scrape are bounded; /v1/pools has all */

static void metric(struct buf *text, const char *name, const char *type, const char *help, uint64_t value)
{
    buf_add_format(text, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name,
                   (unsigned long long)value);
}

static void engine_metrics(struct call *call, struct buf *text)
{
    struct publisher *publisher = engine_publisher(call_engine(call));
    struct engine_stats stats;

    engine_stats(call_engine(call), &stats);
    metric(text, "tally_ledger_entries", "gauge", "Entries of the ledger.", stats.size);
    metric(text, "tally_ledger_published_entries", "gauge", "Entries under the newest checkpoint.",
           publisher_head(publisher).size);
    metric(text, "tally_ledger_newest_entry_milliseconds", "gauge", "Time of the newest entry since 1970.",
           (uint64_t)stats.newest_entry_ms);
    metric(text, "tally_signing_failures_total", "counter", "Checkpoints that could not be signed.",
           publisher_failures(publisher));
    metric(text, "tally_signer_up", "gauge", "1: the process that holds the key answers.",
           signer_client_is_up(publisher_signer(publisher)));
    metric(text, "tally_signer_restarts_total", "counter", "Signers started after the first.",
           signer_client_restarts(publisher_signer(publisher)));
    metric(text, "tally_signing_refused", "gauge", "1: the signer refuses this ledger; nothing is signed any more.",
           publisher_is_refused(publisher));
    metric(text, "tally_commits_total", "counter", "Group commits.", stats.commits);
    metric(text, "tally_commit_microseconds_total", "counter", "Time spent in commits.", stats.commit_us_total);
    metric(text, "tally_failed_commits_total", "counter", "Commits that failed.", stats.failed_commits);
    metric(text, "tally_commands_total", "counter", "Commands decided.", stats.commands);
    metric(text, "tally_commands_shed_total", "counter", "Commands turned away, the queue being full.",
           stats.overloaded);
    metric(text, "tally_queue_length", "gauge", "Commands that wait for the engine.", stats.queue_length);
    metric(text, "tally_leases", "gauge", "Live leases.", stats.leases);
    metric(text, "tally_licenses", "gauge", "Licences.", stats.licenses);
    metric(text, "tally_pools", "gauge", "Pools.", stats.pools);
    metric(text, "tally_tickets", "gauge", "Tickets that wait or are offered a seat.", stats.tickets);
    metric(text, "tally_ready", "gauge", "1: commands are taken.", stats.ready);
    metric(text, "tally_read_only", "gauge", "1: nothing can be recorded.", stats.read_only);
    metric(text, "tally_grants_stopped", "gauge", "1: no seats are given.", stats.grants_stopped);
    metric(text, "tally_clock_frozen", "gauge", "1: the clock jumped and is not confirmed.", stats.clock_frozen);
    metric(text, "tally_disk_used_percent", "gauge", "Of the disk under the ledger.", stats.disk_used_percent);
    metric(text, "tally_waiting_requests", "gauge", "Requests held until something happens.",
           atomic_load(&call_api(call)->waiting));
}

static void http_metrics(struct call *call, struct buf *text)
{
    const struct server *server = atomic_load(&call_api(call)->server);
    struct server_counters counters;

    if (!server)
        return;
    counters = server_counters(server);
    metric(text, "tally_http_connections_total", "counter", "Connections accepted.", counters.of[COUNTER_CONNECTIONS]);
    metric(text, "tally_http_connections", "gauge", "Connections open.",
           counters.of[COUNTER_CONNECTIONS] - counters.of[COUNTER_CONNECTIONS_ENDED]);
    metric(text, "tally_http_requests_total", "counter", "Requests read or refused.", counters.of[COUNTER_REQUESTS]);
    metric(text, "tally_http_timeouts_total", "counter", "Connections that were too slow.",
           counters.of[COUNTER_TIMEOUTS]);
    metric(text, "tally_http_received_bytes_total", "counter", "Bytes received.", counters.of[COUNTER_BYTES_IN]);
    metric(text, "tally_http_sent_bytes_total", "counter", "Bytes sent.", counters.of[COUNTER_BYTES_OUT]);
    buf_add(text, STR("# HELP tally_http_answers_total Answers by class of status.\n"
                      "# TYPE tally_http_answers_total counter\n"));
    for (int i = 0; i < 4; i++)
        buf_add_format(text, "tally_http_answers_total{status=\"%dxx\"} %llu\n", i + 2,
                       (unsigned long long)counters.of[COUNTER_STATUS_2XX + i]);
}

/* A name in a policy may hold any byte but white space. */
static void label_add(struct buf *text, struct str label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (label.at[i] == '"' || label.at[i] == '\\')
            buf_add_byte(text, '\\');
        buf_add_byte(text, label.at[i]);
    }
}

static void witness_line(struct buf *text, const char *name, const struct witness_status *witness, double value)
{
    buf_add_format(text, "%s{witness=\"", name);
    label_add(text, witness->name);
    buf_add_format(text, "\"} %.15g\n", value);
}

enum witness_number { OF_LAG, OF_SECONDS, OF_TIME, OF_ABSENT, OF_SUCCESSES, OF_FAILURES, WITNESS_NUMBERS };

static double witness_number(const struct witness_status *witness, enum witness_number number, uint64_t published)
{
    switch (number) {
    case OF_LAG:
        return witness->size < published ? (double)(published - witness->size) : 0;
    case OF_SECONDS:
        return (double)witness->behind_ms / 1000;
    case OF_TIME:
        return (double)witness->at_ms / 1000;
    case OF_ABSENT:
        return witness->is_absent;
    case OF_SUCCESSES:
        return (double)witness->successes;
    default:
        return (double)witness->failures;
    }
}

static void witness_metrics(struct call *call, struct buf *text)
{
    static const char *const rows[WITNESS_NUMBERS][3] = {
        [OF_LAG] = { "tally_witness_lag_entries", "gauge", "Published entries that a witness has not cosigned." },
        [OF_SECONDS] = { "tally_witness_lag_seconds", "gauge", "For how long a witness has had something to cosign." },
        [OF_TIME] = { "tally_witness_cosigned_timestamp_seconds", "gauge", "When a witness cosigned last; 0: never." },
        [OF_ABSENT] = { "tally_witness_absent", "gauge", "1: recorded as absent." },
        [OF_SUCCESSES] = { "tally_witness_cosignatures_total", "counter", "Requests that a witness cosigned." },
        [OF_FAILURES] = { "tally_witness_failures_total", "counter", "Requests that a witness did not cosign." },
    };
    struct witnesses *witnesses = atomic_load(&call_api(call)->witnesses);
    uint64_t published = publisher_head(engine_publisher(call_engine(call))).size;
    struct witness_status witness;

    metric(text, "tally_ledger_forked", "gauge", "1: another history was signed with this ledger's key.",
           witnesses ? witnesses_saw_fork(witnesses) : witnesses_forbid_signing(call_api(call)->config.dir));
    if (!witnesses)
        return;
    metric(text, "tally_witnessed_entries", "gauge", "Entries under the newest checkpoint that met the witness policy.",
           witnesses_size(witnesses));
    metric(text, "tally_witness_quorum", "gauge", "1: checkpoints meet the witness policy.",
           witnesses_are_enough(witnesses));
    for (int number = 0; number < WITNESS_NUMBERS; number++) {
        buf_add_format(text, "# HELP %s %s\n# TYPE %s %s\n", rows[number][0], rows[number][2], rows[number][0],
                       rows[number][1]);
        for (size_t i = 0; i < witnesses_count(witnesses); i++) {
            witnesses_status(witnesses, i, &witness);
            witness_line(text, rows[number][0], &witness,
                         witness_number(&witness, (enum witness_number)number, published));
        }
    }
}

/* ---- What is used of each feature ---- */

struct usage_row {
    struct str feature; /* "product/feature" */
    struct id pool;
    int64_t used;
    int64_t limit;
    uint32_t queued;
};

struct usage {
    struct view view;
    struct id viewer;
    struct usage_row *rows;
    size_t count;
    uint32_t place; /* where to go on */
    unsigned slices;
    bool ended;
};

static void usage_view(void *context, const struct facts *facts, int64_t now_ms)
{
    struct usage *usage = context;
    const struct principal *viewer = principal_at(facts, principal_find(facts, usage->viewer));
    uint32_t left = facts->pools.used - usage->place;
    uint32_t stop = usage->place + (left < SLICE_PLACES ? left : SLICE_PLACES);

    (void)now_ms;
    usage->view.facts = facts;
    for (; usage->place < stop && usage->count < POOLS_SHOWN; usage->place++) {
        const struct pool *pool = pool_at(facts, usage->place);

        if (!sees_organisation(facts, viewer,
                               pool->holder == NONE ? NONE : principal_organisation(facts, pool->holder)))
            continue;
        usage->rows[usage->count++] = (struct usage_row){
            .feature = view_copy(&usage->view, feature_full_name(feature_at(facts, pool->feature))),
            .pool = pool->id,
            .used = pool->used,
            .limit = pool->limit,
            .queued = pool->queued,
        };
    }
    usage->ended = usage->place == facts->pools.used || usage->count == POOLS_SHOWN;
    usage->view.facts = NULL;
}

/* Names hold neither quotes, backslashes nor line ends (core/label), so they need no escape. */
static void usage_line(struct buf *text, const char *metric_name, const struct usage_row *row, int64_t value)
{
    struct str rest = row->feature;
    struct str product = str_take(&rest, '/');

    buf_add_format(text, "%s{app=\"%.*s\",name=\"%.*s\",pool=\"", metric_name, STR_ARG(product), STR_ARG(rest));
    typeid_add(text, ID_POOL, row->pool);
    buf_add_format(text, "\"} %lld\n", (long long)value);
}

static void usage_write(const struct usage *usage, struct buf *text)
{
    buf_add(text, STR("# HELP flexlm_feature_issued Seats that a pool has.\n# TYPE flexlm_feature_issued gauge\n"));
    for (size_t i = 0; i < usage->count; i++) {
        if (usage->rows[i].limit >= 0)
            usage_line(text, "flexlm_feature_issued", &usage->rows[i], usage->rows[i].limit);
    }
    buf_add(text, STR("# HELP flexlm_feature_used Seats granted of a pool.\n# TYPE flexlm_feature_used gauge\n"));
    for (size_t i = 0; i < usage->count; i++)
        usage_line(text, "flexlm_feature_used", &usage->rows[i], usage->rows[i].used);
    buf_add(text, STR("# HELP tally_pool_queued Tickets that wait.\n# TYPE tally_pool_queued gauge\n"));
    for (size_t i = 0; i < usage->count; i++)
        usage_line(text, "tally_pool_queued", &usage->rows[i], usage->rows[i].queued);
}

static void metrics_answer(struct call *call)
{
    struct buf *text = &call->exchange->answer;

    engine_metrics(call, text);
    http_metrics(call, text);
    witness_metrics(call, text);
    if (call->detail)
        usage_write(call->detail, text);
    http_respond_answer(call->exchange, 200, STR("text/plain; version=0.0.4; charset=utf-8"));
}

static void usage_submit(struct call *call);

/* An organisation's pools may be few among very many: the engine is held for a slice of them at a time. */
static void usage_viewed(struct call *call)
{
    const struct usage *usage = call->detail;

    if (call_refused(call, call->jobs))
        return;
    if (usage->ended || usage->slices == SLICES_MAX)
        metrics_answer(call);
    else
        usage_submit(call);
}

static void usage_submit(struct call *call)
{
    struct usage *usage = call->detail;
    struct job *job = call_job(call, COMMAND_VIEW);

    if (!job)
        return;
    usage->slices++;
    job->command.view.call = usage_view;
    job->command.view.context = usage;
    call_submit(call, usage_viewed);
}

void metrics_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct usage *usage;

    if (!call->is_known || !permissions_hold(call->bearer.permissions, PERM_CATALOG_READ)) {
        metrics_answer(call);
        return;
    }
    usage = arena_new(call_arena(call), 1, sizeof(*usage));
    if (usage)
        usage->rows = arena_new(call_arena(call), POOLS_SHOWN, sizeof(*usage->rows));
    if (!usage || !usage->rows) {
        call_no_memory(call);
        return;
    }
    usage->viewer = call->bearer.actor.who.id;
    usage->view.arena = call_arena(call);
    call->detail = usage;
    usage_submit(call);
}
