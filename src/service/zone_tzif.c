/*
 * service/zone: TZif files (RFC 9636) and the POSIX rule in their last line.
 *
 * A file has its data twice, with 32-bit times for readers from before 2005 and then with 64-bit times; only a file of
 * version 1 is read by its first part. Which letters a zone abbreviates itself with is of no interest here.
 */
#include "service/zone.h"

#include <assert.h>

#include "base/memory.h"

#define HEAD_BYTES   44
#define HOUR_S       3600
#define OFFSET_MAX_S (26 * HOUR_S) /* RFC 9636 section 3.2 */
/* RFC 9636 section 3.3.1: a rule's time of day may lie up to a week from its day. */
#define RULE_HOURS_MAX 167
#define TIME_DEFAULT_S (2 * HOUR_S)

struct counts {
    uint32_t ut, standard, leaps, changes, types, letters;
};

static uint32_t be32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int32_t be32_signed(const char *at)
{
    return (int32_t)be32(at);
}

static int64_t be64_signed(const char *at)
{
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

static status wrong(struct err *err, const char *what)
{
    return err_set(err, CODE_CORRUPT, "the time zone file is damaged: %s", what);
}

/* Takes a header off *rest. */
static status head_take(struct str *rest, char *ret_version, struct counts *ret_counts, struct err *err)
{
    const char *at = rest->at;

    if (rest->len < HEAD_BYTES || memcmp(at, "TZif", 4) != 0)
        return wrong(err, "it does not begin with TZif");
    *ret_version = at[4];
    *ret_counts =
        (struct counts){ be32(at + 20), be32(at + 24), be32(at + 28), be32(at + 32), be32(at + 36), be32(at + 40) };
    if (ret_counts->changes > ZONE_CHANGES_MAX)
        return err_set(err, CODE_TOO_LARGE, "the time zone file lists %u changes", ret_counts->changes);
    if (ret_counts->types < 1 || ret_counts->types > 256)
        return wrong(err, "it has no kind of local time, or too many");
    *rest = str_from(*rest, HEAD_BYTES);
    return OK;
}

static uint64_t body_bytes(const struct counts *counts, unsigned time_bytes)
{
    return (uint64_t)counts->changes * (time_bytes + 1) + (uint64_t)counts->types * 6 + counts->letters +
           (uint64_t)counts->leaps * (time_bytes + 4) + counts->standard + counts->ut;
}

static status body_take(struct str *rest, const struct counts *counts, unsigned time_bytes, struct str *ret_body,
                        struct err *err)
{
    uint64_t len = body_bytes(counts, time_bytes);

    if (len > rest->len)
        return wrong(err, "it ends too early");
    *ret_body = str_cut(*rest, 0, (size_t)len);
    *rest = str_from(*rest, (size_t)len);
    return OK;
}

static status offset_of_type(struct str types, size_t type, int32_t *ret_offset_s, struct err *err)
{
    int32_t offset_s;

    if ((type + 1) * 6 > types.len)
        return wrong(err, "a change is to a kind of local time that it does not have");
    offset_s = be32_signed(types.at + type * 6);
    if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S)
        return wrong(err, "an offset is longer than 26 hours");
    *ret_offset_s = offset_s;
    return OK;
}

static status body_read(struct str body, const struct counts *counts, unsigned time_bytes, struct zone *zone,
                        struct err *err)
{
    struct str types = str_cut(body, (size_t)counts->changes * (time_bytes + 1), (size_t)counts->types * 6);
    const char *times = body.at;
    const char *indexes = body.at + (size_t)counts->changes * time_bytes;

    assert(body.at && types.at); /* a body has at least one kind of local time */
    TRY(offset_of_type(types, 0, &zone->offset_s, err));
    zone->changes = memory_new(counts->changes, sizeof *zone->changes);
    if (!zone->changes)
        return (status){ CODE_NO_MEMORY };
    for (size_t i = 0; i < counts->changes; i++) {
        struct zone_change *change = &zone->changes[i];
        const char *at = times + i * time_bytes;
        change->at_s = time_bytes == 8 ? be64_signed(at) : be32_signed(at);
        TRY(offset_of_type(types, (unsigned char)indexes[i], &change->offset_s, err));
        if (i > 0 && change->at_s <= zone->changes[i - 1].at_s)
            return wrong(err, "its changes are not in order");
    }
    zone->change_count = counts->changes;
    return OK;
}

static status footer_read(struct str rest, struct zone *zone, struct err *err)
{
    struct str text;

    if (rest.len < 2 || rest.at[0] != '\n')
        return wrong(err, "its rule is missing");
    text = str_from(rest, 1);
    if (str_find(text, '\n') == text.len)
        return wrong(err, "its rule has no end");
    text = str_cut(text, 0, str_find(text, '\n'));
    if (text.len == 0)
        return OK;
    if (zone_read_rule(text, &zone->rule).code)
        return wrong(err, "its rule can't be read");
    zone->has_rule = true;
    return OK;
}

static status tzif_read(struct str rest, struct zone *zone, struct err *err)
{
    struct counts counts = { 0 };
    struct str body = { 0 };
    unsigned time_bytes = 4;
    char version = 0;

    TRY(head_take(&rest, &version, &counts, err));
    TRY(body_take(&rest, &counts, time_bytes, &body, err));
    if (version >= '2') {
        time_bytes = 8;
        TRY(head_take(&rest, &version, &counts, err));
        TRY(body_take(&rest, &counts, time_bytes, &body, err));
    }
    if (counts.leaps != 0)
        return err_set(err, CODE_INVALID, "the time zone file counts leap seconds, which UTC times can't be had from");
    TRY(body_read(body, &counts, time_bytes, zone, err));
    return time_bytes == 8 ? footer_read(rest, zone, err) : OK;
}

status zone_read_tzif(struct str file, struct zone *ret_zone, struct err *err)
{
    AUTO(struct zone, zone_free) zone = { 0 };

    TRY(tzif_read(file, &zone, err));
    *ret_zone = zone;
    zone = (struct zone){ 0 };
    return OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_byte(struct str *rest, char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_from(*rest, 1);
    return true;
}

/* Takes up to three digits off *rest; false when there are none or the number is outside. */
static bool take_number(struct str *rest, int min, int max, int *ret_number)
{
    int number = 0;
    size_t digits = 0;

    while (digits < 3 && digits < rest->len && is_digit(rest->at[digits]))
        number = number * 10 + (rest->at[digits++] - '0');
    if (digits == 0 || number < min || number > max)
        return false;
    *rest = str_from(*rest, digits);
    *ret_number = number;
    return true;
}

/* [+-]hh[:mm[:ss]] as seconds. */
static bool take_time(struct str *rest, int hours_max, int32_t *ret_seconds)
{
    bool minus = take_byte(rest, '-');
    int hours = 0, minutes = 0, seconds = 0;

    if (!minus)
        (void)take_byte(rest, '+');
    if (!take_number(rest, 0, hours_max, &hours))
        return false;
    if (take_byte(rest, ':') && !take_number(rest, 0, 59, &minutes))
        return false;
    if (take_byte(rest, ':') && !take_number(rest, 0, 59, &seconds))
        return false;
    *ret_seconds = (hours * 60 + minutes) * 60 + seconds;
    if (minus)
        *ret_seconds = -*ret_seconds;
    return true;
}

/* "CET" or "<+0330>". */
static bool take_letters(struct str *rest)
{
    bool quoted = take_byte(rest, '<');
    size_t len = 0;

    while (len < rest->len) {
        char c = rest->at[len];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(quoted && (is_digit(c) || c == '+' || c == '-')))
            break;
        len++;
    }
    *rest = str_from(*rest, len);
    return len >= 3 && (!quoted || take_byte(rest, '>'));
}

/* ",M3.5.0/2", ",J60" or ",59". */
static bool take_day(struct str *rest, struct zone_day *ret_day)
{
    struct zone_day day = { .time_s = TIME_DEFAULT_S };
    bool good;

    if (!take_byte(rest, ','))
        return false;
    if (take_byte(rest, 'M')) {
        day.form = ZONE_DAY_WEEKDAY;
        good = take_number(rest, 1, 12, &day.month) && take_byte(rest, '.') && take_number(rest, 1, 5, &day.week) &&
               take_byte(rest, '.') && take_number(rest, 0, 6, &day.weekday);
    } else {
        day.form = take_byte(rest, 'J') ? ZONE_DAY_JULIAN : ZONE_DAY_COUNTED;
        good = take_number(rest, day.form == ZONE_DAY_JULIAN, 365, &day.number);
    }
    if (!good || (take_byte(rest, '/') && !take_time(rest, RULE_HOURS_MAX, &day.time_s)))
        return false;
    *ret_day = day;
    return true;
}

/* POSIX counts offsets westwards: EST5 is five hours behind UTC. */
static bool take_offset(struct str *rest, int32_t *ret_offset_s)
{
    int32_t west_s = 0;

    if (!take_time(rest, 24, &west_s))
        return false;
    *ret_offset_s = -west_s;
    return true;
}

status zone_read_rule(struct str text, struct zone_rule *ret_rule)
{
    struct zone_rule rule = { 0 };
    struct str rest = text;

    if (!take_letters(&rest) || !take_offset(&rest, &rule.standard_s))
        return (status){ CODE_CORRUPT };
    rule.summer_s = rule.standard_s;
    if (rest.len > 0) {
        rule.summer_s = rule.standard_s + HOUR_S;
        if (!take_letters(&rest) || (rest.len > 0 && rest.at[0] != ',' && !take_offset(&rest, &rule.summer_s)))
            return (status){ CODE_CORRUPT };
        if (!take_day(&rest, &rule.summer_from) || !take_day(&rest, &rule.summer_until) || rest.len > 0)
            return (status){ CODE_CORRUPT };
    }
    *ret_rule = rule;
    return OK;
}
