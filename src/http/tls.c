/*
 * http/tls: OpenSSL behind two memory BIOs.
 */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/memory.h"

#define PATH_BYTES 1024
/* RFC 9325 section 4.2; TLS 1.3 has only good ones. */
#define SUITES_1_2                                                                                                     \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"                         \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

struct tls_context {
    pthread_mutex_t lock; /* of `ssl`, which a reload replaces */
    SSL_CTX *ssl;
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    char client_ca[PATH_BYTES]; /* empty: none */
};

struct tls {
    SSL *ssl;
    BIO *in; /* owned by ssl, as is out */
    BIO *out;
    unsigned char *peer_certificate; /* OpenSSL's memory */
    size_t peer_certificate_len;
};

/* ---- Certificate and key ---- */

/* OpenSSL says no more of a file that can't be read than that it can't. */
static status fail(struct err *err, const char *what, const char *path)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ERR_clear_error();
    if (fd < 0)
        return err_set(err, CODE_INVALID, "%s: open %s: %s", what, path, strerror(errno));
    (void)close(fd);
    return err_set(err, CODE_INVALID, "%s %s: %s", what, path, reason ? reason : "unknown reason");
}

static int choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len,
                           const unsigned char *offered, unsigned offered_len, void *nothing)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *name = NULL;

    (void)ssl;
    (void)nothing;
    if (SSL_select_next_proto(&name, ret_len, ours, sizeof ours - 1, offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret_name = name;
    return SSL_TLSEXT_ERR_OK;
}

static void free_ssl(SSL_CTX **ssl)
{
    SSL_CTX_free(*ssl);
    *ssl = NULL;
}

static bool set_rules(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);         /* an idle connection holds 34 kB less */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* tickets need no memory of ours */
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(ssl, SUITES_1_2) == 1;
}

/* A session taken up again must be one of this server's own; the name tells servers that share keys apart. */
static status ask_clients(SSL_CTX *ssl, const char *client_ca, struct err *err)
{
    static const unsigned char name[] = "tally";

    if (!client_ca[0])
        return OK;
    if (SSL_CTX_load_verify_locations(ssl, client_ca, NULL) != 1)
        return fail(err, "can't use the certificates of", client_ca);
    SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(client_ca));
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    return SSL_CTX_set_session_id_context(ssl, name, sizeof name - 1) == 1 ? OK : (status){ CODE_NO_MEMORY };
}

static status load(const struct tls_context *context, SSL_CTX **ret_ssl, struct err *err)
{
    AUTO(SSL_CTX *, free_ssl) ssl = SSL_CTX_new(TLS_server_method());

    if (!ssl)
        return (status){ CODE_NO_MEMORY };
    if (!set_rules(ssl))
        return err_set(err, CODE_INVALID, "this OpenSSL refuses TLS 1.2 or its suites");
    if (SSL_CTX_use_certificate_chain_file(ssl, context->certificate) != 1)
        return fail(err, "can't use the certificate", context->certificate);
    if (SSL_CTX_use_PrivateKey_file(ssl, context->key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ssl) != 1)
        return fail(err, "can't use the private key", context->key);
    TRY(ask_clients(ssl, context->client_ca, err));
    *ret_ssl = ssl;
    ssl = NULL;
    return OK;
}

static status keep_path(const char *path, char *copy, struct err *err)
{
    if (path && !str_to_c(str_of(path), copy, PATH_BYTES))
        return err_set(err, CODE_TOO_LARGE, "a path of more than %d bytes: %s", PATH_BYTES - 1, path);
    return OK;
}

static status set_up(struct tls_context *context, const struct tls_files *files, struct err *err)
{
    TRY(keep_path(files->certificate, context->certificate, err));
    TRY(keep_path(files->key, context->key, err));
    TRY(keep_path(files->client_ca, context->client_ca, err));
    return load(context, &context->ssl, err);
}

status tls_context_new(const struct tls_files *files, struct tls_context **ret_context, struct err *err)
{
    AUTO(struct tls_context *, tls_context_free) context = memory_new(1, sizeof *context);

    if (!context)
        return (status){ CODE_NO_MEMORY };
    pthread_mutex_init(&context->lock, NULL);
    TRY(set_up(context, files, err));
    *ret_context = context;
    context = NULL;
    return OK;
}

void tls_context_free(struct tls_context **context)
{
    if (!*context)
        return;
    SSL_CTX_free((*context)->ssl);
    pthread_mutex_destroy(&(*context)->lock);
    memory_free(*context);
    *context = NULL;
}

status tls_context_reload(struct tls_context *context, struct err *err)
{
    SSL_CTX *fresh = NULL;
    SSL_CTX *old;

    TRY(load(context, &fresh, err));
    pthread_mutex_lock(&context->lock);
    old = context->ssl;
    context->ssl = fresh;
    pthread_mutex_unlock(&context->lock);
    SSL_CTX_free(old);
    return OK;
}

/* ---- One connection ---- */

struct tls *tls_new(struct tls_context *context)
{
    AUTO(struct tls *, tls_free) tls = memory_new(1, sizeof *tls);
    struct tls *result;

    if (!tls)
        return NULL;
    pthread_mutex_lock(&context->lock);
    tls->ssl = SSL_new(context->ssl);
    pthread_mutex_unlock(&context->lock);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (!tls->ssl || !tls->in || !tls->out) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        return NULL;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_accept_state(tls->ssl);
    result = tls;
    tls = NULL;
    return result;
}

void tls_free(struct tls **tls)
{
    if (!*tls)
        return;
    SSL_free((*tls)->ssl);
    OPENSSL_free((*tls)->peer_certificate);
    memory_free(*tls);
    *tls = NULL;
}

/* OpenSSL counts in int; nobody gives it more at once. */
static int int_of(size_t len)
{
    return len < INT_MAX ? (int)len : INT_MAX;
}

bool tls_receive(struct tls *tls, struct str wire)
{
    return BIO_write(tls->in, wire.at, int_of(wire.len)) == int_of(wire.len);
}

static void keep_peer_certificate(struct tls *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    int len;

    if (tls->peer_certificate || !certificate || SSL_get_verify_result(tls->ssl) != X509_V_OK)
        return;
    len = i2d_X509(certificate, &tls->peer_certificate);
    tls->peer_certificate_len = len > 0 ? (size_t)len : 0;
}

static enum tls_outcome outcome_of(const struct tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_NONE:
        return TLS_DATA;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        return TLS_BROKEN;
    }
}

enum tls_outcome tls_read(struct tls *tls, struct str room, size_t *ret_len)
{
    bool was_ready = tls_is_ready(tls);
    int result;

    *ret_len = 0;
    ERR_clear_error(); /* the queue is the thread's, not the connection's */
    result = SSL_read(tls->ssl, (char *)(uintptr_t)room.at, int_of(room.len));
    if (!was_ready && tls_is_ready(tls))
        keep_peer_certificate(tls);
    if (result > 0)
        *ret_len = (size_t)result;
    return outcome_of(tls, result);
}

bool tls_is_ready(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl) != 0;
}

bool tls_write(struct tls *tls, struct str plain)
{
    if (plain.len == 0)
        return true;
    ERR_clear_error();
    return SSL_write(tls->ssl, plain.at, int_of(plain.len)) == int_of(plain.len);
}

void tls_end(struct tls *tls)
{
    ERR_clear_error();
    if (tls_is_ready(tls))
        (void)SSL_shutdown(tls->ssl);
}

struct str tls_output(const struct tls *tls)
{
    char *at = NULL;
    long len = BIO_get_mem_data(tls->out, &at);

    return len > 0 ? (struct str){ at, (size_t)len } : STR_NONE;
}

void tls_output_sent(struct tls *tls)
{
    (void)BIO_reset(tls->out);
}

struct str tls_peer_certificate(const struct tls *tls)
{
    return (struct str){ (const char *)tls->peer_certificate, tls->peer_certificate_len };
}
