/*
 * service/flexnet_clock: lines are placed in time by the dates around them and the zone that they were written in.
 */
#include "flexnet_reading.h"

#include <stdio.h>

#include "service/flexnet_clock.h"

/* Each line is an event whose moment is asked for, unless it sets the date. */
struct moments_case {
    const char *about, *zone, *text;
    int64_t moments[4];
    uint64_t uncertain;
};

static void check_moments(const struct moments_case *c)
{
    AUTO(struct zone, zone_free) zone = { 0 };
    AUTO(struct reading, reading_free) reading = { 0 };
    struct err err = { 0 };

    CHECKING("%s", c->about);
    if (c->zone && !CHECK_OK(zone_load(ZONE_DIRECTORY, str_of(c->zone), &zone, &err)))
        return;
    if (!CHECK_OK(read_whole(str_of(c->text), c->zone ? &zone : NULL, &reading, &err))) {
        printf("%s\n", err.text);
        return;
    }
    for (size_t i = 0; i < 4 && c->moments[i]; i++) {
        CHECKING("%s, event %zu", c->about, i);
        CHECK_INT(i < reading.moment_count ? reading.moments[i] : 0, c->moments[i]);
    }
    CHECKING("%s", c->about);
    CHECK_INT(reading.uncertain, c->uncertain);
}

#define E(time)           time " (d) QUEUED: \"f\" u@h\n"
#define DATED(time, date) time " (lmgrd) TIMESTAMP " date "\n"

static void a_line_is_placed_by_the_dates_around_it(void)
{
    const struct moments_case cases[] = {
        { .about = "midnight",
          .zone = "UTC",
          .text = DATED("20:00:00", "3/5/2024") E("23:59:59") E(" 0:00:00"),
          .moments = { utc("2024-03-05T23:59:59Z"), utc("2024-03-06T00:00:00Z") } },
        { .about = "a leap day",
          .zone = "UTC",
          .text = DATED("20:00:00", "2/28/2024") E(" 1:00:00"),
          .moments = { utc("2024-02-29T01:00:00Z") } },
        { .about = "the turn of the year",
          .zone = "UTC",
          .text = DATED("20:00:00", "12/31/2023") E(" 1:00:00"),
          .moments = { utc("2024-01-01T01:00:00Z") } },
        { .about = "a date corrects the day",
          .zone = "UTC",
          .text = DATED("20:00:00", "3/5/2024") E("20:30:00") DATED("21:00:00", "3/9/2024") E("21:30:00"),
          .moments = { utc("2024-03-05T20:30:00Z"), utc("2024-03-09T21:30:00Z") } },
        { .about = "lines before the first date",
          .zone = "UTC",
          .text = E("22:00:00") E(" 1:00:00") DATED(" 2:00:00", "3/5/2024"),
          .moments = { utc("2024-03-04T22:00:00Z"), utc("2024-03-05T01:00:00Z") } },
        { .about = "another daemon's line comes late",
          .zone = "UTC",
          .text = DATED("20:00:00", "3/5/2024") E(" 0:00:01") E("23:59:59") E(" 0:00:02"),
          .moments = { utc("2024-03-06T00:00:01Z"), utc("2024-03-05T23:59:59Z"), utc("2024-03-06T00:00:02Z") } },
        { .about = "the clock was set back an hour",
          .zone = "UTC",
          .text = DATED("20:00:00", "3/5/2024") E("20:30:00") E("19:31:00") DATED("20:00:00", "3/5/2024"),
          .moments = { utc("2024-03-05T20:30:00Z"), utc("2024-03-05T19:31:00Z") },
          .uncertain = 1 },
        { .about = "the clock goes back from noon to morning",
          .zone = "UTC",
          .text = DATED("12:00:00", "3/5/2024") E("12:30:00") E(" 8:00:00"),
          .moments = { utc("2024-03-05T12:30:00Z"), utc("2024-03-06T08:00:00Z") },
          .uncertain = 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_moments(&cases[i]);
}

static void summer_time_begins_and_ends_where_the_log_was_written(void)
{
    const struct moments_case cases[] = {
        { .about = "the hour that occurs twice",
          .zone = "Europe/Madrid",
          .text = DATED("20:00:00", "10/29/2022") E(" 2:10:00") E(" 2:50:00") E(" 2:05:00") E(" 2:55:00"),
          .moments = { utc("2022-10-30T00:10:00Z"), utc("2022-10-30T00:50:00Z"), utc("2022-10-30T01:05:00Z"),
                       utc("2022-10-30T01:55:00Z") },
          .uncertain = 2 },
        { .about = "the hour that is skipped",
          .zone = "Europe/Madrid",
          .text = DATED("20:00:00", "3/26/2022") E(" 1:59:59") E(" 3:00:00"),
          .moments = { utc("2022-03-27T00:59:59Z"), utc("2022-03-27T01:00:00Z") } },
        { .about = "the log names its zone anew",
          .text = "1:00:00 (d) (@d-SLOG@) Time: Sun Mar 12 2017 01:00:00 EST\n" E(" 1:30:00")
              E(" 3:30:00") "5:00:00 (d) (@d-SLOG@) Time: Sun Mar 12 2017 05:00:00 EDT\n" E(" 5:30:00"),
          /* until the name stands there, the old offset counts: a known limit */
          .moments = { utc("2017-03-12T06:30:00Z"), utc("2017-03-12T08:30:00Z"), utc("2017-03-12T09:30:00Z") } },
        { .about = "the caller's zone overrules the log's",
          .zone = "+02:00",
          .text = "1:00:00 (d) (@d-SLOG@) Time: Sun Mar 12 2017 01:00:00 Hora de verano romance\n" E(" 1:30:00"),
          .moments = { utc("2017-03-11T23:30:00Z") } },
        { .about = "lines with a date and offset of their own",
          .text =
              "2026-09-05T23:59:59-04:00 (d) QUEUED: \"f\" u@h\n2026-09-06T00:00:01-04:00 (d) QUEUED: \"f\" u@h\n" E(
                  "00:00:02"),
          .moments = { utc("2026-09-06T03:59:59Z"), utc("2026-09-06T04:00:01Z"), utc("2026-09-06T04:00:02Z") } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_moments(&cases[i]);
}

static void a_date_of_another_time_is_not_the_days(void)
{
    const struct moments_case cases[] = {
        { .about = "a start long ago",
          .zone = "UTC",
          .text = DATED("20:00:00",
                        "3/5/2024") "20:30:00 (d) (@d-SLOG@) Start-Date: Sun Jan 08 2017 17:17:47 EST\n" E("20:40:00"),
          .moments = { utc("2024-03-05T20:40:00Z") } },
        { .about = "a time that is yet to come",
          .zone = "UTC",
          .text = DATED("20:00:00",
                        "3/5/2024") "20:30:00 (d) (@d-SLOG@) Time: Fri Mar 08 2024 20:36:00 UTC\n" E("20:40:00"),
          .moments = { utc("2024-03-05T20:40:00Z") } },
        { .about = "a date written just before midnight",
          .zone = "UTC",
          .text = " 0:00:00 (d) (@d-SLOG@) Time: Tue Mar 05 2024 23:59:59 UTC\n" E(" 0:00:01"),
          .moments = { utc("2024-03-06T00:00:01Z") } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_moments(&cases[i]);
}

static void a_zone_that_is_not_known_is_an_error_that_names_it(void)
{
    AUTO(struct reading, reading_free) reading = { 0 };
    struct err err = { 0 };

    CHECK_CODE(read_whole(STR("8:42:20 (lmgrd) Server's System Date and Time: Thu May 05 2022 08:42:20 "
                              "Hora de verano romance\n"),
                          NULL, &reading, &err),
               CODE_INVALID);
    CHECK_MEMBER(err, "zone");
    CHECK_STR(str_of(err.text), STR("the time zone \"Hora de verano romance\" is not known: say where the log was "
                                    "written with --zone, for example --zone Europe/Madrid"));
}

static void a_log_without_a_date_or_zone_places_nothing_and_says_so(void)
{
    static const char *const texts[] = { E("1:00:00") E("2:00:00"),
                                         DATED("1:00:00", "3/5/2024") E("1:00:00") E("2:00:00") };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        AUTO(struct reading, reading_free) reading = { 0 };
        struct err err = { 0 };
        CHECK_OK(read_whole(str_of(texts[i]), NULL, &reading, &err));
        CHECK_INT(reading.log.unplaced, 2);
        CHECK_INT(reading.moments[1] - reading.moments[0], 3600 * 1000);
    }
}

static const struct test tests[] = {
    TEST(a_line_is_placed_by_the_dates_around_it),
    TEST(summer_time_begins_and_ends_where_the_log_was_written),
    TEST(a_date_of_another_time_is_not_the_days),
    TEST(a_zone_that_is_not_known_is_an_error_that_names_it),
    TEST(a_log_without_a_date_or_zone_places_nothing_and_says_so),
};
TEST_MAIN(tests)
