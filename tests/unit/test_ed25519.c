/*
 * crypto/ed25519: RFC 8032's signatures, and nothing else is one.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "codec/hex.h"
#include "crypto/ed25519.h"
#include "test.h"

/* OpenSSL's allocations; at zero one fails. Must be arranged before its first. */
static int allocations_left = -1;
static bool allocation_failed;

static bool must_fail(void)
{
    if (allocations_left < 0 || allocations_left-- > 0)
        return false;
    allocation_failed = true;
    return true;
}

static void *allocate(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(len);
}

static void *reallocate(void *at, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(at, len);
}

static void release(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    free(at);
}

__attribute__((constructor)) static void take_over_allocation(void)
{
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
        abort();
}

static struct str signature_str(const struct ed25519_signature *signature)
{
    return (struct str){ (const char *)signature->bytes, sizeof signature->bytes };
}

static struct ed25519_key key_from(const char *seed_hex)
{
    AUTO(struct secret, secret_free) seed = { .len = ED25519_SEED_BYTES };
    struct ed25519_key key = { 0 };

    CHECK_OK(hex_read(str_of(seed_hex), seed.bytes, seed.len));
    CHECK_OK(ed25519_open(&seed, &key, NULL));
    return key;
}

#define ANY_SEED "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* RFC 8032 section 7.1. */
static void keys_and_signatures_are_those_of_rfc_8032(void)
{
    static const struct {
        const char *seed, *public_key, *signature;
        const char *message;
        size_t message_len;
    } cases[] = {
        { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595"
          "bbe24655141438e7a100b",
          "", 0 },
        { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb43"
          "02aeeb00d291612bb0c00",
          "\x72", 1 },
        { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
          "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
          "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716"
          "ed28dc027beceea1ec40a",
          "\xaf\x82", 2 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(struct ed25519_key, ed25519_close) key = key_from(cases[i].seed);
        struct str message = { cases[i].message, cases[i].message_len };
        struct ed25519_signature signature = { 0 }, want;
        struct ed25519_public public_key;

        CHECKING("case %zu", i);
        CHECK_OK(hex_read(str_of(cases[i].public_key), public_key.bytes, sizeof public_key.bytes));
        CHECK_OK(hex_read(str_of(cases[i].signature), want.bytes, sizeof want.bytes));
        CHECK(memcmp(&key.public_key, &public_key, sizeof public_key) == 0);
        CHECK_OK(ed25519_sign(&key, message, &signature, NULL));
        CHECK_STR(signature_str(&signature), signature_str(&want));
        CHECK_OK(ed25519_verify(&public_key, message, signature_str(&want), NULL));
    }
}

static void a_signature_with_any_bit_flipped_is_refused(void)
{
    AUTO(struct ed25519_key, ed25519_close) key = key_from(ANY_SEED);
    struct ed25519_signature signature = { 0 };
    struct err err = { 0 };

    CHECK_OK(ed25519_sign(&key, STR("message"), &signature, NULL));
    for (size_t bit = 0; bit < 8 * sizeof signature.bytes; bit++) {
        struct ed25519_signature bad = signature;

        bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECKING("bit %zu", bit);
        CHECK_CODE(ed25519_verify(&key.public_key, STR("message"), signature_str(&bad), &err), CODE_CORRUPT);
    }
    CHECK_STR(str_of(err.text), STR("the Ed25519 signature does not verify"));
}

static void another_message_key_or_length_is_refused(void)
{
    AUTO(struct ed25519_key, ed25519_close) key = key_from(ANY_SEED);
    AUTO(struct ed25519_key, ed25519_close)
    other = key_from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    struct ed25519_signature signature = { 0 };
    char longer[ED25519_SIGNATURE_BYTES + 1] = { 0 };
    struct str text = signature_str(&signature);
    struct err err = { 0 };

    CHECK_OK(ed25519_sign(&key, STR("message"), &signature, NULL));
    memcpy(longer, signature.bytes, sizeof signature.bytes);
    CHECK_CODE(ed25519_verify(&key.public_key, STR("messagf"), text, NULL), CODE_CORRUPT);
    CHECK_CODE(ed25519_verify(&key.public_key, STR("message "), text, NULL), CODE_CORRUPT);
    CHECK_CODE(ed25519_verify(&key.public_key, STR_NONE, text, NULL), CODE_CORRUPT);
    CHECK_CODE(ed25519_verify(&other.public_key, STR("message"), text, NULL), CODE_CORRUPT);
    CHECK_CODE(ed25519_verify(&key.public_key, STR("message"), STR_NONE, NULL), CODE_CORRUPT);
    CHECK_CODE(ed25519_verify(&key.public_key, STR("message"), str_cut(text, 0, 63), &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("an Ed25519 signature has 63 bytes, expected 64"));
    CHECK_CODE(ed25519_verify(&key.public_key, STR("message"), (struct str){ longer, sizeof longer }, NULL),
               CODE_CORRUPT);
}

/* RFC 8032 section 5.1.7: S must be below the group's order L, or each signature would have a second spelling. */
static void the_same_signature_with_s_plus_the_order_is_refused(void)
{
    AUTO(struct ed25519_key, ed25519_close) key = key_from(ANY_SEED);
    struct ed25519_signature signature = { 0 };
    uint8_t order[32];
    unsigned carry = 0;

    CHECK_OK(hex_read(STR("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"), order, sizeof order));
    CHECK_OK(ed25519_sign(&key, STR("message"), &signature, NULL));
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)signature.bytes[32 + i] + order[i];
        signature.bytes[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK_CODE(ed25519_verify(&key.public_key, STR("message"), signature_str(&signature), NULL), CODE_CORRUPT);
}

static void a_seed_must_have_32_bytes(void)
{
    struct err err = { 0 };
    struct ed25519_key key = { 0 };

    for (size_t len = 0; len <= SECRET_MAX_BYTES; len++) {
        struct secret seed = { .len = len };

        if (len != ED25519_SEED_BYTES)
            CHECK_CODE(ed25519_open(&seed, &key, &err), CODE_INVALID);
    }
    CHECK(key.handle == NULL);
    CHECK_STR(str_of(err.text), STR("an Ed25519 seed has 64 bytes, expected 32"));
}

static void an_open_key_gives_its_seed_back(void)
{
    AUTO(struct ed25519_key, ed25519_close) key = { 0 };
    struct entropy entropy = entropy_from_seed(7);
    struct secret seed, again, other;

    ed25519_seed_new(&entropy, &seed);
    ed25519_seed_new(&entropy, &other);
    CHECK(!secret_equals(seed.bytes, seed.len, other.bytes, other.len));
    CHECK_OK(ed25519_open(&seed, &key, NULL));
    ed25519_seed(&key, &again);
    CHECK(secret_equals(seed.bytes, seed.len, again.bytes, again.len));
    ed25519_close(&key);
    ed25519_close(&key); /* closing twice is harmless */
}

/* Opens, signs and verifies with the allocation of that number failing. */
static status sign_and_verify(int allocation)
{
    AUTO(struct ed25519_key, ed25519_close) key = { 0 };
    struct secret seed = { .len = ED25519_SEED_BYTES };
    struct ed25519_signature signature = { 0 };
    status s;

    allocation_failed = false;
    allocations_left = allocation;
    s = ed25519_open(&seed, &key, NULL);
    if (!s.code)
        s = ed25519_sign(&key, STR("message"), &signature, NULL);
    if (!s.code)
        s = ed25519_verify(&key.public_key, STR("message"), signature_str(&signature), NULL);
    allocations_left = -1;
    return s;
}

static void a_failure_at_any_allocation_is_told(void)
{
    int failures = 0;

    CHECK_OK(sign_and_verify(-1)); /* what OpenSSL does once a process is not ours to break */
    for (int allocation = 0; allocation < 1000; allocation++) {
        status s = sign_and_verify(allocation);

        if (!allocation_failed)
            break;
        CHECKING("allocation %d", allocation);
        failures++;
        /* OpenSSL may do without what it asked for; but it may not verify, or say that the input was wrong. */
        CHECK(s.code == CODE_OK || s.code == CODE_NO_MEMORY || s.code == CODE_CORRUPT);
    }
    CHECK(failures >= 3 && failures < 1000);
    CHECK_OK(sign_and_verify(-1));
}

static const struct test tests[] = {
    TEST(keys_and_signatures_are_those_of_rfc_8032),
    TEST(a_signature_with_any_bit_flipped_is_refused),
    TEST(another_message_key_or_length_is_refused),
    TEST(the_same_signature_with_s_plus_the_order_is_refused),
    TEST(a_seed_must_have_32_bytes),
    TEST(an_open_key_gives_its_seed_back),
    TEST(a_failure_at_any_allocation_is_told),
};
TEST_MAIN(tests)
