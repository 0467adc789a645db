/*
 * engine/vault_parts: what the files behind vault.h share. Nobody else includes it.
 */
#ifndef ENGINE_VAULT_PARTS_H
#define ENGINE_VAULT_PARTS_H

#include <pthread.h>

#include "base/guard.h"
#include "base/map.h"
#include "base/table.h"
#include "engine/private_file.h"
#include "engine/vault.h"

#define VAULT_CHECK_BYTES 8

/* What seals: derived from the keys of holders. */
struct derived {
    struct aead_key key;
    uint8_t check[VAULT_CHECK_BYTES];
};

/* A key. Its place in the table is its slot in the file. A free place is all zeros beyond its first bytes. */
struct record {
    uint32_t free_link; /* the table's */
    bool damaged;       /* the slot can't be read, and is left alone: it has no holder */
    bool pending;       /* not in the file yet */
    uint32_t today_day;
    struct key_slot slot;
    struct derived alone;
    struct derived today; /* a person's, with the key of today_day; 0: none */
};

struct vault {
    struct private_file file;
    struct key_header header;
    struct guard guard; /* over the records and their map, which only one thread changes */
    struct table records;
    struct map by_holder;
    uint32_t *pending;
    size_t pending_count;
    size_t pending_capacity;
    struct aead *sealing;
    struct aead *opening;
    pthread_mutex_t opening_lock;
};

static inline struct record *record_at(const struct vault *vault, uint32_t place)
{
    return table_at(&vault->records, place);
}
static inline bool record_is_held(const struct record *record)
{
    return record->slot.holder.kind != KEY_FREE;
}

/* ---- vault.c ---- */

/* MAP_NONE when the holder has no key. */
uint32_t vault_find(const struct vault *vault, const struct key_holder *holder);
/* The record in that place becomes this key. CODE_CORRUPT when its holder has one already; CODE_NO_MEMORY. */
MUST_CHECK status vault_keep(struct vault *vault, uint32_t place, const struct key_slot *slot);
MUST_CHECK status vault_find_or_make(struct vault *vault, const struct key_holder *holder, struct entropy *entropy,
                                     struct record **ret_record);

/* ---- vault_seal.c ---- */

/* Fills record->alone. */
void vault_derive_alone(struct record *record);

/* ---- vault_file.c ---- */

static inline uint64_t slot_offset(uint32_t place)
{
    return ((uint64_t)place + 1) * KEY_UNIT_BYTES;
}
MUST_CHECK status slot_write(const struct private_file *file, const struct key_slot *slot, uint64_t at,
                             struct err *err);

#endif
