/*
 * The http room's TLS over real sockets, against OpenSSL as a client, with certificates made here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "http_client.h"
#include "http_world.h"
#include "test.h"

/* ---- Certificates ---- */

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

/* Signed by `issuer`, or by itself. */
static struct identity make_identity(const char *name, long serial, const struct identity *issuer)
{
    struct identity made = { .key = EVP_EC_gen("P-256"), .certificate = X509_new() };
    X509_NAME *subject = X509_get_subject_name(made.certificate);
    X509_EXTENSION *may_sign = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

    CHECK(X509_set_version(made.certificate, 2) == 1);
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial) == 1);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made.certificate, issuer ? X509_get_subject_name(issuer->certificate) : subject);
    X509_set_pubkey(made.certificate, made.key);
    CHECK(X509_add_ext(made.certificate, may_sign, -1) == 1);
    X509_EXTENSION_free(may_sign);
    CHECK(X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
    return made;
}

static void identity_free(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

/* A directory with the files that a server is given. */
struct files {
    char dir[64];
    char certificate[96];
    char key[96];
    char client_ca[96];
    struct tls_files tls;
};

static void write_certificate(const char *path, const struct identity *identity)
{
    FILE *file = fopen(path, "w");

    if (CHECK(file != NULL)) {
        CHECK(PEM_write_X509(file, identity->certificate) == 1);
        CHECK(fclose(file) == 0);
    }
}

static void write_key(const char *path, const struct identity *identity)
{
    FILE *file = fopen(path, "w");

    if (CHECK(file != NULL)) {
        CHECK(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL) == 1);
        CHECK(fclose(file) == 0);
    }
}

static void make_files(struct files *files, const struct identity *server)
{
    (void)snprintf(files->dir, sizeof files->dir, "/tmp/tally-test-tls-XXXXXX");
    CHECK(mkdtemp(files->dir) != NULL);
    (void)snprintf(files->certificate, sizeof files->certificate, "%s/certificate.pem", files->dir);
    (void)snprintf(files->key, sizeof files->key, "%s/key.pem", files->dir);
    (void)snprintf(files->client_ca, sizeof files->client_ca, "%s/client-ca.pem", files->dir);
    write_certificate(files->certificate, server);
    write_key(files->key, server);
    files->tls = (struct tls_files){ .certificate = files->certificate, .key = files->key };
}

static void files_free(struct files *files)
{
    (void)unlink(files->certificate);
    (void)unlink(files->key);
    (void)unlink(files->client_ca);
    (void)rmdir(files->dir);
}

/* ---- A client ---- */

struct secure {
    SSL_CTX *context;
    SSL *ssl;
    int socket;
};

static void secure_free(struct secure *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    if (client->context)
        (void)close(client->socket);
}

/* Not connected yet; the caller may set rules of its own. */
static void prepare(struct http_world *world, struct secure *client)
{
    client->context = SSL_CTX_new(TLS_client_method());
    client->socket = client_connect(world);
    SSL_CTX_set_security_level(client->context, 0); /* so that the client may offer what the server must refuse */
    client->ssl = SSL_new(client->context);
    CHECK(SSL_set_fd(client->ssl, client->socket) == 1);
}

/* Whether a call came to nothing because the kernel had something else for this thread to do. */
static bool interrupted(const struct secure *client, int result)
{
    return result < 0 && errno == EINTR && SSL_want(client->ssl) != SSL_NOTHING;
}

static bool secure_connect(const struct secure *client)
{
    int result;

    do
        result = SSL_connect(client->ssl);
    while (interrupted(client, result));
    return result == 1;
}

static bool secure_send(const struct secure *client, struct str bytes)
{
    int sent = 0;

    while (bytes.len && (sent = SSL_write(client->ssl, bytes.at, (int)bytes.len)) < 0 && interrupted(client, sent))
        continue;
    return sent == (int)bytes.len;
}

static struct str secure_read_all(const struct secure *client, struct buf *reply, bool *ret_in_due_form)
{
    int len;

    do {
        char *room = buf_room(reply, 65536);
        len = room ? SSL_read(client->ssl, room, 65536) : 0;
        if (len > 0)
            buf_keep(reply, (size_t)len);
    } while (len > 0 || interrupted(client, len));
    *ret_in_due_form = SSL_get_error(client->ssl, len) == SSL_ERROR_ZERO_RETURN;
    ERR_clear_error();
    return buf_str(reply);
}

/* ---- Claims ---- */

static void a_request_over_tls_is_answered_and_the_end_is_in_due_form(void)
{
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &server);
    options.tls = &files.tls;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct secure, secure_free) client = { 0 };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    const unsigned char *chosen = NULL;
    unsigned chosen_len = 0;
    bool in_due_form = false;
    struct str stream;
    struct reply reply;

    if (!world)
        return;
    prepare(world, &client);
    CHECK(SSL_set_alpn_protos(client.ssl, offered, sizeof offered - 1) == 0);
    if (!CHECK(secure_connect(&client)) || !CHECK(secure_send(&client, STR(ASK("/tagged") LAST("/echo/a")))))
        return;
    SSL_get0_alpn_selected(client.ssl, &chosen, &chosen_len);
    CHECK_STR(((struct str){ (const char *)chosen, chosen_len }), STR("http/1.1"));
    CHECK_INT(SSL_version(client.ssl), TLS1_3_VERSION);
    stream = secure_read_all(&client, &bytes, &in_due_form);
    CHECK_STR(reply_take(&stream, false).body, STR("tagged"));
    reply = reply_take(&stream, false);
    CHECK(reply_has(&reply, "\"tls\":true"));
    CHECK(in_due_form);
}

static void large_bodies_cross_tls_both_ways(void)
{
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &server);
    options.tls = &files.tls;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct secure, secure_free) client = { 0 };
    AUTO(struct buf, buf_free) request = { .max = REPLY_MAX_BYTES };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    bool in_due_form = false;
    struct str stream;

    if (!world)
        return;
    prepare(world, &client);
    buf_add(&request,
            STR("POST /body HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 65536\r\n\r\n"));
    for (int i = 0; i < 65536; i++)
        buf_add_byte(&request, (char)('a' + i % 26));
    buf_add(&request, STR(LAST("/large/8388608")));
    if (!CHECK(secure_connect(&client)) || !CHECK(secure_send(&client, buf_str(&request))))
        return;
    stream = secure_read_all(&client, &bytes, &in_due_form);
    CHECK(str_starts(reply_take(&stream, false).body, STR("abcdefghijklmnopqrstuvwxyzabc")));
    CHECK_INT(reply_take(&stream, false).body.len, 8388608);
    CHECK(in_due_form);
}

static void a_request_may_drip_through_tls_record_by_record(void)
{
    static const struct str request = STR_INIT(LAST("/echo/dripping"));
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &server);
    options.tls = &files.tls;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct secure, secure_free) client = { 0 };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    bool in_due_form = false;
    struct str stream;

    if (!world)
        return;
    prepare(world, &client);
    if (!CHECK(secure_connect(&client)))
        return;
    for (size_t i = 0; i < request.len; i++)
        CHECK(secure_send(&client, str_cut(request, i, 1)));
    stream = secure_read_all(&client, &bytes, &in_due_form);
    CHECK_INT(reply_take(&stream, false).status, 200);
}

/* What only the client's rules change, and whether the handshake must succeed. */
static void what_the_client_offers_decides_whether_they_agree(void)
{
    static const struct {
        const char *what;
        int version; /* the only one offered; 0: any */
        const char *suites;
        struct str protocols;
        bool agree;
    } cases[] = {
        { "TLS 1.2", TLS1_2_VERSION, NULL, { 0 }, true },
        { "TLS 1.3", TLS1_3_VERSION, NULL, { 0 }, true },
        { "TLS 1.1", TLS1_1_VERSION, NULL, { 0 }, false },
        { "a suite without forward secrecy", TLS1_2_VERSION, "AES128-GCM-SHA256", { 0 }, false },
        { "a CBC suite", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", { 0 }, false },
        { "HTTP/1.1", 0, NULL, STR_INIT("\x08http/1.1"), true },
        { "only HTTP/2", 0, NULL, STR_INIT("\x02h2"), false },
    };
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &server);
    options.tls = &files.tls;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);

    for (size_t i = 0; world && i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct secure, secure_free) client = { 0 };
        CHECKING("%s", cases[i].what);
        prepare(world, &client);
        if (cases[i].version) {
            CHECK(SSL_set_min_proto_version(client.ssl, cases[i].version) == 1);
            CHECK(SSL_set_max_proto_version(client.ssl, cases[i].version) == 1);
        }
        if (cases[i].suites)
            CHECK(SSL_set_cipher_list(client.ssl, cases[i].suites) == 1);
        if (cases[i].protocols.len)
            CHECK(SSL_set_alpn_protos(client.ssl, (const unsigned char *)cases[i].protocols.at,
                                      (unsigned)cases[i].protocols.len) == 0);
        CHECK(secure_connect(&client) == cases[i].agree);
        ERR_clear_error();
    }
    if (world)
        CHECK_INT(http_world_count(world, COUNTER_HANDSHAKES_FAILED), 4);
}

static long serial_seen(struct http_world *world)
{
    AUTO(struct secure, secure_free) client = { 0 };
    X509 *certificate;

    prepare(world, &client);
    if (!CHECK(secure_connect(&client)))
        return 0;
    certificate = SSL_get0_peer_certificate(client.ssl);
    return certificate ? ASN1_INTEGER_get(X509_get0_serialNumber(certificate)) : 0;
}

static void a_renewed_certificate_is_used_for_new_connections(void)
{
    AUTO(struct identity, identity_free) first = make_identity("server", 1, NULL);
    AUTO(struct identity, identity_free) second = make_identity("server", 2, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &first);
    options.tls = &files.tls;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct secure, secure_free) before = { 0 };
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct err err = { 0 };
    bool in_due_form = false;
    struct str stream;

    if (!world)
        return;
    prepare(world, &before);
    CHECK(secure_connect(&before));
    CHECK_INT(serial_seen(world), 1);
    write_certificate(files.certificate, &second); /* the key is still the old one */
    CHECK_CODE(server_reload_tls(http_world_server(world), &err), CODE_INVALID);
    CHECK(str_find_str(str_of(err.text), STR("key.pem")) < strlen(err.text));
    CHECK_INT(serial_seen(world), 1);
    write_key(files.key, &second);
    CHECK_OK(server_reload_tls(http_world_server(world), &err));
    CHECK_INT(serial_seen(world), 2);
    CHECK(secure_send(&before, STR(LAST("/tagged")))); /* who was there before is not disturbed */
    stream = secure_read_all(&before, &bytes, &in_due_form);
    CHECK_INT(reply_take(&stream, false).status, 200);
}

static void a_wrong_file_is_an_error_that_names_it(void)
{
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct identity, identity_free) other = make_identity("other", 2, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct tls_context *context = NULL;
    struct err err = { 0 };

    make_files(&files, &server);
    write_key(files.key, &other);
    CHECK_CODE(tls_context_new(&files.tls, &context, &err), CODE_INVALID);
    CHECK(str_find_str(str_of(err.text), STR("key.pem")) < strlen(err.text));
    (void)unlink(files.certificate);
    CHECK_CODE(tls_context_new(&files.tls, &context, &err), CODE_INVALID);
    CHECK(str_find_str(str_of(err.text), STR("certificate.pem")) < strlen(err.text));
    write_certificate(files.certificate, &server);
    write_key(files.key, &server);
    files.tls.client_ca = files.client_ca; /* which is not there */
    CHECK_CODE(tls_context_new(&files.tls, &context, &err), CODE_INVALID);
    CHECK(str_find_str(str_of(err.text), STR("client-ca.pem")) < strlen(err.text));
    CHECK(context == NULL);
}

/* Asks as that client, or as nobody; gives the answer's text. */
static struct str ask_as(struct http_world *world, const struct identity *identity, struct buf *bytes)
{
    AUTO(struct secure, secure_free) client = { 0 };
    bool in_due_form = false;
    struct str stream;

    prepare(world, &client);
    if (identity) {
        CHECK(SSL_use_certificate(client.ssl, identity->certificate) == 1);
        CHECK(SSL_use_PrivateKey(client.ssl, identity->key) == 1);
    }
    if (!secure_connect(&client) || !secure_send(&client, STR(LAST("/echo/a"))))
        return STR_NONE;
    stream = secure_read_all(&client, bytes, &in_due_form);
    return reply_take(&stream, false).body;
}

static void a_clients_certificate_is_kept_when_it_verifies(void)
{
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct identity, identity_free) authority = make_identity("authority", 2, NULL);
    AUTO(struct identity, identity_free) known = make_identity("known", 3, &authority);
    AUTO(struct identity, identity_free) stranger = make_identity("stranger", 4, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &server);
    write_certificate(files.client_ca, &authority);
    files.tls.client_ca = files.client_ca;
    options.tls = &files.tls;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };
    struct str body;
    char want[64];

    if (!world)
        return;
    (void)snprintf(want, sizeof want, "\"certificate_bytes\":%d}", i2d_X509(known.certificate, NULL));
    body = ask_as(world, &known, &bytes);
    CHECK(str_ends(body, str_of(want)));
    buf_clear(&bytes);
    body = ask_as(world, NULL, &bytes);
    CHECK(str_ends(body, STR("\"certificate_bytes\":0}")));
    buf_clear(&bytes);
    body = ask_as(world, &stranger, &bytes);
    CHECK_INT(body.len, 0);
    ERR_clear_error();
}

static void who_does_not_speak_tls_gets_nowhere(void)
{
    AUTO(struct identity, identity_free) server = make_identity("server", 1, NULL);
    AUTO(struct files, files_free) files = { 0 };
    struct http_world_options options = http_world_options();
    make_files(&files, &server);
    options.tls = &files.tls;
    options.limits.handshake_timeout_ms = 50;
    AUTO(struct http_world *, http_world_free) world = http_world_new(&options);
    AUTO(struct buf, buf_free) bytes = { .max = REPLY_MAX_BYTES };

    if (!world)
        return;
    CHECK(!str_starts(client_ask(world, STR(ASK("/smuggled")), &bytes), STR("HTTP")));
    buf_clear(&bytes);
    CHECK_INT(client_ask(world, STR(""), &bytes).len, 0); /* silent for too long */
    CHECK_INT(client_ask(world, STR("\x16\x03\x01"), &bytes).len, 0);
    CHECK_INT(http_world_count(world, COUNTER_TIMEOUTS), 2);
    CHECK_INT(http_world_smuggled(world), 0);
}

static const struct test tests[] = {
    TEST(a_request_over_tls_is_answered_and_the_end_is_in_due_form),
    TEST(large_bodies_cross_tls_both_ways),
    TEST(a_request_may_drip_through_tls_record_by_record),
    TEST(what_the_client_offers_decides_whether_they_agree),
    TEST(a_renewed_certificate_is_used_for_new_connections),
    TEST(a_wrong_file_is_an_error_that_names_it),
    TEST(a_clients_certificate_is_kept_when_it_verifies),
    TEST(who_does_not_speak_tls_gets_nowhere),
};
TEST_MAIN(tests)
