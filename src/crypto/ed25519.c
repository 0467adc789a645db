/*
 * crypto/ed25519: the few EVP calls behind the interface, each with its failure.
 */
#include "crypto/ed25519.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define LOCKED_BYTES 16384 /* a few keys, and OpenSSL's own bookkeeping */

static void handle_free(EVP_PKEY **handle)
{
    EVP_PKEY_free(*handle);
}

static void context_free(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

/* OpenSSL wants an address even for no bytes. */
static const unsigned char *bytes_of(struct str text)
{
    return (const unsigned char *)(text.at ? text.at : "");
}

/* OpenSSL's own queue of reasons must not grow, nor surprise the next caller on this thread. */
static status out_of_memory(struct err *err)
{
    ERR_clear_error();
    return err_set(err, CODE_NO_MEMORY, "no memory for an Ed25519 key or signature");
}

void ed25519_seed_new(struct entropy *entropy, struct secret *ret_seed)
{
    _Static_assert(ED25519_SEED_BYTES <= SECRET_MAX_BYTES, "a seed is a secret");
    ret_seed->len = ED25519_SEED_BYTES;
    entropy_fill(entropy, ret_seed->bytes, ED25519_SEED_BYTES);
}

status ed25519_open(const struct secret *seed, struct ed25519_key *ret_key, struct err *err)
{
    AUTO(EVP_PKEY *, handle_free) handle = NULL;
    struct ed25519_public public_key;
    size_t len = sizeof public_key.bytes;

    if (seed->len != ED25519_SEED_BYTES)
        return err_set(err, CODE_INVALID, "an Ed25519 seed has %zu bytes, expected %d", seed->len, ED25519_SEED_BYTES);
    handle = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->bytes, seed->len);
    if (!handle || EVP_PKEY_get_raw_public_key(handle, public_key.bytes, &len) != 1)
        return out_of_memory(err);
    *ret_key = (struct ed25519_key){ .handle = handle, .public_key = public_key };
    handle = NULL;
    return OK;
}

bool ed25519_lock_keys(void)
{
    /* OpenSSL puts Ed25519 seeds into its secure heap when there is one; 2 means that it could not be locked. */
    return CRYPTO_secure_malloc_init(LOCKED_BYTES, ED25519_SEED_BYTES) == 1;
}

void ed25519_close(struct ed25519_key *key)
{
    EVP_PKEY_free(key->handle);
    *key = (struct ed25519_key){ 0 };
}

void ed25519_seed(const struct ed25519_key *key, struct secret *ret_seed)
{
    int done;

    ret_seed->len = ED25519_SEED_BYTES;
    done = EVP_PKEY_get_raw_private_key(key->handle, ret_seed->bytes, &ret_seed->len);
    assert(done == 1 && ret_seed->len == ED25519_SEED_BYTES);
    (void)done;
}

status ed25519_sign(const struct ed25519_key *key, struct str message, struct ed25519_signature *ret_signature,
                    struct err *err)
{
    AUTO(EVP_MD_CTX *, context_free) context = EVP_MD_CTX_new();
    struct ed25519_signature signature;
    size_t len = sizeof signature.bytes;

    if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, key->handle) != 1 ||
        EVP_DigestSign(context, signature.bytes, &len, bytes_of(message), message.len) != 1)
        return out_of_memory(err);
    *ret_signature = signature;
    return OK;
}

status ed25519_verify(const struct ed25519_public *public_key, struct str message, struct str signature,
                      struct err *err)
{
    AUTO(EVP_PKEY *, handle_free) handle = NULL;
    AUTO(EVP_MD_CTX *, context_free) context = NULL;

    if (signature.len != ED25519_SIGNATURE_BYTES)
        return err_set(err, CODE_CORRUPT, "an Ed25519 signature has %zu bytes, expected %d", signature.len,
                       ED25519_SIGNATURE_BYTES);
    handle = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key->bytes, sizeof public_key->bytes);
    context = EVP_MD_CTX_new();
    if (!handle || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, handle) != 1)
        return out_of_memory(err);
    if (EVP_DigestVerify(context, bytes_of(signature), signature.len, bytes_of(message), message.len) == 1)
        return OK;
    ERR_clear_error();
    return err_set(err, CODE_CORRUPT, "the Ed25519 signature does not verify");
}
