/*
 * cli/verify: what the sources of `tally verify` have in common: a data directory, a backup file, a server.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/progress.h"
#include "cli/verify_check.h"
#include "tlog/vkey.h"

#define LEFT_MAX 8

struct verification {
    struct check check;
    struct progress progress;
    const struct vkey *given; /* the key to believe; NULL: the one that the source tells */
    struct vkey vkey;
    struct tree_head head;      /* where the reading ends */
    bool has_signature;         /* the head's own signature was checked */
    uint64_t signed_size;       /* of the signed checkpoint that a data directory keeps; 0: none was found */
    bool continues;             /* the ledger before it was compared, too */
    bool has_files;             /* the form of the database file was looked at */
    bool has_facts;             /* its facts, head and snapshots, too */
    bool has_live_facts;        /* the running server's own were compared with the replay's */
    uint64_t snapshots;         /* files that are as their entries say */
    uint64_t texts;             /* private texts that are as their leaves say */
    uint64_t names;             /* that are as those texts tell */
    const char *left[LEFT_MAX]; /* what could not be checked, and why */
    size_t left_count;
    int64_t took_us;
    char key_text[VKEY_MAX_BYTES];
};

/* Notes, for the report, what was not checked: a sentence without its end, of static memory. Once is enough. */
void verification_left(struct verification *verification, const char *what);

/* Each reads everything up to the head found at the beginning, so that a ledger that grows meanwhile ends, too. */
MUST_CHECK status verify_store(const char *path, struct verification *verification, struct err *err);
MUST_CHECK status verify_url(const char *url, struct verification *verification, struct err *err);
/* A tlog-proof against the entry's text in a file. *ret_index tells which entry it proves. */
MUST_CHECK status verify_proof(const char *path, const char *entry, const struct vkey *vkey, uint64_t *ret_index,
                               struct err *err);

/* A leaf's hash against the one in its tile; CODE_CORRUPT names the entry. */
MUST_CHECK status leaf_compare(uint64_t index, const struct hash *hash, const struct hash *kept, struct err *err);
/* The tile as it is kept against the one that was recomputed; CODE_CORRUPT names the first hash that differs. */
MUST_CHECK status tile_compare(const struct edge_full *full, unsigned width, const struct hash *kept, struct err *err);
/* The key that a source tells: it must be the one that is given, if one is. */
MUST_CHECK status verify_key(struct verification *verification, struct str told, struct err *err);
/* Up to `max` bytes of a file. */
MUST_CHECK status file_read_text(const char *path, struct buf *text, struct err *err);

#endif
