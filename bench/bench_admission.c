/*
 * bench/admission: what a request's admission asks for in memory: who its token speaks for, and the aliases of what it
 * asserts. Each is asked once a request on the loops' threads; the budget of the first is 200 ns.
 *
 * "hot" looks up the same thousand again and again, "any" all of them in random order, which is mostly the price of
 * memory that is in no cache. With two threads both look up at once; the figure is of each.
 *
 * Usage: bench_admission [TOKENS]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/facts_edit.h"
#include "engine/directory.h"
#include "engine/names.h"

#define TOKENS_DEFAULT 100000
#define HOT            1000
#define CALLS          20000 /* of one slice */
#define SLICES         51
#define THREADS        2
#define NOW_MS         ((int64_t)1800000000000)

static void must(bool good, const char *what)
{
    if (good)
        return;
    printf("bench_admission: %s\n", what);
    exit(EXIT_FAILURE);
}

struct bench {
    struct directory *directory;
    struct names *names;
    uint64_t count;
    struct hash *hashes;
};

struct work {
    const char *name;
    void (*call)(struct bench *bench, struct entropy *random, uint64_t number);
    bool hot;
};

static struct str user_text(uint64_t number, char space[32])
{
    int len = snprintf(space, 32, "user-%" PRIu64, number);

    return (struct str){ space, (size_t)len };
}

static void find_token(struct bench *bench, struct entropy *random, uint64_t number)
{
    struct bearer bearer;
    struct denial denial;

    (void)random;
    must(!directory_find(bench->directory, bench->hashes[number].bytes, NOW_MS, &bearer, &denial).code, "token");
}

static void find_alias(struct bench *bench, struct entropy *random, uint64_t number)
{
    char space[32];
    struct name_new name = { .kind = NAME_ALIAS_USER, .text = user_text(number, space) };
    bool is_new = true;

    must(!names_alias(bench->names, &name, random, NOW_MS, &is_new).code && !is_new, "alias");
}

/* What the loop itself and the making of a text cost, to be taken off in one's head. */
static void make_text(struct bench *bench, struct entropy *random, uint64_t number)
{
    char space[32];

    (void)bench;
    (void)random;
    must(user_text(number, space).len > 0, "text");
}

/* ---- Making ---- */

static void tokens_make(struct bench *bench)
{
    struct entropy random = entropy_from_seed(1);
    struct facts facts;

    must(!facts_init(&facts).code, "facts");
    for (uint64_t i = 0; i < bench->count; i++) {
        struct principal owner = { .id = id_new(&random, NOW_MS), .kind = ID_SERVICE, .organisation = NONE };
        struct credential token = {
            .id = id_new(&random, NOW_MS), .expires_ms = NOW_MS + 1, .scopes = PERMISSIONS_ALL, .owner = (uint32_t)i
        };

        bench->hashes[i] = hash_of((struct str){ (const char *)&token.id, sizeof token.id });
        memcpy(token.hash, bench->hashes[i].bytes, sizeof token.hash);
        must(!principal_add(&facts, &owner).code && !credential_add(&facts, &token).code, "facts");
    }
    must(!directory_load(bench->directory, &facts).code, "directory");
    facts_free(&facts);
}

static void aliases_make(struct bench *bench)
{
    struct entropy random = entropy_from_seed(2);

    for (uint64_t i = 0; i < bench->count; i++) {
        char space[32];
        struct name_new name = { .kind = NAME_ALIAS_USER, .text = user_text(i, space) };
        bool is_new = false;

        must(!names_alias(bench->names, &name, &random, NOW_MS, &is_new).code && is_new, "alias");
        names_settle(bench->names, &name, true);
    }
}

/* ---- Measuring ---- */

struct run {
    struct bench *bench;
    const struct work *work;
    uint64_t seed;
    double ns[SLICES];
    pthread_t thread;
};

static void *run(void *argument)
{
    struct run *self = argument;
    struct entropy random = entropy_from_seed(self->seed);
    uint64_t count = self->work->hot && self->bench->count > HOT ? HOT : self->bench->count;

    for (int slice = 0; slice < SLICES; slice++) {
        int64_t began_us = clock_running_us();

        for (int i = 0; i < CALLS; i++)
            self->work->call(self->bench, &random, entropy_below(&random, count));
        self->ns[slice] = (double)(clock_running_us() - began_us) * 1000 / CALLS;
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median_of(struct bench *bench, const struct work *work, unsigned threads)
{
    static struct run runs[THREADS];

    for (unsigned i = 0; i < threads; i++) {
        runs[i] = (struct run){ .bench = bench, .work = work, .seed = i + 1 };
        must(!pthread_create(&runs[i].thread, NULL, run, &runs[i]), "thread");
    }
    for (unsigned i = 0; i < threads; i++)
        must(!pthread_join(runs[i].thread, NULL), "thread");
    qsort(runs[0].ns, SLICES, sizeof runs[0].ns[0], compare);
    return runs[0].ns[SLICES / 2];
}

int main(int argc, char **argv)
{
    static const struct work works[] = {
        { "token, hot", find_token, true },      { "token, any", find_token, false },
        { "alias, hot", find_alias, true },      { "alias, any", find_alias, false },
        { "(the text alone)", make_text, true },
    };
    struct bench bench = { .count = TOKENS_DEFAULT };

    must(argc < 2 || (!str_to_u64(str_of(argv[1]), 1u << 22, &bench.count).code && bench.count > 0), "TOKENS");
    bench.hashes = memory_new(bench.count, sizeof *bench.hashes);
    must(bench.hashes && !directory_new(&bench.directory).code && !names_new(&bench.names).code, "memory");
    tokens_make(&bench);
    aliases_make(&bench);
    printf("%" PRIu64 " tokens and aliases; ns a call, medians   one thread   two threads\n", bench.count);
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        printf("%-44s %11.0f %13.0f\n", works[i].name, median_of(&bench, &works[i], 1),
               median_of(&bench, &works[i], THREADS));
    directory_free(bench.directory);
    names_free(bench.names);
    memory_free(bench.hashes);
    return EXIT_SUCCESS;
}
