/*
 * base/siphash: against the example and the vectors of the algorithm's authors.
 */
#include "base/siphash.h"
#include "test.h"

/* Key 00 01 … 0f, text 00 01 …: the paper's appendix A, and the first ones of the authors' reference vectors. */
static const struct siphash_key paper_key = { { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u } };

static void the_authors_vectors_are_met(void)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        { 0, 0x726fdb47dd0e0e31u }, { 1, 0x74f839c593dc67fdu },  { 7, 0xab0200f58b01d137u },
        { 8, 0x93f5f5799a932462u }, { 15, 0xa129ca6149be45e5u },
    };
    char text[16];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)i;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        CHECK(siphash(&paper_key, (struct str){ text, vectors[i].len }) == vectors[i].hash);
}

static void another_key_is_another_hash(void)
{
    const struct siphash_key other = { { 0x0706050403020101u, 0x0f0e0d0c0b0a0908u } };

    CHECK(siphash(&paper_key, STR("cad/render")) == siphash(&paper_key, STR("cad/render")));
    CHECK(siphash(&paper_key, STR("cad/render")) != siphash(&other, STR("cad/render")));
    CHECK(siphash(&paper_key, STR("cad/render")) != siphash(&paper_key, STR("cad/rendes")));
}

static const struct test tests[] = {
    TEST(the_authors_vectors_are_met),
    TEST(another_key_is_another_hash),
};
TEST_MAIN(tests)
