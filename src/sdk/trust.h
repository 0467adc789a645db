/*
 * sdk/trust: what a client knows of a ledger, so that nobody can show it another history (P3).
 *
 * Owns two memories on disk: which verifier key a server and an origin have (learned at first sight, or given by
 * TALLY_VKEY), and the newest checkpoint seen of each origin. A further checkpoint is believed only with a proof that
 * it extends that one, made from the ledger's own tiles. What fails is kept as evidence: both signed notes, in files
 * that the error names. A signature that contradicts another by the same key proves the fault to anybody.
 *
 * What it can't see: a server that shows this client alone another history from the first sight on. Against that stand
 * witnesses and other clients' checkpoints.
 */
#ifndef SDK_TRUST_H
#define SDK_TRUST_H

#include "sdk/client.h"
#include "tlog/proof.h"

#define FIRST_CHECKPOINT_PATIENCE_MS 5000 /* a server that has just begun signs within a second, a busy one later */

struct trust {
    struct client *client;
    struct vkey vkey;
    struct tree_head head;    /* the newest known to be consistent with all before */
    struct tree_head checked; /* of the note that trust_open or trust_see was shown last */
};

/*
 * Asks for the newest checkpoint and does with it as trust_see does; the first of a young server is waited for.
 * CODE_CORRUPT: the key is another than before, or the checkpoint contradicts one seen before. CODE_UNAVAILABLE: there
 * is none, even after FIRST_CHECKPOINT_PATIENCE_MS.
 */
MUST_CHECK status trust_open(struct client *client, struct trust *ret_trust, struct err *err);
/* A signed checkpoint of the same ledger, from a receipt say. CODE_CORRUPT as above. */
MUST_CHECK status trust_see(struct trust *trust, struct str note, struct err *err);
/*
 * That the ledger holds this leaf: proof is a tlog-proof, whose checkpoint is then seen. *ret_index tells where the
 * leaf stands. CODE_CORRUPT when anything of it does not hold, CODE_INVALID when it is no proof.
 */
MUST_CHECK status trust_prove(struct trust *trust, struct str proof, struct str leaf, uint64_t *ret_index,
                              struct err *err);

/* The newest head this user's clients saw of the log with that key; a size of 0 when they saw none. Asks nobody. */
MUST_CHECK status trust_remembered(const struct vkey *vkey, struct tree_head *ret_head, struct err *err);

#endif
