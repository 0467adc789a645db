/*
 * tlog/proof: the ".tlog-proof" file (C2SP tlog-proof): one entry's index, its inclusion path and a signed checkpoint,
 * so that anybody can check offline that the entry is in the log. This is the receipt of DESIGN section 4 (P6).
 *
 * Owns the text of it and refuses any second spelling. Pure; any thread. Slices point into the text that was parsed.
 */
#ifndef TLOG_PROOF_H
#define TLOG_PROOF_H

#include "tlog/checkpoint.h"

#define PROOF_EXTRA_MAX_BYTES 65535 /* of data: as much as an entry may have */
/* Header, extra in base64, index, hashes and note; each below this. */
#define PROOF_MAX_BYTES (128 + PROOF_EXTRA_MAX_BYTES / 3 * 4 + PROOF_MAX_HASHES * 45 + NOTE_MAX_BYTES)

struct proof {
    struct str extra_base64; /* unauthenticated application data as valid base64; empty when there is none */
    uint64_t index;
    struct tree_path path;
    struct str checkpoint; /* the signed note; parsed by proof_verify, not before */
};

/* CODE_INVALID names what is wrong; CODE_TOO_LARGE past the maxima above. */
MUST_CHECK status proof_parse(struct str text, struct proof *ret_proof, struct err *err);
void proof_add(struct buf *buf, const struct proof *proof);
/*
 * OK when the log with this key has signed a tree that has the leaf at proof->index. The checkpoint's slices point into
 * the proof. Cosignatures beside it are for note_verify. Failures are those of checkpoint_open and
 * tree_check_inclusion.
 */
MUST_CHECK status proof_verify(const struct proof *proof, const struct hash *leaf_hash, const struct vkey *log,
                               struct checkpoint *ret_checkpoint, struct err *err);

#endif
