/*
 * http/connection_out: from the answer to the socket.
 *
 * All answers that are due are gathered in the loop's scratch buffer and written at once; nearly always the socket
 * takes them, and a connection needs no output memory of its own. What it does not take is kept, and nothing more is
 * gathered until that is gone, so a slow reader holds its answers back, and in the end its own requests.
 */
#include <assert.h>

#include "http/connection.h"

/* ---- Gathering ---- */

static void count_status(struct loop *loop, unsigned code)
{
    static const enum counter classes[] = { COUNTER_STATUS_2XX, COUNTER_STATUS_3XX, COUNTER_STATUS_4XX,
                                            COUNTER_STATUS_5XX };

    counters_add(&loop->counters.of[classes[code / 100 - 2]], 1);
}

static enum render_connection connection_after(const struct connection *connection, const struct exchange *exchange)
{
    if (connection->state == CONNECTION_LAST && connection->queued == 1)
        return RENDER_CLOSE;
    return exchange->head.minor == 0 ? RENDER_KEEP_ALIVE : RENDER_KEEP;
}

static void gather_one(struct connection *connection, struct exchange *exchange)
{
    struct loop *loop = connection->loop;

    render_answer(&loop->scratch, exchange, &loop->date, connection_after(connection, exchange));
    count_status(loop, exchange->response.status);
    connection->unsent_bytes -= exchange->response.body.len;
    connection->queued--;
    exchange_release(exchange);
}

/* RFC 9110 section 10.1.1, when all earlier answers are on their way. */
static void gather_continue(struct connection *connection, struct exchange *exchange)
{
    if (exchange->wants_continue && exchange->state == EXCHANGE_RECEIVING)
        buf_add(&connection->loop->scratch, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    exchange->wants_continue = false;
}

static void gather(struct connection *connection)
{
    struct buf *scratch = &connection->loop->scratch;

    buf_clear(scratch);
    while (!list_is_empty(&connection->queue) && scratch->len < HTTP_WRITE_BYTES) {
        struct exchange *first = LIST_ITEM(connection->queue.next, struct exchange, in_queue);
        if (first->state != EXCHANGE_ANSWERED) {
            gather_continue(connection, first);
            return;
        }
        if (first->hangs_up) {
            connection->hangs_up = true;
            return;
        }
        gather_one(connection, first);
    }
}

/* ---- Writing ---- */

static void on_written(uv_write_t *write, int failure)
{
    struct connection *connection = write->data;

    connection->is_writing = false;
    timeouts_stop(&connection->writing_timeout);
    if (connection->state == CONNECTION_CLOSED)
        return;
    if (failure) {
        connection_close(connection);
        return;
    }
    if (connection->out.capacity > HTTP_KEPT_BYTES)
        buf_free(&connection->out);
    connection_mark_dirty(connection);
}

/* The socket is full: the rest is kept until it was taken. */
static void write_later(struct connection *connection, struct str rest)
{
    struct loop *loop = connection->loop;
    uv_buf_t buf;

    buf_clear(&connection->out);
    buf_add(&connection->out, rest);
    if (connection->out.status.code) {
        connection_close(connection);
        return;
    }
    buf = uv_buf_init(connection->out.at, (unsigned)connection->out.len);
    connection->write.data = connection;
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &buf, 1, on_written)) {
        connection_close(connection);
        return;
    }
    connection->is_writing = true;
    timeouts_start(&loop->timeouts, &connection->writing_timeout, TIMEOUT_WRITE, loop_now_ms(loop));
}

static void write_now(struct connection *connection, struct str wire)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)wire.at, (unsigned)wire.len);
    int taken = uv_try_write((uv_stream_t *)&connection->tcp, &buf, 1);

    counters_add(&connection->loop->counters.of[COUNTER_BYTES_OUT], wire.len);
    if (taken == UV_EAGAIN)
        taken = 0;
    if (taken < 0)
        connection_close(connection);
    else if ((size_t)taken < wire.len)
        write_later(connection, str_from(wire, (size_t)taken));
}

/* The gathered bytes as they go over the wire; false when the connection is lost. */
static bool to_wire(struct connection *connection, struct str *ret_wire)
{
    struct buf *scratch = &connection->loop->scratch;

    if (scratch->status.code)
        return false;
    *ret_wire = buf_str(scratch);
    if (!connection->tls)
        return true;
    if (scratch->len && !tls_write(connection->tls, *ret_wire))
        return false;
    *ret_wire = tls_output(connection->tls);
    return true;
}

/* Whether something was written and there may be more. */
static bool write_some(struct connection *connection)
{
    struct str wire = STR_NONE;

    gather(connection);
    if (!to_wire(connection, &wire)) {
        connection_close(connection);
        return false;
    }
    if (wire.len == 0)
        return false;
    write_now(connection, wire);
    if (connection->tls)
        tls_output_sent(connection->tls);
    return connection->state != CONNECTION_CLOSED && !connection->is_writing;
}

void connection_flush(struct connection *connection)
{
    assert(connection->state != CONNECTION_CLOSED);
    if (connection->is_writing)
        return;
    while (write_some(connection)) {
    }
    connection_settle(connection);
}

void connection_answered(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;

    assert(loop_is_current(exchange->loop));
    exchange->state = EXCHANGE_ANSWERED;
    if (connection) {
        connection->unsent_bytes += exchange->response.body.len;
        connection_mark_dirty(connection);
    } else {
        counters_add(&exchange->loop->counters.of[COUNTER_LATE], 1);
        exchange_release(exchange);
    }
}
