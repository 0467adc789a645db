/*
 * crypto/aead: the test cases of the GCM specification (McGrew and Viega), and that nothing else opens.
 */
#include "codec/hex.h"
#include "crypto/aead.h"
#include "test.h"

#define MAX_BYTES 64

struct vector {
    const char *key, *nonce, *additional, *text, *sealed;
};

static const struct vector vectors[] = {
    /* test case 13 */
    { "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
      "530f8afbc74536b9a963b4f1c4cb738b" },
    /* test case 14 */
    { "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
      "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
    /* test case 16 */
    { "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
      "b16aedf5aa0de657ba637b39",
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
      "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b" },
};

struct sealing {
    struct aead *aead;
    struct aead_key key;
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t additional[MAX_BYTES], text[MAX_BYTES], sealed[MAX_BYTES + AEAD_TAG_BYTES];
    size_t additional_len, text_len;
};

static size_t read_hex(const char *hex, uint8_t *ret_bytes)
{
    size_t len = strlen(hex) / 2;

    CHECK_OK(hex_read(str_of(hex), ret_bytes, len));
    return len;
}

static struct sealing sealing_of(const struct vector *vector)
{
    struct sealing sealing = { 0 };

    CHECK_OK(aead_new(&sealing.aead));
    (void)read_hex(vector->key, sealing.key.bytes);
    (void)read_hex(vector->nonce, sealing.nonce);
    sealing.additional_len = read_hex(vector->additional, sealing.additional);
    sealing.text_len = read_hex(vector->text, sealing.text);
    CHECK_INT(read_hex(vector->sealed, sealing.sealed), sealing.text_len + AEAD_TAG_BYTES);
    return sealing;
}

static void sealing_end(struct sealing *sealing)
{
    aead_free(sealing->aead);
}

static struct aead_use use_of(const struct sealing *sealing)
{
    return (struct aead_use){ &sealing->key,
                              sealing->nonce,
                              { (const char *)sealing->additional, sealing->additional_len } };
}

static struct str sealed_of(const struct sealing *sealing)
{
    return (struct str){ (const char *)sealing->sealed, sealing->text_len + AEAD_TAG_BYTES };
}

static status open_it(struct sealing *sealing, uint8_t *ret_text)
{
    struct aead_use use = use_of(sealing);

    return aead_open(sealing->aead, &use, sealed_of(sealing), ret_text);
}

static void the_specification_s_cases_come_out_as_it_says(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        AUTO(struct sealing, sealing_end) sealing = sealing_of(&vectors[i]);
        struct aead_use use = use_of(&sealing);
        uint8_t sealed[MAX_BYTES + AEAD_TAG_BYTES];
        uint8_t text[MAX_BYTES];

        for (int again = 0; again < 2; again++) { /* the object is used anew */
            CHECK_OK(
                aead_seal(sealing.aead, &use, (struct str){ (const char *)sealing.text, sealing.text_len }, sealed));
            CHECK(memcmp(sealed, sealing.sealed, sealing.text_len + AEAD_TAG_BYTES) == 0);
            CHECK_OK(open_it(&sealing, text));
            CHECK(memcmp(text, sealing.text, sealing.text_len) == 0);
        }
    }
}

/* Flips each bit of `bytes` in turn. */
static void no_bit_may_differ(struct sealing *sealing, uint8_t *bytes, size_t len)
{
    uint8_t text[MAX_BYTES];

    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_CODE(open_it(sealing, text), CODE_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_OK(open_it(sealing, text));
}

static void what_differs_in_any_bit_does_not_open(void)
{
    AUTO(struct sealing, sealing_end) sealing = sealing_of(&vectors[2]);

    no_bit_may_differ(&sealing, sealing.sealed, sealing.text_len + AEAD_TAG_BYTES);
    no_bit_may_differ(&sealing, sealing.key.bytes, sizeof sealing.key.bytes);
    no_bit_may_differ(&sealing, sealing.nonce, sizeof sealing.nonce);
    no_bit_may_differ(&sealing, sealing.additional, sealing.additional_len);
}

static void a_text_that_does_not_open_is_not_given(void)
{
    AUTO(struct sealing, sealing_end) sealing = sealing_of(&vectors[2]);
    uint8_t zeros[MAX_BYTES] = { 0 };
    uint8_t text[MAX_BYTES] = { 0 };
    struct aead_use use = use_of(&sealing);

    sealing.sealed[sealing.text_len] ^= 1;
    CHECK_CODE(open_it(&sealing, text), CODE_CORRUPT);
    CHECK(memcmp(text, zeros, sizeof text) == 0);
    for (size_t len = 0; len < AEAD_TAG_BYTES; len++)
        CHECK_CODE(aead_open(sealing.aead, &use, str_cut(sealed_of(&sealing), 0, len), text), CODE_CORRUPT);
}

static const struct test tests[] = {
    TEST(the_specification_s_cases_come_out_as_it_says),
    TEST(what_differs_in_any_bit_does_not_open),
    TEST(a_text_that_does_not_open_is_not_given),
};
TEST_MAIN(tests)
