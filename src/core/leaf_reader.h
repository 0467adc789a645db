/*
 * core/leaf_reader: the smallest parts of a leaf, as entry_encode writes them: literals and values. Private to
 * core/entry_decode.
 *
 * Each either passes exactly what it was asked for and moves on, or stays where it is; failures are CODE_CORRUPT and
 * name the byte and what was expected there.
 */
#ifndef CORE_LEAF_READER_H
#define CORE_LEAF_READER_H

#include "core/entry.h"

struct leaf_reader {
    const char *at;
    const char *start;
    const char *end;
    struct err *err;
};

status leaf_fail(const struct leaf_reader *reader, struct str expected);

static inline size_t leaf_left(const struct leaf_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}
static inline uint64_t leaf_bytes(const char *at, size_t len)
{
    uint64_t bytes = 0;

    memcpy(&bytes, at, len);
    return bytes;
}
/*
 * Whether two texts of one length are equal. Keys and literals are short and mostly do stand there, some thirty an
 * entry: what a call of memcmp costs for each would be a tenth of reading it. The last word overlaps the one before.
 */
static inline bool leaf_same(const char *a, const char *b, size_t len)
{
    size_t at = 0;

    if (len < 4)
        return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
    if (len < 8)
        return leaf_bytes(a, 4) == leaf_bytes(b, 4) && leaf_bytes(a + len - 4, 4) == leaf_bytes(b + len - 4, 4);
    for (; at + 8 < len; at += 8) {
        if (leaf_bytes(a + at, 8) != leaf_bytes(b + at, 8))
            return false;
    }
    return leaf_bytes(a + len - 8, 8) == leaf_bytes(b + len - 8, 8);
}
/* Passes the text if it stands here. */
static inline bool leaf_take(struct leaf_reader *reader, struct str text)
{
    if (leaf_left(reader) < text.len || !leaf_same(reader->at, text.at, text.len))
        return false;
    reader->at += text.len;
    return true;
}
MUST_CHECK static inline status leaf_want(struct leaf_reader *reader, struct str text)
{
    return leaf_take(reader, text) ? OK : leaf_fail(reader, text);
}
MUST_CHECK static inline status leaf_want_byte(struct leaf_reader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return leaf_fail(reader, (struct str){ &byte, 1 });
    reader->at++;
    return OK;
}

MUST_CHECK status leaf_id(struct leaf_reader *reader, enum id_kind kind, struct id *ret_id);
MUST_CHECK status leaf_principal(struct leaf_reader *reader, struct id *ret_id, enum id_kind *ret_kind);
MUST_CHECK status leaf_hex(struct leaf_reader *reader, uint8_t *ret_bytes, size_t len);
MUST_CHECK status leaf_time(struct leaf_reader *reader, int64_t *ret_ms);
MUST_CHECK status leaf_number(struct leaf_reader *reader, int64_t min, int64_t max, int64_t *ret_number);
MUST_CHECK status leaf_word(struct leaf_reader *reader, const struct str *words, int count, int *ret_place);
/* The value of a member of the table. */
MUST_CHECK status leaf_value(struct leaf_reader *reader, const struct field_row *row, union value *ret_value);

#endif
