#include "http/peers.h"

#include <assert.h>
#include <string.h>

#include "base/entropy.h"

#define V4_AT         12 /* of ::ffff:a.b.c.d */
#define V6_SITE_BYTES 8  /* who has one address of a /64 has them all */

void peers_init(struct peers *peers)
{
    struct entropy entropy = entropy_from_system();

    entropy_fill(&entropy, &peers->key, sizeof(peers->key));
}

static bool is_v4(const unsigned char *address)
{
    static const unsigned char prefix[V4_AT] = { [10] = 0xff, [11] = 0xff };

    return memcmp(address, prefix, sizeof(prefix)) == 0;
}

uint16_t peers_slot(const struct peers *peers, const unsigned char *address)
{
    const char *text = (const char *)address;
    struct str part = is_v4(address) ? (struct str){ text + V4_AT, 4 } : (struct str){ text, V6_SITE_BYTES };

    return (uint16_t)(siphash(&peers->key, part) % PEERS_SLOTS);
}

bool peers_enter(struct peers *peers, uint16_t slot, size_t max)
{
    if (atomic_fetch_add(&peers->counts[slot], 1) < max)
        return true;
    peers_leave(peers, slot);
    return false;
}

void peers_leave(struct peers *peers, uint16_t slot)
{
    unsigned before = atomic_fetch_sub(&peers->counts[slot], 1);

    assert(before > 0);
    (void)before;
}
