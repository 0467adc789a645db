/*
 * codec/hex: bytes as lower-case hexadecimal digits, two each. Pure.
 *
 * It refuses upper case, so that one value has one text.
 */
#ifndef CODEC_HEX_H
#define CODEC_HEX_H

#include "base/buf.h"
#include "base/str.h"

/* Writes exactly 2 × len characters, no NUL. */
void hex_write(const void *bytes, size_t len, char *ret_text);
void hex_add(struct buf *buf, const void *bytes, size_t len);
/* Exactly `len` bytes from 2 × len digits. CODE_INVALID otherwise; *ret_bytes may then be partly written. */
MUST_CHECK status hex_read(struct str text, void *ret_bytes, size_t len);

#endif
