/*
 * tlog/checkpoint under attack: the input as a checkpoint's text, which must be written the same again, and as a signed
 * checkpoint.
 */
#include <assert.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "tlog/checkpoint.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = len + 1 };
    struct str input = { (const char *)data, len };
    struct checkpoint checkpoint;
    struct err err = { 0 };
    struct vkey log;
    status s =
        vkey_parse(STR("license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"), &log, NULL);

    assert(s.code == CODE_OK);
    s = checkpoint_parse(input, &checkpoint, &err);
    if (s.code) {
        assert(err.text[0] != '\0');
    } else {
        checkpoint_add(&again, &checkpoint);
        assert(str_eq(buf_str(&again), input));
    }
    s = checkpoint_open(input, &log, &checkpoint, &err);
    if (!s.code)
        assert(str_eq(checkpoint.origin, vkey_name(&log)));
    return 0;
}
