#include "api/list.h"

#include "api/answer.h"
#include "http/respond.h"

#define LISTED_MAX 16384 /* members of all rows' own lists: some megabytes; the page then ends early, with `next` */

struct list {
    struct call *call;
    const struct list_kind *kind;
    struct view view;
    struct id id; /* of the one that is asked for; none: a page */
    char *rows;
    size_t count;
    size_t limit;
    uint32_t place; /* where to go on */
    bool ended;     /* of the table */
    unsigned slices;
};

/* ---- On the engine's thread ---- */

static bool is_full(const struct list *list)
{
    return list->count >= list->limit || list->view.listed >= LISTED_MAX;
}

static void slice_read(struct list *list, const struct table *table)
{
    uint32_t stop = table->used - list->place > SLICE_PLACES ? list->place + SLICE_PLACES : table->used;

    for (; list->place < stop && !is_full(list) && !list->view.failed; list->place++) {
        const struct id *id = table_at(table, list->place);

        /* A free record has no random bits in its id's low half; a live one always has. */
        if (id->lo && list->kind->read(&list->view, list->place, list->rows + list->count * list->kind->row_size))
            list->count++;
    }
    list->ended = list->place >= table->used;
}

static void one_read(struct list *list)
{
    uint32_t place = list->kind->find(list->view.facts, list->id);

    if (place != NONE && list->kind->read(&list->view, place, list->rows))
        list->count = 1;
    list->ended = true;
}

static void view_run(void *context, const struct facts *facts, int64_t now_ms)
{
    struct list *list = context;
    const struct table *table = list->kind->table(facts);

    list->view.facts = facts;
    list->view.now_ms = now_ms;
    list->view.viewer_place = principal_find(facts, list->call->bearer.actor.who.id);
    list->view.viewer = principal_at(facts, list->view.viewer_place);
    if (!id_is_none(list->id))
        one_read(list);
    else if (list->place >= table->used)
        list->ended = true;
    else
        slice_read(list, table);
    list->view.facts = NULL;
    list->view.viewer = NULL;
}

struct str view_copy(struct view *view, struct str text)
{
    struct str copy = STR_NONE;

    view->failed = arena_copy(view->arena, text, &copy).code || view->failed;
    return copy;
}

void *view_new(struct view *view, size_t count, size_t size)
{
    void *at = arena_new(view->arena, count ? count : 1, size);

    view->failed = !at || view->failed;
    return at;
}

struct who view_who(const struct view *view, uint32_t principal)
{
    const struct principal *found;

    if (principal == NONE)
        return (struct who){ 0 };
    found = principal_at(view->facts, principal);
    return (struct who){ .id = found->id, .kind = (enum id_kind)found->kind };
}

/* ---- On the loop ---- */

struct str list_name(struct call *call, struct id id)
{
    struct str text = STR_NONE;

    if (id_is_none(id) || names_text(engine_names(call_engine(call)), id, call_arena(call), &text).code)
        return STR_NONE;
    return text;
}

static void row_write(const struct list *list, size_t at, struct json_out *out)
{
    void *row = list->rows + at * list->kind->row_size;
    struct shape_source source = { .value = row };

    if (list->kind->name_fill)
        list->kind->name_fill(list->call, row);
    shape_write(list->kind->shape, &source, out);
}

static void page_write(const struct list *list)
{
    struct json_out out = { .buf = &list->call->exchange->answer };

    json_out_object(&out, NULL);
    if (!id_is_none(list->id)) {
        row_write(list, 0, &out);
    } else {
        json_out_array(&out, list->kind->name);
        for (size_t i = 0; i < list->count; i++) {
            json_out_object(&out, NULL);
            row_write(list, i, &out);
            json_out_end(&out);
        }
        json_out_end(&out);
        if (!list->ended)
            json_out_u64(&out, "next", list->place);
    }
    json_out_end(&out);
    http_respond_json(list->call->exchange, 200);
}

/* The read has been recorded; if it was refused meanwhile, that is the answer. */
static void recorded(struct call *call)
{
    const struct list *list = call->detail;

    if (call_refused(call, call->jobs))
        return;
    if (call->jobs->reply.outcome.kind == OUTCOME_ENTRY)
        page_write(list);
    else
        answer_call(call);
}

static void record(struct list *list)
{
    struct job *job = call_job(list->call, COMMAND_DATA_READ);

    if (!job)
        return;
    job->command.read =
        (struct read_record){ .scope = str_of(list->kind->scope), .from = -1, .to = -1, .limit = (int64_t)list->count };
    call_submit(list->call, recorded);
}

static void list_submit(struct list *list);

static void viewed(struct call *call)
{
    struct list *list = call->detail;

    if (call_refused(call, call->jobs))
        return;
    if (list->view.failed)
        call_no_memory(call);
    else if (!id_is_none(list->id) && !list->count)
        call_reject_as(call, PROBLEM_NOT_FOUND, STR_NONE);
    else if (!list->ended && !is_full(list) && list->slices < SLICES_MAX)
        list_submit(list);
    else if (list->kind->scope && list->view.foreign)
        record(list);
    else
        page_write(list);
}

static void list_submit(struct list *list)
{
    struct job *job = call_job(list->call, COMMAND_VIEW);

    if (!job)
        return;
    list->slices++;
    job->command.view.call = view_run;
    job->command.view.context = list;
    call_submit(list->call, viewed);
}

static struct list *list_new(struct call *call, const struct list_kind *kind, size_t limit)
{
    struct list *list = arena_new(call_arena(call), 1, sizeof(*list));

    if (list)
        list->rows = arena_new(call_arena(call), limit, kind->row_size);
    if (!list || !list->rows) {
        call_no_memory(call);
        return NULL;
    }
    list->call = call;
    list->kind = kind;
    list->limit = limit;
    list->view.arena = call_arena(call);
    call->detail = list;
    return list;
}

void list_handle(struct exchange *exchange, const struct list_kind *kind)
{
    struct call *call = call_of(exchange);
    bool all = kind->all_needs == PERM_UNSET || call_number(call, QUERY_ALL, 0);
    struct list *list;

    if (call_number(call, QUERY_ALL, 0) && !call_require(call, kind->all_needs))
        return;
    list = list_new(call, kind, (size_t)call_number(call, QUERY_LIMIT, PAGE_DEFAULT));
    if (!list)
        return;
    list->view.all = all;
    list->place = (uint32_t)call_number(call, QUERY_AFTER, 0);
    list_submit(list);
}

void list_one_handle(struct exchange *exchange, const struct list_kind *kind)
{
    struct call *call = call_of(exchange);
    struct list *list;
    struct id id;

    if (!call_path_id(call, 0, kind->id, &id))
        return;
    list = list_new(call, kind, 1);
    if (!list)
        return;
    list->view.all = kind->all_needs == PERM_UNSET || permissions_hold(call->bearer.permissions, kind->all_needs);
    list->id = id;
    list_submit(list);
}
