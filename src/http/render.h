/*
 * http/render: an answer as the bytes that are sent. Pure but for the Date line, which a loop renews once a second.
 */
#ifndef HTTP_RENDER_H
#define HTTP_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/exchange.h"

#define RENDER_DATE_BYTES 37 /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */

/* Zeroed: not written yet. */
struct render_date {
    int64_t second;
    char text[RENDER_DATE_BYTES];
};

void render_date_renew(struct render_date *date, int64_t wall_ms);

/* What the connection does after the answer. */
enum render_connection {
    RENDER_KEEP,       /* HTTP/1.1's default, said by nothing */
    RENDER_KEEP_ALIVE, /* said, for HTTP/1.0 */
    RENDER_CLOSE,
};

/* Appends the answered exchange's head and body. */
void render_answer(struct buf *out, const struct exchange *exchange, const struct render_date *date,
                   enum render_connection connection);
/* The status's own words: "Not Found". */
struct str render_phrase(unsigned code);

#endif
