/*
 * engine/signer: the only holder of the ledger's key, and its durable memory of the newest head it signed.
 *
 * It signs a checkpoint only if its tree extends the head it signed last (P3): at least as large, equal at the same
 * size, and with a consistency proof between the two that it checks itself. The head is durable (two slots, written in
 * turn, each with a hash of itself, fsynced) before a signature leaves. It makes the text that is signed itself, from
 * the size, the root and its own origin, and signs nothing else.
 *
 * Who restores older data *and* the `signer.head` of that time gets a second history signed: this memory is all that it
 * has. Clients and witnesses see it.
 *
 * Files in the data directory: `ledger.key` (0600, the private form of the verifier key) and `signer.head`, whose slots
 * belong to that key: those of another are not whole; it is locked while it is open. One thread. In a server it lives
 * in a process of its own (daemon/signer_process), which engine/signer_client talks to.
 */
#ifndef ENGINE_SIGNER_H
#define ENGINE_SIGNER_H

#include "engine/signer_wire.h"
#include "tlog/checkpoint.h"

#define SIGNER_KEY_FILE  "ledger.key"
#define SIGNER_HEAD_FILE "signer.head"

struct signer;

/*
 * Makes a key and an empty head, durably; the directory must exist. CODE_CONFLICT when either file is there,
 * CODE_INVALID or CODE_TOO_LARGE for an origin that no key can have. On failure no new file is left.
 */
MUST_CHECK status signer_create(const char *dir, struct str origin, struct err *err);
/*
 * CODE_NOT_FOUND without a key; CODE_INVALID for a key that is none, or whose file others can read; CODE_CORRUPT when
 * the head is missing or neither of its slots is whole; CODE_BUSY when another process has it.
 */
MUST_CHECK status signer_open(const char *dir, struct signer **ret_signer, struct err *err);
void signer_close(struct signer *signer); /* accepts NULL */
const struct vkey *signer_vkey(const struct signer *signer);
/* What was signed last; the empty tree at the beginning. */
struct tree_head signer_head(const struct signer *signer);
/* The descriptor of its memory, for a sandbox that lets it write nothing else. */
int signer_descriptor(const struct signer *signer);
/* Signs, or says why not; REFUSAL_NONE: *ret_signature is there. After any other nothing was signed. */
enum signer_refusal signer_sign(struct signer *signer, const struct sign_request *request,
                                struct ed25519_signature *ret_signature);

#endif
