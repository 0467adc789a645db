/*
 * tlog/bundle: lengths in front of bytes.
 */
#include "tlog/bundle.h"

#include <assert.h>

#define LENGTH_BYTES 2

void bundle_add(struct buf *bundle, struct str entry)
{
    if (entry.len > BUNDLE_ENTRY_MAX_BYTES) {
        if (!bundle->status.code)
            bundle->status = (status){ CODE_TOO_LARGE };
        return;
    }
    buf_add_byte(bundle, (char)(entry.len >> 8));
    buf_add_byte(bundle, (char)(entry.len & 0xff));
    buf_add(bundle, entry);
}

status bundle_take(struct str *rest, struct str *ret_entry, struct err *err)
{
    size_t len;

    if (rest->len < LENGTH_BYTES)
        return err_set(err, CODE_CORRUPT, "the entry bundle ends within the length of an entry");
    len = (size_t)(unsigned char)rest->at[0] << 8 | (unsigned char)rest->at[1];
    if (len > rest->len - LENGTH_BYTES)
        return err_set(err, CODE_CORRUPT, "the entry bundle ends within an entry: %zu of its %zu bytes are there",
                       rest->len - LENGTH_BYTES, len);
    *ret_entry = str_cut(*rest, LENGTH_BYTES, len);
    *rest = str_from(*rest, LENGTH_BYTES + len);
    return OK;
}

status bundle_split(struct str bundle, unsigned width, struct str *ret_entries, struct err *err)
{
    assert(width >= 1 && width <= TILE_WIDTH);
    for (unsigned i = 0; i < width; i++)
        TRY(bundle_take(&bundle, &ret_entries[i], err));
    if (bundle.len != 0)
        return err_set(err, CODE_CORRUPT, "%zu bytes follow the last of %u entries in the bundle", bundle.len, width);
    return OK;
}
