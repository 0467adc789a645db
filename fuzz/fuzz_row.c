/*
 * fuzz/row: a stored row of private texts from anywhere. What is taken off it gives the same bytes when it is added
 * again, and lies within its run.
 */
#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "store/row.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = len + ROW_MAX_BYTES };
    struct str rest = str_from((struct str){ (const char *)data, len }, 1);
    uint64_t first = 512 + (len ? data[0] : 0);
    struct store_private item = { 0 };
    struct str row = rest;

    while (row_take_private(&rest, first, &item)) {
        assert(item.index >= first && item.index < row_run_end(first));
        row_add_private(&again, first, &item);
    }
    assert(again.status.code == CODE_OK && again.len == row.len - rest.len);
    assert(again.len == 0 || memcmp(again.at, row.at, again.len) == 0);
    return 0;
}
