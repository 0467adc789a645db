/*
 * engine/vault_keys: fields at fixed places.
 */
#include "engine/vault_keys.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"

#define MAGIC       "tally keys 01\n\0" /* and the literal's own NUL */
#define CHECK_AT    56
#define CHECK_BYTES 8

enum {
    LEDGER_AT = 16,
    LAPSES_AT = 32,
    MADE_AT = 40,
    ANNOUNCED_AT = 48,
    HOLDER_AT = 8,
    KEY_AT = 24,
};

_Static_assert(sizeof(MAGIC) == LEDGER_AT, "the magic fills its place");
_Static_assert(KEY_AT + AEAD_KEY_BYTES == CHECK_AT, "a key fills its place");

static void put_u64(uint8_t *at, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

static void put_id(uint8_t *at, struct id id)
{
    put_u64(at, id.hi);
    put_u64(at + 8, id.lo);
}

static struct id get_id(const uint8_t *at)
{
    return (struct id){ get_u64(at), get_u64(at + 8) };
}

static void put_check(uint8_t *bytes)
{
    struct hash hash = hash_of((struct str){ (const char *)bytes, CHECK_AT });

    memcpy(bytes + CHECK_AT, hash.bytes, CHECK_BYTES);
}

void key_header_write(const struct key_header *header, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, KEY_UNIT_BYTES);
    memcpy(ret_bytes, MAGIC, sizeof(MAGIC));
    put_id(ret_bytes + LEDGER_AT, header->ledger);
    put_u64(ret_bytes + LAPSES_AT, (uint64_t)header->lapses_ms);
    put_u64(ret_bytes + MADE_AT, (uint64_t)header->made_ms);
    ret_bytes[ANNOUNCED_AT] = header->announced;
    put_check(ret_bytes);
}

status key_header_read(const uint8_t *bytes, struct key_header *ret_header)
{
    struct key_header header = { .ledger = get_id(bytes + LEDGER_AT),
                                 .lapses_ms = (int64_t)get_u64(bytes + LAPSES_AT),
                                 .made_ms = (int64_t)get_u64(bytes + MADE_AT),
                                 .announced = bytes[ANNOUNCED_AT] != 0 };
    uint8_t again[KEY_UNIT_BYTES];

    key_header_write(&header, again);
    if (memcmp(bytes, again, sizeof(again)) != 0)
        return (status){ CODE_CORRUPT };
    *ret_header = header;
    return OK;
}

void key_slot_write(const struct key_slot *slot, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, KEY_UNIT_BYTES);
    if (slot->holder.kind == KEY_FREE)
        return;
    ret_bytes[0] = (uint8_t)slot->holder.kind;
    put_id(ret_bytes + HOLDER_AT, slot->holder.id);
    memcpy(ret_bytes + KEY_AT, slot->key.bytes, AEAD_KEY_BYTES);
    put_check(ret_bytes);
}

status key_slot_read(const uint8_t *bytes, struct key_slot *ret_slot)
{
    struct key_slot slot = { .holder = { KEY_FREE, { 0 } } };
    uint8_t again[KEY_UNIT_BYTES];
    bool same;

    if (bytes[0] != KEY_FREE && bytes[0] < KEY_HOLDER_KINDS) {
        slot.holder = (struct key_holder){ (enum key_holder_kind)bytes[0], get_id(bytes + HOLDER_AT) };
        memcpy(slot.key.bytes, bytes + KEY_AT, AEAD_KEY_BYTES);
    }
    key_slot_write(&slot, again);
    same = memcmp(bytes, again, sizeof(again)) == 0;
    memory_wipe(again, sizeof(again));
    if (same)
        *ret_slot = slot;
    memory_wipe(&slot, sizeof(slot));
    return same ? OK : (status){ CODE_CORRUPT };
}
