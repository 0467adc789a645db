/*
 * base/str: searching, splitting and checking slices.
 */
#include "base/str.h"

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

int str_compare(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.at, b.at, common) : 0;

    if (order)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

size_t str_find(struct str s, char byte)
{
    const char *found = s.len ? memchr(s.at, byte, s.len) : NULL;

    return found ? (size_t)(found - s.at) : s.len;
}

size_t str_find_str(struct str s, struct str needle)
{
    const char *found;

    if (needle.len == 0)
        return 0;
    found = s.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;
    return found ? (size_t)(found - s.at) : s.len;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.at[0]))
        s = str_from(s, 1);
    while (s.len && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct str str_take(struct str *rest, char byte)
{
    struct str whole = *rest;
    size_t end = str_find(whole, byte);

    *rest = str_from(whole, end + (end < whole.len));
    return str_cut(whole, 0, end);
}

struct str str_take_line(struct str *rest)
{
    return str_take(rest, '\n');
}

/* RFC 3629 section 4: the second byte's range leaves out overlong forms, surrogates and what is above U+10FFFF. */
static const struct form {
    unsigned char first_min, first_max, second_min, second_max, len;
} forms[] = {
    { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool fits_form(const unsigned char *at, size_t left, const struct form *form)
{
    if (form->len == 1)
        return true;
    if (left < form->len || at[1] < form->second_min || at[1] > form->second_max)
        return false;
    for (size_t i = 2; i < form->len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return false;
    }
    return true;
}

size_t str_utf8_len(struct str s)
{
    const unsigned char *at = (const unsigned char *)s.at;

    for (size_t i = 0; s.len > 0 && i < sizeof forms / sizeof *forms; i++) {
        if (at[0] >= forms[i].first_min && at[0] <= forms[i].first_max)
            return fits_form(at, s.len, &forms[i]) ? forms[i].len : 0;
    }
    return 0;
}

/* Eight bytes at once while none has its upper bit set, which is nearly always all of the text. */
static size_t ascii_len(struct str s)
{
    size_t at = 0;
    uint64_t word;

    while (s.len - at >= sizeof word) {
        memcpy(&word, s.at + at, sizeof word);
        if (word & 0x8080808080808080u)
            break;
        at += sizeof word;
    }
    return at;
}

bool str_is_utf8(struct str s)
{
    size_t at = ascii_len(s);

    while (at < s.len) {
        size_t len = str_utf8_len(str_from(s, at));
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

bool str_is_text(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.at[i];
        bool upper_control = byte == 0xc2 && i + 1 < s.len && (unsigned char)s.at[i + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f || upper_control)
            return false;
    }
    return str_is_utf8(s);
}

status str_to_u64(struct str s, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (s.len == 0 || (s.len > 1 && s.at[0] == '0'))
        return (status){ CODE_INVALID };
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.at[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number))
            return (status){ CODE_INVALID };
    }
    if (number > max)
        return (status){ CODE_INVALID };
    *ret_number = number;
    return OK;
}

bool str_to_c(struct str s, char *ret_text, size_t size)
{
    if (size == 0)
        return false;
    ret_text[0] = '\0';
    if (s.len >= size || str_find(s, '\0') < s.len)
        return false;
    if (s.len)
        memcpy(ret_text, s.at, s.len);
    ret_text[s.len] = '\0';
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    return hash ^ (hash >> 32);
}

/* Eight bytes a step; the length goes in first, so that the zeros that fill the last step don't make two texts equal.
 */
uint64_t str_hash(struct str s, uint64_t seed)
{
    uint64_t hash = mix(seed, s.len);
    uint64_t word = 0;
    size_t at = 0;

    for (; s.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, s.at + at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (at < s.len)
        memcpy(&word, s.at + at, s.len - at);
    return mix(mix(hash, word), seed);
}
