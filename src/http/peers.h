/*
 * http/peers: how many connections each network address has, so that no single one can take all of them.
 *
 * Addresses (IPv6: /64) are counted in slots that a keyed hash gives them. Two that meet share a count, which can only
 * make the limit come sooner, and nobody outside can tell which meet. Any thread.
 */
#ifndef HTTP_PEERS_H
#define HTTP_PEERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"

#define PEERS_SLOTS 4096 /* 16 kB */

struct peers {
    struct siphash_key key;
    atomic_uint counts[PEERS_SLOTS];
};

void peers_init(struct peers *peers); /* with a key of its own */
/* The slot of an address in network order, IPv4 as ::ffff:a.b.c.d. */
uint16_t peers_slot(const struct peers *peers, const unsigned char *address);
/* One more; false, and none more, when there are `max` already. */
bool peers_enter(struct peers *peers, uint16_t slot, size_t max);
void peers_leave(struct peers *peers, uint16_t slot);

#endif
