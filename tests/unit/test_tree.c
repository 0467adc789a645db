/*
 * tlog/tree: the compact range and the two checks, judged by RFC 6962's definitions and the shared vectors (P3).
 */
#include "crypto/hash.h"
#include "memory_log.h"
#include "tlog/tree.h"
#include "vectors.h"

/* All pairs of sizes up to here are tried. */
#define SMALL 70

/* The leaf hashes of the shared vectors and the head at each size. */
struct grown {
    struct hash leaves[SMALL];
    struct tree_head heads[SMALL + 1];
};

static struct grown grow(void)
{
    struct grown grown;
    struct tree tree = { 0 };

    grown.heads[0] = tree_head(&tree);
    for (uint64_t i = 0; i < SMALL; i++) {
        grown.leaves[i] = memory_log_entry(i);
        tree_append(&tree, &grown.leaves[i]);
        grown.heads[i + 1] = tree_head(&tree);
    }
    return grown;
}

static struct tree_path path_of(const struct grown *grown, uint64_t index, uint64_t size)
{
    struct tree_path path = { 0 };

    rfc_path(index, grown->leaves, size, &path);
    return path;
}

static struct tree_path proof_of(const struct grown *grown, uint64_t older, uint64_t newer)
{
    struct tree_path proof = { 0 };

    if (older > 0)
        rfc_subproof(older, grown->leaves, newer, true, &proof);
    return proof;
}

static void every_root_is_that_of_the_definition(void)
{
    struct grown grown = grow();

    for (uint64_t n = 0; n <= SMALL; n++) {
        struct hash want = rfc_root(grown.leaves, n);

        CHECKING("size %d", (int)n);
        CHECK_INT(grown.heads[n].size, n);
        CHECK(hash_eq(&grown.heads[n].root, &want));
    }
}

static void the_roots_of_the_vectors_come_out(void)
{
    AUTO(struct buf, buf_free) file = { .max = 1 << 20 };
    static const unsigned sizes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 256, 257, 300, 65536, 65537, 70000 };
    struct tree tree = { 0 };

    if (!test_read_file(test_shared_path(VECTORS_FILE), &file))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct hash want = vectors_root(&file, sizes[i]);
        struct hash got;

        while (tree.size < sizes[i]) {
            struct hash leaf = memory_log_entry(tree.size);

            tree_append(&tree, &leaf);
        }
        got = tree_root(&tree);
        CHECKING("size %u", sizes[i]);
        CHECK(hash_eq(&got, &want));
    }
}

static void the_proofs_of_the_vectors_verify(void)
{
    AUTO(struct buf, buf_free) file = { .max = 1 << 20 };
    struct tree_head at_100 = { 0 }, at_256 = { .size = 256 }, at_300 = { .size = 300 };
    struct hash leaf = memory_log_entry(42);
    struct tree_path path;
    struct tree tree = { 0 };

    if (!test_read_file(test_shared_path(VECTORS_FILE), &file))
        return;
    for (uint64_t i = 0; i < 100; i++)
        tree_append(&tree, &(struct hash[]){ memory_log_entry(i) }[0]);
    at_100 = tree_head(&tree);
    at_256.root = vectors_root(&file, 256);
    at_300.root = vectors_root(&file, 300);
    path = vectors_path(&file, "inclusion(42,300)");
    CHECK_OK(tree_check_inclusion(&at_300, 42, &leaf, &path, NULL));
    path = vectors_path(&file, "consistency(100,300)");
    CHECK_OK(tree_check_consistency(&at_100, &at_300, &path, NULL));
    path = vectors_path(&file, "consistency(256,300)");
    CHECK_OK(tree_check_consistency(&at_256, &at_300, &path, NULL));
}

static void every_leaf_of_every_size_is_included(void)
{
    struct grown grown = grow();

    for (uint64_t size = 1; size <= SMALL; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct tree_path path = path_of(&grown, index, size);

            CHECKING("index %d of %d", (int)index, (int)size);
            CHECK_OK(tree_check_inclusion(&grown.heads[size], index, &grown.leaves[index], &path, NULL));
        }
    }
}

static void a_path_serves_one_leaf_index_and_head_only(void)
{
    struct grown grown = grow();

    for (uint64_t size = 1; size <= SMALL; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct tree_path path = path_of(&grown, index, size);
            struct tree_head other = grown.heads[size];

            CHECKING("index %d of %d", (int)index, (int)size);
            for (uint64_t wrong = 0; wrong <= size; wrong++) {
                if (wrong != index)
                    CHECK_CODE(tree_check_inclusion(&grown.heads[size], wrong, &grown.leaves[index], &path, NULL),
                               CODE_CORRUPT);
            }
            other.root.bytes[index % HASH_BYTES] ^= 0x10;
            CHECK_CODE(tree_check_inclusion(&other, index, &grown.leaves[index], &path, NULL), CODE_CORRUPT);
            CHECK_CODE(tree_check_inclusion(&grown.heads[size], index, &other.root, &path, NULL), CODE_CORRUPT);
            if (size > 1)
                CHECK_CODE(tree_check_inclusion(&grown.heads[size - 1], index, &grown.leaves[index], &path, NULL),
                           CODE_CORRUPT);
        }
    }
}

/* What can be done to a proof to make another one of it. The check must refuse each. */
typedef status check_fn(const struct grown *grown, uint64_t from, uint64_t to, const struct tree_path *path);

static status check_path(const struct grown *grown, uint64_t index, uint64_t size, const struct tree_path *path)
{
    return tree_check_inclusion(&grown->heads[size], index, &grown->leaves[index], path, NULL);
}

static status check_proof(const struct grown *grown, uint64_t older, uint64_t newer, const struct tree_path *proof)
{
    return tree_check_consistency(&grown->heads[older], &grown->heads[newer], proof, NULL);
}

static void refuse_flipped_bits(const struct grown *grown, uint64_t from, uint64_t to, const struct tree_path *path,
                                check_fn *check)
{
    for (size_t bit = 0; bit < path->count * HASH_BYTES * 8; bit++) {
        struct tree_path bad = *path;

        bad.hashes[bit / 256].bytes[bit / 8 % HASH_BYTES] ^= (uint8_t)(1u << bit % 8);
        CHECK_CODE(check(grown, from, to, &bad), CODE_CORRUPT);
    }
}

static void refuse_other_lengths(const struct grown *grown, uint64_t from, uint64_t to, const struct tree_path *path,
                                 check_fn *check)
{
    for (size_t i = 0; i < path->count; i++) { /* without hash i */
        struct tree_path bad = { .count = path->count - 1 };

        memcpy(bad.hashes, path->hashes, i * sizeof bad.hashes[0]);
        memcpy(bad.hashes + i, path->hashes + i + 1, (path->count - 1 - i) * sizeof bad.hashes[0]);
        CHECK_CODE(check(grown, from, to, &bad), CODE_CORRUPT);
    }
    for (size_t i = 0; i <= path->count; i++) { /* with a hash more before place i */
        struct tree_path bad = { .count = path->count + 1 };

        memcpy(bad.hashes, path->hashes, i * sizeof bad.hashes[0]);
        bad.hashes[i] = i < path->count ? path->hashes[i] : grown->heads[to].root;
        memcpy(bad.hashes + i + 1, path->hashes + i, (path->count - i) * sizeof bad.hashes[0]);
        CHECK_CODE(check(grown, from, to, &bad), CODE_CORRUPT);
    }
}

static void a_path_with_any_bit_flipped_is_refused(void)
{
    struct grown grown = grow();
    static const uint64_t sizes[] = { 2, 3, 7, 8, 33, 70 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (uint64_t index = 0; index < sizes[i]; index += 1 + sizes[i] / 16) {
            struct tree_path path = path_of(&grown, index, sizes[i]);

            CHECKING("index %d of %d", (int)index, (int)sizes[i]);
            refuse_flipped_bits(&grown, index, sizes[i], &path, check_path);
        }
    }
}

static void a_path_cut_or_extended_anywhere_is_refused(void)
{
    struct grown grown = grow();

    for (uint64_t size = 1; size <= SMALL; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct tree_path path = path_of(&grown, index, size);

            CHECKING("index %d of %d", (int)index, (int)size);
            refuse_other_lengths(&grown, index, size, &path, check_path);
        }
    }
}

static void every_size_is_consistent_with_every_later_one(void)
{
    struct grown grown = grow();

    for (uint64_t newer = 0; newer <= SMALL; newer++) {
        for (uint64_t older = 0; older <= newer; older++) {
            struct tree_path proof = proof_of(&grown, older, newer);

            CHECKING("from %d to %d", (int)older, (int)newer);
            CHECK_OK(tree_check_consistency(&grown.heads[older], &grown.heads[newer], &proof, NULL));
        }
    }
}

static void a_consistency_proof_serves_one_pair_of_heads_only(void)
{
    struct grown grown = grow();

    for (uint64_t newer = 1; newer <= SMALL; newer++) {
        for (uint64_t older = 1; older <= newer; older++) {
            struct tree_path proof = proof_of(&grown, older, newer);
            struct tree_head other_older = grown.heads[older], other_newer = grown.heads[newer];

            other_older.root.bytes[older % HASH_BYTES] ^= 1;
            other_newer.root.bytes[newer % HASH_BYTES] ^= 1;
            CHECKING("from %d to %d", (int)older, (int)newer);
            CHECK_CODE(tree_check_consistency(&other_older, &grown.heads[newer], &proof, NULL), CODE_CORRUPT);
            CHECK_CODE(tree_check_consistency(&grown.heads[older], &other_newer, &proof, NULL), CODE_CORRUPT);
            if (older < newer) {
                CHECK_CODE(tree_check_consistency(&grown.heads[newer], &grown.heads[older], &proof, NULL),
                           CODE_CORRUPT);
                CHECK_CODE(tree_check_consistency(&grown.heads[older - 1], &grown.heads[newer], &proof, NULL),
                           CODE_CORRUPT);
            }
        }
    }
}

static void a_consistency_proof_with_any_bit_flipped_is_refused(void)
{
    struct grown grown = grow();
    static const uint64_t pairs[][2] = { { 1, 2 }, { 2, 3 }, { 6, 7 }, { 8, 33 }, { 31, 33 }, { 33, 70 }, { 69, 70 } };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct tree_path proof = proof_of(&grown, pairs[i][0], pairs[i][1]);

        CHECKING("from %d to %d", (int)pairs[i][0], (int)pairs[i][1]);
        refuse_flipped_bits(&grown, pairs[i][0], pairs[i][1], &proof, check_proof);
    }
}

static void a_consistency_proof_cut_or_extended_anywhere_is_refused(void)
{
    struct grown grown = grow();

    for (uint64_t newer = 0; newer <= SMALL; newer++) {
        for (uint64_t older = 0; older <= newer; older++) {
            struct tree_path proof = proof_of(&grown, older, newer);

            CHECKING("from %d to %d", (int)older, (int)newer);
            refuse_other_lengths(&grown, older, newer, &proof, check_proof);
        }
    }
}

static void a_refusal_says_what_is_wrong(void)
{
    struct grown grown = grow();
    struct tree_path path = path_of(&grown, 3, 7);
    struct err err = { 0 };

    CHECK_CODE(tree_check_inclusion(&grown.heads[7], 7, &grown.leaves[3], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("index 7 is not in a tree of 7 leaves"));
    CHECK_CODE(tree_check_inclusion(&grown.heads[0], 0, &grown.leaves[0], &(struct tree_path){ 0 }, &err),
               CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("index 0 is not in a tree of 0 leaves"));
    CHECK_CODE(tree_check_inclusion(&grown.heads[7], 4, &grown.leaves[3], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the inclusion path of index 4 leads to another root"));
    path.count--;
    CHECK_CODE(tree_check_inclusion(&grown.heads[7], 3, &grown.leaves[3], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the inclusion path has only 2 hashes"));
    path.count += 2;
    path.hashes[3] = path.hashes[2];
    CHECK_CODE(tree_check_inclusion(&grown.heads[7], 3, &grown.leaves[3], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the inclusion path has 4 hashes, expected 3"));
    path = proof_of(&grown, 3, 7);
    path.count--;
    CHECK_CODE(tree_check_consistency(&grown.heads[3], &grown.heads[7], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the consistency proof has only 3 hashes"));
    path.count += 2;
    path.hashes[4] = path.hashes[3];
    CHECK_CODE(tree_check_consistency(&grown.heads[3], &grown.heads[7], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the consistency proof has 5 hashes, expected 4"));
    path.count = 0;
    CHECK_CODE(tree_check_consistency(&grown.heads[3], &grown.heads[7], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the consistency proof is empty"));
    CHECK_CODE(tree_check_consistency(&grown.heads[7], &grown.heads[3], &path, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("a tree of 3 leaves can't extend one of 7"));
    grown.heads[3].size = 7;
    CHECK_CODE(tree_check_consistency(&grown.heads[3], &grown.heads[7], &(struct tree_path){ 0 }, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("two trees of 7 leaves have different roots"));
}

static const struct test tests[] = {
    TEST(every_root_is_that_of_the_definition),
    TEST(the_roots_of_the_vectors_come_out),
    TEST(the_proofs_of_the_vectors_verify),
    TEST(every_leaf_of_every_size_is_included),
    TEST(a_path_serves_one_leaf_index_and_head_only),
    TEST(a_path_with_any_bit_flipped_is_refused),
    TEST(a_path_cut_or_extended_anywhere_is_refused),
    TEST(every_size_is_consistent_with_every_later_one),
    TEST(a_consistency_proof_serves_one_pair_of_heads_only),
    TEST(a_consistency_proof_with_any_bit_flipped_is_refused),
    TEST(a_consistency_proof_cut_or_extended_anywhere_is_refused),
    TEST(a_refusal_says_what_is_wrong),
};
TEST_MAIN(tests)
