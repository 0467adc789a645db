/*
 * engine/signed_head: the durable memory of the newest head that a key has signed, in a file of two slots.
 *
 * A slot (integers big-endian):
 *
 *     sequence    8 bytes   the newer slot has the larger one
 *     size        8
 *     root       32
 *     signature  64         of the checkpoint with that size and root; zeros in a new file, where nothing was signed
 *     check      32         SHA-256("tallystick/signer-head/v2\0" || the public key || what stands before)
 *
 * So the file is the newest checkpoint that is sure to be kept, and whoever has the public key can see that the key did
 * sign it; the check alone anybody could make. The newer slot is never written over: a write that is torn, or fails,
 * leaves the head that was signed last. A failed write is repeated as a whole, so nothing depends on what the system
 * has kept of it. The signer's thread.
 */
#ifndef ENGINE_SIGNED_HEAD_H
#define ENGINE_SIGNED_HEAD_H

#include "crypto/ed25519.h"
#include "engine/private_file.h"
#include "tlog/checkpoint.h"

/* A zeroed one is closed. */
struct signed_head {
    struct private_file file;
    struct ed25519_public key;
    uint64_t sequence;
    struct tree_head head;
    struct ed25519_signature signature;
};

/* A new file that says that the key has signed nothing but the empty tree; the caller syncs the directory. */
MUST_CHECK status signed_head_create(const char *dir, const char *name, const struct ed25519_public *key,
                                     struct err *err);
/* CODE_CORRUPT when the file is missing, or neither slot is whole and of that key. */
MUST_CHECK status signed_head_open(const char *dir, const char *name, const struct ed25519_public *key,
                                   struct signed_head *ret_head, struct err *err);
void signed_head_close(struct signed_head *head);
/*
 * Makes `next` the newest head, durably, with the signature that must not leave before. On failure the old one is, in
 * memory and on disk.
 */
MUST_CHECK status signed_head_move(struct signed_head *head, const struct tree_head *next,
                                   const struct ed25519_signature *signature, struct err *err);
/*
 * Every byte of the file, for those who verify: both slots are whole and follow each other, nothing lies between and
 * behind them, and what they hold is signed. *ret_head is the newer one. CODE_CORRUPT says which is not so. A crash can
 * leave one slot that is not whole, and the next signature mends it: whether that is damage, only the one who asks can
 * know.
 */
MUST_CHECK status signed_head_verify(const char *dir, const char *name, const struct vkey *vkey,
                                     struct tree_head *ret_head, struct err *err);

#endif
