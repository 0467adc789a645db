#include "api/shape.h"

#include "codec/timetext.h"
#include "crypto/hash.h"

/* ---- Writing ---- */

static void id_write(const char *name, enum id_kind kind, struct id id, struct json_out *out)
{
    if (!id_is_none(id))
        json_out_id(out, name, kind, id);
}

static void word_write(const char *name, const struct str *words, int64_t place, struct json_out *out)
{
    json_out_text(out, name, words[place]);
}

static void field_write(const char *name, const struct field_row *row, const union value *value, struct json_out *out)
{
    switch (row->kind) {
    case VALUE_INT:
        json_out_i64(out, name, value->number);
        break;
    case VALUE_TIME:
        json_out_time(out, name, value->number);
        break;
    case VALUE_TEXT:
        json_out_text(out, name, value->text);
        break;
    case VALUE_WORD:
        word_write(name, row->words, value->number, out);
        break;
    case VALUE_HEX16:
        json_out_hex(out, name, value->bytes, 16);
        break;
    case VALUE_HEX32:
        json_out_hex(out, name, value->bytes, 32);
        break;
    case VALUE_ID:
        json_out_id(out, name, row->id_kind, value->id);
        break;
    case VALUE_PRINCIPAL:
        json_out_id(out, name, value->principal.kind, value->principal.id);
        break;
    }
}

/* Of a member that comes from an entry; true when it was one. */
static bool entry_member_write(const struct shape_member *member, const struct entry *entry, struct json_out *out)
{
    switch (member->kind) {
    case SHAPE_ON:
        if (entry_has_on(entry, (enum on_field)member->at))
            field_write(member->name, &on_fields[member->at], &entry->on[member->at], out);
        return true;
    case SHAPE_DATA:
        if (entry_has(entry, (enum data_field)member->at))
            field_write(member->name, &data_fields[member->at], &entry->data[member->at], out);
        return true;
    case SHAPE_WHEN:
        json_out_time(out, member->name, entry->time_ms);
        return true;
    default:
        return false;
    }
}

static void list_write(const struct shape_member *member, const struct shape_list *list, struct json_out *out)
{
    if (member->maybe && !list->count)
        return;
    json_out_array(out, member->name);
    for (size_t i = 0; i < list->count; i++) {
        if (member->kind == SHAPE_IDS) {
            json_out_id(out, NULL, member->id, ((const struct id *)list->at)[i]);
        } else if (member->kind == SHAPE_TEXTS) {
            json_out_text(out, NULL, ((const struct str *)list->at)[i]);
        } else if (member->kind == SHAPE_JSONS) {
            json_out_raw(out, NULL, ((const struct str *)list->at)[i]);
        } else {
            struct shape_source row = { .value = (const char *)list->at + i * member->size };

            json_out_object(out, NULL);
            shape_write(member->shape, &row, out);
            json_out_end(out);
        }
    }
    json_out_end(out);
}

/* Numbers and times of a struct, of which some values mean that there is none. */
static bool number_write(const struct shape_member *member, const void *at, struct json_out *out)
{
    switch (member->kind) {
    case SHAPE_INT:
        if (*(const int64_t *)at >= 0)
            json_out_i64(out, member->name, *(const int64_t *)at);
        return true;
    case SHAPE_COUNT:
        json_out_u64(out, member->name, *(const uint32_t *)at);
        return true;
    case SHAPE_INDEX:
        if (*(const uint64_t *)at != UINT64_MAX)
            json_out_u64(out, member->name, *(const uint64_t *)at);
        return true;
    case SHAPE_TIME:
        if (*(const int64_t *)at > 0 && time_in_range(*(const int64_t *)at))
            json_out_time(out, member->name, *(const int64_t *)at);
        return true;
    case SHAPE_BOOL:
        json_out_bool(out, member->name, *(const bool *)at);
        return true;
    default:
        return false;
    }
}

static void text_write(const char *name, struct str text, struct json_out *out)
{
    if (text.at && text.len)
        json_out_text(out, name, text);
}

static void struct_member_write(const struct shape_member *member, const void *at, struct json_out *out)
{
    const struct who *who = at;

    if (number_write(member, at, out))
        return;
    switch (member->kind) {
    case SHAPE_TEXT:
        text_write(member->name, *(const struct str *)at, out);
        break;
    case SHAPE_ID:
        id_write(member->name, member->id, *(const struct id *)at, out);
        break;
    case SHAPE_WHO:
        id_write(member->name, who->kind, who->id, out);
        break;
    case SHAPE_WORD:
        word_write(member->name, member->words, *(const uint8_t *)at, out);
        break;
    case SHAPE_HASH:
        json_out_base64(out, member->name, ((const struct hash *)at)->bytes, HASH_BYTES);
        break;
    default:
        list_write(member, at, out);
        break;
    }
}

void shape_write(const struct shape *shape, const struct shape_source *source, struct json_out *out)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_member *member = &shape->members[i];

        if (member->kind == SHAPE_GIVEN)
            text_write(member->name, source->given ? source->given[member->at] : STR_NONE, out);
        else if (member->kind == SHAPE_FIXED)
            json_out_text(out, member->name, member->fixed);
        else if (!entry_member_write(member, source->value, out))
            struct_member_write(member, (const char *)source->value + member->at, out);
    }
}

/* ---- Schemas ---- */

static void type_schema(const char *type, const char *format, struct json_out *out)
{
    json_out_text(out, "type", str_of(type));
    if (format)
        json_out_text(out, "format", str_of(format));
}

static void id_schema(enum id_kind kind, struct json_out *out)
{
    char space[64];
    struct buf pattern = BUF_OVER(space);

    buf_add_format(&pattern, "^%.*s_[0-7][0-9a-hjkmnp-tv-z]{25}$", STR_ARG(kind ? id_prefix(kind) : STR("[a-z]{3}")));
    type_schema("string", NULL, out);
    json_out_text(out, "pattern", buf_str(&pattern));
}

static void words_schema(const struct str *words, int count, struct json_out *out)
{
    type_schema("string", NULL, out);
    json_out_array(out, "enum");
    for (int i = 0; i < count; i++)
        json_out_text(out, NULL, words[i]);
    json_out_end(out);
}

static void field_schema(const struct field_row *row, struct json_out *out)
{
    switch (row->kind) {
    case VALUE_INT:
        type_schema("integer", NULL, out);
        break;
    case VALUE_TIME:
        type_schema("string", "date-time", out);
        break;
    case VALUE_WORD:
        words_schema(row->words, row->word_count, out);
        break;
    case VALUE_ID:
        id_schema(row->id_kind, out);
        break;
    case VALUE_PRINCIPAL:
        id_schema(ID_NONE, out);
        break;
    default:
        type_schema("string", NULL, out);
        break;
    }
    json_out_text(out, "description", row->meaning);
}

static void items_schema(const struct shape_member *member, struct json_out *out)
{
    type_schema("array", NULL, out);
    if (member->kind == SHAPE_ROWS) {
        shape_schema(member->shape, "items", out);
        return;
    }
    json_out_object(out, "items");
    if (member->kind == SHAPE_IDS)
        id_schema(member->id, out);
    else
        type_schema(member->kind == SHAPE_JSONS ? "object" : "string", NULL, out);
    json_out_end(out);
}

static void kind_schema(const struct shape_member *member, struct json_out *out)
{
    switch (member->kind) {
    case SHAPE_WHEN:
    case SHAPE_TIME:
        type_schema("string", "date-time", out);
        break;
    case SHAPE_INT:
    case SHAPE_COUNT:
    case SHAPE_INDEX:
        type_schema("integer", NULL, out);
        break;
    case SHAPE_BOOL:
        type_schema("boolean", NULL, out);
        break;
    case SHAPE_ID:
        id_schema(member->id, out);
        break;
    case SHAPE_WHO:
        id_schema(ID_NONE, out);
        break;
    case SHAPE_WORD:
        words_schema(member->words, member->word_count, out);
        break;
    case SHAPE_FIXED:
        words_schema(&member->fixed, 1, out);
        break;
    case SHAPE_IDS:
    case SHAPE_TEXTS:
    case SHAPE_JSONS:
    case SHAPE_ROWS:
        items_schema(member, out);
        break;
    default:
        type_schema("string", NULL, out);
        break;
    }
}

void shape_member_schema(const struct shape_member *member, struct json_out *out)
{
    json_out_object(out, member->name);
    if (member->kind == SHAPE_ON)
        field_schema(&on_fields[member->at], out);
    else if (member->kind == SHAPE_DATA)
        field_schema(&data_fields[member->at], out);
    else
        kind_schema(member, out);
    if (member->about)
        json_out_text(out, member->kind <= SHAPE_DATA ? "$comment" : "description", str_of(member->about));
    json_out_end(out);
}

void shape_schema(const struct shape *shape, const char *name, struct json_out *out)
{
    json_out_object(out, name);
    if (shape->title)
        json_out_text(out, "title", str_of(shape->title));
    type_schema("object", NULL, out);
    json_out_array(out, "required");
    for (size_t i = 0; i < shape->count; i++) {
        if (!shape->members[i].maybe)
            json_out_text(out, NULL, str_of(shape->members[i].name));
    }
    json_out_end(out);
    json_out_object(out, "properties");
    for (size_t i = 0; i < shape->count; i++)
        shape_member_schema(&shape->members[i], out);
    json_out_end(out);
    json_out_end(out);
}
