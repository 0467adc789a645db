/*
 * tlog/vkey under attack: public and private key texts that are read are written the same again.
 */
#include <assert.h>

#include "base/buf.h"
#include "crypto/ed25519.h"
#include "tlog/vkey.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct skey, skey_close) skey = { 0 };
    char space[SKEY_MAX_BYTES];
    struct buf again = BUF_OVER(space);
    struct str input = { (const char *)data, len };
    struct err err = { 0 };
    struct vkey vkey;

    if (!vkey_parse(input, &vkey, &err).code) {
        vkey_add(&again, &vkey);
        assert(str_eq(buf_str(&again), input));
    }
    again = BUF_OVER(space);
    if (!skey_parse(input, &skey, &err).code) {
        skey_add(&again, &skey);
        assert(str_eq(buf_str(&again), input));
    }
    return 0;
}
