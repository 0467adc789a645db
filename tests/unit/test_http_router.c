/*
 * http/router: what a table must have, what a path leads to, and what a path must not hold.
 */
#include "http/router.h"

#include "base/fault.h"
#include "http/exchange.h"
#include "http/target.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void handle(struct exchange *exchange)
{
    (void)exchange;
}

#define READ(path_)                                                                                                    \
    {                                                                                                                  \
        .method = METHOD_GET, .path = (path_), .permission = 1, .body_max_bytes = ROUTE_NO_BODY, .handler = handle     \
    }
#define WRITE(method_, path_)                                                                                          \
    {                                                                                                                  \
        .method = (method_), .path = (path_), .permission = 1, .body_max_bytes = 4096, .handler = handle,              \
        .content_type = "application/json"                                                                             \
    }

static void a_table_with_anything_unset_is_refused(void)
{
    static const struct {
        const char *what;
        struct route route;
        const char *text; /* that the error must hold */
    } cases[] = {
        { "no permission", { METHOD_GET, "/a", 0, ROUTE_NO_BODY, handle, NULL, NULL }, "/a has no permission" },
        { "no body limit", { METHOD_POST, "/a", 1, 0, handle, "application/json", NULL }, "/a has no body limit" },
        { "a body limit above the maximum",
          { METHOD_POST, "/a", 1, HTTP_BODY_MAX_BYTES + 1, handle, "application/json", NULL },
          "/a has a body limit above" },
        { "no handler", { METHOD_GET, "/a", 1, ROUTE_NO_BODY, NULL, NULL, NULL }, "/a has no handler" },
        { "a body without a type", { METHOD_POST, "/a", 1, 1, handle, NULL, NULL }, "content type" },
        { "a type without a body", { METHOD_GET, "/a", 1, ROUTE_NO_BODY, handle, "text/plain", NULL }, "content type" },
        { "no path", { METHOD_GET, NULL, 1, ROUTE_NO_BODY, handle, NULL, NULL }, "begins with a slash" },
        { "a path without a slash", READ("a"), "begins with a slash" },
        { "a path that ends with a slash", READ("/a/"), "ends with a slash" },
        { "an empty segment", READ("/a//b"), "literal segments" },
        { "an escape", READ("/a%20b"), "literal segments" },
        { "a space", READ("/a b"), "literal segments" },
        { "half a parameter", READ("/{a"), "literal segments" },
        { "a parameter without a name", READ("/{}"), "literal segments" },
        { "a rest without a name", READ("/{*}"), "literal segments" },
        { "a rest that is not the last", READ("/{a*}/b"), "literal segments" },
        { "too many parameters", READ("/{a}/{b}/{c}/{d}/{e}"), "literal segments" },
        { "HEAD", { METHOD_HEAD, "/a", 1, ROUTE_NO_BODY, handle, NULL, NULL }, "method" },
        { "OPTIONS", { METHOD_OPTIONS, "/a", 1, ROUTE_NO_BODY, handle, NULL, NULL }, "method" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(struct router *, router_free) router = NULL;
        struct err err = { 0 };

        CHECKING("%s", cases[i].what);
        CHECK_CODE(router_new(&cases[i].route, 1, &router, &err), CODE_INVALID);
        CHECK(str_find_str(str_of(err.text), str_of(cases[i].text)) < strlen(err.text));
        CHECK(router == NULL);
    }
}

static void two_routes_for_one_request_are_refused(void)
{
    static const struct route same[] = { READ("/a/{b}"), READ("/a/{c}") };
    static const struct route other_method[] = { READ("/a/{b}"), WRITE(METHOD_POST, "/a/{c}") };
    AUTO(struct router *, router_free) refused = NULL;
    AUTO(struct router *, router_free) router = NULL;
    struct err err = { 0 };

    CHECK_CODE(router_new(same, COUNT(same), &refused, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("/a/{c} is there twice with one method"));
    CHECK_OK(router_new(other_method, COUNT(other_method), &router, &err));
}

static const struct route routes[] = {
    READ("/"),
    READ("/v1/leases"),
    WRITE(METHOD_POST, "/v1/leases"),
    READ("/v1/leases/{id}"),
    WRITE(METHOD_DELETE, "/v1/leases/{id}"),
    WRITE(METHOD_POST, "/v1/leases/{id}/heartbeat"),
    READ("/v1/audit/{index}"),
    READ("/v1/audit/{index}/proof"),
    WRITE(METHOD_POST, "/v1/audit/evidence"),
    READ("/tile/{rest*}"),
    READ("/tile/entries/{rest*}"),
    READ("/a/{b}/c/{d}"),
};

#define METHODS(a) (1u << METHOD_##a)

static const struct {
    enum http_method method;
    const char *path;
    enum refusal refusal;
    int route; /* in the table */
    const char *parameters[2];
    unsigned methods;
} lookups[] = {
    { METHOD_GET, "/", REFUSE_NONE, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases", REFUSE_NONE, 1, { NULL }, 0 },
    { METHOD_POST, "/v1/leases", REFUSE_NONE, 2, { NULL }, 0 },
    { METHOD_HEAD, "/v1/leases", REFUSE_NONE, 1, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/lse_1", REFUSE_NONE, 3, { "lse_1" }, 0 },
    { METHOD_DELETE, "/v1/leases/lse_1", REFUSE_NONE, 4, { "lse_1" }, 0 },
    { METHOD_POST, "/v1/leases/lse_1/heartbeat", REFUSE_NONE, 5, { "lse_1" }, 0 },
    { METHOD_GET, "/v1/audit/17", REFUSE_NONE, 6, { "17" }, 0 },
    { METHOD_GET, "/v1/audit/17/proof", REFUSE_NONE, 7, { "17" }, 0 },
    { METHOD_POST, "/v1/audit/evidence", REFUSE_NONE, 8, { NULL }, 0 },
    { METHOD_GET, "/tile/0/x001/067", REFUSE_NONE, 9, { "0/x001/067" }, 0 },
    { METHOD_GET, "/tile/0/x001/067.p/8", REFUSE_NONE, 9, { "0/x001/067.p/8" }, 0 },
    { METHOD_GET, "/tile/entries/000", REFUSE_NONE, 10, { "000" }, 0 },
    { METHOD_GET, "/a/1/c/2", REFUSE_NONE, 11, { "1", "2" }, 0 },
    { METHOD_GET, "/a/x%20y/c/caf%C3%A9+", REFUSE_NONE, 11, { "x y", "caf\xc3\xa9+" }, 0 },
    { METHOD_GET, "/a/...", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/a/.../c/.b", REFUSE_NONE, 11, { "...", ".b" }, 0 },
    /* Methods */
    { METHOD_PUT, "/v1/leases", REFUSE_METHOD_NOT_ALLOWED, 0, { NULL }, METHODS(GET) | METHODS(HEAD) | METHODS(POST) },
    { METHOD_GET, "/v1/audit/evidence", REFUSE_METHOD_NOT_ALLOWED, 0, { NULL }, METHODS(POST) },
    { METHOD_HEAD, "/v1/audit/evidence", REFUSE_METHOD_NOT_ALLOWED, 0, { NULL }, METHODS(POST) },
    { METHOD_OPTIONS, "/", REFUSE_METHOD_NOT_ALLOWED, 0, { NULL }, METHODS(GET) | METHODS(HEAD) },
    { METHOD_OPTIONS,
      "*",
      REFUSE_METHOD_NOT_ALLOWED,
      0,
      { NULL },
      METHODS(GET) | METHODS(HEAD) | METHODS(POST) | METHODS(DELETE) },
    /* What is not there */
    { METHOD_GET, "/v1", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v2/leases", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v1//leases", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "//", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "//v1/leases", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/V1/leases", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/%6ceases", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/lse_1/heartbeat/x", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/../v1/leases", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/audit/evidence/proof", REFUSE_NOT_FOUND, 0, { NULL }, 0 }, /* no way back to {index} */
    { METHOD_GET, "/tile", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/tile/", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/tile/0/", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/tile/0//1", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/tile/0/../1", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/tile/./1", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    { METHOD_GET, "/tile/0/%2e%2e/1", REFUSE_NOT_FOUND, 0, { NULL }, 0 },
    /* What a parameter must not hold */
    { METHOD_GET, "/v1/leases/..", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/.", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/%2e%2E", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/%2e.", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/a%2fb", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/a%2Fb", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/a%00", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/a%0d%0a", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/a%7f", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/%", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/%4", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/%g0", REFUSE_PATH, 0, { NULL }, 0 },
    { METHOD_GET, "/v1/leases/%c0%ae", REFUSE_PATH, 0, { NULL }, 0 }, /* an overlong dot */
    { METHOD_GET, "/v1/leases/%ff", REFUSE_PATH, 0, { NULL }, 0 },
};

static void a_path_leads_to_its_one_route(void)
{
    AUTO(struct router *, router_free) router = NULL;
    AUTO(struct arena, arena_free) arena = { .max_bytes = 65536 };
    struct err err = { 0 };

    if (!CHECK_OK(router_new(routes, COUNT(routes), &router, &err)))
        return;
    for (size_t i = 0; i < COUNT(lookups); i++) {
        struct route_match match = { 0 };
        CHECKING("%s %s", method_name(lookups[i].method).at, lookups[i].path);
        if (!CHECK_INT(router_find(router, lookups[i].method, str_of(lookups[i].path), &arena, &match),
                       lookups[i].refusal))
            continue;
        if (lookups[i].refusal == REFUSE_METHOD_NOT_ALLOWED)
            CHECK_INT(match.methods, lookups[i].methods);
        if (lookups[i].refusal)
            continue;
        CHECK_INT(match.route - routes, lookups[i].route);
        CHECK_STR(match.parameters[0], str_of(lookups[i].parameters[0]));
        CHECK_STR(match.parameters[1], str_of(lookups[i].parameters[1]));
    }
}

static void a_parameter_without_escapes_is_not_copied(void)
{
    AUTO(struct router *, router_free) router = NULL;
    AUTO(struct arena, arena_free) arena = { .max_bytes = 65536 };
    struct str path = STR("/v1/leases/lse_1");
    struct route_match match = { 0 };

    CHECK_OK(router_new(routes, COUNT(routes), &router, NULL));
    CHECK_INT(router_find(router, METHOD_GET, path, &arena, &match), REFUSE_NONE);
    CHECK(match.parameters[0].at == path.at + 11);
    CHECK_INT(arena.used_bytes, 0);
}

static void a_failed_allocation_at_any_step_leaves_no_router(void)
{
    for (int64_t step = 0;; step++) {
        AUTO(struct router *, router_free) router = NULL;
        struct err err = { 0 };
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = router_new(routes, COUNT(routes), &router, &err);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        CHECK((router == NULL) == fault_was_hit(FAULT_MEMORY));
        if (!fault_was_hit(FAULT_MEMORY))
            break;
        fault_disarm_all();
    }
    fault_disarm_all();
}

static void an_escape_without_memory_is_a_refusal_of_its_own(void)
{
    AUTO(struct router *, router_free) router = NULL;
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4 };
    struct route_match match = { 0 };

    CHECK_OK(router_new(routes, COUNT(routes), &router, NULL));
    CHECK_INT(router_find(router, METHOD_GET, STR("/v1/leases/%61%61%61%61%61"), &arena, &match), REFUSE_NO_MEMORY);
}

/* ---- The query ---- */

static void a_query_is_walked_member_by_member(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 65536 };
    struct str rest = STR("a=1&&b=x+y%26&c&=d&e==");
    static const char *const want[][2] = { { "a", "1" }, { "b", "x y&" }, { "c", "" }, { "", "d" }, { "e", "=" } };
    struct target_member member = { 0 };
    status s = OK;

    for (size_t i = 0; i < COUNT(want); i++) {
        CHECKING("member %zu", i);
        if (!CHECK(target_next_member(&rest, &arena, &member, &s)))
            return;
        CHECK_STR(member.name, str_of(want[i][0]));
        CHECK_STR(member.value, str_of(want[i][1]));
    }
    CHECK(!target_next_member(&rest, &arena, &member, &s));
    CHECK_OK(s);
}

static void a_bad_escape_in_a_query_ends_the_walk(void)
{
    static const char *const bad[] = { "a=%", "a=%0", "a=%00", "a=%ff", "%gg=1", "a=%0a" };

    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(struct arena, arena_free) arena = { .max_bytes = 65536 };
        struct str rest = str_of(bad[i]);
        struct target_member member = { 0 };
        status s = OK;

        CHECKING("%s", bad[i]);
        CHECK(!target_next_member(&rest, &arena, &member, &s));
        CHECK_CODE(s, CODE_INVALID);
    }
}

static void a_query_may_hold_only_the_members_that_are_asked_for(void)
{
    static const char *const names[] = { "after", "limit" };
    static const struct {
        const char *query;
        enum code code;
        const char *member;
        const char *after;
        const char *limit;
    } cases[] = {
        { "", CODE_OK, "", NULL, NULL },
        { "after=-1", CODE_OK, "", "-1", NULL },
        { "limit=10&after=", CODE_OK, "", "", "10" },
        { "limit=10&limit=11", CODE_INVALID, "limit", NULL, NULL },
        { "after&after", CODE_INVALID, "after", NULL, NULL },
        { "after=1&befor%65=2", CODE_INVALID, "before", NULL, NULL },
        { "After=1", CODE_INVALID, "After", NULL, NULL },
        { "after=%", CODE_INVALID, "", NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exchange exchange = { .arena.max_bytes = 65536 };
        struct str values[2];
        struct err err = { 0 };

        CHECKING("%s", cases[i].query);
        exchange.head.at = cases[i].query;
        exchange.head.query = (struct head_span){ 0, (uint16_t)strlen(cases[i].query) };
        CHECK_CODE(exchange_query_members(&exchange, names, 2, values, &err), cases[i].code);
        CHECK_STR(str_of(err.member), str_of(cases[i].member));
        if (cases[i].code == CODE_OK) {
            CHECK((values[0].at != NULL) == (cases[i].after != NULL));
            CHECK((values[1].at != NULL) == (cases[i].limit != NULL));
            CHECK_STR(values[0], str_of(cases[i].after));
            CHECK_STR(values[1], str_of(cases[i].limit));
        }
        arena_free(&exchange.arena);
    }
}

static const struct test tests[] = {
    TEST(a_table_with_anything_unset_is_refused),
    TEST(two_routes_for_one_request_are_refused),
    TEST(a_path_leads_to_its_one_route),
    TEST(a_parameter_without_escapes_is_not_copied),
    TEST(a_failed_allocation_at_any_step_leaves_no_router),
    TEST(an_escape_without_memory_is_a_refusal_of_its_own),
    TEST(a_query_is_walked_member_by_member),
    TEST(a_bad_escape_in_a_query_ends_the_walk),
    TEST(a_query_may_hold_only_the_members_that_are_asked_for),
};
TEST_MAIN(tests)
