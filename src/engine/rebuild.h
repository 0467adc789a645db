/*
 * engine/rebuild: everything that is derived from a ledger's entries, made anew from them (P2): a table of derivations,
 * of which each looks at every entry and mends what it finds otherwise.
 *
 * It refuses to change what is not derived: entries, head, facts of the store, private texts, signer.head; and to
 * derive anything from entries that do not give the stored head's root. The ledger is held alone, as by a server.
 * Nothing is appended. What is right already is not written.
 */
#ifndef ENGINE_REBUILD_H
#define ENGINE_REBUILD_H

#include "base/err.h"
#include "crypto/hash.h"

#define DERIVATIONS_MAX 8

/* What became of one derivation. */
struct derived {
    const char *name;   /* "tiles" */
    uint64_t looked_at; /* things of that kind that there must be */
    uint64_t mended;    /* that were not there, or otherwise, or too many */
};

struct rebuilt {
    uint64_t size;
    struct hash root;
    struct derived derived[DERIVATIONS_MAX];
    size_t count;
};

/*
 * CODE_BUSY while a server runs, CODE_NOT_FOUND without a ledger; CODE_CORRUPT when the entries can't be believed, or
 * an entry tells of other facts than the entries give: then nothing was mended from there on.
 */
MUST_CHECK status rebuild_all(const char *dir, struct rebuilt *ret_rebuilt, struct err *err);

#endif
