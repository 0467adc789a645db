#include "cli/observe_ops.h"

#include <stdio.h>

#include "cli/flexnet_names.h"
#include "codec/hex.h"
#include "core/command.h"

#define KEY_MAX_BYTES  128
#define KEY_HEAD_BYTES 16
#define MARK_MIN_BYTES 2 /* of a log that is no longer than this no watermark is looked for line by line */

void observer_free(struct observer *observer)
{
    flexnet_usage_free(&observer->usage);
    bulk_free(&observer->batch);
}

/* ---- Options ---- */

status observer_limits(struct observer *observer, const struct option_texts *pools, struct err *err)
{
    for (size_t i = 0; i < pools->count; i++) {
        struct str text = str_of(pools->at[i]);
        size_t equals = text.len;
        uint64_t limit;

        while (equals > 0 && text.at[equals - 1] != '=')
            equals--;
        if (equals < 2 || str_to_u64(str_from(text, equals), LIMIT_MAX, &limit).code)
            return err_member(err, CODE_INVALID, "pool",
                              "--pool must be FEATURE=SEATS with 0 to %d seats, not \"%.100s\"", LIMIT_MAX,
                              pools->at[i]);
        observer->limits[observer->limit_count++] =
            (struct pool_limit){ .feature = str_cut(text, 0, equals - 1), .limit = (int64_t)limit };
    }
    return OK;
}

/* ---- Watermarks ---- */

static status mark_ask(struct observer *observer, uint64_t offset, uint64_t *ret_offset, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct hash head = flexnet_head(buf_str(&observer->file->first), offset);
    char target[96] = "/v1/observations?head=";
    size_t len = sizeof("/v1/observations?head=") - 1;

    hex_write(head.bytes, HASH_BYTES, target + len);
    TRY(client_get(observer->client, target, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    *ret_offset = (uint64_t)json_doc_number(&doc, "offset", 0);
    return OK;
}

/*
 * A log is known by its first 2,048 bytes; one that was read while it was shorter, by what it had then, which ended
 * with a line. The longest that fits is the one.
 */
status observer_resume(struct observer *observer, struct err *err)
{
    struct str first = buf_str(&observer->file->first);
    uint64_t offset = 0;

    if (first.len == FLEXNET_HEAD_BYTES)
        TRY(mark_ask(observer, FLEXNET_HEAD_BYTES, &offset, err));
    for (size_t at = first.len; at > MARK_MIN_BYTES && !offset; at--) {
        if (at == first.len ? at < FLEXNET_HEAD_BYTES : first.at[at - 1] == '\n')
            TRY(mark_ask(observer, at, &offset, err));
    }
    observer->from = observer->marked = offset;
    return OK;
}

static void mark_write(struct observer *observer)
{
    struct json_out out = bulk_line(&observer->batch, "observe.read");
    struct hash head = flexnet_head(buf_str(&observer->file->first), observer->end);

    observer->lines[observer->batch.count] = observer->line;
    json_out_hex(&out, "head", head.bytes, HASH_BYTES);
    json_out_u64(&out, "offset", observer->end);
    json_out_u64(&out, "line", observer->line);
    if (observer->at_ms)
        json_out_time(&out, "occurred_at", observer->at_ms);
    bulk_line_end(&observer->batch, &out);
}

/* ---- Sending ---- */

static status answer_take(void *context, size_t number, unsigned code, struct json_node answer, struct err *err)
{
    struct observer *observer = context;

    if (code / 100 != 2)
        return err_set(err, code == 401 || code == 403 ? CODE_DENIED : CODE_CONFLICT,
                       "the server does not take line %llu of %s: %.*s", (unsigned long long)observer->lines[number],
                       observer->file->path, STR_ARG(json_node_text(json_node_member(answer, "detail"))));
    if (observer->first_index < 0)
        observer->first_index = json_node_number(json_node_member(answer, "index"), -1);
    observer->closed = json_node_number(json_node_member(answer, "count"), 0);
    observer->sent++;
    return OK;
}

/* `part` tells batches apart that begin at the same line. */
static status key_send(struct observer *observer, const char *what, unsigned part, struct err *err)
{
    struct bulk_visitor visitor = { answer_take, observer };
    struct hash head = flexnet_head(buf_str(&observer->file->first), observer->first_end);
    char hex[2 * KEY_HEAD_BYTES + 1] = "";
    char key[KEY_MAX_BYTES];

    hex_write(head.bytes, KEY_HEAD_BYTES, hex);
    (void)snprintf(key, sizeof(key), "flexnet-%s-%s-%llu-%u", what, hex, (unsigned long long)observer->first_line,
                   part);
    TRY(bulk_send(observer->client, &observer->batch, str_of(key), &visitor, err));
    bulk_clear(&observer->batch);
    return OK;
}

status observer_flush(struct observer *observer, struct err *err)
{
    if (observer->end <= observer->marked)
        return OK;
    if (!observer->batch.count) { /* nothing but lines about other things: the mark stands for itself */
        observer->first_line = observer->line;
        observer->first_end = observer->end;
    }
    mark_write(observer);
    TRY(key_send(observer, "lines", 0, err));
    observer->marked = observer->end;
    return OK;
}

/* ---- Events ---- */

static struct json_out op_begin(struct observer *observer, const struct flexnet_event *event, const char *op)
{
    if (!observer->batch.count) {
        observer->first_line = event->number;
        observer->first_end = event->end;
    }
    observer->lines[observer->batch.count] = event->number;
    return bulk_line(&observer->batch, op);
}

static void op_end(struct observer *observer, const struct flexnet_event *event, struct json_out *out)
{
    json_out_u64(out, "line", event->number);
    if (event->moment.placed)
        json_out_time(out, "occurred_at", event->moment.at_ms);
    bulk_line_end(&observer->batch, out);
}

static void seats_op(struct observer *observer, const struct flexnet_event *event, const char *op)
{
    struct json_out out = op_begin(observer, event, op);

    flexnet_name_write(&out, "product", event->line.daemon);
    flexnet_name_write(&out, "feature", event->line.feature);
    flexnet_name_write(&out, "user", event->line.user);
    flexnet_name_write(&out, "host", event->line.host);
    json_out_u64(&out, "quantity", event->line.quantity);
    op_end(observer, event, &out);
}

static bool limit_fits(const struct pool_limit *limit, const struct flexnet_line *line)
{
    struct str rest = limit->feature;
    struct str product = str_take(&rest, '/');

    return str_eq(limit->feature, line->feature) || (str_eq(product, line->daemon) && str_eq(rest, line->feature));
}

/* What a person said about the pool comes before the first thing that the log says about it. */
static void limit_op(struct observer *observer, const struct flexnet_event *event)
{
    for (size_t i = 0; i < observer->limit_count; i++) {
        struct pool_limit *limit = &observer->limits[i];
        struct json_out out;

        if (limit->told || !limit_fits(limit, &event->line))
            continue;
        out = op_begin(observer, event, "observe.limit");
        flexnet_name_write(&out, "product", event->line.daemon);
        flexnet_name_write(&out, "feature", event->line.feature);
        json_out_i64(&out, "limit", limit->limit);
        op_end(observer, event, &out);
        limit->told = true;
    }
}

/* One command closes a bounded number of leases: until one closes fewer there may be more. */
static status product_restart(struct observer *observer, const struct flexnet_event *event, struct str product,
                              unsigned *part, struct err *err)
{
    do {
        struct json_out out = op_begin(observer, event, "observe.restart");

        flexnet_name_write(&out, "product", product);
        op_end(observer, event, &out);
        TRY(key_send(observer, "restart", (*part)++, err));
    } while (observer->closed == OBSERVE_RESTART_MAX);
    return OK;
}

/* Whether an earlier feature of the log has the same product. */
static bool product_was_before(const struct observer *observer, size_t number, struct str product)
{
    for (size_t i = 0; i < number; i++) {
        if (str_eq(flexnet_usage_feature(&observer->usage, i)->product, product))
            return true;
    }
    return false;
}

/* A vendor daemon's start closes its seats; that of lmgrd, all of the products that the log has named. */
static status restart_send(struct observer *observer, const struct flexnet_event *event, struct err *err)
{
    unsigned part = 0;

    TRY(observer_flush(observer, err));
    if (event->line.started.len)
        return product_restart(observer, event, event->line.started, &part, err);
    for (size_t i = 0; i < flexnet_usage_count(&observer->usage); i++) {
        struct str product = flexnet_usage_feature(&observer->usage, i)->product;

        if (!product_was_before(observer, i, product))
            TRY(product_restart(observer, event, product, &part, err));
    }
    return OK;
}

static status event_send(struct observer *observer, const struct flexnet_event *event, struct err *err)
{
    enum flexnet_kind kind = event->line.kind;

    if (event->restart)
        TRY(restart_send(observer, event, err));
    if (kind != FLEXNET_OUT && kind != FLEXNET_DENIED && !flexnet_is_return(kind))
        return OK;
    if (bulk_is_full(&observer->batch) || observer->batch.count + observer->limit_count + 2 >= BATCH_LINES_MAX)
        TRY(observer_flush(observer, err));
    limit_op(observer, event);
    seats_op(observer, event,
             kind == FLEXNET_OUT      ? "observe.out"
             : kind == FLEXNET_DENIED ? "observe.denied"
                                      : "observe.in");
    return observer->batch.text.status;
}

status observer_event(void *context, const struct flexnet_event *event, struct err *err)
{
    struct observer *observer = context;

    if (flexnet_usage_add(&observer->usage, event).code)
        return err_set(err, CODE_TOO_LARGE, "%s names more than can be kept, or there is no memory",
                       observer->file->path);
    if (event->offset >= observer->from)
        TRY(event_send(observer, event, err));
    observer->end = event->end;
    observer->line = event->number;
    if (event->moment.placed)
        observer->at_ms = event->moment.at_ms;
    return OK;
}
