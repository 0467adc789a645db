/*
 * http/render: fields in a fixed order, so that two answers can be compared by eye.
 */
#include "http/render.h"

#include <assert.h>

#include "base/log.h"
#include "codec/timetext.h"
#include "http/grammar.h"

#define STATUS_MIN 200
#define STATUS_MAX 599

static const char *const phrases[STATUS_MAX + 1 - STATUS_MIN] = {
    [200 - STATUS_MIN] = "OK",
    [201 - STATUS_MIN] = "Created",
    [202 - STATUS_MIN] = "Accepted",
    [204 - STATUS_MIN] = "No Content",
    [206 - STATUS_MIN] = "Partial Content",
    [207 - STATUS_MIN] = "Multi-Status",
    [301 - STATUS_MIN] = "Moved Permanently",
    [302 - STATUS_MIN] = "Found",
    [303 - STATUS_MIN] = "See Other",
    [304 - STATUS_MIN] = "Not Modified",
    [307 - STATUS_MIN] = "Temporary Redirect",
    [308 - STATUS_MIN] = "Permanent Redirect",
    [400 - STATUS_MIN] = "Bad Request",
    [401 - STATUS_MIN] = "Unauthorized",
    [403 - STATUS_MIN] = "Forbidden",
    [404 - STATUS_MIN] = "Not Found",
    [405 - STATUS_MIN] = "Method Not Allowed",
    [406 - STATUS_MIN] = "Not Acceptable",
    [408 - STATUS_MIN] = "Request Timeout",
    [409 - STATUS_MIN] = "Conflict",
    [410 - STATUS_MIN] = "Gone",
    [411 - STATUS_MIN] = "Length Required",
    [412 - STATUS_MIN] = "Precondition Failed",
    [413 - STATUS_MIN] = "Content Too Large",
    [414 - STATUS_MIN] = "URI Too Long",
    [415 - STATUS_MIN] = "Unsupported Media Type",
    [417 - STATUS_MIN] = "Expectation Failed",
    [421 - STATUS_MIN] = "Misdirected Request",
    [422 - STATUS_MIN] = "Unprocessable Content",
    [423 - STATUS_MIN] = "Locked",
    [425 - STATUS_MIN] = "Too Early",
    [428 - STATUS_MIN] = "Precondition Required",
    [429 - STATUS_MIN] = "Too Many Requests",
    [431 - STATUS_MIN] = "Request Header Fields Too Large",
    [500 - STATUS_MIN] = "Internal Server Error",
    [501 - STATUS_MIN] = "Not Implemented",
    [502 - STATUS_MIN] = "Bad Gateway",
    [503 - STATUS_MIN] = "Service Unavailable",
    [504 - STATUS_MIN] = "Gateway Timeout",
    [505 - STATUS_MIN] = "HTTP Version Not Supported",
    [507 - STATUS_MIN] = "Insufficient Storage",
};

struct str render_phrase(unsigned code)
{
    assert(code >= STATUS_MIN && code <= STATUS_MAX);
    return str_of(phrases[code - STATUS_MIN] ? phrases[code - STATUS_MIN] : "Other");
}

/* RFC 9110 section 5.6.7, whose names of days and months are English wherever the server runs. */
void render_date_renew(struct render_date *date, int64_t wall_ms)
{
    static const char days[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }; /* 1970 began on a Thursday */
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t ms = wall_ms < TIME_MIN_MS ? TIME_MIN_MS : wall_ms > TIME_MAX_MS ? TIME_MAX_MS : wall_ms;
    int second = (int)(ms % MS_PER_DAY / 1000);
    struct civil_date civil;
    struct buf text = BUF_OVER(date->text);

    if (date->second == ms / 1000 && date->text[0])
        return;
    date->second = ms / 1000;
    civil = civil_from_days(ms / MS_PER_DAY);
    buf_add_format(&text, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT", days[ms / MS_PER_DAY % 7], civil.day,
                   months[civil.month - 1], civil.year, second / 3600, second / 60 % 60, second % 60);
    buf_add(&text, STR("\r\n"));
    assert(text.len == RENDER_DATE_BYTES);
}

static void add_field(struct buf *out, struct str name, struct str value)
{
    buf_add(out, name);
    buf_add(out, STR(": "));
    buf_add(out, value);
    buf_add(out, STR("\r\n"));
}

/* A handler's value may come from a client; one that could end the line is left out, and the log says so. */
static void add_fields(struct buf *out, const struct response *response)
{
    for (size_t i = 0; i < response->field_count; i++) {
        const struct response_field *field = &response->fields[i];
        if (grammar_all(field->name, GRAMMAR_TOKEN) && grammar_all(field->value, GRAMMAR_TEXT))
            add_field(out, field->name, field->value);
        else
            log_write(LOG_ERROR, "http", "left out the response field %.*s: its value has a control character",
                      STR_ARG(field->name));
    }
}

static void add_caching(struct buf *out, const struct response *response)
{
    static const struct str cache_lines[] = {
        [CACHE_NO_STORE] = STR_INIT("Cache-Control: no-store\r\n"),
        [CACHE_REVALIDATE] = STR_INIT("Cache-Control: no-cache\r\n"),
        [CACHE_IMMUTABLE] = STR_INIT("Cache-Control: max-age=31536000, immutable\r\n"),
    };

    buf_add(out, cache_lines[response->cache]);
    if (response->etag.len)
        add_field(out, STR("ETag"), response->etag);
    if (response->retry_after_s) {
        buf_add(out, STR("Retry-After: "));
        buf_add_u64(out, response->retry_after_s);
        buf_add(out, STR("\r\n"));
    }
}

static void add_status_line(struct buf *out, unsigned code)
{
    buf_add(out, STR("HTTP/1.1 "));
    buf_add_u64(out, code);
    buf_add_byte(out, ' ');
    buf_add(out, render_phrase(code));
    buf_add(out, STR("\r\n"));
}

/* RFC 9110 section 8.6: no length where there can be no body. */
static bool has_body(const struct response *response)
{
    return response->status != 204 && response->status != 304;
}

static void add_body_fields(struct buf *out, const struct response *response)
{
    if (!has_body(response))
        return;
    if (response->type.len)
        add_field(out, STR("Content-Type"), response->type);
    buf_add(out, STR("Content-Length: "));
    buf_add_u64(out, response->body.len);
    buf_add(out, STR("\r\n"));
}

void render_answer(struct buf *out, const struct exchange *exchange, const struct render_date *date,
                   enum render_connection connection)
{
    static const struct str connection_lines[] = {
        [RENDER_KEEP] = STR_INIT(""),
        [RENDER_KEEP_ALIVE] = STR_INIT("Connection: keep-alive\r\n"),
        [RENDER_CLOSE] = STR_INIT("Connection: close\r\n"),
    };
    const struct response *response = &exchange->response;

    add_status_line(out, response->status);
    buf_add(out, (struct str){ date->text, sizeof date->text });
    add_body_fields(out, response);
    add_caching(out, response);
    buf_add(out, STR("X-Content-Type-Options: nosniff\r\n"));
    add_fields(out, response);
    buf_add(out, connection_lines[connection]);
    buf_add(out, STR("\r\n"));
    if (has_body(response) && exchange->head.method != METHOD_HEAD)
        buf_add(out, response->body);
}
