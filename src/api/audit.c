#include "api/audit.h"

#include "api/answer.h"
#include "api/handlers.h"
#include "api/problems.h"
#include "api/seen.h"
#include "api/work.h"
#include "base/limits.h"
#include "http/respond.h"

#define PAGE_MAX_BYTES 4194304 /* of leaves: escaped, they stay below HTTP_ANSWER_MAX_BYTES */

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

    if (recent_audit_is_covered(&call_api(call)->recent, call->bearer.actor.who.id, engine_now_ms(call_engine(call)))) {
        next(call);
        return;
    }
    recording = arena_new(call_arena(call), 1, sizeof(*recording));
    job = recording ? call_job(call, COMMAND_DATA_READ) : NULL;
    if (!recording)
        call_no_memory(call);
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

bool audit_path_index(struct call *call, uint64_t *ret_index)
{
    if (!str_to_u64(call->exchange->parameters[0], ENTRY_NUMBER_MAX, ret_index).code)
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

#define ROW(member_)  offsetof(struct page_row, member_)
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
        call_no_memory(call);
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

void audit_entry_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    uint64_t index;

    if (audit_path_index(call, &index))
        page_ask(call, index, 1, true);
}
