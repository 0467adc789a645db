/*
 * daemon/witness_server: a witness over HTTP (C2SP tlog-witness).
 *
 *     POST /add-checkpoint                            the submission prefix is the server's root
 *     GET  /<hex SHA-256 of the origin>/checkpoint    so is the monitoring prefix
 *     GET  /healthz
 *
 * Owns the routes and which status a verdict becomes; daemon/witness_book decides and remembers. Requests are answered
 * on worker threads, so that a disk that is slow for one log keeps no other waiting. There is no authentication beyond
 * the signature on the checkpoint, as the specification has it. One process, until a signal ends it.
 */
#ifndef DAEMON_WITNESS_SERVER_H
#define DAEMON_WITNESS_SERVER_H

#include "daemon/witness_book.h"

struct witness_server_config {
    struct witness_book *book;
    const char *listen;
    const char *certificate; /* PEM files; NULL: no TLS */
    const char *certificate_key;
    /* Called once requests are served, with the URL. */
    void (*ready)(void *context, const char *url);
    void *context;
};

/* Serves until SIGINT or SIGTERM. SIGHUP reads the certificate anew. */
MUST_CHECK status witness_serve(const struct witness_server_config *config, struct err *err);

#endif
