/*
 * fuzz/typeid: an id that is read is written as the same text.
 */
#include "codec/typeid.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str text = { (const char *)data, len };
    char again[TYPEID_BYTES];
    enum id_kind kind;
    struct id id;

    if (!typeid_read_any(text, &kind, &id).code) {
        typeid_write(kind, id, again);
        assert(str_eq(text, (struct str){ again, sizeof again }));
    }
    return 0;
}
