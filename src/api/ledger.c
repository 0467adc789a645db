/*
 * api/ledger: what the ledger is and how it stands: its checkpoint, and its tiles as C2SP tlog-tiles has them.
 */
#include "api/answer.h"
#include "api/audit.h"
#include "api/cosigned.h"
#include "api/handlers.h"
#include "api/problems.h"
#include "api/work.h"
#include "http/respond.h"

struct ledger_row {
    struct str origin;
    struct str vkey;
    uint64_t size;
    struct hash root;
};

#define LEDGER(member_) offsetof(struct ledger_row, member_)

static const struct shape_member ledger_members[] = {
    { .name = "origin", .kind = SHAPE_TEXT, .at = LEDGER(origin), .about = "the ledger's name" },
    { .name = "vkey", .kind = SHAPE_TEXT, .at = LEDGER(vkey), .about = "C2SP verifier key" },
    { .name = "size", .kind = SHAPE_INDEX, .at = LEDGER(size), .about = "entries under the newest checkpoint" },
    { .name = "root", .kind = SHAPE_HASH, .at = LEDGER(root), .about = "their tree's root, in base64" },
};
const struct shape ledger_shape = SHAPE("Ledger", ledger_members);

void ledger_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct publisher *publisher = engine_publisher(call_engine(call));
    const struct vkey *vkey = publisher_vkey(publisher);
    struct tree_head head = publisher_head(publisher);
    struct json_out out = { .buf = &exchange->answer };
    char space[VKEY_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    struct ledger_row row = { .origin = vkey_name(vkey), .size = head.size, .root = head.root };
    struct shape_source source = { .value = &row };

    vkey_add(&text, vkey);
    row.vkey = buf_str(&text);
    json_out_object(&out, NULL);
    shape_write(&ledger_shape, &source, &out);
    json_out_end(&out);
    http_respond_json(exchange, 200);
}

void checkpoint_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct response response = { .status = 200, .type = MEDIA_TEXT, .cache = CACHE_REVALIDATE };
    struct str note;
    status s = cosigned_checkpoint(call, &note);

    response.body = note;
    if (!s.code)
        http_respond(exchange, &response);
    else if (s.code == CODE_NOT_FOUND)
        answer_problem(call, PROBLEM_NOT_FOUND, STR("no checkpoint has been published yet"));
    else
        call_no_memory(call);
}

/* ---- Tiles ---- */

struct tile_work {
    struct work work;
    struct tile tile;
};

static status tile_read(struct work *work, struct ledger_view *view)
{
    struct tile_work *tile = (struct tile_work *)work;

    return ledger_view_tile(view, &tile->tile, &work->call->exchange->answer, &work->err);
}

static void tile_answer(struct work *work)
{
    struct exchange *exchange = work->call->exchange;
    /* A partial tile never changes either: its width is in its name. */
    struct response response = { .status = 200, .type = MEDIA_BYTES, .cache = CACHE_IMMUTABLE };

    if (work->status.code == CODE_NOT_FOUND) {
        answer_problem(work->call, PROBLEM_NOT_FOUND, STR("the ledger has no such tile yet"));
        return;
    }
    if (work->status.code) {
        work_failed(work);
        return;
    }
    response.body = buf_str(&exchange->answer);
    http_respond(exchange, &response);
}

static void tile_start(struct call *call)
{
    work_start(call, call->detail);
}

void tile_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct tile_work *tile = arena_new(call_arena(call), 1, sizeof(*tile));

    if (!tile) {
        call_no_memory(call);
        return;
    }
    if (tile_parse(exchange_path(exchange), &tile->tile, NULL).code) {
        call_reject_as(call, PROBLEM_NOT_FOUND, STR_NONE);
        return;
    }
    tile->work.run = tile_read;
    tile->work.done = tile_answer;
    call->detail = tile;
    if (tile->tile.kind == TILE_HASHES)
        tile_start(call);
    else if (call_require(call, PERM_AUDIT_READ) && audit_is_whole(call)) /* bundles hold everybody's entries */
        audit_record(call, -1, -1, tile_start);
}
