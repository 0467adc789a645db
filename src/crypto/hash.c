/*
 * crypto/hash: OpenSSL's SHA-256 without its EVP layer.
 *
 * EVP_DigestInit allocates the digest's state anew for each hash (OpenSSL 3.0 to 3.5), even in a reused context: a hash
 * could then fail for want of memory, and costs a third more for a tree node. OpenSSL calls these functions deprecated;
 * they are the same code beneath EVP's default provider, and this file is the only one that uses them
 * (docs/decisions/0001).
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include <openssl/sha.h>

#include "base/memory.h"

/* The length of SHA-256's input block, which HMAC's padded key fills (RFC 2104 section 2). */
#define BLOCK_BYTES 64
#define INNER_PAD   0x36
#define OUTER_PAD   0x5c

_Static_assert(sizeof(SHA256_CTX) == sizeof(struct hash_stream), "a stream is OpenSSL's state under another name");
_Static_assert(SHA256_DIGEST_LENGTH == HASH_BYTES, "one length");

static void add(SHA256_CTX *context, struct str data)
{
    if (data.len > 0)
        SHA256_Update(context, data.at, data.len);
}

static struct hash end(SHA256_CTX *context)
{
    struct hash hash;

    SHA256_Final(hash.bytes, context);
    return hash;
}

struct hash hash_of(struct str data)
{
    return hash_of_parts(&data, 1);
}

struct hash hash_of_parts(const struct str *parts, size_t count)
{
    SHA256_CTX context;

    SHA256_Init(&context);
    for (size_t i = 0; i < count; i++)
        add(&context, parts[i]);
    return end(&context);
}

struct hash hash_leaf(struct str data)
{
    return hash_of_parts((struct str[]){ STR("\x00"), data }, 2);
}

/* One update of 65 bytes is faster than three. */
struct hash hash_node(const struct hash *left, const struct hash *right)
{
    char input[1 + 2 * HASH_BYTES] = { 0x01 };

    memcpy(input + 1, left->bytes, HASH_BYTES);
    memcpy(input + 1 + HASH_BYTES, right->bytes, HASH_BYTES);
    return hash_of((struct str){ input, sizeof input });
}

/* H((key ^ pad) || data). */
static struct hash padded_hash(const uint8_t key[BLOCK_BYTES], uint8_t pad, struct str data)
{
    uint8_t block[BLOCK_BYTES];
    struct hash hash;

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key[i] ^ pad;
    hash = hash_of_parts((struct str[]){ { (const char *)block, sizeof block }, data }, 2);
    memory_wipe(block, sizeof block);
    return hash;
}

struct hash hash_mac(struct str key, struct str data)
{
    uint8_t block[BLOCK_BYTES] = { 0 };
    struct hash hash;

    if (key.len > sizeof block) {
        hash = hash_of(key);
        key = hash_str(&hash);
    }
    if (key.len > 0)
        memcpy(block, key.at, key.len);
    hash = padded_hash(block, INNER_PAD, data);
    hash = padded_hash(block, OUTER_PAD, hash_str(&hash));
    memory_wipe(block, sizeof block);
    return hash;
}

bool hash_eq(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

struct str hash_str(const struct hash *hash)
{
    return (struct str){ (const char *)hash->bytes, HASH_BYTES };
}

/* The state moves in and out of the stream's opaque bytes, which the compiler does without copying. */
void hash_stream_begin(struct hash_stream *stream)
{
    SHA256_CTX context;

    SHA256_Init(&context);
    memcpy(stream, &context, sizeof context);
}

void hash_stream_add(struct hash_stream *stream, struct str data)
{
    SHA256_CTX context;

    memcpy(&context, stream, sizeof context);
    add(&context, data);
    memcpy(stream, &context, sizeof context);
}

struct hash hash_stream_end(struct hash_stream *stream)
{
    SHA256_CTX context;

    memcpy(&context, stream, sizeof context);
    return end(&context);
}
