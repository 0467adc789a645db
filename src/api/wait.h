/*
 * api/wait: requests that are held until something has happened: a ticket's turn, a checkpoint that covers an entry.
 *
 * Each loop has its own; a waiting request is woken on its loop's thread, once, when what it waits for came, when its
 * time is over, or when the server stops. The engine and the publisher only note what happened. P9: a request waits at
 * most WAIT_S, and a loop holds WAITS_MAX.
 */
#ifndef API_WAIT_H
#define API_WAIT_H

#include "api/call.h"

#define WAITS_MAX  16384 /* held requests of one loop; one more is answered at once, as if its time were over */
#define WOKEN_MAX  1024  /* tickets noted between two turns; beyond it all who wait look for themselves */
#define PUBLISH_MS 3000  /* a checkpoint comes each second; three without one, and signing fails */

struct waits;

enum waiting_for { WAIT_TICKET, WAIT_SIZE, WAIT_WITNESSED };

/* In the call's arena; the maker sets these, and leaves the rest zeroed. */
struct wait {
    enum waiting_for waiting_for;
    struct id ticket;
    uint64_t size;    /* of the published tree, or of the one that met the witness policy, at least */
    int64_t until_ms; /* loop time */
    void (*wake)(struct wait *wait);
    void *owner;

    struct waits *waits; /* this file's own from here on; NULL: not watched */
    struct wait *next;
    struct wait **link; /* what points to it */
    bool sleeps;
    bool noted;
};

struct waits *waits_new(struct api_loop *loop); /* NULL without memory */
void waits_free(struct waits *waits);           /* accepts NULL; nobody may wait */
/* What happens from now on is noted for the wait: to be called before one looks whether it has happened already. */
void wait_watch(struct waits *waits, struct wait *wait);
/* Calls `wake` in a turn to come, and does not watch any more then. */
void wait_sleep(struct wait *wait);
/* Not watched any more. Accepts one that is not. */
void wait_leave(struct wait *wait);
/* Each turn of the loop: those whose time has come are woken. */
void waits_turn(struct waits *waits);

/* From any thread. */
void waits_note_ticket(struct api *api, struct id ticket);
void waits_note_size(struct api *api, uint64_t size);
void waits_note_witnessed(struct api *api, uint64_t size);
void waits_stop(struct api *api);

#endif
