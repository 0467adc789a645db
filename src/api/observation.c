/*
 * api/observation: how far an observed log was read: where its observer goes on.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/list.h"
#include "codec/hex.h"
#include "http/respond.h"

struct watermark_row {
    struct id viewer;
    uint8_t head_bytes[32];
    struct str head;
    int64_t offset;
    int64_t line;
};

#define MARK(member_) offsetof(struct watermark_row, member_)

static const struct shape_member watermark_members[] = {
    { .name = "head", .kind = SHAPE_TEXT, .at = MARK(head) },
    { .name = "offset", .kind = SHAPE_INT, .at = MARK(offset), .about = "bytes read; 0: nothing yet" },
    { .name = "line", .kind = SHAPE_INT, .at = MARK(line) },
};
const struct shape watermark_now_shape = SHAPE("Watermark", watermark_members);

static void view_run(void *context, const struct facts *facts, int64_t now_ms)
{
    struct watermark_row *row = context;
    uint32_t viewer = principal_find(facts, row->viewer);
    uint32_t place = watermark_find(facts, principal_organisation(facts, viewer), row->head_bytes);

    (void)now_ms;
    if (place == NONE)
        return;
    row->offset = watermark_at(facts, place)->offset;
    row->line = watermark_at(facts, place)->line;
}

static void viewed(struct call *call)
{
    struct json_out out = { .buf = &call->exchange->answer };
    struct shape_source source = { .value = call->detail };

    if (call_refused(call, call->jobs))
        return;
    json_out_object(&out, NULL);
    shape_write(&watermark_now_shape, &source, &out);
    json_out_end(&out);
    http_respond_json(call->exchange, 200);
}

static bool log_head_read(struct call *call, struct watermark_row *row)
{
    struct err err = { 0 };

    row->head = call_text(call, QUERY_HEAD);
    if (row->head.len && !hex_read(row->head, row->head_bytes, sizeof(row->head_bytes)).code)
        return true;
    (void)err_member(&err, CODE_INVALID, "head", "head must be 64 hexadecimal digits: the SHA-256 of the log's head");
    call_reject(call, &err);
    return false;
}

void observation_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct watermark_row *row = arena_new(call_arena(call), 1, sizeof(*row));
    struct job *job;

    if (!row) {
        call_no_memory(call);
        return;
    }
    if (!log_head_read(call, row))
        return;
    row->viewer = call->bearer.actor.who.id;
    call->detail = row;
    job = call_job(call, COMMAND_VIEW);
    if (!job)
        return;
    job->command.view.call = view_run;
    job->command.view.context = row;
    call_submit(call, viewed);
}
