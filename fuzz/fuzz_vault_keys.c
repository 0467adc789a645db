/*
 * fuzz/vault_keys: a header and slots of vault.keys from anywhere. What is read is written again as the same bytes.
 */
#include <assert.h>
#include <string.h>

#include "engine/vault_keys.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    struct key_header header;
    struct key_slot slot;
    uint8_t again[KEY_UNIT_BYTES];

    if (len >= KEY_UNIT_BYTES && !key_header_read(data, &header).code) {
        key_header_write(&header, again);
        assert(memcmp(again, data, sizeof again) == 0);
    }
    for (size_t at = 0; at + KEY_UNIT_BYTES <= len; at += KEY_UNIT_BYTES) {
        if (key_slot_read(data + at, &slot).code)
            continue;
        assert(slot.holder.kind < KEY_HOLDER_KINDS);
        key_slot_write(&slot, again);
        assert(memcmp(again, data + at, sizeof again) == 0);
    }
    return 0;
}
