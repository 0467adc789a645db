/*
 * service/flexnet_log: reads a FlexNet debug log as it comes, in pieces of any size, and says what happened when.
 *
 * Owns the way from bytes to events: lines are put together over pieces, read (flexnet_line), placed in time
 * (flexnet_clock) and counted by kind. The sum of the counts is the number of lines: no line is ever skipped unsaid.
 * It does no I/O, so a file that is done, a file that grows and a test's text are read alike:
 *
 *     while (piece.len > 0) {
 *         TRY(flexnet_log_next(&log, &piece, &event, err));      takes one line off `piece`
 *         if (event.line.kind == FLEXNET_NONE) break;            the piece ended within a line: read on
 *         …
 *     }
 *     TRY(flexnet_log_end(&log, &event, err));                   only when no more will come
 *
 * The first lines of a log may come before its first date. Who needs every event placed reads the file twice: once
 * with flexnet_log_look until it says true (or the file ends: then nothing in it can be dated), then flexnet_log_rewind
 * and from the first byte on. To resume, read again from the first byte, too, and act only on events from the stored
 * offset on: dates, restarts and open seats then are what they would have been without the pause, and 100 MB take less
 * than a second.
 *
 * Memory is bounded: one line of at most FLEXNET_LINE_MAX_BYTES and FLEXNET_DAEMONS_MAX names (P9). The same bytes give
 * the same events, whatever the pieces (P10). Not for several threads.
 */
#ifndef SERVICE_FLEXNET_LOG_H
#define SERVICE_FLEXNET_LOG_H

#include "base/buf.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "service/flexnet_clock.h"

/* Vendor daemons remembered at once as having been active; further ones share one mark, which can at worst report a
 * restart that closes nothing. A licence server runs a handful. */
#define FLEXNET_DAEMONS_MAX 32
/* A log is known by so many of its first bytes, in which its first date stands. */
#define FLEXNET_HEAD_BYTES 2048

struct flexnet_event {
    struct flexnet_line line;     /* its slices are valid until the next call */
    struct flexnet_moment moment; /* of the line; of the one before, when the line has no time */
    uint64_t number;              /* of the line, from 1 */
    uint64_t offset;              /* of its first byte */
    uint64_t end;                 /* of the byte after its line end: what has been read when it is dealt with */
    /*
     * A start after which no seat given before is held any more: of line.started's, or of every daemon's when that is
     * empty. The first line of a start says it; the further lines that each start writes do not.
     */
    bool restart;
};

struct flexnet_log {
    struct flexnet_clock clock;
    struct flexnet_moment moment; /* of the newest line that has one */
    struct flexnet_origin origin; /* from flexnet_log_look */
    struct buf partial;           /* the beginning of a line whose end has not come */
    bool overlong;                /* the line under way is longer than is kept */
    uint64_t offset;              /* of the line under way */
    uint64_t read;                /* bytes taken */
    uint64_t counts[FLEXNET_KIND_COUNT];
    uint64_t lines;
    uint64_t unplaced; /* events about seats that could not be placed in time */
    struct {
        char name[NAME_MAX_BYTES + 1];
        bool active; /* wrote of seats since it last started */
    } daemons[FLEXNET_DAEMONS_MAX];
    size_t daemon_count;
    bool others; /* a daemon that is not listed may have been active */
};

/* `zone` is the caller's (NULL: by the log's own names) and must outlive the log. */
struct flexnet_log flexnet_log_start(const struct zone *zone);
void flexnet_log_free(struct flexnet_log *log);
/*
 * Takes one line off *piece, or all of it when the line does not end in it: the event's kind is then FLEXNET_NONE.
 * CODE_INVALID when the log names a zone that is not known (the text says which, and what to do); CODE_NO_MEMORY.
 */
MUST_CHECK status flexnet_log_next(struct flexnet_log *log, struct str *piece, struct flexnet_event *ret_event,
                                   struct err *err);
/* The last line when it has no line end; FLEXNET_NONE when it has. */
MUST_CHECK status flexnet_log_end(struct flexnet_log *log, struct flexnet_event *ret_event, struct err *err);

/* Reads ahead for the log's first day and zone; *ret_found once they are known. Errors as flexnet_log_next. */
MUST_CHECK status flexnet_log_look(struct flexnet_log *log, struct str piece, bool *ret_found, struct err *err);
/* Back to the first byte, with what flexnet_log_look found. */
void flexnet_log_rewind(struct flexnet_log *log);

/* True for the kinds that end a lease. */
static inline bool flexnet_is_return(enum flexnet_kind kind)
{
    return kind == FLEXNET_IN || kind == FLEXNET_INACTIVE;
}

/*
 * What a log is recognised by when it is read further: the hash of its first bytes, of which there are as many as
 * FLEXNET_HEAD_BYTES or `offset`, whichever is less, so that a log that was short when its watermark (hash, offset) was
 * stored still fits it after it grew. `first` holds at least these bytes.
 */
struct hash flexnet_head(struct str first, uint64_t offset);
/* Whether a log that begins with `first` and has `size` bytes is the one that was read up to `offset`. */
bool flexnet_head_fits(const struct hash *head, uint64_t offset, struct str first, uint64_t size);

#endif
