/*
 * core/audit_document: the documents in docs/reference are those of today's table, and the schema accepts what the
 * encoder writes and nothing that is like it.
 *
 * The validator here knows the keywords that the schema uses and fails on any other, so that none is skipped unseen.
 */
#include "core/audit_document.h"

#include <jansson.h>
#include <regex.h>
#include <stdio.h>

#include "base/limits.h"
#include "core/audit_sample.h"
#include "test.h"

#define PATH_BYTES 1024

/* ---- A validator for our subset of JSON Schema ---- */

static const json_t *root;

static bool valid(const json_t *schema, const json_t *value);

static bool pattern_holds(const char *pattern, const char *text)
{
    regex_t regex;
    bool holds;

    if (strstr(pattern, "\\u")) /* POSIX has no such escapes; entry_text_fits has claims of its own */
        return true;
    if (!CHECK(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0))
        return false;
    holds = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return holds;
}

static const json_t *referred(const char *reference)
{
    const json_t *at = root;
    struct str rest = str_from(str_of(reference), 2); /* "#/" */

    while (rest.len) {
        char name[128] = "";
        CHECK(str_to_c(str_take(&rest, '/'), name, sizeof name));
        at = json_object_get(at, name);
    }
    CHECK(at != NULL);
    return at;
}

static bool is_of_type(const json_t *value, const char *type)
{
    return strcmp(type, "object") == 0    ? json_is_object(value)
           : strcmp(type, "array") == 0   ? json_is_array(value)
           : strcmp(type, "integer") == 0 ? json_is_integer(value)
                                          : json_is_string(value);
}

static bool is_one_of(const json_t *values, const json_t *value)
{
    size_t i;
    const json_t *each;

    json_array_foreach(values, i, each)
    {
        if (json_equal(each, value))
            return true;
    }
    return false;
}

static bool has_all(const json_t *names, const json_t *value)
{
    size_t i;
    const json_t *name;

    json_array_foreach(names, i, name)
    {
        if (!json_object_get(value, json_string_value(name)))
            return false;
    }
    return true;
}

/* The schema of a member: by its name, by a pattern, or what stands for all others. */
static const json_t *schema_of_member(const json_t *schema, const char *name)
{
    const json_t *found = json_object_get(json_object_get(schema, "properties"), name);
    const char *pattern;
    json_t *each;

    if (found)
        return found;
    json_object_foreach(json_object_get(schema, "patternProperties"), pattern, each)
    {
        if (pattern_holds(pattern, name))
            return each;
    }
    return json_object_get(schema, "additionalProperties");
}

static bool members_valid(const json_t *schema, const json_t *value)
{
    const char *name;
    json_t *member;

    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        const json_t *of_member = schema_of_member(schema, name);
        if (of_member && !valid(of_member, member))
            return false;
    }
    return true;
}

static bool items_valid(const json_t *schema, const json_t *value)
{
    const json_t *prefix = json_object_get(schema, "prefixItems");
    const json_t *others = json_object_get(schema, "items");
    size_t i;
    const json_t *item;

    json_array_foreach(value, i, item)
    {
        const json_t *of_item = i < json_array_size(prefix) ? json_array_get(prefix, i) : others;
        if (of_item && !valid(of_item, item))
            return false;
    }
    return true;
}

static size_t count_valid(const json_t *schemas, const json_t *value)
{
    size_t count = 0;
    size_t i;
    const json_t *each;

    json_array_foreach(schemas, i, each) count += valid(each, value);
    return count;
}

static bool dependents_valid(const json_t *dependents, const json_t *value)
{
    const char *name;
    json_t *names;

    json_object_foreach((json_t *)(uintptr_t)dependents, name, names)
    {
        if (json_object_get(value, name) && !has_all(names, value))
            return false;
    }
    return true;
}

/* Keywords about the value itself; *ret_known tells whether this is one. */
static bool simple_holds(const char *keyword, const json_t *argument, const json_t *value, bool *ret_known)
{
    json_int_t number = json_integer_value(argument);

    *ret_known = true;
    if (strcmp(keyword, "const") == 0)
        return json_equal(argument, value);
    if (strcmp(keyword, "enum") == 0)
        return is_one_of(argument, value);
    if (strcmp(keyword, "type") == 0)
        return is_of_type(value, json_string_value(argument));
    if (strcmp(keyword, "pattern") == 0)
        return json_is_string(value) && pattern_holds(json_string_value(argument), json_string_value(value));
    if (strcmp(keyword, "minimum") == 0)
        return json_integer_value(value) >= number;
    if (strcmp(keyword, "maximum") == 0)
        return json_integer_value(value) <= number;
    if (strcmp(keyword, "maxLength") == 0)
        return json_string_length(value) <= (size_t)number;
    *ret_known = false;
    return true;
}

/* Keywords about what is in the value. */
static bool inner_holds(const char *keyword, const json_t *argument, const json_t *value)
{
    static const char *const told_elsewhere[] = { "properties",  "patternProperties", "additionalProperties",
                                                  "items",       "prefixItems",       "title",
                                                  "description", "$schema",           "$comment",
                                                  "$defs" };
    size_t number = (size_t)json_integer_value(argument);

    for (size_t i = 0; i < sizeof told_elsewhere / sizeof *told_elsewhere; i++) {
        if (strcmp(keyword, told_elsewhere[i]) == 0)
            return true;
    }
    if (strcmp(keyword, "required") == 0)
        return has_all(argument, value);
    if (strcmp(keyword, "minItems") == 0)
        return json_array_size(value) >= number;
    if (strcmp(keyword, "maxItems") == 0)
        return json_array_size(value) <= number;
    if (strcmp(keyword, "minProperties") == 0)
        return json_object_size(value) >= number;
    if (strcmp(keyword, "oneOf") == 0)
        return count_valid(argument, value) == 1;
    if (strcmp(keyword, "dependentRequired") == 0)
        return dependents_valid(argument, value);
    if (strcmp(keyword, "$ref") == 0)
        return valid(referred(json_string_value(argument)), value);
    return CHECK_STR(str_of(keyword), STR("a keyword that this validator knows"));
}

static bool valid(const json_t *schema, const json_t *value)
{
    const char *keyword;
    json_t *argument;

    if (json_is_boolean(schema))
        return json_is_true(schema);
    json_object_foreach((json_t *)(uintptr_t)schema, keyword, argument)
    {
        bool known = false;
        if (!simple_holds(keyword, argument, value, &known) || (!known && !inner_holds(keyword, argument, value)))
            return false;
    }
    return members_valid(schema, value) && items_valid(schema, value);
}

/* ---- Claims ---- */

static json_t *schema_load(void)
{
    AUTO(struct buf, buf_free) text = { .max = AUDIT_DOCUMENT_MAX_BYTES };
    struct json_out out = { .buf = &text };
    json_t *schema;

    audit_schema_out(NULL, &out);
    CHECK_OK(text.status);
    schema = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    CHECK(schema != NULL);
    root = schema;
    return schema;
}

static json_t *sample_load(enum audit_code code, enum sample_kind kind)
{
    char space[ENTRY_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    struct entry entry;

    audit_sample(code, kind, &entry);
    CHECK_OK(entry_encode(&entry, &text));
    return json_loadb(text.at, text.len, 0, NULL);
}

static bool read_reference(const char *name, struct buf *ret_text)
{
    char path[PATH_BYTES];

    CHECK(snprintf(path, sizeof path, "%s/../docs/reference/%s", TALLY_TESTS, name) < (int)sizeof path);
    return test_read_file(path, ret_text);
}

static void the_list_of_codes_is_the_tables(void)
{
    AUTO(struct buf, buf_free) kept = { 0 };
    AUTO(struct buf, buf_free) now = { .max = AUDIT_DOCUMENT_MAX_BYTES };

    CHECKING("docs/reference is out of date? Build gen_docs and run it: gen_docs docs/reference");
    CHECK_OK(audit_document_write(&now));
    if (read_reference("audit-codes.md", &kept))
        CHECK(str_eq(buf_str(&kept), buf_str(&now)));
}

static void the_schema_is_the_tables(void)
{
    AUTO(struct buf, buf_free) text = { 0 };
    json_t *now = schema_load();
    json_t *kept = NULL;

    CHECKING("docs/reference is out of date? Build gen_docs and run it: gen_docs docs/reference");
    if (read_reference("entry.schema.json", &text))
        kept = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_equal(kept, now));
    json_decref(kept);
    json_decref(now);
}

static void the_schema_accepts_every_sample(void)
{
    json_t *schema = schema_load();

    for (int code = 0; code < AUDIT_COUNT; code++) {
        for (int kind = SAMPLE_LEAST; kind <= SAMPLE_LONGEST; kind++) {
            json_t *entry = sample_load((enum audit_code)code, (enum sample_kind)kind);
            CHECKING("%.*s, sample %d", STR_ARG(audit_rows[code].code), kind);
            CHECK(valid(schema, entry));
            json_decref(entry);
        }
    }
    json_decref(schema);
}

/* Takes each member of the object out and puts it in again. */
static void check_each_is_required(const json_t *schema, json_t *entry, json_t *object)
{
    char names[64][32];
    size_t count = 0;
    const char *name;
    json_t *member;

    json_object_foreach(object, name, member)
    {
        if (CHECK(count < 64 && str_to_c(str_of(name), names[count], sizeof names[count])))
            count++;
    }
    for (size_t i = 0; i < count; i++) {
        member = json_incref(json_object_get(object, names[i]));
        json_object_del(object, names[i]);
        CHECKING("without %s", names[i]);
        CHECK(!valid(schema, entry));
        json_object_set_new(object, names[i], member);
    }
}

static void the_schema_wants_every_member_of_the_least_sample(void)
{
    json_t *schema = schema_load();

    for (int code = 0; code < AUDIT_COUNT; code++) {
        json_t *entry = sample_load((enum audit_code)code, SAMPLE_LEAST);
        json_t *groups[] = { json_object_get(entry, "on"), json_object_get(entry, "data") };
        for (size_t i = 0; i < 2; i++) {
            if (groups[i])
                check_each_is_required(schema, entry, groups[i]);
        }
        check_each_is_required(schema, entry, entry);
        json_decref(entry);
    }
    json_decref(schema);
}

static void the_schema_refuses_what_is_like_an_entry(void)
{
    static const struct {
        const char *group; /* NULL: the entry itself */
        const char *name;
        const char *value;
    } wrong[] = {
        { NULL, "v", "2" },
        { NULL, "more", "1" },
        { NULL, "type", "\"lease.denied\"" },
        { NULL, "code", "\"TS9999I\"" },
        { NULL, "time", "\"2026-11-24T08:00:00Z\"" },
        { NULL, "id", "\"usr_01m869383veysv5v452nbsegna\"" },
        { NULL, "source", "\"import\"" }, /* without occurred_at */
        { NULL, "private", "\"sha256:00\"" },
        { NULL, "idem", "[\"00\"]" },
        { NULL, "seq", "{}" },
        { NULL, "seq", "{\"usr_01m869383veysv5v452nbsegna\":[1,\"00000000000000000000000000000000\"]}" },
        { NULL, "seq", "{\"pol_01m869383veysv5v452nbsegna\":[0,\"00000000000000000000000000000000\"]}" },
        { "actor", "via", "\"magic\"" },
        { "actor", "name", "\"Ada\"" },
        { "on", "lease", "\"pol_01m869383veysv5v452nbsegna\"" },
        { "on", "team", "\"tem_01m869383veysv5v452nbsegna\"" },
        { "data", "quantity", "\"2\"" },
        { "data", "quantity", "9007199254740992" },
        { "data", "wait_s", "1" },
        { "data", "nonce", "\"00\"" },
    };
    json_t *schema = schema_load();

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *entry = sample_load(AUDIT_LEASE_GRANTED, SAMPLE_USUAL);
        json_t *object = wrong[i].group ? json_object_get(entry, wrong[i].group) : entry;
        CHECKING("%s = %s", wrong[i].name, wrong[i].value);
        CHECK(valid(schema, entry));
        json_object_set_new(object, wrong[i].name, json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
        CHECK(!valid(schema, entry));
        json_decref(entry);
    }
    json_decref(schema);
}

static const struct test tests[] = {
    TEST(the_list_of_codes_is_the_tables),          TEST(the_schema_is_the_tables),
    TEST(the_schema_accepts_every_sample),          TEST(the_schema_wants_every_member_of_the_least_sample),
    TEST(the_schema_refuses_what_is_like_an_entry),
};
TEST_MAIN(tests)
