/*
 * http/exchange: one request and its answer.
 *
 * All memory of a request is its own: the arena, the body, the answer; it is given back at once when the answer was
 * written. Slices of the request stay valid until then. One thread: the loop's, from the first byte to the answer; what
 * is handed to another thread must be copied or left alone, and comes back with loop_post.
 *
 * An exchange that was asked belongs to who must answer it. It survives its connection, so an answer that comes late is
 * harmless.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/head.h"
#include "http/input.h"
#include "http/list.h"
#include "http/respond.h"
#include "http/router.h"

struct connection;
struct loop;

enum exchange_state {
    EXCHANGE_FREE,      /* in the pool */
    EXCHANGE_RECEIVING, /* the request is being read; belongs to the connection */
    EXCHANGE_ASKED,     /* belongs to the handler, or to the hook that took it over */
    EXCHANGE_ANSWERED,  /* waits for its turn to be written; belongs to the connection */
};

/* Who is at the other end of the connection. */
struct http_peer {
    char text[46]; /* the address as text; an IPv4 address in an IPv6 socket is shown as IPv4 */
    uint8_t text_len;
    unsigned char address[16]; /* in network order; IPv4 as ::ffff:a.b.c.d */
    bool is_loopback;
    bool is_tls;
    uint16_t port;
    uint16_t slot; /* http/peers */
};

struct exchange {
    /* Kept, emptied, for the next request: */
    struct arena arena;
    struct buf answer;     /* for the handler to write a body into; at most HTTP_ANSWER_MAX_BYTES */
    struct buf body_space; /* a body that did not lie in one piece where it arrived */
    /* For the handler (everything from here to the head's fields is zeroed for each request): */
    enum exchange_state state;
    void *user;                                 /* the api's */
    const struct route *route;                  /* NULL: no route */
    struct str parameters[HTTP_PARAMETERS_MAX]; /* of the path, in its order, decoded */
    struct str body;                            /* whole, and in one piece */
    struct http_peer peer;
    struct loop *loop;
    /* This room's own: */
    struct connection *connection; /* NULL once it died */
    struct link in_queue;          /* of the connection, or in the pool */
    struct input_block *block;     /* that the head lies in */
    size_t body_max_bytes;
    bool has_head;
    bool decided; /* routed and authorised, or refused */
    bool authorized;
    bool discards_body;
    bool wants_continue;      /* "100 Continue" is to be sent at its turn */
    bool hangs_up;            /* at its turn the connection is closed without an answer */
    enum refusal refusal;     /* found in the head, to be given once the request is authorised */
    unsigned allowed_methods; /* of the path, for 405 */
    struct response response;
    struct head head; /* last, since its fields need no zeroing */
};

/* ---- For handlers ---- */

static inline struct str exchange_path(const struct exchange *exchange)
{
    return head_path(&exchange->head); /* raw */
}
static inline struct str exchange_query(const struct exchange *exchange)
{
    return head_str(&exchange->head, exchange->head.query); /* raw; see http/target for its members */
}
/* The first value of that header field; `at` is NULL when there is none. */
static inline struct str exchange_header(const struct exchange *exchange, struct str name)
{
    return head_value(&exchange->head, name);
}
/* As exchange_header, but two such fields are CODE_INVALID with a text. */
MUST_CHECK status exchange_header_once(const struct exchange *exchange, struct str name, struct str *ret_value,
                                       struct err *err);

/*
 * Reads the whole query: ret_values[i] becomes the value of names[i], decoded; `at` is NULL for an absent one. An
 * unknown or repeated name or a malformed escape is CODE_INVALID and names the member; the values mean nothing then.
 */
MUST_CHECK status exchange_query_members(struct exchange *exchange, const char *const *names, size_t count,
                                         struct str *ret_values, struct err *err);

/* The client's certificate in DER, while the connection lives; empty when there is none. */
struct str exchange_peer_certificate(const struct exchange *exchange);

/* ---- This room's own ---- */

/* Exchanges for reuse; zeroed after exchange_pool_init. */
struct exchange_pool {
    struct link free;
    size_t free_count;
    size_t taken; /* now in use */
};

void exchange_pool_init(struct exchange_pool *pool);
void exchange_pool_free(struct exchange_pool *pool);
/* RECEIVING; NULL when there is no memory. */
struct exchange *exchange_new(struct exchange_pool *pool);
/* The block must have been let go. */
void exchange_free(struct exchange *exchange, struct exchange_pool *pool);
/* Gives the exchange and its block back to their loop's pools. */
void exchange_release(struct exchange *exchange);

/* Appends `part`, which lies in the block when the body is short, to the body. CODE_TOO_LARGE above the route's limit.
 */
MUST_CHECK status exchange_add_body(struct exchange *exchange, struct str part);

#endif
