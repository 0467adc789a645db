#include "codec/json_doc.h"

#include "codec/json_tree.h"

/* jansson's questions take a pointer to what could be changed; nothing here changes it. */
static json_t *value_of(struct json_node node)
{
    return (json_t *)(uintptr_t)node.at;
}

status json_doc_read(struct str text, struct json_doc *ret_doc, struct err *err)
{
    json_t *tree;

    TRY(json_tree_read(text, &tree, err));
    ret_doc->tree = tree;
    return OK;
}

void json_doc_free(struct json_doc *doc)
{
    json_t *tree = doc->tree;

    json_tree_free(&tree);
    doc->tree = NULL;
}

struct json_node json_doc_root(const struct json_doc *doc)
{
    return (struct json_node){ doc->tree };
}

struct json_node json_node_member(struct json_node node, const char *name)
{
    return (struct json_node){ json_object_get(value_of(node), name) };
}

size_t json_node_count(struct json_node node)
{
    return json_array_size(value_of(node));
}

struct json_node json_node_item(struct json_node node, size_t number)
{
    return (struct json_node){ json_array_get(value_of(node), number) };
}

struct str json_node_text(struct json_node node)
{
    json_t *value = value_of(node);

    return json_is_string(value) ? (struct str){ json_string_value(value), json_string_length(value) } : STR_NONE;
}

int64_t json_node_number(struct json_node node, int64_t otherwise)
{
    json_t *value = value_of(node);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void scalar_show(json_t *value, struct buf *buf)
{
    if (json_is_string(value))
        buf_add(buf, (struct str){ json_string_value(value), json_string_length(value) });
    else if (json_is_integer(value))
        buf_add_i64(buf, json_integer_value(value));
    else if (json_is_boolean(value))
        buf_add(buf, json_is_true(value) ? STR("yes") : STR("no"));
}

/* A scalar, or scalars with commas between them. */
static void member_show(json_t *value, struct buf *buf)
{
    scalar_show(value, buf);
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i)
            buf_add_byte(buf, ',');
        scalar_show(json_array_get(value, i), buf);
    }
}

/* One level of lists and objects, which is all that rows of a table have, and lists in an object's members. */
void json_node_show(struct json_node node, struct buf *buf)
{
    json_t *value = value_of(node);
    const char *name;
    json_t *member;

    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i)
            buf_add_byte(buf, ' ');
        if (json_is_object(json_array_get(value, i)))
            json_node_show(json_node_item(node, i), buf);
        else
            scalar_show(json_array_get(value, i), buf);
    }
    json_object_foreach(value, name, member)
    {
        if (buf->len && buf->at[buf->len - 1] != ' ')
            buf_add_byte(buf, ' ');
        buf_add(buf, str_of(name));
        buf_add_byte(buf, '=');
        member_show(member, buf);
    }
    scalar_show(value, buf);
}

static int bytes_take(const char *bytes, size_t len, void *context)
{
    buf_add(context, (struct str){ bytes, len });
    return 0;
}

void json_node_dump(struct json_node node, struct buf *buf)
{
    if (node.at && json_dump_callback(value_of(node), bytes_take, buf, JSON_COMPACT | JSON_ENCODE_ANY))
        buf->status = (status){ CODE_NO_MEMORY };
}
