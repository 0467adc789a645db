/*
 * tlog/add_checkpoint: what a log sends to a witness (C2SP tlog-witness, the body of add-checkpoint): the size that the
 * log believes the witness cosigned last, a consistency proof from there, and the signed checkpoint.
 *
 *     old <size>
 *     <hash in base64>        up to 63 of them; none from size 0 or at the same size
 *     (blank line)
 *     <the signed note>
 *
 * Owns the text of it and refuses any second spelling. It does not look into the checkpoint: tlog/witness does. Pure;
 * any thread. Slices point into the text that was parsed.
 */
#ifndef TLOG_ADD_CHECKPOINT_H
#define TLOG_ADD_CHECKPOINT_H

#include "tlog/checkpoint.h"

#define ADD_CHECKPOINT_MAX_BYTES (32 + PROOF_MAX_HASHES * 45 + NOTE_MAX_BYTES)

struct add_checkpoint {
    uint64_t old_size;
    struct tree_path proof;
    struct str checkpoint; /* everything behind the blank line */
};

/* CODE_INVALID names what is wrong; CODE_TOO_LARGE past the maxima. */
MUST_CHECK status add_checkpoint_parse(struct str body, struct add_checkpoint *ret_request, struct err *err);
void add_checkpoint_add(struct buf *buf, const struct add_checkpoint *request);

#endif
