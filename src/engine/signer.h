/*
 * engine/signer: the only holder of the ledger's key, and its durable memory of the newest head it signed.
 *
 * It signs a checkpoint only if its tree is at least as large as, and at the same size equal to, the head it signed
 * last (P3); the head is durable (two slots, written in turn, each with a hash of itself, fsynced) before a signature
 * leaves. Files in the data directory: `ledger.key` (0600, the private form of the verifier key) and `signer.head`. One
 * thread: the publisher's. A process of its own takes this header's place in a later version.
 */
#ifndef ENGINE_SIGNER_H
#define ENGINE_SIGNER_H

#include "base/buf.h"
#include "base/err.h"
#include "tlog/checkpoint.h"

struct signer;

/* Makes a key and an empty head. CODE_CONFLICT when there is one. */
MUST_CHECK status signer_create(const char *dir, struct str origin, struct err *err);
/* CODE_CORRUPT when neither slot of the head is whole; CODE_INVALID for a key file others can read. */
MUST_CHECK status signer_open(const char *dir, struct signer **ret_signer, struct err *err);
void signer_close(struct signer *signer); /* accepts NULL */
const struct vkey *signer_vkey(const struct signer *signer);
/* What was signed last; size 0 at the beginning. */
struct tree_head signer_head(const struct signer *signer);
/*
 * Appends the signed note. CODE_CONFLICT when the head does not follow the last one signed (the text says both);
 * CODE_IO or CODE_DISK_FULL when the memory can't be made durable: then nothing was signed.
 */
MUST_CHECK status signer_sign(struct signer *signer, const struct tree_head *head, struct buf *note, struct err *err);

#endif
