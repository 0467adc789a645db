/*
 * codec/timetext: every day from 1970 to 2400, and what a reader of times refuses.
 */
#include "codec/timetext.h"

#include "base/entropy.h"
#include "test.h"

static bool is_leap(int year)
{
    if (year % 400 == 0)
        return true;
    if (year % 100 == 0)
        return false;
    return year % 4 == 0;
}

/* The next day by the rules one learns at school, to compare the arithmetic with. */
static void step(struct civil_date *date)
{
    static const int days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int last = date->month == 2 && is_leap(date->year) ? 29 : days[date->month];

    if (date->day < last) {
        date->day++;
        return;
    }
    date->day = 1;
    date->month++;
    if (date->month > 12) {
        date->month = 1;
        date->year++;
    }
}

static void every_day_from_1970_to_2400_is_counted_both_ways(void)
{
    struct civil_date want = { 1970, 1, 1 };

    for (int64_t days = 0; want.year <= 2400; days++, step(&want)) {
        struct civil_date got = civil_from_days(days);
        bool same = got.year == want.year && got.month == want.month && got.day == want.day;
        CHECKING("day %lld", (long long)days);
        if (!CHECK(same) || !CHECK(civil_is_valid(want)) || !CHECK_INT(civil_to_days(want), days))
            return;
    }
}

static void the_last_day_is_the_last_of_9999(void)
{
    struct civil_date last = civil_from_days(TIME_MAX_MS / MS_PER_DAY);

    CHECK(last.year == 9999 && last.month == 12 && last.day == 31);
    CHECK_INT(civil_to_days(last), TIME_MAX_MS / MS_PER_DAY);
}

static const struct {
    int64_t ms;
    const char *text;
} known[] = {
    { 0, "1970-01-01T00:00:00.000Z" },
    { 1, "1970-01-01T00:00:00.001Z" },
    { 951782399999, "2000-02-28T23:59:59.999Z" },
    { 951782400000, "2000-02-29T00:00:00.000Z" },
    { 1000000000000, "2001-09-09T01:46:40.000Z" },
    { 2147483648000, "2038-01-19T03:14:08.000Z" },
    { 4107542400000, "2100-03-01T00:00:00.000Z" },
    { TIME_MAX_MS, "9999-12-31T23:59:59.999Z" },
};

static void known_moments_are_written_and_read(void)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char space[TIMETEXT_BYTES];
        struct buf text = BUF_OVER(space);
        int64_t ms = -1;

        CHECKING("%s", known[i].text);
        timetext_add(&text, known[i].ms);
        CHECK_STR(buf_str(&text), str_of(known[i].text));
        CHECK_OK(timetext_read(buf_str(&text), &ms));
        CHECK_INT(ms, known[i].ms);
        CHECK_OK(timetext_read_any(buf_str(&text), &ms));
        CHECK_INT(ms, known[i].ms);
    }
}

static void any_moment_comes_back_as_it_went(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int i = 0; i < 20000; i++) {
        char text[TIMETEXT_BYTES];
        int64_t want = (int64_t)entropy_below(&entropy, (uint64_t)TIME_MAX_MS + 1);
        int64_t got = -1;

        timetext_write(want, text);
        CHECK_OK(timetext_read((struct str){ text, sizeof text }, &got));
        if (!CHECK_INT(got, want))
            return;
    }
}

static void the_forms_of_rfc_3339_are_read(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        { "2026-11-24T08:00:00Z", 1795507200000 },
        { "2026-11-24t08:00:00z", 1795507200000 },
        { "2026-11-24T08:00:00.1Z", 1795507200100 },
        { "2026-11-24T08:00:00.12Z", 1795507200120 },
        { "2026-11-24T08:00:00.123456789Z", 1795507200123 },
        { "2026-11-24T08:00:00.000999999Z", 1795507200000 },
        { "2026-11-24T09:30:00+01:30", 1795507200000 },
        { "2026-11-24T00:00:00-08:00", 1795507200000 },
        { "2026-11-24T08:00:00-00:00", 1795507200000 },
        { "2026-11-25T07:59:00.5+23:59", 1795507200500 },
        { "1970-01-01T01:00:00+01:00", 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        CHECKING("%s", cases[i].text);
        CHECK_OK(timetext_read_any(str_of(cases[i].text), &ms));
        CHECK_INT(ms, cases[i].ms);
    }
}

static void what_is_no_time_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24T08:00:00",
        "2026-11-24 08:00:00Z",
        "2026-11-24T08:00Z",
        "2026-11-24T8:00:00Z",
        "2026-1-24T08:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-00T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T08:60:00Z",
        "2016-12-31T23:59:60Z", /* a leap second */
        "2026-11-24T08:00:00.Z",
        "2026-11-24T08:00:00.1234567890Z",
        "2026-11-24T08:00:00,5Z",
        "2026-11-24T08:00:00ZZ",
        "2026-11-24T08:00:00Z ",
        " 2026-11-24T08:00:00Z",
        "2026-11-24T08:00:00+0100",
        "2026-11-24T08:00:00+24:00",
        "2026-11-24T08:00:00+01:60",
        "2026-11-24T08:00:00+1:00",
        "+026-11-24T08:00:00Z",
        "2026/11/24T08:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = -1;
        CHECKING("%s", bad[i]);
        CHECK_CODE(timetext_read_any(str_of(bad[i]), &ms), CODE_INVALID);
        CHECK_CODE(timetext_read(str_of(bad[i]), &ms), CODE_INVALID);
        CHECK_INT(ms, -1);
    }
}

static void the_strict_reader_takes_only_our_own_form(void)
{
    static const char *const bad[] = {
        "2026-11-24t08:00:00.123Z",  "2026-11-24T08:00:00.123z", "2026-11-24T08:00:00.12aZ",
        "2026-11-24T08:00:00.1234Z", "2026-11-24T08:00:00.12Z",  "2026-11-24T08:00:00Z",
        "2026-11-24T08:00:00,123Z",  "2026-11-24T08:00:0+01:00", "2026-11-24T08:00:6\xff.123Z",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = -1;
        CHECKING("%s", bad[i]);
        CHECK_CODE(timetext_read(str_of(bad[i]), &ms), CODE_INVALID);
    }
}

static const struct test tests[] = {
    TEST(every_day_from_1970_to_2400_is_counted_both_ways),
    TEST(the_last_day_is_the_last_of_9999),
    TEST(known_moments_are_written_and_read),
    TEST(any_moment_comes_back_as_it_went),
    TEST(the_forms_of_rfc_3339_are_read),
    TEST(what_is_no_time_is_refused),
    TEST(the_strict_reader_takes_only_our_own_form),
};
TEST_MAIN(tests)
