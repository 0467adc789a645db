/*
 * http/head: the strict reader of a request's head, from the request line to the blank line.
 *
 * It accepts less than the parser behind it (llhttp), because every difference between two readers of one stream is a
 * way to smuggle a request: bytes reach the parser only after they were read here, and http/reader compares what both
 * understood. It refuses: lines that end in LF alone, CR without LF, NUL and other controls, folded lines, space before
 * the colon, a missing, repeated or malformed Host, a repeated Content-Length, Content-Length beside Transfer-Encoding,
 * codings other than chunked, HTTP/0.9, unknown methods and expectations, and whatever is longer than its maximum.
 *
 * Pure: no I/O, no memory of its own, any thread. Fields are kept as offsets from the head's first byte, so that
 * nothing is copied and the head may move while it arrives. P9.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "http/limits.h"
#include "http/method.h"
#include "http/refusal.h"

/* A part of the head. */
struct head_span {
    uint16_t at;
    uint16_t len;
};

struct head_field {
    struct head_span name;
    struct head_span value; /* without the space around it */
};

/* A zeroed head is ready for the first byte. */
struct head {
    const char *at;    /* the first byte */
    uint16_t len;      /* of the whole head with its blank line; 0 while it is incomplete */
    uint16_t line_at;  /* where the first line that was not read yet begins */
    uint16_t searched; /* bytes before this hold no further LF */
    uint16_t field_count;
    uint8_t minor; /* of HTTP/1.x: 0 or 1 */
    enum http_method method;
    struct head_span path;  /* raw; empty stands for "/" in an absolute target */
    struct head_span query; /* raw, without "?" */
    struct head_span host;  /* of the absolute target if there is one, else of the Host field */
    uint64_t content_length;
    bool has_request_line;
    bool is_absolute;
    bool has_host_field;
    bool has_length;
    bool chunked;
    bool says_close;
    bool says_keep_alive;
    bool expects_continue;
    struct head_field fields[HTTP_HEADERS_MAX]; /* in the order they came */
};

/*
 * Reads on. `bytes` is everything that arrived from the head's first byte on, perhaps more than the head, perhaps at
 * another place in memory than before. Gives REFUSE_NONE both for a complete head (head->len is set then) and for one
 * that is fine so far. After a refusal the head is not to be read on.
 */
enum refusal head_read(struct head *head, struct str bytes);

/* The other questions are for complete heads. */
static inline struct str head_str(const struct head *head, struct head_span span)
{
    return (struct str){ head->at + span.at, span.len };
}
static inline struct str head_path(const struct head *head)
{
    return head->path.len ? head_str(head, head->path) : STR("/");
}
static inline bool head_has_body(const struct head *head)
{
    return head->chunked || head->content_length > 0;
}
/* RFC 9112 section 9.3. */
static inline bool head_keeps_alive(const struct head *head)
{
    return !head->says_close && (head->minor == 1 || head->says_keep_alive);
}
/* The first value of that name, in any case of letters. `at` is NULL when there is no such field. */
struct str head_value(const struct head *head, struct str name);
/* How many fields have that name. */
size_t head_count(const struct head *head, struct str name);

#endif
