/*
 * cli/request_names: names of organisations, users and services become ids, by looking through the server's lists. An
 * id is taken as it is.
 */
#include "cli/request_body.h"
#include "cli/session.h"
#include "codec/json_doc.h"
#include "codec/typeid.h"

struct search {
    struct session *session;
    char list[32]; /* "users": the resource, and the answer's member */
    const char *name;
    struct arena *arena;
    struct str found; /* the id of the first */
    size_t count;     /* of those with the name */
};

/* One page; *after is where the next begins, -1 when there is none. */
static status page_search(struct search *search, int64_t *after, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    AUTO(struct buf, buf_free) target = { .max = TARGET_MAX_BYTES };
    struct json_node rows;

    buf_add_format(&target, "/v1/%s", search->list);
    query_add(&target, "limit", PAGE_MAX);
    if (*after >= 0)
        query_add(&target, "after", *after);
    buf_add_byte(&target, '\0');
    TRY(target.status);
    TRY(client_get(search->session->client, target.at, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    rows = json_node_member(json_doc_root(&doc), search->list);
    for (size_t i = 0; i < json_node_count(rows); i++) {
        struct json_node row = json_node_item(rows, i);

        if (!str_eq(json_node_text(json_node_member(row, "name")), str_of(search->name)))
            continue;
        if (!search->count++)
            TRY(arena_copy(search->arena, json_node_text(json_node_member(row, "id")), &search->found));
    }
    *after = json_node_count(rows) ? json_doc_number(&doc, "next", -1) : -1;
    return OK;
}

static bool is_id(const char *text)
{
    enum id_kind kind;
    struct id id;

    return typeid_read_any(str_of(text), &kind, &id).code == CODE_OK;
}

/* "users,services" as people call one of them: "user or service". */
static void kinds_add(struct str lists, struct buf *text)
{
    while (lists.len) {
        struct str list = str_take(&lists, ',');

        buf_add(text, str_cut(list, 0, list.len - 1));
        buf_add(text, lists.len ? STR(" or ") : STR_NONE);
    }
}

static status search_judge(const struct search *search, struct str lists, const char *what, struct err *err)
{
    char space[64];
    struct buf kinds = BUF_OVER(space);

    kinds_add(lists, &kinds);
    if (!search->count)
        return err_member(err, CODE_NOT_FOUND, what, "there is no %.*s with the name \"%.100s\"",
                          STR_ARG(buf_str(&kinds)), search->name);
    if (search->count > 1)
        return err_member(err, CODE_INVALID, what,
                          "there are %zu with the name \"%.100s\", the first of them %.*s: say which by its id",
                          search->count, search->name, STR_ARG(search->found));
    return OK;
}

/*
 * Looks through all of the lists (names separated by ','), since more than one may have the name; *text becomes the id.
 * `what` is the option or member at fault.
 */
static status name_resolve(struct search *search, const char *what, struct str lists, const char **text,
                           struct err *err)
{
    struct str rest = lists;

    if (!*text || is_id(*text))
        return OK;
    search->name = *text;
    search->found = STR_NONE;
    search->count = 0;
    while (rest.len) {
        int64_t after = -1;

        (void)str_to_c(str_take(&rest, ','), search->list, sizeof(search->list));
        do {
            TRY(page_search(search, &after, err));
        } while (after >= 0);
    }
    TRY(search_judge(search, lists, what, err));
    *text = search->found.at;
    return OK;
}

status request_names_resolve(struct session *session, struct command_line *line, struct request_options *options,
                             struct arena *arena, struct err *err)
{
    struct search search = { .session = session, .arena = arena };
    const struct request_spec *spec = line->command->detail;
    struct str lists = str_of(spec ? spec->named : NULL);

    TRY(name_resolve(&search, "organisation", STR("organisations"), &options->organisation, err));
    TRY(name_resolve(&search, "owner", STR("users,services"), &options->owner, err));
    for (size_t i = 0; i < line->operand_count && lists.len; i++) {
        struct str one = str_take(&lists, ' ');
        char what[32];

        (void)str_to_c(one, what, sizeof(what));
        TRY(name_resolve(&search, what, one, &line->operands[i], err));
    }
    return OK;
}
