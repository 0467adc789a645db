/*
 * codec/token_text: base62 and CRC-32.
 */
#include "codec/token_text.h"

#include <assert.h>

#define BASE62 62

static const char prefixes[TOKEN_KIND_COUNT][TOKEN_PREFIX_BYTES + 1] = {
    [TOKEN_PERSON] = "tlyp_", [TOKEN_SERVICE] = "tlys_",     [TOKEN_ENROL] = "tlye_",
    [TOKEN_SCIM] = "tlyr_",   [TOKEN_LICENSE_KEY] = "tlyk_",
};

static const char alphabet[BASE62 + 1] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

_Static_assert(TOKEN_TEXT_BYTES <= SECRET_MAX_BYTES, "a token fits in a secret");

/* CRC-32 of IEEE 802.3 (polynomial 0xedb88320 reflected), four bits a step; the table holds the CRCs of 0 … 15. */
static uint32_t crc32_of(struct str text)
{
    static const uint32_t steps[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < text.len; i++) {
        crc ^= (unsigned char)text.at[i];
        crc = crc >> 4 ^ steps[crc & 15];
        crc = crc >> 4 ^ steps[crc & 15];
    }
    return ~crc;
}

static void write_checksum(struct str text, char *ret_digits)
{
    uint32_t crc = crc32_of(text);

    for (size_t i = TOKEN_CHECKSUM_BYTES; i-- > 0; crc /= BASE62)
        ret_digits[i] = alphabet[crc % BASE62];
}

void token_text_new(enum token_kind kind, struct entropy *entropy, struct secret *ret_token)
{
    char *text = (char *)ret_token->bytes;
    struct str checked = { text, TOKEN_PREFIX_BYTES + TOKEN_RANDOM_BYTES };

    assert((unsigned)kind < TOKEN_KIND_COUNT);
    memcpy(text, prefixes[kind], TOKEN_PREFIX_BYTES);
    for (size_t i = 0; i < TOKEN_RANDOM_BYTES; i++)
        text[TOKEN_PREFIX_BYTES + i] = alphabet[entropy_below(entropy, BASE62)];
    write_checksum(checked, text + checked.len);
    ret_token->len = TOKEN_TEXT_BYTES;
}

static bool is_base62(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!memchr(alphabet, text.at[i], BASE62))
            return false;
    }
    return true;
}

static bool find_kind(struct str text, enum token_kind *ret_kind)
{
    for (int kind = 0; kind < TOKEN_KIND_COUNT; kind++) {
        if (str_starts(text, (struct str){ prefixes[kind], TOKEN_PREFIX_BYTES })) {
            *ret_kind = (enum token_kind)kind;
            return true;
        }
    }
    return false;
}

status token_text_read(struct str text, enum token_kind *ret_kind, struct err *err)
{
    const size_t checked_bytes = TOKEN_PREFIX_BYTES + TOKEN_RANDOM_BYTES;
    enum token_kind kind;
    char checksum[TOKEN_CHECKSUM_BYTES];

    if (!find_kind(text, &kind))
        return err_set(err, CODE_INVALID,
                       "this is not a token: a token starts with tlyp_, tlys_, tlye_, tlyr_ or tlyk_");
    if (text.len != TOKEN_TEXT_BYTES)
        return err_set(err, CODE_INVALID, "this is not a token: a token has %d characters, not %zu", TOKEN_TEXT_BYTES,
                       text.len);
    if (!is_base62(str_from(text, TOKEN_PREFIX_BYTES)))
        return err_set(err, CODE_INVALID, "this is not a token: after its prefix a token has letters and digits only");
    write_checksum(str_cut(text, 0, checked_bytes), checksum);
    if (memcmp(checksum, text.at + checked_bytes, sizeof checksum) != 0)
        return err_set(err, CODE_CORRUPT, "the token is mistyped: its checksum does not match");
    *ret_kind = kind;
    return OK;
}
