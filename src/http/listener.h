/*
 * http/listener: a listening socket, polled by the first loop, which deals the connections out to all loops in turn.
 *
 * Dealing out keeps the loops equally busy with long-lived connections, which a socket shared through SO_REUSEPORT does
 * not, and a second server on the same port is an error instead of a silent rival.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <uv.h>

#include "http/loop_inside.h"
#include "http/tls.h"

struct listener {
    uv_poll_t poll;
    uv_timer_t pause; /* after the system refused a descriptor */
    int socket;
    bool is_open;
    bool is_polled;
    struct tls_context *tls; /* NULL: plain */
    struct loop *loops;      /* of the server; the first one polls */
    size_t loop_count;
    size_t next_loop;
};

/*
 * Binds and listens. The host is a name or an address ("localhost", "::1", "0.0.0.0"), port 0 lets the system choose;
 * *ret_port tells which it is. Before listener_poll the system queues connections.
 */
MUST_CHECK status listener_open(struct listener *listener, const char *host, uint16_t port, uint16_t *ret_port,
                                struct err *err);
/* Begins to accept; on the first loop's thread, or before it runs. */
MUST_CHECK status listener_poll(struct listener *listener, struct err *err);
/* Accepts what has connected so far, then closes; on the first loop's thread. */
void listener_close(struct listener *listener);

#endif
