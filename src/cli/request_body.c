#include "cli/request_body.h"

#include <string.h>

#include "codec/json_out.h"
#include "sdk/client.h"

#define BODY_MAX_BYTES   ((size_t)256 * 1024)
#define MEMBER_MAX_BYTES 64

void request_body_free(struct request_body *body)
{
    buf_free(&body->target);
    buf_free(&body->text);
}

/* ---- Target ---- */

/* Letters, digits and "-._~" stand for themselves (RFC 3986 section 2.3). */
static void percent_add(struct buf *target, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
            (byte && strchr("-._~", byte)))
            buf_add_byte(target, byte);
        else
            buf_add_format(target, "%%%02X", (unsigned char)byte);
    }
}

static void query_begin(struct buf *target, const char *name)
{
    buf_add_byte(target, str_find(buf_str(target), '?') < target->len ? '&' : '?');
    buf_add(target, str_of(name));
    buf_add_byte(target, '=');
}

void query_add(struct buf *target, const char *name, int64_t number)
{
    query_begin(target, name);
    buf_add_i64(target, number);
}

void query_add_text(struct buf *target, const char *name, struct str text)
{
    query_begin(target, name);
    percent_add(target, text);
}

/* Gives how many operands it took. */
static size_t path_add(struct buf *target, const struct command_line *line)
{
    const struct request_spec *spec = line->command->detail;
    struct str rest = str_of(spec->path);
    size_t operand = 0;

    while (rest.len) {
        size_t hole = str_find_str(rest, STR("{}"));

        buf_add(target, str_cut(rest, 0, hole));
        if (hole < rest.len && operand < line->operand_count)
            percent_add(target, str_of(line->operands[operand++]));
        rest = str_from(rest, hole + 2);
    }
    return operand;
}

/* ---- Members ---- */

/* What lies at the row's place, by its kind. */
static const char *text_at(const struct option_row *row, const void *options)
{
    const char *text;

    memcpy((void *)&text, (const char *)options + row->where, sizeof(text));
    return text;
}

static bool flag_at(const struct option_row *row, const void *options)
{
    bool flag;

    memcpy(&flag, (const char *)options + row->where, sizeof(flag));
    return flag;
}

static int64_t number_at(const struct option_row *row, const void *options)
{
    int64_t number;

    memcpy(&number, (const char *)options + row->where, sizeof(number));
    return number;
}

static const struct option_texts *texts_at(const struct option_row *row, const void *options)
{
    return (const struct option_texts *)(const void *)((const char *)options + row->where);
}

static void texts_write(const char *member, const struct option_texts *texts, bool as_names, struct json_out *out)
{
    json_out_array(out, member);
    for (size_t i = 0; i < texts->count; i++) {
        if (as_names)
            json_out_object(out, NULL);
        json_out_text(out, as_names ? "name" : NULL, str_of(texts->at[i]));
        if (as_names)
            json_out_end(out);
    }
    json_out_end(out);
}

/* FEATURE=LIMIT; the feature's name may hold '=' itself. */
static status limit_write(const struct option_row *row, const char *text, struct json_out *out, struct err *err)
{
    struct str feature = str_of(text);
    size_t equals = feature.len;
    uint64_t limit;

    while (equals > 0 && feature.at[equals - 1] != '=')
        equals--;
    if (equals < 2 || str_to_u64(str_from(feature, equals), LIMIT_MAX, &limit).code)
        return err_member(err, CODE_INVALID, row->name, "--%s must be FEATURE=SEATS with 0 to %d seats, not \"%.100s\"",
                          row->name, LIMIT_MAX, text);
    json_out_object(out, NULL);
    json_out_text(out, "feature", str_cut(feature, 0, equals - 1));
    if (row->shape == SHAPED_MODELS)
        json_out_text(out, "model", STR("floating"));
    json_out_u64(out, "limit", limit);
    json_out_end(out);
    return OK;
}

static status limits_write(const struct option_row *row, const struct option_texts *texts, struct json_out *out,
                           struct err *err)
{
    json_out_array(out, "entitlements");
    for (size_t i = 0; i < texts->count; i++)
        TRY(limit_write(row, texts->at[i], out, err));
    json_out_end(out);
    return OK;
}

/* The members that are lists on the command line. */
static status list_member_write(const struct option_row *row, const char *member, const struct option_texts *texts,
                                struct json_out *out, struct err *err)
{
    if (!texts->count)
        return OK;
    switch (row->shape) {
    case SHAPED_TEXTS:
        texts_write(member, texts, false, out);
        return OK;
    case SHAPED_NAMES:
        texts_write("features", texts, true, out);
        return OK;
    case SHAPED_LIMITS:
    case SHAPED_MODELS:
        return limits_write(row, texts, out, err);
    default:
        return OK;
    }
}

struct making {
    const void *options;
    struct json_out *out;
    struct buf *target;
};

static void query_write(const struct option_row *row, const struct making *making)
{
    if (row->kind == OPTION_TEXT && text_at(row, making->options)) {
        query_add_text(making->target, row->name, str_of(text_at(row, making->options)));
    } else if (row->kind == OPTION_INT && number_at(row, making->options) != NUMBER_NONE) {
        query_add(making->target, row->name, number_at(row, making->options));
    } else if (row->kind == OPTION_FLAG && flag_at(row, making->options)) {
        query_add_text(making->target, strcmp(row->name, "dry-run") == 0 ? "dry_run" : row->name, STR("true"));
    }
}

static status member_write(const struct option_row *row, const struct making *making, struct err *err)
{
    char member[MEMBER_MAX_BYTES];

    (void)str_to_c(str_of(row->name), member, sizeof(member));
    for (char *at = member; *at; at++)
        *at = *at == '-' ? '_' : *at;
    switch (row->shape) {
    case SHAPED_NOT:
        return OK;
    case SHAPED_QUERY:
        query_write(row, making);
        return OK;
    case SHAPED_TEXT:
        if (text_at(row, making->options))
            json_out_text(making->out, member, str_of(text_at(row, making->options)));
        return OK;
    case SHAPED_NUMBER:
        if (number_at(row, making->options) != NUMBER_NONE)
            json_out_i64(making->out, member, number_at(row, making->options));
        return OK;
    case SHAPED_TRUE:
        if (flag_at(row, making->options))
            json_out_bool(making->out, member, true);
        return OK;
    default:
        return list_member_write(row, member, texts_at(row, making->options), making->out, err);
    }
}

/* Whether any row of the command travels in a body: a request without such a row has none. */
static bool has_body(const struct cli_command *command)
{
    const struct request_spec *spec = command->detail;
    bool any = spec->operand != NULL;

    for (size_t i = 0; i < command->option_count; i++)
        any |= command->options[i].shape != SHAPED_NOT && command->options[i].shape != SHAPED_QUERY;
    return any;
}

/* The operands that the path did not take. */
static void operands_write(const struct command_line *line, size_t taken, struct json_out *out)
{
    const struct request_spec *spec = line->command->detail;
    struct str members = str_of(spec->operand);
    char member[MEMBER_MAX_BYTES];

    for (; members.len && taken < line->operand_count; taken++) {
        (void)str_to_c(str_take(&members, ' '), member, sizeof(member));
        json_out_text(out, member, str_of(line->operands[taken]));
    }
}

status request_body_make(const struct command_line *line, const struct request_options *options,
                         struct request_body *ret_body, struct err *err)
{
    const struct cli_command *command = line->command;
    struct json_out out = { .buf = &ret_body->text };
    struct making making = { .options = options, .out = &out, .target = &ret_body->target };
    size_t taken;

    ret_body->target.max = TARGET_MAX_BYTES;
    ret_body->text.max = BODY_MAX_BYTES;
    taken = path_add(&ret_body->target, line);
    json_out_object(&out, NULL);
    operands_write(line, taken, &out);
    for (size_t i = 0; i < command->option_count; i++)
        TRY(member_write(&command->options[i], &making, err));
    json_out_end(&out);
    if (!has_body(command))
        buf_clear(&ret_body->text);
    TRY(ret_body->text.status);
    return ret_body->target.status;
}
