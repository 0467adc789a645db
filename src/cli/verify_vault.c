#include "cli/verify_vault.h"

#include <assert.h>
#include <inttypes.h>
#include <sys/stat.h>

#define OPENED_MAX_BYTES ((size_t)256 * 1024)

/* Someone whose key was asked for and was not there, or who was erased. */
struct person {
    struct id id;
    bool lacks;
    bool erased;
    uint64_t index; /* of the first text */
};

void verify_vault_free(struct verify_vault *vault)
{
    vault_close(vault->keys);
    vault_close(vault->again);
    arena_free(&vault->opened);
    id_table_free(&vault->persons);
    *vault = (struct verify_vault){ 0 };
}

static status keys_open(const char *path, struct vault **ret_keys, struct err *err)
{
    struct stat found;
    struct err why = { 0 };
    status s;

    if (stat(path, &found) || !S_ISDIR(found.st_mode))
        return OK;
    s = vault_open_reading(path, ret_keys, &why);
    return s.code && s.code != CODE_NOT_FOUND ? err_set(err, s.code, "%s", why.text) : OK;
}

status verify_vault_begin(struct verify_vault *vault, const char *path, struct err *err)
{
    *vault = (struct verify_vault){ .opened = { .max_bytes = OPENED_MAX_BYTES },
                                    .persons = id_table_of(sizeof(struct person), PRINCIPALS_MAX) };
    return keys_open(path, &vault->keys, err);
}

status verify_vault_again(struct verify_vault *vault, const char *path, struct err *err)
{
    return vault->keys ? keys_open(path, &vault->again, err) : OK;
}

static status person_of(struct verify_vault *vault, struct id id, struct person **ret_person, struct err *err)
{
    struct person *person = id_table_find(&vault->persons, id);
    status s = OK;

    if (!person)
        s = id_table_add(&vault->persons, id, (void **)&person);
    if (s.code)
        return err_set(err, s.code, "no memory for the people without a key");
    *ret_person = person;
    return OK;
}

status verify_vault_entry(struct verify_vault *vault, uint64_t index, const struct entry *entry, struct err *err)
{
    struct person *person = NULL;

    if (entry->code == AUDIT_VAULT_KEYS_REPLACED) {
        vault->replaced_at = index;
    } else if (entry->code == AUDIT_VAULT_DAYS_DROPPED) {
        vault->kept_from_day = vault_day_of(entry->data[DATA_KEPT_FROM].number);
    } else if (entry->code == AUDIT_USER_ERASED) {
        TRY(person_of(vault, entry->on[ON_USER].id, &person, err));
        assert(person);
        person->erased = true;
    }
    return OK;
}

/* Later entries may say why: asked at the end. */
static status closed_note(struct verify_vault *vault, const struct store_private *item, struct err *err)
{
    struct person *person = NULL;
    struct vault_lock lock;
    enum key_holder_kind lacks;

    vault->closed++;
    TRY(vault_lock_of(item->text, &lock));
    lacks = vault->again ? vault_lacks(vault->again, &lock) : KEY_FREE;
    if (lacks == KEY_OF_DAY && lock.day >= vault->newest_closed_day) {
        vault->newest_closed_day = lock.day;
        vault->day_index = item->index;
    } else if (lacks == KEY_OF_PERSON) {
        TRY(person_of(vault, lock.person, &person, err));
        assert(person);
        person->index = item->index; /* the newest: nearest to the keys that are here */
        person->lacks = true;
    }
    return OK;
}

status verify_vault_text(struct verify_vault *vault, const struct store_private *item, const uint8_t *commitment,
                         struct str *ret_text, struct err *err)
{
    struct vault_stored stored = { item, commitment };
    struct vault_lock lock;
    status s = { CODE_NOT_FOUND };

    if (vault_lock_of(item->text, &lock).code)
        return err_set(err, CODE_CORRUPT, "it is not sealed as this version seals");
    arena_reset(&vault->opened);
    if (vault->keys)
        s = vault_unseal_text(vault->keys, &stored, &vault->opened, ret_text, err);
    if (s.code == CODE_NOT_FOUND && vault->again)
        s = vault_unseal_text(vault->again, &stored, &vault->opened, ret_text, err);
    if (s.code == CODE_NOT_FOUND)
        TRY(closed_note(vault, item, err));
    return s;
}

status verify_vault_name(struct verify_vault *vault, const struct store_alias *alias, struct name_new *ret_name,
                         struct err *err)
{
    status s;

    arena_reset(&vault->opened);
    if (!vault->keys)
        return (status){ CODE_NOT_FOUND };
    s = vault_unseal_name(vault->keys, alias, &vault->opened, ret_name, err);
    if (s.code == CODE_NOT_FOUND && vault->again)
        s = vault_unseal_name(vault->again, alias, &vault->opened, ret_name, err);
    return s;
}

status verify_vault_end(const struct verify_vault *vault, struct err *err)
{
    const struct table *records = &vault->persons.records;

    for (uint32_t place = 0; place < records->used; place++) {
        const struct person *person = table_at(records, place);

        if (person->lacks && !person->erased && person->index > vault->replaced_at)
            return err_set(err, CODE_CORRUPT,
                           "entry %" PRIu64 ": its private text has no key, and nobody was erased whose it could be",
                           person->index);
    }
    if (vault->newest_closed_day >= vault->kept_from_day && vault->newest_closed_day &&
        vault->day_index > vault->replaced_at)
        return err_set(err, CODE_CORRUPT, "entry %" PRIu64 ": its private text has no key, and its day was not dropped",
                       vault->day_index);
    return OK;
}
