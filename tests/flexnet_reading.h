/*
 * tests/flexnet_reading: reads a text as a FlexNet debug log and checks on the way what holds of any: each byte belongs
 * to a line, each line is counted once, and an event about seats is complete.
 */
#ifndef TESTS_FLEXNET_READING_H
#define TESTS_FLEXNET_READING_H

#include "test.h"

#include "base/entropy.h"
#include "service/flexnet_log.h"

#define SMALL_LOG TALLY_TESTS "/data/flexnet-small.log"

/* Everything that reading a text gives: which tests compare, and what must hold of any text is checked on the way. */
struct reading {
    struct flexnet_log log;
    uint64_t seats; /* events about seats */
    uint64_t restarts;
    uint64_t uncertain;  /* lines placed without certainty */
    uint64_t digest;     /* of every field of every event */
    int64_t moments[64]; /* of the first events about seats and starts that restart */
    size_t moment_count;
};

static inline void reading_free(struct reading *reading)
{
    flexnet_log_free(&reading->log);
}

static inline uint64_t digest_of(const struct flexnet_event *event, uint64_t seed)
{
    const struct flexnet_line *line = &event->line;
    const struct str texts[] = { line->daemon, line->message, line->feature, line->user,
                                 line->host,   line->extra,   line->reason,  line->started };
    const uint64_t numbers[] = {
        (uint64_t)line->kind,          line->quantity,       event->number,         event->offset, event->end,
        (uint64_t)event->moment.at_ms, event->moment.placed, event->moment.certain, event->restart
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        seed = str_hash(texts[i], seed);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        seed = (seed ^ numbers[i]) * 0x9e3779b97f4a7c15u;
    return seed;
}

static inline bool is_about_seats(enum flexnet_kind kind)
{
    return kind >= FLEXNET_OUT && kind <= FLEXNET_UPGRADE;
}

static inline void reading_add(struct reading *reading, const struct flexnet_event *event, uint64_t *end)
{
    const struct flexnet_line *line = &event->line;

    if (line->kind == FLEXNET_NONE)
        return;
    CHECK_INT(event->offset, *end);
    CHECK(event->end > event->offset);
    *end = event->end;
    if (is_about_seats(line->kind)) {
        reading->seats++;
        CHECK(line->quantity >= 1 && line->quantity <= QUANTITY_MAX);
        CHECK(line->feature.len > 0 && line->user.len > 0 && line->host.len > 0 && line->daemon.len > 0);
    }
    reading->restarts += event->restart;
    reading->uncertain += event->moment.placed && !event->moment.certain;
    reading->digest = digest_of(event, reading->digest);
    if ((is_about_seats(line->kind) || event->restart) && reading->moment_count < 64)
        reading->moments[reading->moment_count++] = event->moment.at_ms;
}

/* Reads pieces of at most `piece_max` bytes, of random length when `entropy` is given. */
static inline status read_pieces(struct str text, size_t piece_max, struct entropy *entropy, struct reading *reading,
                                 struct err *err)
{
    struct flexnet_event event = { 0 };
    uint64_t end = 0;

    while (text.len > 0) {
        size_t len = entropy ? 1 + (size_t)entropy_below(entropy, piece_max) : piece_max;
        struct str piece = str_cut(text, 0, len);
        text = str_from(text, piece.len);
        while (piece.len > 0) {
            TRY(flexnet_log_next(&reading->log, &piece, &event, err));
            reading_add(reading, &event, &end);
        }
    }
    TRY(flexnet_log_end(&reading->log, &event, err));
    reading_add(reading, &event, &end);
    CHECK_INT(end, reading->log.read);
    return OK;
}

static inline void check_every_line_is_counted(struct str text, const struct flexnet_log *log)
{
    uint64_t lines = 0, counted = 0;

    while (text.len > 0) {
        (void)str_take_line(&text);
        lines++;
    }
    for (int kind = 0; kind < FLEXNET_KIND_COUNT; kind++)
        counted += log->counts[kind];
    CHECK_INT(counted, lines);
    CHECK_INT(log->lines, lines);
    CHECK_INT(log->counts[FLEXNET_NONE], 0);
}

/* Looks ahead, rewinds and reads. */
static inline status read_whole(struct str text, const struct zone *zone, struct reading *ret_reading, struct err *err)
{
    bool found = false;

    *ret_reading = (struct reading){ .log = flexnet_log_start(zone) };
    TRY(flexnet_log_look(&ret_reading->log, text, &found, err));
    flexnet_log_rewind(&ret_reading->log);
    TRY(read_pieces(text, SIZE_MAX, NULL, ret_reading, err));
    check_every_line_is_counted(text, &ret_reading->log);
    return OK;
}

static inline int64_t utc(const char *text)
{
    int64_t ms = 0;

    CHECK_OK(timetext_read_any(str_of(text), &ms));
    return ms;
}

#endif
