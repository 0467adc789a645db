/*
 * tests/api/http_client: blocking sockets and a reader of answers.
 */
#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_world.h"
#include "test.h"

int client_socket(struct http_world *world)
{
    int client = socket(http_world_speaks_v6(world) ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = { .tv_sec = WORLD_WAIT_MS / 1000 };
    int yes = 1;

    CHECK(client >= 0);
    CHECK(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    CHECK(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0);
    CHECK(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
    return client;
}

void client_reach(struct http_world *world, int client)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                .sin6_port = htons(http_world_port(world)),
                                .sin6_addr = in6addr_loopback };
    struct sockaddr_in four = { .sin_family = AF_INET,
                                .sin_port = htons(http_world_port(world)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bool is_v6 = http_world_speaks_v6(world);
    int result;

    do /* again after an interruption waits for the same connection to be made (Linux) */
        result = is_v6 ? connect(client, (struct sockaddr *)&six, sizeof six)
                       : connect(client, (struct sockaddr *)&four, sizeof four);
    while (result < 0 && errno == EINTR);
    CHECK_INT(result, 0);
}

void client_bind(int client, const char *address)
{
    struct sockaddr_in from = { .sin_family = AF_INET };

    CHECK(inet_pton(AF_INET, address, &from.sin_addr) == 1);
    CHECK(bind(client, (struct sockaddr *)&from, sizeof from) == 0);
}

int client_connect(struct http_world *world)
{
    int client = client_socket(world);

    client_reach(world, client);
    return client;
}

void client_hang_up(const int *client)
{
    if (*client >= 0)
        (void)close(*client);
}

struct scene scene_begin(const struct http_world_options *options)
{
    struct http_world_options defaults = http_world_options();
    struct scene scene = { .client = -1, .bytes = { .max = REPLY_MAX_BYTES } };

    scene.world = http_world_new(options ? options : &defaults);
    if (scene.world)
        scene.client = client_connect(scene.world);
    return scene;
}

void scene_end(struct scene *scene)
{
    client_hang_up(&scene->client);
    buf_free(&scene->bytes);
    http_world_free(&scene->world);
}

bool client_send(int client, struct str bytes)
{
    while (bytes.len) {
        ssize_t sent = send(client, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes = str_from(bytes, (size_t)sent);
    }
    return true;
}

ssize_t client_recv(int client, void *room, size_t size, int flags)
{
    ssize_t len;

    do
        len = recv(client, room, size, flags);
    while (len < 0 && errno == EINTR);
    return len;
}

/* False at the end, or when it was reset or took too long. */
static bool read_more(int client, struct buf *reply)
{
    char *room = buf_room(reply, 65536);
    ssize_t len = room ? client_recv(client, room, 65536, 0) : -1;

    if (len < 0)
        CHECK(errno == ECONNRESET); /* not EAGAIN, which is a server that keeps us waiting */
    if (len > 0)
        buf_keep(reply, (size_t)len);
    return len > 0;
}

struct str client_read_all(int client, struct buf *reply)
{
    while (read_more(client, reply)) {
    }
    return buf_str(reply);
}

static size_t count_replies(struct str stream)
{
    size_t count = 0;

    while (reply_take(&stream, false).status)
        count++;
    return count;
}

bool client_read_replies(int client, struct buf *reply, size_t count)
{
    while (count_replies(buf_str(reply)) < count) {
        if (!read_more(client, reply))
            return false;
    }
    return true;
}

struct str client_ask(struct http_world *world, struct str bytes, struct buf *reply)
{
    int client = client_connect(world);

    (void)client_send(client, bytes); /* a server that refuses early may close while we still send */
    (void)client_read_all(client, reply);
    (void)close(client);
    return buf_str(reply);
}

struct reply reply_take(struct str *stream, bool to_head)
{
    size_t end = str_find_str(*stream, STR("\r\n\r\n"));
    struct reply reply = { .head = str_cut(*stream, 0, end + 4) };
    uint64_t body_len = 0;
    uint64_t code = 0;

    if (end == stream->len || !str_starts(*stream, STR("HTTP/1.1 ")))
        return (struct reply){ 0 };
    if (str_to_u64(str_cut(*stream, 9, 3), 999, &code).code)
        return (struct reply){ 0 };
    if (!to_head && reply_field(&reply, STR("content-length")).at)
        CHECK_OK(str_to_u64(reply_field(&reply, STR("content-length")), SIZE_MAX, &body_len));
    if (stream->len - reply.head.len < body_len)
        return (struct reply){ 0 };
    reply.status = (int)code;
    reply.body = str_cut(*stream, reply.head.len, (size_t)body_len);
    *stream = str_from(*stream, reply.head.len + (size_t)body_len);
    return reply;
}

struct str reply_field(const struct reply *reply, struct str name)
{
    struct str rest = reply->head;

    while (rest.len) {
        struct str line = str_take_line(&rest);
        size_t colon = str_find(line, ':');
        struct str value = str_trim(str_from(line, colon + 1));

        if (str_eq_nocase(str_cut(line, 0, colon), name))
            return str_cut(value, 0, value.len - 1); /* its CR */
    }
    return STR_NONE;
}

bool reply_has(const struct reply *reply, const char *text)
{
    return str_find_str(reply->head, str_of(text)) < reply->head.len ||
           str_find_str(reply->body, str_of(text)) < reply->body.len;
}
