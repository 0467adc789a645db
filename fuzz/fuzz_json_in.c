/*
 * fuzz/json_in: any bytes against a table with every kind of member. What is accepted keeps the table's bounds.
 */
#include "codec/json_in.h"

#include <assert.h>

#include "base/limits.h"
#include "codec/timetext.h"

struct part {
    struct str feature;
    int64_t limit;
};

struct request {
    struct str name;
    struct str note;
    int64_t ttl_s;
    bool urgent;
    bool has_pool;
    struct id pool;
    int64_t starts_at;
    int scope;
    unsigned char nonce[16];
    struct json_array labels;
    struct json_array leases;
    struct json_array parts;
    struct json_array asserted;
    struct part part;
};

static const struct str scope_words[] = { { 0 }, { "process", 7 }, { "host", 4 } };

static const struct json_field part_fields[] = {
    JSON_NAME(struct part, feature, NAME_MAX_BYTES, JSON_REQUIRED),
    JSON_INT(struct part, limit, 0, LIMIT_MAX, JSON_OPTIONAL),
};
static const struct json_table part_table = JSON_TABLE("Part", struct part, part_fields);

static const struct json_field request_fields[] = {
    JSON_NAME(struct request, name, NAME_MAX_BYTES, JSON_OPTIONAL),
    JSON_TEXT(struct request, note, 2, 8, JSON_OPTIONAL),
    JSON_INT(struct request, ttl_s, TTL_MIN_S, TTL_MAX_S, JSON_OPTIONAL),
    JSON_BOOL(struct request, urgent, JSON_OPTIONAL),
    JSON_ID(struct request, pool, ID_POOL, JSON_SEEN(struct request, has_pool)),
    JSON_TIME(struct request, starts_at, JSON_OPTIONAL),
    JSON_ENUM(struct request, scope, scope_words, 3, JSON_OPTIONAL),
    JSON_HEX(struct request, nonce, JSON_OPTIONAL),
    JSON_TEXT_ARRAY(struct request, labels, 1, 4, 8, JSON_OPTIONAL),
    JSON_ID_ARRAY(struct request, leases, ID_LEASE, 1, 4, JSON_OPTIONAL),
    JSON_STRUCT_ARRAY(struct request, parts, &part_table, 0, 4, JSON_OPTIONAL),
    JSON_TEXT_MAP(struct request, asserted, 4, 8, JSON_OPTIONAL),
    JSON_STRUCT(struct request, part, &part_table, JSON_OPTIONAL),
};
static const struct json_table request_table = JSON_TABLE("Request", struct request, request_fields);

static void check(const struct request *request)
{
    assert(request->ttl_s == 0 || (request->ttl_s >= TTL_MIN_S && request->ttl_s <= TTL_MAX_S));
    assert(request->name.len <= NAME_MAX_BYTES && str_is_text(request->name));
    assert(request->note.len <= 8 && str_is_text(request->note));
    assert(time_in_range(request->starts_at));
    assert(request->scope >= 0 && request->scope < 3);
    assert(request->labels.count <= 4 && request->leases.count <= 4);
    for (size_t i = 0; i < request->labels.count; i++)
        assert(str_is_text(((const struct str *)request->labels.at)[i]));
    for (size_t i = 0; i < request->parts.count; i++)
        assert(((const struct part *)request->parts.at)[i].feature.len > 0);
    for (size_t i = 0; i < request->asserted.count; i++)
        assert(((const struct json_pair *)request->asserted.at)[i].name.len > 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 16384 };
    struct request request = { 0 };
    struct err err = { 0 };
    struct str text = { (const char *)data, len };

    if (!json_read(text, &request_table, &arena, &request, &err).code)
        check(&request);
    else
        assert(err.text[0] && str_is_text(str_of(err.text)) && str_is_text(str_of(err.member)));
    return 0;
}
