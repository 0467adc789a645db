/*
 * codec/json_schema: one function a kind writes the keywords of JSON Schema that say what codec/json_in accepts.
 */
#include "codec/json_schema.h"

#include "base/limits.h"

/* Patterns are ECMA-262, as JSON Schema wants them. */
#define CONTROLS   "\\u0000-\\u001f\\u007f-\\u009f"
#define TEXT_REGEX "^[^" CONTROLS "]*$"
#define NAME_REGEX "^[^ " CONTROLS "]([^" CONTROLS "]*[^ " CONTROLS "])?$"
#define ID_DIGITS  "[0-7][0-9a-hjkmnp-tv-z]{25}"

static void write_struct(const struct json_table *table, struct json_out *out);

static void write_type(const char *type, struct json_out *out)
{
    json_out_text(out, "type", str_of(type));
}

/* A text of n bytes has n characters at most, and a quarter of that at least. */
static void write_text(int64_t min, int64_t max, const char *pattern, struct json_out *out)
{
    write_type("string", out);
    json_out_i64(out, "minLength", (min + 3) / 4);
    json_out_i64(out, "maxLength", max);
    json_out_text(out, "pattern", str_of(pattern));
}

static void write_id(enum id_kind kind, struct json_out *out)
{
    char space[64];
    struct buf pattern = BUF_OVER(space);

    buf_add_format(&pattern, "^%.*s_%s$", STR_ARG(id_prefix(kind)), ID_DIGITS);
    write_type("string", out);
    json_out_text(out, "pattern", buf_str(&pattern));
}

static void write_hex(int64_t bytes, struct json_out *out)
{
    char space[32];
    struct buf pattern = BUF_OVER(space);

    buf_add_format(&pattern, "^[0-9a-f]{%lld}$", 2 * (long long)bytes);
    write_type("string", out);
    json_out_text(out, "pattern", buf_str(&pattern));
}

static void write_words(const struct json_field *field, struct json_out *out)
{
    write_type("string", out);
    json_out_array(out, "enum");
    for (int64_t i = 0; i < field->max; i++) {
        if (field->words[i].len > 0)
            json_out_text(out, NULL, field->words[i]);
    }
    json_out_end(out);
}

static void write_int(int64_t min, int64_t max, struct json_out *out)
{
    write_type("integer", out);
    json_out_i64(out, "minimum", min);
    json_out_i64(out, "maximum", max);
}

static void write_time(struct json_out *out)
{
    write_type("string", out);
    json_out_text(out, "format", STR("date-time"));
}

static void write_list(const struct json_field *list, struct json_out *out)
{
    write_type("array", out);
    json_out_i64(out, "minItems", list->min);
    json_out_i64(out, "maxItems", list->max);
    json_out_object(out, "items");
    if (list->kind == JSON_KIND_TEXT_ARRAY)
        write_text(1, list->item_max, TEXT_REGEX, out);
    else if (list->kind == JSON_KIND_ID_ARRAY)
        write_id(list->id, out);
    else
        write_struct(list->table, out);
    json_out_end(out);
}

static void write_map(const struct json_field *map, struct json_out *out)
{
    write_type("object", out);
    json_out_i64(out, "maxProperties", map->max);
    json_out_object(out, "propertyNames");
    write_text(1, NAME_MAX_BYTES, TEXT_REGEX, out);
    json_out_end(out);
    json_out_object(out, "additionalProperties");
    write_text(0, map->item_max, TEXT_REGEX, out);
    json_out_end(out);
}

static void write_field(const struct json_field *field, struct json_out *out)
{
    json_out_object(out, field->name);
    switch (field->kind) {
    case JSON_KIND_TEXT:
        write_text(field->min, field->max, TEXT_REGEX, out);
        break;
    case JSON_KIND_NAME:
        write_text(field->min, field->max, NAME_REGEX, out);
        break;
    case JSON_KIND_INT:
        write_int(field->min, field->max, out);
        break;
    case JSON_KIND_BOOL:
        write_type("boolean", out);
        break;
    case JSON_KIND_TIME:
        write_time(out);
        break;
    case JSON_KIND_ID:
        write_id(field->id, out);
        break;
    case JSON_KIND_ENUM:
        write_words(field, out);
        break;
    case JSON_KIND_HEX:
        write_hex(field->max, out);
        break;
    case JSON_KIND_TEXT_ARRAY:
    case JSON_KIND_ID_ARRAY:
    case JSON_KIND_STRUCT_ARRAY:
        write_list(field, out);
        break;
    case JSON_KIND_TEXT_MAP:
        write_map(field, out);
        break;
    case JSON_KIND_STRUCT:
        write_struct(field->table, out);
        break;
    }
    if (field->about)
        json_out_text(out, "description", str_of(field->about));
    json_out_end(out);
}

static void write_required(const struct json_table *table, struct json_out *out)
{
    json_out_array(out, "required");
    for (size_t i = 0; i < table->count; i++) {
        if (!table->fields[i].optional)
            json_out_text(out, NULL, str_of(table->fields[i].name));
    }
    json_out_end(out);
}

/* The keywords of an object; the caller opens and closes the schema that holds them. */
static void write_struct(const struct json_table *table, struct json_out *out)
{
    if (table->title)
        json_out_text(out, "title", str_of(table->title));
    write_type("object", out);
    if (!table->open)
        json_out_bool(out, "additionalProperties", false);
    write_required(table, out);
    json_out_object(out, "properties");
    for (size_t i = 0; i < table->count; i++)
        write_field(&table->fields[i], out);
    json_out_end(out);
}

void json_table_schema_out(const struct json_table *table, const char *name, struct json_out *out)
{
    json_out_object(out, name);
    write_struct(table, out);
    json_out_end(out);
}

void json_table_schema(const struct json_table *table, struct buf *buf)
{
    struct json_out out = { .buf = buf };

    json_table_schema_out(table, NULL, &out);
}

/* Names and words of the program are letters, digits, "_", "." and "/": nothing that libFuzzer's format would need
 * escaped. */
static void add_word(struct buf *buf, struct str word)
{
    buf_add(buf, STR("\"\\\""));
    buf_add(buf, word);
    buf_add(buf, STR("\\\"\"\n"));
}

void json_table_dictionary(const struct json_table *table, struct buf *buf)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct json_field *field = &table->fields[i];
        add_word(buf, str_of(field->name));
        for (int64_t k = 0; field->words && k < field->max; k++)
            add_word(buf, field->words[k]);
        if (field->id)
            buf_add_format(buf, "\"%.*s_01h455vb4pex5vsknk084sn02q\"\n", STR_ARG(id_prefix(field->id)));
        if (field->table)
            json_table_dictionary(field->table, buf);
    }
}
