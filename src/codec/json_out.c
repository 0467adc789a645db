/*
 * codec/json_out: one function decides about the comma and the name, the others write a value.
 */
#include "codec/json_out.h"

#include <assert.h>

#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/timetext.h"

#define DEPTH_MAX 64
/* What stands for a byte that is not UTF-8. */
#define REPLACEMENT STR("\xef\xbf\xbd")

/* The comma and `"name":` in one piece: an entry has some sixty of them. */
static void begin(struct json_out *out, const char *name)
{
    size_t name_len = name ? strlen(name) : 0;
    size_t len = out->comma + (name ? name_len + 3 : 0);
    char *at = buf_room(out->buf, len);

    if (at && out->comma)
        *at++ = ',';
    if (at && name) {
        *at++ = '"';
        memcpy(at, name, name_len);
        memcpy(at + name_len, "\":", 2);
    }
    if (at)
        buf_keep(out->buf, len);
    out->comma = true;
}

static void open_level(struct json_out *out, const char *name, bool array)
{
    assert(out->depth < DEPTH_MAX);
    begin(out, name);
    buf_add_byte(out->buf, array ? '[' : '{');
    out->arrays = (out->arrays & ~((uint64_t)1 << out->depth)) | (uint64_t)array << out->depth;
    out->depth++;
    out->comma = false;
}

void json_out_object(struct json_out *out, const char *name)
{
    open_level(out, name, false);
}

void json_out_array(struct json_out *out, const char *name)
{
    open_level(out, name, true);
}

void json_out_end(struct json_out *out)
{
    assert(out->depth > 0);
    out->depth--;
    buf_add_byte(out->buf, out->arrays >> out->depth & 1 ? ']' : '}');
    out->comma = true;
}

/* True when one of the eight bytes is a control byte, a quote, a backslash or not ASCII. */
static bool word_needs_care(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = 0x8080808080808080u;
    uint64_t quotes = word ^ (ones * '"');
    uint64_t backslashes = word ^ (ones * '\\');

    /* (x - n) has its top bit set for x < n, when x has none itself; the test for zero is the one for x < 1. */
    return ((word - ones * 0x20) | (quotes - ones) | (backslashes - ones) | word) & tops;
}

/* How much of the text can be copied as it stands. */
static size_t plain_len(struct str text)
{
    size_t at = 0;
    uint64_t word;

    while (text.len - at >= sizeof word) {
        memcpy(&word, text.at + at, sizeof word);
        if (word_needs_care(word))
            break;
        at += sizeof word;
    }
    while (at < text.len && (unsigned char)text.at[at] >= 0x20 && (unsigned char)text.at[at] < 0x80 &&
           text.at[at] != '"' && text.at[at] != '\\')
        at++;
    return at;
}

static void add_escape(struct buf *buf, char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char *const named[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };
    char numbered[] = { '\\', 'u', '0', '0', digits[(unsigned char)byte >> 4], digits[byte & 15] };

    if (named[(unsigned char)byte])
        buf_add(buf, (struct str){ named[(unsigned char)byte], 2 });
    else
        buf_add(buf, (struct str){ numbered, sizeof numbered });
}

/* One character that can't be copied unseen; returns its bytes. */
static size_t add_careful(struct buf *buf, struct str text)
{
    size_t len = str_utf8_len(text);

    if (len > 1)
        buf_add(buf, str_cut(text, 0, len));
    else if (len == 1)
        add_escape(buf, text.at[0]);
    else
        buf_add(buf, REPLACEMENT);
    return len ? len : 1;
}

void json_escape(struct buf *buf, struct str text)
{
    while (text.len > 0) {
        size_t plain = plain_len(text);
        buf_add(buf, str_cut(text, 0, plain));
        text = str_from(text, plain);
        if (text.len > 0)
            text = str_from(text, add_careful(buf, text));
    }
}

static void add_quoted(struct buf *buf, struct str text)
{
    buf_add_byte(buf, '"');
    json_escape(buf, text);
    buf_add_byte(buf, '"');
}

void json_out_text(struct json_out *out, const char *name, struct str text)
{
    begin(out, name);
    add_quoted(out->buf, text);
}

void json_out_pair(struct json_out *out, struct str name, struct str text)
{
    begin(out, NULL);
    add_quoted(out->buf, name);
    buf_add_byte(out->buf, ':');
    add_quoted(out->buf, text);
}

void json_out_i64(struct json_out *out, const char *name, int64_t number)
{
    begin(out, name);
    buf_add_i64(out->buf, number);
}

void json_out_u64(struct json_out *out, const char *name, uint64_t number)
{
    begin(out, name);
    buf_add_u64(out->buf, number);
}

void json_out_bool(struct json_out *out, const char *name, bool truth)
{
    json_out_raw(out, name, truth ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *out, const char *name)
{
    json_out_raw(out, name, STR("null"));
}

void json_out_raw(struct json_out *out, const char *name, struct str json)
{
    begin(out, name);
    buf_add(out->buf, json);
}

void json_out_id(struct json_out *out, const char *name, enum id_kind kind, struct id id)
{
    begin(out, name);
    buf_add_byte(out->buf, '"');
    typeid_add(out->buf, kind, id);
    buf_add_byte(out->buf, '"');
}

void json_out_time(struct json_out *out, const char *name, int64_t ms)
{
    begin(out, name);
    buf_add_byte(out->buf, '"');
    timetext_add(out->buf, ms);
    buf_add_byte(out->buf, '"');
}

void json_out_hex(struct json_out *out, const char *name, const void *bytes, size_t len)
{
    begin(out, name);
    buf_add_byte(out->buf, '"');
    hex_add(out->buf, bytes, len);
    buf_add_byte(out->buf, '"');
}

void json_out_base64(struct json_out *out, const char *name, const void *bytes, size_t len)
{
    begin(out, name);
    buf_add_byte(out->buf, '"');
    base64_add(out->buf, bytes, len);
    buf_add_byte(out->buf, '"');
}
