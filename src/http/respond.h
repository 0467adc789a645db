/*
 * http/respond: how a handler answers.
 *
 * Every exchange is answered exactly once, on its loop's thread, at once or later; after that the handler must not
 * touch it. Its connection may have died meanwhile: the answer is then dropped, and nobody needs to know. Answers of
 * one connection leave in the order of the requests, whatever order they were given in.
 *
 * All that a response points to must live as long as the exchange: it lies in the exchange's arena, in its `answer`
 * buf, in the request itself, or is static. Nothing is copied before it is written.
 *
 * Every answer carries Date, X-Content-Type-Options: nosniff and Cache-Control, which is no-store unless said
 * otherwise.
 */
#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include <stddef.h>

#include "base/str.h"
#include "codec/json_out.h"
#include "http/refusal.h"

struct exchange;

#define MEDIA_JSON    STR("application/json")
#define MEDIA_NDJSON  STR("application/x-ndjson")
#define MEDIA_PROBLEM STR("application/problem+json")
#define MEDIA_TEXT    STR("text/plain; charset=utf-8")
#define MEDIA_BYTES   STR("application/octet-stream")

enum response_cache {
    CACHE_NO_STORE,   /* zero: the usual */
    CACHE_REVALIDATE, /* may be kept, and is asked for again each time: no-cache */
    CACHE_IMMUTABLE,  /* never changes: kept for a year */
};

struct response_field {
    struct str name;
    struct str value;
};

struct response {
    unsigned status; /* 200 to 599 */
    struct str type; /* media type of the body */
    struct str body; /* none with 204 and 304; a HEAD request gets its length only */
    enum response_cache cache;
    struct str etag;                     /* with its quotes; none when empty */
    unsigned retry_after_s;              /* 0: none */
    const struct response_field *fields; /* further header fields */
    size_t field_count;                  /* at most HTTP_RESPONSE_FIELDS_MAX */
};

void http_respond(struct exchange *exchange, const struct response *response);

/*
 * The exchange's `answer` buf as JSON, or as any other type. When the buf has failed: 500 for an answer that is too
 * long, and http_hang_up where memory was lacking, for what was to be told has happened.
 */
void http_respond_json(struct exchange *exchange, unsigned code);
void http_respond_answer(struct exchange *exchange, unsigned code, struct str type);
void http_respond_text(struct exchange *exchange, unsigned code, struct str text);
void http_respond_empty(struct exchange *exchange); /* 204 */
/*
 * In place of an answer: the connection is closed when this exchange's turn comes, earlier answers having left. For the
 * case that nobody can tell what became of the request, where any answer could be a lie.
 */
void http_hang_up(struct exchange *exchange);

/*
 * As http_respond for a resource that `response->etag` names: 304 without a body when If-None-Match of a GET or HEAD
 * request already names it (RFC 9110 section 13.1.2).
 */
void http_respond_cached(struct exchange *exchange, const struct response *response);

/* RFC 9457. */
struct http_problem {
    unsigned status;
    const char *code;  /* stable: "NO_SEATS" */
    struct str type;   /* a URI reference; empty: about:blank */
    struct str title;  /* empty: the status's own phrase */
    struct str detail; /* one sentence; empty: none */
    struct str member; /* the request member at fault; empty: none */
    unsigned retry_after_s;
    const struct response_field *fields;
    size_t field_count;
};

void http_respond_problem(struct exchange *exchange, const struct http_problem *problem);
/*
 * The same in two steps, for a problem with members of its own: the standard members are written and the object is left
 * open; write more, then close it with http_problem_send (which does json_out_end; hangs up when memory was lacking).
 */
struct json_out http_problem_begin(struct exchange *exchange, const struct http_problem *problem);
void http_problem_send(struct exchange *exchange, struct json_out *out, const struct http_problem *problem);

/* The answer that this room gives for that refusal; see struct http_hooks' `refused`. */
void http_respond_refusal(struct exchange *exchange, enum refusal refusal);

#endif
