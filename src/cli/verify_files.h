/*
 * cli/verify_files: what lies in a data directory or backup beside the entries: the form of the database file, its
 * facts and head, the newest signed checkpoint, snapshots of the facts, and the private texts that leaves commit to.
 *
 * Each is compared with what the entries say, so that no byte of the data can change unseen. What carries nothing
 * (unused space of the database's pages) or can't be checked is said, not passed over.
 */
#ifndef CLI_VERIFY_FILES_H
#define CLI_VERIFY_FILES_H

#include "cli/verify.h"
#include "cli/verify_names.h"
#include "cli/verify_vault.h"
#include "store/store.h"

/* ---- The form of the file, looked at by a thread of its own meanwhile ---- */

struct inspection;
MUST_CHECK status inspection_begin(const char *path, struct inspection **ret_inspection, struct err *err);
/* Waits for it. CODE_CORRUPT says what is wrong. Accepts NULL. */
MUST_CHECK status inspection_end(struct inspection **inspection, struct err *err);
static inline void inspection_drop(struct inspection **inspection)
{
    (void)inspection_end(inspection, NULL).code;
}

/* ---- The newest signed checkpoint ---- */

/* signer.head in a data directory: whole, and signed by the ledger's key; its head must lie within the ledger. */
MUST_CHECK status signed_check(const char *path, struct verification *verification, struct err *err);

/* ---- Snapshots ---- */

/* Before the first entry: the replay, if there is one, is to look at the facts of each snapshot file. */
void snapshots_want(const char *path, struct verification *verification);

/* ---- After the last entry ---- */

/*
 * The store's facts: none but those that are known, the key that the first entry names, and snapshots that entries
 * name; the head's time and epoch; and each snapshot file that is there.
 */
MUST_CHECK status facts_check(const char *path, struct store_reader *reader, struct verification *verification,
                              struct err *err);

/* ---- Private texts ---- */

/* An entry that commits to a text. */
struct commitment {
    uint64_t index;
    struct hash hash;
    struct told told;
};

/* Those of one run of entries. */
struct commitments {
    struct commitment at[TILE_WIDTH];
    size_t count;
    size_t next;    /* the one whose text comes next */
    uint64_t texts; /* of all runs, those that could be opened */
    struct verify_vault vault;
    struct names_check names;
};

/* The names must have been loaded. CODE_CORRUPT: the first entry's server has another name. */
MUST_CHECK status commitments_add(struct commitments *commitments, uint64_t index, const struct entry *entry,
                                  struct err *err);
/*
 * The stored texts of entries first … end - 1 are those, and tell the names that the store has; then forgets them.
 * CODE_CORRUPT names the entry.
 */
MUST_CHECK status commitments_check(struct commitments *commitments, struct store_reader *reader, uint64_t first,
                                    uint64_t end, struct err *err);

#endif
