/*
 * engine/signer: the only holder of the ledger's key, and its durable memory of the newest head it signed.
 *
 * It signs a checkpoint only if its tree is at least as large as, and at the same size equal to, the head it signed
 * last (P3); the head is durable (two slots, written in turn, each with a hash of itself, fsynced) before a signature
 * leaves. It sees sizes and roots alone: that the ledger's tree still has the root of signer_head at that size is for
 * whoever opens the ledger to check, before anything is signed.
 *
 * Files in the data directory: `ledger.key` (0600, the private form of the verifier key) and `signer.head`, whose slots
 * belong to that key: those of another are not whole. One thread: the publisher's; one process: the store's lock sees
 * to that. A process of its own takes this header's place in a later version.
 */
#ifndef ENGINE_SIGNER_H
#define ENGINE_SIGNER_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/checkpoint.h"

struct signer;

/*
 * Makes a key and an empty head, durably; the directory must exist. CODE_CONFLICT when either file is there,
 * CODE_INVALID or CODE_TOO_LARGE for an origin that no key can have. On failure no new file is left.
 */
MUST_CHECK status signer_create(const char *dir, struct str origin, struct err *err);
/*
 * CODE_NOT_FOUND without a key; CODE_INVALID for a key that is none, or whose file others can read; CODE_CORRUPT when
 * the head is missing or neither of its slots is whole.
 */
MUST_CHECK status signer_open(const char *dir, struct signer **ret_signer, struct err *err);
void signer_close(struct signer *signer); /* accepts NULL */
const struct vkey *signer_vkey(const struct signer *signer);
/* What was signed last; the empty tree at the beginning. */
struct tree_head signer_head(const struct signer *signer);
/*
 * Appends the signed note. CODE_CONFLICT when the head does not follow the last one signed (the text says both);
 * CODE_IO or CODE_DISK_FULL when the memory can't be made durable: then nothing was signed, and it may be tried again.
 */
MUST_CHECK status signer_sign(struct signer *signer, const struct tree_head *head, struct buf *note, struct err *err);

#endif
