#include "cli/token_create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/request_body.h"
#include "cli/session.h"
#include "codec/json_doc.h"
#include "codec/json_out.h"
#include "codec/timetext.h"

#define BODY_MAX_BYTES 8192

/* The id of whom this client's own token speaks for. */
static status self_find(struct session *session, struct arena *arena, const char **ret_id, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct str id;

    TRY(client_get(session->client, "/v1/me", &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    TRY(arena_copy(arena, json_doc_text(&doc, "id"), &id));
    *ret_id = id.at;
    return OK;
}

static void body_write(const struct request_options *options, struct buf *body)
{
    struct json_out out = { .buf = body };
    int64_t days = options->days == NUMBER_NONE ? TOKEN_DAYS_DEFAULT : options->days;

    json_out_object(&out, NULL);
    json_out_text(&out, "owner", str_of(options->owner));
    json_out_array(&out, "scopes");
    for (size_t i = 0; i < options->scopes.count; i++)
        json_out_text(&out, NULL, str_of(options->scopes.at[i]));
    if (!options->scopes.count)
        json_out_text(&out, NULL, STR("all"));
    json_out_end(&out);
    json_out_time(&out, "expires_at", clock_read().wall_ms + days * MS_PER_DAY);
    json_out_end(&out);
}

/* Made before the token, so that there is no token that nobody has. */
static status file_make(const char *path, int *ret_fd, struct err *err)
{
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*ret_fd < 0 && errno == EEXIST)
        return err_member(err, CODE_INVALID, "token-file",
                          "--token-file: %s is there already; a token goes into a new file", path);
    return *ret_fd < 0 ? err_system(err, "create", path) : OK;
}

static status file_fill(const char *path, int fd, struct str token, struct err *err)
{
    if (write(fd, token.at, token.len) != (ssize_t)token.len || write(fd, "\n", 1) != 1 || fsync(fd))
        return err_system(err, "write", path);
    return OK;
}

static void place_print(struct str id, const char *token_file)
{
    AUTO(struct buf, buf_free) text = { .max = BODY_MAX_BYTES };
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    json_out_text(&out, "id", id);
    json_out_text(&out, "token_file", str_of(token_file));
    json_out_end(&out);
    (void)printf("%.*s\n", STR_ARG(buf_str(&text)));
}

static void answer_show(const struct command_line *line, const struct request_options *options,
                        const struct client_answer *answer, const struct json_doc *doc)
{
    struct str id = json_doc_text(doc, "id");

    if (options->dry_run && !line->json)
        would_print(json_doc_root(doc));
    else if (options->token_file && line->json && !options->dry_run)
        place_print(id, options->token_file);
    else if (options->token_file && !options->dry_run)
        (void)printf("created %.*s; its token is in %s\n", STR_ARG(id), options->token_file);
    else if (line->json)
        (void)printf("%.*s\n", STR_ARG(buf_str(&answer->body)));
    else
        (void)printf("created %.*s; this is shown once:\n%.*s\n", STR_ARG(id), STR_ARG(json_doc_text(doc, "token")));
}

static status create(struct session *session, const struct command_line *line, const struct request_options *options,
                     int fd, struct err *err)
{
    AUTO(struct buf, buf_free) body = { .max = BODY_MAX_BYTES };
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct client_request request = { .method = "POST", .target = STR("/v1/api-tokens") };

    if (options->dry_run)
        request.target = STR("/v1/api-tokens?dry_run=true");
    body_write(options, &body);
    TRY(body.status);
    request.body = buf_str(&body);
    TRY(client_call(session->client, &request, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    if (fd >= 0)
        TRY(file_fill(options->token_file, fd, json_doc_text(&doc, "token"), err));
    answer_show(line, options, &answer, &doc);
    return OK;
}

static status token_create(const struct command_line *line, struct request_options *options, struct err *err)
{
    AUTO(struct session, session_close) session = { 0 };
    AUTO(struct arena, arena_free) names = { .max_bytes = 4096 };
    struct command_line resolved = *line;
    int fd = -1;
    status s;

    TRY(session_open(&session, err));
    if (!options->owner)
        TRY(self_find(&session, &names, &options->owner, err));
    TRY(request_names_resolve(&session, &resolved, options, &names, err));
    if (options->token_file && !options->dry_run)
        TRY(file_make(options->token_file, &fd, err));
    s = create(&session, line, options, fd, err);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && s.code)
        (void)unlink(options->token_file);
    return s;
}

int token_create_run(const struct command_line *line, const void *at)
{
    struct request_options options = *(const struct request_options *)at;
    struct err err = { 0 };
    status s = token_create(line, &options, &err);

    if (s.code == CODE_INVALID)
        request_fault_tell(line, at, &err);
    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}
