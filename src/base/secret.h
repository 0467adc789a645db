/*
 * base/secret: bytes that must not be printed, compared by time or left behind.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX_BYTES 64

struct secret {
    unsigned char bytes[SECRET_MAX_BYTES];
    size_t len;
};

void secret_free(struct secret *secret); /* wipes */
/* Constant time in the contents; false at once when the lengths differ. */
bool secret_equals(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
