/*
 * base/entropy: getrandom(2) in blocks, or splitmix64 from a seed.
 *
 * Bytes that were handed out are overwritten in the block, so that a later look at this memory does not show a nonce or
 * a token. splitmix64 is the generator of Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators"
 * (OOPSLA 2014), with the constants of Vigna's public-domain version; it is reproducible and not fit for secrets.
 */
#include "base/entropy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/memory.h"

struct entropy entropy_from_system(void)
{
    return (struct entropy){ .seeded = false };
}

struct entropy entropy_from_seed(uint64_t seed)
{
    return (struct entropy){ .seeded = true, .state = seed };
}

static uint64_t next_seeded(struct entropy *entropy)
{
    uint64_t mixed = entropy->state += 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

static void fill_from_seed(struct entropy *entropy)
{
    for (size_t at = 0; at < sizeof entropy->block; at += sizeof(uint64_t)) {
        uint64_t number = next_seeded(entropy);
        memcpy(entropy->block + at, &number, sizeof number);
    }
}

static void fill_from_kernel(struct entropy *entropy)
{
    size_t filled = 0;

    while (filled < sizeof entropy->block) {
        ssize_t got = getrandom(entropy->block + filled, sizeof entropy->block - filled, 0);
        if (got > 0) {
            filled += (size_t)got;
        } else if (errno != EINTR) {
            log_write(LOG_ERROR, "entropy", "the kernel gives no random bytes: %s", strerror(errno));
            abort();
        }
    }
}

static void refill(struct entropy *entropy)
{
    if (entropy->seeded)
        fill_from_seed(entropy);
    else
        fill_from_kernel(entropy);
    entropy->left = sizeof entropy->block;
}

void entropy_fill(struct entropy *entropy, void *ret_bytes, size_t len)
{
    unsigned char *to = ret_bytes;

    while (len > 0) {
        if (entropy->left == 0)
            refill(entropy);
        size_t part = len < entropy->left ? len : entropy->left;
        unsigned char *from = entropy->block + sizeof entropy->block - entropy->left;
        memcpy(to, from, part);
        memory_wipe(from, part);
        entropy->left -= part;
        to += part;
        len -= part;
    }
}

uint64_t entropy_u64(struct entropy *entropy)
{
    uint64_t number;

    entropy_fill(entropy, &number, sizeof number);
    return number;
}

uint64_t entropy_below(struct entropy *entropy, uint64_t bound)
{
    uint64_t number;
    uint64_t unfair; /* so many of the lowest numbers would make some remainders likelier than others */

    assert(bound > 0);
    unfair = (0 - bound) % bound;
    do {
        number = entropy_u64(entropy);
    } while (number < unfair);
    return number % bound;
}
