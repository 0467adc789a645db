/*
 * tlog/note: signed notes (C2SP signed-note): text, a blank line, and lines "— <key name> <base64(key id, signature)>".
 *
 * Owns the envelope and the rules of verification; what the text means is for others (tlog/checkpoint). It refuses
 * control characters, invalid UTF-8, more than NOTE_MAX_SIGNATURES signatures and notes above NOTE_MAX_BYTES. Parsing
 * copies nothing: the slices point into the note, which must outlive them. Pure; any thread.
 */
#ifndef TLOG_NOTE_H
#define TLOG_NOTE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/limits.h"
#include "tlog/vkey.h"

struct note_signature {
    struct str name;
    uint32_t key_id;
    struct str base64; /* of the key id's four bytes and at least one more; valid base64 */
};

struct note {
    struct str text; /* with its last newline; what was signed */
    size_t count;    /* at least 1 */
    struct note_signature signatures[NOTE_MAX_SIGNATURES];
};

/* What verification found for one key. */
struct note_check {
    bool verified;
    int64_t time_s; /* of a cosignature; 0 for a plain signature */
};

/* Whether a note may have this text: not empty, ends in a newline, UTF-8, no control character but newlines. */
bool note_text_is_valid(struct str text);
/* CODE_INVALID names what is wrong; CODE_TOO_LARGE past the maxima above. */
MUST_CHECK status note_parse(struct str bytes, struct note *ret_note, struct err *err);
/*
 * Checks the signatures of known keys. A line is known when a key has its name and its id; other lines are ignored. One
 * known line that does not verify refuses the whole note (CODE_CORRUPT), so does the lack of any known line
 * (CODE_NOT_FOUND). A key's first line counts, repeats are checked and dropped. ret_checks has one place for each key;
 * on failure none of them is verified.
 */
MUST_CHECK status note_verify(const struct note *note, const struct vkey *keys, size_t key_count,
                              struct note_check *ret_checks, struct err *err);

/* Starts a note: the text and the blank line. CODE_INVALID when note_text_is_valid says no. */
MUST_CHECK status note_begin(struct buf *note, struct str text, struct err *err);
/* Adds the line of a signature that was made elsewhere, without looking at it. */
MUST_CHECK status note_add_signature(struct buf *note, const struct vkey *key, struct str signature, struct err *err);
/* Adds the line of a plain signature by `key`, whose type must be VKEY_NOTE, over the text given to note_begin. */
MUST_CHECK status note_sign(struct buf *note, struct str text, const struct skey *key, struct err *err);
/* Adds the line of a cosignature; the key's type must be VKEY_COSIGNATURE. */
MUST_CHECK status note_cosign(struct buf *note, struct str text, const struct skey *key, int64_t time_s,
                              struct err *err);

#endif
