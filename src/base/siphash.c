#include "base/siphash.h"

#include <stddef.h>
#include <string.h>

enum { ROUNDS_A_WORD = 2, ROUNDS_AT_THE_END = 4 };

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t turned(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static void rounds(struct sip_state *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = turned(s->v1, 13) ^ s->v0;
        s->v3 = turned(s->v3, 16) ^ s->v2;
        s->v0 = turned(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = turned(s->v1, 17) ^ s->v2;
        s->v3 = turned(s->v3, 21) ^ s->v0;
        s->v2 = turned(s->v2, 32);
    }
}

static void word_add(struct sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, ROUNDS_A_WORD);
    s->v0 ^= word;
}

/* Up to eight bytes, the first one lowest, on any machine. */
static uint64_t word_of(const char *at, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)(uint8_t)at[i] << 8 * i;
    return word;
}

uint64_t siphash(const struct siphash_key *key, struct str text)
{
    struct sip_state s = { .v0 = key->words[0] ^ 0x736f6d6570736575u,
                           .v1 = key->words[1] ^ 0x646f72616e646f6du,
                           .v2 = key->words[0] ^ 0x6c7967656e657261u,
                           .v3 = key->words[1] ^ 0x7465646279746573u };
    size_t whole = text.len / 8 * 8;

    for (size_t i = 0; i < whole; i += 8)
        word_add(&s, word_of(text.at + i, 8));
    word_add(&s, word_of(text.len > whole ? text.at + whole : "", text.len - whole) | (uint64_t)text.len << 56);
    s.v2 ^= 0xff;
    rounds(&s, ROUNDS_AT_THE_END);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
