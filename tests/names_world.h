/*
 * tests/names_world.h: a register of names, and where a test wants one, the store that it is kept in.
 */
#ifndef TESTS_NAMES_WORLD_H
#define TESTS_NAMES_WORLD_H

#include "engine/names.h"
#include "store_world.h"

#define NOW_MS ((int64_t)1800000000000)

struct register_world {
    struct world world;
    struct names *names;
    struct entropy entropy;
    struct arena arena;
};

static inline void register_init(struct register_world *world)
{
    *world = (struct register_world){ .entropy = entropy_from_seed(test_seed()),
                                      .arena = { .max_bytes = WORLD_ARENA_BYTES } };
    CHECK_OK(names_new(&world->names));
}

static inline void register_init_with_store(struct register_world *world)
{
    register_init(world);
    world->world = world_new();
}

static inline void register_free(struct register_world *world)
{
    names_free(world->names);
    arena_free(&world->arena);
    world_free(&world->world);
}

/* As after a restart: a new register that knows what the store has. */
static inline status register_restart(struct register_world *world, struct err *err)
{
    names_free(world->names);
    world->names = NULL;
    CHECK_OK(names_new(&world->names));
    return names_load(world->names, world->world.reader, NULL, err);
}

static inline struct id fresh(struct register_world *world)
{
    return id_new(&world->entropy, NOW_MS);
}

/* An alias as an admission asks for it. */
static inline struct name_new alias(struct register_world *world, enum name_kind kind, struct str text, bool want_new)
{
    struct name_new name = { .kind = kind, .text = text };
    bool is_new = !want_new;

    CHECK_OK(names_alias(world->names, &name, &world->entropy, NOW_MS, &is_new));
    CHECK(is_new == want_new);
    return name;
}

/* Commits aliases with one entry. */
static inline void keep_aliases(struct register_world *world, const struct store_alias *aliases, size_t count)
{
    uint64_t size = store_head(world->world.store).size;
    struct str leaf = STR("leaf");
    struct store_batch batch = { .first = size,
                                 .entries = &leaf,
                                 .entry_count = 1,
                                 .aliases = aliases,
                                 .alias_count = count,
                                 .head = world_head(size + 1) };

    CHECK_OK(store_append(world->world.store, &batch, NULL));
}

static inline void keep(struct register_world *world, const struct name_new *name)
{
    struct store_alias stored = { 0 };

    CHECK_OK(name_to_alias(name, &world->arena, &stored));
    keep_aliases(world, &stored, 1);
}

static inline void check_text(struct register_world *world, struct id id, struct str text)
{
    struct str found = STR_NONE;

    CHECK_OK(names_text(world->names, id, &world->arena, &found));
    CHECK_STR(found, text);
}

static inline void check_no_text(struct register_world *world, struct id id)
{
    struct str found = STR_NONE;

    CHECK_CODE(names_text(world->names, id, &world->arena, &found), CODE_NOT_FOUND);
}

#endif
