/*
 * tests/signer_world.h: a signer in a directory of its own, and trees for it to sign.
 */
#ifndef TESTS_SIGNER_WORLD_H
#define TESTS_SIGNER_WORLD_H

#include "engine/signer.h"
#include "store_world.h"

#define SIGNER_ORIGIN "test.example/ledger"

struct signer_world {
    char dir[WORLD_PATH_BYTES];
    struct signer *signer;
};

static inline void signer_world_directory(struct signer_world *world)
{
    *world = (struct signer_world){ 0 };
    (void)snprintf(world->dir, sizeof world->dir, "%s/tally-signer-XXXXXX", world_parent());
    if (!mkdtemp(world->dir)) {
        printf("can't make a directory %s\n", world->dir);
        exit(EXIT_FAILURE);
    }
}

static inline bool signer_world_reopen(struct signer_world *world)
{
    struct err err = { 0 };
    bool opened;

    signer_close(world->signer);
    world->signer = NULL;
    opened = CHECK_OK(signer_open(world->dir, &world->signer, &err));
    if (!opened)
        printf("%s\n", err.text);
    return opened;
}

static inline void signer_world_init(struct signer_world *world)
{
    signer_world_directory(world);
    CHECK_OK(signer_create(world->dir, STR(SIGNER_ORIGIN), NULL));
    if (!signer_world_reopen(world))
        exit(EXIT_FAILURE);
}

static inline void signer_world_free(struct signer_world *world)
{
    signer_close(world->signer);
    world_remove_directory(world->dir);
}

static inline const char *signer_world_path(const struct signer_world *world, const char *name)
{
    static char path[WORLD_PATH_BYTES + 64];

    (void)snprintf(path, sizeof path, "%s/%s", world->dir, name);
    return path;
}

/* A head that nobody could mistake for one of another size. */
static inline struct tree_head signer_tree(uint64_t size)
{
    char text[32];
    int len = snprintf(text, sizeof text, "tree %llu", (unsigned long long)size);

    return (struct tree_head){ size, hash_of((struct str){ text, (size_t)len }) };
}

static inline bool heads_equal(struct tree_head a, struct tree_head b)
{
    return a.size == b.size && hash_eq(&a.root, &b.root);
}

#endif
