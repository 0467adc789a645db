/*
 * http/router: nodes are places in the tree of paths, 0 being "/"; an edge leads from a node by one literal segment.
 */
#include "http/router.h"

#include <assert.h>

#include "base/map.h"
#include "base/memory.h"
#include "http/grammar.h"
#include "http/target.h"

/* Each route has 32 segments of its own at most, on average. */
#define NODES_MAX 16384

struct node {
    const struct route *routes[METHOD_COUNT];
    unsigned methods;   /* one bit for each route, HEAD's beside GET's */
    uint32_t parameter; /* the node behind "{name}", or 0 */
    uint32_t rest;      /* the node of "{name*}", or 0 */
};

struct edge {
    uint32_t from;
    uint32_t to;
    struct str segment;
};

struct router {
    struct node *nodes;
    size_t node_count;
    size_t node_capacity;
    struct edge *edges;
    size_t edge_count;
    size_t edge_capacity;
    struct map edges_by_segment;
    unsigned methods; /* of all routes together, for "OPTIONS *" */
};

static uint64_t edge_hash(const void *owner, uint32_t place)
{
    const struct edge *edge = &((const struct router *)owner)->edges[place];

    return str_hash(edge->segment, edge->from);
}

static bool edge_equals(const void *owner, uint32_t place, const void *key)
{
    const struct edge *edge = &((const struct router *)owner)->edges[place];
    const struct edge *wanted = key;

    return edge->from == wanted->from && str_eq(edge->segment, wanted->segment);
}

static const struct map_kind edge_kind = { edge_hash, edge_equals };

/* The node that a literal segment leads to, or 0: nothing leads back to the root. */
static uint32_t follow(const struct router *router, uint32_t from, struct str segment)
{
    struct edge key = { .from = from, .segment = segment };
    uint32_t place = map_find(&router->edges_by_segment, &edge_kind, router, str_hash(segment, from), &key);

    return place == MAP_NONE ? 0 : router->edges[place].to;
}

/* ---- Compiling ---- */

static status check_body(const struct route *route, struct err *err)
{
    bool has_body = route->body_max_bytes != ROUTE_NO_BODY;

    if (route->body_max_bytes == 0)
        return err_set(err, CODE_INVALID, "%s has no body limit", route->path);
    if (has_body && route->body_max_bytes > HTTP_BODY_MAX_BYTES)
        return err_set(err, CODE_INVALID, "%s has a body limit above %d", route->path, HTTP_BODY_MAX_BYTES);
    if (has_body != (route->content_type != NULL))
        return err_set(err, CODE_INVALID, "%s must have a content type if it has a body, and only then", route->path);
    return OK;
}

static status check_route(const struct route *route, struct err *err)
{
    if (!route->path || route->path[0] != '/')
        return err_set(err, CODE_INVALID, "a route's path begins with a slash, not %s",
                       route->path ? route->path : "NULL");
    if (route->method >= METHOD_COUNT || route->method == METHOD_HEAD || route->method == METHOD_OPTIONS)
        return err_set(err, CODE_INVALID, "%s has a method that routes can't have", route->path);
    if (route->permission == 0)
        return err_set(err, CODE_INVALID, "%s has no permission", route->path);
    if (!route->handler)
        return err_set(err, CODE_INVALID, "%s has no handler", route->path);
    return check_body(route, err);
}

static status add_node(struct router *router, uint32_t *ret_node)
{
    void *nodes = router->nodes;

    TRY(memory_grow(&nodes, &router->node_capacity, router->node_count + 1, NODES_MAX, sizeof(struct node)));
    router->nodes = nodes;
    router->nodes[router->node_count] = (struct node){ 0 };
    *ret_node = (uint32_t)router->node_count++;
    return OK;
}

static status add_edge(struct router *router, uint32_t from, struct str segment, uint32_t *ret_to)
{
    void *edges = router->edges;
    struct edge edge = { .from = from, .segment = segment };

    TRY(add_node(router, &edge.to));
    TRY(memory_grow(&edges, &router->edge_capacity, router->edge_count + 1, NODES_MAX, sizeof(struct edge)));
    router->edges = edges;
    TRY(map_reserve(&router->edges_by_segment, &edge_kind, router, 1));
    router->edges[router->edge_count] = edge;
    map_put(&router->edges_by_segment, str_hash(segment, from), (uint32_t)router->edge_count++);
    *ret_to = edge.to;
    return OK;
}

static status extend_literal(struct router *router, uint32_t from, struct str segment, uint32_t *ret_to)
{
    uint32_t to = follow(router, from, segment);

    if (to == 0)
        TRY(add_edge(router, from, segment, &to));
    *ret_to = to;
    return OK;
}

/* The node behind the parameter of that place; made when it is the first route to have one there. */
static status extend_parameter(struct router *router, uint32_t from, bool is_rest, uint32_t *ret_to)
{
    uint32_t to = is_rest ? router->nodes[from].rest : router->nodes[from].parameter;

    if (to == 0) {
        TRY(add_node(router, &to));
        if (is_rest)
            router->nodes[from].rest = to;
        else
            router->nodes[from].parameter = to;
    }
    *ret_to = to;
    return OK;
}

static bool is_literal(struct str segment)
{
    return segment.len && grammar_all(segment, GRAMMAR_TARGET) && str_find(segment, '%') == segment.len;
}

struct pattern {
    struct str rest;   /* segments still to read */
    size_t parameters; /* so far */
};

static status extend(struct router *router, uint32_t from, struct pattern *pattern, uint32_t *ret_to)
{
    struct str segment = str_take(&pattern->rest, '/');
    bool is_rest = str_ends(segment, STR("*}"));

    if (!str_starts(segment, STR("{")))
        return is_literal(segment) ? extend_literal(router, from, segment, ret_to) : (status){ CODE_INVALID };
    if (!str_ends(segment, STR("}")) || segment.len < (is_rest ? 4u : 3u) || (is_rest && pattern->rest.len))
        return (status){ CODE_INVALID };
    if (pattern->parameters++ == HTTP_PARAMETERS_MAX)
        return (status){ CODE_INVALID };
    return extend_parameter(router, from, is_rest, ret_to);
}

static status add_route(struct router *router, const struct route *route, struct err *err)
{
    struct pattern pattern = { .rest = str_from(str_of(route->path), 1) };
    uint32_t at = 0;
    struct node *node;

    if (str_ends(pattern.rest, STR("/")))
        return err_set(err, CODE_INVALID, "%s ends with a slash", route->path);
    while (pattern.rest.len) {
        status s = extend(router, at, &pattern, &at);
        if (s.code == CODE_INVALID)
            return err_set(err, CODE_INVALID, "%s is not a path of literal segments and parameters", route->path);
        TRY(s);
    }
    node = &router->nodes[at];
    if (node->routes[route->method])
        return err_set(err, CODE_INVALID, "%s is there twice with one method", route->path);
    node->routes[route->method] = route;
    node->methods |= 1u << route->method | (route->method == METHOD_GET ? 1u << METHOD_HEAD : 0);
    router->methods |= node->methods;
    return OK;
}

static status compile(struct router *router, const struct route *routes, size_t count, struct err *err)
{
    uint32_t root;

    if (count > HTTP_ROUTES_MAX)
        return err_set(err, CODE_TOO_LARGE, "%zu routes are more than %d", count, HTTP_ROUTES_MAX);
    TRY(add_node(router, &root));
    for (size_t i = 0; i < count; i++) {
        TRY(check_route(&routes[i], err));
        TRY(add_route(router, &routes[i], err));
    }
    return OK;
}

status router_new(const struct route *routes, size_t count, struct router **ret_router, struct err *err)
{
    AUTO(struct router *, router_free) router = memory_new(1, sizeof *router);

    if (!router)
        return (status){ CODE_NO_MEMORY };
    TRY(compile(router, routes, count, err));
    *ret_router = router;
    router = NULL;
    return OK;
}

void router_free(struct router **router)
{
    if (!*router)
        return;
    memory_free((*router)->nodes);
    memory_free((*router)->edges);
    map_free(&(*router)->edges_by_segment);
    memory_free(*router);
    *router = NULL;
}

/* ---- Finding ---- */

/* "{rest*}" takes what is left of the path as it is: without escapes, empty parts or dot segments there is one reading.
 */
static bool is_plain_rest(struct str rest)
{
    if (rest.len == 0 || str_ends(rest, STR("/")) || str_find(rest, '%') < rest.len)
        return false;
    while (rest.len) {
        struct str segment = str_take(&rest, '/');
        if (segment.len == 0 || str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
            return false;
    }
    return true;
}

struct walk {
    const struct router *router;
    struct str rest; /* of the path, after the slash */
    uint32_t node;
    size_t parameters;
    bool ends_with_slash; /* an empty last segment is still to come */
};

static enum refusal take_parameter(struct walk *walk, struct str segment, struct arena *arena,
                                   struct route_match *match)
{
    status s = target_decode_segment(arena, segment, &match->parameters[walk->parameters++]);

    if (s.code == CODE_NO_MEMORY)
        return REFUSE_NO_MEMORY;
    return s.code ? REFUSE_PATH : REFUSE_NONE;
}

static enum refusal step(struct walk *walk, struct arena *arena, struct route_match *match)
{
    const struct node *node = &walk->router->nodes[walk->node];
    struct str left = walk->rest;
    struct str segment = str_take(&walk->rest, '/');
    uint32_t to = follow(walk->router, walk->node, segment);

    walk->ends_with_slash = walk->rest.len == 0 && segment.len < left.len;
    if (to == 0 && node->parameter && segment.len) {
        walk->node = node->parameter;
        return take_parameter(walk, segment, arena, match);
    }
    if (to == 0 && node->rest && is_plain_rest(left)) {
        match->parameters[walk->parameters++] = left;
        walk->rest = STR_NONE;
        walk->ends_with_slash = false;
        to = node->rest;
    }
    walk->node = to;
    return to ? REFUSE_NONE : REFUSE_NOT_FOUND;
}

static enum refusal choose(const struct node *node, enum http_method method, struct route_match *match)
{
    const struct route *route = node->routes[method == METHOD_HEAD ? METHOD_GET : method];

    if (node->methods == 0)
        return REFUSE_NOT_FOUND;
    match->methods = node->methods;
    match->route = route;
    return route ? REFUSE_NONE : REFUSE_METHOD_NOT_ALLOWED;
}

enum refusal router_find(const struct router *router, enum http_method method, struct str path, struct arena *arena,
                         struct route_match *ret_match)
{
    struct walk walk = { .router = router, .rest = str_from(path, 1) };

    assert(path.len > 0);
    *ret_match = (struct route_match){ 0 };
    if (path.at[0] == '*') {
        ret_match->methods = router->methods;
        return REFUSE_METHOD_NOT_ALLOWED;
    }
    while (walk.rest.len || walk.ends_with_slash) {
        enum refusal refusal = step(&walk, arena, ret_match);
        if (refusal)
            return refusal;
    }
    return choose(&router->nodes[walk.node], method, ret_match);
}
