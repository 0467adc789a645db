/*
 * http/server: listeners, loops and their threads, from start to the end in good order.
 *
 *     server_new, server_listen (once or more), server_start; … ; server_drain, server_free
 *
 * The order at the end: server_drain answers what was accepted and closes all connections; then stop whatever posts to
 * loops or owes answers (the engine answers what it still has: late answers are dropped harmlessly); then server_free.
 *
 * These functions are for one thread, which is none of the loops'. SIGPIPE is ignored from server_new on, for the whole
 * process: a peer that goes away is an error of one write, not a reason to die.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/counters.h"
#include "http/hooks.h"
#include "http/limits.h"
#include "http/router.h"
#include "http/tls.h"

struct server;
struct loop;

struct server_config {
    const struct router *router; /* outlives the server */
    struct http_hooks hooks;
    struct http_limits limits;   /* http_limits_default() */
    size_t loops;                /* 0: server_default_loops() */
    void *user;                  /* see server_user */
    const struct tls_files *tls; /* for listeners that want it; NULL: none may */
};

struct server_listen {
    const char *host; /* name or address */
    uint16_t port;    /* 0: the system chooses */
    bool tls;
};

/* One loop up to two cores, where clients and the engine need the other; else half the cores. */
size_t server_default_loops(void);

MUST_CHECK status server_new(const struct server_config *config, struct server **ret_server, struct err *err);
/* Before server_start; clients can connect from now on and are served once the server runs. */
MUST_CHECK status server_listen(struct server *server, const struct server_listen *where, uint16_t *ret_port,
                                struct err *err);
MUST_CHECK status server_start(struct server *server, struct err *err);
/* Reads certificate and key anew. On failure the old ones stay in use. */
MUST_CHECK status server_reload_tls(struct server *server, struct err *err);
/*
 * Stops listening, answers what was accepted with Connection: close, and ends idle connections; after `max_ms` at the
 * latest the rest is cut off. True when nothing had to be. All connections are closed when it comes back.
 */
bool server_drain(struct server *server, int64_t max_ms);
/* Ends the threads. Every exchange must have been answered. */
void server_free(struct server **server);

size_t server_loop_count(const struct server *server);
struct loop *server_loop(struct server *server, size_t number);
/* config.user of the server that the loop belongs to. */
void *server_user(const struct loop *loop);

/* The sums over all loops; any thread. */
struct server_counters {
    uint64_t of[COUNTER_COUNT];
    uint64_t refusals[REFUSE_COUNT];
};
struct server_counters server_counters(const struct server *server);

#endif
