/*
 * crypto/hash: SHA-256 (FIPS 180-4) in the shapes that the ledger needs, and HMAC-SHA-256 (RFC 2104) made of it.
 *
 * Owns one reused digest context a thread and one fetched algorithm a process: a fresh context costs more than the
 * hash of a short entry. It refuses other algorithms and other lengths. Any thread.
 *
 * A thread's first hash makes its context, and without memory for that there is no answer, so the process ends. Who
 * must not end it (the SDK in its host) calls hash_ready first on each thread; after that nothing here can fail.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define HASH_BYTES 32

struct hash {
    uint8_t bytes[HASH_BYTES];
};

/* Makes the calling thread's context, once. CODE_NO_MEMORY when there is none or OpenSSL offers no SHA-256. */
MUST_CHECK status hash_ready(struct err *err);

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

/* For what does not lie in memory at once. A zeroed stream is ready for hash_stream_begin. Not for several threads. */
struct hash_stream {
    struct evp_md_ctx_st *context;
};

/* Starts a new hash; what an earlier one had collected is forgotten. CODE_NO_MEMORY. */
MUST_CHECK status hash_stream_begin(struct hash_stream *stream, struct err *err);
void hash_stream_add(struct hash_stream *stream, struct str data);
/* The hash of everything added since hash_stream_begin, which must come first again before the next. */
struct hash hash_stream_end(struct hash_stream *stream);
void hash_stream_free(struct hash_stream *stream);

#endif
