/*
 * http/respond: answers are noted here and written by the connection when their turn comes.
 */
#include "http/respond.h"

#include <assert.h>

#include "http/connection.h"
#include "http/exchange.h"
#include "http/render.h"

void http_respond(struct exchange *exchange, const struct response *response)
{
    assert(exchange->state == EXCHANGE_RECEIVING || exchange->state == EXCHANGE_ASKED);
    assert(response->status >= 200 && response->status <= 599);
    assert(response->field_count <= HTTP_RESPONSE_FIELDS_MAX);
    assert(response->body.len <= HTTP_ANSWER_MAX_BYTES);
    exchange->response = *response;
    connection_answered(exchange);
}

void http_respond_answer(struct exchange *exchange, unsigned code, struct str type)
{
    static const struct http_problem failed = { .status = 500,
                                                .code = "ANSWER_TOO_LARGE",
                                                .detail = STR_INIT("The answer is longer than an answer may be.") };
    struct response response = { .status = code, .type = type, .body = buf_str(&exchange->answer) };

    if (exchange->answer.status.code == CODE_NO_MEMORY)
        http_hang_up(exchange);
    else if (exchange->answer.status.code)
        http_respond_problem(exchange, &failed);
    else
        http_respond(exchange, &response);
}

void http_respond_json(struct exchange *exchange, unsigned code)
{
    http_respond_answer(exchange, code, MEDIA_JSON);
}

void http_respond_text(struct exchange *exchange, unsigned code, struct str text)
{
    http_respond(exchange, &(struct response){ .status = code, .type = MEDIA_TEXT, .body = text });
}

void http_respond_empty(struct exchange *exchange)
{
    http_respond(exchange, &(struct response){ .status = 204 });
}

void http_hang_up(struct exchange *exchange)
{
    assert(exchange->state == EXCHANGE_RECEIVING || exchange->state == EXCHANGE_ASKED);
    exchange->hangs_up = true;
    connection_answered(exchange);
}

/* ---- Caching ---- */

/* Weak comparison, as RFC 9110 section 13.1.2 asks for: a W/ before either makes no difference. */
static bool names_etag(struct str list, struct str etag)
{
    while (list.len) {
        struct str name = str_trim(str_take(&list, ','));
        if (str_starts(name, STR("W/")))
            name = str_from(name, 2);
        if (str_eq(name, etag) || str_eq(name, STR("*")))
            return true;
    }
    return false;
}

void http_respond_cached(struct exchange *exchange, const struct response *response)
{
    bool reads = exchange->head.method == METHOD_GET || exchange->head.method == METHOD_HEAD;
    struct response unchanged = { .status = 304, .cache = response->cache, .etag = response->etag };

    if (reads && response->etag.len && names_etag(exchange_header(exchange, STR("if-none-match")), response->etag))
        http_respond(exchange, &unchanged);
    else
        http_respond(exchange, response);
}

/* ---- Problems ---- */

static void add_if_any(struct json_out *out, const char *name, struct str text)
{
    if (text.len)
        json_out_text(out, name, text);
}

struct json_out http_problem_begin(struct exchange *exchange, const struct http_problem *problem)
{
    struct json_out out = { .buf = &exchange->answer };

    buf_clear(&exchange->answer);
    json_out_object(&out, NULL);
    json_out_text(&out, "type", problem->type.len ? problem->type : STR("about:blank"));
    json_out_text(&out, "title", problem->title.len ? problem->title : render_phrase(problem->status));
    json_out_u64(&out, "status", problem->status);
    add_if_any(&out, "detail", problem->detail);
    json_out_text(&out, "code", str_of(problem->code));
    add_if_any(&out, "member", problem->member);
    return out;
}

/* A problem that lost its body would withhold what has happened (its entry's index): none is sent, as for a lost
 * answer. */
void http_problem_send(struct exchange *exchange, struct json_out *out, const struct http_problem *problem)
{
    struct response response = { .status = problem->status,
                                 .type = MEDIA_PROBLEM,
                                 .retry_after_s = problem->retry_after_s,
                                 .fields = problem->fields,
                                 .field_count = problem->field_count };

    json_out_end(out);
    if (exchange->answer.status.code) {
        http_hang_up(exchange);
        return;
    }
    response.body = buf_str(&exchange->answer);
    http_respond(exchange, &response);
}

void http_respond_problem(struct exchange *exchange, const struct http_problem *problem)
{
    struct json_out out = http_problem_begin(exchange, problem);

    http_problem_send(exchange, &out, problem);
}

/* ---- Refusals ---- */

static struct str methods_text(struct exchange *exchange)
{
    char space[64];
    struct buf text = BUF_OVER(space);
    struct str copy = STR_NONE;

    for (unsigned method = 0; method < METHOD_COUNT; method++) {
        if (!(exchange->allowed_methods & 1u << method))
            continue;
        if (text.len)
            buf_add(&text, STR(", "));
        buf_add(&text, method_name(method));
    }
    return arena_copy(&exchange->arena, buf_str(&text), &copy).code ? STR_NONE : copy;
}

/* The field that tells the client what would have been right (RFC 9110 sections 15.5.6 and 15.5.16). */
static struct response_field remedy(struct exchange *exchange, enum refusal refusal)
{
    if (refusal == REFUSE_METHOD_NOT_ALLOWED)
        return (struct response_field){ STR("Allow"), methods_text(exchange) };
    if (refusal == REFUSE_CONTENT_TYPE)
        return (struct response_field){ STR("Accept"), str_of(exchange->route->content_type) };
    return (struct response_field){ 0 };
}

void http_respond_refusal(struct exchange *exchange, enum refusal refusal)
{
    const struct refusal_text *text = refusal_text(refusal);
    struct response_field *field = arena_new(&exchange->arena, 1, sizeof *field);
    struct http_problem problem = { .status = text->status, .code = text->code, .detail = str_of(text->detail) };

    if (field)
        *field = remedy(exchange, refusal);
    problem.fields = field;
    problem.field_count = field && field->name.len ? 1 : 0;
    problem.retry_after_s = text->status == 503 ? 1 : 0;
    http_respond_problem(exchange, &problem);
}
