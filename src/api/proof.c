/*
 * api/proof: that an entry is in the ledger, and that a newer ledger extends an older one. Both hold hashes and nothing
 * else, so any valid credential may have them, as it may have the tiles.
 */
#include "tlog/proof.h"

#include "api/audit.h"
#include "api/cosigned.h"
#include "api/handlers.h"
#include "api/wait.h"
#include "api/work.h"
#include "http/respond.h"

/* ---- Inclusion ---- */

/* One that no checkpoint covers yet is waited for: the next comes within a second. */
struct proof_call {
    struct work work;
    struct wait wait;
    struct call *call;
    uint64_t index;
    bool last_try;
};

static status proof_read(struct work *work, struct ledger_view *view)
{
    const struct proof_call *proof = (const struct proof_call *)work;

    return cosigned_proof(work, view, proof->index, NULL, &work->call->exchange->answer);
}

static void proof_done(struct work *work)
{
    struct proof_call *proof = (struct proof_call *)work;
    struct engine_stats stats;

    if (work->status.code == CODE_NOT_FOUND && !proof->last_try) {
        engine_stats(call_engine(work->call), &stats);
        if (proof->index < stats.size) {
            wait_sleep(&proof->wait);
            return;
        }
    }
    wait_leave(&proof->wait);
    if (work->status.code == CODE_NOT_FOUND)
        call_reject_as(work->call, PROBLEM_NOT_FOUND, STR_NONE);
    else if (work->status.code)
        work_failed(work);
    else
        http_respond_answer(work->call->exchange, 200, MEDIA_TEXT);
}

static void proof_again(struct wait *wait)
{
    struct proof_call *proof = wait->owner;

    proof->last_try = true;
    buf_clear(&proof->call->exchange->answer);
    work_start(proof->call, &proof->work);
}

void audit_proof_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct proof_call *proof = arena_new(call_arena(call), 1, sizeof(*proof));
    uint64_t index;

    if (!proof) {
        call_no_memory(call);
        return;
    }
    if (!audit_path_index(call, &index))
        return;
    proof->work.run = proof_read;
    proof->work.done = proof_done;
    proof->call = call;
    proof->index = index;
    proof->wait = (struct wait){ .waiting_for = WAIT_SIZE,
                                 .size = index + 1,
                                 .until_ms = loop_now_ms(exchange->loop) + PUBLISH_MS,
                                 .wake = proof_again,
                                 .owner = proof };
    wait_watch(call_loop(call)->waits, &proof->wait);
    work_start(call, &proof->work);
}

/* ---- Consistency ---- */

struct consistency {
    struct work work;
    uint64_t older;
    uint64_t newer;
    bool has_newer;
    struct tree_path path;
};

static const struct shape_member consistency_members[] = {
    { .name = "from", .kind = SHAPE_INDEX, .at = offsetof(struct consistency, older) },
    { .name = "to", .kind = SHAPE_INDEX, .at = offsetof(struct consistency, newer) },
    { .name = "hashes", .kind = SHAPE_TEXTS, .at = 0, .about = "the RFC 6962 consistency proof, each hash in base64" },
};
const struct shape consistency_shape = SHAPE("Consistency", consistency_members);

static status consistency_read(struct work *work, struct ledger_view *view)
{
    struct consistency *consistency = (struct consistency *)work;
    const struct publication *publication = ledger_view_publication(view);

    if (!publication)
        return (status){ CODE_NOT_FOUND };
    if (!consistency->has_newer)
        consistency->newer = publication->head.size;
    return ledger_view_consistency(view, consistency->older, consistency->newer, &consistency->path, &work->err);
}

static void consistency_write(const struct consistency *consistency)
{
    struct json_out out = { .buf = &consistency->work.call->exchange->answer };

    json_out_object(&out, NULL);
    json_out_u64(&out, "from", consistency->older);
    json_out_u64(&out, "to", consistency->newer);
    json_out_array(&out, "hashes");
    for (size_t i = 0; i < consistency->path.count; i++)
        json_out_base64(&out, NULL, consistency->path.hashes[i].bytes, HASH_BYTES);
    json_out_end(&out);
    json_out_end(&out);
    http_respond_json(consistency->work.call->exchange, 200);
}

static void consistency_done(struct work *work)
{
    struct err err = { 0 };

    if (work->status.code == CODE_INVALID) {
        (void)err_member(&err, CODE_INVALID, "from", "from must not be larger than to");
        call_reject(work->call, &err);
    } else if (work->status.code == CODE_NOT_FOUND) {
        call_reject_as(work->call, PROBLEM_NOT_FOUND, STR("to"));
    } else if (work->status.code) {
        work_failed(work);
    } else {
        consistency_write((const struct consistency *)work);
    }
}

void audit_consistency_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct consistency *consistency = arena_new(call_arena(call), 1, sizeof(*consistency));
    struct err err = { 0 };

    if (!consistency) {
        call_no_memory(call);
        return;
    }
    if (!call_asked(call, QUERY_FROM)) {
        (void)err_member(&err, CODE_INVALID, "from", "from is missing: the size of the older tree");
        call_reject(call, &err);
        return;
    }
    consistency->work.run = consistency_read;
    consistency->work.done = consistency_done;
    consistency->older = (uint64_t)call_number(call, QUERY_FROM, 0);
    consistency->newer = (uint64_t)call_number(call, QUERY_TO, 0);
    consistency->has_newer = call_asked(call, QUERY_TO);
    work_start(call, &consistency->work);
}
