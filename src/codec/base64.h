/*
 * codec/base64: bytes as text after RFC 4648, section 4 (padded, "+/") and section 5 (URL-safe, "-_", here always
 * without padding). Pure.
 *
 * Reading is strict, so that one value has one text: it refuses missing or surplus padding, white space, characters of
 * the other alphabet and trailing bits that are not zero (RFC 4648 sections 3.2, 3.3 and 3.5).
 */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/buf.h"
#include "base/str.h"

/* The length of the padded text of so many bytes. A constant expression for constant lengths. */
#define BASE64_TEXT_BYTES(len) (((size_t)(len) + 2) / 3 * 4)
/* An upper bound of the bytes in a text of either form. */
#define BASE64_DATA_MAX_BYTES(text_len) ((size_t)(text_len) / 4 * 3 + 2)

/* Writes exactly BASE64_TEXT_BYTES(len) characters, no NUL. */
void base64_write(const void *bytes, size_t len, char *ret_text);
void base64_add(struct buf *buf, const void *bytes, size_t len);
void base64url_add(struct buf *buf, const void *bytes, size_t len);
/*
 * At most `capacity` bytes into ret_bytes. CODE_INVALID when it is not base64, CODE_TOO_LARGE when it holds more;
 * ret_bytes may then be partly written, *ret_len not.
 */
MUST_CHECK status base64_read(struct str text, void *ret_bytes, size_t capacity, size_t *ret_len);
MUST_CHECK status base64url_read(struct str text, void *ret_bytes, size_t capacity, size_t *ret_len);
/* Whether it is padded base64 of any length, and of how many bytes, without a place for them. CODE_INVALID when not. */
MUST_CHECK status base64_check(struct str text, size_t *ret_len);
/* Exactly `len` bytes: a hash or a key. CODE_INVALID otherwise. */
MUST_CHECK status base64_read_exact(struct str text, void *ret_bytes, size_t len);

#endif
