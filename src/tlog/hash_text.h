/*
 * tlog/hash_text: a hash as a line of text: 44 characters of base64 (RFC 4648 section 4), read strictly.
 */
#ifndef TLOG_HASH_TEXT_H
#define TLOG_HASH_TEXT_H

#include "codec/base64.h"
#include "crypto/hash.h"

#define HASH_TEXT_BYTES BASE64_TEXT_BYTES(HASH_BYTES)

static inline void hash_text_add(struct buf *buf, const struct hash *hash)
{
    base64_add(buf, hash->bytes, sizeof hash->bytes);
}

/* CODE_INVALID for anything but 44 characters that stand for 32 bytes. */
MUST_CHECK static inline status hash_text_read(struct str text, struct hash *ret_hash)
{
    struct hash hash;

    TRY(base64_read_exact(text, hash.bytes, sizeof hash.bytes));
    *ret_hash = hash;
    return OK;
}

#endif
