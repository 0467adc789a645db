/*
 * crypto/ed25519: Ed25519 signatures (RFC 8032, pure mode, empty context).
 *
 * Owns private keys behind an OpenSSL handle that wipes them when freed. It refuses every length but the one right
 * length, and any other curve or mode. A key may sign on several threads at once.
 */
#ifndef CRYPTO_ED25519_H
#define CRYPTO_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entropy.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

#define ED25519_SEED_BYTES      32
#define ED25519_PUBLIC_BYTES    32
#define ED25519_SIGNATURE_BYTES 64

struct ed25519_public {
    uint8_t bytes[ED25519_PUBLIC_BYTES];
};

struct ed25519_signature {
    uint8_t bytes[ED25519_SIGNATURE_BYTES];
};

/* A private key; a zeroed one is closed. */
struct ed25519_key {
    struct evp_pkey_st *handle;
    struct ed25519_public public_key;
};

/* A fresh seed: the private key is a function of these 32 bytes alone. */
void ed25519_seed_new(struct entropy *entropy, struct secret *ret_seed);
/* CODE_INVALID when the seed is not 32 bytes long. The seed may be wiped afterwards. Close with ed25519_close. */
MUST_CHECK status ed25519_open(const struct secret *seed, struct ed25519_key *ret_key, struct err *err);
void ed25519_close(struct ed25519_key *key);
/*
 * Keys opened from now on lie in memory that is not swapped out, is in no core dump and has guard pages. Once, before
 * the first key; false when the system gives no such memory, and then they lie as before.
 */
bool ed25519_lock_keys(void);
/* The seed of an open key, to be stored; wipe it with secret_free. */
void ed25519_seed(const struct ed25519_key *key, struct secret *ret_seed);

/* Deterministic: the same message gives the same signature. CODE_NO_MEMORY is its only failure. */
MUST_CHECK status ed25519_sign(const struct ed25519_key *key, struct str message,
                               struct ed25519_signature *ret_signature, struct err *err);
/* OK only for a signature of exactly 64 bytes that verifies; else CODE_CORRUPT, or CODE_NO_MEMORY. */
MUST_CHECK status ed25519_verify(const struct ed25519_public *public_key, struct str message, struct str signature,
                                 struct err *err);

#endif
