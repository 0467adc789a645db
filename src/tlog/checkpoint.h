/*
 * tlog/checkpoint: the statement a log signs (C2SP tlog-checkpoint): origin, size and root of its tree, each on a line,
 * then extension lines.
 *
 * Owns the text of it. It refuses sizes and roots that have a second spelling, and empty lines. Only who keeps the
 * newest one and demands a consistency proof for the next has proof of one history (P3). Pure; any thread. Slices point
 * into the text that was parsed.
 */
#ifndef TLOG_CHECKPOINT_H
#define TLOG_CHECKPOINT_H

#include "tlog/note.h"
#include "tlog/tree.h"

/* Longest text without extension lines: origin, 19 digits, a root. */
#define CHECKPOINT_MAX_BYTES (ORIGIN_MAX_BYTES + 1 + 19 + 1 + 44 + 1)

struct checkpoint {
    struct str origin; /* at most ORIGIN_MAX_BYTES; not empty, no newline */
    struct tree_head head;
    struct str extensions; /* whole lines with their newlines, mostly none */
};

/* The text of a note. CODE_INVALID names what is wrong, CODE_TOO_LARGE for an origin above ORIGIN_MAX_BYTES. */
MUST_CHECK status checkpoint_parse(struct str text, struct checkpoint *ret_checkpoint, struct err *err);
void checkpoint_add(struct buf *buf, const struct checkpoint *checkpoint);

/* A complete signed checkpoint by `key`, whose name becomes the origin. */
MUST_CHECK status checkpoint_sign(struct buf *note, const struct tree_head *head, const struct skey *key,
                                  struct err *err);
/* The same in two halves, for a key that lies elsewhere: the signature alone … */
MUST_CHECK status checkpoint_signature(const struct tree_head *head, const struct skey *key,
                                       struct ed25519_signature *ret_signature, struct err *err);
/* … and the complete checkpoint with it. CODE_CORRUPT, and nothing is added, when it is not that key's of that head. */
MUST_CHECK status checkpoint_complete(struct buf *note, const struct tree_head *head, const struct vkey *vkey,
                                      const struct ed25519_signature *signature, struct err *err);
/* Whether the key signed a checkpoint of that head, without extension lines. CODE_CORRUPT, or CODE_NO_MEMORY. */
MUST_CHECK status checkpoint_verify(const struct tree_head *head, struct str signature, const struct vkey *log,
                                    struct err *err);
/*
 * Parses and verifies a signed checkpoint of the log with this key, whose name must be the origin, as the log's
 * operators SHOULD and this project's do. Other signatures may stand beside it. CODE_CORRUPT for a bad signature or
 * another origin, CODE_NOT_FOUND when the log did not sign it, else as note_parse and checkpoint_parse.
 */
MUST_CHECK status checkpoint_open(struct str note, const struct vkey *log, struct checkpoint *ret_checkpoint,
                                  struct err *err);

#endif
