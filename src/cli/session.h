/*
 * cli/session: what every command that talks to a server begins with: settings from the environment, a client, and the
 * check that the ledger's newest checkpoint extends the one seen before (P3), which comes before anything else is
 * believed or done.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/command.h"
#include "sdk/trust.h"

/* A zeroed one is closed. */
struct session {
    struct client *client;
    struct trust trust;
};

MUST_CHECK status session_open(struct session *session, struct err *err);
/* As session_open, but neither key nor checkpoint are asked for: for what only wants to know whether a server is there.
 */
MUST_CHECK status session_open_untrusting(struct session *session, struct err *err);
void session_close(struct session *session);

/* Prints a line of text, in which control characters of others' texts become '?'. */
void print_line(struct str text);

#endif
