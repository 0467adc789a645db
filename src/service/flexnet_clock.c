/*
 * service/flexnet_clock: days are counted from midnight to midnight and corrected by every date.
 */
#include "service/flexnet_clock.h"

#define NOON_S (DAY_S / 2)

struct flexnet_clock flexnet_clock_start(const struct zone *zone, const struct flexnet_origin *origin)
{
    struct flexnet_clock clock = { .zone = zone, .zoned = zone != NULL, .found.zoned = zone != NULL };

    clock.found.certain = true;
    if (origin) {
        clock.dated = origin->dated;
        clock.certain = origin->dated && origin->certain;
        clock.day = origin->day;
        clock.zoned = clock.zoned || origin->zoned;
        clock.offset_s = origin->offset_s;
    }
    return clock;
}

bool flexnet_clock_origin(const struct flexnet_clock *clock, struct flexnet_origin *ret_origin)
{
    *ret_origin = clock->found;
    return clock->found.dated && clock->found.zoned;
}

static void doubt(struct flexnet_clock *clock)
{
    clock->certain = false;
    if (!clock->found.dated)
        clock->found.certain = false;
}

/* Moves on to the line's time; true when the line is a late one of the day before, for which nothing moves. */
static bool step(struct flexnet_clock *clock, int32_t time_s)
{
    int32_t forward = clock->running ? time_s - clock->time_s : 0;

    if (forward >= DAY_S - FLEXNET_LATE_MAX_S)
        return true;
    if (forward < -FLEXNET_BACK_MAX_S) {
        clock->day++;
        clock->midnights++;
    }
    if (forward < -FLEXNET_SLIP_MAX_S && forward > -NOON_S)
        doubt(clock);
    clock->slip_s = forward < 0 && forward >= -FLEXNET_SLIP_MAX_S ? -forward : 0;
    clock->running = true;
    clock->time_s = time_s;
    return false;
}

static void set_day(struct flexnet_clock *clock, int64_t day)
{
    clock->day = day;
    clock->dated = true;
    clock->certain = true;
    if (!clock->found.dated) {
        clock->found.dated = true;
        clock->found.day = day - clock->midnights;
    }
}

static void set_offset(struct flexnet_clock *clock, int32_t offset_s)
{
    clock->offset_s = offset_s;
    clock->zoned = true;
    if (!clock->found.zoned) {
        clock->found.zoned = true;
        clock->found.offset_s = offset_s;
    }
}

/* The line's day by the date it has; false when the date speaks of another time, such as a start long ago. */
static bool day_by_date(const struct flexnet_line *line, int64_t *ret_day)
{
    const struct flexnet_date *date = &line->date;
    int64_t day = civil_to_days(date->civil);
    int32_t later = date->time_s < 0 ? 0 : line->time_s - date->time_s;

    if (later > NOON_S) {
        later -= DAY_S;
        day--;
    } else if (later < -NOON_S) {
        later += DAY_S;
        day++;
    }
    *ret_day = day;
    return later >= -FLEXNET_NEAR_MAX_S && later <= FLEXNET_NEAR_MAX_S;
}

static status set_zone(struct flexnet_clock *clock, struct str name, struct err *err)
{
    struct err unknown = { 0 };
    int32_t offset_s = 0;

    if (clock->zone || name.len == 0)
        return OK;
    if (zone_read_name(name, &offset_s, &unknown).code)
        return err_member(err, CODE_INVALID, "zone",
                          "%s: say where the log was written with --zone, for example --zone Europe/Madrid",
                          unknown.text);
    set_offset(clock, offset_s);
    return OK;
}

static status set_by_date(struct flexnet_clock *clock, const struct flexnet_line *line, bool late, struct err *err)
{
    int64_t day = 0;

    if (!day_by_date(line, &day))
        return OK;
    set_day(clock, day + late);
    return set_zone(clock, line->date.zone, err);
}

/* Of an hour that occurs twice the first, unless it was over at the line before. */
static int64_t utc_of(const struct flexnet_clock *clock, int64_t local_s)
{
    int64_t utc_s[2];

    if (!clock->zone)
        return local_s - clock->offset_s;
    if (zone_to_utc(clock->zone, local_s, utc_s) == 2 && utc_s[0] + clock->slip_s < clock->utc_s)
        return utc_s[1];
    return utc_s[0];
}

status flexnet_clock_read(struct flexnet_clock *clock, const struct flexnet_line *line,
                          struct flexnet_moment *ret_moment, struct err *err)
{
    bool late = step(clock, line->time_s);
    int64_t local_s, utc_s;

    if (line->stamped)
        set_day(clock, line->stamp_day + late);
    if (line->stamped && !clock->zone)
        set_offset(clock, line->stamp_offset_s);
    else if (line->dated)
        TRY(set_by_date(clock, line, late, err));
    local_s = (clock->day - late) * DAY_S + line->time_s;
    utc_s = line->stamped ? local_s - line->stamp_offset_s : utc_of(clock, local_s);
    if (!late)
        clock->utc_s = utc_s;
    *ret_moment = (struct flexnet_moment){ .at_ms = utc_s * 1000, .certain = clock->certain };
    ret_moment->placed = clock->dated && clock->zoned && time_in_range(ret_moment->at_ms);
    return OK;
}
