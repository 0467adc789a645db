/*
 * service/flexnet_clock: which instant a line of a FlexNet debug log was written at.
 *
 * Lines carry a time of day only. The day comes from the lines that have a date, and between those from the time going
 * back: far back is midnight, a little back is a clock that was set (or another daemon's line that came late). The zone
 * comes from the caller, or from the name that stands beside the dates.
 *
 * What it can't know are days on which nothing was logged at all; after a step back that is neither a midnight nor a
 * few seconds it says so (`certain`), until the next date. Where the clocks are set back, an hour occurs twice: with a
 * zone of the caller the first of the two is taken until the time goes back; with a name from the log the offset
 * changes where the log next names it, which FlexNet does every four hours, so lines before that can be an hour off.
 *
 * Pure, fixed size. Not for several threads.
 */
#ifndef SERVICE_FLEXNET_CLOCK_H
#define SERVICE_FLEXNET_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "service/flexnet_line.h"
#include "service/zone.h"

/* Midnight takes the time of day back by nearly a day; nothing but a clock that is set takes it back by less. FlexNet
 * logs a TIMESTAMP each six hours or so, so a server that runs never steps over midnight by more than that. */
#define FLEXNET_BACK_MAX_S (3 * 3600)
/* A line this much before midnight, right after one from after it, was written by another daemon and came late. */
#define FLEXNET_LATE_MAX_S 300
/* A date with a time of day speaks of now only if it is this near to its line's own time. */
#define FLEXNET_NEAR_MAX_S 300
/* Daemons that share a log write past each other by seconds. */
#define FLEXNET_SLIP_MAX_S 60

/* What the first lines of a log lack and later ones say. */
struct flexnet_origin {
    bool dated;
    bool zoned;
    bool certain;
    int64_t day; /* of the first line, since 1970-01-01 */
    int32_t offset_s;
};

struct flexnet_clock {
    const struct zone *zone; /* the caller's, or NULL: by the log's own names */
    bool dated;              /* the day is known, not only counted from the first line's */
    bool zoned;
    bool certain;
    bool running;                /* a line with a time was seen */
    int64_t day;                 /* of the newest line */
    int64_t midnights;           /* since the first line */
    int32_t time_s;              /* the newest line's time of day */
    int32_t offset_s;            /* by the log's newest zone name */
    int32_t slip_s;              /* how much earlier it is than the line before, when that is another daemon's doing */
    int64_t utc_s;               /* the newest line's instant */
    struct flexnet_origin found; /* by what the log said first */
};

struct flexnet_moment {
    int64_t at_ms; /* UTC; meaningless unless placed, but never far from the neighbours' */
    bool placed;   /* day and zone are known */
    bool certain;  /* and nothing suggests that the day is another */
};

/* `zone` may be NULL and must outlive the clock; `origin` may be NULL. */
struct flexnet_clock flexnet_clock_start(const struct zone *zone, const struct flexnet_origin *origin);
/*
 * The moment of the next line, which has a time. CODE_INVALID when the line names a zone that is not known and the
 * caller gave none: the text names it and the option --zone.
 */
MUST_CHECK status flexnet_clock_read(struct flexnet_clock *clock, const struct flexnet_line *line,
                                     struct flexnet_moment *ret_moment, struct err *err);
/* True once the log has said its day and zone; *ret_origin then makes a second reading place every line. */
bool flexnet_clock_origin(const struct flexnet_clock *clock, struct flexnet_origin *ret_origin);

#endif
