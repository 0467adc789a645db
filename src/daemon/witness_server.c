#include "daemon/witness_server.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "daemon/listening.h"
#include "http/exchange.h"
#include "http/loop.h"
#include "http/server.h"
#include "http/worker.h"

#define WORKERS       4   /* logs whose pages are being written at once */
#define WORKERS_QUEUE 256 /* more would be answered later than their senders wait */
#define DRAIN_MAX_MS  5000
#define ANYBODY       1 /* the one permission there is */
#define ANY_TYPE      "*/*"

#define MEDIA_SIZE STR("text/x.tlog.size")

/* What the handlers need; the server's user. */
struct witness {
    struct witness_book *book;
    struct worker_pool *workers;
};

/* One add-checkpoint under way; lies in its exchange's arena. */
struct asking {
    struct worker_job job;
    struct exchange *exchange;
    struct witness_answer answer;
    status status;
    struct err err;
};

static struct witness *witness_of(const struct exchange *exchange)
{
    return server_user(exchange->loop);
}

/* ---- Answers ---- */

static const unsigned verdict_status[WITNESS_VERDICTS] = {
    [WITNESS_COSIGNS] = 200, [WITNESS_MALFORMED] = 400, [WITNESS_UNSIGNED] = 403,
    [WITNESS_UNKNOWN] = 404, [WITNESS_ELSEWHERE] = 409, [WITNESS_UNPROVEN] = 422,
};

static void refuse(struct exchange *exchange, unsigned code, const char *why)
{
    buf_add_format(&exchange->answer, "%s\n", why);
    http_respond_answer(exchange, code, MEDIA_TEXT);
}

static void asking_answer(const struct asking *asking)
{
    const struct witness_answer *answer = &asking->answer;
    struct exchange *exchange = asking->exchange;

    if (asking->status.code) {
        log_write(LOG_ERROR, "witness", "nothing was signed: %s", asking->err.text);
        refuse(exchange, 503, "the witness can't write its book");
    } else if (answer->is_too_often) {
        refuse(exchange, 429, "the log has had its requests of this day");
    } else if (answer->verdict == WITNESS_COSIGNS) {
        buf_add(&exchange->answer, str_from(buf_str(&answer->note), answer->line_at));
        http_respond_answer(exchange, 200, MEDIA_TEXT);
    } else if (answer->verdict == WITNESS_ELSEWHERE) {
        buf_add_format(&exchange->answer, "%llu\n", (unsigned long long)answer->last_size);
        http_respond_answer(exchange, 409, MEDIA_SIZE);
    } else {
        refuse(exchange, verdict_status[answer->verdict], asking->err.text);
    }
}

/* A log that signs what does not extend its past is worth a line, and so is a book that can't be written. */
static void asking_log(const struct asking *asking)
{
    if (!asking->status.code && !asking->answer.is_too_often && asking->answer.verdict == WITNESS_UNPROVEN)
        log_write(LOG_WARN, "witness", "a signed checkpoint was not cosigned: %s", asking->err.text);
}

/* ---- Handlers ---- */

static void asking_work(struct worker_job *job, unsigned worker)
{
    struct asking *asking = (struct asking *)(void *)((char *)job - offsetof(struct asking, job));

    (void)worker;
    asking->status = witness_book_enter(witness_of(asking->exchange)->book, asking->exchange->body,
                                        clock_read().wall_ms / 1000, &asking->answer, &asking->err);
}

static void asking_done(struct loop_task *task)
{
    struct worker_job *job = (struct worker_job *)(void *)((char *)task - offsetof(struct worker_job, done));
    struct asking *asking = (struct asking *)(void *)((char *)job - offsetof(struct asking, job));

    asking_log(asking);
    asking_answer(asking);
    witness_answer_free(&asking->answer);
}

static void add_checkpoint_handle(struct exchange *exchange)
{
    struct asking *asking = arena_new(&exchange->arena, 1, sizeof *asking);

    if (!asking) {
        refuse(exchange, 503, "no memory");
        return;
    }
    asking->exchange = exchange;
    asking->job = (struct worker_job){ .done = { .run = asking_done }, .loop = exchange->loop, .work = asking_work };
    if (worker_run(witness_of(exchange)->workers, &asking->job).code)
        refuse(exchange, 503, "the witness has more requests than it can answer");
}

static void page_handle(struct exchange *exchange)
{
    struct response response = { .status = 200, .type = MEDIA_TEXT, .cache = CACHE_REVALIDATE };
    status s = witness_book_page(witness_of(exchange)->book, exchange->parameters[0], &exchange->answer);

    response.body = buf_str(&exchange->answer);
    if (!s.code)
        http_respond(exchange, &response);
    else
        refuse(exchange, s.code == CODE_NOT_FOUND ? 404 : 503,
               "nothing was cosigned for a log whose origin has that hash");
}

static void health_handle(struct exchange *exchange)
{
    http_respond_text(exchange, 200, STR("ok\n"));
}

static const struct route routes[] = {
    { METHOD_POST, "/add-checkpoint", ANYBODY, ADD_CHECKPOINT_MAX_BYTES, add_checkpoint_handle, ANY_TYPE, NULL },
    { METHOD_GET, "/{origin}/checkpoint", ANYBODY, ROUTE_NO_BODY, page_handle, NULL, NULL },
    { METHOD_GET, "/healthz", ANYBODY, ROUTE_NO_BODY, health_handle, NULL, NULL },
};

/* ---- Its life ---- */

struct witness_serving {
    struct witness witness;
    struct router *router;
    struct server *server;
};

static void serving_end(struct witness_serving *serving)
{
    if (serving->server)
        (void)server_drain(serving->server, DRAIN_MAX_MS);
    if (serving->witness.workers)
        worker_pool_free(&serving->witness.workers);
    if (serving->server)
        server_free(&serving->server);
    if (serving->router)
        router_free(&serving->router);
}

static status serving_begin(struct witness_serving *serving, const struct witness_server_config *config,
                            struct listening *listening, struct err *err)
{
    struct tls_files tls = { .certificate = config->certificate, .key = config->certificate_key };
    struct server_config server = {
        .limits = http_limits_default(), .loops = 1, .user = &serving->witness, .tls = config->certificate ? &tls : NULL
    };
    struct server_listen where = { .host = listening->host, .port = listening->port, .tls = config->certificate };

    serving->witness.book = config->book;
    TRY(router_new(routes, sizeof routes / sizeof routes[0], &serving->router, err));
    server.router = serving->router;
    TRY(server_new(&server, &serving->server, err));
    TRY(worker_pool_new(WORKERS, WORKERS_QUEUE, &serving->witness.workers, err));
    TRY(server_listen(serving->server, &where, &listening->port, err));
    return server_start(serving->server, err);
}

static void signals_wait(struct witness_serving *serving, const sigset_t *set, bool tls)
{
    struct err err = { 0 };

    while (signals_next(set) == SIGHUP) {
        if (tls && server_reload_tls(serving->server, &err).code)
            log_write(LOG_ERROR, "witness", "the certificate was not read anew: %s", err.text);
    }
}

status witness_serve(const struct witness_server_config *config, struct err *err)
{
    AUTO(struct witness_serving, serving_end) serving = { 0 };
    struct listening listening = { 0 };
    char url[LISTEN_URL_MAX_BYTES];
    sigset_t set;

    if ((config->certificate == NULL) != (config->certificate_key == NULL))
        return err_member(err, CODE_INVALID, "certificate", "--certificate and --certificate-key go together");
    TRY(listening_read(config->listen, &listening, err));
    set = signals_block();
    fault_read_environment();
    TRY(serving_begin(&serving, config, &listening, err));
    listening_url(&listening, config->certificate, url);
    config->ready(config->context, url);
    signals_wait(&serving, &set, config->certificate);
    return OK;
}
