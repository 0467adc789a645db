/*
 * service/flexnet_log: puts lines together, counts them, and knows which starts close seats.
 */
#include "service/flexnet_log.h"

#include <assert.h>

struct flexnet_log flexnet_log_start(const struct zone *zone)
{
    return (struct flexnet_log){
        .clock = flexnet_clock_start(zone, NULL),
        .partial.max = FLEXNET_LINE_MAX_BYTES,
        .others = true, /* nothing is known of the time before the first line */
    };
}

void flexnet_log_free(struct flexnet_log *log)
{
    buf_free(&log->partial);
    *log = (struct flexnet_log){ 0 };
}

void flexnet_log_rewind(struct flexnet_log *log)
{
    const struct zone *zone = log->clock.zone;
    struct flexnet_origin origin = log->origin;

    flexnet_log_free(log);
    *log = flexnet_log_start(zone);
    log->clock = flexnet_clock_start(zone, &origin);
    log->origin = origin;
}

static bool is_about_seats(enum flexnet_kind kind)
{
    return kind >= FLEXNET_OUT && kind <= FLEXNET_UPGRADE;
}

/* The daemon's place in the list, or its end. */
static size_t daemon_find(const struct flexnet_log *log, struct str name)
{
    size_t i = 0;

    while (i < log->daemon_count && !str_eq(str_of(log->daemons[i].name), name))
        i++;
    return i;
}

/* A daemon that finds no place counts among the others. */
static void daemon_note(struct flexnet_log *log, struct str name, bool active)
{
    size_t place = daemon_find(log, name);

    if (place == FLEXNET_DAEMONS_MAX ||
        (place == log->daemon_count && !str_to_c(name, log->daemons[place].name, sizeof log->daemons[0].name))) {
        log->others = log->others || active;
        return;
    }
    log->daemons[place].active = active;
    if (place == log->daemon_count)
        log->daemon_count++;
}

/* Whether that start can have closed seats; those of its daemons are none from then on. */
static bool daemon_starts(struct flexnet_log *log, struct str name)
{
    size_t place = daemon_find(log, name);
    bool closes = place < log->daemon_count ? log->daemons[place].active : log->others;

    if (name.len > 0) {
        daemon_note(log, name, false);
        return closes;
    }
    for (size_t i = 0; i < log->daemon_count; i++)
        closes = closes || log->daemons[i].active;
    log->daemon_count = 0;
    log->others = false;
    return closes;
}

static status event_of(struct flexnet_log *log, struct str text, struct flexnet_event *ret_event, struct err *err)
{
    struct flexnet_event event = { .number = log->lines + 1, .offset = log->offset, .end = log->read };

    event.line = flexnet_line_read(text);
    if (log->overlong)
        event.line = (struct flexnet_line){ .kind = FLEXNET_DAMAGED, .time_s = -1, .message = text };
    if (event.line.time_s >= 0)
        TRY(flexnet_clock_read(&log->clock, &event.line, &log->moment, err));
    event.moment = log->moment;
    if (event.line.kind == FLEXNET_START)
        event.restart = daemon_starts(log, event.line.started);
    if (is_about_seats(event.line.kind)) {
        daemon_note(log, event.line.daemon, true);
        log->unplaced += !event.moment.placed;
    }
    log->lines++;
    log->counts[event.line.kind]++;
    log->offset = log->read;
    log->overlong = false;
    *ret_event = event;
    return OK;
}

/* Keeps what came of a line for its rest; of a line that is too long, the beginning. */
static status keep(struct flexnet_log *log, struct str part)
{
    size_t room = log->partial.max - log->partial.len;

    log->overlong = log->overlong || part.len > room;
    buf_add(&log->partial, str_cut(part, 0, room));
    return log->partial.status;
}

static struct str without_carriage_return(struct str text)
{
    return str_ends(text, STR("\r")) ? str_cut(text, 0, text.len - 1) : text;
}

status flexnet_log_next(struct flexnet_log *log, struct str *piece, struct flexnet_event *ret_event, struct err *err)
{
    size_t end = str_find(*piece, '\n');
    struct str text = str_cut(*piece, 0, end);
    bool whole = end < piece->len;

    if (log->offset == log->read) /* the line before is dealt with */
        buf_clear(&log->partial);
    if (!whole || log->partial.len > 0 || text.len > FLEXNET_LINE_MAX_BYTES) {
        TRY(keep(log, text));
        text = buf_str(&log->partial);
    }
    log->read += end + whole;
    *piece = str_from(*piece, end + whole);
    if (!whole) {
        *ret_event = (struct flexnet_event){ .line.kind = FLEXNET_NONE };
        return OK;
    }
    return event_of(log, without_carriage_return(text), ret_event, err);
}

status flexnet_log_end(struct flexnet_log *log, struct flexnet_event *ret_event, struct err *err)
{
    if (log->offset == log->read) {
        *ret_event = (struct flexnet_event){ .line.kind = FLEXNET_NONE };
        return OK;
    }
    return event_of(log, without_carriage_return(buf_str(&log->partial)), ret_event, err);
}

status flexnet_log_look(struct flexnet_log *log, struct str piece, bool *ret_found, struct err *err)
{
    struct flexnet_event event = { 0 };
    bool found = flexnet_clock_origin(&log->clock, &log->origin);

    while (!found && piece.len > 0) {
        TRY(flexnet_log_next(log, &piece, &event, err));
        found = flexnet_clock_origin(&log->clock, &log->origin);
    }
    *ret_found = found;
    return OK;
}

struct hash flexnet_head(struct str first, uint64_t offset)
{
    size_t len = offset < FLEXNET_HEAD_BYTES ? (size_t)offset : FLEXNET_HEAD_BYTES;

    assert(first.len >= len);
    return hash_of(str_cut(first, 0, len));
}

bool flexnet_head_fits(const struct hash *head, uint64_t offset, struct str first, uint64_t size)
{
    struct hash now;

    if (offset > size || first.len < (offset < FLEXNET_HEAD_BYTES ? offset : FLEXNET_HEAD_BYTES))
        return false;
    now = flexnet_head(first, offset);
    return hash_eq(&now, head);
}
