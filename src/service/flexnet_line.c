/*
 * service/flexnet_line: the line as a whole: its time, its daemon, its kind. Event lines go on in flexnet_event.c,
 * dates in flexnet_date.c.
 */
#include "service/flexnet_line.h"

#include "base/limits.h"
#include "service/flexnet_parts.h"

static const char *const kind_names[FLEXNET_KIND_COUNT] = {
    [FLEXNET_NONE] = "nothing",     [FLEXNET_OUT] = "grants",
    [FLEXNET_IN] = "returns",       [FLEXNET_INACTIVE] = "returns for inactivity",
    [FLEXNET_DENIED] = "denied",    [FLEXNET_UNSUPPORTED] = "unsupported",
    [FLEXNET_QUEUED] = "queued",    [FLEXNET_DEQUEUED] = "dequeued",
    [FLEXNET_UPGRADE] = "upgrades", [FLEXNET_START] = "starts",
    [FLEXNET_DATE] = "dates",       [FLEXNET_STATISTICS] = "statistics",
    [FLEXNET_TEXT] = "text",        [FLEXNET_CONTINUATION] = "continuations",
    [FLEXNET_EMPTY] = "empty",      [FLEXNET_OTHER] = "unknown events",
    [FLEXNET_DAMAGED] = "damaged",
};

struct word {
    struct str text;
    enum flexnet_kind kind;
};

static const struct word words[] = {
    { STR_INIT("OUT:"), FLEXNET_OUT },
    { STR_INIT("IN:"), FLEXNET_IN },
    { STR_INIT("INACTIVE:"), FLEXNET_INACTIVE },
    { STR_INIT("DENIED:"), FLEXNET_DENIED },
    { STR_INIT("UNSUPPORTED:"), FLEXNET_UNSUPPORTED },
    { STR_INIT("QUEUED:"), FLEXNET_QUEUED },
    { STR_INIT("DEQUEUED:"), FLEXNET_DEQUEUED },
    { STR_INIT("UPGRADE:"), FLEXNET_UPGRADE },
};

const char *flexnet_kind_name(enum flexnet_kind kind)
{
    return kind < FLEXNET_KIND_COUNT ? kind_names[kind] : kind_names[FLEXNET_NONE];
}

bool flexnet_take_number(struct str *rest, size_t digits_max, uint32_t *ret_number)
{
    uint32_t number = 0;
    size_t digits = 0;

    while (digits < digits_max && digits < rest->len && rest->at[digits] >= '0' && rest->at[digits] <= '9')
        number = number * 10 + (uint32_t)(rest->at[digits++] - '0');
    if (digits == 0)
        return false;
    *rest = str_from(*rest, digits);
    *ret_number = number;
    return true;
}

bool flexnet_take_byte(struct str *rest, char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_from(*rest, 1);
    return true;
}

bool flexnet_take_time(struct str *rest, int32_t *ret_time_s)
{
    struct str at = *rest;
    uint32_t hour = 0, minute = 0, second = 0;

    (void)flexnet_take_byte(&at, ' ');
    if (!flexnet_take_number(&at, 2, &hour) || !flexnet_take_byte(&at, ':') || !flexnet_take_number(&at, 2, &minute) ||
        !flexnet_take_byte(&at, ':') || !flexnet_take_number(&at, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *rest = at;
    /* A leap second is the last second of its minute: the next line has the same time and nothing goes back. */
    *ret_time_s = (int32_t)((hour * 60 + minute) * 60 + (second == 60 ? 59 : second));
    return true;
}

static bool take_daemon(struct str *rest, struct str *ret_daemon)
{
    struct str at = *rest;
    size_t end;

    if (!flexnet_take_byte(&at, ' ') || !flexnet_take_byte(&at, '('))
        return false;
    end = str_find(at, ')');
    if (end == 0 || end == at.len || end > NAME_MAX_BYTES)
        return false;
    *ret_daemon = str_cut(at, 0, end);
    *rest = str_from(at, end + 1);
    (void)flexnet_take_byte(rest, ' ');
    return true;
}

static bool is_manager(struct str daemon)
{
    return str_eq(daemon, STR("lmgrd")) || str_eq(daemon, STR("lmadmin"));
}

static bool starts_nocase(struct str text, struct str prefix)
{
    return str_eq_nocase(str_cut(text, 0, prefix.len), prefix);
}

/* "Started adskflex (pid 4440)", "REStarted covlicd (internet tcp_port 43652 pid 22155)". */
static bool read_vendor_start(struct str message, struct flexnet_line *line)
{
    struct str rest = message;
    struct str first = str_take(&rest, ' ');

    if (!str_eq(first, STR("Started")) && !str_eq(first, STR("REStarted")))
        return false;
    line->started = str_take(&rest, ' ');
    return line->started.len > 0 && str_starts(rest, STR("("));
}

/*
 * lmgrd says "FlexNet Licensing (v11.13.1.2 …) started on HOST (linux) (1/8/2017)", a vendor daemon "FlexNet Licensing
 * version v11.13.1.2 …"; older ones call themselves FLEXnet or FLEXlm. "Server started on" is no start: it stands after
 * each rereading of the licence file, too.
 */
static bool read_start(struct flexnet_line *line)
{
    struct str message = line->message;

    if (is_manager(line->daemon)) {
        if (read_vendor_start(message, line))
            return true;
        line->started = STR_NONE;
        if (!starts_nocase(message, STR("flex")) || str_find_str(message, STR(" started on ")) == message.len)
            return false;
        line->dated = flexnet_read_start_date(message, &line->date);
        return true;
    }
    if (!starts_nocase(message, STR("flexnet licensing version ")) && !starts_nocase(message, STR("flexlm version ")))
        return false;
    line->started = line->daemon;
    return true;
}

/* An event's word is followed by a feature in quotes; words such as "INFO:" and "EXPIRED:" are not. */
static bool is_event_shaped(struct str message)
{
    size_t letters = 0;

    while (letters < message.len && ((message.at[letters] >= 'A' && message.at[letters] <= 'Z') ||
                                     message.at[letters] == '_' || message.at[letters] == '-'))
        letters++;
    return letters > 1 && str_starts(str_from(message, letters), STR(": \""));
}

static enum flexnet_kind kind_of(struct flexnet_line *line)
{
    bool slog = str_starts(line->message, STR("(@")) || str_starts(line->message, STR("SLOG:"));

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_starts(line->message, words[i].text)) {
            line->kind = words[i].kind;
            return flexnet_read_event(str_from(line->message, words[i].text.len), line) ? line->kind : FLEXNET_DAMAGED;
        }
    }
    line->dated = flexnet_read_date(line->message, &line->date);
    if (line->dated)
        return FLEXNET_DATE;
    if (str_starts(line->message, STR("TIMESTAMP ")))
        return FLEXNET_DAMAGED;
    if (slog)
        return FLEXNET_STATISTICS;
    if (read_start(line))
        return FLEXNET_START;
    return is_event_shaped(line->message) ? FLEXNET_OTHER : FLEXNET_TEXT;
}

struct flexnet_line flexnet_line_read(struct str text)
{
    struct flexnet_line line = { .kind = FLEXNET_CONTINUATION, .time_s = -1, .quantity = 1 };
    struct str rest = text;

    if (str_starts(rest, STR("\xef\xbb\xbf"))) /* a byte order mark, from an editor */
        rest = str_from(rest, 3);
    if (str_trim(rest).len == 0) {
        line.kind = FLEXNET_EMPTY;
        return line;
    }
    line.message = rest;
    if (!flexnet_take_time(&rest, &line.time_s) && !flexnet_take_stamp(&rest, &line))
        return line;
    if (!take_daemon(&rest, &line.daemon)) {
        line.kind = FLEXNET_DAMAGED;
        return line;
    }
    line.message = rest;
    line.kind = kind_of(&line);
    return line;
}

/* The upper half of Windows-1252 where it differs from Unicode's Latin-1 block: 0x80 … 0x9f. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

static void add_code_point(struct buf *buf, uint32_t point)
{
    if (point < 0x80) {
        buf_add_byte(buf, (char)point);
    } else if (point < 0x800) {
        buf_add_byte(buf, (char)(0xc0 | point >> 6));
        buf_add_byte(buf, (char)(0x80 | (point & 0x3f)));
    } else {
        buf_add_byte(buf, (char)(0xe0 | point >> 12));
        buf_add_byte(buf, (char)(0x80 | (point >> 6 & 0x3f)));
        buf_add_byte(buf, (char)(0x80 | (point & 0x3f)));
    }
}

void flexnet_text_add(struct buf *buf, struct str name)
{
    bool utf8 = str_is_utf8(name);

    for (size_t i = 0; i < name.len; i++) {
        unsigned char byte = (unsigned char)name.at[i];
        if (byte < 0x20 || byte == 0x7f)
            add_code_point(buf, 0xfffd);
        else if (utf8)
            buf_add_byte(buf, (char)byte);
        else if (byte >= 0x80 && byte < 0xa0)
            add_code_point(buf, windows_1252[byte - 0x80]);
        else
            add_code_point(buf, byte);
    }
}
