/*
 * crypto/hash: the reused context of each thread, and what is hashed with it.
 */
#include "crypto/hash.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "base/memory.h"

/* The length of SHA-256's input block, which HMAC's padded key fills (RFC 2104 section 2). */
#define BLOCK_BYTES 64

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_key_t contexts; /* frees a thread's context when the thread ends */
static bool contexts_made;
static EVP_MD *sha256; /* for the life of the process */
static _Thread_local EVP_MD_CTX *context_here;

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void start(void)
{
    contexts_made = pthread_key_create(&contexts, context_free) == 0;
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* The first initialisation names the algorithm and allocates its state; later ones reuse both and can't fail. */
static EVP_MD_CTX *context_new(void)
{
    EVP_MD_CTX *context = NULL;

    pthread_once(&started, start);
    if (sha256)
        context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex2(context, sha256, NULL) == 1)
        return context;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return NULL;
}

status hash_ready(struct err *err)
{
    EVP_MD_CTX *context;

    if (context_here)
        return OK;
    context = context_new();
    if (!context || !contexts_made || pthread_setspecific(contexts, context) != 0) {
        EVP_MD_CTX_free(context);
        return err_set(err, CODE_NO_MEMORY, "no memory for a SHA-256 context");
    }
    context_here = context;
    return OK;
}

static void restart(EVP_MD_CTX *context)
{
    int done = EVP_DigestInit_ex2(context, NULL, NULL);

    assert(done == 1);
    (void)done;
}

static void add(EVP_MD_CTX *context, const void *at, size_t len)
{
    int done = EVP_DigestUpdate(context, at, len);

    assert(done == 1);
    (void)done;
}

static struct hash end(EVP_MD_CTX *context)
{
    struct hash hash;
    int done = EVP_DigestFinal_ex(context, hash.bytes, NULL);

    assert(done == 1);
    (void)done;
    return hash;
}

/* This thread's context, empty. */
static EVP_MD_CTX *begin(void)
{
    if (!context_here) {
        status ready = hash_ready(NULL);

        assert(ready.code == CODE_OK);
        (void)ready;
    }
    restart(context_here);
    return context_here;
}

struct hash hash_of(struct str data)
{
    return hash_of_parts(&data, 1);
}

struct hash hash_of_parts(const struct str *parts, size_t count)
{
    EVP_MD_CTX *context = begin();

    for (size_t i = 0; i < count; i++)
        add(context, parts[i].at, parts[i].len);
    return end(context);
}

struct hash hash_leaf(struct str data)
{
    static const uint8_t prefix = 0x00;
    EVP_MD_CTX *context = begin();

    add(context, &prefix, sizeof prefix);
    add(context, data.at, data.len);
    return end(context);
}

/* One update of 65 bytes is faster than three. */
struct hash hash_node(const struct hash *left, const struct hash *right)
{
    uint8_t input[1 + 2 * HASH_BYTES];
    EVP_MD_CTX *context = begin();

    input[0] = 0x01;
    memcpy(input + 1, left->bytes, HASH_BYTES);
    memcpy(input + 1 + HASH_BYTES, right->bytes, HASH_BYTES);
    add(context, input, sizeof input);
    return end(context);
}

struct hash hash_mac(struct str key, struct str data)
{
    uint8_t pad[BLOCK_BYTES] = { 0 };
    struct str padded = { (const char *)pad, sizeof pad };
    struct hash inner;

    if (key.len > sizeof pad) {
        inner = hash_of(key);
        memcpy(pad, inner.bytes, HASH_BYTES);
    } else if (key.len) {
        memcpy(pad, key.at, key.len);
    }
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36;
    inner = hash_of_parts((struct str[]){ padded, data }, 2);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    inner = hash_of_parts((struct str[]){ padded, hash_str(&inner) }, 2);
    memory_wipe(pad, sizeof pad);
    return inner;
}

bool hash_eq(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

struct str hash_str(const struct hash *hash)
{
    return (struct str){ (const char *)hash->bytes, HASH_BYTES };
}

status hash_stream_begin(struct hash_stream *stream, struct err *err)
{
    if (!stream->context)
        stream->context = context_new();
    if (!stream->context)
        return err_set(err, CODE_NO_MEMORY, "no memory for a SHA-256 context");
    restart(stream->context);
    return OK;
}

void hash_stream_add(struct hash_stream *stream, struct str data)
{
    add(stream->context, data.at, data.len);
}

struct hash hash_stream_end(struct hash_stream *stream)
{
    return end(stream->context);
}

void hash_stream_free(struct hash_stream *stream)
{
    EVP_MD_CTX_free(stream->context);
    stream->context = NULL;
}
