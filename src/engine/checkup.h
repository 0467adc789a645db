/*
 * engine/checkup: a ledger that nobody serves, looked at as its server would find it. For `tally doctor`.
 *
 * It opens the ledger as engine_open does, with its lock and a whole replay, but without its key, which a look never
 * needs; it starts nothing and records nothing. One thread.
 */
#ifndef ENGINE_CHECKUP_H
#define ENGINE_CHECKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "tlog/vkey.h"

struct checkup {
    uint64_t size;
    int64_t newest_ms; /* time of the newest entry */
    bool clock_frozen;
    bool snapshot_refused;
    uint64_t snapshot_size; /* of the one that was refused */
    bool sealed;
    char successor[VKEY_MAX_BYTES + 1]; /* whom it was sealed for */
    status head;                        /* whether it begins with what its key has signed last … */
    struct err head_err;                /* … and why not */
    uint64_t signed_size;
};

/* Fails as engine_open does where nothing can be said: CODE_BUSY while it is served. */
MUST_CHECK status engine_checkup(const char *dir, struct checkup *ret_checkup, struct err *err);

#endif
