/*
 * daemon/listening: what the servers of this program have in common: where they listen, and what ends them.
 */
#ifndef DAEMON_LISTENING_H
#define DAEMON_LISTENING_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define LISTEN_HOST_MAX_BYTES 256
#define LISTEN_URL_MAX_BYTES  320

struct listening {
    char host[LISTEN_HOST_MAX_BYTES]; /* name or address, without brackets */
    uint16_t port;
};

/* "127.0.0.1:8470", "[::1]:8470", "HOST:PORT". CODE_INVALID names the option. */
MUST_CHECK status listening_read(const char *text, struct listening *ret_listening, struct err *err);
/* Whether that names a loopback address. */
bool listening_is_loopback(const struct listening *listening);
void listening_url(const struct listening *listening, bool tls, char ret_url[LISTEN_URL_MAX_BYTES]);

/* Blocks what the program waits for (SIGINT, SIGTERM, SIGHUP), before any thread begins. */
sigset_t signals_block(void);
/* Waits for one of them, by this thread alone: nothing runs in a handler. */
int signals_next(const sigset_t *set);

#endif
