/*
 * cli/observe: `tally observe flexnet`: the log of a licence server that knows nothing of us becomes observed pools and
 * leases in the ledger, at attribution level A0, and the summary accounts for each of its lines.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/flexnet_names.h"
#include "cli/observe_ops.h"
#include "cli/observed.h"
#include "cli/session.h"

#define LOOK_MS     500 /* between two looks at a log that is followed */
#define SUMMARY_MAX ((size_t)16 << 20)

struct observe_options {
    const char *log;
    const char *zone;
    bool follow;
    struct option_texts pools;
};

static const struct option_row observe_rows[] = {
    { "log", OPTION_TEXT, offsetof(struct observe_options, log), 0, 0, true, "FILE", "the debug log of lmgrd", 0, 0 },
    { "follow", OPTION_FLAG, offsetof(struct observe_options, follow), 0, 0, false, NULL,
      "go on as the log grows, until interrupted", 'f', 0 },
    { "pool", OPTION_TEXTS, offsetof(struct observe_options, pools), 0, 0, false, "FEATURE=SEATS",
      "how many seats there are, since the log does not say; may be repeated", 0, 0 },
    { "zone", OPTION_TEXT, offsetof(struct observe_options, zone), 0, 0, false, "ZONE",
      "where the log was written, as Europe/Madrid or +02:00 (default: as it says itself)", 0, 0 },
};

/* One observation, from the first byte of the log to the summary. */
struct observing {
    struct session session;
    struct flexnet_file file;
    struct observer observer;
    struct observed observed;
    bool has_ledger; /* the figures are the ledger's own */
};

static void observing_end(struct observing *observing)
{
    observer_free(&observing->observer);
    observed_free(&observing->observed);
    flexnet_file_close(&observing->file);
    session_close(&observing->session);
}

/* ---- Reading ---- */

/* The signals that end --follow are waited for in place of a sleep. */
static sigset_t stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

static status log_follow(struct observing *observing, struct err *err)
{
    struct flexnet_visitor visitor = { observer_event, &observing->observer };
    struct timespec pause = { .tv_nsec = (long)LOOK_MS * 1000000 };
    sigset_t set = stop_signals();

    do {
        TRY(flexnet_file_first(&observing->file, err));
        TRY(flexnet_file_read(&observing->file, &visitor, err));
        TRY(observer_flush(&observing->observer, err));
    } while (sigtimedwait(&set, NULL, &pause) < 0);
    return OK;
}

/* A last line without an end may still be under way: it is left for the next run, which takes it whole. */
static status log_read(struct observing *observing, bool follow, struct err *err)
{
    struct flexnet_visitor visitor = { observer_event, &observing->observer };
    sigset_t set = stop_signals();

    if (follow) {
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        return log_follow(observing, err);
    }
    TRY(flexnet_file_read(&observing->file, &visitor, err));
    return observer_flush(&observing->observer, err);
}

/* ---- The ledger's own figures ---- */

static status page_add(struct observing *observing, int64_t *after, size_t *ret_count, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    char target[96];
    struct json_node rows;

    (void)snprintf(target, sizeof(target), "/v1/audit?after=%lld&limit=%d", (long long)*after, PAGE_MAX);
    TRY(client_get(observing->session.client, target, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    rows = json_node_member(json_doc_root(&doc), "entries");
    for (size_t i = 0; i < json_node_count(rows); i++)
        TRY(observed_add(&observing->observed, json_node_text(json_node_member(json_node_item(rows, i), "entry")),
                         err));
    *after = json_doc_number(&doc, "next", *after);
    *ret_count = json_node_count(rows);
    return OK;
}

/*
 * From the first entry about this log on: of a log that an earlier run began, that is somewhere in the ledger. Without
 * the right to read the ledger the summary is the log's alone, and says so.
 */
static status ledger_add(struct observing *observing, struct err *err)
{
    int64_t after = observing->observer.from ? -1 : observing->observer.first_index - 1;
    size_t count = observing->observer.from || observing->observer.first_index >= 0 ? PAGE_MAX : 0;
    status s = OK;

    while (count && !s.code)
        s = page_add(observing, &after, &count, err);
    if (s.code == CODE_DENIED)
        return OK;
    TRY(s);
    observed_end(&observing->observed);
    observing->has_ledger = true;
    return OK;
}

/* ---- Summary ---- */

struct totals {
    uint64_t grants, returns, inactive, unmatched, open, closed_by_restart, denied, unsupported;
};

static struct totals totals_of(const struct flexnet_usage *usage)
{
    struct totals totals = { 0 };

    for (size_t i = 0; i < flexnet_usage_count(usage); i++) {
        const struct flexnet_feature *feature = flexnet_usage_feature(usage, i);

        totals.grants += feature->grants;
        totals.returns += feature->returns;
        totals.inactive += feature->inactive;
        totals.unmatched += feature->unmatched;
        totals.open += feature->open;
        totals.closed_by_restart += feature->closed_by_restart;
        totals.denied += feature->denied;
        totals.unsupported += feature->unsupported;
    }
    return totals;
}

static void lines_print(const struct flexnet_log *log, const struct totals *totals)
{
    (void)printf("%llu lines:\n", (unsigned long long)log->lines);
    for (int kind = FLEXNET_NONE + 1; kind < FLEXNET_KIND_COUNT; kind++) {
        if (log->counts[kind])
            (void)printf("  %10llu %s\n", (unsigned long long)log->counts[kind],
                         flexnet_kind_name((enum flexnet_kind)kind));
    }
    (void)printf("%llu grants: %llu returned, %llu closed by a restart, %llu still open\n",
                 (unsigned long long)totals->grants, (unsigned long long)totals->returns,
                 (unsigned long long)totals->closed_by_restart, (unsigned long long)totals->open);
    (void)printf("%llu returns of nothing, %llu denied, %llu asked for what is not served here\n",
                 (unsigned long long)totals->unmatched, (unsigned long long)totals->denied,
                 (unsigned long long)totals->unsupported);
    if (log->unplaced)
        (void)printf("%llu events could not be placed in time\n", (unsigned long long)log->unplaced);
}

/* The ledger may have pools that other logs speak of. */
static bool is_of_log(const struct observing *observing, const struct observed_pool *pool)
{
    for (size_t i = 0; i < flexnet_usage_count(&observing->observer.usage); i++) {
        const struct flexnet_feature *feature = flexnet_usage_feature(&observing->observer.usage, i);
        char space[FEATURE_MAX_BYTES];
        struct buf name = BUF_OVER(space);

        flexnet_feature_add(&name, feature->product, feature->name);
        if (str_eq(buf_str(&name), pool->feature))
            return true;
    }
    return false;
}

static void figures_print(const struct observing *observing)
{
    const struct observed *observed = &observing->observed;

    (void)printf("%-40s %8s %14s %8s %8s %7s %6s\n", "FEATURE (from the ledger)", "PEAK", "SEAT_SECONDS", "GRANTS",
                 "RETURNS", "DENIED", "OPEN");
    for (size_t i = 0; i < observed_count(observed); i++) {
        const struct observed_pool *pool = observed_pool_at(observed, i);

        if (!is_of_log(observing, pool))
            continue;
        (void)printf("%-40.*s %8lld %14lld %8llu %8llu %7llu %6llu\n", STR_ARG(pool->feature), (long long)pool->peak,
                     (long long)(pool->seat_ms / 1000), (unsigned long long)pool->grants,
                     (unsigned long long)pool->returns, (unsigned long long)pool->denied,
                     (unsigned long long)pool->open);
    }
}

static void summary_print(const struct observing *observing)
{
    struct totals totals = totals_of(&observing->observer.usage);

    lines_print(&observing->file.log, &totals);
    (void)printf("%llu commands taken; read up to byte %llu%s\n", (unsigned long long)observing->observer.sent,
                 (unsigned long long)observing->observer.end,
                 observing->observer.from ? ", going on where an earlier run stopped" : "");
    if (observing->file.log.partial.len)
        (void)printf("the last %zu bytes are a line without an end: left for the next run\n",
                     observing->file.log.partial.len);
    if (observing->has_ledger)
        figures_print(observing);
    else
        (void)printf("figures from the ledger need a token with audit.read\n");
    for (size_t i = 0; i < observing->observer.limit_count; i++) {
        if (!observing->observer.limits[i].told && !observing->observer.from)
            (void)printf("--pool %.*s: no line names that feature\n", STR_ARG(observing->observer.limits[i].feature));
    }
}

static void lines_write(const struct observing *observing, struct json_out *out)
{
    const struct flexnet_log *log = &observing->file.log;
    struct totals totals = totals_of(&observing->observer.usage);

    json_out_u64(out, "lines", log->lines);
    json_out_object(out, "kinds");
    for (int kind = FLEXNET_NONE + 1; kind < FLEXNET_KIND_COUNT; kind++)
        json_out_u64(out, flexnet_kind_name((enum flexnet_kind)kind), log->counts[kind]);
    json_out_end(out);
    json_out_u64(out, "grants", totals.grants);
    json_out_u64(out, "returns", totals.returns);
    json_out_u64(out, "closed_by_restart", totals.closed_by_restart);
    json_out_u64(out, "open", totals.open);
    json_out_u64(out, "unmatched", totals.unmatched);
    json_out_u64(out, "denied", totals.denied);
    json_out_u64(out, "unsupported", totals.unsupported);
    json_out_u64(out, "unplaced", log->unplaced);
    json_out_u64(out, "sent", observing->observer.sent);
    json_out_u64(out, "resumed_at", observing->observer.from);
    json_out_u64(out, "offset", observing->observer.end);
    json_out_u64(out, "unfinished_bytes", observing->file.log.partial.len);
}

static void features_write(const struct observing *observing, struct json_out *out)
{
    const struct observed *observed = &observing->observed;

    json_out_array(out, "features");
    for (size_t i = 0; i < observed_count(observed); i++) {
        const struct observed_pool *pool = observed_pool_at(observed, i);

        if (!is_of_log(observing, pool))
            continue;
        json_out_object(out, NULL);
        json_out_text(out, "feature", pool->feature);
        json_out_i64(out, "peak", pool->peak);
        json_out_i64(out, "seat_seconds", pool->seat_ms / 1000);
        json_out_u64(out, "grants", pool->grants);
        json_out_u64(out, "returns", pool->returns);
        json_out_u64(out, "denied", pool->denied);
        json_out_u64(out, "open", pool->open);
        json_out_u64(out, "restart_closed", pool->closed_by_restart);
        json_out_u64(out, "unmatched", pool->unmatched);
        json_out_end(out);
    }
    json_out_end(out);
}

static void summary_json(const struct observing *observing)
{
    AUTO(struct buf, buf_free) text = { .max = SUMMARY_MAX };
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    lines_write(observing, &out);
    if (observing->has_ledger)
        features_write(observing, &out);
    json_out_end(&out);
    (void)printf("%.*s\n", STR_ARG(buf_str(&text)));
}

/* ---- The command ---- */

static status observe(struct observing *observing, const struct observe_options *options, struct err *err)
{
    struct observer *observer = &observing->observer;

    observer->usage = flexnet_usage_start();
    observer->first_index = -1;
    observing->observed = observed_begin();
    TRY(observer_limits(observer, &options->pools, err));
    TRY(flexnet_file_open(options->log, options->zone, &observing->file, err));
    TRY(session_open(&observing->session, err));
    observer->client = observing->session.client;
    observer->file = &observing->file;
    TRY(observer_resume(observer, err));
    TRY(log_read(observing, options->follow, err));
    flexnet_usage_end(&observer->usage);
    return ledger_add(observing, err);
}

static int observe_run(const struct command_line *line, const void *options)
{
    AUTO(struct observing, observing_end) observing = { 0 };
    struct err err = { 0 };
    status s = observe(&observing, options, &err);

    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (line->json)
        summary_json(&observing);
    else
        summary_print(&observing);
    return EXIT_DONE;
}

const struct cli_command observe_command = {
    .words = "observe flexnet",
    .summary = "record what another licence server's log says",
    .example = "tally observe flexnet --log /var/log/flexlm/lmgrd.log --pool ansys=25 --follow",
    .options = observe_rows,
    .option_count = sizeof(observe_rows) / sizeof(observe_rows[0]),
    .options_size = sizeof(struct observe_options),
    .run = observe_run,
};
