/*
 * http/limits: the maxima that only this room needs (the shared ones are in base/limits.h), and those of them that a
 * server may set for itself (P9).
 */
#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define HTTP_LINE_MAX_BYTES       8192                /* a request line; RFC 9112 section 3 asks for 8000 at least */
#define HTTP_BLOCK_BYTES          HTTP_HEAD_MAX_BYTES /* one piece of input memory: any head fits into one */
#define HTTP_READ_MIN_BYTES       2048  /* with less room than this left in a block, reading goes on in a fresh one */
#define HTTP_CHUNK_SPARE_BYTES    16384 /* chunk lines and trailers may exceed the body's data by this much */
#define HTTP_ARENA_MAX_BYTES      16777216 /* memory of one request: the largest body, parsed */
#define HTTP_ANSWER_MAX_BYTES     16777216 /* a page of 1000 full entries, each escaped as a JSON string */
#define HTTP_KEPT_BYTES           65536    /* a buffer that grew beyond this is freed, not kept for the next request */
#define HTTP_WRITE_BYTES          262144   /* answers are gathered up to this much for one write */
#define HTTP_OUT_SPACE_BYTES      17301504 /* the largest answer behind what was gathered before it, enciphered */
#define HTTP_PARAMETERS_MAX       4        /* {names} in one route's path */
#define HTTP_ROUTES_MAX           512
#define HTTP_RESPONSE_FIELDS_MAX  8 /* header fields that a handler adds */
#define HTTP_LOOPS_MAX            64
#define HTTP_LISTENERS_MAX        8
#define HTTP_BACKLOG              1024
#define HTTP_ACCEPTS_MAX          64  /* taken in one go, so that newcomers don't starve those who are here */
#define HTTP_FREE_EXCHANGES_MAX   512 /* kept for reuse by one loop */
#define HTTP_FREE_BLOCKS_MAX      512
#define HTTP_LINGER_TIMEOUT_MS    2000    /* for a peer to read the last answer and close, before we do */
#define HTTP_LINGER_MAX_BYTES     1048576 /* thrown away meanwhile: a whole body that was refused by its head */
#define HTTP_HANDSHAKE_TIMEOUT_MS 10000
#define HTTP_PEER_CONNECTIONS_MAX                                                                                      \
    (HTTP_CONNECTIONS_MAX / 2)      /* of one address: there is always room for somebody else */
#define HTTP_ACCEPT_PAUSE_MS    100 /* after the system refused a descriptor */
#define HTTP_WORKER_THREADS_MAX 64
#define HTTP_WORKER_QUEUE_MAX   4096 /* jobs that wait; full is CODE_BUSY */

/* What a server sets for itself; tests make the time-outs short. */
struct http_limits {
    int64_t head_timeout_ms;      /* from the first byte of a head to its end */
    int64_t body_timeout_ms;      /* from the end of the head to the end of the body */
    int64_t idle_timeout_ms;      /* between an answer and the next request, and before the first */
    int64_t write_timeout_ms;     /* for the peer to take one write */
    int64_t handshake_timeout_ms; /* of TLS */
    int64_t linger_timeout_ms;
    size_t connections_max;
    size_t peer_connections_max; /* of one address */
    size_t pipeline_max;         /* requests of one connection under way at once */
    size_t unsent_max_bytes;     /* waiting answers of one connection before it is no longer read */
};

static inline struct http_limits http_limits_default(void)
{
    return (struct http_limits){
        .head_timeout_ms = HTTP_HEAD_TIMEOUT_MS,
        .body_timeout_ms = HTTP_BODY_TIMEOUT_MS,
        .idle_timeout_ms = HTTP_IDLE_TIMEOUT_MS,
        .write_timeout_ms = HTTP_WRITE_TIMEOUT_MS,
        .handshake_timeout_ms = HTTP_HANDSHAKE_TIMEOUT_MS,
        .linger_timeout_ms = HTTP_LINGER_TIMEOUT_MS,
        .connections_max = HTTP_CONNECTIONS_MAX,
        .peer_connections_max = HTTP_PEER_CONNECTIONS_MAX,
        .pipeline_max = HTTP_PIPELINE_MAX,
        .unsent_max_bytes = HTTP_OUT_MAX_BYTES,
    };
}

#endif
