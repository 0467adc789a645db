/*
 * codec/json_in: one table reads a request, and every error names the member that is wrong.
 */
#include "codec/json_in.h"

#include "base/fault.h"
#include "base/limits.h"
#include "test.h"

struct entitlement {
    struct str feature;
    int64_t limit;
};

struct window {
    int64_t from;
    int64_t until;
};

struct order {
    int64_t ttl_s;
    struct str name;
    struct str note;
    bool urgent;
    bool has_pool;
    struct id pool;
    int64_t starts_at;
    enum { SCOPE_NONE, SCOPE_PROCESS, SCOPE_HOST, SCOPE_COUNT } scope;
    unsigned char nonce[4];
    struct json_array labels;
    struct json_array leases;
    struct json_array entitlements;
    struct json_array asserted;
    struct window window;
};

static const struct str scope_words[SCOPE_COUNT] = { { 0 }, { "process", 7 }, { "host", 4 } };

static const struct json_field entitlement_fields[] = {
    JSON_NAME(struct entitlement, feature, NAME_MAX_BYTES, JSON_REQUIRED),
    JSON_INT(struct entitlement, limit, 0, LIMIT_MAX, JSON_REQUIRED),
};
static const struct json_table entitlement_table = JSON_TABLE("Entitlement", struct entitlement, entitlement_fields);

static const struct json_field window_fields[] = {
    JSON_TIME(struct window, from, JSON_REQUIRED),
    JSON_TIME(struct window, until, JSON_OPTIONAL),
};
static const struct json_table window_table = JSON_TABLE("Window", struct window, window_fields);

static const struct json_field order_fields[] = {
    JSON_INT(struct order, ttl_s, TTL_MIN_S, TTL_MAX_S, JSON_REQUIRED),
    JSON_NAME(struct order, name, 8, JSON_OPTIONAL),
    JSON_TEXT(struct order, note, 0, 6, JSON_OPTIONAL),
    JSON_BOOL(struct order, urgent, JSON_OPTIONAL),
    JSON_ID(struct order, pool, ID_POOL, JSON_SEEN(struct order, has_pool)),
    JSON_TIME(struct order, starts_at, JSON_OPTIONAL),
    JSON_ENUM(struct order, scope, scope_words, SCOPE_COUNT, JSON_OPTIONAL),
    JSON_HEX(struct order, nonce, JSON_OPTIONAL),
    JSON_TEXT_ARRAY(struct order, labels, 1, 3, 4, JSON_OPTIONAL),
    JSON_ID_ARRAY(struct order, leases, ID_LEASE, 0, 2, JSON_OPTIONAL),
    JSON_STRUCT_ARRAY(struct order, entitlements, &entitlement_table, 1, 2, JSON_OPTIONAL),
    JSON_TEXT_MAP(struct order, asserted, 2, 8, JSON_OPTIONAL),
    JSON_STRUCT(struct order, window, &window_table, JSON_OPTIONAL),
};
static const struct json_table order_table = JSON_TABLE("Order", struct order, order_fields);

static status read(const char *text, struct arena *arena, struct order *order, struct err *err)
{
    return json_read(str_of(text), &order_table, arena, order, err);
}

static void every_kind_of_member_arrives_in_its_place(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct order order = { 0 };
    struct id pool = { 0 };
    struct err err = { 0 };

    if (!CHECK_OK(read("{\"ttl_s\":10,\"name\":\"a b\",\"note\":\"\",\"urgent\":true,"
                       "\"pool\":\"pol_01h455vb4pex5vsknk084sn02q\",\"starts_at\":\"2026-11-24T09:00:00.5+01:00\","
                       "\"scope\":\"host\",\"nonce\":\"00ff10a5\",\"labels\":[\"x\",\"yy\"],"
                       "\"leases\":[\"lse_01h455vb4pex5vsknk084sn02q\"],"
                       "\"entitlements\":[{\"limit\":5,\"feature\":\"r\"},{\"feature\":\"s\",\"limit\":0}],"
                       "\"asserted\":{\"user\":\"ana\",\"host\":\"\"},\"window\":{\"from\":\"1970-01-01T00:00:01Z\"}}",
                       &arena, &order, &err)))
        return;
    CHECK_INT(order.ttl_s, 10);
    CHECK_STR(order.name, STR("a b"));
    CHECK_STR(order.note, STR(""));
    CHECK(order.urgent && order.has_pool);
    CHECK_OK(typeid_read(STR("pol_01h455vb4pex5vsknk084sn02q"), ID_POOL, &pool));
    CHECK(id_eq(order.pool, pool));
    CHECK_INT(order.starts_at, 1795507200500);
    CHECK_INT(order.scope, SCOPE_HOST);
    CHECK(memcmp(order.nonce, "\x00\xff\x10\xa5", 4) == 0);
    CHECK_INT(order.labels.count, 2);
    CHECK_STR(((struct str *)order.labels.at)[1], STR("yy"));
    CHECK(order.leases.count == 1 && id_eq(*(struct id *)order.leases.at, pool));
    CHECK_INT(order.entitlements.count, 2);
    CHECK_STR(((struct entitlement *)order.entitlements.at)[1].feature, STR("s"));
    CHECK_INT(((struct entitlement *)order.entitlements.at)[0].limit, 5);
    CHECK_INT(order.asserted.count, 2);
    CHECK_STR(((struct json_pair *)order.asserted.at)[0].name, STR("user"));
    CHECK_STR(((struct json_pair *)order.asserted.at)[0].text, STR("ana"));
    CHECK_STR(((struct json_pair *)order.asserted.at)[1].text, STR(""));
    CHECK(order.window.from == 1000 && order.window.until == 0);
}

static void an_absent_member_keeps_its_default_and_is_not_seen(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct order order = { .name = STR("default"), .scope = SCOPE_PROCESS };

    CHECK_OK(read("{\"ttl_s\":300}", &arena, &order, NULL));
    CHECK_STR(order.name, STR("default"));
    CHECK_INT(order.scope, SCOPE_PROCESS);
    CHECK(!order.has_pool);
    CHECK_INT(order.labels.count, 0);
}

static const struct {
    const char *text;
    const char *member;
    const char *says;
} wrong[] = {
    { "{}", "ttl_s", "ttl_s is missing" },
    { "{\"ttl_s\":5}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not 5" },
    { "{\"ttl_s\":86401}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not 86401" },
    { "{\"ttl_s\":-9223372036854775808}", "ttl_s",
      "ttl_s must be a whole number from 10 to 86400, not -9223372036854775808" },
    { "{\"ttl_s\":10.5}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not 10.5" },
    { "{\"ttl_s\":10.0}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not 10" },
    { "{\"ttl_s\":1e2}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not 100" },
    { "{\"ttl_s\":\"10\"}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not \"10\"" },
    { "{\"ttl_s\":null}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not null" },
    { "{\"ttl_s\":true}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not true" },
    { "{\"ttl_s\":[1,2]}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not a list of 2" },
    { "{\"ttl_s\":{}}", "ttl_s", "ttl_s must be a whole number from 10 to 86400, not an object of 0 members" },
    { "{\"ttl_s\":10,\"TTL_S\":10}", "TTL_S", "TTL_S is not a member of this request" },
    { "{\"ttl_s\":10,\"\":10}", "", "\"\" is not a member of this request" },
    { "{\"ttl_s\":10,\"ttl_s\":11}", "ttl_s", "ttl_s is there twice" },
    { "{\"ttl_s\" : 10, \"a\\\"b\":1, \"a\\\"b\" :2}", "a\\\"b", "a\\\"b is there twice" },
    { "{\"ttl_s\":10,\"name\":\"\"}", "name", "name must be text of 1 to 8 bytes, not \"\"" },
    { "{\"ttl_s\":10,\"name\":\"123456789\"}", "name", "name must be text of 1 to 8 bytes, not \"123456789\"" },
    { "{\"ttl_s\":10,\"name\":7}", "name", "name must be text of 1 to 8 bytes, not 7" },
    { "{\"ttl_s\":10,\"name\":\"0123456789012345678901234567890123456789.\"}", "name",
      "name must be text of 1 to 8 bytes, not text of 41 bytes" },
    { "{\"ttl_s\":10,\"name\":\" a\"}", "name", "name must be text without a space at either end, not \" a\"" },
    { "{\"ttl_s\":10,\"name\":\"a \"}", "name", "name must be text without a space at either end, not \"a \"" },
    { "{\"ttl_s\":10,\"name\":\"a\\nb\"}", "name",
      "name must be text without control characters, not text of 3 bytes" },
    { "{\"ttl_s\":10,\"note\":\"\\u0085\"}", "note",
      "note must be text without control characters, not text of 2 bytes" },
    { "{\"ttl_s\":10,\"urgent\":1}", "urgent", "urgent must be true or false, not 1" },
    { "{\"ttl_s\":10,\"pool\":\"lse_01h455vb4pex5vsknk084sn02q\"}", "pool",
      "pool must be an id that starts with \"pol_\", not \"lse_01h455vb4pex5vsknk084sn02q\"" },
    { "{\"ttl_s\":10,\"starts_at\":\"tomorrow\"}", "starts_at",
      "starts_at must be a time like \"2026-11-24T08:00:00Z\", not \"tomorrow\"" },
    { "{\"ttl_s\":10,\"scope\":\"job\"}", "scope", "scope must be one of process, host, not \"job\"" },
    { "{\"ttl_s\":10,\"scope\":\"\"}", "scope", "scope must be one of process, host, not \"\"" },
    { "{\"ttl_s\":10,\"nonce\":\"00FF10A5\"}", "nonce",
      "nonce must be 8 lower-case hexadecimal digits, not \"00FF10A5\"" },
    { "{\"ttl_s\":10,\"labels\":[]}", "labels", "labels must be a list of 1 to 3 items, not a list of 0" },
    { "{\"ttl_s\":10,\"labels\":[1,2,3,4]}", "labels", "labels must be a list of 1 to 3 items, not a list of 4" },
    { "{\"ttl_s\":10,\"labels\":\"x\"}", "labels", "labels must be a list of 1 to 3 items, not \"x\"" },
    { "{\"ttl_s\":10,\"labels\":[\"x\",\"\"]}", "labels[1]", "labels[1] must be text of 1 to 4 bytes, not \"\"" },
    { "{\"ttl_s\":10,\"leases\":[\"lse_01h455vb4pex5vsknk084sn02q\",null]}", "leases[1]",
      "leases[1] must be an id that starts with \"lse_\", not null" },
    { "{\"ttl_s\":10,\"entitlements\":[{\"feature\":\"r\"}]}", "entitlements[0].limit",
      "entitlements[0].limit is missing" },
    { "{\"ttl_s\":10,\"entitlements\":[{\"feature\":\"r\",\"limit\":1},{\"feature\":\"s\",\"limit\":-1}]}",
      "entitlements[1].limit", "entitlements[1].limit must be a whole number from 0 to 1000000000, not -1" },
    { "{\"ttl_s\":10,\"entitlements\":[[]]}", "entitlements[0]", "entitlements[0] must be an object, not a list of 0" },
    { "{\"ttl_s\":10,\"entitlements\":[{\"feature\":\"r\",\"limit\":1,\"color\":1}]}", "entitlements[0].color",
      "entitlements[0].color is not a member of this request" },
    { "{\"ttl_s\":10,\"asserted\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}", "asserted",
      "asserted must be an object of at most 2 members, not an object of 3 members" },
    { "{\"ttl_s\":10,\"asserted\":{\"user\":5}}", "asserted.user",
      "asserted.user must be text of 0 to 8 bytes, not 5" },
    { "{\"ttl_s\":10,\"asserted\":{\"\":\"x\"}}", "asserted",
      "asserted must be an object whose names have 1 to 64 bytes, not an object of 1 members" },
    { "{\"ttl_s\":10,\"window\":{\"from\":\"x\"}}", "window.from",
      "window.from must be a time like \"2026-11-24T08:00:00Z\", not \"x\"" },
    { "{\"ttl_s\":10,\"window\":5}", "window", "window must be an object, not 5" },
};

static void what_is_wrong_with_a_member_is_said_with_its_name(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
        struct order order = { 0 };
        struct err err = { 0 };

        CHECKING("%s", wrong[i].text);
        CHECK_CODE(read(wrong[i].text, &arena, &order, &err), CODE_INVALID);
        CHECK_STR(str_of(err.member), str_of(wrong[i].member));
        CHECK_STR(str_of(err.text), str_of(wrong[i].says));
    }
}

static void what_is_not_one_json_object_is_refused(void)
{
    static const struct {
        struct str text;
        const char *says;
    } cases[] = {
        { { "", 0 }, "there must be a JSON object, and there is nothing" },
        { { "[]", 2 }, "there must be a JSON object, and there is a list" },
        { { "5", 1 }, "this is not JSON: line 1, column 1: '[' or '{' expected" },
        { { "{", 1 }, "this is not JSON: line 1, column 1: string or '}' expected" },
        { { "{\"ttl_s\":10}x", 13 }, "this is not JSON: line 1, column 13: end of file expected" },
        { { "{\"ttl_s\":10}{}", 14 }, "this is not JSON: line 1, column 13: end of file expected" },
        { { "{\"ttl_s\":10,}", 13 }, "this is not JSON: line 1, column 13: string or '}' expected" },
        { { "{\n\"ttl_s\":010}", 14 }, "this is not JSON: line 2, column 9: invalid token" },
        { { "{\"ttl_s\":99999999999999999999}", 30 }, "this is not JSON: line 1, column 29: too big integer" },
        { { "{'ttl_s':10}", 12 }, "this is not JSON: line 1, column 2: string or '}' expected" },
        { { "{\"ttl_s\":10}\0", 13 }, "this is not JSON: line 1, column 13: end of file expected" },
        { { "{\"note\":\"\\u0000\"}", 17 },
          "this is not JSON: line 1, column 16: \\u0000 is not allowed without JSON_ALLOW_NUL" },
        { { "{\"note\":\"\\ud800\"}", 17 }, "this is not JSON: line 1, column 16: invalid Unicode '\\uD800'" },
        { { "{\"note\":\"\xff\"}", 12 }, "this is not JSON: line 1, column 9: unable to decode byte 0xff" },
        { { "\xef\xbb\xbf{}", 5 }, "this is not JSON: line 1, column 1: '[' or '{' expected" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
        struct order order = { 0 };
        struct err err = { .member = "stale" };

        CHECKING("%.*s", STR_ARG(cases[i].text));
        CHECK_CODE(json_read(cases[i].text, &order_table, &arena, &order, &err), CODE_INVALID);
        CHECK_STR(str_of(err.member), STR(""));
        CHECK_STR(str_of(err.text), str_of(cases[i].says));
    }
}

static void nesting_beyond_the_limit_is_refused_before_it_is_parsed(void)
{
    AUTO(struct buf, buf_free) text = { .max = 1 << 20 };
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct order order = { 0 };
    struct err err = { 0 };

    buf_add(&text, STR("{\"ttl_s\":10,\"name\":\"[[[[[[[[\",\"note\":\"\\\"[[{{\",\"labels\":"));
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        buf_add_byte(&text, '[');
    CHECK_CODE(json_read(buf_str(&text), &order_table, &arena, &order, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("the JSON must not be nested more than 16 levels deep"));

    CHECK_CODE(json_read(str_cut(buf_str(&text), 0, text.len - 1), &order_table, &arena, &order, &err), CODE_INVALID);
    CHECK(str_starts(str_of(err.text), STR("this is not JSON")));
}

static void a_strange_member_name_makes_no_strange_error(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    AUTO(struct buf, buf_free) text = { .max = 1 << 16 };
    struct order order = { 0 };
    struct err err = { 0 };

    CHECK_CODE(read("{\"\\u001b[31m\":1}", &arena, &order, &err), CODE_INVALID);
    CHECK_STR(str_of(err.member), STR("?"));

    buf_add(&text, STR("{\""));
    for (int i = 0; i < 10000; i++)
        buf_add(&text, STR("\xc3\xa9"));
    buf_add(&text, STR("\":1}"));
    CHECK_CODE(json_read(buf_str(&text), &order_table, &arena, &order, &err), CODE_INVALID);
    CHECK(str_is_text(str_of(err.member)));
    CHECK(str_is_text(str_of(err.text)));
}

static void a_full_arena_is_not_the_same_as_no_memory(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 32 };
    struct order order = { 0 };
    struct err err = { 0 };

    CHECK_CODE(read("{\"ttl_s\":10,\"labels\":[\"a\",\"b\",\"c\"]}", &arena, &order, &err), CODE_TOO_LARGE);
    CHECK_CODE(read("{\"ttl_s\":10,\"name\":\"a\",\"note\":\"b\",\"labels\":[\"a\"]}", &arena, &order, &err),
               CODE_TOO_LARGE);
}

static void memory_that_runs_out_at_any_step_is_said_and_leaks_nothing(void)
{
    int step = 0;

    for (bool failed = true; failed; step++) {
        AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
        struct order order = { 0 };
        struct err err = { 0 };
        fault_arm(FAULT_MEMORY, step, 1);
        status s = read("{\"ttl_s\":10,\"name\":\"a\",\"labels\":[\"x\"],\"asserted\":{\"user\":\"ana\"},"
                        "\"entitlements\":[{\"feature\":\"r\",\"limit\":1}]}",
                        &arena, &order, &err);
        failed = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECKING("step %d: %s", step, err.text);
        CHECK_CODE(s, failed ? CODE_NO_MEMORY : CODE_OK);
    }
    CHECK(step > 10);
}

static void an_open_table_passes_over_what_it_does_not_know(void)
{
    static const struct json_table open_table = JSON_TABLE_OPEN("Entitlement", struct entitlement, entitlement_fields);
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct entitlement entitlement = { 0 };
    struct err err = { 0 };

    CHECK_OK(json_read(STR("{\"new\":{\"deep\":[1.5,null]},\"feature\":\"r\",\"limit\":3}"), &open_table, &arena,
                       &entitlement, &err));
    CHECK_INT(entitlement.limit, 3);
    CHECK_CODE(json_read(STR("{\"new\":1,\"feature\":\"r\"}"), &open_table, &arena, &entitlement, &err), CODE_INVALID);
    CHECK_MEMBER(err, "limit");
}

struct line {
    enum { LINE_WINDOW, LINE_ENTITLEMENT, LINE_COUNT } op;
    union {
        struct window window;
        struct entitlement entitlement;
    } of;
};

static void a_tag_chooses_the_table_of_the_rest(void)
{
    static const struct str words[LINE_COUNT] = { { "window", 6 }, { "entitlement", 11 } };
    static const struct json_table *const tables[LINE_COUNT] = { &window_table, &entitlement_table };
    static const struct json_tagged tagged = {
        "op", words, tables, LINE_COUNT, offsetof(struct line, op), offsetof(struct line, of)
    };
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    struct line line = { 0 };
    struct err err = { 0 };

    CHECK_OK(
        json_read_tagged(STR("{\"limit\":4,\"op\":\"entitlement\",\"feature\":\"r\"}"), &tagged, &arena, &line, &err));
    CHECK_INT(line.op, LINE_ENTITLEMENT);
    CHECK_INT(line.of.entitlement.limit, 4);
    CHECK_CODE(json_read_tagged(STR("{\"limit\":4,\"op\":\"window\"}"), &tagged, &arena, &line, &err), CODE_INVALID);
    CHECK_MEMBER(err, "limit");
    CHECK_CODE(json_read_tagged(STR("{\"op\":\"other\"}"), &tagged, &arena, &line, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("op must be one of window, entitlement, not \"other\""));
    CHECK_CODE(json_read_tagged(STR("{\"limit\":4}"), &tagged, &arena, &line, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("op is missing"));
    CHECK_CODE(json_read_tagged(STR("{\"op\":5}"), &tagged, &arena, &line, &err), CODE_INVALID);
    CHECK_MEMBER(err, "op");
}

static const struct test tests[] = {
    TEST(every_kind_of_member_arrives_in_its_place),
    TEST(an_absent_member_keeps_its_default_and_is_not_seen),
    TEST(what_is_wrong_with_a_member_is_said_with_its_name),
    TEST(what_is_not_one_json_object_is_refused),
    TEST(nesting_beyond_the_limit_is_refused_before_it_is_parsed),
    TEST(a_strange_member_name_makes_no_strange_error),
    TEST(a_full_arena_is_not_the_same_as_no_memory),
    TEST(memory_that_runs_out_at_any_step_is_said_and_leaks_nothing),
    TEST(an_open_table_passes_over_what_it_does_not_know),
    TEST(a_tag_chooses_the_table_of_the_rest),
};
TEST_MAIN(tests)
