#include "cli/request.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/listing.h"
#include "cli/request_body.h"
#include "cli/session.h"

#define ROWS_MAX_BYTES ((size_t)256 << 20)

void request_defaults(void *at)
{
    struct request_options *options = at;

    options->limit = options->days = options->quantity = NUMBER_NONE;
}

/* ---- One object ---- */

void would_print(struct json_node answer)
{
    struct json_node would = json_node_member(answer, "would");

    (void)printf("nothing was changed; this would write %zu %s:\n", json_node_count(would),
                 json_node_count(would) == 1 ? "entry" : "entries");
    for (size_t i = 0; i < json_node_count(would); i++) {
        AUTO(struct buf, buf_free) text = { .max = ROWS_MAX_BYTES };
        struct json_node entry = json_node_item(would, i);

        buf_add(&text, STR("  "));
        buf_add(&text, json_node_text(json_node_member(entry, "type")));
        buf_add_byte(&text, ' ');
        json_node_show(json_node_member(entry, "on"), &text);
        buf_add_byte(&text, ' ');
        json_node_show(json_node_member(entry, "data"), &text);
        print_line(buf_str(&text));
    }
}

static void object_show(const struct request_spec *spec, bool dry_run, const struct json_doc *doc)
{
    if (dry_run) {
        would_print(json_doc_root(doc));
    } else if (spec->done) {
        (void)printf("%s %.*s (entry %lld)\n", spec->done, STR_ARG(json_doc_text(doc, "id")),
                     (long long)json_doc_number(doc, "index", -1));
    } else {
        object_print(json_doc_root(doc), spec->columns);
    }
}

static status object_run(struct session *session, const struct command_line *line,
                         const struct request_options *options, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct request_body, request_body_free) body = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    const struct request_spec *spec = line->command->detail;
    struct client_request request = { .method = spec->method };

    TRY(request_body_make(line, options, &body, err));
    request.target = buf_str(&body.target);
    request.body = buf_str(&body.text);
    TRY(client_call(session->client, &request, &answer, err));
    if (line->json) {
        (void)printf("%.*s\n", STR_ARG(buf_str(&answer.body)));
        return OK;
    }
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    object_show(spec, options->dry_run, &doc);
    return OK;
}

/* ---- A list ---- */

/* What --where says. */
struct wheres {
    struct where at[OPTION_TEXTS_MAX];
    size_t count;
};

/* The rows so far, for people or for programs. */
struct rows {
    struct session *session;
    const struct command_line *line;
    const struct request_options *options;
    struct listing listing;
    struct buf json;
    size_t left; /* rows still wanted */
    const struct wheres *wheres;
};

static void rows_free(struct rows *rows)
{
    listing_free(&rows->listing);
    buf_free(&rows->json);
}

static status wheres_read(const struct command_line *line, const struct request_options *options,
                          struct wheres *ret_wheres, struct err *err)
{
    const struct request_spec *spec = line->command->detail;

    for (size_t i = 0; i < options->where.count; i++)
        TRY(where_read(str_of(options->where.at[i]), spec->members, &ret_wheres->at[i], err));
    ret_wheres->count = options->where.count;
    return OK;
}

static bool row_fits(const struct wheres *wheres, struct json_node row)
{
    for (size_t i = 0; i < wheres->count; i++) {
        if (!where_fits(&wheres->at[i], row))
            return false;
    }
    return true;
}

static status rows_add(struct rows *rows, struct json_node page)
{
    for (size_t i = 0; i < json_node_count(page) && rows->left; i++) {
        struct json_node row = json_node_item(page, i);

        if (!row_fits(rows->wheres, row))
            continue;
        rows->left--;
        TRY(listing_add(&rows->listing, row));
        buf_add(&rows->json, rows->json.len ? STR(",") : STR_NONE);
        json_node_dump(row, &rows->json);
    }
    return rows->json.status;
}

/* One page; *after is where the next one begins, -1 when there is none. */
static status page_get(struct rows *rows, int64_t *after, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct request_body, request_body_free) body = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    const struct request_spec *spec = rows->line->command->detail;
    struct json_node page;

    TRY(request_body_make(rows->line, rows->options, &body, err));
    if (*after >= 0)
        query_add(&body.target, "after", *after);
    query_add(&body.target, "limit", PAGE_MAX);
    buf_add_byte(&body.target, '\0');
    TRY(body.target.status);
    TRY(client_get(rows->session->client, body.target.at, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    page = json_node_member(json_doc_root(&doc), spec->list);
    TRY(rows_add(rows, page));
    *after = json_node_count(page) ? json_doc_number(&doc, "next", -1) : -1;
    return OK;
}

/* Somebody at a terminal is told that there is nothing, and where there may be more. */
static void nothing_print(const struct rows *rows)
{
    const struct cli_command *command = rows->line->command;
    const struct request_spec *spec = command->detail;
    bool has_all = false;

    for (size_t i = 0; i < command->option_count; i++)
        has_all = has_all || str_eq(str_of(command->options[i].name), STR("all"));
    (void)printf("No %s%s%s.\n", spec->list, rows->wheres->count ? " that fit" : "",
                 has_all && !rows->options->all ? " among your own; --all lists everybody's" : "");
}

static status list_run(struct session *session, const struct command_line *line, const struct request_options *options,
                       const struct wheres *wheres, struct err *err)
{
    const struct request_spec *spec = line->command->detail;
    AUTO(struct rows, rows_free)
    rows = {
        .session = session,
        .line = line,
        .options = options,
        .wheres = wheres,
        .listing = { .columns = spec->columns, .arena = { .max_bytes = ROWS_MAX_BYTES } },
        .json = { .max = ROWS_MAX_BYTES },
        .left = options->limit == NUMBER_NONE ? SIZE_MAX : (size_t)options->limit,
    };
    int64_t after = -1;

    do {
        TRY(page_get(&rows, &after, err));
    } while (after >= 0 && rows.left);
    if (line->json)
        (void)printf("{\"%s\":[%.*s]}\n", spec->list, STR_ARG(buf_str(&rows.json)));
    else if (rows.listing.row_count || !isatty(STDOUT_FILENO))
        listing_print(&rows.listing);
    else
        nothing_print(&rows);
    return OK;
}

static status spec_run(struct session *session, struct command_line *line, struct request_options *options,
                       struct err *err)
{
    AUTO(struct arena, arena_free) names = { .max_bytes = 4096 };
    const struct request_spec *spec = line->command->detail;
    struct wheres wheres = { 0 };

    TRY(wheres_read(line, options, &wheres, err));
    TRY(session_open(session, err));
    TRY(request_names_resolve(session, line, options, &names, err));
    return spec->list ? list_run(session, line, options, &wheres, err) : object_run(session, line, options, err);
}

int request_run(const struct command_line *line, const void *at)
{
    AUTO(struct session, session_close) session = { 0 };
    struct request_options options = *(const struct request_options *)at;
    struct command_line resolved = *line;
    struct err err = { 0 };
    status s = spec_run(&session, &resolved, &options, &err);

    if (s.code == CODE_NOT_FOUND || s.code == CODE_CONFLICT || s.code == CODE_INVALID)
        request_fault_tell(line, at, &err);
    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}
