/*
 * tlog/cosignature: Ed25519 cosignatures of a checkpoint (C2SP tlog-cosignature, type 0x04).
 *
 * A cosignature says: at this time this is the largest consistent tree that I have seen for this origin. It covers the
 * checkpoint's text and the time, not the cosigner's name, so one key must serve one cosigner. Owns the signed message
 * and the layout of the signature; who must cosign is a matter of witness policy. Pure; any thread.
 */
#ifndef TLOG_COSIGNATURE_H
#define TLOG_COSIGNATURE_H

#include <stdint.h>

#include "crypto/ed25519.h"

#define COSIGNATURE_BYTES (8 + ED25519_SIGNATURE_BYTES) /* time and signature, both as they stand in a note */

struct cosignature {
    uint8_t bytes[COSIGNATURE_BYTES];
};

/* Seconds since 1970; `text` is a checkpoint's text with its last newline. CODE_INVALID for a negative time,
 * CODE_TOO_LARGE or CODE_NO_MEMORY. */
MUST_CHECK status cosignature_sign(const struct ed25519_key *key, struct str text, int64_t time_s,
                                   struct cosignature *ret_cosignature, struct err *err);
/* The cosignature as it stands in a note after the key id. CODE_CORRUPT when it does not verify, else as above. */
MUST_CHECK status cosignature_verify(const struct ed25519_public *public_key, struct str text, struct str cosignature,
                                     int64_t *ret_time_s, struct err *err);

#endif
