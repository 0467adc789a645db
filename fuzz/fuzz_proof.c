/*
 * tlog/proof under attack: what is read is written the same again, and verifying it never crashes.
 */
#include <assert.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "tlog/proof.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = len + 1 };
    struct str input = { (const char *)data, len };
    struct hash leaf = hash_leaf(STR("entry 42"));
    struct checkpoint checkpoint;
    struct proof proof;
    struct err err = { 0 };
    struct vkey log;
    status s =
        vkey_parse(STR("license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"), &log, NULL);

    assert(s.code == CODE_OK);
    if (proof_parse(input, &proof, &err).code) {
        assert(err.text[0] != '\0');
        return 0;
    }
    proof_add(&again, &proof);
    assert(str_eq(buf_str(&again), input));
    s = proof_verify(&proof, &leaf, &log, &checkpoint, &err);
    if (!s.code)
        assert(proof.index < checkpoint.head.size);
    return 0;
}
