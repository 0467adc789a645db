/*
 * fuzz/csv: fields that are read and written again are read as the same fields.
 */
#include "codec/csv.h"

#include <assert.h>

#define TEXT_MAX_BYTES 65536

/* Reads all of `text` into fields that end with a line feed each, so that two readings can be compared. */
static status flatten(struct str text, struct buf *ret_fields, struct buf *ret_again)
{
    struct csv_out out = { .buf = ret_again };
    AUTO(struct buf, buf_free) field = { .max = TEXT_MAX_BYTES };

    for (bool last = true; text.len > 0 || !last;) {
        buf_clear(&field);
        TRY(csv_read_field(&text, &field, &last));
        buf_add(ret_fields, buf_str(&field));
        buf_add(ret_fields, last ? STR("\n\n") : STR("\n"));
        csv_out_text(&out, buf_str(&field));
        if (last)
            csv_out_end_row(&out);
    }
    return ret_fields->status;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) fields = { .max = (size_t)4 * TEXT_MAX_BYTES };
    AUTO(struct buf, buf_free) again = { .max = (size_t)4 * TEXT_MAX_BYTES };
    AUTO(struct buf, buf_free) fields_again = { .max = (size_t)4 * TEXT_MAX_BYTES };
    AUTO(struct buf, buf_free) ignored = { .max = (size_t)4 * TEXT_MAX_BYTES };
    struct str text = { (const char *)data, len };

    if (len > TEXT_MAX_BYTES || flatten(text, &fields, &again).code)
        return 0;
    assert(!again.status.code);
    assert(!flatten(buf_str(&again), &fields_again, &ignored).code);
    assert(str_eq(buf_str(&fields_again), buf_str(&fields)));
    return 0;
}
