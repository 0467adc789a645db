/*
 * http/connection: one connection, from accept to close. The other files of this room share its struct; nobody else
 * includes it.
 *
 * connection.c has its life (states, time-outs, closing), connection_in.c reading and running requests,
 * connection_out.c writing answers. One thread: the loop's. P9: at most `pipeline_max` requests under way, of which one
 * is being received; not read while that many, or `unsent_max_bytes` of answers, wait.
 *
 *     handshake -> open -> last -> linger -> closed        (and from each to closed)
 *
 * `last`: no further request is read, the answers due are still written; then we say that we are done and linger: what
 * still comes is thrown away for a while, because closing a socket with unread bytes makes the kernel send a reset that
 * can destroy the last answer on its way.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <uv.h>

#include "http/exchange.h"
#include "http/input.h"
#include "http/loop_inside.h"
#include "http/reader.h"
#include "http/timeouts.h"
#include "http/tls.h"

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN,
    CONNECTION_LAST,
    CONNECTION_LINGER,
    CONNECTION_CLOSED,
    CONNECTION_STATE_COUNT
};

struct connection {
    uv_tcp_t tcp;
    uv_write_t write;
    struct loop *loop;
    struct link in_loop;
    struct link dirty; /* in loop->dirty when there is something to write or to settle */
    enum connection_state state;
    struct http_peer peer;
    struct tls *tls; /* NULL: plain */
    /* Reading */
    struct input input;
    struct reader reader;
    struct exchange *receiving; /* also the last of the queue */
    bool is_reading;            /* libuv is told to */
    bool peer_ended;            /* and will send nothing more */
    uint64_t thrown_away_bytes; /* while lingering */
    /* Writing */
    struct link queue; /* exchanges in the order of their requests */
    size_t queued;
    size_t unsent_bytes; /* of bodies that wait in the queue */
    struct buf out;      /* what the socket did not take at once */
    bool is_writing;
    bool said_end; /* TLS's close_notify */
    bool hangs_up; /* close as soon as nothing is being written */
    /* Waiting */
    struct timeout reading_timeout;
    struct timeout writing_timeout;
    enum timeout_kind waits_for; /* kind of reading_timeout, TIMEOUT_NONE when it does not run */
};

/* A connected socket, which this owns from now on even when it fails. `tls` may be NULL. */
void connection_open(struct loop *loop, int socket, const struct http_peer *peer, struct tls_context *tls);
/* At once; what was asked and not answered yet becomes an orphan. */
void connection_close(struct connection *connection);
/* The loop is draining: ends as soon as what has been accepted is answered; at once when that is nothing. */
void connection_drain(struct connection *connection);
void connection_time_is_over(struct timeout *timeout, enum timeout_kind kind);

void connection_move(struct connection *connection, enum connection_state to);
/* Sees to it that the loop calls connection_flush before it sleeps. */
void connection_mark_dirty(struct connection *connection);
/* Starts the wait that the connection's state asks for. */
void connection_watch(struct connection *connection);
/* No further request will be read; what is being received is the caller's to answer. */
void connection_read_no_more(struct connection *connection);
/* After reading or writing: what comes next. */
void connection_settle(struct connection *connection);

/* connection_in.c */
void connection_start_reading(struct connection *connection);
/* After answers left: reads on what had to wait. */
void connection_resume(struct connection *connection);
/* Answers the request that is being received by a refusal. */
void connection_refuse(struct connection *connection, struct exchange *exchange, enum refusal refusal);

/* connection_out.c */
void connection_flush(struct connection *connection);
/* From http_respond: the exchange has its response. */
void connection_answered(struct exchange *exchange);

/* In DER; empty when there is none. */
static inline struct str connection_peer_certificate(const struct connection *connection)
{
    return connection->tls ? tls_peer_certificate(connection->tls) : STR_NONE;
}

#endif
