/*
 * tlog/prove: proofs built from tiles are those of RFC 6962, for small trees all of them, and cost few reads.
 */
#include "base/entropy.h"
#include "base/fault.h"
#include "crypto/hash.h"
#include "memory_log.h"
#include "tlog/prove.h"
#include "vectors.h"

#define SMALL 70
#define LARGE 70000

static struct prover prover_on(struct memory_log *log, bool with_memory)
{
    struct prover prover = { .tiles = memory_log_tiles(log) };

    if (with_memory)
        CHECK_OK(prover_open(&prover, memory_log_tiles(log), NULL));
    return prover;
}

static void every_small_proof_is_that_of_the_definition(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();

    memory_log_grow(log, SMALL);
    for (uint64_t size = 0; size <= SMALL; size++) {
        AUTO(struct prover, prover_close) prover = prover_on(log, size % 2);
        struct hash root = { 0 }, want_root = rfc_root(log->leaves, size);

        CHECKING("size %d", (int)size);
        CHECK_OK(prove_root(&prover, size, &root, NULL));
        CHECK(hash_eq(&root, &want_root));
        for (uint64_t from = 0; from <= size; from++) {
            struct tree_path got = { 0 }, want = { 0 };

            CHECKING("%d of %d", (int)from, (int)size);
            if (from > 0)
                rfc_subproof(from, log->leaves, size, true, &want);
            CHECK_OK(prove_consistency(&prover, from, size, &got, NULL));
            CHECK(path_eq(&got, &want));
            want.count = 0;
            if (from == size)
                continue;
            rfc_path(from, log->leaves, size, &want);
            CHECK_OK(prove_inclusion(&prover, from, size, &got, NULL));
            CHECK(path_eq(&got, &want));
        }
    }
}

static void the_proofs_of_the_vectors_come_out(void)
{
    AUTO(struct buf, buf_free) file = { .max = 1 << 20 };
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct prover, prover_close) prover = prover_on(log, true);
    struct tree_path got = { 0 }, want;

    if (!test_read_file(test_shared_path(VECTORS_FILE), &file))
        return;
    memory_log_grow(log, 1000); /* the proofs are of a size that the log once had */
    want = vectors_path(&file, "inclusion(42,300)");
    CHECK_OK(prove_inclusion(&prover, 42, 300, &got, NULL));
    CHECK(path_eq(&got, &want));
    want = vectors_path(&file, "consistency(100,300)");
    CHECK_OK(prove_consistency(&prover, 100, 300, &got, NULL));
    CHECK(path_eq(&got, &want));
    want = vectors_path(&file, "consistency(256,300)");
    CHECK_OK(prove_consistency(&prover, 256, 300, &got, NULL));
    CHECK(path_eq(&got, &want));
}

/* The definition over so many leaves takes long, so a few sizes and many indexes of each. */
static void proofs_at_large_sizes_verify(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    struct entropy entropy = entropy_from_seed(test_seed());
    static const uint64_t sizes[] = { 255, 256, 257, 511, 512, 4096, 65535, 65536, 65537, 65792, LARGE };

    memory_log_grow(log, LARGE);
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t size = i % 2 ? sizes[i / 2] : 1 + entropy_below(&entropy, LARGE);
        AUTO(struct prover, prover_close) prover = prover_on(log, i % 3);
        struct tree_head head = { .size = size, .root = rfc_root(log->leaves, size) };
        struct hash root = { 0 };

        CHECKING("size %d", (int)size);
        CHECK_OK(prove_root(&prover, size, &root, NULL));
        CHECK(hash_eq(&root, &head.root));
        for (int round = 0; round < 60; round++) {
            uint64_t index = round == 0 ? 0 : round == 1 ? size - 1 : entropy_below(&entropy, size);
            struct tree_head older = { .size = index + 1 };
            struct tree_path path = { 0 };

            CHECKING("index %d of %d", (int)index, (int)size);
            CHECK_OK(prove_inclusion(&prover, index, size, &path, NULL));
            CHECK_OK(tree_check_inclusion(&head, index, &log->leaves[index], &path, NULL));
            CHECK_OK(prove_root(&prover, older.size, &older.root, NULL));
            CHECK_OK(prove_consistency(&prover, older.size, size, &path, NULL));
            CHECK_OK(tree_check_consistency(&older, &head, &path, NULL));
        }
    }
}

static void one_prover_serves_sizes_in_any_order(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct prover, prover_close) prover = prover_on(log, true);
    struct entropy entropy = entropy_from_seed(test_seed());

    memory_log_grow(log, 2000);
    for (int round = 0; round < 300; round++) {
        uint64_t size = 1 + entropy_below(&entropy, 2000);
        uint64_t index = entropy_below(&entropy, size);
        struct tree_path got = { 0 }, want = { 0 };

        rfc_path(index, log->leaves, size, &want);
        CHECKING("index %d of %d", (int)index, (int)size);
        CHECK_OK(prove_inclusion(&prover, index, size, &got, NULL));
        CHECK(path_eq(&got, &want));
    }
}

static void a_proof_reads_each_tile_once_and_none_below_a_hash_that_is_there(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    struct tree_path path = { 0 };
    struct hash root;

    memory_log_grow(log, LARGE); /* 70,000 = 65,536 + 17 × 256 + 112 */
    for (uint64_t index = 0; index < LARGE; index += 999) {
        struct prover prover = prover_on(log, false);

        log->reads = 0;
        CHECK_OK(prove_inclusion(&prover, index, LARGE, &path, NULL));
        CHECKING("index %d", (int)index);
        /* Its own tile of each level, and those at the end of the tree. */
        CHECK(log->reads <= 5);
    }
    log->reads = 0;
    CHECK_OK(prove_root(&(struct prover){ .tiles = memory_log_tiles(log) }, LARGE, &root, NULL));
    CHECK_INT(log->reads, 3);
    log->reads = 0;
    CHECK_OK(prove_root(&(struct prover){ .tiles = memory_log_tiles(log) }, 65536, &root, NULL));
    CHECK_INT(log->reads, 1); /* the one hash of level 2 */
}

static void what_was_folded_once_is_remembered(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct prover, prover_close) prover = prover_on(log, true);
    struct tree_path path = { 0 };
    struct hash root;

    memory_log_grow(log, LARGE);
    CHECK_OK(prove_root(&prover, LARGE, &root, NULL));
    log->reads = 0;
    CHECK_OK(prove_root(&prover, LARGE, &root, NULL));
    CHECK_INT(log->reads, 0);
    CHECK_OK(prove_inclusion(&prover, 5, LARGE, &path, NULL));
    log->reads = 0;
    CHECK_OK(prove_inclusion(&prover, 5 + 256, LARGE, &path, NULL));
    CHECK(log->reads <= 2); /* its own two tiles; the rest is shared */
}

static void a_read_that_fails_at_any_step_leaves_no_proof(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    unsigned reads;

    memory_log_grow(log, LARGE);
    for (log->fail_at = 1;; log->fail_at++) {
        AUTO(struct prover, prover_close) prover = prover_on(log, log->fail_at % 2);
        struct tree_path path = { .count = 99 };
        struct err err = { 0 };
        struct hash root = { 0 };
        status s;

        log->reads = 0;
        s = prove_inclusion(&prover, 300, LARGE, &path, &err);
        if (!s.code)
            s = prove_consistency(&prover, 300, LARGE - 1, &path, &err);
        if (!s.code)
            s = prove_root(&prover, LARGE - 2, &root, &err);
        reads = log->reads;
        if (reads < log->fail_at)
            break;
        CHECKING("read %u", log->fail_at);
        CHECK_INT(s.code, CODE_IO);
        CHECK_STR(str_of(err.text), STR("the tile can't be read"));
        /* The same prover works once the tile can be read again. */
        CHECK_OK(prove_inclusion(&prover, 300, LARGE, &path, NULL));
        CHECK_OK(tree_check_inclusion(&(struct tree_head){ LARGE, rfc_root(log->leaves, LARGE) }, 300,
                                      &log->leaves[300], &path, NULL));
    }
    CHECK(reads > 3);
}

static void what_can_not_be_proved_is_refused(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    struct prover prover = prover_on(log, false);
    struct tree_path path = { 0 };
    struct hash root;
    struct err err = { 0 };
    uint64_t too_large = (uint64_t)TREE_MAX_LEAVES + 1;

    CHECK_CODE(prove_inclusion(&prover, 0, 0, &path, &err), CODE_INVALID);
    CHECK_CODE(prove_inclusion(&prover, 7, 7, &path, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("index 7 is not in a tree of 7 leaves"));
    CHECK_CODE(prove_consistency(&prover, 8, 7, &path, &err), CODE_INVALID);
    CHECK_CODE(prove_inclusion(&prover, 0, too_large, &path, &err), CODE_INVALID);
    CHECK_CODE(prove_consistency(&prover, 0, too_large, &path, &err), CODE_INVALID);
    CHECK_CODE(prove_root(&prover, too_large, &root, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("a tree of 9223372036854775808 leaves is larger than any can be"));
    CHECK_INT(log->reads, 0);
}

/*
 * A log of any size whose leaves are all equal: the root of a perfect subtree depends on its height alone, so a tile is
 * one hash repeated, and no memory is needed.
 */
struct uniform_log {
    struct hash perfect[64]; /* by height */
};

static struct uniform_log uniform_log(void)
{
    struct uniform_log log = { .perfect = { hash_leaf(STR("the same")) } };

    for (size_t i = 1; i < 64; i++)
        log.perfect[i] = hash_node(&log.perfect[i - 1], &log.perfect[i - 1]);
    return log;
}

static status read_uniform(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    const struct uniform_log *log = from;

    (void)err;
    for (unsigned i = 0; i < tile->width; i++)
        ret_hashes[i] = log->perfect[TILE_HEIGHT * tile->level];
    return OK;
}

static struct hash uniform_root(const struct uniform_log *log, uint64_t size)
{
    struct hash root = { 0 };
    bool any = false;

    for (unsigned height = 0; height < 63; height++) {
        if (!(size >> height & 1))
            continue;
        root = any ? hash_node(&log->perfect[height], &root) : log->perfect[height];
        any = true;
    }
    return root;
}

static void proofs_hold_up_to_the_largest_tree(void)
{
    struct uniform_log log = uniform_log();
    AUTO(struct prover, prover_close) prover = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());

    CHECK_OK(prover_open(&prover, (struct tile_source){ .read = read_uniform, .from = &log }, NULL));
    for (int round = 0; round < 400; round++) {
        uint64_t size = 1 + (entropy_u64(&entropy) >> (1 + entropy_below(&entropy, 62)));
        uint64_t older = 1 + entropy_below(&entropy, size);
        struct tree_head head = { .size = size, .root = uniform_root(&log, size) };
        struct tree_head older_head = { .size = older, .root = uniform_root(&log, older) };
        struct tree_path path = { 0 };
        status s;

        CHECKING("seed %" PRIu64 ", %" PRIu64 " of %" PRIu64, test_seed(), older, size);
        CHECK_OK(prove_inclusion(&prover, older - 1, size, &path, NULL));
        CHECK_OK(tree_check_inclusion(&head, older - 1, &log.perfect[0], &path, NULL));
        s = prove_consistency(&prover, older, size, &path, NULL);
        if (s.code == CODE_TOO_LARGE) /* 64 hashes: only just below 2^63 leaves */
            CHECK(size > (uint64_t)1 << 62);
        else if (CHECK_OK(s))
            CHECK_OK(tree_check_consistency(&older_head, &head, &path, NULL));
    }
}

static void a_proof_that_would_need_64_hashes_is_refused(void)
{
    struct uniform_log log = uniform_log();
    struct prover prover = { .tiles = { .read = read_uniform, .from = &log } };
    struct tree_path path = { 0 };
    struct err err = { 0 };

    CHECK_OK(prove_inclusion(&prover, 0, TREE_MAX_LEAVES, &path, &err));
    CHECK_INT(path.count, PROOF_MAX_HASHES);
    CHECK_CODE(prove_consistency(&prover, 1 + ((uint64_t)1 << 61), TREE_MAX_LEAVES, &path, &err), CODE_TOO_LARGE);
    CHECK_STR(str_of(err.text), STR("a proof of more than 63 hashes can't be sent"));
}

static void no_memory_for_a_prover_is_told(void)
{
#ifdef TALLY_FAULTS
    struct prover prover = { 0 };
    struct err err = { 0 };

    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(prover_open(&prover, (struct tile_source){ 0 }, &err), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK_STR(str_of(err.text), STR("no memory for the hashes that proofs share"));
    prover_close(&prover);
#endif
}

static const struct test tests[] = {
    TEST(every_small_proof_is_that_of_the_definition),
    TEST(the_proofs_of_the_vectors_come_out),
    TEST(proofs_at_large_sizes_verify),
    TEST(one_prover_serves_sizes_in_any_order),
    TEST(a_proof_reads_each_tile_once_and_none_below_a_hash_that_is_there),
    TEST(what_was_folded_once_is_remembered),
    TEST(a_read_that_fails_at_any_step_leaves_no_proof),
    TEST(what_can_not_be_proved_is_refused),
    TEST(proofs_hold_up_to_the_largest_tree),
    TEST(a_proof_that_would_need_64_hashes_is_refused),
    TEST(no_memory_for_a_prover_is_told),
};
TEST_MAIN(tests)
