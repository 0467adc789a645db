/*
 * service/witness_link: HTTP with one witness (C2SP tlog-witness): add-checkpoint, and the page it shows to monitors.
 *
 * Owns the connection, which is kept, and what a reply may be. It verifies TLS, follows no redirect, speaks nothing but
 * HTTP, gives up after a time, and takes no body above NOTE_MAX_BYTES. Nothing that comes back is believed here: the
 * caller checks signatures. One thread a link.
 */
#ifndef SERVICE_WITNESS_LINK_H
#define SERVICE_WITNESS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define WITNESS_URL_MAX_BYTES      1024
#define WITNESS_CONNECT_TIMEOUT_MS 3000
#define WITNESS_TIMEOUT_MS         8000

struct witness_link;

struct witness_reply {
    unsigned status; /* of HTTP */
    bool has_size;   /* a 409 of the right form: */
    uint64_t size;
    struct buf body;
};
void witness_reply_free(struct witness_reply *reply);

/* Whether that can be a witness's submission prefix: CODE_INVALID says why not. */
MUST_CHECK status witness_url_check(struct str url, struct err *err);

/* `url` as witness_url_check wants it; `ca_file` (PEM) is trusted in place of the system's, unless it is NULL. */
MUST_CHECK status witness_link_open(struct str url, const char *ca_file, struct witness_link **ret_link,
                                    struct err *err);
void witness_link_close(struct witness_link *link); /* accepts NULL */

/* OK for any status. CODE_UNAVAILABLE when there is no answer, CODE_TOO_LARGE for one that is too long. */
MUST_CHECK status witness_link_add(struct witness_link *link, struct str body, struct witness_reply *ret_reply,
                                   struct err *err);
MUST_CHECK status witness_link_page(struct witness_link *link, struct str origin, struct witness_reply *ret_reply,
                                    struct err *err);
/* Makes the request that is under way give up. Any thread. */
void witness_link_interrupt(struct witness_link *link);

#endif
