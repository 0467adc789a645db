/*
 * tests/api/http_world: a server of the http room in this process, with handlers made for tests.
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
#define WORLD_WAIT_MS    10000 /* a test that waits longer for the server has failed */

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
bool http_world_speaks_v6(const struct http_world *world); /* its clients connect to ::1 */
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

#endif
