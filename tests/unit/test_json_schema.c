/*
 * codec/json_schema: a table tells others what it accepts.
 */
#include "codec/json_schema.h"

#include <jansson.h>

#include "test.h"

struct span {
    int64_t from;
    int64_t until;
};

struct request {
    struct str name;
    struct str note;
    int64_t ttl_s;
    bool urgent;
    struct id pool;
    int scope;
    unsigned char nonce[4];
    struct json_array labels;
    struct json_array leases;
    struct json_array spans;
    struct json_array asserted;
    struct span span;
};

static const struct json_field span_fields[] = {
    JSON_TIME(struct span, from, JSON_REQUIRED),
    JSON_TIME(struct span, until, JSON_OPTIONAL),
};
static const struct json_table span_table = JSON_TABLE("Span", struct span, span_fields);
static const struct json_table open_table = JSON_TABLE_OPEN(NULL, struct span, span_fields);

static const struct str scope_words[] = { { 0 }, { "process", 7 }, { "host", 4 } };

static const struct json_field request_fields[] = {
    JSON_NAME(struct request, name, 64, JSON_REQUIRED),
    JSON_TEXT(struct request, note, 6, 9, JSON_OPTIONAL),
    JSON_INT(struct request, ttl_s, 10, 86400, JSON_REQUIRED, .about = "seconds without a heartbeat"),
    JSON_BOOL(struct request, urgent, JSON_OPTIONAL),
    JSON_ID(struct request, pool, ID_POOL, JSON_OPTIONAL),
    JSON_ENUM(struct request, scope, scope_words, 3, JSON_OPTIONAL),
    JSON_HEX(struct request, nonce, JSON_OPTIONAL),
    JSON_TEXT_ARRAY(struct request, labels, 1, 3, 4, JSON_OPTIONAL),
    JSON_ID_ARRAY(struct request, leases, ID_LEASE, 0, 2, JSON_OPTIONAL),
    JSON_STRUCT_ARRAY(struct request, spans, &span_table, 1, 2, JSON_OPTIONAL),
    JSON_TEXT_MAP(struct request, asserted, 2, 8, JSON_OPTIONAL),
    JSON_STRUCT(struct request, span, &span_table, JSON_OPTIONAL),
};
static const struct json_table request_table = JSON_TABLE("Request", struct request, request_fields);

static void a_small_table_is_this_schema(void)
{
    AUTO(struct buf, buf_free) schema = { .max = 1 << 16 };

    json_table_schema(&span_table, &schema);
    CHECK_STR(buf_str(&schema),
              STR("{\"title\":\"Span\",\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"from\"],"
                  "\"properties\":{\"from\":{\"type\":\"string\",\"format\":\"date-time\"},"
                  "\"until\":{\"type\":\"string\",\"format\":\"date-time\"}}}"));
}

static void an_open_table_allows_other_members(void)
{
    AUTO(struct buf, buf_free) schema = { .max = 1 << 16 };

    json_table_schema(&open_table, &schema);
    CHECK(str_starts(buf_str(&schema), STR("{\"type\":\"object\",\"required\":[\"from\"]")));
}

/* Member, and its schema; control characters in patterns are written as their escapes. */
static const struct {
    const char *member;
    const char *schema;
} expected[] = {
    { "note", "{\"type\":\"string\",\"minLength\":2,\"maxLength\":9,"
              "\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\"}" },
    { "ttl_s", "{\"type\":\"integer\",\"minimum\":10,\"maximum\":86400,"
               "\"description\":\"seconds without a heartbeat\"}" },
    { "urgent", "{\"type\":\"boolean\"}" },
    { "pool", "{\"type\":\"string\",\"pattern\":\"^pol_[0-7][0-9a-hjkmnp-tv-z]{25}$\"}" },
    { "scope", "{\"type\":\"string\",\"enum\":[\"process\",\"host\"]}" },
    { "nonce", "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{8}$\"}" },
    { "leases", "{\"type\":\"array\",\"minItems\":0,\"maxItems\":2,\"items\":{\"type\":\"string\","
                "\"pattern\":\"^lse_[0-7][0-9a-hjkmnp-tv-z]{25}$\"}}" },
};

static void every_kind_has_its_keywords(void)
{
    AUTO(struct buf, buf_free) schema = { .max = 1 << 16 };

    json_table_schema(&request_table, &schema);
    CHECK_OK(schema.status);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        AUTO(struct buf, buf_free) want = { .max = 1024 };
        buf_add_format(&want, "\"%s\":%s", expected[i].member, expected[i].schema);
        CHECKING("%s", expected[i].member);
        CHECK(str_find_str(buf_str(&schema), buf_str(&want)) < schema.len);
    }
}

static void the_whole_schema_is_json_with_a_property_for_each_field(void)
{
    AUTO(struct buf, buf_free) schema = { .max = 1 << 16 };
    json_t *tree;

    json_table_schema(&request_table, &schema);
    tree = json_loadb(schema.at, schema.len, JSON_REJECT_DUPLICATES, NULL);
    CHECK(tree);
    CHECK_INT(json_object_size(json_object_get(tree, "properties")), request_table.count);
    CHECK_INT(json_array_size(json_object_get(tree, "required")), 2);
    json_decref(tree);
}

static void the_dictionary_has_every_name_and_word(void)
{
    static const char *const words[] = { "\"\\\"ttl_s\\\"\"\n", "\"\\\"host\\\"\"\n", "\"\\\"until\\\"\"\n",
                                         "\"pol_01h455vb4pex5vsknk084sn02q\"\n" };
    AUTO(struct buf, buf_free) dictionary = { .max = 1 << 16 };

    json_table_dictionary(&request_table, &dictionary);
    CHECK_OK(dictionary.status);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        CHECKING("%s", words[i]);
        CHECK(str_find_str(buf_str(&dictionary), str_of(words[i])) < dictionary.len);
    }
}

static const struct test tests[] = {
    TEST(a_small_table_is_this_schema),
    TEST(an_open_table_allows_other_members),
    TEST(every_kind_has_its_keywords),
    TEST(the_whole_schema_is_json_with_a_property_for_each_field),
    TEST(the_dictionary_has_every_name_and_word),
};
TEST_MAIN(tests)
