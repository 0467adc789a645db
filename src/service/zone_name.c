/*
 * service/zone: zones by the names that logs give them.
 */
#include "service/zone.h"

#define HOUR_S   3600
#define MINUTE_S 60
/* The tz database's own bound is below 26 h; civil offsets are within 15. */
#define OFFSET_MAX_S (15 * HOUR_S)

struct named_offset {
    const char *name;
    int32_t minutes;
};

/*
 * What programs print, by the tz database's abbreviations and by Windows' English names. CST, IST and PST as China's,
 * India's or the Philippines' servers print them are other offsets than America's and Ireland's: CST and IST are left
 * out, because they are common in both meanings; PST stays, because the Philippines' is rare.
 */
static const struct named_offset names[] = {
    /* the tz database */
    { "UT", 0 },
    { "WET", 0 },
    { "BST", 60 },
    { "WEST", 60 },
    { "CET", 60 },
    { "MET", 60 },
    { "WAT", 60 },
    { "CEST", 120 },
    { "MEST", 120 },
    { "EET", 120 },
    { "CAT", 120 },
    { "SAST", 120 },
    { "EEST", 180 },
    { "MSK", 180 },
    { "EAT", 180 },
    { "PKT", 300 },
    { "WIB", 420 },
    { "HKT", 480 },
    { "AWST", 480 },
    { "WITA", 480 },
    { "JST", 540 },
    { "KST", 540 },
    { "ACST", 570 },
    { "AEST", 600 },
    { "ACDT", 630 },
    { "AEDT", 660 },
    { "NZST", 720 },
    { "NZDT", 780 },
    { "NST", -210 },
    { "NDT", -150 },
    { "AST", -240 },
    { "ADT", -180 },
    { "EST", -300 },
    { "EDT", -240 },
    { "CDT", -300 },
    { "MST", -420 },
    { "MDT", -360 },
    { "PST", -480 },
    { "PDT", -420 },
    { "AKST", -540 },
    { "AKDT", -480 },
    { "HST", -600 },
    /* Windows */
    { "Coordinated Universal Time", 0 },
    { "Greenwich Standard Time", 0 },
    { "GMT Standard Time", 0 },
    { "GMT Daylight Time", 60 },
    { "GMT Summer Time", 60 },
    { "Romance Standard Time", 60 },
    { "Romance Daylight Time", 120 },
    { "W. Europe Standard Time", 60 },
    { "W. Europe Daylight Time", 120 },
    { "Central Europe Standard Time", 60 },
    { "Central Europe Daylight Time", 120 },
    { "Central European Standard Time", 60 },
    { "Central European Daylight Time", 120 },
    { "E. Europe Standard Time", 120 },
    { "E. Europe Daylight Time", 180 },
    { "FLE Standard Time", 120 },
    { "FLE Daylight Time", 180 },
    { "GTB Standard Time", 120 },
    { "GTB Daylight Time", 180 },
    { "South Africa Standard Time", 120 },
    { "Russian Standard Time", 180 },
    { "Turkey Standard Time", 180 },
    { "Arabian Standard Time", 240 },
    { "India Standard Time", 330 },
    { "SE Asia Standard Time", 420 },
    { "China Standard Time", 480 },
    { "Singapore Standard Time", 480 },
    { "Malay Peninsula Standard Time", 480 },
    { "Taipei Standard Time", 480 },
    { "W. Australia Standard Time", 480 },
    { "Tokyo Standard Time", 540 },
    { "Korea Standard Time", 540 },
    { "E. Australia Standard Time", 600 },
    { "AUS Eastern Standard Time", 600 },
    { "AUS Eastern Daylight Time", 660 },
    { "New Zealand Standard Time", 720 },
    { "New Zealand Daylight Time", 780 },
    { "E. South America Standard Time", -180 },
    { "Argentina Standard Time", -180 },
    { "Atlantic Standard Time", -240 },
    { "Atlantic Daylight Time", -180 },
    { "Eastern Standard Time", -300 },
    { "Eastern Daylight Time", -240 },
    { "Central Standard Time", -360 },
    { "Central Daylight Time", -300 },
    { "Mountain Standard Time", -420 },
    { "US Mountain Standard Time", -420 },
    { "Mountain Daylight Time", -360 },
    { "Pacific Standard Time", -480 },
    { "Pacific Daylight Time", -420 },
    { "Alaskan Standard Time", -540 },
    { "Alaskan Daylight Time", -480 },
    { "Hawaiian Standard Time", -600 },
};

static bool is_utc(struct str text)
{
    return str_eq_nocase(text, STR("Z")) || str_eq_nocase(text, STR("UTC")) || str_eq_nocase(text, STR("GMT"));
}

/* One or two digits as a number, or -1. */
static int small_number(struct str digits)
{
    int number = 0;

    if (digits.len < 1 || digits.len > 2)
        return -1;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return -1;
        number = number * 10 + (digits.at[i] - '0');
    }
    return number;
}

/* "5", "05", "0530", "5:30", "05:30" as seconds, or -1. */
static int32_t offset_size(struct str text)
{
    size_t colon = str_find(text, ':');
    size_t hour_digits = colon < text.len ? colon : text.len == 4 ? 2 : text.len;
    struct str rest = str_from(text, hour_digits + (colon < text.len));
    int hours = small_number(str_cut(text, 0, hour_digits));
    int minutes = rest.len == 2 ? small_number(rest) : 0;

    if (hours < 0 || minutes < 0 || minutes > 59 || (rest.len != 0 && rest.len != 2))
        return -1;
    if (colon < text.len && rest.len == 0)
        return -1;
    return hours * HOUR_S + minutes * MINUTE_S;
}

status zone_read_offset(struct str text, int32_t *ret_offset_s)
{
    int32_t size;

    if (is_utc(text)) {
        *ret_offset_s = 0;
        return OK;
    }
    if (text.len < 2 || (text.at[0] != '+' && text.at[0] != '-'))
        return (status){ CODE_INVALID };
    size = offset_size(str_from(text, 1));
    if (size < 0 || size > OFFSET_MAX_S)
        return (status){ CODE_INVALID };
    *ret_offset_s = text.at[0] == '-' ? -size : size;
    return OK;
}

status zone_read_name(struct str name, int32_t *ret_offset_s, struct err *err)
{
    if (zone_read_offset(name, ret_offset_s).code == CODE_OK)
        return OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq_nocase(name, str_of(names[i].name))) {
            *ret_offset_s = names[i].minutes * MINUTE_S;
            return OK;
        }
    }
    if (str_eq_nocase(name, STR("CST")) || str_eq_nocase(name, STR("IST")))
        return err_set(err, CODE_NOT_FOUND, "the time zone \"%.*s\" means different offsets in different countries",
                       STR_ARG(name));
    return err_set(err, CODE_NOT_FOUND, "the time zone \"%.*s\" is not known",
                   STR_ARG(str_cut(name, 0, ZONE_NAME_MAX_BYTES)));
}
