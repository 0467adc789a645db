/*
 * engine/vault_items: what of an entry or a name is sealed, for whom, and as what (P8).
 *
 * An entry's private text is sealed with its salt, so that nobody can try texts against the leaf's commitment once the
 * key is gone; and for its place: part, index and commitment, so that it can't be shown as another entry's. A name is
 * sealed for its id and kind. An item of an entry has a part, so that a proof of its author can lie beside the text.
 *
 * Sealing on the ledger's writing thread; opening on any.
 */
#ifndef ENGINE_VAULT_ITEMS_H
#define ENGINE_VAULT_ITEMS_H

#include "core/private.h"
#include "engine/names.h"
#include "engine/vault.h"
#include "store/store.h"

/* What an item of an entry is. Once written, a number keeps its meaning. */
enum vault_part { VAULT_TEXT, VAULT_AUTHOR_PROOF };

/* With salt and sealing it is as long as the store takes. */
#define VAULT_TEXT_MAX_BYTES (65535 - VAULT_OVERHEAD_BYTES - PRIVATE_SALT_BYTES)

struct vault_text {
    enum vault_part part;
    uint64_t index;
    struct id person;          /* whom it is about; none: nobody who is known */
    int64_t time_ms;           /* of the entry */
    const uint8_t *commitment; /* HASH_BYTES */
    const uint8_t *salt;       /* PRIVATE_SALT_BYTES */
    struct str text;
};

/* As the store takes it; its text lies in the arena. */
MUST_CHECK status vault_seal_text(struct vault *vault, const struct vault_text *text, struct entropy *entropy,
                                  struct arena *arena, struct store_private *ret_item);
/* A stored item, and what its leaf commits to (HASH_BYTES). */
struct vault_stored {
    const struct store_private *item;
    const uint8_t *commitment;
};
/* Its text, after a look whether it is what the leaf commits to. Fails as vault_unseal. */
MUST_CHECK status vault_unseal_text(struct vault *vault, const struct vault_stored *stored, struct arena *arena,
                                    struct str *ret_text, struct err *err);

/* As name_to_alias, sealed: a person's name and aliases under the person's key, other aliases under that of name->day.
 */
MUST_CHECK status vault_seal_name(struct vault *vault, const struct name_new *name, struct entropy *entropy,
                                  struct arena *arena, struct store_alias *ret_alias);
/* As name_from_alias. The text lies in the arena. Fails as vault_unseal. */
MUST_CHECK status vault_unseal_name(struct vault *vault, const struct store_alias *alias, struct arena *arena,
                                    struct name_new *ret_name, struct err *err);

#endif
