/*
 * cli/request_fault: which of the words that were typed an error is about: servers name a member of the request, people
 * typed an operand or an option.
 */
#include <stdio.h>
#include <string.h>

#include "cli/request_body.h"

#define VALUE_MAX_BYTES 120

static bool names_are_same(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.at[i], y = b.at[i];

        x = (char)(x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x == '-' ? '_' : x);
        y = (char)(y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y == '-' ? '_' : y);
        if (x != y)
            return false;
    }
    return true;
}

/* Where the name stands among others; `count` when it does not. */
static size_t place_of(struct str name, struct str names, size_t count)
{
    for (size_t i = 0; i < count && names.len; i++) {
        if (names_are_same(str_take(&names, ' '), name))
            return i;
    }
    return count;
}

static size_t path_holes(const struct request_spec *spec)
{
    struct str rest = str_of(spec->path);
    size_t holes = 0;

    for (size_t at = str_find_str(rest, STR("{}")); at < rest.len; at = str_find_str(rest, STR("{}"))) {
        rest = str_from(rest, at + 2);
        holes++;
    }
    return holes;
}

/* The operand that is the member; without a member, the only one of the path, which is what was not found. */
static const char *operand_find(const struct command_line *line, struct str member)
{
    const struct request_spec *spec = line->command->detail;
    size_t count = line->operand_count, holes = spec ? path_holes(spec) : 0;
    size_t at = place_of(member, str_of(line->command->operands), count);

    if (at == count && spec && count > holes)
        at = holes + place_of(member, str_of(spec->operand), count - holes);
    if (at == count && !member.len && holes == 1)
        at = 0;
    return at < count ? line->operands[at] : NULL;
}

static bool text_says(struct str text, const char *value)
{
    return value[0] && str_find_str(text, str_of(value)) < text.len;
}

/* "--product nope", or "--feature a=1 --feature b=2". */
static void option_add(const struct option_row *row, const void *options, struct str text, struct buf *typed)
{
    struct option_texts one = { .count = 1 };
    const struct option_texts *values = &one;

    if (row->kind == OPTION_TEXT)
        memcpy((void *)&one.at[0], (const char *)options + row->where, sizeof(one.at[0]));
    else if (row->kind == OPTION_TEXTS)
        values = (const struct option_texts *)(const void *)((const char *)options + row->where);
    for (size_t i = 0; i < values->count && values->at[i]; i++) {
        if (!text_says(text, values->at[i]))
            buf_add_format(typed, "%s--%s %s", typed->len ? " " : "", row->name, values->at[i]);
    }
}

/* A list's member is called by the plural of its option: "scopes" of --scope. */
static bool option_is(const struct option_row *row, struct str member)
{
    struct str name = str_of(row->name);

    return names_are_same(name, member) ||
           (row->kind == OPTION_TEXTS && member.len && names_are_same(name, str_cut(member, 0, member.len - 1)));
}

/* What was typed for the member and the text does not say; nothing when that can't be told. */
static void typed_add(const struct command_line *line, const void *options, const struct err *err, struct buf *typed)
{
    const struct cli_command *command = line->command;
    struct str member = str_of(err->member);
    const char *operand = operand_find(line, member);

    if (operand && !text_says(str_of(err->text), operand))
        buf_add(typed, str_of(operand));
    for (size_t i = 0; !operand && i < command->option_count; i++) {
        if (option_is(&command->options[i], member))
            option_add(&command->options[i], options, str_of(err->text), typed);
    }
}

void request_fault_tell(const struct command_line *line, const void *options, struct err *err)
{
    char space[VALUE_MAX_BYTES];
    struct buf typed = BUF_OVER(space);
    struct str text = str_of(err->text), member = str_of(err->member);
    char whole[ERR_TEXT_MAX_BYTES];
    char about[ERR_MEMBER_MAX_BYTES];

    typed_add(line, options, err, &typed);
    if (!typed.len)
        return;
    if (member.len && str_starts(text, member) && str_starts(str_from(text, member.len), STR(": ")))
        text = str_from(text, member.len + 2);
    (void)snprintf(whole, sizeof(whole), "%.*s: %.*s", STR_ARG(buf_str(&typed)), STR_ARG(text));
    (void)str_to_c(member, about, sizeof(about));
    (void)err_member(err, CODE_INVALID, about, "%s", whole);
}
