/*
 * codec/timetext: milliseconds since 1970-01-01T00:00:00Z and RFC 3339 text. Pure.
 *
 * Days and dates are counted with our own arithmetic on the proleptic Gregorian calendar, so no call here reads a
 * clock, a time zone or a locale (P10). As on every POSIX clock, a day has 86,400 seconds: leap seconds can't be told
 * and are refused. The range is 1970 to 9999.
 */
#ifndef CODEC_TIMETEXT_H
#define CODEC_TIMETEXT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define TIMETEXT_BYTES 24 /* "2026-11-24T08:00:00.123Z" */
#define TIME_MIN_MS    ((int64_t)0)
#define TIME_MAX_MS    ((int64_t)253402300799999) /* 9999-12-31T23:59:59.999Z */
#define MS_PER_DAY     ((int64_t)86400000)

struct civil_date {
    int32_t year;
    int32_t month; /* 1 … 12 */
    int32_t day;   /* 1 … 31 */
};

/* Days since 1970-01-01, at most those of 9999-12-31. */
struct civil_date civil_from_days(int64_t days);
/* The date must be valid and not before 1970. */
int64_t civil_to_days(struct civil_date date);
bool civil_is_valid(struct civil_date date); /* a day of the calendar from 1970 to 9999 */

static inline bool time_in_range(int64_t ms)
{
    return ms >= TIME_MIN_MS && ms <= TIME_MAX_MS;
}

/* Writes exactly TIMETEXT_BYTES, no NUL: always three decimals and "Z". The time must be in range. */
void timetext_write(int64_t ms, char *ret_text);
void timetext_add(struct buf *buf, int64_t ms);
/* Strict: exactly what timetext_write writes. CODE_INVALID otherwise. */
MUST_CHECK status timetext_read(struct str text, int64_t *ret_ms);
/*
 * RFC 3339 section 5.6 as clients send it: "T" and "Z" in either case, no or one to nine decimals (cut after the
 * third), "Z" or an offset, which is applied. CODE_INVALID otherwise and out of range.
 */
MUST_CHECK status timetext_read_any(struct str text, int64_t *ret_ms);

#endif
