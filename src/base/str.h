/*
 * base/str: a slice of text or bytes that somebody else owns.
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

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ 0 })
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).at ? (s).at : ""

struct str str_of(const char *text); /* NULL gives the empty slice */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
int str_compare(struct str a, struct str b);    /* bytewise; a prefix sorts first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* The position of the first `byte`, or s.len when there is none. */
size_t str_find(struct str s, char byte);
/* The position of the first `needle`, or s.len. An empty needle is found at 0. */
size_t str_find_str(struct str s, struct str needle);
struct str str_from(struct str s, size_t start);            /* the rest from start, empty past the end */
struct str str_cut(struct str s, size_t start, size_t len); /* clipped to s */
struct str str_trim(struct str s);                          /* without ASCII space and tab at both ends */
/* Takes the part before the first `byte` off *rest (all of it when there is none) and returns it. */
struct str str_take(struct str *rest, char byte);
/* Takes one line off *rest, without its '\n'. */
struct str str_take_line(struct str *rest);
/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF). */
bool str_is_utf8(struct str s);
/*
 * Decimal without sign, space or leading zero ("0" alone for zero), at most `max`.
 * CODE_INVALID for anything else; *ret_number is then untouched.
 */
MUST_CHECK status str_to_u64(struct str s, uint64_t max, uint64_t *ret_number);
/* Copies to a C string of `size` bytes; false, and an empty string, when it does not fit or holds a NUL. */
bool str_to_c(struct str s, char *ret_text, size_t size);
uint64_t str_hash(struct str s, uint64_t seed); /* for tables, not for secrets */

#endif
