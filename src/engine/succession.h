/*
 * engine/succession: a ledger ends, and another one continues it. The one way out of a lost end, of a key that must be
 * exchanged, and of a ledger that has become too large to keep at hand.
 *
 * The old one's last entry is ledger.sealed, which names the new one's key; its last checkpoint, signed, is kept beside
 * it. The new one begins with ledger.created and ledger.continues, which names the old one's key, size and root, and
 * the image of what was true then (core/carry). A ledger whose end is lost can't be sealed by its key, which has signed
 * more than there is: there the new one says what is missing (store.restored), and the old directory is left as it is.
 *
 * Nobody may be serving the old ledger. Each step can be repeated after one that was cut off, with the same
 * directories.
 */
#ifndef ENGINE_SUCCESSION_H
#define ENGINE_SUCCESSION_H

#include "base/err.h"
#include "base/limits.h"
#include "core/words.h"
#include "tlog/tree.h"
#include "tlog/vkey.h"

#define SEALED_FILE "sealed.checkpoint" /* the old ledger's last, in its directory */

struct succession {
    const char *old_dir;
    const char *new_dir; /* to be made; what a run that was cut off left there is used */
    struct str origin;   /* the new ledger's */
    enum reason reason;  /* REASON_LOST, or one that seals: _RETENTION, _KEY_CHANGE, _KEY_STOLEN */
};

struct succession_report {
    struct vkey old_vkey;
    struct tree_head old; /* that is continued */
    struct vkey vkey;     /* of the new ledger */
    uint64_t signed_size; /* what the old key signed last, when a loss is declared and it is known; else 0 */
};

/*
 * CODE_CONFLICT when a ledger is in new_dir already, or the old one was sealed for another; CODE_CORRUPT when the old
 * one's end is lost and the reason is another than REASON_LOST (the text says so). CODE_UNKNOWN when the last commit
 * may or may not have been made: a ledger in new_dir is then whole. Of the rest, what opening and making a ledger say.
 */
MUST_CHECK status ledger_continue(const struct succession *wanted, struct succession_report *ret_report,
                                  struct err *err);
/* Seals a ledger in favour of one that is made elsewhere, whose verifier key that is. */
MUST_CHECK status ledger_seal(const char *dir, const struct vkey *successor, enum reason reason,
                              struct tree_head *ret_head, struct err *err);
/* Records that a ledger was put back from a backup that has everything it ever signed. */
MUST_CHECK status ledger_restored(const char *dir, uint64_t *ret_size, struct err *err);

#endif
