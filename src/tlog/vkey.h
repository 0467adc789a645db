/*
 * tlog/vkey: the public and private keys of signed notes as text (C2SP signed-note, "vkey", and the private form that
 * Go's tools use).
 *
 *     vkey   <name>+<key id, 8 lower-case hex digits>+<base64(type || public key)>
 *     skey   PRIVATE+KEY+<name>+<key id>+<base64(type || seed)>
 *
 * Owns the key id and what a key's name may be; refuses every type but Ed25519 note signatures and cosignatures, and a
 * key id that is not that of the key. Pure; any thread.
 */
#ifndef TLOG_VKEY_H
#define TLOG_VKEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "crypto/ed25519.h"

#define VKEY_MAX_BYTES (ORIGIN_MAX_BYTES + 1 + 8 + 1 + 44)
#define SKEY_MAX_BYTES (sizeof "PRIVATE+KEY+" - 1 + VKEY_MAX_BYTES)

/* The type byte of a key, and what its signatures are over. */
enum vkey_type {
    VKEY_NOTE = 0x01,       /* the note's text */
    VKEY_COSIGNATURE = 0x04 /* a timestamp and the note's text (tlog/cosignature) */
};

struct vkey {
    enum vkey_type type;
    uint32_t id;
    struct ed25519_public public_key;
    uint8_t name_len; /* 1 … ORIGIN_MAX_BYTES */
    char name[ORIGIN_MAX_BYTES];
};

/* A private key with its public half. Close with skey_close. */
struct skey {
    struct vkey vkey;
    struct ed25519_key key;
};

/* Whether a key may have this name: not empty, UTF-8 without control characters, Unicode spaces and '+'. */
bool vkey_name_is_valid(struct str name);
struct str vkey_name(const struct vkey *vkey);
/* CODE_INVALID for a name that is not allowed, CODE_TOO_LARGE above ORIGIN_MAX_BYTES. */
MUST_CHECK status vkey_new(struct str name, enum vkey_type type, const struct ed25519_public *public_key,
                           struct vkey *ret_vkey, struct err *err);
/* CODE_INVALID names what is wrong. */
MUST_CHECK status vkey_parse(struct str text, struct vkey *ret_vkey, struct err *err);
void vkey_add(struct buf *buf, const struct vkey *vkey);
bool vkey_eq(const struct vkey *a, const struct vkey *b);

/* The key of that seed under that name. CODE_INVALID, CODE_TOO_LARGE as vkey_new, or CODE_NO_MEMORY. */
MUST_CHECK status skey_open(struct str name, enum vkey_type type, const struct secret *seed, struct skey *ret_skey,
                            struct err *err);
void skey_close(struct skey *skey);
/* CODE_INVALID names what is wrong but shows nothing of the key. */
MUST_CHECK status skey_parse(struct str text, struct skey *ret_skey, struct err *err);
/* Writes the private form. Use a BUF_OVER of SKEY_MAX_BYTES and wipe it: a buf that grows leaves copies behind. */
void skey_add(struct buf *buf, const struct skey *skey);

#endif
