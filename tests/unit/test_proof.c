/*
 * tlog/proof: the receipt of the vectors reads, writes and verifies; nothing that differs by a byte does.
 */
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "log_keys.h"
#include "memory_log.h"
#include "tlog/proof.h"
#include "tlog/prove.h"
#include "vectors.h"

#define EXAMPLE_FILE "vectors/example.tlog-proof"
#define HEADER       "c2sp.org/tlog-proof@v1\n"
#define NOTE         CHECKPOINT_TEXT "\n" LOG_LINE
#define HASH         "wlYv9roSWuIR7mOshSes4oVdtOlbuRh+j/bDhnI+GXg="

static void the_example_reads_verifies_and_is_written_the_same(void)
{
    AUTO(struct buf, buf_free) file = { .max = 4096 };
    AUTO(struct buf, buf_free) again = { .max = 4096 };
    struct vkey keys[] = { vkey_of(log_skey()), vkey_of(witness_skey()) };
    struct hash leaf = hash_leaf(STR("entry 42"));
    struct proof proof = { 0 };
    struct checkpoint checkpoint = { 0 };
    struct note_check checks[2];
    struct note note;

    if (!test_read_file(test_shared_path(EXAMPLE_FILE), &file))
        return;
    CHECK_OK(proof_parse(buf_str(&file), &proof, NULL));
    CHECK_INT(proof.index, 42);
    CHECK_INT(proof.path.count, 9);
    CHECK_INT(proof.extra_base64.len, 0);
    CHECK_OK(proof_verify(&proof, &leaf, &keys[0], &checkpoint, NULL));
    CHECK_INT(checkpoint.head.size, 300);
    CHECK_STR(checkpoint.origin, STR(LOG_NAME));
    CHECK_OK(note_parse(proof.checkpoint, &note, NULL));
    CHECK_OK(note_verify(&note, keys, 2, checks, NULL));
    CHECK(checks[0].verified && checks[1].verified && checks[1].time_s == WITNESS_TIME_S);
    proof_add(&again, &proof);
    CHECK_STR(buf_str(&again), buf_str(&file));
}

/* From leaves to the file, by this program alone; the vectors give its hash. */
static void the_example_can_be_made_from_the_log(void)
{
    AUTO(struct buf, buf_free) vectors = { .max = 1 << 20 };
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES };
    AUTO(struct buf, buf_free) got = { .max = 256 };
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct skey, skey_close) log_key = log_skey();
    AUTO(struct skey, skey_close) witness = witness_skey();
    struct proof proof = { .index = 42 };
    struct tree_head head;
    struct hash hash;

    if (!test_read_file(test_shared_path(VECTORS_FILE), &vectors))
        return;
    memory_log_grow(log, 300);
    head = tree_head(&log->edge.tree);
    CHECK_OK(checkpoint_sign(&note, &head, &log_key, NULL));
    CHECK_OK(note_cosign(&note, STR(CHECKPOINT_TEXT), &witness, WITNESS_TIME_S, NULL));
    CHECK_OK(prove_inclusion(&(struct prover){ .tiles = memory_log_tiles(log) }, 42, 300, &proof.path, NULL));
    proof.checkpoint = buf_str(&note);
    proof_add(&text, &proof);
    hash = hash_of(buf_str(&text));
    hex_add(&got, hash.bytes, sizeof hash.bytes);
    buf_add_format(&got, " %zu", text.len);
    CHECK_STR(buf_str(&got), vectors_find(&vectors, "tlog-proof sha256 "));
}

static void what_is_read_is_written_the_same(void)
{
    static const char *const texts[] = {
        HEADER "index 0\n\n" NOTE,
        HEADER "index 9223372036854775807\n" HASH "\n\n" NOTE,
        HEADER "extra AA==\nindex 1\n" HASH "\n" HASH "\n\n" NOTE,
        HEADER "extra ZW50cnkgNDI=\nindex 42\n\n" NOTE WITNESS_LINE,
        HEADER "index 0\n\n\n", /* the checkpoint is taken as it is, and refused by proof_verify */
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        AUTO(struct buf, buf_free) again = { .max = 4096 };
        struct proof proof = { 0 };

        CHECKING("text %zu", i);
        CHECK_OK(proof_parse(str_of(texts[i]), &proof, NULL));
        proof_add(&again, &proof);
        CHECK_STR(buf_str(&again), str_of(texts[i]));
    }
}

static void what_is_not_quite_a_proof_is_refused(void)
{
    static const struct {
        const char *why;
        const char *text;
    } cases[] = {
        { "empty", "" },
        { "another version", "c2sp.org/tlog-proof@v2\nindex 0\n\n" NOTE },
        { "space after the header", "c2sp.org/tlog-proof@v1 \nindex 0\n\n" NOTE },
        { "carriage return", "c2sp.org/tlog-proof@v1\r\nindex 0\n\n" NOTE },
        { "header alone", HEADER },
        { "no index", HEADER "\n" NOTE },
        { "no index before the hashes", HEADER HASH "\n\n" NOTE },
        { "empty index", HEADER "index \n\n" NOTE },
        { "index without space", HEADER "index0\n\n" NOTE },
        { "index in capitals", HEADER "Index 0\n\n" NOTE },
        { "two spaces", HEADER "index  0\n\n" NOTE },
        { "index 00", HEADER "index 00\n\n" NOTE },
        { "index 042", HEADER "index 042\n\n" NOTE },
        { "index +1", HEADER "index +1\n\n" NOTE },
        { "index -1", HEADER "index -1\n\n" NOTE },
        { "index 2^63", HEADER "index 9223372036854775808\n\n" NOTE },
        { "index 2^64", HEADER "index 18446744073709551616\n\n" NOTE },
        { "index twice", HEADER "index 0\nindex 0\n\n" NOTE },
        { "space after the index", HEADER "index 0 \n\n" NOTE },
        { "extra after the index", HEADER "index 0\nextra AA==\n\n" NOTE },
        { "extra twice", HEADER "extra AA==\nextra AA==\nindex 0\n\n" NOTE },
        { "empty extra", HEADER "extra \nindex 0\n\n" NOTE },
        { "extra without padding", HEADER "extra AA\nindex 0\n\n" NOTE },
        { "extra with trailing bits", HEADER "extra AB==\nindex 0\n\n" NOTE },
        { "extra that is not base64", HEADER "extra ?\nindex 0\n\n" NOTE },
        { "hash of 31 bytes", HEADER "index 0\nwlYv9roSWuIR7mOshSes4oVdtOlbuRh+j/bDhnI+GQ==\n\n" NOTE },
        { "hash of 33 bytes", HEADER "index 0\nwlYv9roSWuIR7mOshSes4oVdtOlbuRh+j/bDhnI+GXgA\n\n" NOTE },
        { "space before a hash", HEADER "index 0\n " HASH "\n\n" NOTE },
        { "space after a hash", HEADER "index 0\n" HASH " \n\n" NOTE },
        { "no blank line", HEADER "index 0\n" HASH "\n" NOTE },
        { "no blank line, nothing after", HEADER "index 0\n" HASH "\n" },
        { "no checkpoint", HEADER "index 0\n" HASH "\n\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct proof proof = { .index = 7 };
        struct err err = { 0 };

        CHECKING("%s", cases[i].why);
        CHECK_CODE(proof_parse(str_of(cases[i].text), &proof, &err), CODE_INVALID);
        CHECK(err.text[0] != '\0');
        CHECK_INT(proof.index, 7);
    }
}

static void a_proof_has_63_hashes_at_most(void)
{
    for (size_t count = PROOF_MAX_HASHES - 1; count <= PROOF_MAX_HASHES + 1; count++) {
        AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES };
        struct proof proof = { 0 };
        struct err err = { 0 };

        buf_add(&text, STR(HEADER "index 0\n"));
        for (size_t i = 0; i < count; i++)
            buf_add(&text, STR(HASH "\n"));
        buf_add(&text, STR("\n" NOTE));
        CHECKING("%zu hashes", count);
        CHECK_CODE(proof_parse(buf_str(&text), &proof, &err), count <= PROOF_MAX_HASHES ? CODE_OK : CODE_TOO_LARGE);
        CHECK_STR(str_of(err.text), count <= PROOF_MAX_HASHES ? STR("") : STR("a proof has more than 63 hashes"));
    }
}

static void extra_data_has_65535_bytes_at_most(void)
{
    uint8_t *extra = memory_new(PROOF_EXTRA_MAX_BYTES + 1, 1);

    for (size_t len = PROOF_EXTRA_MAX_BYTES; extra && len <= PROOF_EXTRA_MAX_BYTES + 1; len++) {
        AUTO(struct buf, buf_free) text = { .max = 2 * PROOF_MAX_BYTES };
        struct proof proof = { 0 };

        buf_add(&text, STR(HEADER "extra "));
        base64_add(&text, extra, len);
        buf_add(&text, STR("\nindex 0\n\n" NOTE));
        CHECK_CODE(proof_parse(buf_str(&text), &proof, NULL), len <= PROOF_EXTRA_MAX_BYTES ? CODE_OK : CODE_TOO_LARGE);
        while (text.len <= PROOF_MAX_BYTES)
            buf_add_byte(&text, '\n');
        CHECK_CODE(proof_parse(buf_str(&text), &proof, NULL), CODE_TOO_LARGE);
    }
    memory_free(extra);
}

static void a_proof_of_anything_else_is_refused(void)
{
    AUTO(struct buf, buf_free) file = { .max = 4096 };
    struct vkey log = vkey_of(log_skey());
    struct vkey witness = vkey_of(witness_skey());
    struct hash leaf = hash_leaf(STR("entry 42")), other_leaf = hash_leaf(STR("entry 43"));
    struct proof proof = { 0 }, bad;
    struct checkpoint checkpoint = { .head.size = 7 };
    struct err err = { 0 };

    if (!test_read_file(test_shared_path(EXAMPLE_FILE), &file))
        return;
    CHECK_OK(proof_parse(buf_str(&file), &proof, NULL));
    CHECK_CODE(proof_verify(&proof, &other_leaf, &log, &checkpoint, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the inclusion path of index 42 leads to another root"));
    bad = proof;
    bad.index = 43;
    CHECK_CODE(proof_verify(&bad, &leaf, &log, &checkpoint, NULL), CODE_CORRUPT);
    bad.index = 300;
    CHECK_CODE(proof_verify(&bad, &leaf, &log, &checkpoint, NULL), CODE_CORRUPT);
    bad = proof;
    bad.path.count--;
    CHECK_CODE(proof_verify(&bad, &leaf, &log, &checkpoint, NULL), CODE_CORRUPT);
    bad = proof;
    bad.path.hashes[8].bytes[31] ^= 1;
    CHECK_CODE(proof_verify(&bad, &leaf, &log, &checkpoint, NULL), CODE_CORRUPT);
    /* The witness has cosigned it, but a witness's key is not the log's. */
    CHECK_CODE(proof_verify(&proof, &leaf, &witness, &checkpoint, NULL), CODE_CORRUPT);
    bad = proof;
    bad.checkpoint = STR("\n");
    CHECK_CODE(proof_verify(&bad, &leaf, &log, &checkpoint, NULL), CODE_INVALID);
    CHECK_INT(checkpoint.head.size, 7);
}

/* The witness's line is not checked by proof_verify, so the flips stop before it. */
static void the_example_with_any_bit_flipped_does_not_verify(void)
{
    AUTO(struct buf, buf_free) file = { .max = 4096 };
    struct vkey log = vkey_of(log_skey());
    struct hash leaf = hash_leaf(STR("entry 42"));
    size_t end;

    if (!test_read_file(test_shared_path(EXAMPLE_FILE), &file))
        return;
    end = str_find_str(buf_str(&file), STR(WITNESS_LINE));
    CHECK(end < file.len);
    for (size_t bit = 0; bit < 8 * end; bit++) {
        struct proof proof = { 0 };
        struct checkpoint checkpoint;
        status s;

        file.at[bit / 8] = (char)(file.at[bit / 8] ^ 1 << bit % 8);
        s = proof_parse(buf_str(&file), &proof, NULL);
        if (!s.code)
            s = proof_verify(&proof, &leaf, &log, &checkpoint, NULL);
        CHECKING("bit %zu", bit);
        CHECK(s.code != CODE_OK);
        file.at[bit / 8] = (char)(file.at[bit / 8] ^ 1 << bit % 8);
    }
}

static void the_example_cut_anywhere_does_not_verify(void)
{
    AUTO(struct buf, buf_free) file = { .max = 4096 };
    struct vkey log = vkey_of(log_skey());
    struct hash leaf = hash_leaf(STR("entry 42"));
    size_t witness_line;

    if (!test_read_file(test_shared_path(EXAMPLE_FILE), &file))
        return;
    witness_line = str_find_str(buf_str(&file), STR(WITNESS_LINE));
    for (size_t len = 0; len < file.len; len++) {
        struct proof proof = { 0 };
        struct checkpoint checkpoint;
        status s = proof_parse(str_cut(buf_str(&file), 0, len), &proof, NULL);

        if (!s.code)
            s = proof_verify(&proof, &leaf, &log, &checkpoint, NULL);
        CHECKING("%zu bytes", len);
        CHECK((s.code == CODE_OK) == (len == witness_line)); /* without the witness's line it is a proof, too */
    }
}

static const struct test tests[] = {
    TEST(the_example_reads_verifies_and_is_written_the_same),
    TEST(the_example_can_be_made_from_the_log),
    TEST(what_is_read_is_written_the_same),
    TEST(what_is_not_quite_a_proof_is_refused),
    TEST(a_proof_has_63_hashes_at_most),
    TEST(extra_data_has_65535_bytes_at_most),
    TEST(a_proof_of_anything_else_is_refused),
    TEST(the_example_with_any_bit_flipped_does_not_verify),
    TEST(the_example_cut_anywhere_does_not_verify),
};
TEST_MAIN(tests)
