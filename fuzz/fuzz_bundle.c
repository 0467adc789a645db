/*
 * tlog/bundle under attack: the first byte gives the width, the rest is the bundle. What is split can be joined again
 * to the same bytes.
 */
#include <assert.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "tlog/bundle.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = len + 1 };
    struct str entries[TILE_WIDTH];
    struct str bundle = str_from((struct str){ (const char *)data, len }, 1);
    struct err err = { 0 };
    unsigned width;

    if (len == 0)
        return 0;
    width = data[0] + 1u;
    if (bundle_split(bundle, width, entries, &err).code) {
        assert(err.text[0] != '\0');
        return 0;
    }
    for (unsigned i = 0; i < width; i++)
        bundle_add(&again, entries[i]);
    assert(str_eq(buf_str(&again), bundle));
    return 0;
}
