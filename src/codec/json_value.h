/*
 * codec/json_value: one value of a request, checked by the rules of its field, and what to say when it breaks them.
 * Only json_in.c uses it.
 *
 * A member knows the chain of names and numbers that leads to it; the chain lies on the stack and becomes text
 * ("entitlements[0].limit") only for an error.
 */
#ifndef CODEC_JSON_VALUE_H
#define CODEC_JSON_VALUE_H

#include <jansson.h>

#include "codec/json_in.h"

struct member {
    const struct member *outer; /* NULL for the request itself */
    struct str name;            /* empty for an item of a list, which has its number, and for the request itself */
    size_t number;
    json_t *json;
};

struct reader {
    struct arena *arena;
    struct err *err;
};

/* The common shape; *ret_value has the type that stands with the kind in json_in.h. */
typedef status value_reader(const struct reader *reader, const struct member *member, const struct json_field *field,
                            void *ret_value);

value_reader value_read_text;
value_reader value_read_name;
value_reader value_read_int;
value_reader value_read_bool;
value_reader value_read_time;
value_reader value_read_id;
value_reader value_read_enum;
value_reader value_read_hex;
/* A pair of a map: the member's own name and its text of at most `text_max` bytes. */
MUST_CHECK status value_read_pair(const struct reader *reader, const struct member *member, int64_t text_max,
                                  struct json_pair *ret_pair);

/* "<member> must be <what the format says>, not <what is there>". */
status value_refuse(const struct reader *reader, const struct member *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
status value_refuse_unknown(const struct reader *reader, const struct member *member);
status value_refuse_missing(const struct reader *reader, const struct member *outer, const char *name);

static inline struct str value_text(json_t *json)
{
    return (struct str){ json_string_value(json), json_string_length(json) };
}

#endif
