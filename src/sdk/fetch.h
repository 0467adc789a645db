/*
 * sdk/fetch: many things asked for at once, taken in order: a ledger's tiles and entries.
 *
 * A fixed number of requests is under way (FETCH_WINDOW), over as many connections at most; what came early waits for
 * its turn, so memory is bounded by the window (P9). One that fails is asked for again on its own, with all the
 * patience of sdk/client.
 */
#ifndef SDK_FETCH_H
#define SDK_FETCH_H

#include "sdk/client.h"

#define FETCH_WINDOW 8 /* enough to hide the way there and back; a server's fair share */

struct fetch_plan {
    uint64_t count; /* things, numbered from 0 */
    /* Appends the target of thing `number`. */
    void (*target)(void *context, uint64_t number, struct buf *target);
    /* Takes one; in order of numbers. A failure ends the fetch, which returns it. */
    status (*take)(void *context, uint64_t number, struct str body, struct err *err);
    void *context;
};

/* The first server of the client's that works is asked for everything. Failures as client_call. */
MUST_CHECK status client_fetch(struct client *client, const struct fetch_plan *plan, struct err *err);

#endif
