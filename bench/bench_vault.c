/*
 * bench/bench_vault: what sealing costs: an entry's private text of 120 bytes, under a person's key and the day's, as
 * the engine's thread seals it; a name; opening one again; and, as the baseline of the same run, the commitment that
 * such a text had before there was a vault, and copying it.
 *
 * Usage: bench_vault [ROUNDS [DIRECTORY]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/vault_items.h"
#include "measure.h"

#define ROUNDS_DEFAULT 9
#define TEXTS          20000
#define PERSONS        1000
#define TEXT_BYTES     120
#define NOW_MS         ((int64_t)1795507200000)

struct scene {
    struct vault *vault;
    struct entropy entropy;
    struct arena arena;
    struct store_private items[TEXTS];
    uint8_t salt[PRIVATE_SALT_BYTES];
    struct hash commitment;
    char text[TEXT_BYTES];
};

static struct str text_of(const struct scene *scene)
{
    return (struct str){ scene->text, TEXT_BYTES };
}

static void seal_texts(struct scene *scene)
{
    for (uint64_t i = 0; i < TEXTS; i++) {
        struct vault_text text = { .index = i,
                                   .person = { 1, i % PERSONS + 1 },
                                   .time_ms = NOW_MS,
                                   .commitment = scene->commitment.bytes,
                                   .salt = scene->salt,
                                   .text = text_of(scene) };

        must(!vault_seal_text(scene->vault, &text, &scene->entropy, &scene->arena, &scene->items[i]).code, "no seal");
    }
}

static void open_texts(struct scene *scene)
{
    for (uint64_t i = 0; i < TEXTS; i++) {
        struct vault_stored stored = { &scene->items[i], scene->commitment.bytes };
        struct str text;

        must(!vault_unseal_text(scene->vault, &stored, &scene->arena, &text, NULL).code, "not opened");
    }
}

static void commit_to_texts(struct scene *scene)
{
    for (uint64_t i = 0; i < TEXTS; i++) {
        struct str copy;

        scene->salt[0] = (uint8_t)i;
        scene->commitment = private_commitment(scene->salt, text_of(scene));
        must(!arena_copy(&scene->arena, text_of(scene), &copy).code, "no copy");
    }
}

static double nanoseconds(struct scene *scene, void (*work)(struct scene *scene))
{
    int64_t began_us = clock_running_us();

    work(scene);
    return (double)(clock_running_us() - began_us) * 1000 / TEXTS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)must_number(argv[1], 98, "ROUNDS") : ROUNDS_DEFAULT;
    char dir[256];
    struct key_header header = { .ledger = { 1, 1 }, .made_ms = NOW_MS, .announced = true };
    struct scene *scene = memory_new(1, sizeof *scene);
    double figures[3][99];

    must(scene && rounds > 0 && rounds < 99, "ROUNDS: 1 to 98");
    (void)snprintf(dir, sizeof dir, "%s/bench-vault-XXXXXX", argc > 2 ? argv[2] : "/tmp");
    must(mkdtemp(dir) != NULL, "no directory");
    must(!vault_create(dir, &header, NULL).code && !vault_open(dir, header.ledger, NOW_MS, &scene->vault, NULL).code,
         "no vault");
    scene->entropy = entropy_from_system();
    scene->arena.max_bytes = (size_t)64 * 1024 * 1024;
    memset(scene->text, 'x', TEXT_BYTES);
    commit_to_texts(scene);
    seal_texts(scene); /* makes the keys */
    must(!vault_sync(scene->vault, NULL).code, "no sync");
    for (int round = 0; round < rounds; round++) {
        arena_reset(&scene->arena);
        figures[0][round] = nanoseconds(scene, commit_to_texts);
        figures[1][round] = nanoseconds(scene, seal_texts);
        figures[2][round] = nanoseconds(scene, open_texts);
    }
    for (int i = 0; i < 3; i++)
        qsort(figures[i], (size_t)rounds, sizeof(double), by_value);
    (void)printf("ns a text of %d bytes, medians of %d rounds: commitment and copy %.0f, sealed %.0f, opened %.0f\n",
                 TEXT_BYTES, rounds, figures[0][rounds / 2], figures[1][rounds / 2], figures[2][rounds / 2]);
    vault_close(scene->vault);
    (void)snprintf(dir + strlen(dir), sizeof dir - strlen(dir), "/%s", VAULT_FILE);
    (void)unlink(dir);
    *strrchr(dir, '/') = '\0';
    (void)rmdir(dir);
    arena_free(&scene->arena);
    memory_free(scene);
    return 0;
}
