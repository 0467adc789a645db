/*
 * api/facts: what the running server believes: the hash of its facts at an index, to be compared with what the ledger
 * gives (P2, `tally verify --replay`). Computed by a forked child; a worker waits for it.
 */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/work.h"
#include "engine/facts_fork.h"
#include "http/respond.h"

struct facts_look {
    struct work work;
    struct facts_fork fork;
    status forked;
    struct facts_row {
        uint64_t size;
        struct hash hash;
    } row;
};

#define FACTS(member_) offsetof(struct facts_row, member_)

static const struct shape_member facts_members[] = {
    { .name = "size", .kind = SHAPE_INDEX, .at = FACTS(size), .about = "entries that the facts are made of" },
    { .name = "sha256", .kind = SHAPE_HASH, .at = FACTS(hash), .about = "of their image, in base64" },
};
const struct shape facts_shape = SHAPE("Facts", facts_members);

/* On the engine's thread. */
static void facts_view(void *context, const struct facts *facts, int64_t now_ms)
{
    struct facts_look *look = context;

    (void)now_ms;
    look->forked = facts_fork_begin(facts, &look->fork, &look->work.err);
}

static status facts_run(struct work *work, struct ledger_view *view)
{
    struct facts_look *look = (struct facts_look *)work;

    (void)view;
    look->row.size = look->fork.size;
    return facts_fork_end(&look->fork, &look->row.hash, &work->err);
}

static void facts_done(struct work *work)
{
    struct facts_look *look = (struct facts_look *)work;
    struct shape_source source = { .value = &look->row };
    struct json_out out = { .buf = &work->call->exchange->answer };

    facts_fork_drop(&look->fork); /* no worker took it */
    if (work->status.code) {
        work_failed(work);
        return;
    }
    json_out_object(&out, NULL);
    shape_write(&facts_shape, &source, &out);
    json_out_end(&out);
    http_respond_json(work->call->exchange, 200);
}

static void facts_forked(struct call *call)
{
    struct facts_look *look = call->detail;

    if (call_refused(call, call->jobs)) {
        facts_fork_drop(&look->fork);
        return;
    }
    look->work.call = call;
    look->work.status = look->forked;
    if (look->forked.code)
        work_failed(&look->work);
    else
        work_start(call, &look->work);
}

void facts_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct facts_look *look = arena_new(call_arena(call), 1, sizeof(*look));
    struct job *job;

    if (!look) {
        call_no_memory(call);
        return;
    }
    *look = (struct facts_look){ .work = { .run = facts_run, .done = facts_done } };
    call->detail = look;
    job = call_job(call, COMMAND_VIEW);
    if (!job)
        return;
    job->command.view.call = facts_view;
    job->command.view.context = look;
    call_submit(call, facts_forked);
}
