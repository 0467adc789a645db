/*
 * engine/signer_wire: what server and signer process say to each other: a fixed table of messages, one a packet.
 *
 *     asked       "\1h"                                                     hello: which key, and what it signed last
 *                 "\1s" size root origin-length origin count hashes         sign that tree
 *     answered    "\1H" size root vkey                                      to hello
 *                 "\1S" signature                                           to sign
 *                 "\1R" refusal size root                                   nothing was signed; what was, last
 *                 "\1F" code text                                           the signer could not begin
 *
 * The first byte is the version. Sizes are eight bytes, big-endian; roots and hashes 32, a signature 64; lengths,
 * counts, refusals and codes one byte; a vkey and a text are the packet's rest. There is no other message: nobody can
 * ask for a signature over bytes of his own, for the key, or for a smaller head.
 *
 * Both ends are strict: a packet that is longer, shorter, of another version or says what can't be is CODE_INVALID, and
 * whoever got it ends the conversation. Pure; slices point into the packet. Any thread.
 */
#ifndef ENGINE_SIGNER_WIRE_H
#define ENGINE_SIGNER_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/ed25519.h"
#include "tlog/tree.h"
#include "tlog/vkey.h"

/* The longest question: an origin and a whole proof. */
#define SIGNER_ASK_MAX_BYTES    (2 + 8 + HASH_BYTES + 1 + ORIGIN_MAX_BYTES + 1 + PROOF_MAX_HASHES * HASH_BYTES)
#define SIGNER_ANSWER_MAX_BYTES (3 + 8 + HASH_BYTES + VKEY_MAX_BYTES + ERR_TEXT_MAX_BYTES)

/* Why a signer signs nothing. The first four are P3 at work: asking again is no use. */
enum signer_refusal {
    REFUSAL_NONE,
    REFUSAL_SMALLER,    /* than what was signed last */
    REFUSAL_OTHER_ROOT, /* at the size that was signed last */
    REFUSAL_NO_PROOF,   /* that the tree extends what was signed last */
    REFUSAL_ORIGIN,     /* the key is another ledger's */
    REFUSAL_DISK,       /* the new head can't be made durable */
    REFUSAL_DISK_FULL,
    REFUSAL_MEMORY,
    REFUSAL_COUNT
};

/* A tree to be signed. */
struct sign_request {
    struct tree_head head;
    struct str origin;      /* at most ORIGIN_MAX_BYTES */
    struct tree_path proof; /* that it extends the one signed last */
};

enum signer_ask_kind { SIGNER_ASK_HELLO, SIGNER_ASK_SIGN };
struct signer_ask {
    enum signer_ask_kind kind;
    struct sign_request sign;
};

enum signer_answer_kind { SIGNER_ANSWER_HELLO, SIGNER_ANSWER_SIGNATURE, SIGNER_ANSWER_REFUSAL, SIGNER_ANSWER_FAILURE };
struct signer_answer {
    enum signer_answer_kind kind;
    struct tree_head head; /* of hello and refusal: what was signed last */
    struct str vkey;
    struct ed25519_signature signature;
    enum signer_refusal refusal;
    status failure; /* why the signer could not begin … */
    struct str text;
};

/* Each appends one packet. The buf is a BUF_OVER of the maxima above. */
void signer_ask_add(struct buf *packet, const struct signer_ask *ask);
void signer_answer_add(struct buf *packet, const struct signer_answer *answer);
/* CODE_INVALID says what is wrong. */
MUST_CHECK status signer_ask_parse(struct str packet, struct signer_ask *ret_ask, struct err *err);
MUST_CHECK status signer_answer_parse(struct str packet, struct signer_answer *ret_answer, struct err *err);

#endif
