/*
 * api/ledger: what the ledger is and how it stands; whether the server lives and serves.
 */
#include "api/answer.h"
#include "api/handlers.h"
#include "http/respond.h"

void ledger_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    const struct publication *publication = publisher_hold(engine_publisher(call_engine(call)));
    const struct vkey *vkey = publisher_vkey(engine_publisher(call_engine(call)));
    struct json_out out = { .buf = &exchange->answer };
    char space[VKEY_MAX_BYTES];
    struct buf text = BUF_OVER(space);

    if (!publication) {
        answer_problem(call, PROBLEM_NOT_FOUND, STR("no checkpoint has been published yet"));
        return;
    }
    vkey_add(&text, vkey);
    json_out_object(&out, NULL);
    json_out_text(&out, "origin", vkey_name(vkey));
    json_out_text(&out, "vkey", buf_str(&text));
    json_out_u64(&out, "size", publication->head.size);
    json_out_base64(&out, "root", publication->head.root.bytes, HASH_BYTES);
    json_out_end(&out);
    publication_release(publication);
    http_respond_json(exchange, 200);
}

void health_handle(struct exchange *exchange)
{
    http_respond_text(exchange, 200, STR("ok\n"));
}

void ready_handle(struct exchange *exchange)
{
    struct engine_stats stats;

    engine_stats(call_engine(call_of(exchange)), &stats);
    if (stats.ready && !stats.read_only)
        http_respond_text(exchange, 200, STR("ready\n"));
    else
        http_respond_text(exchange, 503,
                          stats.ready ? STR("read-only: nothing can be recorded\n") : STR("not started\n"));
}
