/*
 * codec/csv: comma-separated values after RFC 4180. Pure.
 *
 * Writing ends rows with CR LF and quotes a field only where it must. With `guard_formulas` a text that a spreadsheet
 * would run as a formula (it starts with = + - @ or a control character) gets an apostrophe in front: reports hold text
 * that strangers chose. Numbers are never guarded. Reading also takes LF alone as the end of a row, and refuses quotes
 * in the middle of an unquoted field and anything between a closing quote and the next comma.
 */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct csv_out {
    struct buf *buf;
    bool guard_formulas;
    bool row_begun;
};

void csv_out_text(struct csv_out *out, struct str text);
void csv_out_i64(struct csv_out *out, int64_t number);
void csv_out_end_row(struct csv_out *out);

/*
 * Takes one field off *rest and adds its text to ret_field, which the caller empties. *ret_last: it was the last of its
 * row. Call again while *rest has anything left, and after a comma at the very end, which an empty last field follows.
 * CODE_INVALID as above; CODE_TOO_LARGE and CODE_NO_MEMORY from the buf.
 */
MUST_CHECK status csv_read_field(struct str *rest, struct buf *ret_field, bool *ret_last);

#endif
