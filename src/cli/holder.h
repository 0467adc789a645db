/*
 * cli/holder: keeps a lease alive in the background, by the rules of sdk/lease (P6).
 *
 * Owns a thread that sends a heartbeat at about each third of the ttl, sooner again after one that failed, and tells on
 * a descriptor when the lease is lost: the server said so, or the moment came up to which silence is allowed. The
 * client of the trust is the thread's from holder_start to holder_stop.
 */
#ifndef CLI_HOLDER_H
#define CLI_HOLDER_H

#include <pthread.h>
#include <stdbool.h>

#include "sdk/lease.h"

struct holder {
    struct trust *trust;
    struct lease *lease;
    int lost_fd; /* readable once the lease is lost */
    struct err why;
    bool is_lost;
    bool stopping;
    bool started;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
};

/* The lease must outlive it. */
MUST_CHECK status holder_start(struct holder *holder, struct trust *trust, struct lease *lease, struct err *err);
/* Why the lease is lost, once lost_fd is readable. */
void holder_loss(struct holder *holder, struct err *ret_why);
/* Ends the thread and waits for it; after that the other members may be read. Accepts one that was not started. */
void holder_stop(struct holder *holder);

#endif
