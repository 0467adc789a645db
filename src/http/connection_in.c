/*
 * http/connection_in: from the socket to the handler.
 */

#include "http/connection.h"

static struct exchange *asked(struct exchange *exchange)
{
    exchange->loop->asked++; /* the turn hook has something new to look at */
    return exchange;
}

/* ---- Refusals and permission ---- */

/* Whoever took it over may have answered already. */
static void taken_over(struct exchange *exchange)
{
    if (exchange->state == EXCHANGE_RECEIVING)
        exchange->state = EXCHANGE_ASKED;
}

void connection_refuse(struct connection *connection, struct exchange *exchange, enum refusal refusal)
{
    struct loop *loop = connection->loop;
    const struct http_hooks *hooks = &loop->shared->hooks;
    bool incomplete = connection->receiving == exchange;

    if (incomplete || refusal_text(refusal)->last)
        connection_read_no_more(connection);
    counters_add(&loop->counters.refusals[refusal], 1);
    if (incomplete)
        counters_add(&loop->counters.of[COUNTER_REQUESTS], 1);
    if (exchange->authorized && hooks->refused && hooks->refused(asked(exchange), refusal))
        taken_over(exchange);
    else
        http_respond_refusal(exchange, refusal);
}

/* RFC 9110 section 8.3: parameters such as charset are the handler's business. */
static bool has_content_type(const struct exchange *exchange)
{
    struct str wanted = str_of(exchange->route->content_type);
    struct str value = exchange_header(exchange, STR("content-type"));

    return str_eq(wanted, STR("*/*")) || str_eq_nocase(str_trim(str_take(&value, ';')), wanted);
}

static enum refusal check_body(struct exchange *exchange)
{
    const struct head *head = &exchange->head;
    size_t max = exchange->route->body_max_bytes;

    exchange->body_max_bytes = max == ROUTE_NO_BODY ? 0 : max;
    if (head->content_length > exchange->body_max_bytes || (head->chunked && exchange->body_max_bytes == 0))
        return REFUSE_BODY_TOO_LARGE;
    return head_has_body(head) && !has_content_type(exchange) ? REFUSE_CONTENT_TYPE : REFUSE_NONE;
}

/* The head is complete: what can be said against the request from it alone is noted, to be said at the right time. */
static void route(struct exchange *exchange)
{
    struct route_match match = { 0 };

    exchange->refusal = router_find(exchange->loop->shared->router, exchange->head.method, exchange_path(exchange),
                                    &exchange->arena, &match);
    exchange->allowed_methods = match.methods;
    memcpy(exchange->parameters, match.parameters, sizeof match.parameters);
    if (!exchange->refusal) {
        exchange->route = match.route;
        exchange->refusal = check_body(exchange);
    }
    exchange->discards_body = exchange->refusal != REFUSE_NONE;
}

/* Whether the request may go on to its handler. If not, it was answered, or somebody has taken that over. */
static bool decide(struct connection *connection, struct exchange *exchange)
{
    const struct http_hooks *hooks = &connection->loop->shared->hooks;

    exchange->decided = true;
    if (exchange->route && hooks->authorize && hooks->authorize(asked(exchange)) == HTTP_TAKEN_OVER) {
        taken_over(exchange);
        return false;
    }
    exchange->authorized = exchange->route != NULL;
    if (exchange->refusal) {
        connection_refuse(connection, exchange, exchange->refusal);
        return false;
    }
    return true;
}

/* ---- Requests ---- */

static bool begin_request(struct connection *connection)
{
    struct exchange *exchange = exchange_new(&connection->loop->exchanges);

    if (!exchange) {
        connection_close(connection);
        return false;
    }
    exchange->loop = connection->loop;
    exchange->connection = connection;
    exchange->peer = connection->peer;
    list_append(&connection->queue, &exchange->in_queue);
    connection->queued++;
    connection->receiving = exchange;
    connection->waits_for = TIMEOUT_NONE; /* each request gets time of its own */
    timeouts_stop(&connection->reading_timeout);
    reader_begin(&connection->reader, exchange);
    return true;
}

static void head_is_complete(struct connection *connection)
{
    struct exchange *exchange = connection->receiving;

    exchange->block = input_hold(&connection->input);
    route(exchange);
}

static void request_is_complete(struct connection *connection)
{
    struct loop *loop = connection->loop;
    struct exchange *exchange = connection->receiving;

    connection->receiving = NULL;
    counters_add(&loop->counters.of[COUNTER_REQUESTS], 1);
    if (!head_keeps_alive(&exchange->head) || loop->draining)
        connection_read_no_more(connection);
    if (!exchange->decided && !decide(connection, exchange))
        return;
    exchange->state = EXCHANGE_ASKED;
    counters_add(&loop->counters.of[COUNTER_HANDLED], 1);
    exchange->route->handler(asked(exchange));
}

/* More of the body is to come: whether it may is decided now, and a client that waits to be told is told. */
static void body_is_awaited(struct connection *connection)
{
    struct exchange *exchange = connection->receiving;

    if (!exchange->has_head || exchange->decided)
        return;
    if (!decide(connection, exchange)) {
        connection_read_no_more(connection);
        return;
    }
    exchange->wants_continue = exchange->head.expects_continue && exchange->head.minor == 1 && exchange->body.len == 0;
    if (exchange->wants_continue)
        connection_mark_dirty(connection);
}

/* ---- Reading ---- */

static bool wants_more(const struct connection *connection)
{
    const struct http_limits *limits = &connection->loop->shared->limits;

    if (connection->state != CONNECTION_OPEN)
        return false;
    return connection->receiving ||
           (connection->queued < limits->pipeline_max && connection->unsent_bytes <= limits->unsent_max_bytes);
}

/* Whether there may be more to do with the bytes that are there. */
static bool take_step(struct connection *connection)
{
    struct str bytes = input_bytes(&connection->input);
    enum reader_outcome outcome;
    size_t used = 0;

    if (!connection->receiving && (bytes.len == 0 || !begin_request(connection)))
        return false;
    outcome = reader_read(&connection->reader, bytes, &used);
    input_take(&connection->input, used);
    switch (outcome) {
    case READER_HEAD:
        head_is_complete(connection);
        return true;
    case READER_DONE:
        request_is_complete(connection);
        return true;
    case READER_MORE:
        body_is_awaited(connection);
        return false;
    default:
        connection_refuse(connection, connection->receiving, connection->reader.refusal);
        return false;
    }
}

static void process(struct connection *connection)
{
    while (wants_more(connection) && take_step(connection)) {
    }
    if (connection->state == CONNECTION_OPEN && input_bytes(&connection->input).len == 0)
        input_free(&connection->input, &connection->loop->inputs);
}

/* The peer will send nothing more: half a request is none, whole ones are still answered. */
static void peer_has_ended(struct connection *connection)
{
    struct exchange *half = connection->receiving;

    connection->peer_ended = true;
    if (half) {
        connection->receiving = NULL;
        connection->queued--;
        list_remove(&half->in_queue);
        exchange_release(half);
    }
    if (connection->state != CONNECTION_OPEN || (connection->queued == 0 && !connection->is_writing))
        connection_close(connection);
    else
        connection_read_no_more(connection);
}

/* The alert says why; that it arrives is not promised. */
static void tls_is_broken(struct connection *connection)
{
    struct str alert = tls_output(connection->tls);
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)alert.at, (unsigned)alert.len);

    if (connection->state == CONNECTION_HANDSHAKE)
        counters_add(&connection->loop->counters.of[COUNTER_HANDSHAKES_FAILED], 1);
    if (alert.len && !connection->is_writing)
        (void)uv_try_write((uv_stream_t *)&connection->tcp, &buf, 1);
    connection_close(connection);
}

static void take_deciphered(struct connection *connection, enum tls_outcome outcome, size_t len)
{
    if (connection->state == CONNECTION_HANDSHAKE && tls_is_ready(connection->tls))
        connection_move(connection, CONNECTION_OPEN);
    if (tls_output(connection->tls).len)
        connection_mark_dirty(connection);
    if (outcome == TLS_DATA) {
        input_add(&connection->input, len);
        process(connection);
    } else if (outcome == TLS_ENDED) {
        peer_has_ended(connection);
    } else if (outcome == TLS_BROKEN) {
        tls_is_broken(connection);
    }
}

static void decipher(struct connection *connection)
{
    enum tls_outcome outcome = TLS_DATA;

    while (outcome == TLS_DATA && (connection->state == CONNECTION_HANDSHAKE || wants_more(connection))) {
        struct str room = input_room(&connection->input, &connection->loop->inputs);
        size_t len = 0;
        if (room.len == 0) {
            connection_close(connection);
            return;
        }
        outcome = tls_read(connection->tls, room, &len);
        take_deciphered(connection, outcome, len);
    }
}

static void stop_reading_when_full(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN && connection->is_reading && !wants_more(connection)) {
        connection->is_reading = false;
        (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    }
}

/* Only the bytes in the socket are waited for; those that wait in memory are read first. */
void connection_resume(struct connection *connection)
{
    if (connection->is_reading || !wants_more(connection))
        return;
    process(connection);
    if (connection->tls)
        decipher(connection);
    if (wants_more(connection))
        connection_start_reading(connection);
}

static void bytes_came(struct connection *connection, struct str bytes)
{
    counters_add(&connection->loop->counters.of[COUNTER_BYTES_IN], bytes.len);
    if (connection->state == CONNECTION_LINGER) {
        connection->thrown_away_bytes += bytes.len;
        if (connection->thrown_away_bytes > HTTP_LINGER_MAX_BYTES)
            connection_close(connection);
        return;
    }
    if (!connection->tls) {
        input_add(&connection->input, bytes.len);
        process(connection);
    } else if (tls_receive(connection->tls, bytes)) {
        decipher(connection);
    } else {
        connection_close(connection);
    }
    stop_reading_when_full(connection);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct connection *connection = handle->data;
    struct loop *loop = connection->loop;
    struct str room = { loop->sink, sizeof loop->sink };

    (void)suggested;
    if (!connection->tls && connection->state == CONNECTION_OPEN)
        room = input_room(&connection->input, &loop->inputs);
    *ret_room = uv_buf_init((char *)(uintptr_t)room.at, (unsigned)room.len); /* no room: the next call says ENOBUFS */
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *room)
{
    struct connection *connection = stream->data;

    if (len == 0)
        return;
    if (len == UV_EOF)
        peer_has_ended(connection);
    else if (len < 0)
        connection_close(connection);
    else
        bytes_came(connection, (struct str){ room->base, (size_t)len });
    connection_watch(connection);
}

void connection_start_reading(struct connection *connection)
{
    if (uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_read))
        connection_close(connection);
    else
        connection->is_reading = true;
}
