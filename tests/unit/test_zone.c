/*
 * service/zone: offsets, names, TZif files and POSIX rules, against Python's zoneinfo where both read the same files.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/entropy.h"
#include "base/fault.h"
#include "codec/timetext.h"
#include "service/zone.h"

static int64_t at(int year, int month, int day, int hour, int minute)
{
    return civil_to_days((struct civil_date){ year, month, day }) * DAY_S + (hour * 60 + minute) * 60;
}

static void offsets_are_read_in_every_usual_form(void)
{
    static const struct {
        const char *text;
        int32_t minutes; /* -1: refused */
    } cases[] = {
        { "Z", 0 },       { "utc", 0 },      { "GMT", 0 },      { "+1", 60 },      { "+01", 60 },     { "-03", -180 },
        { "+0530", 330 }, { "+05:30", 330 }, { "-9:30", -570 }, { "+14:00", 840 }, { "+15:00", 900 }, { "+15:01", -1 },
        { "", -1 },       { "+", -1 },       { "01:00", -1 },   { "+1:0", -1 },    { "+01:", -1 },    { "+01:60", -1 },
        { "+123", -1 },   { "+12345", -1 },  { "+a1", -1 },     { "+01:00 ", -1 }, { "--1", -1 },     { "+:30", -1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t offset_s = 77;
        status s = zone_read_offset(str_of(cases[i].text), &offset_s);
        CHECKING("%s", cases[i].text);
        CHECK_INT(s.code == CODE_OK, cases[i].minutes != -1);
        CHECK_INT(offset_s, s.code ? 77 : cases[i].minutes * 60);
    }
}

static void a_name_of_one_meaning_is_known_and_one_of_several_is_refused(void)
{
    int32_t offset_s = 0;
    struct err err = { 0 };

    CHECK_OK(zone_read_name(STR("EST"), &offset_s, &err));
    CHECK_INT(offset_s, -5 * 3600);
    CHECK_OK(zone_read_name(STR("cest"), &offset_s, &err));
    CHECK_INT(offset_s, 2 * 3600);
    CHECK_OK(zone_read_name(STR("Central Daylight Time"), &offset_s, &err));
    CHECK_INT(offset_s, -5 * 3600);
    CHECK_OK(zone_read_name(STR("-03"), &offset_s, &err));
    CHECK_INT(offset_s, -3 * 3600);
    CHECK_CODE(zone_read_name(STR("CST"), &offset_s, &err), CODE_NOT_FOUND);
    CHECK_STR(str_of(err.text), STR("the time zone \"CST\" means different offsets in different countries"));
    CHECK_CODE(zone_read_name(STR("Hora de verano romance"), &offset_s, &err), CODE_NOT_FOUND);
    CHECK_STR(str_of(err.text), STR("the time zone \"Hora de verano romance\" is not known"));
    CHECK_INT(offset_s, -3 * 3600);
}

static void rules_of_every_form_are_read_and_broken_ones_refused(void)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        { "UTC0", true },
        { "EST5EDT,M3.2.0,M11.1.0", true },
        { "CET-1CEST,M3.5.0,M10.5.0/3", true },
        { "<+0330>-3:30", true },
        { "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true },
        { "IST-1GMT0,M10.5.0,M3.5.0/1", true },
        { "XXX3YYY,J60/0,J300/25", true },
        { "XXX3YYY,0/0,365/167", true },
        { "", false },
        { "EST", false },
        { "ES5", false },
        { "EST5EDT", false },
        { "EST5EDT,M3.2.0", false },
        { "EST5EDT,M13.2.0,M11.1.0", false },
        { "EST5EDT,M3.6.0,M11.1.0", false },
        { "EST5EDT,M3.2.7,M11.1.0", false },
        { "EST5EDT,J0,J365", false },
        { "EST5EDT,M3.2.0,M11.1.0,", false },
        { "EST5EDT,M3.2.0/168,M11.1.0", false },
        { "<+03-3", false },
        { "EST25", false },
        { "EST5:60", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone_rule rule = { 0 };
        CHECKING("%s", cases[i].text);
        CHECK_CODE(zone_read_rule(str_of(cases[i].text), &rule), cases[i].good ? CODE_OK : CODE_CORRUPT);
    }
}

static struct zone zone_by_rule(const char *text)
{
    struct zone zone = { .has_rule = true };

    CHECK_OK(zone_read_rule(str_of(text), &zone.rule));
    return zone;
}

static void an_hour_that_occurs_twice_is_two_instants_and_a_skipped_one_is_one(void)
{
    struct zone zone = zone_by_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    int64_t utc_s[2];

    CHECK_INT(zone_to_utc(&zone, at(2022, 10, 30, 2, 30), utc_s), 2);
    CHECK_INT(utc_s[0], at(2022, 10, 30, 0, 30));
    CHECK_INT(utc_s[1], at(2022, 10, 30, 1, 30));
    CHECK_INT(zone_to_utc(&zone, at(2022, 10, 30, 3, 0), utc_s), 1);
    CHECK_INT(utc_s[0], at(2022, 10, 30, 2, 0));
    CHECK_INT(zone_to_utc(&zone, at(2022, 10, 30, 1, 59), utc_s), 1);
    CHECK_INT(utc_s[0], at(2022, 10, 29, 23, 59));
    CHECK_INT(zone_to_utc(&zone, at(2022, 3, 27, 2, 30), utc_s), 1);
    CHECK_INT(utc_s[0], at(2022, 3, 27, 1, 30));
    CHECK_INT(zone_to_utc(&zone, at(2022, 3, 27, 3, 0), utc_s), 1);
    CHECK_INT(utc_s[0], at(2022, 3, 27, 1, 0));
}

static void summer_may_span_the_turn_of_the_year(void)
{
    struct zone south = zone_by_rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
    struct zone dublin = zone_by_rule("IST-1GMT0,M10.5.0,M3.5.0/1");

    CHECK_INT(zone_offset_at(&south, at(2022, 12, 31, 23, 0)), 11 * 3600);
    CHECK_INT(zone_offset_at(&south, at(2022, 7, 1, 0, 0)), 10 * 3600);
    CHECK_INT(zone_offset_at(&south, -1 - 10 * 3600), 10 * 3600); /* rules hold from 1970 on */
    CHECK_INT(zone_offset_at(&dublin, at(2022, 1, 1, 0, 0)), 0);
    CHECK_INT(zone_offset_at(&dublin, at(2022, 7, 1, 0, 0)), 3600);
}

/* A year of both kinds of day numbers: J60 is 1 March in each year, 59 only in common ones. */
static void day_numbers_count_the_leap_day_or_not_as_their_form_says(void)
{
    struct zone julian = zone_by_rule("XXX0YYY,J60/0,J300/0");
    struct zone counted = zone_by_rule("XXX0YYY,59/0,300/0");

    CHECK_INT(zone_offset_at(&julian, at(2024, 2, 29, 23, 59)), 0);
    CHECK_INT(zone_offset_at(&julian, at(2024, 3, 1, 0, 0)), 3600);
    CHECK_INT(zone_offset_at(&julian, at(2023, 3, 1, 0, 0)), 3600);
    CHECK_INT(zone_offset_at(&counted, at(2024, 2, 29, 0, 0)), 3600);
    CHECK_INT(zone_offset_at(&counted, at(2023, 2, 28, 23, 59)), 0);
}

/*
 * One line a question: "name utc-seconds offset" or "name local-seconds first second", from Python's own reader of the
 * same files. 2050 lies after every listed change, so there the rule in the last line decides.
 */
static const char python[] =
    "import zoneinfo as z, datetime as d\n"
    "utc = d.timezone.utc; start = d.datetime(1970, 1, 1)\n"
    "for name in '''Europe/Madrid America/New_York America/Sao_Paulo Asia/Kolkata Australia/Lord_Howe Africa/Casablanca"
    " Europe/Dublin Asia/Tehran America/St_Johns Pacific/Apia Antarctica/Troll UTC America/Nuuk'''.split():\n"
    "    zone = z.ZoneInfo(name)\n"
    "    for year in (1935, 1969, 1987, 2007, 2011, 2022, 2023, 2050):\n"
    "        for hours in range(0, 8760, 41):\n"
    "            t = d.datetime(year, 1, 1, tzinfo=utc) + d.timedelta(hours=hours, minutes=17)\n"
    "            print('u', name, int(t.timestamp()), int(t.astimezone(zone).utcoffset().total_seconds()))\n"
    "        for days in range(0, 365):\n"
    "            for hour in (0, 1, 2, 3, 23):\n"
    "                c = d.datetime(year, 1, 1, hour, 30) + d.timedelta(days=days)\n"
    "                local = int((c - start).total_seconds())\n"
    "                f = [local - int(c.replace(tzinfo=zone, fold=k).utcoffset().total_seconds()) for k in (0, 1)]\n"
    "                if days % 37 == 0 or f[0] != f[1]: print('l', name, local, f[0], f[1])\n";

static bool take_i64(struct str *rest, int64_t *ret_number)
{
    struct str word = str_take(rest, ' ');
    bool minus = str_starts(word, STR("-"));
    uint64_t number = 0;

    if (str_to_u64(str_from(word, minus), INT64_MAX, &number).code)
        return false;
    *ret_number = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

static void check_answer(const struct zone *zone, bool to_utc, struct str rest)
{
    int64_t question = 0, first = 0, second = 0, utc_s[2];
    int count;

    if (!CHECK(take_i64(&rest, &question)) || !CHECK(take_i64(&rest, &first)))
        return;
    if (!to_utc) {
        CHECK_INT(zone_offset_at(zone, question), first);
        return;
    }
    if (!CHECK(take_i64(&rest, &second)))
        return;
    count = zone_to_utc(zone, question, utc_s);
    CHECK_INT(utc_s[0], first);
    /* Python turns a skipped time's answers round; an hour that occurs twice has its second later. */
    CHECK_INT(count, second > first ? 2 : 1);
    if (count == 2)
        CHECK_INT(utc_s[1], second);
}

static void every_answer_is_that_of_another_reader_of_the_same_files(void)
{
    AUTO(struct zone, zone_free) zone = { 0 };
    char command[8192], line[256], loaded[64] = "";
    FILE *answers;
    size_t count = 0;

    (void)snprintf(command, sizeof command, "python3 - <<'END'\n%sEND\n", python);
    answers = popen(command, "r");
    if (!CHECK(answers))
        return;
    while (fgets(line, sizeof line, answers)) {
        struct str rest = str_of(line);
        rest.len -= str_ends(rest, STR("\n"));
        bool to_utc = str_eq(str_take(&rest, ' '), STR("l"));
        struct str name = str_take(&rest, ' ');
        struct err err = { 0 };
        if (!str_eq(name, str_of(loaded))) {
            zone_free(&zone);
            CHECK(str_to_c(name, loaded, sizeof loaded));
            CHECK_OK(zone_load(ZONE_DIRECTORY, name, &zone, &err));
        }
        CHECKING("%s", line);
        check_answer(&zone, to_utc, rest);
        count++;
    }
    CHECK_INT(pclose(answers), 0);
    CHECK(count > 10000);
}

static void what_a_person_gives_is_an_offset_a_place_or_an_abbreviation(void)
{
    static const struct {
        const char *text;
        int64_t winter, summer; /* minutes; -1: refused */
    } cases[] = {
        { "Europe/Madrid", 60, 120 },
        { "+01:00", 60, 60 },
        { "UTC", 0, 0 },
        { "CET", 60, 60 }, /* an abbreviation, also where the system has a file of that name with summer time */
        { "EDT", -240, -240 },
        { "Europe/Atlantis", -1, -1 },
        { "../etc/passwd", -1, -1 },
        { "/etc/passwd", -1, -1 },
        { "Europe", -1, -1 },
        { "zone.tab", -1, -1 },
        { "CST", -1, -1 },
        { "", -1, -1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(struct zone, zone_free) zone = { 0 };
        struct err err = { 0 };
        status s = zone_load(ZONE_DIRECTORY, str_of(cases[i].text), &zone, &err);
        CHECKING("%s", cases[i].text);
        if (cases[i].winter == -1) {
            CHECK_CODE(s, CODE_INVALID);
            CHECK_MEMBER(err, "zone");
        } else if (CHECK_OK(s)) {
            CHECK_INT(zone_offset_at(&zone, at(2022, 1, 1, 0, 0)), cases[i].winter * 60);
            CHECK_INT(zone_offset_at(&zone, at(2022, 7, 1, 0, 0)), cases[i].summer * 60);
        }
    }
}

static bool read_madrid(struct buf *ret_file)
{
    return test_read_file(ZONE_DIRECTORY "/Europe/Madrid", ret_file);
}

static void a_file_cut_anywhere_is_refused(void)
{
    AUTO(struct buf, buf_free) file = { 0 };

    if (!read_madrid(&file))
        return;
    for (size_t len = 0; len < file.len; len++) {
        AUTO(struct zone, zone_free) zone = { 0 };
        struct err err = { 0 };
        CHECKING("%zu bytes", len);
        CHECK_CODE(zone_read_tzif(str_cut(buf_str(&file), 0, len), &zone, &err), CODE_CORRUPT);
    }
}

static void a_file_with_any_byte_changed_is_read_or_refused_and_never_harms(void)
{
    AUTO(struct buf, buf_free) file = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());

    if (!read_madrid(&file))
        return;
    for (size_t i = 0; i < file.len; i++) {
        AUTO(struct zone, zone_free) zone = { 0 };
        char kept = file.at[i];
        int64_t utc_s[2];
        file.at[i] = (char)entropy_u64(&entropy);
        if (zone_read_tzif(buf_str(&file), &zone, NULL).code == CODE_OK)
            (void)zone_to_utc(&zone, at(2050, 7, 1, 0, 0), utc_s);
        file.at[i] = kept;
    }
}

static void leap_seconds_and_too_many_changes_are_refused(void)
{
    AUTO(struct buf, buf_free) file = { 0 };
    AUTO(struct zone, zone_free) zone = { 0 };
    struct err err = { 0 };
    static const char v1[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                             "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\4"
                             "\0\0\x0e\x10\0\0CET\0\0\0\0\1\0\0\0\1";

    CHECK_CODE(zone_read_tzif((struct str){ v1, sizeof v1 - 1 }, &zone, &err), CODE_INVALID);
    if (!read_madrid(&file))
        return;
    memcpy(file.at + 32, "\0\1\0\0", 4);
    CHECK_CODE(zone_read_tzif(buf_str(&file), &zone, &err), CODE_TOO_LARGE);
}

static void a_file_of_the_first_version_is_read_by_its_only_part(void)
{
    AUTO(struct zone, zone_free) zone = { 0 };
    struct err err = { 0 };
    static const char v1[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2\0\0\0\4"
                             "\0\0\0\x64\0\0\0\xc8\1\0"
                             "\0\0\x0e\x10\0\0\0\0\x1c\x20\1\0CET\0";

    if (!CHECK_OK(zone_read_tzif((struct str){ v1, sizeof v1 - 1 }, &zone, &err)))
        return;
    CHECK_INT(zone_offset_at(&zone, 99), 3600);
    CHECK_INT(zone_offset_at(&zone, 100), 7200);
    CHECK_INT(zone_offset_at(&zone, 199), 7200);
    CHECK_INT(zone_offset_at(&zone, 200), 3600);
}

static void without_memory_there_is_no_zone(void)
{
    for (int step = 0;; step++) {
        AUTO(struct zone, zone_free) zone = { 0 };
        struct err err = { 0 };
        fault_arm(FAULT_MEMORY, step, 1);
        status s = zone_load(ZONE_DIRECTORY, STR("Europe/Madrid"), &zone, &err);
        bool hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK_CODE(s, hit ? CODE_NO_MEMORY : CODE_OK);
        if (!hit)
            break;
    }
}

static const struct test tests[] = {
    TEST(offsets_are_read_in_every_usual_form),
    TEST(a_name_of_one_meaning_is_known_and_one_of_several_is_refused),
    TEST(rules_of_every_form_are_read_and_broken_ones_refused),
    TEST(an_hour_that_occurs_twice_is_two_instants_and_a_skipped_one_is_one),
    TEST(summer_may_span_the_turn_of_the_year),
    TEST(day_numbers_count_the_leap_day_or_not_as_their_form_says),
    TEST(every_answer_is_that_of_another_reader_of_the_same_files),
    TEST(what_a_person_gives_is_an_offset_a_place_or_an_abbreviation),
    TEST(a_file_cut_anywhere_is_refused),
    TEST(a_file_with_any_byte_changed_is_read_or_refused_and_never_harms),
    TEST(leap_seconds_and_too_many_changes_are_refused),
    TEST(a_file_of_the_first_version_is_read_by_its_only_part),
    TEST(without_memory_there_is_no_zone),
};
TEST_MAIN(tests)
