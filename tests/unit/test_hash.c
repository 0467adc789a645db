/*
 * crypto/hash: SHA-256 and HMAC-SHA-256 as their standards say, from any thread, without asking for memory.
 */
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#include "codec/hex.h"
#include "crypto/hash.h"
#include "test.h"

/* OpenSSL's allocations are counted; that must be arranged before its first. */
static _Thread_local unsigned allocations;

static void *allocate(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return malloc(len);
}

static void *reallocate(void *at, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return realloc(at, len);
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

static void check_hex(struct hash hash, const char *want)
{
    char text[2 * HASH_BYTES];

    hex_write(hash.bytes, sizeof hash.bytes, text);
    CHECK_STR(((struct str){ text, sizeof text }), str_of(want));
}

static void sha256_gives_the_digests_of_fips_180(void)
{
    static const struct {
        const char *data;
        const char *digest;
    } cases[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECKING("case %zu", i);
        check_hex(hash_of(str_of(cases[i].data)), cases[i].digest);
    }
}

static void parts_hash_as_their_whole(void)
{
    struct str text = STR("one text in several parts, some of them empty");
    struct hash whole = hash_of(text);

    for (size_t cut = 0; cut <= text.len; cut++) {
        struct hash parts = hash_of_parts((struct str[]){ str_cut(text, 0, cut), STR_NONE, str_from(text, cut) }, 3);

        CHECK(hash_eq(&parts, &whole));
    }
    whole = hash_of(STR_NONE);
    CHECK(hash_eq(&(struct hash[]){ hash_of_parts(NULL, 0) }[0], &whole));
}

static void a_stream_hashes_what_it_was_given_and_can_start_again(void)
{
    struct hash_stream stream;
    char piece[1000];

    memset(piece, 'a', sizeof piece);
    for (int round = 0; round < 2; round++) {
        hash_stream_begin(&stream);
        for (int i = 0; i < 1000; i++)
            hash_stream_add(&stream, (struct str){ piece, sizeof piece });
        check_hex(hash_stream_end(&stream), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
    hash_stream_begin(&stream);
    hash_stream_add(&stream, STR("forgotten"));
    hash_stream_begin(&stream);
    hash_stream_add(&stream, STR_NONE);
    hash_stream_add(&stream, STR("abc"));
    check_hex(hash_stream_end(&stream), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void two_streams_and_single_hashes_do_not_mix(void)
{
    struct hash_stream one, two;

    hash_stream_begin(&one);
    hash_stream_begin(&two);
    hash_stream_add(&one, STR("a"));
    (void)hash_of(STR("something else"));
    hash_stream_add(&two, STR("other"));
    hash_stream_add(&one, STR("bc"));
    check_hex(hash_stream_end(&one), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void leaves_and_nodes_have_their_prefixes(void)
{
    struct hash left = hash_leaf(STR("left"));
    struct hash right = hash_leaf(STR("right"));
    struct hash node = hash_node(&left, &right);
    struct hash want = hash_of(STR("\0left"));

    CHECK(hash_eq(&left, &want));
    want = hash_of_parts((struct str[]){ STR("\1"), hash_str(&left), hash_str(&right) }, 3);
    CHECK(hash_eq(&node, &want));
    want = hash_node(&right, &left);
    CHECK(!hash_eq(&node, &want));
    check_hex(hash_leaf(STR("entry 0")), "773885a613489e24ce2cf76199d6a423f042e4bbf12d7eecee912ef276c65701");
    check_hex(hash_leaf(STR_NONE), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

/* RFC 4231 section 4; case 5 truncates and says nothing more. */
static void macs_are_those_of_rfc_4231(void)
{
    char key_0b[20], key_aa[131], data_dd[50], key_count[25], data_cd[50];
    const struct {
        struct str key;
        struct str data;
        const char *mac;
    } cases[] = {
        { { key_0b, 20 }, STR("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { STR("Jefe"), STR("what do ya want for nothing?"),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { { key_aa, 20 }, { data_dd, 50 }, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { { key_count, 25 }, { data_cd, 50 }, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
        { { key_aa, 131 },
          STR("Test Using Larger Than Block-Size Key - Hash Key First"),
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { { key_aa, 131 },
          STR("This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
              "be hashed before being used by the HMAC algorithm."),
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    };

    memset(key_0b, 0x0b, sizeof key_0b);
    memset(key_aa, 0xaa, sizeof key_aa);
    memset(data_dd, 0xdd, sizeof data_dd);
    memset(data_cd, 0xcd, sizeof data_cd);
    for (size_t i = 0; i < sizeof key_count; i++)
        key_count[i] = (char)(i + 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECKING("case %zu", i);
        check_hex(hash_mac(cases[i].key, cases[i].data), cases[i].mac);
    }
}

static void a_key_of_a_whole_block_is_not_hashed_and_one_byte_more_is(void)
{
    char key[65] = { 0 };
    struct hash of_64 = hash_mac((struct str){ key, 64 }, STR("data"));
    struct hash of_none = hash_mac(STR_NONE, STR("data"));
    struct hash of_65 = hash_mac((struct str){ key, 65 }, STR("data"));
    struct hash hashed_key = hash_of((struct str){ key, 65 });
    struct hash of_hashed = hash_mac(hash_str(&hashed_key), STR("data"));

    CHECK(hash_eq(&of_64, &of_none)); /* both are 64 zeros once padded */
    CHECK(hash_eq(&of_65, &of_hashed));
}

static void *hash_much(void *given)
{
    uint64_t *start = given;
    struct hash hash = { 0 };

    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t number = *start + i;

        hash = hash_of_parts((struct str[]){ hash_str(&hash), { (const char *)&number, sizeof number } }, 2);
    }
    memcpy(start, hash.bytes, sizeof *start);
    return NULL;
}

static void threads_do_not_disturb_each_other(void)
{
    pthread_t threads[8];
    uint64_t numbers[8], want[8];

    for (int i = 0; i < 8; i++) {
        numbers[i] = want[i] = (uint64_t)i / 2 * 1000; /* pairs do the same work */
        hash_much(&want[i]);
    }
    for (int i = 0; i < 8; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, hash_much, &numbers[i]), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(numbers[i], want[i]);
    }
}

/* So none can fail. */
static void no_hash_asks_openssl_for_memory(void)
{
    struct hash_stream stream;
    struct hash hash = hash_leaf(STR("leaf"));

    allocations = 0;
    hash = hash_node(&hash, &hash);
    hash = hash_mac(hash_str(&hash), STR("data"));
    hash_stream_begin(&stream);
    hash_stream_add(&stream, hash_str(&hash));
    (void)hash_stream_end(&stream);
    CHECK_INT(allocations, 0);
}

static const struct test tests[] = {
    TEST(sha256_gives_the_digests_of_fips_180),
    TEST(parts_hash_as_their_whole),
    TEST(a_stream_hashes_what_it_was_given_and_can_start_again),
    TEST(two_streams_and_single_hashes_do_not_mix),
    TEST(leaves_and_nodes_have_their_prefixes),
    TEST(macs_are_those_of_rfc_4231),
    TEST(a_key_of_a_whole_block_is_not_hashed_and_one_byte_more_is),
    TEST(threads_do_not_disturb_each_other),
    TEST(no_hash_asks_openssl_for_memory),
};
TEST_MAIN(tests)
