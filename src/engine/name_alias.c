/*
 * engine/names: how the store keeps a name, as one of its aliases. Pure; any thread.
 */
#include <assert.h>

#include "base/limits.h"
#include "engine/names.h"

enum id_kind name_id_kind(enum name_kind kind)
{
    static const enum id_kind kinds[NAME_KIND_COUNT] = {
        [NAME_ORGANISATION] = ID_ORGANISATION, [NAME_USER] = ID_USER,        [NAME_TEAM] = ID_TEAM,
        [NAME_SERVICE] = ID_SERVICE,           [NAME_ALIAS_USER] = ID_ALIAS, [NAME_ALIAS_HOST] = ID_ALIAS,
        [NAME_ALIAS_NETWORK] = ID_ALIAS,
    };

    assert((unsigned)kind < NAME_KIND_COUNT);
    return kinds[kind];
}

/* The line before a principal's name. */
static void add_within(struct buf *text, struct id within)
{
    if (id_is_none(within))
        buf_add_byte(text, '-');
    else
        typeid_add(text, ID_ORGANISATION, within);
    buf_add_byte(text, '\n');
}

status name_to_alias(const struct name_new *name, struct arena *arena, struct store_alias *ret_alias)
{
    char space[TYPEID_BYTES + 1 + TEXT_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    struct store_alias alias = { .id = name->id, .kind = name->kind };

    if (name_id_kind(name->kind) != ID_ALIAS)
        add_within(&text, name->within);
    buf_add(&text, name->text);
    TRY(text.status);
    TRY(arena_copy(arena, buf_str(&text), &alias.text));
    *ret_alias = alias;
    return OK;
}

static status wrong(const struct store_alias *alias, const char *what, struct err *err)
{
    bool known = alias->kind >= 0 && alias->kind < NAME_KIND_COUNT;
    char id[TYPEID_BYTES];

    typeid_write(known ? name_id_kind((enum name_kind)alias->kind) : ID_ALIAS, alias->id, id);
    return err_set(err, CODE_CORRUPT, "the stored name of %.*s %s", TYPEID_BYTES, id, what);
}

status name_from_alias(const struct store_alias *alias, struct name_new *ret_name, struct err *err)
{
    struct name_new name = { .id = alias->id, .text = alias->text };

    if (alias->kind < 0 || alias->kind >= NAME_KIND_COUNT)
        return wrong(alias, "is of no known kind", err);
    name.kind = (enum name_kind)alias->kind;
    if (name_id_kind(name.kind) != ID_ALIAS) {
        bool complete = str_find(name.text, '\n') < name.text.len;
        struct str within = str_take_line(&name.text);

        if (!complete)
            return wrong(alias, "lacks its organisation", err);
        if (!str_eq(within, STR("-")) && typeid_read(within, ID_ORGANISATION, &name.within).code)
            return wrong(alias, "is of an organisation that is none", err);
    }
    if (name.text.len > TEXT_MAX_BYTES)
        return wrong(alias, "is longer than any name", err);
    *ret_name = name;
    return OK;
}
