/*
 * engine/vault: keys by their holders: made, written, dropped.
 */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "engine/vault_parts.h"

static uint64_t holder_hash(const struct key_holder *holder)
{
    return id_hash(holder->id) ^ (uint64_t)holder->kind << 62;
}

static uint64_t hash_of_record(const void *owner, uint32_t place)
{
    return holder_hash(&record_at(owner, place)->slot.holder);
}

static bool record_equals(const void *owner, uint32_t place, const void *key)
{
    return key_holder_eq(&record_at(owner, place)->slot.holder, key);
}

static const struct map_kind by_holder = { hash_of_record, record_equals };

uint32_t vault_find(const struct vault *vault, const struct key_holder *holder)
{
    return map_find(&vault->by_holder, &by_holder, vault, holder_hash(holder), holder);
}

status vault_keep(struct vault *vault, uint32_t place, const struct key_slot *slot)
{
    struct record *record = record_at(vault, place);

    if (vault_find(vault, &slot->holder) != MAP_NONE)
        return (status){ CODE_CORRUPT };
    TRY(map_reserve(&vault->by_holder, &by_holder, vault, 1));
    record->slot = *slot;
    vault_derive_alone(record);
    map_put(&vault->by_holder, holder_hash(&slot->holder), place);
    return OK;
}

/* A new key in a place of its own, to be written by vault_sync. */
static status make(struct vault *vault, const struct key_holder *holder, struct entropy *entropy, uint32_t *ret_place)
{
    struct key_slot slot = { .holder = *holder };
    uint32_t place;
    status s;

    TRY(memory_grow((void **)&vault->pending, &vault->pending_capacity, vault->pending_count + 1, vault->records.max,
                    sizeof(*vault->pending)));
    guard_write(&vault->guard);
    s = table_left(&vault->records) ? table_reserve(&vault->records, 1) : (status){ CODE_TOO_LARGE };
    if (!s.code)
        s = map_reserve(&vault->by_holder, &by_holder, vault, 1);
    if (!s.code) {
        place = table_take(&vault->records);
        entropy_fill(entropy, slot.key.bytes, sizeof(slot.key.bytes));
        s = vault_keep(vault, place, &slot);
        assert(!s.code);
        record_at(vault, place)->pending = true;
        vault->pending[vault->pending_count++] = place;
        *ret_place = place;
    }
    guard_leave(&vault->guard);
    memory_wipe(&slot, sizeof(slot));
    return s;
}

status vault_find_or_make(struct vault *vault, const struct key_holder *holder, struct entropy *entropy,
                          struct record **ret_record)
{
    uint32_t place = vault_find(vault, holder);

    if (place == MAP_NONE)
        TRY(make(vault, holder, entropy, &place));
    *ret_record = record_at(vault, place);
    return OK;
}

status vault_sync(struct vault *vault, struct err *err)
{
    if (!vault->pending_count)
        return OK;
    for (size_t i = 0; i < vault->pending_count; i++) {
        uint32_t place = vault->pending[i];

        if (record_at(vault, place)->pending) /* else it was dropped meanwhile */
            TRY(slot_write(&vault->file, &record_at(vault, place)->slot, slot_offset(place), err));
    }
    TRY(private_file_sync(&vault->file, err));
    for (size_t i = 0; i < vault->pending_count; i++)
        record_at(vault, vault->pending[i])->pending = false;
    vault->pending_count = 0;
    return OK;
}

/* ---- Dropping ---- */

static void forget(struct vault *vault, uint32_t place)
{
    map_remove(&vault->by_holder, &by_holder, vault, place);
    memory_wipe(record_at(vault, place), sizeof(struct record));
    table_give(&vault->records, place);
}

/* What was derived from a day's key goes with it. */
static void todays_forget(struct vault *vault)
{
    for (uint32_t place = 0; place < vault->records.used; place++) {
        struct record *record = record_at(vault, place);

        if (record_is_held(record) && record->today_day) {
            memory_wipe(&record->today, sizeof(record->today));
            record->today_day = 0;
        }
    }
}

static status overwrite(struct vault *vault, uint32_t place, struct err *err)
{
    static const struct key_slot nothing = { .holder = { KEY_FREE, { 0, 0 } } };

    return slot_write(&vault->file, &nothing, slot_offset(place), err);
}

static status overwrite_refused(struct vault *vault, const struct vault_judge *judge, size_t *ret_count,
                                struct err *err)
{
    for (uint32_t place = 0; place < vault->records.used; place++) {
        const struct record *record = record_at(vault, place);

        if (!record_is_held(record) || judge->keeps(judge->context, &record->slot.holder))
            continue;
        TRY(overwrite(vault, place, err));
        ++*ret_count;
    }
    return *ret_count ? private_file_sync(&vault->file, err) : OK;
}

status vault_retain(struct vault *vault, const struct vault_judge *judge, struct err *err)
{
    size_t count = 0;

    TRY(vault_sync(vault, err)); /* so that no place waits to be written */
    TRY(overwrite_refused(vault, judge, &count, err));
    if (!count)
        return OK;
    guard_write(&vault->guard);
    for (uint32_t place = 0; place < vault->records.used; place++) {
        const struct record *record = record_at(vault, place);

        if (record_is_held(record) && !judge->keeps(judge->context, &record->slot.holder))
            forget(vault, place);
    }
    todays_forget(vault);
    guard_leave(&vault->guard);
    return OK;
}

status vault_drop_person(struct vault *vault, struct id person, struct err *err)
{
    struct key_holder holder = { KEY_OF_PERSON, person };
    uint32_t place;

    TRY(vault_sync(vault, err));
    place = vault_find(vault, &holder);
    if (place == MAP_NONE)
        return OK;
    TRY(overwrite(vault, place, err));
    TRY(private_file_sync(&vault->file, err));
    guard_write(&vault->guard);
    forget(vault, place);
    guard_leave(&vault->guard);
    return OK;
}

uint32_t vault_first_day(const struct vault *vault)
{
    uint32_t first = UINT32_MAX;

    for (uint32_t place = 0; place < vault->records.used; place++) {
        const struct key_holder *holder = &record_at(vault, place)->slot.holder;

        if (holder->kind == KEY_OF_DAY && holder->id.lo < first)
            first = (uint32_t)holder->id.lo;
    }
    return first;
}

uint64_t vault_key_count(struct vault *vault)
{
    uint64_t count;

    guard_read(&vault->guard);
    count = vault->by_holder.count;
    guard_leave(&vault->guard);
    return count;
}
