/*
 * crypto/aead: authenticated encryption: AES-256-GCM (NIST SP 800-38D) with nonces of 12 and tags of 16 bytes.
 *
 * What was sealed opens only with the same key, nonce and additional data, byte for byte; anything else is
 * CODE_CORRUPT, and nothing of the text is given. A nonce must never serve twice under one key: they are random, so a
 * key must not seal more than 2^32 texts (section 8.3 there). It refuses other ciphers and shorter tags.
 *
 * An object holds OpenSSL's state between uses, because making it anew would cost more than sealing does. It serves one
 * thread; it keeps no text, and its key is wiped when it is freed.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define AEAD_KEY_BYTES   32
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES   16

struct aead;

MUST_CHECK status aead_new(struct aead **ret_aead);
void aead_free(struct aead *aead); /* accepts NULL */

struct aead_key {
    uint8_t bytes[AEAD_KEY_BYTES];
};

struct aead_use {
    const struct aead_key *key;
    const uint8_t *nonce; /* AEAD_NONCE_BYTES */
    struct str additional;
};

/* Writes text.len + AEAD_TAG_BYTES bytes: elsewhere, or where the text itself begins. CODE_NO_MEMORY. */
MUST_CHECK status aead_seal(struct aead *aead, const struct aead_use *use, struct str text, uint8_t *ret_sealed);
/* Writes sealed.len - AEAD_TAG_BYTES bytes. CODE_CORRUPT when it was not sealed so; then they are zeros. */
MUST_CHECK status aead_open(struct aead *aead, const struct aead_use *use, struct str sealed, uint8_t *ret_text);

#endif
