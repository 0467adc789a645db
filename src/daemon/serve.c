#include "daemon/serve.h"

#include <stdio.h>

#include "api/api.h"
#include "base/fault.h"
#include "base/log.h"
#include "daemon/listening.h"
#include "daemon/signer_process.h"
#include "daemon/witness_side.h"
#include "http/server.h"
#include "service/witnesses.h"

#define DRAIN_MAX_MS 10000 /* what was accepted is answered; a client that does not read is not waited for longer */

/* Everything that lives while the server runs; the destructor takes it down in the order http/server asks for. */
struct serving {
    struct engine *engine;
    struct api *api;
    struct router *router;
    struct server *server;
    struct witness_side *witness_side;
    struct listening listening;
    char url[LISTEN_URL_MAX_BYTES];
};

static void serving_end(struct serving *serving)
{
    api_stop_waiting(serving->api);
    if (serving->server)
        (void)server_drain(serving->server, DRAIN_MAX_MS);
    witness_side_stop(serving->witness_side);
    if (serving->engine)
        engine_stop(serving->engine);
    api_stop_working(serving->api);
    if (serving->server)
        server_free(&serving->server);
    api_free(serving->api);
    witness_side_free(serving->witness_side);
    if (serving->router)
        router_free(&serving->router);
    engine_close(serving->engine);
}

bool serve_listens_on_loopback(const char *listen)
{
    struct listening listening = { 0 };

    return listening_read(listen, &listening, NULL).code == CODE_OK && listening_is_loopback(&listening);
}

static status access_read(const struct serve_config *config, const struct listening *listening,
                          enum public_access *ret_access, struct err *err)
{
    static const struct str words[] = { STR_INIT("none"), STR_INIT("checkpoint"), STR_INIT("tiles") };

    *ret_access = listening_is_loopback(listening) ? PUBLIC_TILES : PUBLIC_NONE;
    for (size_t i = 0; config->public_access && i < 3; i++) {
        if (str_eq(words[i], str_of(config->public_access))) {
            *ret_access = (enum public_access)i;
            return OK;
        }
    }
    return config->public_access
               ? err_member(err, CODE_INVALID, "public", "--public must be none, checkpoint or tiles, not \"%s\"",
                            config->public_access)
               : OK;
}

static status receipts_read(const struct serve_config *config, bool *ret_witnessed, struct err *err)
{
    struct str word = config->receipts ? str_of(config->receipts) : STR("signed");

    *ret_witnessed = str_eq(word, STR("witnessed"));
    if (!*ret_witnessed && !str_eq(word, STR("signed")))
        return err_member(err, CODE_INVALID, "receipts", "--receipts must be signed or witnessed, not \"%s\"",
                          config->receipts);
    if (*ret_witnessed && !config->witness_policy)
        return err_member(err, CODE_INVALID, "receipts", "--receipts witnessed needs --witness-policy");
    return OK;
}

static status engine_begin(struct serving *serving, const struct serve_config *config, struct err *err)
{
    struct api_config api_config = { .dir = config->dir };
    struct signer_starter signer = signer_process_starter(config->dir);
    struct engine_config engine_config = { .dir = config->dir,
                                           .keys_dir = config->keys,
                                           .vault_keep_days = config->vault_keep_days,
                                           .key_backup_days = config->key_backup_days,
                                           .signer = &signer,
                                           .barred = witnesses_forbid_signing(config->dir),
                                           .committed = api_entry_committed,
                                           .committed_codes = api_committed_codes(),
                                           .published = api_published };

    TRY(access_read(config, &serving->listening, &api_config.public_access, err));
    TRY(receipts_read(config, &api_config.receipts_witnessed, err));
    TRY(api_new(&api_config, &serving->api, err));
    engine_config.context = serving->api;
    TRY(engine_open(&engine_config, &serving->engine, err));
    TRY(engine_start(serving->engine, err));
    TRY(api_attach(serving->api, serving->engine, err));
    return witness_side_begin(config, serving->engine, serving->api, &serving->witness_side, err);
}

static status server_begin(struct serving *serving, const struct serve_config *config, struct err *err)
{
    struct tls_files tls = { .certificate = config->certificate, .key = config->key };
    struct server_config server_config = { .hooks = api_hooks(),
                                           .limits = http_limits_default(),
                                           .loops = (size_t)config->loops,
                                           .user = serving->api,
                                           .tls = config->certificate ? &tls : NULL };
    struct server_listen where = { .host = serving->listening.host,
                                   .port = serving->listening.port,
                                   .tls = config->certificate != NULL };

    TRY(router_new(api_routes, api_route_count, &serving->router, err));
    server_config.router = serving->router;
    TRY(server_new(&server_config, &serving->server, err));
    api_set_server(serving->api, serving->server);
    TRY(server_listen(serving->server, &where, &serving->listening.port, err));
    TRY(server_start(serving->server, err));
    listening_url(&serving->listening, where.tls, serving->url);
    return OK;
}

static void signals_wait(struct serving *serving, const sigset_t *set, bool tls)
{
    struct err err = { 0 };

    while (signals_next(set) == SIGHUP) {
        if (tls && server_reload_tls(serving->server, &err).code)
            log_write(LOG_ERROR, "serve", "the certificate was not read anew: %s", err.text);
    }
    log_write(LOG_INFO, "serve", "stopping: answering what was accepted");
}

status serve_run(const struct serve_config *config, struct err *err)
{
    AUTO(struct serving, serving_end) serving = { 0 };
    sigset_t set;

    if ((config->certificate == NULL) != (config->key == NULL))
        return err_member(err, CODE_INVALID, "certificate", "--certificate and --key go together");
    TRY(listening_read(config->listen, &serving.listening, err));
    set = signals_block();
    fault_read_environment();
    TRY(engine_begin(&serving, config, err));
    TRY(server_begin(&serving, config, err));
    if (config->ready)
        config->ready(config->context, serving.url);
    else
        (void)printf("serving %s on %s\n", config->dir, serving.url);
    (void)fflush(stdout);
    signals_wait(&serving, &set, config->certificate != NULL);
    return OK;
}
