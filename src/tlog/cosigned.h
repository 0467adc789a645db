/*
 * tlog/cosigned: cosignatures are brought to the checkpoint that they are of.
 *
 * What witnesses answer are bare signature lines, and what comes back in a file is the whole note with more lines than
 * before; both are checked against the checkpoint's own text and then joined to it. Lines of unknown keys are ignored
 * and never copied; a line of a known key that does not verify refuses all of them. Pure; any thread.
 */
#ifndef TLOG_COSIGNED_H
#define TLOG_COSIGNED_H

#include "tlog/note.h"

/*
 * Starts `ret_note`, which is empty, with the note's text and its lines by these keys, in the order of the note, each
 * key's first line alone. Their signatures must have been verified.
 */
MUST_CHECK status cosigned_begin(struct buf *ret_note, const struct note *note, const struct vkey *keys,
                                 size_t key_count, struct err *err);
/* Whose lines are looked for, and what was found of each. */
struct cosigners {
    const struct vkey *keys;
    size_t count;
    struct note_check *checks; /* as many */
};

/*
 * `note` is a complete note whose signatures are believed; `lines` are signature lines that are not. Makes `ret_note`,
 * which is empty, the note with those lines added that are by one of these keys and not there yet; the checks tell
 * which keys `lines` had, and their times. CODE_CORRUPT when one of them does not verify, CODE_NOT_FOUND when there is
 * none, CODE_INVALID when they are no signature lines.
 */
MUST_CHECK status cosigned_join(struct buf *ret_note, struct str note, struct str lines, const struct cosigners *by,
                                struct err *err);

#endif
