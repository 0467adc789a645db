/*
 * tests/api/http_world: a server of the http room in this process, with handlers made for tests, and a client that
 * speaks bytes, so that it can say what no well-behaved client would.
 *
 * Routes: GET /echo/{text}, POST /body (text/plain, at most 65536 bytes, given back), POST /small (application/json, at
 * most 16 bytes), GET /held/{name} (answered when the test says so, from the test's thread), GET /large/{bytes}, GET
 * /tagged (an ETag), GET /loop (the loop's number), GET /work (by a worker), GET /cut (no answer), GET /gathered
 * (answered by the turn hook), GET /stall (keeps its loop busy while the gate is closed), GET /smuggled (counted), POST
 * /guarded (needs "Authorization: yes"; "later" is refused when the test says so).
 */
#ifndef TESTS_HTTP_WORLD_H
#define TESTS_HTTP_WORLD_H

#include "base/buf.h"
#include "http/server.h"

#define WORLD_NAME_BYTES 16
#define CLIENT_WAIT_MS   10000 /* a test that waits longer for the server has failed */

struct http_world;

struct http_world_options {
    struct http_limits limits;
    size_t loops;
    const struct tls_files *tls; /* listens with TLS when given */
    const char *host;
    bool connects_v4; /* clients do, also to a host with colons */
};

struct http_world_options http_world_options(void); /* the defaults; one loop on 127.0.0.1 */
/* NULL, and a failed check, when it can't start. */
struct http_world *http_world_new(const struct http_world_options *options);
void http_world_free(struct http_world **world); /* answers what is held */

uint16_t http_world_port(const struct http_world *world);
struct server *http_world_server(struct http_world *world);
uint64_t http_world_count(struct http_world *world, enum counter counter);
/* Waits until the counter is at least that; false, and a failed check, when it takes too long. */
bool http_world_wait(struct http_world *world, enum counter counter, uint64_t value);
uint64_t http_world_smuggled(struct http_world *world);
size_t http_world_most_held(struct http_world *world); /* at once, ever */
uint64_t http_world_refused(struct http_world *world); /* calls of the `refused` hook */

/* Waits until GET /held/NAME has reached its handler. */
bool http_world_wait_held(struct http_world *world, const char *name);
/* Answers it, from this thread through loop_post. */
void http_world_release(struct http_world *world, const char *name);
/* Answers several with one loop_post. */
void http_world_release_all(struct http_world *world);
void http_world_close_gate(struct http_world *world);
void http_world_open_gate(struct http_world *world);

/* ---- The client ---- */

/* A connected socket; -1 and a failed check when that fails. Reading waits CLIENT_WAIT_MS. */
int client_connect(struct http_world *world);
/* The same in two steps. */
int client_socket(struct http_world *world);
void client_reach(struct http_world *world, int client);
bool client_send(int client, struct str bytes);
/* Everything until the server closes. */
struct str client_read_all(int client, struct buf *reply);
/* Until `reply` holds `count` whole responses; false when the server closed before. */
bool client_read_replies(int client, struct buf *reply, size_t count);
/* Sends on a connection of its own and reads until the server closes. */
struct str client_ask(struct http_world *world, struct str bytes, struct buf *reply);

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
