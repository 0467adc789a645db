/*
 * codec/timetext: the calendar as arithmetic on years that start in March, where the leap day is the last of its year.
 */
#include "codec/timetext.h"

#include <assert.h>

#define MS_PER_S                             1000
#define S_PER_MINUTE                         60
#define S_PER_HOUR                           3600
#define DAYS_PER_4                           1461
#define DAYS_PER_100                         36524
#define DAYS_PER_400                         146097
#define MARCH_0000_TO_0                      719468 /* days from 0000-03-01 to 1970-01-01 */
#define DATE_BYTES                           10     /* "2026-11-24" */
#define WHOLE_S_BYTES                        19     /* "2026-11-24T08:00:00" */
#define FRACTION_MAX                         9
#define YEAR_MIN                             1970
#define YEAR_MAX                             9999
#define MONTHS_FROM_MARCH(days)              ((5 * (days) + 2) / 153)
#define DAYS_BEFORE_MONTH(months_from_march) ((153 * (months_from_march) + 2) / 5)

/*
 * After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Months from March on have 31 30 31 30 31, 31 30
 * 31 30 31, 31 28|29 days: runs of 153 days in five months, which is what the two macros above count.
 */
struct civil_date civil_from_days(int64_t days)
{
    int64_t since = days + MARCH_0000_TO_0;
    int32_t of_400 = (int32_t)(since % DAYS_PER_400);
    int32_t years = (of_400 - of_400 / (DAYS_PER_4 - 1) + of_400 / DAYS_PER_100 - of_400 / (DAYS_PER_400 - 1)) / 365;
    int32_t of_year = of_400 - (365 * years + years / 4 - years / 100);
    int32_t months = MONTHS_FROM_MARCH(of_year);

    assert(days >= 0 && days <= TIME_MAX_MS / MS_PER_DAY);
    return (struct civil_date){
        .year = (int32_t)(since / DAYS_PER_400) * 400 + years + (months >= 10),
        .month = months < 10 ? months + 3 : months - 9,
        .day = of_year - DAYS_BEFORE_MONTH(months) + 1,
    };
}

int64_t civil_to_days(struct civil_date date)
{
    int32_t year = date.month > 2 ? date.year : date.year - 1;
    int32_t months = date.month > 2 ? date.month - 3 : date.month + 9;
    int32_t of_year = DAYS_BEFORE_MONTH(months) + date.day - 1;
    int64_t since = (int64_t)year * 365 + year / 4 - year / 100 + year / 400 + of_year;

    assert(civil_is_valid(date));
    return since - MARCH_0000_TO_0;
}

static int32_t month_days(int32_t year, int32_t month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

bool civil_is_valid(struct civil_date date)
{
    return date.year >= YEAR_MIN && date.year <= YEAR_MAX && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= month_days(date.year, date.month);
}

static void put_digits(char *at, size_t count, uint32_t number)
{
    while (count-- > 0) {
        at[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

void timetext_write(int64_t ms, char *ret_text)
{
    struct civil_date date;
    uint32_t of_day = (uint32_t)(ms % MS_PER_DAY);
    uint32_t seconds = of_day / MS_PER_S;

    assert(time_in_range(ms));
    date = civil_from_days(ms / MS_PER_DAY);
    memcpy(ret_text, "0000-00-00T00:00:00.000Z", TIMETEXT_BYTES);
    put_digits(ret_text, 4, (uint32_t)date.year);
    put_digits(ret_text + 5, 2, (uint32_t)date.month);
    put_digits(ret_text + 8, 2, (uint32_t)date.day);
    put_digits(ret_text + 11, 2, seconds / S_PER_HOUR);
    put_digits(ret_text + 14, 2, seconds / S_PER_MINUTE % 60);
    put_digits(ret_text + 17, 2, seconds % 60);
    put_digits(ret_text + 20, 3, of_day % MS_PER_S);
}

void timetext_add(struct buf *buf, int64_t ms)
{
    char *at = buf_room(buf, TIMETEXT_BYTES);

    if (!at)
        return;
    timetext_write(ms, at);
    buf_keep(buf, TIMETEXT_BYTES);
}

/* Exactly `count` digits; -1 when one is none, which no caller's range allows. */
static int32_t get_digits(const char *at, size_t count)
{
    int32_t number = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        number = number * 10 + (at[i] - '0');
    }
    return number;
}

static bool in_range(int32_t number, int32_t max)
{
    return number >= 0 && number <= max;
}

/* "2026-11-24T08:00:00" to milliseconds; the caller has checked the length and looks at the "T" itself. */
static status read_whole_seconds(const char *at, int64_t *ret_ms)
{
    struct civil_date date = { get_digits(at, 4), get_digits(at + 5, 2), get_digits(at + 8, 2) };
    int32_t hour = get_digits(at + 11, 2);
    int32_t minute = get_digits(at + 14, 2);
    int32_t second = get_digits(at + 17, 2);

    if (at[4] != '-' || at[7] != '-' || at[13] != ':' || at[16] != ':' || !civil_is_valid(date))
        return (status){ CODE_INVALID };
    if (!in_range(hour, 23) || !in_range(minute, 59) || !in_range(second, 59))
        return (status){ CODE_INVALID };
    *ret_ms =
        civil_to_days(date) * MS_PER_DAY + (int64_t)(hour * S_PER_HOUR + minute * S_PER_MINUTE + second) * MS_PER_S;
    return OK;
}

status timetext_read(struct str text, int64_t *ret_ms)
{
    int64_t ms;
    int32_t thousandths;

    if (text.len != TIMETEXT_BYTES || text.at[DATE_BYTES] != 'T' || text.at[WHOLE_S_BYTES] != '.' ||
        text.at[TIMETEXT_BYTES - 1] != 'Z')
        return (status){ CODE_INVALID };
    thousandths = get_digits(text.at + WHOLE_S_BYTES + 1, 3);
    if (thousandths < 0)
        return (status){ CODE_INVALID };
    TRY(read_whole_seconds(text.at, &ms));
    *ret_ms = ms + thousandths;
    return OK;
}

/* Takes ".123456" off *rest, if it is there. Digits after the third are checked and dropped. */
static status take_fraction(struct str *rest, int32_t *ret_ms)
{
    static const int32_t weights[FRACTION_MAX] = { 100, 10, 1 };
    int32_t ms = 0;
    size_t digits = 0;

    if (str_starts(*rest, STR("."))) {
        *rest = str_from(*rest, 1);
        while (digits < rest->len && digits < FRACTION_MAX && rest->at[digits] >= '0' && rest->at[digits] <= '9') {
            ms += weights[digits] * (rest->at[digits] - '0');
            digits++;
        }
        if (digits == 0)
            return (status){ CODE_INVALID };
        *rest = str_from(*rest, digits);
    }
    *ret_ms = ms;
    return OK;
}

/* "Z" or "+01:30"; "-00:00" (RFC 3339 section 4.3: local offset unknown) is UTC like the others. */
static status read_offset(struct str text, int64_t *ret_ms)
{
    int32_t hours;
    int32_t minutes;

    if (str_eq_nocase(text, STR("Z"))) {
        *ret_ms = 0;
        return OK;
    }
    if (text.len != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':')
        return (status){ CODE_INVALID };
    hours = get_digits(text.at + 1, 2);
    minutes = get_digits(text.at + 4, 2);
    if (!in_range(hours, 23) || !in_range(minutes, 59))
        return (status){ CODE_INVALID };
    *ret_ms = (int64_t)(hours * S_PER_HOUR + minutes * S_PER_MINUTE) * MS_PER_S * (text.at[0] == '-' ? -1 : 1);
    return OK;
}

status timetext_read_any(struct str text, int64_t *ret_ms)
{
    struct str rest = str_from(text, WHOLE_S_BYTES);
    int64_t ms;
    int64_t offset_ms;
    int32_t fraction_ms;

    if (rest.len == 0 || (text.at[DATE_BYTES] | 0x20) != 't')
        return (status){ CODE_INVALID };
    TRY(read_whole_seconds(text.at, &ms));
    TRY(take_fraction(&rest, &fraction_ms));
    TRY(read_offset(rest, &offset_ms));
    ms += fraction_ms - offset_ms;
    if (!time_in_range(ms))
        return (status){ CODE_INVALID };
    *ret_ms = ms;
    return OK;
}
