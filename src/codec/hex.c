/*
 * codec/hex: one table each way.
 */
#include "codec/hex.h"

#define NO_DIGIT 0xffu

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

static unsigned digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return (unsigned)(character - '0');
    if (character >= 'a' && character <= 'f')
        return (unsigned)(character - 'a') + 10;
    return NO_DIGIT;
}

status hex_read(struct str text, void *ret_bytes, size_t len)
{
    unsigned char *to = ret_bytes;

    if (text.len % 2 || text.len / 2 != len)
        return (status){ CODE_INVALID };
    for (size_t i = 0; i < len; i++) {
        unsigned high = digit_of(text.at[2 * i]);
        unsigned low = digit_of(text.at[2 * i + 1]);
        if ((high | low) == NO_DIGIT)
            return (status){ CODE_INVALID };
        to[i] = (unsigned char)(high << 4 | low);
    }
    return OK;
}
