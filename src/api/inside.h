/*
 * api/inside: what the files of this room share about the api itself.
 */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include <pthread.h>

#include "api/call.h"
#include "codec/json_in.h"
#include "engine/ledger_view.h"
#include "http/worker.h"

#define API_WORKERS       2    /* reads of the store: two keep two cores busy, and proofs are short */
#define API_WORKERS_QUEUE 1024 /* beyond it a reader is told to come again, rather than kept for seconds */

struct api {
    struct api_config config;
    struct engine *engine;
    const struct server *server;
    struct worker_pool *workers;
    struct ledger_views *views;
    pthread_mutex_t loops_mutex;
    struct api_loop *loops[HTTP_LOOPS_MAX];
    size_t loop_count;
    atomic_size_t waiting; /* polls that wait for a ticket's turn, on all loops */
};

/* What a route's row says beyond what http needs: for admission, rejections and /openapi.json. */
struct route_about {
    const char *name;                 /* "POST /v1/leases": method and pattern as one constant, for entries */
    const char *summary;              /* one line */
    const struct json_table *request; /* NULL: no JSON body */
    const char *const *query;         /* names of query parameters, `query_count` of them */
    size_t query_count;
};

struct engine *api_engine(const struct api *api);
struct str api_route_name(const struct route *route);
/*
 * The member of our own tables that a request's `member` begins with, as a constant of the program; empty when it is
 * none: an unknown member's name is the client's text, and that has no place in a leaf (P8).
 */
struct str api_member_name(const struct route *route, struct str member);
void api_loop_joined(struct api *api, struct api_loop *loop);
void api_loop_left(struct api *api, struct api_loop *loop);

#endif
