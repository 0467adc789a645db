/*
 * sdk/config: where a client finds its servers and its credential: in the environment, never on the command line, where
 * other users of the machine could read a token.
 *
 *     TALLY_URL         servers, separated by commas, asked in this order; default http://127.0.0.1:8470
 *     TALLY_TOKEN       the token itself, or
 *     TALLY_TOKEN_FILE  the file that holds it, which nobody else may read or write
 *     TALLY_CA_FILE     PEM file of the authorities to trust in place of the system's
 *     TALLY_VKEY        the ledger's verifier key, if it is to be known beforehand and not learned at first sight
 *
 * It refuses a mistyped token before any server sees it. Errors never hold any of the token.
 */
#ifndef SDK_CONFIG_H
#define SDK_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

#define SERVERS_MAX          8 /* a cluster has three or five */
#define SERVER_URL_MAX_BYTES 512
#define SERVER_URL_DEFAULT   "http://127.0.0.1:8470"

struct client_config {
    char urls[SERVERS_MAX][SERVER_URL_MAX_BYTES]; /* without a slash at the end */
    size_t url_count;
    struct secret token;
    bool has_token;
    const char *token_file; /* where it came from; NULL: TALLY_TOKEN */
    const char *ca_file;    /* NULL: the system's */
    const char *vkey;       /* NULL: learned */
};

/* CODE_INVALID names the variable and what it must be; CODE_DENIED for a token file that is open to others. */
MUST_CHECK status client_config_read(struct client_config *ret_config, struct err *err);
/* The same for a list of servers that comes from elsewhere: `name` is how the text calls it. */
MUST_CHECK status client_config_urls(const char *name, const char *urls, struct client_config *config, struct err *err);
void client_config_free(struct client_config *config); /* wipes the token */

#endif
