/*
 * http/listener: bind, accept, deal out.
 */
#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "http/connection.h"

/* ---- Binding ---- */

static void free_addresses(struct addrinfo **addresses)
{
    if (*addresses)
        freeaddrinfo(*addresses);
}

/* A name may have several addresses; the first one it has is meant. */
static status find_address(const char *host, uint16_t port, struct addrinfo **ret_addresses, struct err *err)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    char service[8];
    int failure;

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    failure = getaddrinfo(host, service, &wanted, ret_addresses);
    if (failure)
        return err_set(err, CODE_INVALID, "can't listen on %s: %s", host, gai_strerror(failure));
    return OK;
}

/* The addresses of both families begin with the family and the port. */
static uint16_t port_of(const struct sockaddr *address)
{
    struct sockaddr_in four;

    memcpy(&four, address, sizeof four);
    return ntohs(four.sin_port);
}

static status bind_socket(int sock, const struct addrinfo *address, const char *host, struct err *err)
{
    const int yes = 1;
    const int no = 0;

    /* A server that was restarted need not wait for its last one's connections to be forgotten. */
    if (setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes))
        return err_system(err, "setsockopt", host);
    if (address->ai_family == AF_INET6) /* "::" means IPv4, too */
        (void)setsockopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (bind(sock, address->ai_addr, address->ai_addrlen))
        return err_set(err, CODE_IO, "can't listen on %s, port %u: %s", host, port_of(address->ai_addr),
                       strerror(errno));
    if (listen(sock, HTTP_BACKLOG))
        return err_system(err, "listen", host);
    return OK;
}

status listener_open(struct listener *listener, const char *host, uint16_t port, uint16_t *ret_port, struct err *err)
{
    AUTO(struct addrinfo *, free_addresses) addresses = NULL;
    struct sockaddr_storage bound = { 0 };
    socklen_t len = sizeof bound;
    status s;
    int sock;

    TRY(find_address(host, port, &addresses, err));
    sock = socket(addresses->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return err_system(err, "socket", host);
    s = bind_socket(sock, addresses, host, err);
    if (s.code == CODE_OK && getsockname(sock, (struct sockaddr *)&bound, &len))
        s = err_system(err, "getsockname", host);
    if (s.code) {
        (void)close(sock);
        return s;
    }
    listener->socket = sock;
    listener->is_open = true;
    *ret_port = port_of((const struct sockaddr *)&bound);
    return OK;
}

/* ---- Who it is ---- */

static void describe_v4(const struct in_addr *address, struct http_peer *peer)
{
    peer->address[10] = peer->address[11] = 0xff;
    memcpy(&peer->address[12], address, sizeof *address);
    (void)inet_ntop(AF_INET, address, peer->text, sizeof peer->text);
    peer->is_loopback = ntohl(address->s_addr) >> 24 == 127;
}

static void describe(const struct sockaddr_storage *address, struct http_peer *peer)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct in_addr mapped;

    memcpy(&four, address, sizeof four);
    memcpy(&six, address, sizeof six);
    peer->port = port_of((const struct sockaddr *)address);
    if (address->ss_family == AF_INET) {
        describe_v4(&four.sin_addr, peer);
    } else if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
        memcpy(&mapped, &six.sin6_addr.s6_addr[12], sizeof mapped);
        describe_v4(&mapped, peer);
    } else {
        memcpy(peer->address, &six.sin6_addr, sizeof peer->address);
        (void)inet_ntop(AF_INET6, &six.sin6_addr, peer->text, sizeof peer->text);
        peer->is_loopback = IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
    }
    peer->text_len = (uint8_t)strlen(peer->text);
}

/* ---- Dealing out ---- */

/* A connection on its way to its loop. */
struct handover {
    struct loop_task task;
    struct loop *loop;
    struct tls_context *tls;
    struct http_peer peer;
    int socket;
};

static void arrive(struct loop_task *task)
{
    struct handover *handover = LIST_ITEM(task, struct handover, task);

    connection_open(handover->loop, handover->socket, &handover->peer, handover->tls);
    memory_free(handover);
}

static void give_up(struct loop_shared *shared, int sock)
{
    (void)close(sock);
    atomic_fetch_sub(&shared->connections, 1);
}

static void hand_over(struct listener *listener, struct loop *loop, int sock, const struct http_peer *peer)
{
    struct handover *handover = memory_new(1, sizeof *handover);

    if (!handover) {
        peers_leave(&loop->shared->peers, peer->slot);
        give_up(loop->shared, sock);
        return;
    }
    *handover =
        (struct handover){ .task.run = arrive, .loop = loop, .tls = listener->tls, .peer = *peer, .socket = sock };
    loop_post(loop, &handover->task);
}

static void deal(struct listener *listener, int sock, const struct http_peer *peer)
{
    size_t number = listener->next_loop;
    struct loop *loop = &listener->loops[number];

    listener->next_loop = (number + 1) % listener->loop_count;
    if (number == 0)
        connection_open(loop, sock, peer, listener->tls);
    else
        hand_over(listener, loop, sock, peer);
}

/* One too many: told so if it speaks plain HTTP and the socket takes it at once, and closed. */
static void turn_away(struct listener *listener, int sock)
{
    static const struct str answer = STR_INIT("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                                              "Retry-After: 1\r\nConnection: close\r\n\r\n");

    counters_add(&listener->loops[0].counters.refusals[REFUSE_TOO_MANY_CONNECTIONS], 1);
    if (!listener->tls)
        (void)!send(sock, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    give_up(listener->loops[0].shared, sock);
}

static void welcome(struct listener *listener, int sock, const struct sockaddr_storage *address)
{
    struct loop_shared *shared = listener->loops[0].shared;
    struct http_peer peer = { .is_tls = listener->tls != NULL };

    describe(address, &peer);
    peer.slot = peers_slot(&shared->peers, peer.address);
    if (atomic_fetch_add(&shared->connections, 1) >= shared->limits.connections_max ||
        !peers_enter(&shared->peers, peer.slot, shared->limits.peer_connections_max)) {
        turn_away(listener, sock);
        return;
    }
    deal(listener, sock, &peer);
}

/* ---- Accepting ---- */

static void on_ready(uv_poll_t *poll, int failure, int events);

static void on_pause_over(uv_timer_t *pause)
{
    struct listener *listener = pause->data;

    (void)uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

/* Without descriptors to give, the socket stays readable: looking at it at once again would only burn time. */
static void pause_accepting(struct listener *listener)
{
    counters_add(&listener->loops[0].counters.of[COUNTER_ACCEPTS_FAILED], 1);
    log_write(LOG_WARN, "http", "can't accept connections for the moment: %s", strerror(errno));
    (void)uv_poll_stop(&listener->poll);
    (void)uv_timer_start(&listener->pause, on_pause_over, HTTP_ACCEPT_PAUSE_MS, 0);
}

/* False when nobody waits any more. */
static bool accept_one(struct listener *listener)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof address;
    int sock = accept4(listener->socket, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (sock >= 0) {
        welcome(listener, sock, &address);
        return true;
    }
    if (errno == EINTR || errno == ECONNABORTED)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK && listener->is_polled)
        pause_accepting(listener);
    return false;
}

static void on_ready(uv_poll_t *poll, int failure, int events)
{
    struct listener *listener = poll->data;

    (void)failure; /* accept says it again */
    (void)events;
    for (int i = 0; i < HTTP_ACCEPTS_MAX && accept_one(listener); i++) {
    }
}

status listener_poll(struct listener *listener, struct err *err)
{
    uv_loop_t *uv = &listener->loops[0].uv;
    int failure = uv_poll_init(uv, &listener->poll, listener->socket);

    if (failure)
        return err_set(err, CODE_IO, "can't wait for connections: %s", uv_strerror(failure));
    (void)uv_timer_init(uv, &listener->pause);
    listener->poll.data = listener->pause.data = listener;
    listener->is_polled = true;
    failure = uv_poll_start(&listener->poll, UV_READABLE, on_ready);
    return failure ? err_set(err, CODE_IO, "can't wait for connections: %s", uv_strerror(failure)) : OK;
}

void listener_close(struct listener *listener)
{
    if (!listener->is_open)
        return;
    if (listener->is_polled) {
        listener->is_polled = false;
        uv_close((uv_handle_t *)&listener->poll, NULL);
        uv_close((uv_handle_t *)&listener->pause, NULL);
        for (int i = 0; i < HTTP_BACKLOG && accept_one(listener); i++) {
        }
    }
    (void)close(listener->socket);
    listener->is_open = false;
}
