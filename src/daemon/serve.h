/*
 * daemon/serve: a ledger served over HTTP, from open to the last answer. One process, until a signal ends it.
 */
#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct serve_config {
    const char *dir;
    const char *listen;      /* "127.0.0.1:8470", "[::1]:8470", "HOST:PORT"; port 0: the system chooses */
    const char *certificate; /* PEM files; NULL: no TLS */
    const char *key;
    const char *public_access;  /* none, checkpoint, tiles; NULL: tiles on loopback, none beyond */
    int64_t loops;              /* 0: by the number of cores */
    const char *witness_policy; /* a file (tlog-policy); NULL: no witnesses */
    const char
        *witness_ca; /* PEM file of authorities that witnesses' certificates are checked with; NULL: the system's */
    int64_t witness_patience_s; /* then a silent witness is recorded as absent */
    const char *keys;           /* where vault.keys lies; NULL: in dir */
    int64_t vault_keep_days;    /* of private texts; -1: for ever */
    int64_t key_backup_days;    /* how long a backup of keys is good */
    const char *receipts;       /* signed, or witnessed: they wait for the policy to be met */
    /* Called once requests are served, with the URL; NULL: prints one line. */
    void (*ready)(void *context, const char *url);
    void *context;
};

/* Serves until SIGINT or SIGTERM, then answers what was accepted. SIGHUP reads the certificate anew. */
MUST_CHECK status serve_run(const struct serve_config *config, struct err *err);

/* Whether HOST:PORT names a loopback address. */
bool serve_listens_on_loopback(const char *listen);

#endif
