/*
 * fuzz/flexnet_log: any bytes as a FlexNet debug log, in pieces whose sizes the first two bytes choose.
 *
 * Whatever comes, every byte belongs to a line, every line has a kind, what an event says is within its bounds, and
 * every name can be written as UTF-8.
 */
#include <assert.h>

#include "base/str.h"
#include "service/flexnet_usage.h"

static void check_name(struct str name)
{
    AUTO(struct buf, buf_free) utf8 = { .max = 3 * FLEXNET_LINE_MAX_BYTES };

    flexnet_text_add(&utf8, name);
    assert(utf8.status.code == CODE_OK);
    assert(str_is_utf8(buf_str(&utf8)));
}

static void check_event(const struct flexnet_log *log, const struct flexnet_event *event, uint64_t *end)
{
    const struct flexnet_line *line = &event->line;

    if (line->kind == FLEXNET_NONE)
        return;
    assert(event->offset == *end && event->end > event->offset && event->end <= log->read);
    assert(event->number == log->lines);
    *end = event->end;
    check_name(line->user);
    check_name(line->host);
    check_name(line->feature);
    if (line->kind >= FLEXNET_OUT && line->kind <= FLEXNET_UPGRADE)
        assert(line->quantity >= 1 && line->quantity <= QUANTITY_MAX && line->feature.len && line->user.len &&
               line->host.len && line->daemon.len && line->time_s >= 0);
}

static bool read_all(struct str text, size_t piece_max, struct flexnet_log *log, struct flexnet_usage *usage)
{
    struct flexnet_event event = { 0 };
    uint64_t end = 0;

    while (text.len > 0) {
        struct str piece = str_cut(text, 0, piece_max);
        text = str_from(text, piece.len);
        while (piece.len > 0) {
            if (flexnet_log_next(log, &piece, &event, NULL).code)
                return false; /* a zone that is not known ends the reading */
            check_event(log, &event, &end);
            if (flexnet_usage_add(usage, &event).code)
                return false;
        }
    }
    if (flexnet_log_end(log, &event, NULL).code || flexnet_usage_add(usage, &event).code)
        return false;
    check_event(log, &event, &end);
    assert(end == log->read);
    return true;
}

static void check_sums(const struct flexnet_log *log, struct flexnet_usage *usage)
{
    uint64_t lines = 0;
    uint64_t grants = 0;

    for (int kind = 0; kind < FLEXNET_KIND_COUNT; kind++)
        lines += log->counts[kind];
    assert(lines == log->lines);
    flexnet_usage_end(usage);
    for (size_t i = 0; i < flexnet_usage_count(usage); i++) {
        const struct flexnet_feature *feature = flexnet_usage_feature(usage, i);
        assert(feature->grants == feature->returns + feature->closed_by_restart + feature->open);
        assert(feature->used <= feature->peak);
        grants += feature->grants;
    }
    assert(grants == log->counts[FLEXNET_OUT]);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    /* A zone in which hours occur twice and are skipped. */
    struct zone zone = { .has_rule = true };
    size_t piece_max = len < 2 ? 1 : 1 + (size_t)data[0] * 16;
    bool given = len < 2 || data[1] % 2 == 0;
    struct str text = len < 2 ? STR_NONE : (struct str){ (const char *)data + 2, len - 2 };
    AUTO(struct flexnet_log, flexnet_log_free) log = { 0 };
    AUTO(struct flexnet_usage, flexnet_usage_free) usage = flexnet_usage_start();
    bool found = false;

    if (zone_read_rule(STR("CET-1CEST,M3.5.0,M10.5.0/3"), &zone.rule).code)
        return -1;
    log = flexnet_log_start(given ? &zone : NULL);
    if (flexnet_log_look(&log, text, &found, NULL).code)
        return 0;
    flexnet_log_rewind(&log);
    if (read_all(text, piece_max, &log, &usage))
        check_sums(&log, &usage);
    return 0;
}
