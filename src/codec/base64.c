/*
 * codec/base64: three bytes are four characters; one table each way.
 */
#include "codec/base64.h"

#define NO_DIGIT 0x40u
/* What is checked at once; a multiple of three, so that no padding falls inside a longer text. */
#define CHECK_BYTES 384

static const char standard[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The tail of one or two bytes as two or three characters; its unused bits are zero. */
static void write_tail(const unsigned char *from, size_t len, const char *alphabet, char *ret_text)
{
    unsigned second = len == 2 ? from[1] : 0;

    ret_text[0] = alphabet[from[0] >> 2];
    ret_text[1] = alphabet[(from[0] & 3u) << 4 | second >> 4];
    if (len == 2)
        ret_text[2] = alphabet[(second & 15u) << 2];
}

/* Without padding; returns the characters written. */
static size_t write_digits(const unsigned char *from, size_t len, const char *alphabet, char *ret_text)
{
    char *to = ret_text;

    for (; len >= 3; len -= 3, from += 3, to += 4) {
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = alphabet[bits >> 6 & 63];
        to[3] = alphabet[bits & 63];
    }
    if (len == 0)
        return (size_t)(to - ret_text);
    write_tail(from, len, alphabet, to);
    return (size_t)(to - ret_text) + len + 1;
}

void base64_write(const void *bytes, size_t len, char *ret_text)
{
    size_t written = write_digits(bytes, len, standard, ret_text);

    memset(ret_text + written, '=', BASE64_TEXT_BYTES(len) - written);
}

void base64_add(struct buf *buf, const void *bytes, size_t len)
{
    char *at = buf_room(buf, BASE64_TEXT_BYTES(len));

    if (!at)
        return;
    base64_write(bytes, len, at);
    buf_keep(buf, BASE64_TEXT_BYTES(len));
}

void base64url_add(struct buf *buf, const void *bytes, size_t len)
{
    char *at = buf_room(buf, BASE64_TEXT_BYTES(len));

    if (at)
        buf_keep(buf, write_digits(bytes, len, url_safe, at));
}

static unsigned digit_of(char character, const char *alphabet)
{
    if (character >= 'A' && character <= 'Z')
        return (unsigned)(character - 'A');
    if (character >= 'a' && character <= 'z')
        return (unsigned)(character - 'a') + 26;
    if (character >= '0' && character <= '9')
        return (unsigned)(character - '0') + 52;
    if (character == alphabet[62])
        return 62;
    return character == alphabet[63] ? 63 : NO_DIGIT;
}

/* Up to four digits as the upper bits of 24. False when one is not of the alphabet. */
static bool read_group(const char *text, size_t len, const char *alphabet, uint32_t *ret_bits)
{
    uint32_t bits = 0;
    unsigned wrong = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned digit = digit_of(text[i], alphabet);
        wrong |= digit;
        bits |= (uint32_t)(digit & 63) << (18 - 6 * i);
    }
    *ret_bits = bits;
    return !(wrong & NO_DIGIT);
}

static void put_bytes(uint32_t bits, size_t len, unsigned char *ret_bytes)
{
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (unsigned char)(bits >> (16 - 8 * i));
}

/* `text` is without padding. */
static status read_digits(struct str text, const char *alphabet, void *ret_bytes, size_t capacity, size_t *ret_len)
{
    unsigned char *to = ret_bytes;
    size_t tail_chars = text.len % 4;
    size_t tail_bytes = tail_chars ? tail_chars - 1 : 0;
    size_t len = text.len / 4 * 3 + tail_bytes;
    uint32_t bits;

    if (tail_chars == 1)
        return (status){ CODE_INVALID };
    if (len > capacity)
        return (status){ CODE_TOO_LARGE };
    for (; text.len >= 4; text = str_from(text, 4), to += 3) {
        if (!read_group(text.at, 4, alphabet, &bits))
            return (status){ CODE_INVALID };
        put_bytes(bits, 3, to);
    }
    if (tail_chars) {
        if (!read_group(text.at, tail_chars, alphabet, &bits) || (bits & (0xffffffu >> 8 * tail_bytes)))
            return (status){ CODE_INVALID };
        put_bytes(bits, tail_bytes, to);
    }
    *ret_len = len;
    return OK;
}

status base64_read(struct str text, void *ret_bytes, size_t capacity, size_t *ret_len)
{
    if (text.len % 4)
        return (status){ CODE_INVALID };
    for (int padding = 0; padding < 2 && str_ends(text, STR("=")); padding++)
        text.len--;
    return read_digits(text, standard, ret_bytes, capacity, ret_len);
}

status base64url_read(struct str text, void *ret_bytes, size_t capacity, size_t *ret_len)
{
    return read_digits(text, url_safe, ret_bytes, capacity, ret_len);
}

/* In pieces; only the last may be padded, so each of the others must be full. */
status base64_check(struct str text, size_t *ret_len)
{
    unsigned char piece[CHECK_BYTES];
    size_t before = 0;
    size_t len = 0;

    for (; text.len > BASE64_TEXT_BYTES(CHECK_BYTES); text = str_from(text, BASE64_TEXT_BYTES(CHECK_BYTES))) {
        TRY(base64_read_exact(str_cut(text, 0, BASE64_TEXT_BYTES(CHECK_BYTES)), piece, sizeof piece));
        before += sizeof piece;
    }
    TRY(base64_read(text, piece, sizeof piece, &len));
    *ret_len = before + len;
    return OK;
}

status base64_read_exact(struct str text, void *ret_bytes, size_t len)
{
    size_t got;

    if (text.len != BASE64_TEXT_BYTES(len) || base64_read(text, ret_bytes, len, &got).code || got != len)
        return (status){ CODE_INVALID };
    return OK;
}
