/*
 * cli/verify_vault: sealed texts and names, for who has the vault's keys beside the data (P8).
 *
 * Where vault.keys lies in the data directory each sealed text is opened, so that no byte of it can change unseen. A
 * key that is not there must be one whose end the entries record: of a user who was erased, of a day that was dropped,
 * or of keys that were lost and replaced. Without vault.keys nothing is opened, and that is said.
 */
#ifndef CLI_VERIFY_VAULT_H
#define CLI_VERIFY_VAULT_H

#include "cli/id_table.h"
#include "core/entry.h"
#include "engine/vault_items.h"

struct verify_vault {
    struct vault *keys;  /* before the head was read, after which somebody may have been erased; NULL: not here */
    struct vault *again; /* after it was read, before which somebody may have come */
    struct arena opened;
    struct id_table persons;    /* without a key, and those who were erased */
    uint64_t closed;            /* texts that could not be opened */
    uint64_t replaced_at;       /* the newest entry that says that older keys were lost; 0: none */
    uint32_t newest_closed_day; /* whose key is not there */
    uint64_t day_index;         /* the entry of its text */
    uint32_t kept_from_day;
};

/* Of a data directory, or of a file beside which there are no keys: before the head is read, and after. */
MUST_CHECK status verify_vault_begin(struct verify_vault *vault, const char *path, struct err *err);
MUST_CHECK status verify_vault_again(struct verify_vault *vault, const char *path, struct err *err);
void verify_vault_free(struct verify_vault *vault); /* accepts a zeroed one */
/* Each entry, in order. */
MUST_CHECK status verify_vault_entry(struct verify_vault *vault, uint64_t index, const struct entry *entry,
                                     struct err *err);
/*
 * The text, until the next call. CODE_NOT_FOUND: it is sealed under keys that are not here, and noted. CODE_CORRUPT
 * says what is wrong.
 */
MUST_CHECK status verify_vault_text(struct verify_vault *vault, const struct store_private *item,
                                    const uint8_t *commitment, struct str *ret_text, struct err *err);
/* The same for a name; what is closed is not noted. */
MUST_CHECK status verify_vault_name(struct verify_vault *vault, const struct store_alias *alias,
                                    struct name_new *ret_name, struct err *err);
/* After the last entry: each key that was not there is one whose end was recorded. */
MUST_CHECK status verify_vault_end(const struct verify_vault *vault, struct err *err);

#endif
