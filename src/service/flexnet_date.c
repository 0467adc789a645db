/*
 * service/flexnet_date: the dates of a log. They stand in four places:
 *
 *     TIMESTAMP 1/8/2017
 *     Server's System Date and Time: Sun Jan 08 2017 17:17:45 EST
 *     (@adskflex-SLOG@) Time: Thu May 05 2022 12:42:25 Hora de verano romance       (also Start-Date:)
 *     FlexNet Licensing (v11.13.1.2 build 173085 x64_lsb) started on HOST (linux) (1/8/2017)
 *
 * Numbers are month/day/year in every language. Names of months and zones follow the server's.
 */
#include "service/flexnet_parts.h"

#include "service/zone.h"

/*
 * January first: as English, Spanish, French, German, Italian, Portuguese and Dutch servers abbreviate them, with and
 * without accents, in UTF-8 and Latin-1. Whole words: languages that are not here share beginnings with other meanings
 * (the Finnish "marras" is November).
 */
static const char *const months[] = {
    "jan ene janv gen",
    "feb fev febr f\303\251v f\303\251vr f\351v f\351vr",
    "mar mars mrz mrt m\303\244r m\303\244rz m\344r m\344rz",
    "apr abr avr",
    "may mai mag mei",
    "jun juin giu",
    "jul juil lug",
    "aug ago ao\303\273t ao\373t",
    "sep sept set",
    "oct okt ott out",
    "nov",
    "dec dic dez d\303\251c d\351c",
};

/* 1 … 12, or 0 for a word that is none. */
static int32_t month_of(struct str word)
{
    if (str_ends(word, STR(".")))
        word = str_cut(word, 0, word.len - 1);
    for (int32_t month = 1; month <= 12; month++) {
        struct str names = str_of(months[month - 1]);
        while (names.len > 0) {
            if (str_eq_nocase(word, str_take(&names, ' ')))
                return month;
        }
    }
    return 0;
}

/* "1/8/2017" */
static bool take_numeric(struct str *rest, struct flexnet_date *ret_date)
{
    uint32_t month = 0, day = 0, year = 0;

    if (!flexnet_take_number(rest, 2, &month) || !flexnet_take_byte(rest, '/') || !flexnet_take_number(rest, 2, &day) ||
        !flexnet_take_byte(rest, '/') || !flexnet_take_number(rest, 4, &year))
        return false;
    *ret_date = (struct flexnet_date){ .civil = { (int32_t)year, (int32_t)month, (int32_t)day }, .time_s = -1 };
    return civil_is_valid(ret_date->civil);
}

/* "Sun Jan 08 2017 17:17:45 EST" */
static bool read_words(struct str text, struct flexnet_date *ret_date)
{
    struct str rest = str_trim(text);
    struct flexnet_date date = { 0 };
    uint32_t day = 0, year = 0;

    (void)str_take(&rest, ' '); /* the day of the week, which the date says already */
    rest = str_trim(rest);
    date.civil.month = month_of(str_take(&rest, ' '));
    rest = str_trim(rest);
    if (!flexnet_take_number(&rest, 2, &day) || !flexnet_take_byte(&rest, ' ') ||
        !flexnet_take_number(&rest, 4, &year) || !flexnet_take_byte(&rest, ' ') ||
        !flexnet_take_time(&rest, &date.time_s))
        return false;
    date.civil.day = (int32_t)day;
    date.civil.year = (int32_t)year;
    date.zone = str_trim(rest);
    *ret_date = date;
    return civil_is_valid(ret_date->civil);
}

/* What follows `label` in text, when it begins with it. */
static bool follows(struct str text, struct str label, struct str *ret_rest)
{
    if (!str_starts(text, label))
        return false;
    *ret_rest = str_from(text, label.len);
    return true;
}

bool flexnet_read_date(struct str message, struct flexnet_date *ret_date)
{
    struct str rest;

    if (follows(message, STR("TIMESTAMP "), &rest))
        return take_numeric(&rest, ret_date) && str_trim(rest).len == 0;
    if (follows(message, STR("Server's System Date and Time:"), &rest))
        return read_words(rest, ret_date);
    if (!str_starts(message, STR("(@")))
        return false;
    rest = str_from(message, str_find(message, ')') + 1);
    rest = str_trim(rest);
    if (follows(rest, STR("Time:"), &rest) || follows(rest, STR("Start-Date:"), &rest))
        return read_words(rest, ret_date);
    return false;
}

bool flexnet_read_start_date(struct str message, struct flexnet_date *ret_date)
{
    struct str rest = str_trim(message);
    size_t at = rest.len;

    while (at > 0 && rest.at[at - 1] != '(')
        at--;
    rest = str_from(rest, at);
    return take_numeric(&rest, ret_date) && str_eq(rest, STR(")"));
}

bool flexnet_take_stamp(struct str *rest, struct flexnet_line *line)
{
    struct str at = *rest;
    uint32_t year = 0, month = 0, day = 0;
    int32_t time_s = 0, offset_s = 0;
    struct civil_date date;
    struct str offset;

    if (!flexnet_take_number(&at, 4, &year) || !flexnet_take_byte(&at, '-') || !flexnet_take_number(&at, 2, &month) ||
        !flexnet_take_byte(&at, '-') || !flexnet_take_number(&at, 2, &day) || !flexnet_take_byte(&at, 'T') ||
        !flexnet_take_time(&at, &time_s))
        return false;
    offset = str_cut(at, 0, str_find(at, ' '));
    date = (struct civil_date){ (int32_t)year, (int32_t)month, (int32_t)day };
    if (!civil_is_valid(date) || zone_read_offset(offset, &offset_s).code)
        return false;
    *rest = str_from(at, offset.len);
    line->stamped = true;
    line->stamp_day = civil_to_days(date);
    line->stamp_offset_s = offset_s;
    line->time_s = time_s;
    return true;
}
