/*
 * service/flexnet_event: what follows the word of an event line.
 *
 *     OUT: "aa_r_hpc" u0ca0de@h83d99d  (32 licenses)
 *     OUT: "cfd_base" maria lopez@cad-07  [32206]
 *     IN: "MATLAB" maria lopez@cad-07  (SHUTDOWN)
 *     DENIED: "abaqus" jo@n353.example  (25 licenses) (Users are queued for this feature. (-24,332))
 *     UNSUPPORTED: "MATLAB" (BF04 C1B1 83DD ) jo@n353  (No such feature exists. (-5,346))
 *     OUT: "f1" @host (2) ^^^ 1.0 jo 192.0.2.7 29865 0x12ce 1 3 project 11 19 8-8-2023 8:41:56 NO ^^^
 *
 * A user's name may hold spaces and "@", so a host begins after the last "@" of the name, and the name ends at two
 * spaces, which every version writes after the host; where they are missing, brackets are taken off the end as long as
 * an "@" stays before them. The last form, which a vendor can switch on, has the user among the figures.
 */
#include "service/flexnet_parts.h"

#include "base/limits.h"

#define BRACKETS_MAX 8 /* a line has at most three */

/* What stands in brackets after a name, last first; brackets inside are left as they are. */
struct brackets {
    struct {
        struct str text;
        bool square;
    } list[BRACKETS_MAX];
    size_t count;
};

/* `"feature" `, with what follows left in *rest. */
static bool take_feature(struct str *rest, struct str *ret_feature)
{
    struct str at = str_trim(*rest);
    size_t end;

    if (!flexnet_take_byte(&at, '"'))
        return false;
    end = str_find(at, '"');
    if (end == 0 || end == at.len || end > NAME_MAX_BYTES)
        return false;
    *ret_feature = str_cut(at, 0, end);
    *rest = str_from(at, end + 1);
    return true;
}

/* Where the bracket that is closed by the text's last byte was opened, or text.len when it never was. */
static size_t bracket_start(struct str text)
{
    char close = text.len ? text.at[text.len - 1] : '\0';
    char open = close == ')' ? '(' : '[';
    size_t depth = 0;

    if (close != ')' && close != ']')
        return text.len;
    for (size_t i = text.len; i-- > 0;) {
        depth += text.at[i] == close;
        depth -= text.at[i] == open;
        if (depth == 0)
            return i;
    }
    return text.len;
}

/* Takes brackets off the end of *text; each leaves an "@" and a space before it unless `to_the_front`. */
static void take_brackets(struct str *text, bool to_the_front, struct brackets *brackets)
{
    while (brackets->count < BRACKETS_MAX) {
        struct str at = str_trim(*text);
        size_t start = bracket_start(at);
        struct str before = str_cut(at, 0, start);
        bool after_name = str_find(before, '@') < before.len && str_ends(before, STR(" "));
        if (start == at.len || !(to_the_front || after_name))
            return;
        brackets->list[brackets->count].text = str_trim(str_cut(at, start + 1, at.len - start - 2));
        brackets->list[brackets->count++].square = at.at[start] == '[';
        *text = before;
    }
}

/* "32 licenses", "20 licencias", "2": gives false for what is no quantity at all, and 0 for one out of range. */
static bool read_quantity(struct str text, uint32_t *ret_quantity)
{
    struct str rest = text;
    uint32_t number = 0;

    if (!flexnet_take_number(&rest, 9, &number))
        return false;
    if (rest.len > 0 && rest.at[0] >= '0' && rest.at[0] <= '9')
        number = 0;
    else if (rest.len > 0 && (rest.at[0] != ' ' || str_find(str_from(rest, 1), ' ') < rest.len - 1))
        return false;
    *ret_quantity = number <= QUANTITY_MAX ? number : 0;
    return true;
}

/* What a bracket means depends on the event: refusals and returns say why, grants carry check-out data. */
static bool has_reason(enum flexnet_kind kind)
{
    return kind != FLEXNET_OUT && kind != FLEXNET_UPGRADE;
}

static void place_brackets(const struct brackets *brackets, struct flexnet_line *line)
{
    for (size_t i = brackets->count; i-- > 0;) {
        struct str text = brackets->list[i].text;
        bool square = brackets->list[i].square;
        if (!square && read_quantity(text, &line->quantity))
            continue;
        if (square || !has_reason(line->kind))
            line->extra = text;
        else
            line->reason = text;
    }
}

/* Where the name ends: at two spaces after its first "@" with a bracket or nothing behind them, or at text.len. */
static size_t name_end(struct str text)
{
    size_t at = str_find(text, '@');

    while (at < text.len) {
        size_t end = at;
        while (end < text.len && text.at[end] == ' ')
            end++;
        if (end - at >= 2 && (end == text.len || text.at[end] == '(' || text.at[end] == '['))
            return at;
        at = end == at ? at + 1 : end;
    }
    return at;
}

static bool split_name(struct str name, struct flexnet_line *line)
{
    size_t at = name.len;

    while (at > 0 && name.at[at - 1] != '@')
        at--;
    if (at == 0)
        return false;
    line->user = str_cut(name, 0, at - 1);
    line->host = str_from(name, at);
    return line->host.len > 0;
}

/* An address has a dot or a colon and no letter but hexadecimal ones. */
static bool is_address(struct str word)
{
    static const struct str allowed = STR_INIT("0123456789abcdefABCDEF.:");

    for (size_t i = 0; i < word.len; i++) {
        if (str_find(allowed, word.at[i]) == allowed.len)
            return false;
    }
    return str_find(word, '.') < word.len || str_find(word, ':') < word.len;
}

/* "1.0 jo smith 192.0.2.7 …": the version, the user, and the address that ends the user's name. */
static bool read_figures(struct str figures, struct flexnet_line *line)
{
    struct str rest = str_trim(figures);
    const char *start;

    (void)str_take(&rest, ' ');
    start = rest.at;
    while (rest.len > 0) {
        const char *before = rest.at;
        if (is_address(str_take(&rest, ' ')) && before > start) {
            line->user = str_trim((struct str){ start, (size_t)(before - start) });
            return line->user.len > 0;
        }
    }
    return false;
}

/* Takes "(BF04 C1B1 … )" off the front: the licence keys that stand before the user of a refusal. */
static struct str take_keys(struct str *rest)
{
    struct str at = str_trim(*rest);
    size_t end = str_find_str(at, STR(") "));
    struct str keys = { 0 };

    if (!str_starts(at, STR("(")) || end == at.len)
        return keys;
    keys = str_trim(str_cut(at, 1, end - 1));
    *rest = str_from(at, end + 1);
    return keys;
}

/* The name with its brackets, which are what is between the feature and the figures. */
static bool read_holder(struct str text, struct flexnet_line *line)
{
    struct brackets brackets = { 0 };
    struct str rest = text;
    struct str name;

    line->extra = take_keys(&rest);
    name = str_cut(rest, 0, name_end(rest));
    rest = str_from(rest, name.len);
    if (rest.len > 0)
        take_brackets(&rest, true, &brackets);
    else
        take_brackets(&name, false, &brackets);
    place_brackets(&brackets, line);
    return split_name(str_trim(name), line);
}

bool flexnet_read_event(struct str text, struct flexnet_line *line)
{
    struct str rest = text;
    size_t mark;

    if (!take_feature(&rest, &line->feature))
        return false;
    mark = str_find_str(rest, STR("^^^"));
    if (!read_holder(str_cut(rest, 0, mark), line))
        return false;
    if (line->user.len == 0 && !read_figures(str_from(rest, mark + 3), line))
        return false;
    if (line->kind == FLEXNET_IN && str_eq(line->reason, STR("INACTIVE")))
        line->kind = FLEXNET_INACTIVE;
    return line->quantity > 0;
}
