/*
 * tlog/vkey: the keys of the vectors, the ones that are refused, and that nothing of a private key is shown.
 */
#include "base/memory.h"
#include "codec/hex.h"
#include "crypto/ed25519.h"
#include "test.h"
#include "tlog/vkey.h"
#include "vectors.h"

#define LOG_VKEY     "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define LOG_SEED     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define WITNESS_SEED "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define LOG_SKEY     "PRIVATE+KEY+license.example/audit+d607f39b+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static struct secret seed_from(const char *hex)
{
    struct secret seed = { .len = ED25519_SEED_BYTES };

    CHECK_OK(hex_read(str_of(hex), seed.bytes, seed.len));
    return seed;
}

static void the_keys_of_the_vectors_come_out(void)
{
    AUTO(struct buf, buf_free) file = { .max = 1 << 20 };
    static const struct {
        const char *seed, *name, *line;
        enum vkey_type type;
    } cases[] = {
        { LOG_SEED, "license.example/audit", "log vkey   ", VKEY_NOTE },
        { WITNESS_SEED, "witness.example/w1", "wit vkey   ", VKEY_COSIGNATURE },
    };

    if (!test_read_file(test_shared_path(VECTORS_FILE), &file))
        return;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(struct skey, skey_close) skey = { 0 };
        char space[VKEY_MAX_BYTES];
        struct buf text = BUF_OVER(space);
        struct secret seed = seed_from(cases[i].seed);
        struct str want = vectors_find(&file, cases[i].line);
        struct vkey vkey = { 0 };

        CHECKING("%s", cases[i].name);
        CHECK_OK(skey_open(str_of(cases[i].name), cases[i].type, &seed, &skey, NULL));
        vkey_add(&text, &skey.vkey);
        CHECK_STR(buf_str(&text), want);
        CHECK_OK(vkey_parse(want, &vkey, NULL));
        CHECK(vkey_eq(&vkey, &skey.vkey));
        CHECK_STR(vkey_name(&vkey), str_of(cases[i].name));
    }
}

static void a_text_that_is_not_quite_a_vkey_is_refused(void)
{
    static const struct {
        const char *why, *text, *error;
    } cases[] = {
        { "empty", "", "a key text is wrong: expected '<name>+<8 lower-case hex digits>+<base64>'" },
        { "no id", "license.example/audit",
          "a key text is wrong: expected '<name>+<8 lower-case hex digits>+<base64>'" },
        { "no name", "+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "'' can't be a key name: expected UTF-8 without spaces and '+'" },
        { "space in name", "license example+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "'license example' can't be a key name: expected UTF-8 without spaces and '+'" },
        { "id in capitals", "license.example/audit+D607F39B+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "a key text is wrong: expected '<name>+<8 lower-case hex digits>+<base64>'" },
        { "short id", "license.example/audit+d607f39+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "a key text is wrong: expected '<name>+<8 lower-case hex digits>+<base64>'" },
        { "another id", "license.example/audit+d607f39c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "the key id d607f39c is not that of the key, which is d607f39b" },
        { "no key", "license.example/audit+d607f39b+",
          "a key text is wrong: expected the base64 of 33 bytes at its end" },
        { "32 bytes", "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTE=",
          "a key text is wrong: expected the base64 of 33 bytes at its end" },
        { "34 bytes", "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4AA==",
          "a key text is wrong: expected the base64 of 33 bytes at its end" },
        { "white space", "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n",
          "a key text is wrong: expected the base64 of 33 bytes at its end" },
        { "another type", "license.example/audit+d607f39b+AwOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "key type 0x03 is not supported, expected 0x01 or 0x04" },
        { "type 0", "license.example/audit+d607f39b+AAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "key type 0x00 is not supported, expected 0x01 or 0x04" },
        { "the id of another name", "license.example/audiu+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
          "the key id d607f39b is not that of the key, which is b8b7d65a" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vkey vkey = { .id = 7 };
        struct err err = { 0 };

        CHECKING("%s", cases[i].why);
        CHECK_CODE(vkey_parse(str_of(cases[i].text), &vkey, &err), CODE_INVALID);
        CHECK_STR(str_of(err.text), str_of(cases[i].error));
        CHECK_INT(vkey.id, 7);
    }
}

static void any_byte_changed_in_a_vkey_makes_it_invalid(void)
{
    static const char text[] = LOG_VKEY;
    struct vkey vkey;

    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int flip = 1; flip < 256; flip++) {
            char bad[sizeof text - 1];

            memcpy(bad, text, sizeof bad);
            bad[at] = (char)(bad[at] ^ flip);
            CHECKING("byte %zu", at);
            CHECK_CODE(vkey_parse((struct str){ bad, sizeof bad }, &vkey, NULL), CODE_INVALID);
        }
    }
}

static void a_name_has_no_space_plus_or_control_character_of_any_alphabet(void)
{
    static const struct {
        const char *name;
        bool valid;
    } cases[] = {
        { "a", true },
        { "license.example/audit", true },
        { "l\xc3\xa4nder.example/gr\xc3\xb6\xc3\x9f"
          "e",
          true },
        { "\xe6\x97\xa5\xe6\x9c\xac", true },
        { "\xf0\x9f\x94\x91", true },
        { "", false },
        { "a b", false },
        { " ", false },
        { "a+b", false },
        { "a\tb", false },
        { "a\nb", false },
        { "a\rb", false },
        { "\x01", false },
        { "a\xc2\x85", false }, /* next line */
        { "a\xc2\xa0"
          "b",
          false },                  /* no-break space */
        { "\xe1\x9a\x80", false },  /* ogham space mark */
        { "\xe2\x80\x80", false },  /* en quad */
        { "a\xe2\x80\x8a", false }, /* hair space */
        { "a\xe2\x80\x8b", true },  /* zero-width space is not white space in Unicode */
        { "\xe2\x80\xa8", false },  /* line separator */
        { "\xe2\x80\xa9", false },  /* paragraph separator */
        { "\xe2\x80\xaf", false },  /* narrow no-break space */
        { "\xe2\x81\x9f", false },  /* medium mathematical space */
        { "\xe3\x80\x80", false },  /* ideographic space */
        { "\xff", false },
        { "a\xc2", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECKING("name '%s'", cases[i].name);
        CHECK(vkey_name_is_valid(str_of(cases[i].name)) == cases[i].valid);
    }
    CHECK(!vkey_name_is_valid(STR("a\0b")));
}

static void a_name_has_255_bytes_at_most(void)
{
    struct secret seed = seed_from(LOG_SEED);
    AUTO(struct skey, skey_close) skey = { 0 };
    char name[ORIGIN_MAX_BYTES + 1], space[SKEY_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    struct vkey vkey = { 0 };
    struct err err = { 0 };

    memset(name, 'n', sizeof name);
    CHECK_CODE(skey_open((struct str){ name, sizeof name }, VKEY_NOTE, &seed, &skey, &err), CODE_TOO_LARGE);
    CHECK_STR(str_of(err.text), STR("a key name has 256 bytes, at most 255 are allowed"));
    CHECK(skey.key.handle == NULL);
    CHECK_OK(skey_open((struct str){ name, ORIGIN_MAX_BYTES }, VKEY_NOTE, &seed, &skey, NULL));
    vkey_add(&text, &skey.vkey);
    CHECK_OK(text.status);
    CHECK_INT(text.len, VKEY_MAX_BYTES);
    CHECK_OK(vkey_parse(buf_str(&text), &vkey, NULL));
    CHECK(vkey_eq(&vkey, &skey.vkey));
    text = BUF_OVER(space);
    skey_add(&text, &skey);
    CHECK_OK(text.status);
    CHECK_INT(text.len, SKEY_MAX_BYTES);
}

static void a_private_key_reads_back_and_signs_the_same(void)
{
    AUTO(struct skey, skey_close) skey = { 0 };
    AUTO(struct skey, skey_close) again = { 0 };
    struct secret seed = seed_from(LOG_SEED);
    char space[SKEY_MAX_BYTES];
    struct buf text = BUF_OVER(space);

    CHECK_OK(skey_open(STR("license.example/audit"), VKEY_NOTE, &seed, &skey, NULL));
    skey_add(&text, &skey);
    CHECK_STR(buf_str(&text), STR(LOG_SKEY));
    CHECK_OK(skey_parse(buf_str(&text), &again, NULL));
    CHECK(vkey_eq(&skey.vkey, &again.vkey));
}

static void a_wrong_private_key_text_is_refused_without_showing_it(void)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "", "a private key text must start with 'PRIVATE+KEY+'" },
        { LOG_VKEY, "a private key text must start with 'PRIVATE+KEY+'" },
        { "private+key+license.example/audit+d607f39b+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
          "a private key text must start with 'PRIVATE+KEY+'" },
        { LOG_SKEY "\n", "a key text is wrong: expected the base64 of 33 bytes at its end" },
        { "PRIVATE+KEY+license.example/audit+d607f39b+AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
          "a key text is wrong: expected the base64 of 33 bytes at its end" },
        { "PRIVATE+KEY+license.example/audit+d607f39b+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4e",
          "the key id d607f39b is not that of the key, which is" },
        { "PRIVATE+KEY+license.example/audit+ffffffff+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
          "the key id ffffffff is not that of the key, which is d607f39b" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(struct skey, skey_close) skey = { 0 };
        struct err err = { 0 };

        CHECKING("%s", cases[i].text);
        CHECK_CODE(skey_parse(str_of(cases[i].text), &skey, &err), CODE_INVALID);
        CHECK_STR(str_cut(str_of(err.text), 0, strlen(cases[i].error)), str_of(cases[i].error));
        CHECK(skey.key.handle == NULL);
    }
}

static void fresh_keys_differ(void)
{
    struct entropy entropy = entropy_from_system();
    AUTO(struct secret, secret_free) one = { 0 };
    AUTO(struct secret, secret_free) two = { 0 };
    AUTO(struct skey, skey_close) key_one = { 0 };
    AUTO(struct skey, skey_close) key_two = { 0 };

    ed25519_seed_new(&entropy, &one);
    ed25519_seed_new(&entropy, &two);
    CHECK_OK(skey_open(STR("a"), VKEY_NOTE, &one, &key_one, NULL));
    CHECK_OK(skey_open(STR("a"), VKEY_NOTE, &two, &key_two, NULL));
    CHECK(!vkey_eq(&key_one.vkey, &key_two.vkey));
    CHECK(key_one.vkey.id != key_two.vkey.id);
}

static const struct test tests[] = {
    TEST(the_keys_of_the_vectors_come_out),
    TEST(a_text_that_is_not_quite_a_vkey_is_refused),
    TEST(any_byte_changed_in_a_vkey_makes_it_invalid),
    TEST(a_name_has_no_space_plus_or_control_character_of_any_alphabet),
    TEST(a_name_has_255_bytes_at_most),
    TEST(a_private_key_reads_back_and_signs_the_same),
    TEST(a_wrong_private_key_text_is_refused_without_showing_it),
    TEST(fresh_keys_differ),
};
TEST_MAIN(tests)
