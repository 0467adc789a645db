/*
 * engine/signed_head: the durable memory of the newest head that a key has signed, in a file of two slots.
 *
 * A slot (integers big-endian):
 *
 *     sequence  8 bytes   the newer slot has the larger one
 *     size      8
 *     root     32
 *     check    32         SHA-256("tallystick/signer-head/v1\0" || the public key || what stands before)
 *
 * The newer slot is never written over: a write that is torn, or fails, leaves the head that was signed last. A failed
 * write is repeated as a whole, so nothing depends on what the system has kept of it. The signer's thread.
 */
#ifndef ENGINE_SIGNED_HEAD_H
#define ENGINE_SIGNED_HEAD_H

#include "crypto/ed25519.h"
#include "engine/private_file.h"
#include "tlog/tree.h"

/* A zeroed one is closed. */
struct signed_head {
    struct private_file file;
    struct ed25519_public key;
    uint64_t sequence;
    struct tree_head head;
};

/* A new file that says that the key has signed nothing but the empty tree; the caller syncs the directory. */
MUST_CHECK status signed_head_create(const char *dir, const char *name, const struct ed25519_public *key,
                                     struct err *err);
/* CODE_CORRUPT when the file is missing, or neither slot is whole and of that key. */
MUST_CHECK status signed_head_open(const char *dir, const char *name, const struct ed25519_public *key,
                                   struct signed_head *ret_head, struct err *err);
void signed_head_close(struct signed_head *head);
/* Makes `next` the newest head, durably. On failure the old one is, in memory and on disk. */
MUST_CHECK status signed_head_move(struct signed_head *head, const struct tree_head *next, struct err *err);

#endif
