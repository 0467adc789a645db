/*
 * engine/vault_items: what an item is sealed for, byte by byte.
 */
#include "engine/vault_items.h"

#include <assert.h>
#include <string.h>

static void add_u64(struct buf *buf, uint64_t number)
{
    for (int i = 7; i >= 0; i--)
        buf_add_byte(buf, (char)(number >> 8 * i));
}

#define PLACE_MAX_BYTES 64

/* "text", NUL, part, index, commitment. */
static struct str text_place(enum vault_part part, uint64_t index, const uint8_t *commitment, char *space)
{
    struct buf place = { .at = space, .capacity = PLACE_MAX_BYTES, .max = PLACE_MAX_BYTES, .borrowed = true };

    buf_add(&place, (struct str){ "text", sizeof("text") });
    buf_add_byte(&place, (char)part);
    add_u64(&place, index);
    buf_add(&place, (struct str){ (const char *)commitment, HASH_BYTES });
    assert(!place.status.code);
    return buf_str(&place);
}

/* "name", NUL, kind, id. */
static struct str name_place(int64_t kind, struct id id, char *space)
{
    struct buf place = { .at = space, .capacity = PLACE_MAX_BYTES, .max = PLACE_MAX_BYTES, .borrowed = true };

    buf_add(&place, (struct str){ "name", sizeof("name") });
    buf_add_byte(&place, (char)kind);
    add_u64(&place, id.hi);
    add_u64(&place, id.lo);
    assert(!place.status.code);
    return buf_str(&place);
}

status vault_seal_text(struct vault *vault, const struct vault_text *text, struct entropy *entropy, struct arena *arena,
                       struct store_private *ret_item)
{
    char space[PLACE_MAX_BYTES];
    struct vault_item item = {
        .lock = { .person = text->person, .with_day = true, .day = vault_day_of(text->time_ms) },
        .additional = text_place(text->part, text->index, text->commitment, space),
        .parts = { { (const char *)text->salt, PRIVATE_SALT_BYTES }, text->text },
    };
    struct store_private sealed = { .index = text->index, .part = (uint8_t)text->part };

    TRY(vault_seal(vault, &item, entropy, arena, &sealed.text));
    *ret_item = sealed;
    return OK;
}

status vault_unseal_text(struct vault *vault, const struct vault_stored *stored, struct arena *arena,
                         struct str *ret_text, struct err *err)
{
    char space[PLACE_MAX_BYTES];
    const struct store_private *item = stored->item;
    struct vault_sealed what = { item->text,
                                 text_place((enum vault_part)item->part, item->index, stored->commitment, space) };
    struct str opened = STR_NONE;
    struct hash hash;
    struct str text;

    TRY(vault_unseal(vault, &what, arena, &opened, err));
    if (opened.len < PRIVATE_SALT_BYTES)
        return err_set(err, CODE_CORRUPT, "it has no salt");
    text = str_from(opened, PRIVATE_SALT_BYTES);
    hash = private_commitment((const uint8_t *)opened.at, text);
    if (memcmp(hash.bytes, stored->commitment, HASH_BYTES) != 0)
        return err_set(err, CODE_CORRUPT, "it is not what the entry commits to");
    *ret_text = text;
    return OK;
}

/* Principals that are no persons keep their names for as long as the ledger lives. */
static struct vault_lock name_lock(const struct name_new *name)
{
    if (name->kind == NAME_USER)
        return (struct vault_lock){ .person = name->id };
    if (name_id_kind(name->kind) != ID_ALIAS)
        return (struct vault_lock){ .house = true };
    if (!id_is_none(name->within))
        return (struct vault_lock){ .person = name->within };
    return (struct vault_lock){ .with_day = true, .day = name->day };
}

status vault_seal_name(struct vault *vault, const struct name_new *name, struct entropy *entropy, struct arena *arena,
                       struct store_alias *ret_alias)
{
    char space[PLACE_MAX_BYTES];
    struct vault_item item = { .lock = name_lock(name), .additional = name_place(name->kind, name->id, space) };
    struct store_alias alias = { 0 };

    TRY(name_to_alias(name, arena, &alias));
    item.parts[0] = alias.text;
    TRY(vault_seal(vault, &item, entropy, arena, &alias.text));
    *ret_alias = alias;
    return OK;
}

status vault_unseal_name(struct vault *vault, const struct store_alias *alias, struct arena *arena,
                         struct name_new *ret_name, struct err *err)
{
    char space[PLACE_MAX_BYTES];
    struct store_alias opened = *alias;
    struct vault_lock lock = { 0 };
    struct name_new name = { 0 };
    struct err why = { 0 };
    struct vault_sealed what = { alias->text, name_place(alias->kind, alias->id, space) };
    status s = vault_unseal(vault, &what, arena, &opened.text, &why);

    if (s.code) {
        bool is_known = alias->kind >= 0 && alias->kind < NAME_KIND_COUNT;
        char id[TYPEID_BYTES];

        typeid_write(is_known ? name_id_kind((enum name_kind)alias->kind) : ID_ALIAS, alias->id, id);
        return err_set(err, s.code, "the stored name of %.*s: %s", TYPEID_BYTES, id, why.text);
    }
    TRY(vault_lock_of(alias->text, &lock));
    TRY(name_from_alias(&opened, &name, err));
    if (name_id_kind(name.kind) == ID_ALIAS)
        name.within = lock.person;
    name.day = lock.day;
    *ret_name = name;
    return OK;
}
