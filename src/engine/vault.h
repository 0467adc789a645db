/*
 * engine/vault: the keys of all text about people, and sealing under them (P8).
 *
 * What a leaf only commits to is kept sealed in the data file, and names are; the keys are kept here, in vault.keys,
 * which no copy of the data holds. Whoever is erased loses their key, and every copy of what was sealed under it, in
 * whatever backup, is noise from then on. Facts are never made of what this room knows: core and rules never read it.
 *
 * A text is sealed under the key of the person whom it is about together with the key of its UTC day, so that it goes
 * with either; without a person under the day's. A person's name and aliases are under the person's key alone, names of
 * organisations, teams and services under the house's, which nobody drops.
 *
 * Keys are made when they are first needed. The order is the promise: a key is durable (vault_sync) before the commit
 * that uses it, and an erasure is durable before its key is dropped; what a crash leaves undone between is done by
 * vault_retain at the next start.
 *
 * Threads: vault_unseal from any; everything else from the one thread that writes the ledger, or before there is one.
 */
#ifndef ENGINE_VAULT_H
#define ENGINE_VAULT_H

#include "base/arena.h"
#include "base/entropy.h"
#include "engine/vault_keys.h"

#define VAULT_FILE "vault.keys"
#define VAULT_NEW  "vault.keys.new" /* under construction */

/* What a sealed text has beside the text: version, keys, person, day, check of the key, nonce; and the tag. */
#define VAULT_HEAD_BYTES     (1 + 1 + 16 + 4 + 8 + AEAD_NONCE_BYTES)
#define VAULT_OVERHEAD_BYTES (VAULT_HEAD_BYTES + AEAD_TAG_BYTES)

struct vault;

/* Under which keys something is sealed. */
struct vault_lock {
    bool house; /* alone */
    bool with_day;
    struct id person; /* none: without one */
    uint32_t day;     /* since 1970-01-01; 0 without one */
};

#define VAULT_DAY_MS ((int64_t)86400 * 1000)
static inline uint32_t vault_day_of(int64_t time_ms)
{
    return (uint32_t)(time_ms / VAULT_DAY_MS);
}

/* An empty vault.keys (0600) in `dir`, durable. CODE_CONFLICT when there is one. */
MUST_CHECK status vault_create(const char *dir, const struct key_header *header, struct err *err);
/*
 * CODE_NOT_FOUND when there is no such file, CODE_CONFLICT when it is another ledger's or a backup that has lapsed by
 * now_ms, CODE_CORRUPT when it is none. A damaged slot is told in the log and left alone: what was sealed under its key
 * can't be read. A backup that is still good becomes the ledger's own keys.
 */
MUST_CHECK status vault_open(const char *dir, struct id ledger, int64_t now_ms, struct vault **ret_vault,
                             struct err *err);
/* To open sealed texts only, whosever keys these are, also while a server uses them. Changes nothing. */
MUST_CHECK status vault_open_reading(const char *dir, struct vault **ret_vault, struct err *err);
void vault_close(struct vault *vault); /* accepts NULL; wipes */

/* Whether the ledger has been told of these keys; and that it has. */
bool vault_is_announced(const struct vault *vault);
MUST_CHECK status vault_announce(struct vault *vault, struct err *err);

/*
 * Seals the parts, one after the other, for what `additional` says; opens only for the same. Makes the keys that are
 * not there yet, which vault_sync must have made durable before the text is. CODE_NO_MEMORY, CODE_TOO_LARGE (arena,
 * limits).
 */
struct vault_item {
    struct vault_lock lock;
    struct str additional;
    struct str parts[2];
};
MUST_CHECK status vault_seal(struct vault *vault, const struct vault_item *item, struct entropy *entropy,
                             struct arena *arena, struct str *ret_sealed);
/* Makes new keys durable: one write and sync for all of them, nothing when there are none. */
MUST_CHECK status vault_sync(struct vault *vault, struct err *err);

/* Reads the lock off a sealed text. CODE_CORRUPT when it has none. */
MUST_CHECK status vault_lock_of(struct str sealed, struct vault_lock *ret_lock);
/* Which of the keys that it needs is not here. */
enum key_holder_kind vault_lacks(struct vault *vault, const struct vault_lock *lock);
/*
 * Opens it into the arena. CODE_NOT_FOUND: a key that it needs is not here (dropped, or lost). CODE_CORRUPT: it was
 * changed, or sealed for something else or under another key of that holder; the text says which.
 */
struct vault_sealed {
    struct str sealed;
    struct str additional; /* as it was sealed for */
};
MUST_CHECK status vault_unseal(struct vault *vault, const struct vault_sealed *what, struct arena *arena,
                               struct str *ret_text, struct err *err);

/*
 * Drops every key whose holder `keeps` refuses: overwritten and durably so when this returns. Does the rest of what it
 * can when one fails, and can be called again.
 */
struct vault_judge {
    bool (*keeps)(const void *context, const struct key_holder *holder);
    const void *context;
};
MUST_CHECK status vault_retain(struct vault *vault, const struct vault_judge *judge, struct err *err);
/* The same for one person, found at once. */
MUST_CHECK status vault_drop_person(struct vault *vault, struct id person, struct err *err);
/* The first day that has a key; UINT32_MAX when none has. */
uint32_t vault_first_day(const struct vault *vault);
uint64_t vault_key_count(struct vault *vault);

/* Copies all keys into a new file (0600) of that name in `dir`; durable. Any thread. */
struct vault_span {
    int64_t made_ms;
    int64_t lapses_ms; /* 0: never, these are to be a ledger's own */
};
MUST_CHECK status vault_copy(struct vault *vault, const char *dir, const char *name, const struct vault_span *span,
                             struct err *err);

/* Copies vault.keys of one directory, as it is, into another that has none. CODE_NOT_FOUND. */
MUST_CHECK status vault_take(const char *from, const char *to, struct err *err);
/* Removes what lapsed of the backups of keys that vault_copy made in the directory of that name in `dir`. */
#define VAULT_COPIES "key-backups"
void vault_copies_end(const char *dir, struct id ledger, int64_t now_ms);

#endif
