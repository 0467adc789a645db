/*
 * fuzz/vault_sealed: the head of a sealed text from anywhere: either refused, or keys that can be there.
 */
#include <assert.h>

#include "engine/vault.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct vault_lock lock;

    if (vault_lock_of((struct str){ (const char *)data, len }, &lock).code)
        return 0;
    assert(len >= VAULT_OVERHEAD_BYTES);
    assert(lock.house ? !lock.with_day && id_is_none(lock.person) : lock.with_day || !id_is_none(lock.person));
    return 0;
}
