/*
 * crypto/aead: EVP's calls in their order. They fail for want of memory alone, but for the last one of opening, which
 * compares the tag.
 */
#include "crypto/aead.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/memory.h"

struct aead {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *context;
};

void aead_free(struct aead *aead)
{
    if (!aead)
        return;
    EVP_CIPHER_CTX_free(aead->context); /* which wipes the key */
    EVP_CIPHER_free(aead->cipher);
    memory_free(aead);
}

status aead_new(struct aead **ret_aead)
{
    struct aead *aead = memory_new(1, sizeof(*aead));

    if (!aead)
        return (status){ CODE_NO_MEMORY };
    aead->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    aead->context = EVP_CIPHER_CTX_new();
    if (!aead->cipher || !aead->context || EVP_EncryptInit_ex2(aead->context, aead->cipher, NULL, NULL, NULL) != 1) {
        ERR_clear_error();
        aead_free(aead);
        return (status){ CODE_NO_MEMORY };
    }
    *ret_aead = aead;
    return OK;
}

/* OpenSSL wants an address even for no bytes. */
static const unsigned char *bytes_of(struct str text)
{
    return (const unsigned char *)(text.at ? text.at : "");
}

/* OpenSSL's own queue of reasons must not grow, nor surprise the next caller on this thread. */
static status failed(enum code code)
{
    ERR_clear_error();
    return (status){ code };
}

/* Key, nonce and additional data. */
static bool begin(struct aead *aead, const struct aead_use *use, bool seals)
{
    int done = 0;

    assert(use->additional.len <= INT_MAX);
    return EVP_CipherInit_ex2(aead->context, NULL, use->key->bytes, use->nonce, seals, NULL) == 1 &&
           EVP_CipherUpdate(aead->context, NULL, &done, bytes_of(use->additional), (int)use->additional.len) == 1;
}

status aead_seal(struct aead *aead, const struct aead_use *use, struct str text, uint8_t *ret_sealed)
{
    int done = 0;
    int rest = 0;

    assert(text.len <= INT_MAX);
    if (!begin(aead, use, true) ||
        EVP_EncryptUpdate(aead->context, ret_sealed, &done, bytes_of(text), (int)text.len) != 1 ||
        EVP_EncryptFinal_ex(aead->context, ret_sealed + done, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, ret_sealed + text.len) != 1)
        return failed(CODE_NO_MEMORY);
    assert((size_t)done + (size_t)rest == text.len);
    return OK;
}

status aead_open(struct aead *aead, const struct aead_use *use, struct str sealed, uint8_t *ret_text)
{
    unsigned char tag[AEAD_TAG_BYTES];
    unsigned char nothing[1];
    struct str text = { sealed.at, sealed.len - AEAD_TAG_BYTES };
    int done = 0;
    int rest = 0;

    assert(sealed.len <= INT_MAX);
    if (sealed.len < AEAD_TAG_BYTES)
        return (status){ CODE_CORRUPT };
    memcpy(tag, sealed.at + text.len, sizeof(tag));
    if (!begin(aead, use, false) ||
        EVP_DecryptUpdate(aead->context, text.len ? ret_text : nothing, &done, bytes_of(text), (int)text.len) != 1 ||
        EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) != 1) {
        memory_wipe(ret_text, text.len);
        return failed(CODE_NO_MEMORY);
    }
    if (EVP_DecryptFinal_ex(aead->context, nothing, &rest) != 1) {
        memory_wipe(ret_text, text.len);
        return failed(CODE_CORRUPT);
    }
    return OK;
}
