/*
 * cli/bulk: many small commands in one request (POST /v1/batch), answered one by one in their order.
 *
 * The server numbers the lines below one Idempotency-Key, so a batch that is sent again, after a lost answer or because
 * some of its lines could not be taken, does nothing twice. Bounded by the server's own maxima.
 */
#ifndef CLI_BULK_H
#define CLI_BULK_H

#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/json_out.h"
#include "sdk/client.h"

#define BULK_MAX_BYTES  ((size_t)HTTP_BODY_MAX_BYTES)
#define BULK_FULL_BYTES (BULK_MAX_BYTES - 8192) /* room for one more line of any kind */

/* A zeroed one is empty. */
struct bulk {
    struct buf text;
    size_t count;
};

void bulk_free(struct bulk *batch);
void bulk_clear(struct bulk *batch);
/* Whether another line, and one after it, fit. */
bool bulk_is_full(const struct bulk *batch);
/* Begins a line with its op; the caller writes the other members and ends it. */
struct json_out bulk_line(struct bulk *batch, const char *op);
void bulk_line_end(struct bulk *batch, struct json_out *out);

/* Told of each line, in order: its HTTP status and members. */
struct bulk_visitor {
    status (*visit)(void *context, size_t number, unsigned status_code, struct json_node answer, struct err *err);
    void *context;
};
/* An empty `key` is drawn. Lines that are answered 503 make the whole batch be sent again, some times. */
MUST_CHECK status bulk_send(struct client *client, struct bulk *batch, struct str key,
                            const struct bulk_visitor *visitor, struct err *err);

#endif
