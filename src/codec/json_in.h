/*
 * codec/json_in: a JSON request is read by one table of its members into one struct. Pure.
 *
 * The table is the whole contract: unknown, duplicate, missing, wrong-typed and out-of-range members are errors that
 * name the member ("ttl_s must be a whole number from 10 to 86400, not 5"). The same table writes the request's JSON
 * Schema and the fuzzer's dictionary (json_schema.h). It refuses floating-point numbers, NUL, null, anything after the
 * value, and nesting beyond JSON_MAX_DEPTH. Reading is jansson's work; its trees never leave this file.
 *
 *     struct lease_request {
 *         struct str feature;
 *         int64_t ttl_s;
 *         struct id pool;
 *         bool has_pool;
 *     };
 *     static const struct json_field lease_fields[] = {
 *         JSON_TEXT(struct lease_request, feature, 1, FEATURE_MAX_BYTES, JSON_REQUIRED),
 *         JSON_INT(struct lease_request, ttl_s, TTL_MIN_S, TTL_MAX_S, JSON_OPTIONAL),
 *         JSON_ID(struct lease_request, pool, ID_POOL, JSON_SEEN(struct lease_request, has_pool)),
 *     };
 *     static const struct json_table lease_table = JSON_TABLE("LeaseRequest", struct lease_request, lease_fields);
 *
 *     struct lease_request request = { .ttl_s = TTL_DEFAULT_S };
 *     TRY(json_read(body, &lease_table, arena, &request, err));
 *
 * An absent optional member leaves what the caller put there: that is how defaults are given.
 */
#ifndef CODEC_JSON_IN_H
#define CODEC_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/typeid.h"

enum json_kind {
    JSON_KIND_TEXT,         /* struct str: min … max bytes of UTF-8 without control characters */
    JSON_KIND_NAME,         /* the same, and no space at either end */
    JSON_KIND_INT,          /* int64_t from min to max */
    JSON_KIND_BOOL,         /* bool */
    JSON_KIND_TIME,         /* int64_t milliseconds, from RFC 3339 text */
    JSON_KIND_ID,           /* struct id of the field's kind */
    JSON_KIND_ENUM,         /* an enum or int: the place of the text in `words` */
    JSON_KIND_HEX,          /* unsigned char[max] */
    JSON_KIND_TEXT_ARRAY,   /* struct json_array of struct str, each 1 … item_max bytes; min … max items */
    JSON_KIND_ID_ARRAY,     /* struct json_array of struct id; min … max items */
    JSON_KIND_TEXT_MAP,     /* struct json_array of struct json_pair, values of at most item_max bytes; max pairs */
    JSON_KIND_STRUCT,       /* the struct of `table`, in place */
    JSON_KIND_STRUCT_ARRAY, /* struct json_array of it; min … max items */
};

/* Items lie in the arena; `at` is an array of the type that stands with the kind. */
struct json_array {
    void *at;
    size_t count;
};

struct json_pair {
    struct str name; /* 1 … NAME_MAX_BYTES bytes */
    struct str text;
};

struct json_table;

struct json_field {
    const char *name;
    enum json_kind kind;
    size_t where; /* offset in the struct */
    int64_t min;
    int64_t max;
    int64_t item_max;
    enum id_kind id;
    const struct str *words; /* `max` of them; an empty one never matches */
    const struct json_table *table;
    bool optional;
    size_t seen;       /* 1 + offset of a bool that is set when the member is there; 0: nobody asks */
    const char *about; /* a sentence for the schema, or NULL */
};

struct json_table {
    const char *title; /* the schema's name */
    const struct json_field *fields;
    size_t count; /* at most 64 */
    size_t size;  /* of the struct */
    bool open;    /* unknown members are passed over: answers, where a newer server may say more */
};

/*
 * One row each. `type` and `member` name where the value goes; the compiler checks that the member has the type its
 * kind needs. Last comes one of the three presences, then, if wanted, `.about = "…"`.
 */
#define JSON_REQUIRED         .optional = false
#define JSON_OPTIONAL         .optional = true
#define JSON_SEEN(type, flag) .optional = true, .seen = 1 + JSON_AT_(type, flag, bool)

#define JSON_TEXT(type, member, min_, max_, ...)                                                                       \
    JSON_ROW_(TEXT, type, member, struct str, .min = (min_), .max = (max_), __VA_ARGS__)
#define JSON_NAME(type, member, max_, ...)                                                                             \
    JSON_ROW_(NAME, type, member, struct str, .min = 1, .max = (max_), __VA_ARGS__)
#define JSON_INT(type, member, min_, max_, ...)                                                                        \
    JSON_ROW_(INT, type, member, int64_t, .min = (min_), .max = (max_), __VA_ARGS__)
#define JSON_BOOL(type, member, ...)         JSON_ROW_(BOOL, type, member, bool, __VA_ARGS__)
#define JSON_TIME(type, member, ...)         JSON_ROW_(TIME, type, member, int64_t, __VA_ARGS__)
#define JSON_ID(type, member, id_kind_, ...) JSON_ROW_(ID, type, member, struct id, .id = (id_kind_), __VA_ARGS__)
#define JSON_ENUM(type, member, words_, count_, ...)                                                                   \
    {                                                                                                                  \
        .name = #member, .kind = JSON_KIND_ENUM, .where = JSON_AT_ENUM_(type, member), .words = (words_),              \
        .max = (count_), __VA_ARGS__                                                                                   \
    }
#define JSON_HEX(type, member, ...)                                                                                    \
    JSON_ROW_(HEX, type, member, unsigned char *, .max = sizeof(((type *)0)->member), __VA_ARGS__)
#define JSON_TEXT_ARRAY(type, member, min_, max_, item_max_, ...)                                                      \
    JSON_ROW_(TEXT_ARRAY, type, member, struct json_array, .min = (min_), .max = (max_), .item_max = (item_max_),      \
              __VA_ARGS__)
#define JSON_ID_ARRAY(type, member, id_kind_, min_, max_, ...)                                                         \
    JSON_ROW_(ID_ARRAY, type, member, struct json_array, .id = (id_kind_), .min = (min_), .max = (max_), __VA_ARGS__)
#define JSON_TEXT_MAP(type, member, max_, item_max_, ...)                                                              \
    JSON_ROW_(TEXT_MAP, type, member, struct json_array, .max = (max_), .item_max = (item_max_), __VA_ARGS__)
#define JSON_STRUCT(type, member, table_, ...)                                                                         \
    {                                                                                                                  \
        .name = #member, .kind = JSON_KIND_STRUCT, .where = offsetof(type, member), .table = (table_), __VA_ARGS__     \
    }
#define JSON_STRUCT_ARRAY(type, member, table_, min_, max_, ...)                                                       \
    JSON_ROW_(STRUCT_ARRAY, type, member, struct json_array, .table = (table_), .min = (min_), .max = (max_),          \
              __VA_ARGS__)

#define JSON_TABLE(title_, type, fields_)                                                                              \
    {                                                                                                                  \
        .title = (title_), .fields = (fields_), .count = sizeof(fields_) / sizeof((fields_)[0]), .size = sizeof(type)  \
    }
#define JSON_TABLE_OPEN(title_, type, fields_)                                                                         \
    {                                                                                                                  \
        .title = (title_), .fields = (fields_), .count = sizeof(fields_) / sizeof((fields_)[0]), .size = sizeof(type), \
        .open = true                                                                                                   \
    }

/* The offset, where the member has that type; anything else does not compile. */
#define JSON_AT_(type, member, wanted) (offsetof(type, member) + 0 * sizeof(_Generic(((type *)0)->member, wanted : 0)))
#define JSON_AT_ENUM_(type, member)                                                                                    \
    (offsetof(type, member) + 0 * sizeof(_Generic(((type *)0)->member, int : 0, unsigned : 0)))
#define JSON_ROW_(kind_, type, member, wanted, ...)                                                                    \
    {                                                                                                                  \
        .name = #member, .kind = JSON_KIND_##kind_, .where = JSON_AT_(type, member, wanted), __VA_ARGS__               \
    }

/*
 * Texts and arrays are copied into the arena; `text` may go away afterwards. CODE_INVALID for everything that is wrong
 * with the text, CODE_TOO_LARGE when the arena is full, CODE_NO_MEMORY. After an error *ret_request is partly written
 * and must not be used.
 */
MUST_CHECK status json_read(struct str text, const struct json_table *table, struct arena *arena, void *ret_request,
                            struct err *err);

/* An object whose member `tag` says which table reads the rest ("op" of a batch line). */
struct json_tagged {
    const char *tag;
    const struct str *words;                /* `count` of them … */
    const struct json_table *const *tables; /* … and the table that belongs to each */
    size_t count;
    size_t choice_at;  /* offset of the int that takes the place in `words` */
    size_t request_at; /* offset of the struct, or of a union of the structs, that the table fills */
};

MUST_CHECK status json_read_tagged(struct str text, const struct json_tagged *tagged, struct arena *arena,
                                   void *ret_request, struct err *err);

#endif
