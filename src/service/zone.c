/*
 * service/zone: instants and civil times of a zone that was already read; and which of the readers a name is for.
 */
#include "service/zone.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/memory.h"
#include "codec/timetext.h"

#define PATH_MAX_BYTES 1024

void zone_free(struct zone *zone)
{
    memory_free(zone->changes);
    *zone = (struct zone){ 0 };
}

struct zone zone_fixed(int32_t offset_s)
{
    return (struct zone){ .offset_s = offset_s };
}

static int64_t floor_day(int64_t seconds)
{
    return seconds / DAY_S - (seconds % DAY_S < 0);
}

/* 1970-01-01 was a Thursday. */
static int weekday_of(int64_t day_number)
{
    return (int)(((day_number + 4) % 7 + 7) % 7);
}

static int64_t first_of(int year, int month)
{
    return civil_to_days((struct civil_date){ year, month, 1 });
}

static int64_t weekday_in_month(const struct zone_day *day, int year)
{
    int64_t first = first_of(year, day->month);
    int in_month = (day->weekday - weekday_of(first) + 7) % 7 + 1 + (day->week - 1) * 7;

    /* Only week 5, "the last", can pass the month's end. */
    if (!civil_is_valid((struct civil_date){ year, day->month, in_month }))
        in_month -= 7;
    return first + in_month - 1;
}

/* The civil second at which the rule's day and time fall in that year. */
static int64_t civil_second(const struct zone_day *day, int year)
{
    bool leap = civil_is_valid((struct civil_date){ year, 2, 29 });
    int64_t days = first_of(year, 1);

    switch (day->form) {
    case ZONE_DAY_WEEKDAY:
        days = weekday_in_month(day, year);
        break;
    case ZONE_DAY_JULIAN:
        days += day->number - 1 + (leap && day->number >= 60);
        break;
    case ZONE_DAY_COUNTED:
        days += day->number;
        break;
    }
    return days * DAY_S + day->time_s;
}

static int32_t rule_offset_at(const struct zone_rule *rule, int64_t utc_s)
{
    int64_t days = floor_day(utc_s + rule->standard_s);
    int64_t from, until;
    bool summer;
    int year;

    if (rule->standard_s == rule->summer_s || days < 0 || days > TIME_MAX_MS / MS_PER_DAY)
        return rule->standard_s;
    year = civil_from_days(days).year;
    from = civil_second(&rule->summer_from, year) - rule->standard_s;
    until = civil_second(&rule->summer_until, year) - rule->summer_s;
    summer = from < until ? from <= utc_s && utc_s < until : utc_s < until || from <= utc_s;
    return summer ? rule->summer_s : rule->standard_s;
}

/* How many of the changes lie at or before that instant. */
static size_t changes_until(const struct zone *zone, int64_t utc_s)
{
    size_t low = 0;
    size_t high = zone->change_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset_at(const struct zone *zone, int64_t utc_s)
{
    size_t passed = changes_until(zone, utc_s);

    if (passed == zone->change_count && zone->has_rule)
        return rule_offset_at(&zone->rule, utc_s);
    return passed ? zone->changes[passed - 1].offset_s : zone->offset_s;
}

int zone_to_utc(const struct zone *zone, int64_t local_s, int64_t ret_utc_s[2])
{
    /* No offset reaches a day, so these are the offsets in force on either side of whatever happens at local_s. */
    int32_t before = zone_offset_at(zone, local_s - DAY_S);
    int32_t after = zone_offset_at(zone, local_s + DAY_S);
    int64_t early = local_s - before;
    int64_t late = local_s - after;
    bool early_real = zone_offset_at(zone, early) == before;
    bool late_real = zone_offset_at(zone, late) == after;

    ret_utc_s[0] = late_real && !early_real ? late : early;
    ret_utc_s[1] = late;
    return before != after && early_real && late_real ? 2 : 1;
}

/* A file name below the directory, and nothing that leads out of it. */
static bool is_zone_name(struct str name)
{
    if (name.len == 0 || name.len > ZONE_NAME_MAX_BYTES || name.at[0] == '/')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !memchr("_+-/", c, 4))
            return false;
    }
    return true;
}

static void file_close(FILE **file)
{
    if (*file)
        (void)fclose(*file); /* it was only read */
}

/* CODE_NOT_FOUND when there is no such file or it is none. */
static status file_read(const char *path, struct buf *ret_bytes, struct err *err)
{
    AUTO(FILE *, file_close) file = fopen(path, "rb");
    char *at = file ? buf_room(ret_bytes, ret_bytes->max) : NULL;

    if (!file && errno != ENOENT && errno != ENOTDIR)
        return err_system(err, "open", path);
    if (!file)
        return (status){ CODE_NOT_FOUND };
    TRY(ret_bytes->status);
    buf_keep(ret_bytes, fread(at, 1, ret_bytes->max, file));
    if (ferror(file))
        return errno == EISDIR ? (status){ CODE_NOT_FOUND } : err_system(err, "read", path);
    return OK;
}

static status zone_load_file(const char *directory, struct str name, struct zone *ret_zone, struct err *err)
{
    AUTO(struct buf, buf_free) bytes = { .max = ZONE_FILE_MAX_BYTES };
    char path[PATH_MAX_BYTES];
    int len = snprintf(path, sizeof path, "%s/%.*s", directory, STR_ARG(name));

    if (!is_zone_name(name) || len < 0 || (size_t)len >= sizeof path)
        return (status){ CODE_NOT_FOUND };
    TRY(file_read(path, &bytes, err));
    return zone_read_tzif(buf_str(&bytes), ret_zone, err);
}

status zone_load(const char *directory, struct str name, struct zone *ret_zone, struct err *err)
{
    int32_t offset_s = 0;
    status s;

    if (zone_read_name(name, &offset_s, NULL).code == CODE_OK) {
        *ret_zone = zone_fixed(offset_s);
        return OK;
    }
    s = zone_load_file(directory, name, ret_zone, err);
    if (s.code != CODE_NOT_FOUND)
        return s;
    return err_member(err, CODE_INVALID, "zone",
                      "\"%.*s\" is no time zone: expected a name such as Europe/Madrid, or an offset such as +01:00",
                      STR_ARG(str_cut(name, 0, ZONE_NAME_MAX_BYTES)));
}
