/*
 * codec/json_tree: the only caller of jansson's parser. Any thread.
 */
#include "codec/json_tree.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/memory.h"

static _Thread_local bool memory_ran_out;

static void *take_memory(size_t size)
{
    void *at = memory_resize(NULL, 1, size);

    memory_ran_out |= !at;
    return at;
}

/* From here on jansson's allocations are fault points, and running out of memory can be told from a syntax error. */
static void lend_memory(void)
{
    json_set_alloc_funcs(take_memory, memory_free);
}

void json_tree_free(json_t **tree)
{
    json_decref(*tree);
    *tree = NULL;
}

/* jansson recurses once a level, up to 2,048 of them; brackets within strings don't count. */
static bool is_too_deep(struct str text)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (quoted && byte == '\\')
            i++;
        else if (byte == '"')
            quoted = !quoted;
        else if (!quoted && (byte == '{' || byte == '['))
            depth++;
        else if (!quoted && (byte == '}' || byte == ']') && depth > 0)
            depth--;
        if (depth > JSON_MAX_DEPTH)
            return true;
    }
    return false;
}

/* The quoted name that ends at `end`, without its quotes: jansson stops right behind a name that it knows already. */
static struct str name_before(struct str text, size_t end)
{
    size_t start;

    if (end < 2 || end > text.len || text.at[end - 1] != '"')
        return STR("a member");
    start = end - 1;
    while (start > 0 && (text.at[start - 1] != '"' || (start > 1 && text.at[start - 2] == '\\')))
        start--;
    return str_cut(text, start, end - 1 - start);
}

static status refuse_duplicate(struct str name, struct err *err)
{
    char member[ERR_MEMBER_MAX_BYTES];

    if (!str_is_text(name) || !str_to_c(name, member, sizeof member))
        (void)str_to_c(STR("a member"), member, sizeof member);
    return err_member(err, CODE_INVALID, member, "%s is there twice", member);
}

static status refuse(struct str text, const json_error_t *error, struct err *err)
{
    struct str why = str_of(error->text);

    if (memory_ran_out)
        return err_set(err, CODE_NO_MEMORY, "no memory to read the request");
    if (json_error_code(error) == json_error_duplicate_key)
        return refuse_duplicate(name_before(text, (size_t)error->position), err);
    /* jansson goes on with a piece of the text, which may hold anything. */
    why = str_cut(why, 0, str_find_str(why, STR(" near ")));
    return err_set(err, CODE_INVALID, "this is not JSON: line %d, column %d: %.*s", error->line, error->column,
                   STR_ARG(why));
}

status json_tree_read(struct str text, json_t **ret_tree, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    json_error_t error = { 0 };
    json_t *tree;

    pthread_once(&once, lend_memory);
    if (text.len == 0)
        return err_set(err, CODE_INVALID, "there must be a JSON object, and there is nothing");
    if (is_too_deep(text))
        return err_set(err, CODE_INVALID, "the JSON must not be nested more than %d levels deep", JSON_MAX_DEPTH);
    memory_ran_out = false;
    tree = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!tree)
        return refuse(text, &error, err);
    if (!json_is_object(tree)) {
        json_decref(tree);
        return err_set(err, CODE_INVALID, "there must be a JSON object, and there is a list");
    }
    *ret_tree = tree;
    return OK;
}
