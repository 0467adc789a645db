/*
 * codec/json_value: wording of errors, and the kinds of one value each. Any thread.
 */
#include "codec/json_value.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/limits.h"
#include "codec/hex.h"
#include "codec/timetext.h"

/* What an error repeats of a wrong text; a longer one is told by its length. */
#define QUOTED_MAX_BYTES   40
#define EXPECTED_MAX_BYTES 160
#define FOUND_MAX_BYTES    64

static void add_path(struct buf *path, const struct member *member)
{
    if (!member->outer)
        return;
    add_path(path, member->outer);
    if (!member->name.at) {
        buf_add_format(path, "[%zu]", member->number);
        return;
    }
    if (path->len > 0)
        buf_add_byte(path, '.');
    buf_add(path, member->name);
}

/* Cut where it is too long; an unknown name comes from the client and may hold anything. */
static void write_path(const struct member *member, char *ret_path)
{
    char space[ERR_MEMBER_MAX_BYTES];
    struct buf path = BUF_OVER(space);
    struct str text;

    add_path(&path, member);
    text = buf_str(&path);
    if (path.status.code)
        text = str_cut(member->name, 0, ERR_MEMBER_MAX_BYTES - 1);
    if (!str_is_text(text) || !str_to_c(text, ret_path, ERR_MEMBER_MAX_BYTES))
        (void)str_to_c(STR("?"), ret_path, ERR_MEMBER_MAX_BYTES);
}

static void describe_text(struct str text, char *ret_found)
{
    if (text.len <= QUOTED_MAX_BYTES && str_is_text(text))
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "\"%.*s\"", STR_ARG(text));
    else
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "text of %zu bytes", text.len);
}

static void describe(json_t *json, char *ret_found)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        describe_text(value_text(json), ret_found);
        return;
    case JSON_INTEGER:
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "%lld", (long long)json_integer_value(json));
        return;
    case JSON_REAL:
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "%.15g", json_real_value(json));
        return;
    case JSON_ARRAY:
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "a list of %zu", json_array_size(json));
        return;
    case JSON_OBJECT:
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "an object of %zu members", json_object_size(json));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "%s", json_is_true(json) ? "true" : "false");
        return;
    case JSON_NULL:
        (void)snprintf(ret_found, FOUND_MAX_BYTES, "null");
        return;
    }
}

status value_refuse(const struct reader *reader, const struct member *member, const char *format, ...)
{
    char path[ERR_MEMBER_MAX_BYTES];
    char expected[EXPECTED_MAX_BYTES];
    char found[FOUND_MAX_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    write_path(member, path);
    describe(member->json, found);
    return err_member(reader->err, CODE_INVALID, path, "%s must be %s, not %s", path[0] ? path : "the request",
                      expected, found);
}

status value_refuse_unknown(const struct reader *reader, const struct member *member)
{
    char path[ERR_MEMBER_MAX_BYTES];

    write_path(member, path);
    return err_member(reader->err, CODE_INVALID, path, "%s is not a member of this request", path[0] ? path : "\"\"");
}

status value_refuse_missing(const struct reader *reader, const struct member *outer, const char *name)
{
    struct member missing = { .outer = outer, .name = str_of(name) };
    char path[ERR_MEMBER_MAX_BYTES];

    write_path(&missing, path);
    return err_member(reader->err, CODE_INVALID, path, "%s is missing", path);
}

static status refuse_text(const struct reader *reader, const struct member *member, int64_t min, int64_t max)
{
    if (min == max)
        return value_refuse(reader, member, "text of %lld bytes", (long long)max);
    return value_refuse(reader, member, "text of %lld to %lld bytes", (long long)min, (long long)max);
}

/* Within its bounds, and of printable characters only. */
static status check_text(const struct reader *reader, const struct member *member, int64_t min, int64_t max)
{
    struct str text = value_text(member->json);

    if (!json_is_string(member->json) || text.len < (size_t)min || text.len > (size_t)max)
        return refuse_text(reader, member, min, max);
    if (!str_is_text(text))
        return value_refuse(reader, member, "text without control characters");
    return OK;
}

static status copy_text(const struct reader *reader, struct str text, struct str *ret_copy)
{
    status copied = arena_copy(reader->arena, text, ret_copy);

    if (copied.code)
        return err_set(reader->err, copied.code, "the request needs more memory than there is for one request");
    return OK;
}

status value_read_text(const struct reader *reader, const struct member *member, const struct json_field *field,
                       void *ret_value)
{
    TRY(check_text(reader, member, field->min, field->max));
    return copy_text(reader, value_text(member->json), ret_value);
}

status value_read_name(const struct reader *reader, const struct member *member, const struct json_field *field,
                       void *ret_value)
{
    struct str text = value_text(member->json);

    TRY(check_text(reader, member, field->min, field->max));
    if (str_starts(text, STR(" ")) || str_ends(text, STR(" ")))
        return value_refuse(reader, member, "text without a space at either end");
    return copy_text(reader, text, ret_value);
}

status value_read_int(const struct reader *reader, const struct member *member, const struct json_field *field,
                      void *ret_value)
{
    int64_t number = (int64_t)json_integer_value(member->json);

    if (!json_is_integer(member->json) || number < field->min || number > field->max)
        return value_refuse(reader, member, "a whole number from %lld to %lld", (long long)field->min,
                            (long long)field->max);
    *(int64_t *)ret_value = number;
    return OK;
}

status value_read_bool(const struct reader *reader, const struct member *member, const struct json_field *field,
                       void *ret_value)
{
    (void)field;
    if (!json_is_boolean(member->json))
        return value_refuse(reader, member, "true or false");
    *(bool *)ret_value = json_is_true(member->json);
    return OK;
}

status value_read_time(const struct reader *reader, const struct member *member, const struct json_field *field,
                       void *ret_value)
{
    (void)field;
    if (timetext_read_any(value_text(member->json), ret_value).code)
        return value_refuse(reader, member, "a time like \"2026-11-24T08:00:00Z\"");
    return OK;
}

status value_read_id(const struct reader *reader, const struct member *member, const struct json_field *field,
                     void *ret_value)
{
    if (typeid_read(value_text(member->json), field->id, ret_value).code)
        return value_refuse(reader, member, "an id that starts with \"%.*s_\"", STR_ARG(id_prefix(field->id)));
    return OK;
}

static status refuse_word(const struct reader *reader, const struct member *member, const struct json_field *field)
{
    char space[EXPECTED_MAX_BYTES];
    struct buf list = BUF_OVER(space);

    for (int64_t i = 0; i < field->max; i++) {
        if (field->words[i].len > 0)
            buf_add_format(&list, "%s%.*s", list.len ? ", " : "", STR_ARG(field->words[i]));
    }
    return value_refuse(reader, member, "one of %.*s", STR_ARG(buf_str(&list)));
}

status value_read_enum(const struct reader *reader, const struct member *member, const struct json_field *field,
                       void *ret_value)
{
    struct str text = value_text(member->json);

    for (int i = 0; i < field->max && text.len > 0; i++) {
        if (str_eq(text, field->words[i])) {
            memcpy(ret_value, &i, sizeof i);
            return OK;
        }
    }
    return refuse_word(reader, member, field);
}

status value_read_hex(const struct reader *reader, const struct member *member, const struct json_field *field,
                      void *ret_value)
{
    if (hex_read(value_text(member->json), ret_value, (size_t)field->max).code)
        return value_refuse(reader, member, "%lld lower-case hexadecimal digits", 2 * (long long)field->max);
    return OK;
}

status value_read_pair(const struct reader *reader, const struct member *member, int64_t text_max,
                       struct json_pair *ret_pair)
{
    if (member->name.len == 0 || member->name.len > NAME_MAX_BYTES || !str_is_text(member->name))
        return value_refuse(reader, member->outer, "an object whose names have 1 to %d bytes", NAME_MAX_BYTES);
    TRY(check_text(reader, member, 0, text_max));
    TRY(copy_text(reader, member->name, &ret_pair->name));
    return copy_text(reader, value_text(member->json), &ret_pair->text);
}
