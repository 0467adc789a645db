/*
 * engine/vault_keys: the bytes of vault.keys, in which the keys of private texts lie apart from the data (P8).
 *
 * The file is a header and slots, 64 bytes each, so that one never crosses a disk's sector: a slot is written whole or
 * not at all, in place, and a key that is dropped is overwritten where it lay. A slot of zeros is free. Numbers are
 * big-endian; what stands before a check must have it (the first bytes of SHA-256).
 *
 *   header  magic (16), ledger (16), lapses_ms (8), made_ms (8), announced (1), zeros (7), check (8)
 *   slot    kind of holder (1), zeros (7), holder's id (16), key (32), check (8)
 *
 * Pure; any thread. Reading trusts nothing. It refuses to know what a key is for.
 */
#ifndef ENGINE_VAULT_KEYS_H
#define ENGINE_VAULT_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/typeid.h"
#include "crypto/aead.h"

#define KEY_UNIT_BYTES 64 /* header and slot */

struct key_header {
    struct id ledger;  /* its own service: keys of another ledger are refused */
    int64_t lapses_ms; /* a backup's end; 0: these are the ledger's own keys */
    int64_t made_ms;
    bool announced; /* the ledger knows of them: false for those that replaced lost ones */
};

enum key_holder_kind {
    KEY_FREE,
    KEY_OF_HOUSE,  /* names of organisations, teams and services; one */
    KEY_OF_DAY,    /* id.lo: days since 1970-01-01 */
    KEY_OF_PERSON, /* a user */
    KEY_HOLDER_KINDS
};

struct key_holder {
    enum key_holder_kind kind;
    struct id id;
};

struct key_slot {
    struct key_holder holder; /* kind KEY_FREE: the rest is zeros */
    struct aead_key key;
};

void key_header_write(const struct key_header *header, uint8_t *ret_bytes);
/* CODE_CORRUPT when the bytes are not what key_header_write gives. */
MUST_CHECK status key_header_read(const uint8_t *bytes, struct key_header *ret_header);
void key_slot_write(const struct key_slot *slot, uint8_t *ret_bytes);
MUST_CHECK status key_slot_read(const uint8_t *bytes, struct key_slot *ret_slot);

static inline bool key_holder_eq(const struct key_holder *a, const struct key_holder *b)
{
    return a->kind == b->kind && id_eq(a->id, b->id);
}

#endif
