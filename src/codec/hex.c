/*
 * codec/hex: one table each way.
 */
#include "codec/hex.h"

#define NO_DIGIT 0x80u

static const char digits[16] = "0123456789abcdef";

void hex_write(const void *bytes, size_t len, char *ret_text)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = digits[from[i] >> 4];
        ret_text[2 * i + 1] = digits[from[i] & 15];
    }
}

void hex_add(struct buf *buf, const void *bytes, size_t len)
{
    char *at = buf_room(buf, 2 * len);

    if (!at)
        return;
    hex_write(bytes, len, at);
    buf_keep(buf, 2 * len);
}

/* The value of each character; NO for what is no digit, or an upper-case one. */
#define NO NO_DIGIT
static const uint8_t values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 10, 11, 12, 13, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
#undef NO

/* All digits are checked at the end, so that none waits for the one before. */
status hex_read(struct str text, void *ret_bytes, size_t len)
{
    const unsigned char *from = (const unsigned char *)text.at;
    unsigned char *to = ret_bytes;
    unsigned wrong = 0;

    if (text.len % 2 || text.len / 2 != len)
        return (status){ CODE_INVALID };
    for (size_t i = 0; i < len; i++) {
        unsigned high = values[from[2 * i]];
        unsigned low = values[from[2 * i + 1]];

        wrong |= high | low;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return wrong & NO_DIGIT ? (status){ CODE_INVALID } : OK;
}
