/*
 * codec/csv: a field at a time, both ways.
 */
#include "codec/csv.h"

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (memchr(",\"\r\n", text.at[i], 4))
            return true;
    }
    return false;
}

static bool is_formula(struct str text)
{
    return text.len > 0 && (memchr("=+-@", text.at[0], 4) || (unsigned char)text.at[0] < 0x20);
}

static void begin(struct csv_out *out)
{
    if (out->row_begun)
        buf_add_byte(out->buf, ',');
    out->row_begun = true;
}

void csv_out_text(struct csv_out *out, struct str text)
{
    bool guard = out->guard_formulas && is_formula(text);
    bool quotes = needs_quotes(text);

    begin(out);
    if (quotes)
        buf_add_byte(out->buf, '"');
    if (guard)
        buf_add_byte(out->buf, '\'');
    for (struct str rest = text; quotes && rest.len > 0;) {
        size_t len = str_find(rest, '"');
        buf_add(out->buf, str_cut(rest, 0, len));
        if (len < rest.len)
            buf_add(out->buf, STR("\"\""));
        rest = str_from(rest, len + 1);
    }
    buf_add(out->buf, quotes ? STR("\"") : text);
}

void csv_out_i64(struct csv_out *out, int64_t number)
{
    begin(out);
    buf_add_i64(out->buf, number);
}

void csv_out_end_row(struct csv_out *out)
{
    buf_add(out->buf, STR("\r\n"));
    out->row_begun = false;
}

/* The text up to the closing quote, with doubled quotes as one; *rest then starts behind it. */
static status take_quoted(struct str *rest, struct buf *ret_field)
{
    *rest = str_from(*rest, 1);
    for (;;) {
        size_t len = str_find(*rest, '"');
        if (len == rest->len)
            return (status){ CODE_INVALID };
        buf_add(ret_field, str_cut(*rest, 0, len));
        *rest = str_from(*rest, len + 1);
        if (!str_starts(*rest, STR("\"")))
            return ret_field->status;
        buf_add_byte(ret_field, '"');
        *rest = str_from(*rest, 1);
    }
}

static status take_plain(struct str *rest, struct buf *ret_field)
{
    size_t len = 0;

    while (len < rest->len && rest->at[len] != ',' && rest->at[len] != '\n') {
        if (rest->at[len] == '"')
            return (status){ CODE_INVALID };
        len++;
    }
    if (len > 0 && len < rest->len && rest->at[len] == '\n' && rest->at[len - 1] == '\r')
        len--;
    buf_add(ret_field, str_cut(*rest, 0, len));
    *rest = str_from(*rest, len);
    return ret_field->status;
}

/* A comma, the end of a row or the end of the text. */
static status take_end(struct str *rest, bool *ret_last)
{
    static const struct {
        struct str mark;
        bool last;
    } ends[] = { { { ",", 1 }, false }, { { "\n", 1 }, true }, { { "\r\n", 2 }, true } };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (str_starts(*rest, ends[i].mark)) {
            *rest = str_from(*rest, ends[i].mark.len);
            *ret_last = ends[i].last;
            return OK;
        }
    }
    if (rest->len > 0)
        return (status){ CODE_INVALID };
    *ret_last = true;
    return OK;
}

status csv_read_field(struct str *rest, struct buf *ret_field, bool *ret_last)
{
    if (str_starts(*rest, STR("\"")))
        TRY(take_quoted(rest, ret_field));
    else
        TRY(take_plain(rest, ret_field));
    return take_end(rest, ret_last);
}
