/*
 * http/tls: TLS between the socket's bytes and HTTP's. The only user of OpenSSL's libssl.
 *
 * TLS 1.2 and 1.3, forward-secret AEAD suites, no compression, no renegotiation, ALPN "http/1.1". Memory BIOs: this
 * file does no I/O. It refuses a key that does not fit its certificate, at once and with a text.
 *
 * A tls_context (certificate and key) may be reloaded by any thread while loops use it: connections that began before
 * keep what they began with. A struct tls belongs to its connection's loop.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct tls_context;
struct tls;

struct tls_files {
    const char *certificate; /* PEM: the server's certificate, then the chain */
    const char *key;         /* PEM, unencrypted */
    const char *client_ca;   /* PEM, or NULL: clients are asked for a certificate, and one that is sent must verify */
};

MUST_CHECK status tls_context_new(const struct tls_files *files, struct tls_context **ret_context, struct err *err);
void tls_context_free(struct tls_context **context);
/* Reads the files anew, after a renewal. On failure what was there stays in use. */
MUST_CHECK status tls_context_reload(struct tls_context *context, struct err *err);

/* A connection's server side; NULL when there is no memory. */
struct tls *tls_new(struct tls_context *context);
void tls_free(struct tls **tls);

/* Takes bytes that came from the peer. Once false, the connection is lost (no memory). */
bool tls_receive(struct tls *tls, struct str wire);

enum tls_outcome {
    TLS_DATA,   /* *ret_len bytes were deciphered */
    TLS_MORE,   /* bytes of the peer are needed */
    TLS_ENDED,  /* the peer closed in due form */
    TLS_BROKEN, /* handshake or record failed; output may hold an alert for the peer */
};

/* Goes on with the handshake, then deciphers into `room`. */
enum tls_outcome tls_read(struct tls *tls, struct str room, size_t *ret_len);
/* Whether the handshake is done. */
bool tls_is_ready(const struct tls *tls);
/* Enciphers; the handshake must be done. False: the connection is lost. */
MUST_CHECK bool tls_write(struct tls *tls, struct str plain);
/* Says to the peer that nothing more will come. */
void tls_end(struct tls *tls);
/* Bytes for the peer; valid until the next call for this tls. */
struct str tls_output(const struct tls *tls);
void tls_output_sent(struct tls *tls);
/* The verified client certificate in DER; empty when there is none. */
struct str tls_peer_certificate(const struct tls *tls);

#endif
