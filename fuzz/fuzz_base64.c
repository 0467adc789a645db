/*
 * fuzz/base64: what is read, by any of the three readers, is written as the same text.
 */
#include "codec/base64.h"

#include <assert.h>

#include "codec/hex.h"

#define BYTES_MAX 512

static void check_padded(struct str text, const unsigned char *bytes, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = 2048 };

    base64_add(&again, bytes, len);
    assert(!again.status.code && str_eq(buf_str(&again), text));
}

static void check_url(struct str text, const unsigned char *bytes, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = 2048 };

    base64url_add(&again, bytes, len);
    assert(!again.status.code && str_eq(buf_str(&again), text));
}

static void check_hex(struct str text, const unsigned char *bytes, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = 2048 };

    hex_add(&again, bytes, len);
    assert(!again.status.code && str_eq(buf_str(&again), text));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct str text = { (const char *)data, len };
    unsigned char bytes[BYTES_MAX];
    size_t got;

    if (!base64_read(text, bytes, sizeof bytes, &got).code)
        check_padded(text, bytes, got);
    if (!base64url_read(text, bytes, sizeof bytes, &got).code)
        check_url(text, bytes, got);
    if (len / 2 <= sizeof bytes && !hex_read(text, bytes, len / 2).code)
        check_hex(text, bytes, len / 2);
    return 0;
}
