/*
 * bench/load: a load of HTTP requests that costs the machine little itself: one thread, epoll, connections that stay.
 *
 * Each connection sends one request, reads its answer, sends the next. What is asked:
 *   healthz   GET /healthz
 *   me        GET /v1/me: parsed and authenticated, answered without the ledger
 *   pairs     POST /v1/leases, whose id is read from the answer, then DELETE /v1/leases/{id}
 *   batch     POST /v1/batch: 50 check-outs, and the releases of those of the batch before
 * Check-outs assert a user and a host, so that aliases and private texts are written too. After SECONDS nothing new is
 * sent; what is under way is read to its end, and every lease is given back. An answer that is not 2xx ends the
 * program.
 *
 * Usage: bench_load HOST:PORT TOKEN-FILE MODE CONNECTIONS SECONDS FEATURES
 * Prints one object of JSON: requests and commands a second, and how long requests took.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/str.h"
#include "measure.h"

#define CONNECTIONS_MAX 4096
#define FEATURES_MAX_   256
#define SECONDS_MAX     600
#define USERS           200 /* asserted ones, and half as many hosts */
#define REQUEST_BYTES   (64 * 1024)
#define ANSWER_BYTES    (256 * 1024)
#define ID_BYTES        30
#define CREATES         50 /* check-outs of one batch, and releases */
#define TIMES_MAX       ((size_t)1 << 24)
#define EVENTS          256
#define SETTLE_S        10 /* the longest that answers are waited for after the end */

enum mode { HEALTHZ, ME, PAIRS, BATCH, MODE_COUNT };
static const char *const mode_names[MODE_COUNT] = { "healthz", "me", "pairs", "batch" };

struct connection {
    int fd;
    unsigned number;
    uint64_t turn;
    int64_t began_us;
    bool waits;   /* for an answer */
    size_t asked; /* check-outs of the request; the answer begins with theirs */
    size_t lease_count;
    char leases[CREATES][ID_BYTES];
    size_t request_len, sent;
    size_t answer_len;
    char *request, *answer;
};

static struct load {
    enum mode mode;
    char token[128];
    uint64_t features;
    bool ending;
    size_t under_way;
    uint64_t requests, commands;
    uint32_t *times_us;
    size_t time_count;
    int epoll;
} load;

/* ---- What is asked ---- */

static void add(struct connection *connection, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct connection *connection, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(connection->request + connection->request_len, REQUEST_BYTES - connection->request_len, format,
                    arguments);
    va_end(arguments);
    must(len >= 0 && (size_t)len < REQUEST_BYTES - connection->request_len, "a request is too long");
    connection->request_len += (size_t)len;
}

static void add_plain(struct connection *connection, const char *method, const char *path)
{
    add(connection, "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", method, path, load.token);
}

static void add_with_body(struct connection *connection, const char *path, const char *type, const char *body,
                          size_t len)
{
    add(connection,
        "POST %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: "
        "%zu\r\n\r\n",
        path, load.token, type, len);
    add(connection, "%.*s", (int)len, body);
}

static size_t write_check_out(const struct connection *connection, uint64_t turn, const char *op, char *ret_text,
                              size_t size)
{
    uint64_t user = (connection->number * 7 + turn) % USERS;
    int len = snprintf(ret_text, size,
                       "{%s\"feature\":\"cad/f%llu\",\"ttl_s\":3600,\"asserted\":{\"user\":\"user-%llu\",\"host\":"
                       "\"host-%llu\",\"pid\":\"%llu\"}}",
                       op, (unsigned long long)((connection->number + turn) % load.features), (unsigned long long)user,
                       (unsigned long long)(user / 2), (unsigned long long)(1000 + turn % 30000));

    must(len > 0 && (size_t)len < size, "a check-out is too long");
    return (size_t)len;
}

static void ask_pair(struct connection *connection)
{
    char text[512];

    if (connection->lease_count) {
        (void)snprintf(text, sizeof(text), "/v1/leases/%.*s", ID_BYTES, connection->leases[0]);
        add_plain(connection, "DELETE", text);
        return;
    }
    connection->asked = 1;
    add_with_body(connection, "/v1/leases", "application/json", text,
                  write_check_out(connection, connection->turn, "", text, sizeof(text)));
}

static void ask_batch(struct connection *connection)
{
    static char body[REQUEST_BYTES / 2];
    size_t len = 0;

    connection->asked = load.ending ? 0 : CREATES;
    for (size_t i = 0; i < connection->asked; i++) {
        len += write_check_out(connection, connection->turn * CREATES + i, "\"op\":\"lease.create\",", body + len,
                               sizeof(body) - len - 1);
        body[len++] = '\n';
    }
    for (size_t i = 0; i < connection->lease_count; i++)
        len += (size_t)snprintf(body + len, sizeof(body) - len, "{\"op\":\"lease.release\",\"lease\":\"%.*s\"}\n",
                                ID_BYTES, connection->leases[i]);
    add_with_body(connection, "/v1/batch", "application/x-ndjson", body, len);
}

static void ask(struct connection *connection)
{
    connection->request_len = connection->sent = connection->answer_len = 0;
    if (load.mode == HEALTHZ)
        add(connection, "GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n");
    else if (load.mode == ME)
        add_plain(connection, "GET", "/v1/me");
    else if (load.mode == PAIRS)
        ask_pair(connection);
    else
        ask_batch(connection);
    connection->turn++;
    connection->waits = true;
    connection->began_us = clock_running_us();
    load.under_way++;
}

/* ---- What is answered ---- */

/* The leases that an answer grants: of a check-out one, of a batch one a line. */
static void leases_read(struct connection *connection, struct str body)
{
    static const struct str mark = STR_INIT("\"id\":\"lse_");
    size_t at;

    connection->lease_count = 0;
    while ((at = str_find_str(body, mark)) < body.len && connection->lease_count < connection->asked) {
        struct str id = str_cut(body, at + mark.len - 4, ID_BYTES);

        must(id.len == ID_BYTES, "an id is cut off");
        memcpy(connection->leases[connection->lease_count++], id.at, ID_BYTES);
        body = str_from(body, at + mark.len);
    }
}

static void answered(struct connection *connection, struct str body)
{
    int64_t took_us = clock_running_us() - connection->began_us;
    bool had_leases = connection->lease_count > 0;

    connection->waits = false;
    load.under_way--;
    if (!load.ending) {
        load.requests++;
        load.commands += load.mode == BATCH ? connection->asked + connection->lease_count : 1;
        if (load.time_count < TIMES_MAX)
            load.times_us[load.time_count++] = (uint32_t)took_us;
    }
    if (load.mode == BATCH) {
        must(str_find_str(body, STR("\"status\":4")) == body.len && str_find_str(body, STR("\"status\":5")) == body.len,
             "a line of a batch was refused");
        leases_read(connection, body);
    } else if (load.mode == PAIRS) {
        connection->lease_count = 0;
        if (!had_leases)
            leases_read(connection, body);
        must(had_leases || connection->lease_count == 1, "a check-out was answered without a lease");
    }
}

/* Whether the answer is complete; its body. Answers have a Content-Length, as every one of these routes gives it. */
static bool answer_complete(const struct connection *connection, struct str *ret_body)
{
    struct str answer = { connection->answer, connection->answer_len };
    size_t head = str_find_str(answer, STR("\r\n\r\n"));
    struct str headers = str_cut(answer, 0, head);
    uint64_t len = 0;

    if (head == answer.len)
        return false;
    if (!str_starts(str_from(answer, 9), STR("2"))) {
        (void)fprintf(stderr, "%.*s\n", STR_ARG(answer));
        must(false, "a request was refused");
    }
    while (headers.len) {
        struct str line = str_take_line(&headers);

        if (str_eq_nocase(str_take(&line, ':'), STR("content-length")))
            must_ok(str_to_u64(str_trim(str_take(&line, '\r')), ANSWER_BYTES, &len), NULL);
    }
    *ret_body = str_cut(answer, head + 4, (size_t)len);
    return ret_body->len == len;
}

/* ---- Connections ---- */

static void send_all(struct connection *connection)
{
    while (connection->sent < connection->request_len) {
        ssize_t sent = send(connection->fd, connection->request + connection->sent,
                            connection->request_len - connection->sent, MSG_DONTWAIT);

        must(sent > 0, "a request did not fit into the socket, or the server went away");
        connection->sent += (size_t)sent;
    }
}

static bool has_more(const struct connection *connection)
{
    return !load.ending || connection->lease_count > 0;
}

static void receive(struct connection *connection)
{
    struct str body;
    ssize_t got = recv(connection->fd, connection->answer + connection->answer_len,
                       ANSWER_BYTES - connection->answer_len, MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return;
    must(got > 0, "the server closed a connection");
    connection->answer_len += (size_t)got;
    if (!connection->waits || !answer_complete(connection, &body))
        return;
    answered(connection, body);
    if (has_more(connection)) {
        ask(connection);
        send_all(connection);
    }
}

static void connection_open(struct connection *connection, const struct sockaddr_in *address)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
    int yes = 1;

    connection->request = memory_new(1, REQUEST_BYTES);
    connection->answer = memory_new(1, ANSWER_BYTES);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connection->fd >= 0 && connection->request && connection->answer, "no socket or memory");
    must(connect(connection->fd, (const struct sockaddr *)address, sizeof(*address)) == 0, "can't connect");
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    must(epoll_ctl(load.epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0, "epoll");
}

static void turn(int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load.epoll, events, EVENTS, timeout_ms);

    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;

        receive(connection);
    }
}

/* ---- A run ---- */

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static uint32_t time_at(double share)
{
    return load.time_count ? load.times_us[(size_t)((double)(load.time_count - 1) * share)] : 0;
}

static void tell(double seconds)
{
    qsort(load.times_us, load.time_count, sizeof(*load.times_us), compare);
    printf("{\"mode\":\"%s\",\"seconds\":%.3f,\"requests_s\":%.1f,\"commands_s\":%.1f,\"p50_us\":%u,\"p99_us\":%u,"
           "\"max_us\":%u}\n",
           mode_names[load.mode], seconds, (double)load.requests / seconds, (double)load.commands / seconds,
           time_at(0.5), time_at(0.99), time_at(1));
}

static void connection_close(struct connection *connection)
{
    (void)close(connection->fd);
    memory_free(connection->request);
    memory_free(connection->answer);
}

static void run(struct connection *connections, size_t count, uint64_t seconds)
{
    int64_t began_us = clock_running_us();
    int64_t end_us = began_us + (int64_t)seconds * 1000000;
    double measured;

    for (size_t i = 0; i < count; i++) {
        ask(&connections[i]);
        send_all(&connections[i]);
    }
    while (clock_running_us() < end_us)
        turn(10);
    measured = seconds_since(began_us);
    load.ending = true;
    while (load.under_way && clock_running_us() < end_us + (int64_t)SETTLE_S * 1000000)
        turn(100);
    must(load.under_way == 0, "answers are missing");
    tell(measured);
}

static struct sockaddr_in address_read(const char *text)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct str rest = str_of(text);
    struct str host = str_take(&rest, ':');
    char host_text[64];
    uint64_t port = 0;

    must_ok(str_to_u64(rest, UINT16_MAX, &port), NULL);
    must(str_to_c(host, host_text, sizeof(host_text)) && inet_pton(AF_INET, host_text, &address.sin_addr) == 1,
         "HOST:PORT");
    address.sin_port = htons((uint16_t)port);
    return address;
}

static void token_read(const char *path)
{
    FILE *file = fopen(path, "re");

    must(file && fgets(load.token, sizeof(load.token), file), path);
    (void)fclose(file);
    load.token[strcspn(load.token, "\n")] = '\0';
}

static enum mode mode_read(const char *text)
{
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        if (strcmp(text, mode_names[mode]) == 0)
            return (enum mode)mode;
    }
    must(false, "MODE is healthz, me, pairs or batch");
    return HEALTHZ;
}

int main(int argc, char **argv)
{
    struct connection *connections;
    struct sockaddr_in address;
    size_t count;

    must(argc == 7, "HOST:PORT TOKEN-FILE MODE CONNECTIONS SECONDS FEATURES");
    address = address_read(argv[1]);
    token_read(argv[2]);
    load.mode = mode_read(argv[3]);
    count = (size_t)must_number(argv[4], CONNECTIONS_MAX, "CONNECTIONS");
    load.features = must_number(argv[6], FEATURES_MAX_, "FEATURES");
    load.times_us = memory_new(TIMES_MAX, sizeof(*load.times_us));
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    connections = memory_new(count, sizeof(*connections));
    must(load.times_us && load.epoll >= 0 && connections, "no memory");
    for (size_t i = 0; i < count; i++) {
        connections[i].number = (unsigned)i;
        connection_open(&connections[i], &address);
    }
    run(connections, count, must_number(argv[5], SECONDS_MAX, "SECONDS"));
    for (size_t i = 0; i < count; i++)
        connection_close(&connections[i]);
    (void)close(load.epoll);
    memory_free(connections);
    memory_free(load.times_us);
    return EXIT_SUCCESS;
}
