#include "api/would.h"

#include "api/answer.h"
#include "core/facts.h"
#include "http/respond.h"

#define AFFECTED_MAX 256 /* ids told; a change of more entries names the rest in these themselves */
#define FALLS_MAX    64  /* pools of one change, each for one entitlement */

struct would_row {
    struct shape_list would;    /* struct str */
    struct shape_list affected; /* struct str */
};

static const struct shape_member would_members[] = {
    { .name = "would",
      .kind = SHAPE_JSONS,
      .at = offsetof(struct would_row, would),
      .about = "the entries, as they would be but for `seq`" },
    { .name = "affected",
      .kind = SHAPE_TEXTS,
      .at = offsetof(struct would_row, affected),
      .about = "ids that the entries are about, and of leases above a lowered limit and their holders" },
};
const struct shape would_shape = SHAPE("DryRun", would_members);

struct affected {
    struct str ids[AFFECTED_MAX];
    size_t count;
};

static void affected_add(struct affected *affected, struct str text)
{
    enum id_kind kind;
    struct id id;

    if (affected->count == AFFECTED_MAX || typeid_read_any(text, &kind, &id).code)
        return;
    for (size_t i = 0; i < affected->count; i++) {
        if (str_eq(affected->ids[i], text))
            return;
    }
    affected->ids[affected->count++] = text;
}

/* Every id in the entry's "on" and its holder or owner: nothing in an entry is escaped, so quotes tell where texts are.
 */
static void entry_scan(struct str entry, struct affected *affected)
{
    struct str rest = str_from(entry, str_find_str(entry, STR("\"on\":")));
    size_t end = str_find_str(rest, STR("\"request\":"));

    rest = str_cut(rest, 0, end);
    while (rest.len) {
        (void)str_take(&rest, '"');
        affected_add(affected, str_take(&rest, '"'));
    }
}

static void would_fill(const struct job *job, struct affected *affected, struct json_out *out)
{
    struct would_row row = { .would = { job->reply.would, job->reply.would_count } };
    struct shape_source source = { .value = &row };

    if (affected)
        row.affected = (struct shape_list){ affected->ids, affected->count };
    shape_write(&would_shape, &source, out);
}

static struct affected *affected_new(struct call *call, const struct job *job)
{
    struct affected *affected = arena_new(call_arena(call), 1, sizeof(*affected));

    for (size_t i = 0; affected && i < job->reply.would_count; i++)
        entry_scan(job->reply.would[i], affected);
    return affected;
}

void would_write(struct call *call, const struct job *job, struct json_out *out)
{
    would_fill(job, affected_new(call, job), out);
}

/* ---- Leases above a limit that would fall ---- */

struct fall {
    struct id pool;
    uint64_t over; /* seats */
};

struct falls {
    const struct job *job; /* the dry run */
    struct affected *affected;
    struct arena *arena;
    struct fall pools[FALLS_MAX];
    size_t count;
};

/* The number of a member, or the text of one, as an entry writes them; empty when it has none. */
static struct str member_text(struct str entry, struct str key)
{
    struct str rest = str_from(entry, str_find_str(entry, key));

    rest = str_from(rest, key.len);
    return str_cut(rest, 0, str_find(rest, '"') < str_find(rest, ',') ? str_find(rest, '"') : str_find(rest, ','));
}

struct id would_pool(const struct job *job)
{
    struct id pool = { 0 };

    if (job->reply.would_count &&
        typeid_read(member_text(job->reply.would[0], STR("\"pool\":\"")), ID_POOL, &pool).code)
        pool = (struct id){ 0 };
    return pool;
}

static void fall_add(struct falls *falls, struct str entry)
{
    struct fall *fall = &falls->pools[falls->count];

    if (falls->count < FALLS_MAX && str_find_str(entry, STR("\"type\":\"pool.limit_changed\"")) < entry.len &&
        !typeid_read(member_text(entry, STR("\"pool\":\"")), ID_POOL, &fall->pool).code &&
        !str_to_u64(member_text(entry, STR("\"over\":")), INT64_MAX, &fall->over).code && fall->over > 0)
        falls->count++;
}

static void id_add(struct falls *falls, enum id_kind kind, struct id id)
{
    char text[TYPEID_BYTES];
    struct str copy;

    typeid_write(kind, id, text);
    if (!arena_copy(falls->arena, (struct str){ text, sizeof(text) }, &copy).code)
        affected_add(falls->affected, copy);
}

/* On the engine's thread: newest first, until the seats above the limit are covered (P4). */
static void falls_view(void *context, const struct facts *facts, int64_t now_ms)
{
    struct falls *falls = context;

    (void)now_ms;
    for (size_t i = 0; i < falls->count; i++) {
        uint32_t pool = pool_find(facts, falls->pools[i].pool);
        uint32_t place = pool == NONE ? NONE : pool_at(facts, pool)->lease_newest;
        uint64_t covered = 0;

        for (; place != NONE && covered < falls->pools[i].over && falls->affected->count < AFFECTED_MAX;
             place = lease_at(facts, place)->older) {
            const struct lease *lease = lease_at(facts, place);
            const struct principal *holder = principal_at(facts, lease->principal);

            id_add(falls, ID_LEASE, lease->id);
            id_add(falls, (enum id_kind)holder->kind, holder->id);
            covered += lease->quantity;
        }
    }
}

static void would_respond(struct call *call, const struct job *job, struct affected *affected)
{
    struct json_out out = { .buf = &call->exchange->answer };

    json_out_object(&out, NULL);
    would_fill(job, affected, &out);
    json_out_end(&out);
    http_respond_json(call->exchange, 200);
}

static void falls_viewed(struct call *call)
{
    const struct falls *falls = call->detail;

    if (call_refused(call, &call->jobs[0]) || call_refused(call, &call->jobs[1]))
        return;
    if (call->jobs[0].reply.outcome.kind == OUTCOME_ENTRY)
        would_respond(call, falls->job, falls->affected);
    else
        answer_call(call); /* the credential has been revoked meanwhile */
}

/* Whose seats these are is others' data: that it is read is recorded, though the dry run itself is not (P1). */
static void falls_submit(struct call *call, struct falls *falls)
{
    struct job *jobs = call_jobs(call, 2);

    if (!jobs)
        return;
    call->detail = falls;
    jobs[0].command.kind = COMMAND_DATA_READ;
    jobs[0].command.dry_run = false;
    jobs[0].command.read = (struct read_record){ .scope = STR("leases"), .from = -1, .to = -1, .limit = AFFECTED_MAX };
    jobs[1].command.kind = COMMAND_VIEW;
    jobs[1].command.view.call = falls_view;
    jobs[1].command.view.context = falls;
    call_submit(call, falls_viewed);
}

void would_answer(struct call *call, const struct job *job)
{
    struct falls *falls = arena_new(call_arena(call), 1, sizeof(*falls));

    if (!falls) {
        call_no_memory(call);
        return;
    }
    falls->job = job;
    falls->arena = call_arena(call);
    falls->affected = affected_new(call, job);
    for (size_t i = 0; i < job->reply.would_count; i++)
        fall_add(falls, job->reply.would[i]);
    if (!falls->count || !falls->affected) {
        would_respond(call, job, falls->affected);
        return;
    }
    falls_submit(call, falls);
}
