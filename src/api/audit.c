#include "api/audit.h"

#include "api/answer.h"
#include "api/handlers.h"
#include "api/problems.h"
#include "api/seen.h"
#include "api/wait.h"
#include "api/work.h"
#include "base/limits.h"
#include "http/respond.h"
#include "tlog/proof.h"

#define PAGE_MAX_BYTES (4 * 1024 * 1024) /* of leaves: escaped, they stay below HTTP_ANSWER_MAX_BYTES */

/* ---- That it is read is recorded ---- */

struct recording {
    void *detail; /* of the call, for what comes next */
    call_answer *next;
};

static void recorded(struct call *call)
{
    struct recording *recording = call->detail;
    struct engine *engine = call_engine(call);

    if (call_refused(call, call->jobs))
        return;
    if (call->jobs->reply.outcome.kind != OUTCOME_ENTRY) {
        answer_call(call);
        return;
    }
    recent_audit_covered(&call_api(call)->recent, call->bearer.actor.who.id, engine_now_ms(engine));
    call->detail = recording->detail;
    recording->next(call);
}

void audit_record(struct call *call, int64_t from, int64_t limit, call_answer *next)
{
    struct recording *recording;
    struct job *job;

    if (recent_audit_is_covered(&call_api(call)->recent, call->bearer.actor.who.id,
                                engine_now_ms(call_engine(call)))) {
        next(call);
        return;
    }
    recording = arena_new(call_arena(call), 1, sizeof(*recording));
    job = recording ? call_job(call, COMMAND_DATA_READ) : NULL;
    if (!recording)
        http_respond_refusal(call->exchange, REFUSE_NO_MEMORY);
    if (!job)
        return;
    *recording = (struct recording){ .detail = call->detail, .next = next };
    call->detail = recording;
    job->command.read = (struct read_record){ .scope = STR("audit"), .from = from, .to = -1, .limit = limit };
    call_submit(call, recorded);
}

bool audit_is_whole(struct call *call)
{
    if (call->bearer.organisation.kind == ID_NONE)
        return true;
    call_reject_as(call, PROBLEM_NOT_FOUND, STR_NONE);
    return false;
}

/* ---- Pages and single entries ---- */

struct page_row {
    uint64_t index;
    struct hash hash;
    struct str entry;
};

struct page {
    struct work work;
    struct call *call;
    struct page_row *rows;
    size_t count;
    size_t limit;
    uint64_t first;
    int64_t next;
    bool is_one; /* a single entry, not a page */
};

#define ROW(member_) offsetof(struct page_row, member_)
#define PAGE(member_) offsetof(struct page, member_)

/* clang-format off */
static const struct shape_member row_members[] = {
    { .name = "index", .kind = SHAPE_INDEX, .at = ROW(index) },
    { .name = "hash", .kind = SHAPE_HASH, .at = ROW(hash), .about = "the leaf's RFC 6962 hash, in base64" },
    { .name = "entry", .kind = SHAPE_TEXT, .at = ROW(entry), .about = "the leaf's exact text" },
};
const struct shape audit_entry_shape = SHAPE("AuditEntry", row_members);
/* The rows are written as they are; this is their schema. */
static const struct shape_member page_members[] = {
    { .name = "entries", .kind = SHAPE_ROWS, .shape = &audit_entry_shape, .size = sizeof(struct page_row),
      .at = PAGE(rows) },
    { .name = "next", .kind = SHAPE_INT, .at = PAGE(next),
      .about = "the last index that was looked at: `after` of the next page" },
};
/* clang-format on */
const struct shape audit_page_shape = SHAPE("AuditPage", page_members);

static status row_keep(void *context, const struct ledger_entry *entry, struct err *err)
{
    struct page *page = context;
    struct page_row *row = &page->rows[page->count];

    (void)err;
    row->index = entry->index;
    row->hash = entry->hash;
    TRY(arena_copy(call_arena(page->call), entry->leaf, &row->entry));
    page->count++;
    return OK;
}

static status page_read(struct work *work, struct ledger_view *view)
{
    struct page *page = (struct page *)work;
    struct store_range range = { .first = page->first, .max_count = page->limit, .max_bytes = PAGE_MAX_BYTES };
    struct ledger_entry_visitor visitor = { row_keep, page };
    uint64_t next = page->first;

    TRY(ledger_view_entries(view, &range, &visitor, &next, &work->err));
    page->next = (int64_t)next - 1;
    return OK;
}

static void row_write(const struct page_row *row, struct json_out *out)
{
    struct shape_source source = { .value = row };

    json_out_object(out, NULL);
    shape_write(&audit_entry_shape, &source, out);
    json_out_end(out);
}

static void page_write(struct page *page)
{
    struct json_out out = { .buf = &page->call->exchange->answer };

    if (page->is_one && !page->count) {
        call_reject_as(page->call, PROBLEM_NOT_FOUND, STR_NONE);
        return;
    }
    if (page->is_one) {
        row_write(page->rows, &out);
    } else {
        json_out_object(&out, NULL);
        json_out_array(&out, "entries");
        for (size_t i = 0; i < page->count; i++)
            row_write(&page->rows[i], &out);
        json_out_end(&out);
        json_out_i64(&out, "next", page->next);
        json_out_end(&out);
    }
    http_respond_json(page->call->exchange, 200);
}

/* Of an organisation's reader's page only its own entries are left; `next` still tells how far it was looked. */
static void page_filtered(struct call *call)
{
    struct page *page = call->detail;
    size_t kept = 0;

    if (call_refused(call, call->jobs))
        return;
    for (size_t i = 0; i < page->count; i++) {
        if (seen_is_visible(call, i))
            page->rows[kept++] = page->rows[i];
    }
    page->count = kept;
    page_write(page);
}

static void page_done(struct work *work)
{
    struct page *page = (struct page *)work;
    struct call *call = page->call;

    if (work->status.code) {
        work_failed(work);
        return;
    }
    if (call->bearer.organisation.kind == ID_NONE || !page->count) {
        page_write(page);
        return;
    }
    if (!seen_begin(call, page->count))
        return;
    for (size_t i = 0; i < page->count; i++)
        seen_add(call, i, page->rows[i].entry);
    call_submit(call, page_filtered);
}

static void page_start(struct call *call)
{
    struct page *page = call->detail;

    work_start(call, &page->work);
}

static void page_ask(struct call *call, uint64_t first, size_t limit, bool is_one)
{
    struct page *page = arena_new(call_arena(call), 1, sizeof(*page));

    if (page)
        page->rows = arena_new(call_arena(call), limit, sizeof(*page->rows));
    if (!page || !page->rows) {
        http_respond_refusal(call->exchange, REFUSE_NO_MEMORY);
        return;
    }
    page->work.run = page_read;
    page->work.done = page_done;
    page->call = call;
    page->first = first;
    page->limit = limit;
    page->is_one = is_one;
    call->detail = page;
    audit_record(call, (int64_t)first, (int64_t)limit, page_start);
}

void audit_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    uint64_t first = (uint64_t)call_number(call, QUERY_SINCE, -1) + 1;

    page_ask(call, first, (size_t)call_number(call, QUERY_LIMIT, PAGE_DEFAULT), false);
}

/* The index in the path; false: it is none, and the call is answered. */
static bool path_index(struct call *call, uint64_t *ret_index)
{
    if (!str_to_u64(call->exchange->parameters[0], INT64_MAX - 1, ret_index).code)
        return true;
    call_reject_as(call, PROBLEM_NOT_FOUND, STR_NONE);
    return false;
}

void audit_entry_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    uint64_t index;

    if (path_index(call, &index))
        page_ask(call, index, 1, true);
}

/* ---- Proofs ---- */

/*
 * They hold hashes and nothing else, so any valid credential may have them, as it may have the tiles. One that no
 * checkpoint covers yet is waited for: the next comes within a second.
 */
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

    return ledger_view_proof(view, proof->index, NULL, &work->call->exchange->answer, &work->err);
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
        http_respond_refusal(exchange, REFUSE_NO_MEMORY);
        return;
    }
    if (!path_index(call, &index))
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
    { .name = "hashes",
      .kind = SHAPE_TEXTS,
      .at = 0,
      .about = "the RFC 6962 consistency proof, each hash in base64" },
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
        http_respond_refusal(exchange, REFUSE_NO_MEMORY);
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
