#include "api/receipt.h"

#include "api/answer.h"
#include "api/cosigned.h"
#include "api/work.h"
#include "base/log.h"
#include "tlog/proof.h"

struct receipt {
    struct work work;
    struct wait wait;
    struct call *call;
    struct str proof;
};

static status prove(struct work *work, struct ledger_view *view)
{
    struct receipt *receipt = (struct receipt *)work;
    const struct reply *reply = &work->call->jobs->reply;
    AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES };
    struct hash leaf = hash_leaf(reply->leaves[0]);

    TRY(cosigned_proof(work, view, reply->index, &leaf, &text));
    return arena_copy(call_arena(work->call), buf_str(&text), &receipt->proof);
}

static void finish(struct work *work)
{
    static const struct response_field applied = { STR_INIT("Preference-Applied"), STR_INIT("receipt") };
    const struct receipt *receipt = (const struct receipt *)work;
    struct call *call = work->call;
    struct json_out out = { .buf = &call->exchange->answer };
    struct response response = { .type = MEDIA_JSON };
    struct answer answer;

    if (work->status.code)
        log_write(LOG_WARN, "api", "an answer goes without its receipt: %s",
                  work->err.text[0] ? work->err.text : status_name(work->status));
    answer_read(call->jobs, &answer);
    json_out_object(&out, NULL);
    answer_write(call, call->jobs, &answer, &out);
    json_out_text(&out, "entry", call->jobs->reply.leaves[0]);
    if (!work->status.code) {
        json_out_text(&out, "receipt", receipt->proof);
        response.fields = &applied;
        response.field_count = 1;
    }
    json_out_end(&out);
    if (call->exchange->answer.status.code) {
        http_respond_json(call->exchange, answer.status); /* which says that it failed */
        return;
    }
    response.status = answer.status;
    response.body = buf_str(&call->exchange->answer);
    http_respond(call->exchange, &response);
}

/* The policy is met, or the wait is over: the proof has what cosignatures there are. */
static void receipt_go_on(struct wait *wait)
{
    struct receipt *receipt = wait->owner;

    work_start(receipt->call, &receipt->work);
}

void receipt_answer(struct call *call)
{
    struct receipt *receipt = arena_new(call_arena(call), 1, sizeof(*receipt));

    if (!receipt) {
        http_hang_up(call->exchange); /* it has happened; the client asks again under the same key */
        return;
    }
    receipt->work.run = prove;
    receipt->work.done = finish;
    receipt->call = call;
    receipt->wait.wake = receipt_go_on;
    receipt->wait.owner = receipt;
    if (cosigned_wait(call, call->jobs->reply.index, &receipt->wait))
        wait_sleep(&receipt->wait);
    else
        work_start(call, &receipt->work);
}
