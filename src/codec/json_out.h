/*
 * codec/json_out: writes JSON straight into a buf, with the commas, quotes and escapes where they belong. Pure.
 *
 * It allocates nothing of its own and keeps no tree: what is written is written. `name` is the member's name, a literal
 * of the program that needs no escape, or NULL for an element of an array and for the outermost value. Text that is not
 * well-formed UTF-8 gets U+FFFD where it is wrong, so the result always is JSON. It refuses floating-point numbers.
 *
 *     struct json_out out = { .buf = &body };
 *     json_out_object(&out, NULL);
 *     json_out_id(&out, "id", ID_LEASE, lease->id);
 *     json_out_i64(&out, "quantity", lease->quantity);
 *     json_out_end(&out);
 *     TRY(body.status);
 */
#ifndef CODEC_JSON_OUT_H
#define CODEC_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/typeid.h"

struct json_out {
    struct buf *buf;
    bool comma;      /* a value has been written at this level */
    unsigned depth;  /* open objects and arrays, at most 64 */
    uint64_t arrays; /* bit d is set when the level opened at depth d is an array */
};

void json_out_object(struct json_out *out, const char *name);
void json_out_array(struct json_out *out, const char *name);
void json_out_end(struct json_out *out); /* of the object or array opened last */

void json_out_text(struct json_out *out, const char *name, struct str text);
void json_out_i64(struct json_out *out, const char *name, int64_t number);
void json_out_u64(struct json_out *out, const char *name, uint64_t number);
void json_out_bool(struct json_out *out, const char *name, bool truth);
void json_out_null(struct json_out *out, const char *name);
void json_out_id(struct json_out *out, const char *name, enum id_kind kind, struct id id);
void json_out_time(struct json_out *out, const char *name, int64_t ms); /* in range of codec/timetext */
void json_out_hex(struct json_out *out, const char *name, const void *bytes, size_t len);
void json_out_base64(struct json_out *out, const char *name, const void *bytes, size_t len);
/* `json` is one JSON value already. */
void json_out_raw(struct json_out *out, const char *name, struct str json);
/* A text member whose name is data too, and is escaped. */
void json_out_pair(struct json_out *out, struct str name, struct str text);

/* The text between two quotes, escaped; for writers that set their quotes themselves. */
void json_escape(struct buf *buf, struct str text);

#endif
