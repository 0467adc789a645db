/*
 * sdk/trust_file: the small files in which a client remembers what it saw: one a ledger, one a server.
 *
 * They lie in $XDG_STATE_HOME/tally, or ~/.local/state/tally, 0600 in a directory of 0700, and are replaced as a whole
 * or not at all. Whoever changes one holds its lock from the reading on. Private to sdk/.
 */
#ifndef SDK_TRUST_FILE_H
#define SDK_TRUST_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define STATE_PATH_MAX_BYTES 4096

struct state_path {
    char text[STATE_PATH_MAX_BYTES];
};

/* A zeroed one is not held. */
struct state_lock {
    int plus_one; /* the descriptor and one more */
};

/* The directory, made when it is missing. CODE_INVALID when the environment names no place for it. */
MUST_CHECK status state_dir(struct state_path *ret_dir, struct err *err);
/* dir "/" hash of `about` in hexadecimal digits "." kind. */
MUST_CHECK status state_path_of(struct str about, const char *kind, struct state_path *ret_path, struct err *err);
/* The whole file; empty when there is none. */
MUST_CHECK status state_read(const struct state_path *path, struct buf *text, struct err *err);
MUST_CHECK status state_write(const struct state_path *path, struct str text, struct err *err);
/* Waits for others who change it. */
MUST_CHECK status state_lock(struct state_lock *lock, struct err *err);
void state_unlock(struct state_lock *lock);

#endif
