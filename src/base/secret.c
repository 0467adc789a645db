/*
 * base/secret: wiping and comparing. Any thread.
 */
#include "base/secret.h"

#include "base/memory.h"

void secret_free(struct secret *secret)
{
    memory_wipe(secret, sizeof *secret);
}

bool secret_equals(const void *a, size_t a_len, const void *b, size_t b_len)
{
    /* volatile keeps the compiler from leaving the loop at the first difference. */
    const volatile unsigned char *left = a;
    const volatile unsigned char *right = b;
    unsigned char difference = 0;

    if (a_len != b_len)
        return false;
    for (size_t i = 0; i < a_len; i++)
        difference |= (unsigned char)(left[i] ^ right[i]);
    return difference == 0;
}
