/*
 * tests/signer_world.h: a signer in a directory of its own, and trees for it to sign.
 */
#ifndef TESTS_SIGNER_WORLD_H
#define TESTS_SIGNER_WORLD_H

#include "engine/signer.h"
#include "memory_log.h"
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

/* The one tree that all of them sign, as far as it has been asked for. */
static inline struct memory_log *signer_log(uint64_t size)
{
    static struct memory_log *log;

    if (!log)
        log = memory_log_new();
    memory_log_grow(log, size);
    return log;
}

static inline struct tree_head signer_tree(uint64_t size)
{
    return (struct tree_head){ size, rfc_root(signer_log(size)->leaves, size) };
}

/* What a server asks for: that head, proven from `signed_size` on. */
static inline struct sign_request signer_request(struct tree_head head, uint64_t signed_size)
{
    struct sign_request request = { .head = head, .origin = STR(SIGNER_ORIGIN) };

    if (signed_size && signed_size < head.size)
        rfc_subproof(signed_size, signer_log(head.size)->leaves, head.size, true, &request.proof);
    return request;
}

static inline bool heads_equal(struct tree_head a, struct tree_head b)
{
    return a.size == b.size && hash_eq(&a.root, &b.root);
}

#endif
