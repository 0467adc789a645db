/*
 * service/zone: which instants a civil time of some place can be.
 *
 * Owns fixed offsets ("UTC", "+01:00", "EST") and the zones of the tz database, read from their TZif files (RFC 9636)
 * with the rule in the file's last line, which is the only source for the years after the last listed change.
 *
 * It refuses the process's own zone and libc's zone functions (setting TZ changes the time of every thread and of an
 * SDK's host), files that count leap seconds, and abbreviations that several countries use with different offsets:
 * reading a log with the wrong one would move every event by hours and nobody would notice.
 *
 * Pure but for zone_load, which reads one file. A zone is only read once it was made: any thread. P9, P10.
 */
#ifndef SERVICE_ZONE_H
#define SERVICE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define ZONE_NAME_MAX_BYTES 64                  /* "America/Argentina/ComodRivadavia" has 32 */
#define ZONE_FILE_MAX_BYTES ((size_t)64 * 1024) /* the largest file of the tz database has 4 kB */
#define ZONE_CHANGES_MAX    4096                /* the most changes that a zone lists are below 400 */
#define ZONE_DIRECTORY      "/usr/share/zoneinfo"

#define DAY_S 86400

/* From `at_s` on (seconds since 1970 in UTC), civil time is UTC + offset_s. */
struct zone_change {
    int64_t at_s;
    int32_t offset_s;
};

/* A day of any year, after POSIX: "M3.5.0" (week 5 is the last), "J60" (29 February never counts) or "59". */
struct zone_day {
    enum { ZONE_DAY_WEEKDAY, ZONE_DAY_JULIAN, ZONE_DAY_COUNTED } form;
    int month;   /* 1 … 12 */
    int week;    /* 1 … 5 */
    int weekday; /* 0 is Sunday */
    int number;  /* of the day in the year: JULIAN 1 … 365, COUNTED 0 … 365 */
    int32_t time_s;
};

/* What holds after the last listed change, and from 1970 on where none is listed. */
struct zone_rule {
    int32_t standard_s;
    int32_t summer_s; /* the same as standard_s where no clock is changed */
    struct zone_day summer_from, summer_until;
};

struct zone {
    int32_t offset_s;            /* before the first change; everything there is to a fixed offset */
    struct zone_change *changes; /* ascending */
    size_t change_count;
    bool has_rule;
    struct zone_rule rule;
};

void zone_free(struct zone *zone);
struct zone zone_fixed(int32_t offset_s);

/* "Z", "UTC", "GMT", "+1", "-03", "+0530", "+05:30". CODE_INVALID for anything else. */
MUST_CHECK status zone_read_offset(struct str text, int32_t *ret_offset_s);
/*
 * The zone name that stands in a log: an offset as above, a common abbreviation ("EST", "CEST") or Windows' English
 * name ("Eastern Daylight Time"). Each means one offset, summer time included. CODE_NOT_FOUND when it is unknown or
 * not of one meaning; the text says which name it was.
 */
MUST_CHECK status zone_read_name(struct str name, int32_t *ret_offset_s, struct err *err);
/* From the bytes of a TZif file. CODE_CORRUPT, CODE_TOO_LARGE or CODE_NO_MEMORY. */
MUST_CHECK status zone_read_tzif(struct str file, struct zone *ret_zone, struct err *err);
/* A POSIX rule such as "CET-1CEST,M3.5.0,M10.5.0/3", as it ends a TZif file. CODE_CORRUPT. */
MUST_CHECK status zone_read_rule(struct str text, struct zone_rule *ret_rule);
/*
 * What a person gives as --zone: a name as zone_read_name takes it, or else that of a file below `directory`
 * ("Europe/Madrid"). In this order, because some systems have files named CET or EST and others do not: a log must not
 * mean other times there. CODE_INVALID when it is neither.
 */
MUST_CHECK status zone_load(const char *directory, struct str name, struct zone *ret_zone, struct err *err);

/* Civil time minus UTC at that instant. */
int32_t zone_offset_at(const struct zone *zone, int64_t utc_s);
/*
 * The instants at which clocks show `local_s` (civil time as if it were UTC), earliest first; gives how many: two while
 * a clock that was set back shows the hour again. A time that was skipped counts from the offset before the skip, so
 * that it comes out as much later as the clock was set forward, and is one.
 */
int zone_to_utc(const struct zone *zone, int64_t local_s, int64_t ret_utc_s[2]);

#endif
