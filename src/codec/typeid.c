/*
 * codec/typeid: thirty characters for sixteen bytes, and back. Pure.
 *
 * 26 characters carry 130 bits; the first two are zero, so the first character is at most '7'. The text is made of two
 * halves of 13 characters: the first holds the upper 63 bits, the second the other 65.
 */
#include "codec/typeid.h"

#include <assert.h>

#define PREFIX_BYTES 3
#define HALF_CHARS   13
#define NO_DIGIT     0x80u

/* Crockford's alphabet: no i, l, o, u. */
static const char alphabet[32] = "0123456789abcdefghjkmnpqrstvwxyz";

static const char prefixes[ID_KIND_COUNT][PREFIX_BYTES + 1] = {
    [ID_NONE] = "",       [ID_ORGANISATION] = "org", [ID_TEAM] = "tem",  [ID_USER] = "usr",    [ID_SERVICE] = "svc",
    [ID_DEVICE] = "dev",  [ID_CREDENTIAL] = "tok",   [ID_KEY] = "key",   [ID_PRODUCT] = "prd", [ID_FEATURE] = "ftr",
    [ID_LICENSE] = "lic", [ID_ENTITLEMENT] = "ett",  [ID_POOL] = "pol",  [ID_POLICY] = "plc",  [ID_LEASE] = "lse",
    [ID_TICKET] = "tkt",  [ID_RESERVATION] = "rsv",  [ID_ALIAS] = "ali", [ID_ENTRY] = "ent",   [ID_REQUEST] = "req",
    [ID_ASK] = "ask",     [ID_CHANGE] = "chg",       [ID_METER] = "mtr", [ID_ALERT] = "alr",
};

struct id id_new(struct entropy *entropy, int64_t now_ms)
{
    const uint64_t version_7 = (uint64_t)7 << 12;
    const uint64_t variant = (uint64_t)2 << 62;
    uint64_t bits[2];

    entropy_fill(entropy, bits, sizeof bits);
    return (struct id){
        .hi = (uint64_t)now_ms << 16 | version_7 | (bits[0] & 0xfff),
        .lo = variant | bits[1] >> 2,
    };
}

struct str id_prefix(enum id_kind kind)
{
    assert(kind > ID_NONE && kind < ID_KIND_COUNT);
    return (struct str){ prefixes[kind], PREFIX_BYTES };
}

void typeid_write(enum id_kind kind, struct id id, char *ret_text)
{
    uint64_t upper = id.hi >> 1;
    char *first = ret_text + PREFIX_BYTES + 1;
    char *second = first + HALF_CHARS;

    assert(kind > ID_NONE && kind < ID_KIND_COUNT);
    memcpy(ret_text, prefixes[kind], PREFIX_BYTES);
    ret_text[PREFIX_BYTES] = '_';
    for (unsigned i = 0; i < HALF_CHARS; i++)
        first[i] = alphabet[upper >> (60 - 5 * i) & 31];
    second[0] = alphabet[(id.hi & 1) << 4 | id.lo >> 60];
    for (unsigned i = 1; i < HALF_CHARS; i++)
        second[i] = alphabet[id.lo >> (60 - 5 * i) & 31];
}

void typeid_add(struct buf *buf, enum id_kind kind, struct id id)
{
    char *at = buf_room(buf, TYPEID_BYTES);

    if (!at)
        return;
    typeid_write(kind, id, at);
    buf_keep(buf, TYPEID_BYTES);
}

/* The value of each character; NO_DIGIT for what is not in the alphabet. */
#define NO NO_DIGIT
static const uint8_t values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 10, 11, 12, 13, 14, 15, 16, 17, NO, 18, 19, NO, 20, 21, NO, 22, 23, 24, 25,
    26, NO, 27, 28, 29, 30, 31, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
#undef NO

/* Thirteen digits, all checked at the end; the first is given apart, since 65 bits don't fit in one number. Each digit
 * goes straight to its own bits, so that none waits for the one before. */
static bool read_half(const char *text, unsigned *ret_first, uint64_t *ret_rest)
{
    const unsigned char *digits = (const unsigned char *)text;
    unsigned wrong = values[digits[0]];
    uint64_t rest = 0;

    for (unsigned i = 1; i < HALF_CHARS; i++) {
        unsigned digit = values[digits[i]];
        wrong |= digit;
        rest |= (uint64_t)digit << (60 - 5 * i);
    }
    if (wrong & NO_DIGIT)
        return false;
    *ret_first = values[digits[0]];
    *ret_rest = rest;
    return true;
}

static status read_digits(const char *text, struct id *ret_id)
{
    unsigned top;
    unsigned middle;
    uint64_t upper;
    uint64_t lower;

    if (!read_half(text, &top, &upper) || !read_half(text + HALF_CHARS, &middle, &lower) || top > 7)
        return (status){ CODE_INVALID };
    upper = (uint64_t)top << 61 | upper << 1 | middle >> 4;
    lower |= (uint64_t)(middle & 15) << 60;
    if (!(upper | lower))
        return (status){ CODE_INVALID };
    *ret_id = (struct id){ .hi = upper, .lo = lower };
    return OK;
}

status typeid_read(struct str text, enum id_kind kind, struct id *ret_id)
{
    assert(kind > ID_NONE && kind < ID_KIND_COUNT);
    if (text.len != TYPEID_BYTES || memcmp(text.at, prefixes[kind], PREFIX_BYTES) != 0 || text.at[PREFIX_BYTES] != '_')
        return (status){ CODE_INVALID };
    return read_digits(text.at + PREFIX_BYTES + 1, ret_id);
}

status typeid_read_any(struct str text, enum id_kind *ret_kind, struct id *ret_id)
{
    if (text.len != TYPEID_BYTES)
        return (status){ CODE_INVALID };
    for (int kind = ID_NONE + 1; kind < ID_KIND_COUNT; kind++) {
        if (memcmp(text.at, prefixes[kind], PREFIX_BYTES) != 0)
            continue;
        TRY(typeid_read(text, (enum id_kind)kind, ret_id));
        *ret_kind = (enum id_kind)kind;
        return OK;
    }
    return (status){ CODE_INVALID };
}
