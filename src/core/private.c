#include "core/private.h"

struct hash private_commitment(const uint8_t *salt, struct str text)
{
    static const char domain[] = "tallystick/private/v1"; /* its NUL is part of it */
    struct str parts[] = { { domain, sizeof(domain) }, { (const char *)salt, PRIVATE_SALT_BYTES }, text };

    return hash_of_parts(parts, 3);
}
