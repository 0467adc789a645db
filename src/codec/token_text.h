/*
 * codec/token_text: the text of an API token ("tlyp_" and 36 characters), made and checked. Pure.
 *
 * Four letters tell whose it is, 30 base62 characters carry 178 random bits, and six more are the CRC-32 of everything
 * before them, most significant digit first, so that a typing error is caught without asking a server and secret
 * scanners can match the form. Only the token's SHA-256 is ever stored; that is not this file's work.
 */
#ifndef CODEC_TOKEN_TEXT_H
#define CODEC_TOKEN_TEXT_H

#include "base/entropy.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum token_kind {
    TOKEN_PERSON,      /* tlyp_ */
    TOKEN_SERVICE,     /* tlys_ */
    TOKEN_ENROL,       /* tlye_: one use */
    TOKEN_SCIM,        /* tlyr_ */
    TOKEN_LICENSE_KEY, /* tlyk_: can only enrol a device */
    TOKEN_KIND_COUNT
};

#define TOKEN_PREFIX_BYTES   5
#define TOKEN_RANDOM_BYTES   30
#define TOKEN_CHECKSUM_BYTES 6
#define TOKEN_TEXT_BYTES     (TOKEN_PREFIX_BYTES + TOKEN_RANDOM_BYTES + TOKEN_CHECKSUM_BYTES)

void token_text_new(enum token_kind kind, struct entropy *entropy, struct secret *ret_token);
/*
 * CODE_INVALID: this is no token (another length, prefix or alphabet). CODE_CORRUPT: it was one, and is mistyped or
 * cut together wrongly. The err text never holds any of the token.
 */
MUST_CHECK status token_text_read(struct str text, enum token_kind *ret_kind, struct err *err);

#endif
