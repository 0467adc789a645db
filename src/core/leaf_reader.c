/*
 * core/leaf_reader: values between quotation marks, numbers and words.
 */
#include "core/leaf_reader.h"

#include "codec/hex.h"
#include "codec/timetext.h"
#include "codec/typeid.h"

status leaf_fail(const struct leaf_reader *reader, struct str expected)
{
    return err_set(reader->err, CODE_CORRUPT,
                   "the entry is not as this program writes it: at byte %zu %.*s is expected",
                   (size_t)(reader->at - reader->start), STR_ARG(expected));
}

static status fail_id(const struct leaf_reader *reader, struct str prefix)
{
    return err_set(reader->err, CODE_CORRUPT,
                   "the entry is not as this program writes it: at byte %zu %.*s_… is expected",
                   (size_t)(reader->at - reader->start), STR_ARG(prefix));
}

/* So many bytes between quotation marks; the reader does not move. */
static bool quoted(const struct leaf_reader *reader, size_t len, struct str *ret_text)
{
    if (leaf_left(reader) < len + 2 || reader->at[0] != '"' || reader->at[1 + len] != '"')
        return false;
    *ret_text = (struct str){ reader->at + 1, len };
    return true;
}

/* Up to the next quotation mark, since nothing is escaped. */
static bool quoted_any(const struct leaf_reader *reader, struct str *ret_text)
{
    const char *close =
        leaf_left(reader) >= 2 && *reader->at == '"' ? memchr(reader->at + 1, '"', leaf_left(reader) - 1) : NULL;

    if (!close)
        return false;
    *ret_text = (struct str){ reader->at + 1, (size_t)(close - reader->at) - 1 };
    return true;
}

static void pass_quoted(struct leaf_reader *reader, size_t len)
{
    reader->at += len + 2;
}

status leaf_id(struct leaf_reader *reader, enum id_kind kind, struct id *ret_id)
{
    struct str text;

    if (!quoted(reader, TYPEID_BYTES, &text) || typeid_read(text, kind, ret_id).code)
        return fail_id(reader, id_prefix(kind));
    pass_quoted(reader, TYPEID_BYTES);
    return OK;
}

status leaf_principal(struct leaf_reader *reader, struct id *ret_id, enum id_kind *ret_kind)
{
    struct str text;

    if (!quoted(reader, TYPEID_BYTES, &text) || typeid_read_any(text, ret_kind, ret_id).code ||
        !who_kind_fits(*ret_kind))
        return leaf_fail(reader, STR("the id of a principal"));
    pass_quoted(reader, TYPEID_BYTES);
    return OK;
}

status leaf_hex(struct leaf_reader *reader, uint8_t *ret_bytes, size_t len)
{
    struct str text;

    if (!quoted(reader, 2 * len, &text) || hex_read(text, ret_bytes, len).code)
        return leaf_fail(reader, len == 32 ? STR("64 hexadecimal digits") : STR("32 hexadecimal digits"));
    pass_quoted(reader, 2 * len);
    return OK;
}

status leaf_time(struct leaf_reader *reader, int64_t *ret_ms)
{
    struct str text;

    if (!quoted(reader, TIMETEXT_BYTES, &text) || timetext_read(text, ret_ms).code)
        return leaf_fail(reader, STR("a time"));
    pass_quoted(reader, TIMETEXT_BYTES);
    return OK;
}

status leaf_number(struct leaf_reader *reader, int64_t min, int64_t max, int64_t *ret_number)
{
    const char *at = reader->at;
    const char *first;
    int64_t number = 0;
    bool negative = at < reader->end && *at == '-';

    first = at += negative;
    while (at < reader->end && *at >= '0' && *at <= '9' && number <= ENTRY_NUMBER_MAX)
        number = number * 10 + (*at++ - '0');
    if (at == first || (*first == '0' && (at - first > 1 || negative)))
        return leaf_fail(reader, STR("a whole number"));
    if (negative)
        number = -number;
    if (number < min || number > max)
        return leaf_fail(reader, STR("a whole number within its range"));
    reader->at = at;
    *ret_number = number;
    return OK;
}

status leaf_word(struct leaf_reader *reader, const struct str *words, int count, int *ret_place)
{
    struct str text;

    if (!quoted_any(reader, &text) || word_find(words, count, text, ret_place).code)
        return leaf_fail(reader, STR("one of the member's words"));
    pass_quoted(reader, text.len);
    return OK;
}

static status read_text(struct leaf_reader *reader, size_t max_bytes, struct str *ret_text)
{
    struct str text;

    if (!quoted_any(reader, &text) || !entry_text_fits(text, max_bytes))
        return leaf_fail(reader, STR("a text that needs no escape and is not too long"));
    pass_quoted(reader, text.len);
    *ret_text = text;
    return OK;
}

status leaf_value(struct leaf_reader *reader, const struct field_row *row, union value *ret_value)
{
    int place = 0;

    switch (row->kind) {
    case VALUE_INT:
        return leaf_number(reader, -ENTRY_NUMBER_MAX, ENTRY_NUMBER_MAX, &ret_value->number);
    case VALUE_TIME:
        return leaf_time(reader, &ret_value->number);
    case VALUE_TEXT:
        return read_text(reader, row->max_bytes, &ret_value->text);
    case VALUE_WORD:
        TRY(leaf_word(reader, row->words, row->word_count, &place));
        ret_value->number = place;
        return OK;
    case VALUE_HEX16:
        return leaf_hex(reader, ret_value->bytes, 16);
    case VALUE_HEX32:
        return leaf_hex(reader, ret_value->bytes, 32);
    case VALUE_ID:
        return leaf_id(reader, row->id_kind, &ret_value->id);
    case VALUE_PRINCIPAL:
        return leaf_principal(reader, &ret_value->principal.id, &ret_value->principal.kind);
    }
    return leaf_fail(reader, row->name);
}
