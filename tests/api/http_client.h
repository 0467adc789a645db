/*
 * tests/api/http_client: a client that speaks bytes, so that it can say what no well-behaved client would.
 */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <sys/types.h>

#include "base/buf.h"

/* Requests that say no more than they must; LAST asks for the connection's end, too. */
#define ASK(path)       "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST(path)      "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define REPLY_MAX_BYTES ((size_t)128 * 1024 * 1024)

struct http_world;
struct http_world_options;

/* A connected socket; -1 and a failed check when that fails. Reading waits WORLD_WAIT_MS. */
int client_connect(struct http_world *world);
/* The same in two steps. */
int client_socket(struct http_world *world);
void client_reach(struct http_world *world, int client);
/* Between the two: the client will come from that IPv4 address. */
void client_bind(int client, const char *address);
void client_hang_up(const int *client); /* accepts -1 */
bool client_send(int client, struct str bytes);
/* recv, as often as the kernel interrupts it: it does so without a signal where libuv uses io_uring. */
ssize_t client_recv(int client, void *room, size_t size, int flags);
/* Everything until the server closes. */
struct str client_read_all(int client, struct buf *reply);
/* Until `reply` holds `count` whole responses; false when the server closed before. */
bool client_read_replies(int client, struct buf *reply, size_t count);
/* Sends on a connection of its own and reads until the server closes. */
struct str client_ask(struct http_world *world, struct str bytes, struct buf *reply);

/* What most tests begin with: a server, one client of it, and what that client will have read. */
struct scene {
    struct http_world *world;
    int client;
    struct buf bytes;
};

/* Options may be NULL for the defaults. Without a world, and with a failed check, when it can't be set up. */
struct scene scene_begin(const struct http_world_options *options);
void scene_end(struct scene *scene);

/* One response of a stream. */
struct reply {
    int status;
    struct str head; /* with its blank line */
    struct str body;
};

/* Takes the first response off; status 0 when there is no whole one. A HEAD request's answer has no body. */
struct reply reply_take(struct str *stream, bool to_head);
struct str reply_field(const struct reply *reply, struct str name);
bool reply_has(const struct reply *reply, const char *text); /* in head or body */

#endif
