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
    const char *list; /* "users": the resource, and the answer's member */
    const char *name;
    struct arena *arena;
    struct str found; /* the id */
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

        if (str_eq(json_node_text(json_node_member(row, "name")), str_of(search->name)))
            return arena_copy(search->arena, json_node_text(json_node_member(row, "id")), &search->found);
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

static status list_search(struct search *search, const char *list, struct err *err)
{
    int64_t after = -1;

    search->list = list;
    do {
        TRY(page_search(search, &after, err));
    } while (after >= 0 && !search->found.len);
    return OK;
}

status request_names_resolve(struct session *session, struct request_options *options, struct arena *arena,
                             struct err *err)
{
    struct search search = { .session = session, .arena = arena };

    if (options->organisation && !is_id(options->organisation)) {
        search.name = options->organisation;
        TRY(list_search(&search, "organisations", err));
        if (!search.found.len)
            return err_member(err, CODE_NOT_FOUND, "organisation", "there is no organisation \"%s\"", search.name);
        options->organisation = search.found.at;
    }
    search.found = STR_NONE;
    if (options->owner && !is_id(options->owner)) {
        search.name = options->owner;
        TRY(list_search(&search, "users", err));
        if (!search.found.len)
            TRY(list_search(&search, "services", err));
        if (!search.found.len)
            return err_member(err, CODE_NOT_FOUND, "owner", "there is no user and no service \"%s\"", search.name);
        options->owner = search.found.at;
    }
    return OK;
}
