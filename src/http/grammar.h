/*
 * http/grammar: which byte may stand where in a request (RFC 9110 section 5.6.2, RFC 9112 sections 2 to 5, RFC 3986).
 */
#ifndef HTTP_GRAMMAR_H
#define HTTP_GRAMMAR_H

#include <stdbool.h>

#include "base/str.h"

enum grammar_class {
    GRAMMAR_TOKEN = 1,  /* a method, a field name, a coding */
    GRAMMAR_TARGET = 2, /* path and query as sent; no fragment, no brackets */
    GRAMMAR_HOST = 4,   /* host and port */
    GRAMMAR_TEXT =
        8, /* a field value: printable, space, tab, and bytes above 127, whose meaning is nobody's business */
};

/* For each byte the classes it belongs to. */
extern const unsigned char grammar_bytes[256];

static inline bool grammar_is(char byte, enum grammar_class class)
{
    return (grammar_bytes[(unsigned char)byte] & (unsigned)class) != 0;
}
/* Whether every byte of `text` is of that class; the empty text is. */
bool grammar_all(struct str text, enum grammar_class class);
/* How many bytes are GRAMMAR_TEXT before the first that is not. */
size_t grammar_text_len(struct str text);
/* The value of a hexadecimal digit, or -1. */
int grammar_hex(char byte);

#endif
