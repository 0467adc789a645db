/*
 * http/router: which handler a method and a path belong to.
 *
 * The table of routes is somebody else's (api/routes.c); it is checked and compiled once, and then read by all loops at
 * once. A path is found in one step a segment, whatever the number of routes: each step is a look-up in one hash table
 * of (place, segment), or takes the parameter of that place. A literal segment beats a parameter, and there is no way
 * back: with "/a/{x}/b" and "/a/c", the path "/a/c/b" is not found.
 *
 * It refuses a table in which anything is unset (a permission or a body limit of zero above all), or in which two
 * routes answer the same request, so that nothing is public or unlimited by having been forgotten.
 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "http/limits.h"
#include "http/method.h"
#include "http/refusal.h"

struct exchange;

/*
 * Answers the exchange with http_respond, now or later, on the loop's thread. The whole body is there; permission,
 * size and type of the body have been checked.
 */
typedef void http_handler(struct exchange *exchange);

/* For body_max_bytes: a request of this route has no body. */
#define ROUTE_NO_BODY SIZE_MAX

struct route {
    enum http_method method;  /* HEAD comes with GET and has no routes of its own */
    const char *path;         /* "/v1/leases/{id}/heartbeat"; a last segment "{rest*}" takes all that is left, raw */
    unsigned permission;      /* the api's own number; 0 is unset */
    size_t body_max_bytes;    /* 1 to HTTP_BODY_MAX_BYTES, or ROUTE_NO_BODY; 0 is unset */
    http_handler *handler;    /* NULL is unset */
    const char *content_type; /* a body's media type, or for any type the text of three bytes star, slash, star; NULL
                                 exactly where there is no body */
    const void *about;        /* the api's own description of the route; this room does not look at it */
};

struct router;

/* What a path led to. */
struct route_match {
    const struct route *route;
    struct str parameters[HTTP_PARAMETERS_MAX]; /* in the order of the path, decoded */
    unsigned methods; /* with REFUSE_METHOD_NOT_ALLOWED: one bit, 1 << method, for each that the path has */
};

/* The routes must outlive the router. CODE_INVALID with a text that names the route. */
MUST_CHECK status router_new(const struct route *routes, size_t count, struct router **ret_router, struct err *err);
void router_free(struct router **router);
/*
 * REFUSE_NONE, REFUSE_NOT_FOUND, REFUSE_METHOD_NOT_ALLOWED, REFUSE_PATH for a parameter that can't be decoded safely,
 * or REFUSE_NO_MEMORY. Decoded parameters lie in the arena where they are not slices of the path.
 */
enum refusal router_find(const struct router *router, enum http_method method, struct str path, struct arena *arena,
                         struct route_match *ret_match);

#endif
