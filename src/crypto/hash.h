/*
 * crypto/hash: SHA-256 (FIPS 180-4) in the shapes that the ledger needs, and HMAC-SHA-256 (RFC 2104) made of it.
 *
 * It refuses other algorithms and other lengths. Nothing here can fail or allocates memory, so that a hash never is a
 * reason to stop; docs/decisions/0001 says what that costs. Any thread.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define HASH_BYTES 32

struct hash {
    uint8_t bytes[HASH_BYTES];
};

struct hash hash_of(struct str data);
/* Of the parts one after the other, as if they were one text. */
struct hash hash_of_parts(const struct str *parts, size_t count);
/* RFC 6962 section 2.1: a leaf is SHA-256(0x00 || data), an inner node SHA-256(0x01 || left || right). */
struct hash hash_leaf(struct str data);
struct hash hash_node(const struct hash *left, const struct hash *right);
/* HMAC-SHA-256; any key length. Compare macs with secret_equals, never with hash_eq. */
struct hash hash_mac(struct str key, struct str data);
/* Not constant in time: for hashes that are public. */
bool hash_eq(const struct hash *a, const struct hash *b);
struct str hash_str(const struct hash *hash);

/* For what does not lie in memory at once. Holds no resources. Not for several threads. */
struct hash_stream {
    uint64_t state[14]; /* OpenSSL's, opaque here */
};

/* Starts a new hash; what an earlier one had collected is forgotten. */
void hash_stream_begin(struct hash_stream *stream);
void hash_stream_add(struct hash_stream *stream, struct str data);
/* The hash of everything added since hash_stream_begin, which must come first again before the next. */
struct hash hash_stream_end(struct hash_stream *stream);

#endif
