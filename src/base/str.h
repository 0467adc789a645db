/*
 * base/str: a slice of text or bytes that somebody else owns.
 *
 * Nothing here allocates or fails but by its return value. The smallest functions stand in the header because the
 * encoders call them dozens of times an entry. Any thread.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

struct str {
    const char *at; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;
};

/* As STR, where only a constant initialiser will do: static tables. */
#define STR_INIT(literal)                                                                                              \
    {                                                                                                                  \
        "" literal, sizeof(literal) - 1                                                                                \
    }
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ 0 })
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).at ? (s).at : ""

/* NULL gives the empty slice. */
static inline struct str str_of(const char *text)
{
    return text ? (struct str){ text, strlen(text) } : STR_NONE;
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
/* The rest from start, empty past the end. */
static inline struct str str_from(struct str s, size_t start)
{
    return start < s.len ? (struct str){ s.at + start, s.len - start } : STR_NONE;
}
/* Clipped to s. */
static inline struct str str_cut(struct str s, size_t start, size_t len)
{
    struct str rest = str_from(s, start);

    return (struct str){ rest.at, len < rest.len ? len : rest.len };
}
static inline bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq((struct str){ s.at, prefix.len }, prefix);
}
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
int str_compare(struct str a, struct str b);    /* bytewise; a prefix sorts first */
bool str_ends(struct str s, struct str suffix);
/* The position of the first `byte`, or s.len when there is none. */
size_t str_find(struct str s, char byte);
/* The position of the first `needle`, or s.len. An empty needle is found at 0. */
size_t str_find_str(struct str s, struct str needle);
struct str str_trim(struct str s); /* without ASCII space and tab at both ends */
/* Takes the part before the first `byte` off *rest (all of it when there is none) and returns it. */
struct str str_take(struct str *rest, char byte);
/* Takes one line off *rest, without its '\n'. */
struct str str_take_line(struct str *rest);
/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF). */
bool str_is_utf8(struct str s);
bool str_is_text(struct str s);    /* that, and no control characters (U+0000 … U+001F, U+007F … U+009F) */
size_t str_utf8_len(struct str s); /* bytes of the first character; 0 when it is malformed or s is empty */
/*
 * Decimal without sign, space or leading zero ("0" alone for zero), at most `max`.
 * CODE_INVALID for anything else; *ret_number is then untouched.
 */
MUST_CHECK status str_to_u64(struct str s, uint64_t max, uint64_t *ret_number);
/* Copies to a C string of `size` bytes; false, and an empty string, when it does not fit or holds a NUL. */
bool str_to_c(struct str s, char *ret_text, size_t size);
uint64_t str_hash(struct str s, uint64_t seed); /* for tables, not for secrets */

#endif
