/*
 * A leaf that is read is written again byte for byte; one that is not says at which byte.
 */
#include <assert.h>

#include "base/limits.h"
#include "core/entry.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str text = { (const char *)data, len };
    char space[ENTRY_MAX_BYTES];
    struct buf again = BUF_OVER(space);
    struct err err = { 0 };
    struct entry entry;
    status read = entry_decode(text, &entry, &err);

    if (read.code) {
        assert(read.code == CODE_CORRUPT && err.text[0]);
        return 0;
    }
    read = entry_encode(&entry, &again);
    assert(read.code == CODE_OK && str_eq(buf_str(&again), text));
    return 0;
}
