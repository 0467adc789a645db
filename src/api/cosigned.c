#include "api/cosigned.h"

#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/problems.h"
#include "http/respond.h"
#include "service/witnesses.h"

static struct witnesses *witnesses_of(const struct call *call)
{
    return atomic_load(&call_api(call)->witnesses);
}

/* ---- For others ---- */

status cosigned_checkpoint(struct call *call, struct str *ret_note)
{
    const struct publication *publication = publisher_hold(engine_publisher(call_engine(call)));
    status s = { CODE_NOT_FOUND };

    if (!publication)
        return s;
    if (witnesses_of(call))
        s = witnesses_note(witnesses_of(call), &publication->head, call_arena(call), ret_note);
    if (s.code == CODE_NOT_FOUND)
        s = arena_copy(call_arena(call), publication->checkpoint, ret_note);
    publication_release(publication);
    return s;
}

status cosigned_proof(struct work *work, struct ledger_view *view, uint64_t index, const struct hash *leaf,
                      struct buf *text)
{
    const struct publication *publication = ledger_view_publication(view);
    struct arena *arena = call_arena(work->call);
    struct witnesses *witnesses = witnesses_of(work->call);
    struct cosigned_checkpoint under = { 0 };

    if (!witnesses || !publication)
        return ledger_view_proof(view, index, leaf, text, &work->err);
    if (witnesses_newest(witnesses, arena, &under).code || under.head.size <= index ||
        under.head.size > publication->head.size) {
        under.head = publication->head;
        under.note = publication->checkpoint;
        if (witnesses_note(witnesses, &under.head, arena, &under.note).code == CODE_NO_MEMORY)
            return err_set(&work->err, CODE_NO_MEMORY, "no memory for a checkpoint");
    }
    return ledger_view_proof_under(view, &(struct proof_wanted){ index, leaf, under.head, under.note }, text,
                                   &work->err);
}

bool cosigned_wait(struct call *call, uint64_t index, struct wait *wait)
{
    struct witnesses *witnesses = witnesses_of(call);

    if (!witnesses || !call_api(call)->config.receipts_witnessed || witnesses_saw_fork(witnesses))
        return false;
    wait->waiting_for = WAIT_WITNESSED;
    wait->size = index + 1;
    wait->until_ms = loop_now_ms(call->exchange->loop) + QUORUM_PATIENCE_MS;
    wait_watch(call_loop(call)->waits, wait);
    if (witnesses_size(witnesses) > index) {
        wait_leave(wait);
        return false;
    }
    witnesses_want(witnesses, index + 1);
    return true;
}

/* ---- GET /v1/ledger/witnessed ---- */

void witnessed_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct response response = { .status = 200, .type = MEDIA_TEXT, .cache = CACHE_REVALIDATE };
    struct cosigned_checkpoint newest = { 0 };
    status s = { CODE_NOT_FOUND };

    if (witnesses_of(call))
        s = witnesses_newest(witnesses_of(call), call_arena(call), &newest);
    response.body = newest.note;
    if (!s.code)
        http_respond(exchange, &response);
    else if (s.code == CODE_NOT_FOUND)
        answer_problem(call, PROBLEM_NOT_FOUND, STR("no checkpoint has met the witness policy yet"));
    else
        call_no_memory(call);
}

/* ---- POST /v1/cosignatures ---- */

struct bringing {
    struct work work;
    struct tree_head head;
    size_t count;
};

static status bringing_check(struct work *work, struct ledger_view *view)
{
    struct bringing *bringing = (struct bringing *)work;

    (void)view;
    return witnesses_check(witnesses_of(work->call), work->call->exchange->body, &bringing->head, &bringing->count,
                           &work->err);
}

/* It is recorded; now it counts. */
static void bringing_answer(struct call *call)
{
    const struct reply *reply = &call->jobs->reply;
    struct err err = { 0 };

    if (!call->dry_run && reply->verdict == VERDICT_DONE && reply->outcome.kind == OUTCOME_ENTRY &&
        witnesses_keep(witnesses_of(call), call->exchange->body, &err).code) {
        answer_problem(call, PROBLEM_OVERLOADED, str_of(err.text));
        return;
    }
    answer_call(call);
}

static void bringing_done(struct work *work)
{
    const struct bringing *bringing = (const struct bringing *)work;
    struct job *job;

    if (work->status.code == CODE_BUSY || work->status.code == CODE_NO_MEMORY) {
        work_failed(work);
        return;
    }
    if (work->status.code) {
        call_reject(work->call, &work->err);
        return;
    }
    job = call_job(work->call, COMMAND_CHECKPOINT_COSIGNED);
    if (!job)
        return;
    job->command.cosigned.size = bringing->head.size;
    memcpy(job->command.cosigned.root, bringing->head.root.bytes, sizeof(job->command.cosigned.root));
    job->command.cosigned.count = (int64_t)bringing->count;
    call_submit(work->call, bringing_answer);
}

void cosignatures_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct bringing *bringing = arena_new(call_arena(call), 1, sizeof(*bringing));
    struct err err = { 0 };

    if (!bringing) {
        call_no_memory(call);
        return;
    }
    if (!witnesses_of(call)) {
        (void)err_set(&err, CODE_INVALID, "this server has no witness policy");
        call_reject(call, &err);
        return;
    }
    bringing->work.run = bringing_check;
    bringing->work.done = bringing_done;
    work_start(call, &bringing->work);
}
