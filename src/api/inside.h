/*
 * api/inside: what the files of this room share about the api itself and its routes.
 */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/api.h"
#include "api/query.h"
#include "api/recent.h"
#include "api/shape.h"
#include "codec/json_in.h"
#include "engine/ledger_view.h"
#include "http/worker.h"

#define API_WORKERS       2    /* reads of the store: two keep two cores busy, and proofs are short */
#define API_WORKERS_QUEUE 1024 /* beyond it a reader is told to come again, rather than kept for seconds */

#define CODE(name) ((audit_set)1 << AUDIT_##name)

struct api_loop;
struct witnesses;

struct api {
    struct api_config config;
    struct engine *engine;
    pthread_mutex_t workers_mutex;
    struct worker_pool *workers; /* NULL: no work is taken any more */
    struct ledger_views *views;
    struct recent recent;
    _Atomic(const struct server *) server;
    _Atomic(struct witnesses *) witnesses; /* NULL: there is no policy */
    pthread_mutex_t loops_mutex;
    struct api_loop *loops[HTTP_LOOPS_MAX];
    size_t loop_count;
    atomic_size_t waiting; /* requests that wait for an entry or a checkpoint, on all loops */
    atomic_bool stops;     /* nobody waits any more */
};

/* Who may ask without a token, beside the route's permission for those who have one. */
enum access { ACCESS_TOKEN, ACCESS_CHECKPOINT, ACCESS_TILES };

/* What a route's row says beyond what http needs: for admission, rejections and /openapi.json. */
struct route_about {
    const char *name;    /* "POST /v1/leases": method and pattern as one constant, for entries */
    const char *summary; /* one line */
    const char *tag;     /* the part of the reference that it belongs to */
    enum access access;
    unsigned queries;                 /* QUERY bits */
    const struct json_table *request; /* NULL: no JSON body */
    audit_set codes;                  /* 1 << TS…: the entries that answer it; their rows say how */
    const struct shape *answer;       /* of a 200 that no entry answers; NULL: none, or not JSON */
    const struct list_kind *list;     /* of a page of rows */
    const struct list_kind *one;      /* of one such row */
    const char *media;                /* of an answer that is not JSON; NULL: JSON */
};

static inline const struct route_about *about_of(const struct route *route)
{
    return route->about;
}

struct engine *api_engine(const struct api *api);
/*
 * The member of our own tables that a request's `member` begins with, as a constant of the program; empty when it is
 * none: an unknown member's name is the client's text, and that has no place in a leaf (P8).
 */
struct str api_member_name(const struct route *route, struct str member);
/* The same of one table alone. */
struct str table_member(const struct json_table *table, struct str member);

#endif
