/*
 * bench/tlog: what hashes, signatures, appends and proofs cost without any store.
 *
 * The proofs are of random entries in a log of 10 million equal leaves: a tile of it is one hash repeated, so it needs
 * no memory, while reading (8 KiB copied) and folding cost what they always do. "cold" is a prover that remembers
 * nothing, "warm" one that has made such proofs before. The budget is a proof of any entry at 10 million below 100 µs,
 * warm.
 *
 * Usage: bench_tlog [LEAVES]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/memory.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "tlog/edge.h"
#include "tlog/prove.h"

#define LEAVES_DEFAULT 10000000
#define ENTRY_BYTES    550
#define BODY_BYTES     200
#define SLICES         101
#define CALLS          5000 /* of one slice, where a call takes less than a microsecond */
#define SIGNATURES     20
#define PROOFS         20000

static void must(bool good, const char *what)
{
    if (good)
        return;
    printf("bench_tlog: %s\n", what);
    exit(EXIT_FAILURE);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* ---- Hashes, appends and signatures ---- */

struct bench {
    char bytes[ENTRY_BYTES];
    struct hash hash; /* each call works on the result of the one before */
    struct edge *edge;
    struct ed25519_key key;
    struct ed25519_signature signature;
};

static void leaf(struct bench *bench)
{
    memcpy(bench->bytes, bench->hash.bytes, sizeof bench->hash.bytes);
    bench->hash = hash_leaf((struct str){ bench->bytes, ENTRY_BYTES });
}

static void node(struct bench *bench)
{
    bench->hash = hash_node(&bench->hash, &bench->hash);
}

static void mac(struct bench *bench)
{
    bench->hash = hash_mac(hash_str(&bench->hash), (struct str){ bench->bytes, BODY_BYTES });
}

static void append(struct bench *bench)
{
    struct edge_full full[TILE_LEVELS];

    (void)edge_append(bench->edge, &bench->hash, full);
}

static void sign(struct bench *bench)
{
    must(!ed25519_sign(&bench->key, hash_str(&bench->hash), &bench->signature, NULL).code, "sign");
}

static void verify(struct bench *bench)
{
    struct str signature = { (const char *)bench->signature.bytes, sizeof bench->signature.bytes };

    must(!ed25519_verify(&bench->key.public_key, hash_str(&bench->hash), signature, NULL).code, "verify");
}

/* The median of slices, since a machine's speed drifts and others use it, too. */
static void measure(const char *name, void (*work)(struct bench *), struct bench *bench, int calls)
{
    int64_t times_us[SLICES];

    for (int slice = 0; slice < SLICES; slice++) {
        int64_t began_us = clock_running_us();

        for (int i = 0; i < calls; i++)
            work(bench);
        times_us[slice] = clock_running_us() - began_us;
    }
    qsort(times_us, SLICES, sizeof *times_us, compare);
    printf("%-34s %8.0f ns\n", name, (double)times_us[SLICES / 2] * 1000 / calls);
}

static void measure_calls(void)
{
    static struct bench bench;
    struct entropy entropy = entropy_from_system();
    struct secret seed;

    ed25519_seed_new(&entropy, &seed);
    must(!ed25519_open(&seed, &bench.key, NULL).code, "key");
    bench.edge = memory_new(1, sizeof *bench.edge);
    must(bench.edge != NULL, "memory");
    measure("leaf hash of 550 B", leaf, &bench, CALLS);
    measure("tree node", node, &bench, CALLS);
    measure("HMAC of 200 B with a new key", mac, &bench, CALLS);
    measure("append of a leaf hash to the edge", append, &bench, CALLS);
    measure("Ed25519 signature", sign, &bench, SIGNATURES);
    measure("Ed25519 verification", verify, &bench, SIGNATURES);
    memory_free(bench.edge);
    ed25519_close(&bench.key);
}

/* ---- Proofs ---- */

/* Full tiles by level; the leaves are all equal. */
struct uniform_log {
    struct hash tiles[TILE_LEVELS][TILE_WIDTH];
};

static void uniform_log_init(struct uniform_log *log)
{
    struct hash hash = hash_leaf(STR("the same"));

    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        for (unsigned i = 0; i < TILE_WIDTH; i++)
            log->tiles[level][i] = hash;
        for (unsigned height = 0; height < TILE_HEIGHT; height++)
            hash = hash_node(&hash, &hash);
    }
}

static status read_tile(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    const struct uniform_log *log = from;

    (void)err;
    memcpy(ret_hashes, log->tiles[tile->level], tile->width * sizeof *ret_hashes);
    return OK;
}

static void tell_proofs(const char *name, int64_t *times_us)
{
    int64_t sum_us = 0;

    for (int i = 0; i < PROOFS; i++)
        sum_us += times_us[i];
    qsort(times_us, PROOFS, sizeof *times_us, compare);
    printf("%-34s %8.1f us  p50 %" PRId64 "  p99 %" PRId64 "\n", name, (double)sum_us / PROOFS, times_us[PROOFS / 2],
           times_us[PROOFS * 99 / 100]);
}

enum kind { INCLUSION, CONSISTENCY };

static void prove(struct prover *prover, enum kind kind, uint64_t number, uint64_t size)
{
    struct tree_path path;
    status s = kind == INCLUSION ? prove_inclusion(prover, number, size, &path, NULL)
                                 : prove_consistency(prover, number + 1, size, &path, NULL);

    must(!s.code, "proof");
}

/* A round that is not counted comes first; it warms a prover with memory up, and the processor for both. */
static void measure_proofs(const char *name, struct prover *prover, enum kind kind, uint64_t size)
{
    static int64_t times_us[PROOFS];
    struct entropy entropy = entropy_from_seed(1);

    for (int i = -PROOFS; i < PROOFS; i++) {
        uint64_t number = entropy_below(&entropy, size);
        int64_t began_us = clock_running_us();

        prove(prover, kind, number, size);
        if (i >= 0)
            times_us[i] = clock_running_us() - began_us;
    }
    tell_proofs(name, times_us);
}

int main(int argc, char **argv)
{
    static struct uniform_log log;
    struct tile_source tiles = { .read = read_tile, .from = &log };
    struct prover cold = { .tiles = tiles };
    AUTO(struct prover, prover_close) warm = { 0 };
    uint64_t size = LEAVES_DEFAULT;

    must(argc < 2 || !str_to_u64(str_of(argv[1]), TREE_MAX_LEAVES, &size).code, "LEAVES");
    must(size > 0 && !prover_open(&warm, tiles, NULL).code, "prover");
    uniform_log_init(&log);
    measure_calls();
    printf("at %" PRIu64 " leaves:\n", size);
    measure_proofs("inclusion proof, cold", &cold, INCLUSION, size);
    measure_proofs("inclusion proof, warm", &warm, INCLUSION, size);
    measure_proofs("consistency proof, cold", &cold, CONSISTENCY, size);
    measure_proofs("consistency proof, warm", &warm, CONSISTENCY, size);
    return EXIT_SUCCESS;
}
