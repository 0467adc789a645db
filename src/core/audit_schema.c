/*
 * core/audit_document: the schema: what every entry has, and one branch for each code with the members of its row.
 *
 * JSON Schema can't say that members have an order, or that "seq" continues: entry_decode is stricter.
 */
#include "base/limits.h"
#include "core/audit.h"
#include "core/audit_document.h"
#include "core/entry.h"
#include "core/words.h"

#define ID_TAIL        "_[0-7][0-9a-hjkmnp-tv-z]{25}$"
#define TIME_PATTERN   "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"
#define HEX_32         "^[0-9a-f]{32}$"
#define HEX_64         "^[0-9a-f]{64}$"
#define ANY_PRINCIPAL  "^(org|tem|usr|svc|dev)" ID_TAIL
#define NAME_MAX_CHARS 64

/* {"type":"string","pattern":…} without its end. */
static void pattern_begin(struct json_out *out, const char *name, struct str pattern)
{
    json_out_object(out, name);
    json_out_text(out, "type", STR("string"));
    json_out_text(out, "pattern", pattern);
}

static void pattern_out(struct json_out *out, const char *name, struct str pattern)
{
    pattern_begin(out, name, pattern);
    json_out_end(out);
}

static void id_begin(struct json_out *out, const char *name, enum id_kind kind)
{
    char space[NAME_MAX_CHARS];
    struct buf pattern = BUF_OVER(space);

    buf_add_byte(&pattern, '^');
    buf_add(&pattern, id_prefix(kind));
    buf_add(&pattern, STR(ID_TAIL));
    pattern_begin(out, name, buf_str(&pattern));
}

static void id_out(struct json_out *out, const char *name, enum id_kind kind)
{
    id_begin(out, name, kind);
    json_out_end(out);
}

static void words_begin(struct json_out *out, const char *name, const struct str *words, int count)
{
    json_out_object(out, name);
    json_out_array(out, "enum");
    for (int i = 0; i < count; i++)
        json_out_text(out, NULL, words[i]);
    json_out_end(out);
}

static void words_out(struct json_out *out, const char *name, const struct str *words, int count)
{
    words_begin(out, name, words, count);
    json_out_end(out);
}

static void integer_begin(struct json_out *out, const char *name, int64_t min)
{
    json_out_object(out, name);
    json_out_text(out, "type", STR("integer"));
    json_out_i64(out, "minimum", min);
    json_out_i64(out, "maximum", ENTRY_NUMBER_MAX);
}

static void integer_out(struct json_out *out, const char *name, int64_t min)
{
    integer_begin(out, name, min);
    json_out_end(out);
}

static void text_begin(struct json_out *out, const char *name, int64_t max_bytes)
{
    pattern_begin(out, name, STR("^[^\"\\\\\\u0000-\\u001f\\u007f-\\u009f]+$"));
    json_out_i64(out, "maxLength", max_bytes);
}

/* Opens an object schema that has no other members than the ones that follow. */
static void object_begin(struct json_out *out, const char *name)
{
    json_out_object(out, name);
    json_out_text(out, "type", STR("object"));
    json_out_bool(out, "additionalProperties", false);
}

static void value_out(struct json_out *out, const struct field_row *row)
{
    const char *name = row->name.at; /* a literal of the table, so a zero follows it */

    switch (row->kind) {
    case VALUE_INT:
        integer_begin(out, name, -ENTRY_NUMBER_MAX);
        break;
    case VALUE_TIME:
        pattern_begin(out, name, STR(TIME_PATTERN));
        break;
    case VALUE_TEXT:
        text_begin(out, name, row->max_bytes);
        break;
    case VALUE_WORD:
        words_begin(out, name, row->words, row->word_count);
        break;
    case VALUE_HEX16:
        pattern_begin(out, name, STR(HEX_32));
        break;
    case VALUE_HEX32:
        pattern_begin(out, name, STR(HEX_64));
        break;
    case VALUE_ID:
        id_begin(out, name, row->id_kind);
        break;
    case VALUE_PRINCIPAL:
        pattern_begin(out, name, STR(ANY_PRINCIPAL));
        break;
    }
    json_out_text(out, "description", row->meaning);
    json_out_end(out);
}

/* {"$ref":"#/$defs/GROUP/properties/NAME"} for each member, and which must be there. */
static void members_out(struct json_out *out, const char *group, const struct field_row *rows, uint64_t has,
                        uint64_t always)
{
    object_begin(out, group);
    json_out_object(out, "properties");
    for (uint64_t rest = has; rest; rest &= rest - 1) {
        const struct field_row *row = &rows[__builtin_ctzll(rest)];
        char space[128];
        struct buf reference = BUF_OVER(space);
        buf_add_format(&reference, "#/$defs/%s/properties/%.*s", group, STR_ARG(row->name));
        json_out_object(out, row->name.at);
        json_out_text(out, "$ref", buf_str(&reference));
        json_out_end(out);
    }
    json_out_end(out);
    json_out_array(out, "required");
    for (; always; always &= always - 1)
        json_out_text(out, NULL, rows[__builtin_ctzll(always)].name);
    json_out_end(out);
    json_out_end(out);
}

static void const_out(struct json_out *out, const char *name, struct str text)
{
    json_out_object(out, name);
    json_out_text(out, "const", text);
    json_out_end(out);
}

/* A group is there when it must have a member, may be when it may, and is not otherwise. */
static void group_out(struct json_out *out, const char *group, const struct field_row *rows, uint64_t has,
                      uint64_t always)
{
    if (has)
        members_out(out, group, rows, has, always);
    else
        json_out_bool(out, group, false);
}

static void code_out(struct json_out *out, const struct audit_row *row)
{
    bool always_chained =
        (row->pool_chain && row->on >> ON_POOL & 1) || (row->license_chain && row->on >> ON_LICENSE & 1);

    json_out_object(out, NULL);
    json_out_text(out, "title", row->type);
    json_out_text(out, "description", row->meaning);
    json_out_object(out, "properties");
    const_out(out, "code", row->code);
    const_out(out, "type", row->type);
    group_out(out, "on", on_fields, (uint64_t)row->on | row->on_maybe, row->on);
    group_out(out, "data", data_fields, row->data | row->data_maybe, row->data);
    if (!row->pool_chain && !row->license_chain)
        json_out_bool(out, "seq", false);
    json_out_end(out);
    json_out_array(out, "required");
    if (row->on)
        json_out_text(out, NULL, STR("on"));
    if (row->data)
        json_out_text(out, NULL, STR("data"));
    if (always_chained)
        json_out_text(out, NULL, STR("seq"));
    json_out_end(out);
    json_out_end(out);
}

static void actor_out(struct json_out *out)
{
    object_begin(out, "actor");
    json_out_text(out, "description", STR("who did it, how that was proven, and by which credential"));
    json_out_object(out, "properties");
    pattern_out(out, "id", STR(ANY_PRINCIPAL));
    words_out(out, "via", via_words, VIA_COUNT);
    id_out(out, "cred", ID_CREDENTIAL);
    words_out(out, "level", level_words, LEVEL_COUNT);
    json_out_end(out);
    json_out_raw(out, "required", STR("[\"via\",\"level\"]"));
    json_out_end(out);
}

static void seq_out(struct json_out *out)
{
    json_out_object(out, "seq");
    json_out_text(out, "type", STR("object"));
    json_out_text(out, "description",
                  STR("for each chain its number, from 1, and half of the hash of the leaf before"));
    json_out_bool(out, "additionalProperties", false);
    json_out_i64(out, "minProperties", 1);
    json_out_object(out, "patternProperties");
    json_out_object(out, "^(pol|lic)" ID_TAIL);
    json_out_text(out, "type", STR("array"));
    json_out_array(out, "prefixItems");
    integer_out(out, NULL, 1);
    pattern_out(out, NULL, STR(HEX_32));
    json_out_end(out);
    json_out_i64(out, "minItems", 2);
    json_out_i64(out, "maxItems", 2);
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
}

static void change_out(struct json_out *out)
{
    object_begin(out, "change");
    json_out_text(out, "description", STR("this is entry k of the n that one command wrote"));
    json_out_object(out, "properties");
    id_out(out, "id", ID_CHANGE);
    integer_out(out, "k", 1);
    integer_out(out, "n", 1);
    json_out_end(out);
    json_out_raw(out, "required", STR("[\"id\",\"k\",\"n\"]"));
    json_out_end(out);
}

static void idem_out(struct json_out *out)
{
    json_out_object(out, "idem");
    json_out_text(out, "type", STR("array"));
    json_out_text(out, "description", STR("of the command: which key, and which body under it"));
    json_out_object(out, "items");
    json_out_text(out, "type", STR("string"));
    json_out_text(out, "pattern", STR(HEX_32));
    json_out_end(out);
    json_out_i64(out, "minItems", 2);
    json_out_i64(out, "maxItems", 2);
    json_out_end(out);
}

/* What stands around "on" and "data". */
static void frame_out(struct json_out *out)
{
    json_out_object(out, "properties");
    json_out_raw(out, "v", STR("{\"const\":1}"));
    id_out(out, "id", ID_ENTRY);
    pattern_out(out, "time", STR(TIME_PATTERN));
    pattern_out(out, "occurred_at", STR(TIME_PATTERN));
    words_out(out, "source", source_words + 1, SOURCE_COUNT - 1);
    json_out_raw(out, "code", STR("true"));
    json_out_raw(out, "type", STR("true"));
    actor_out(out);
    json_out_raw(out, "on", STR("true"));
    seq_out(out);
    change_out(out);
    json_out_raw(out, "data", STR("true"));
    id_out(out, "src", ID_ALIAS);
    idem_out(out);
    id_out(out, "request", ID_REQUEST);
    pattern_out(out, "private", STR("^sha256:[0-9a-f]{64}$"));
    json_out_end(out);
    json_out_raw(out, "required", STR("[\"v\",\"id\",\"time\",\"code\",\"type\",\"actor\"]"));
    json_out_bool(out, "additionalProperties", false);
    json_out_raw(out, "dependentRequired", STR("{\"occurred_at\":[\"source\"],\"source\":[\"occurred_at\"]}"));
}

static void definitions_out(struct json_out *out, const char *group, const struct field_row *rows, int count)
{
    json_out_object(out, group);
    json_out_object(out, "properties");
    for (int field = 0; field < count; field++)
        value_out(out, &rows[field]);
    json_out_end(out);
    json_out_end(out);
}

void audit_schema_out(const char *name, struct json_out *out)
{
    json_out_object(out, name);
    json_out_text(out, "$schema", STR("https://json-schema.org/draft/2020-12/schema"));
    json_out_text(out, "title", STR("An entry of a Tallystick ledger, format v1"));
    json_out_text(out, "$comment", STR("Written by gen_docs from src/core/audit.c. Change the table, not this file."));
    json_out_text(out, "type", STR("object"));
    frame_out(out);
    json_out_array(out, "oneOf");
    for (int code = 0; code < AUDIT_COUNT; code++)
        code_out(out, &audit_rows[code]);
    json_out_end(out);
    json_out_object(out, "$defs");
    definitions_out(out, "on", on_fields, ON_COUNT);
    definitions_out(out, "data", data_fields, DATA_FIELD_COUNT);
    json_out_end(out);
    json_out_end(out);
}
