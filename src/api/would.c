#include "api/would.h"

#include "http/respond.h"

#define AFFECTED_MAX 256 /* ids told; a change of more entries names the rest in these themselves */

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
      .about = "ids that the entries are about" },
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

void would_write(struct call *call, const struct job *job, struct json_out *out)
{
    struct affected *affected = arena_new(call_arena(call), 1, sizeof(*affected));
    struct would_row row = { .would = { job->reply.would, job->reply.would_count } };
    struct shape_source source = { .value = &row };

    for (size_t i = 0; affected && i < job->reply.would_count; i++)
        entry_scan(job->reply.would[i], affected);
    if (affected)
        row.affected = (struct shape_list){ affected->ids, affected->count };
    shape_write(&would_shape, &source, out);
}

void would_answer(struct call *call, const struct job *job)
{
    struct json_out out = { .buf = &call->exchange->answer };

    json_out_object(&out, NULL);
    would_write(call, job, &out);
    json_out_end(&out);
    http_respond_json(call->exchange, 200);
}
