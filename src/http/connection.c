/*
 * http/connection: opening, states, time-outs, closing.
 */
#include "http/connection.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define TO(state) (1u << CONNECTION_##state)

static const unsigned moves[CONNECTION_STATE_COUNT] = {
    [CONNECTION_HANDSHAKE] = TO(OPEN) | TO(CLOSED),
    [CONNECTION_OPEN] = TO(LAST) | TO(CLOSED),
    [CONNECTION_LAST] = TO(LINGER) | TO(CLOSED),
    [CONNECTION_LINGER] = TO(CLOSED),
};

void connection_move(struct connection *connection, enum connection_state to)
{
    assert(moves[connection->state] & 1u << to);
    connection->state = to;
}

void connection_mark_dirty(struct connection *connection)
{
    if (connection->state != CONNECTION_CLOSED && !list_has(&connection->dirty))
        list_append(&connection->loop->dirty, &connection->dirty);
}

static int socket_of(const struct connection *connection)
{
    uv_os_fd_t socket = -1;

    (void)uv_fileno((const uv_handle_t *)&connection->tcp, &socket);
    return socket;
}

/* ---- Closing ---- */

static void end_count(struct loop *loop, uint16_t slot)
{
    struct loop_shared *shared = loop->shared;

    peers_leave(&shared->peers, slot);
    counters_add(&loop->counters.of[COUNTER_CONNECTIONS_ENDED], 1);
    if (atomic_fetch_sub(&shared->connections, 1) == 1 && loop->draining)
        shared->idle(shared->server);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct loop *loop = connection->loop;
    uint16_t slot = connection->peer.slot;

    buf_free(&connection->out); /* a write of it may have been under way until now */
    memory_free(connection);
    end_count(loop, slot);
}

/* What the handler owes stays alive without us; the rest is nobody's. */
static void abandon_queue(struct connection *connection)
{
    struct link *link;

    while ((link = list_take(&connection->queue))) {
        struct exchange *exchange = LIST_ITEM(link, struct exchange, in_queue);
        exchange->connection = NULL;
        if (exchange->state != EXCHANGE_ASKED)
            exchange_release(exchange);
    }
    connection->queued = 0;
    connection->receiving = NULL;
}

void connection_close(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    connection_move(connection, CONNECTION_CLOSED);
    timeouts_stop(&connection->reading_timeout);
    timeouts_stop(&connection->writing_timeout);
    list_remove(&connection->dirty);
    list_remove(&connection->in_loop);
    abandon_queue(connection);
    input_free(&connection->input, &connection->loop->inputs);
    tls_free(&connection->tls);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

/* ---- Opening ---- */

static struct connection *make(struct loop *loop, const struct http_peer *peer, struct tls_context *context)
{
    struct connection *connection = memory_new(1, sizeof *connection);

    if (!connection)
        return NULL;
    connection->loop = loop;
    connection->peer = *peer;
    connection->state = context ? CONNECTION_HANDSHAKE : CONNECTION_OPEN;
    connection->waits_for = TIMEOUT_NONE;
    connection->out.max = HTTP_OUT_SPACE_BYTES;
    list_init(&connection->queue);
    if (context)
        connection->tls = tls_new(context);
    if (!context || connection->tls)
        return connection;
    memory_free(connection);
    return NULL;
}

static bool has_bytes_waiting(const struct connection *connection)
{
    char byte;

    return recv(socket_of(connection), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void connection_open(struct loop *loop, int socket, const struct http_peer *peer, struct tls_context *tls)
{
    struct connection *connection = make(loop, peer, tls);

    counters_add(&loop->counters.of[COUNTER_CONNECTIONS], 1);
    if (!connection) {
        (void)close(socket);
        end_count(loop, peer->slot);
        return;
    }
    (void)uv_tcp_init(&loop->uv, &connection->tcp); /* makes no socket yet, so it can't fail */
    connection->tcp.data = connection;
    list_append(&loop->connections, &connection->in_loop);
    if (uv_tcp_open(&connection->tcp, socket)) {
        (void)close(socket);
        connection_close(connection);
        return;
    }
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    if (loop->draining && !has_bytes_waiting(connection)) {
        connection_close(connection);
        return;
    }
    connection_start_reading(connection);
    connection_watch(connection);
}

/* ---- Ending in good order ---- */

void connection_read_no_more(struct connection *connection)
{
    if (connection->state != CONNECTION_OPEN)
        return;
    connection_move(connection, CONNECTION_LAST);
    connection->receiving = NULL;
    connection->is_reading = false;
    (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    input_free(&connection->input, &connection->loop->inputs);
    connection_mark_dirty(connection);
}

void connection_drain(struct connection *connection)
{
    if (connection->state != CONNECTION_HANDSHAKE && connection->state != CONNECTION_OPEN)
        return;
    if (connection->queued == 0 && !connection->is_writing && !has_bytes_waiting(connection))
        connection_close(connection);
    else if (connection->queued > 0 && !connection->receiving)
        connection_read_no_more(connection);
    else
        connection_watch(connection); /* what it waits for is shorter now */
}

static void begin_linger(struct connection *connection)
{
    if (connection->tls && !connection->said_end) {
        connection->said_end = true;
        tls_end(connection->tls);
        connection_mark_dirty(connection); /* and come back when it was written */
        return;
    }
    if (connection->peer_ended || shutdown(socket_of(connection), SHUT_WR)) {
        connection_close(connection);
        return;
    }
    connection_move(connection, CONNECTION_LINGER);
    connection_start_reading(connection);
}

void connection_settle(struct connection *connection)
{
    if (connection->hangs_up && !connection->is_writing)
        connection_close(connection);
    else if (connection->state == CONNECTION_LAST && connection->queued == 0 && !connection->is_writing)
        begin_linger(connection);
    else if (connection->state == CONNECTION_OPEN)
        connection_resume(connection);
    connection_watch(connection);
}

/* ---- Waiting ---- */

/* While handlers work and nothing is being received, the time is theirs. */
static enum timeout_kind wait_of(const struct connection *connection)
{
    switch (connection->state) {
    case CONNECTION_HANDSHAKE:
        return TIMEOUT_HANDSHAKE;
    case CONNECTION_OPEN:
        if (connection->receiving)
            return connection->receiving->has_head ? TIMEOUT_BODY : TIMEOUT_HEAD;
        if (connection->queued || connection->is_writing)
            return TIMEOUT_NONE;
        return connection->loop->draining ? TIMEOUT_LINGER : TIMEOUT_IDLE;
    case CONNECTION_LINGER:
        return TIMEOUT_LINGER;
    default:
        return TIMEOUT_NONE;
    }
}

void connection_watch(struct connection *connection)
{
    enum timeout_kind kind = wait_of(connection);
    struct loop *loop = connection->loop;

    if (kind == connection->waits_for)
        return;
    connection->waits_for = kind;
    if (kind == TIMEOUT_NONE)
        timeouts_stop(&connection->reading_timeout);
    else
        timeouts_start(&loop->timeouts, &connection->reading_timeout, kind, loop_now_ms(loop));
}

/*
 * Bytes that wait in the socket came while this loop was too busy to read them: time-outs are looked at before sockets
 * are. Nobody can put an end off for long by it, since what is read then is bounded.
 */
static bool is_our_delay(const struct connection *connection)
{
    bool reads = connection->state == CONNECTION_OPEN || connection->state == CONNECTION_HANDSHAKE;

    return reads && has_bytes_waiting(connection);
}

static void reading_is_over(struct connection *connection, enum timeout_kind kind)
{
    connection->waits_for = TIMEOUT_NONE;
    if (is_our_delay(connection))
        connection_watch(connection);
    else if (kind == TIMEOUT_HEAD)
        connection_refuse(connection, connection->receiving, REFUSE_HEAD_TIMEOUT);
    else if (kind == TIMEOUT_BODY)
        connection_refuse(connection, connection->receiving, REFUSE_BODY_TIMEOUT);
    else
        connection_close(connection);
}

void connection_time_is_over(struct timeout *timeout, enum timeout_kind kind)
{
    struct connection *connection;

    if (kind == TIMEOUT_WRITE) {
        connection = LIST_ITEM(timeout, struct connection, writing_timeout);
        counters_add(&connection->loop->counters.of[COUNTER_TIMEOUTS], 1);
        connection_close(connection);
        return;
    }
    connection = LIST_ITEM(timeout, struct connection, reading_timeout);
    counters_add(&connection->loop->counters.of[COUNTER_TIMEOUTS], 1);
    reading_is_over(connection, kind);
}
