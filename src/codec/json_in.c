/*
 * codec/json_in: walks jansson's tree along the table. Any thread.
 */
#include "codec/json_in.h"

#include <assert.h>

#include "codec/json_tree.h"
#include "codec/json_value.h"

#define FIELDS_MAX 64 /* bits of the set of members seen */

static status read_value(const struct reader *reader, const struct member *member, const struct json_field *field,
                         void *ret_value);

static status new_items(const struct reader *reader, size_t count, size_t size, struct json_array *ret_array)
{
    bool fits = arena_fits(reader->arena, count, size);
    void *items = fits ? arena_new(reader->arena, count, size) : NULL;

    if (!items)
        return err_set(reader->err, fits ? CODE_NO_MEMORY : CODE_TOO_LARGE,
                       "the request needs more memory than there is for one request");
    *ret_array = (struct json_array){ items, count };
    return OK;
}

/* What the items of a list are, and how large. */
static size_t item_of(const struct json_field *list, struct json_field *ret_item)
{
    *ret_item = (struct json_field){ .id = list->id, .table = list->table, .min = 1, .max = list->item_max };
    switch (list->kind) {
    case JSON_KIND_TEXT_ARRAY:
        ret_item->kind = JSON_KIND_TEXT;
        return sizeof(struct str);
    case JSON_KIND_ID_ARRAY:
        ret_item->kind = JSON_KIND_ID;
        return sizeof(struct id);
    default:
        assert(list->kind == JSON_KIND_STRUCT_ARRAY);
        ret_item->kind = JSON_KIND_STRUCT;
        return list->table->size;
    }
}

static status read_list(const struct reader *reader, const struct member *member, const struct json_field *field,
                        void *ret_value)
{
    struct json_array *array = ret_value;
    struct json_field item_field;
    size_t size = item_of(field, &item_field);
    size_t count = json_array_size(member->json);

    if (!json_is_array(member->json) || count < (size_t)field->min || count > (size_t)field->max)
        return value_refuse(reader, member, "a list of %lld to %lld items", (long long)field->min,
                            (long long)field->max);
    TRY(new_items(reader, count, size, array));
    for (size_t i = 0; i < count; i++) {
        struct member item = { .outer = member, .number = i, .json = json_array_get(member->json, i) };
        TRY(read_value(reader, &item, &item_field, (char *)array->at + i * size));
    }
    return OK;
}

static status read_map(const struct reader *reader, const struct member *member, const struct json_field *field,
                       void *ret_value)
{
    struct json_array *array = ret_value;
    size_t count = json_object_size(member->json);
    size_t at = 0;
    const char *key;
    size_t key_len;
    json_t *json;

    if (!json_is_object(member->json) || count > (size_t)field->max)
        return value_refuse(reader, member, "an object of at most %lld members", (long long)field->max);
    TRY(new_items(reader, count, sizeof(struct json_pair), array));
    json_object_keylen_foreach(member->json, key, key_len, json)
    {
        struct member pair = { .outer = member, .name = { key, key_len }, .json = json };
        TRY(value_read_pair(reader, &pair, field->item_max, (struct json_pair *)array->at + at++));
    }
    return OK;
}

static size_t find_field(const struct json_table *table, struct str name)
{
    size_t i = 0;

    while (i < table->count && !str_eq(str_of(table->fields[i].name), name))
        i++;
    return i;
}

static status check_complete(const struct reader *reader, const struct member *member, const struct json_table *table,
                             uint64_t seen)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!table->fields[i].optional && !(seen >> i & 1))
            return value_refuse_missing(reader, member, table->fields[i].name);
    }
    return OK;
}

static status read_struct(const struct reader *reader, const struct member *member, const struct json_field *field,
                          void *ret_value)
{
    const struct json_table *table = field->table;
    uint64_t seen = 0;
    const char *key;
    size_t key_len;
    json_t *json;

    assert(table->count <= FIELDS_MAX);
    if (!json_is_object(member->json))
        return value_refuse(reader, member, "an object");
    json_object_keylen_foreach(member->json, key, key_len, json)
    {
        struct member inner = { .outer = member, .name = { key, key_len }, .json = json };
        size_t i = find_field(table, inner.name);
        if (i == table->count && table->open)
            continue;
        if (i == table->count)
            return value_refuse_unknown(reader, &inner);
        TRY(read_value(reader, &inner, &table->fields[i], (char *)ret_value + table->fields[i].where));
        if (table->fields[i].seen)
            *((bool *)ret_value + table->fields[i].seen - 1) = true;
        seen |= (uint64_t)1 << i;
    }
    return check_complete(reader, member, table, seen);
}

static status read_value(const struct reader *reader, const struct member *member, const struct json_field *field,
                         void *ret_value)
{
    static value_reader *const readers[] = {
        [JSON_KIND_TEXT] = value_read_text,   [JSON_KIND_NAME] = value_read_name, [JSON_KIND_INT] = value_read_int,
        [JSON_KIND_BOOL] = value_read_bool,   [JSON_KIND_TIME] = value_read_time, [JSON_KIND_ID] = value_read_id,
        [JSON_KIND_ENUM] = value_read_enum,   [JSON_KIND_HEX] = value_read_hex,   [JSON_KIND_TEXT_ARRAY] = read_list,
        [JSON_KIND_ID_ARRAY] = read_list,     [JSON_KIND_TEXT_MAP] = read_map,    [JSON_KIND_STRUCT] = read_struct,
        [JSON_KIND_STRUCT_ARRAY] = read_list,
    };

    return readers[field->kind](reader, member, field, ret_value);
}

status json_read(struct str text, const struct json_table *table, struct arena *arena, void *ret_request,
                 struct err *err)
{
    AUTO(json_t *, json_tree_free) tree = NULL;
    const struct reader reader = { arena, err };
    const struct json_field whole = { .kind = JSON_KIND_STRUCT, .table = table };

    TRY(json_tree_read(text, &tree, err));
    return read_struct(&reader, &(struct member){ .json = tree }, &whole, ret_request);
}

status json_read_tagged(struct str text, const struct json_tagged *tagged, struct arena *arena, void *ret_request,
                        struct err *err)
{
    AUTO(json_t *, json_tree_free) tree = NULL;
    const struct reader reader = { arena, err };
    const struct json_field tag_field = { .words = tagged->words, .max = (int64_t)tagged->count };
    struct json_field request_field = { .kind = JSON_KIND_STRUCT };
    struct member whole = { 0 };
    struct member tag = { .outer = &whole, .name = str_of(tagged->tag) };
    int choice;

    TRY(json_tree_read(text, &tree, err));
    whole.json = tree;
    tag.json = json_object_get(tree, tagged->tag);
    if (!tag.json)
        return value_refuse_missing(&reader, &whole, tagged->tag);
    TRY(value_read_enum(&reader, &tag, &tag_field, &choice));
    json_object_del(tree, tagged->tag); /* so that the tables need not repeat it */
    memcpy((char *)ret_request + tagged->choice_at, &choice, sizeof choice);
    request_field.table = tagged->tables[choice];
    return read_struct(&reader, &whole, &request_field, (char *)ret_request + tagged->request_at);
}
