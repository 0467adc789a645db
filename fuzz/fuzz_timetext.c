/*
 * fuzz/timetext: a time that is read is in range, and the strict reader accepts only what the writer writes.
 */
#include "codec/timetext.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str text = { (const char *)data, len };
    char again[TIMETEXT_BYTES];
    int64_t any = -1;
    int64_t strict = -1;

    if (!timetext_read_any(text, &any).code)
        assert(time_in_range(any));
    if (!timetext_read(text, &strict).code) {
        assert(strict == any);
        timetext_write(strict, again);
        assert(str_eq(text, (struct str){ again, sizeof again }));
    }
    return 0;
}
