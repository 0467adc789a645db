/*
 * tests/store_world.h: a ledger in a directory of its own, whose contents are known without being kept.
 *
 * Whatever the batches, entry i has the leaf, private text, alias and tile that the functions below give for i. So a
 * test can cut the entries into batches as it likes and knows afterwards what every read must give.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/entropy.h"
#include "base/limits.h"
#include "store/store.h"
#include "test.h"

#define WORLD_PATH_BYTES  512
#define WORLD_ARENA_BYTES ((size_t)32 * 1024 * 1024)

struct world {
    char dir[WORLD_PATH_BYTES];
    struct store *store;
    struct store_reader *reader;
};

/* ---- What is in it ---- */

/* A number that looks random and belongs to (index, purpose): the finalizer of SplitMix64. */
static inline uint64_t world_number(uint64_t index, uint64_t purpose)
{
    uint64_t z = (index * 64 + purpose) * 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline struct str world_text(struct arena *arena, uint64_t index, uint64_t purpose, size_t max)
{
    size_t len = world_number(index, purpose) % (max + 1);
    char *at = arena_new(arena, len + 1, 1);

    assert(at);
    for (size_t i = 0; i < len; i++)
        at[i] = (char)world_number(index * 4096 + i, purpose + 1);
    return (struct str){ at, len };
}

/* Mostly short, so that tests are fast, and now and then as long as a leaf may be. */
static inline struct str world_leaf(struct arena *arena, uint64_t index)
{
    return world_text(arena, index, 1, index % 97 == 0 ? ENTRY_MAX_BYTES : 40);
}

static inline bool world_has_private(uint64_t index)
{
    return world_number(index, 3) % 3 == 0;
}

static inline struct store_private world_private(struct arena *arena, uint64_t index)
{
    return (struct store_private){ .index = index,
                                   .part = (uint8_t)(world_number(index, 4) % 2),
                                   .text = world_text(arena, index, 5, 60) };
}

static inline bool world_has_alias(uint64_t index)
{
    return world_number(index, 7) % 40 == 0;
}

/* Ids ascend with the index, and use both halves and the sign bit. */
static inline struct store_alias world_alias(struct arena *arena, uint64_t index)
{
    return (struct store_alias){ .id = { .hi = UINT64_MAX / 2 + index, .lo = world_number(index, 8) },
                                 .kind = (int64_t)(index % 3),
                                 .text = world_text(arena, index, 9, 30) };
}

static inline struct store_tile world_tile(struct arena *arena, unsigned level, uint64_t number)
{
    uint8_t *hashes = arena_new(arena, TILE_BYTES, 1);

    assert(hashes);
    memset(hashes, (int)(level * 100 + number % 100), TILE_BYTES);
    return (struct store_tile){ .level = level, .number = number, .hashes = hashes };
}

static inline struct store_head world_head(uint64_t size)
{
    struct store_head head = { .size = size, .time_ms = (int64_t)size * 10, .epoch = 7 };

    memset(head.root.bytes, (int)(size % 251), sizeof head.root.bytes);
    return head;
}

/* The batch of entries first … first + count - 1. */
static inline struct store_batch world_batch(struct arena *arena, uint64_t first, size_t count)
{
    struct str *entries = arena_new(arena, count, sizeof *entries);
    struct store_private *privates = arena_new(arena, count, sizeof *privates);
    struct store_alias *aliases = arena_new(arena, count, sizeof *aliases);
    struct store_tile *tiles = arena_new(arena, count / TILE_WIDTH + 1, sizeof *tiles);
    struct store_batch batch = { .first = first, .entry_count = count, .head = world_head(first + count) };

    assert(entries && privates && aliases && tiles);
    for (uint64_t index = first; index < first + count; index++) {
        entries[index - first] = world_leaf(arena, index);
        if (world_has_private(index))
            privates[batch.private_count++] = world_private(arena, index);
        if (world_has_alias(index))
            aliases[batch.alias_count++] = world_alias(arena, index);
        if ((index + 1) % TILE_WIDTH == 0)
            tiles[batch.tile_count++] = world_tile(arena, 0, index / TILE_WIDTH);
    }
    batch.entries = entries;
    batch.privates = privates;
    batch.aliases = aliases;
    batch.tiles = tiles;
    return batch;
}

/* ---- Its directory ---- */

static inline void world_remove_directory(const char *dir)
{
    DIR *directory = opendir(dir);
    const struct dirent *item;

    while (directory && (item = readdir(directory)))
        (void)unlinkat(dirfd(directory), item->d_name, 0);
    if (directory)
        closedir(directory);
    (void)rmdir(dir);
}

static inline const char *world_path(const struct world *world, const char *name)
{
    static char path[WORLD_PATH_BYTES + 64];

    (void)snprintf(path, sizeof path, "%s/%s", world->dir, name);
    return path;
}

static inline void world_close(struct world *world)
{
    store_reader_close(world->reader);
    store_close(world->store);
    world->reader = NULL;
    world->store = NULL;
}

static inline void world_free(struct world *world)
{
    world_close(world);
    if (world->dir[0])
        world_remove_directory(world->dir);
}

static inline bool world_open(struct world *world)
{
    struct err err = { 0 };

    if (CHECK_OK(store_open(world->dir, &world->store, &err)) &&
        CHECK_OK(store_reader_open(world->store, &world->reader, &err)))
        return true;
    printf("%s\n", err.text);
    return false;
}

/* An empty ledger, not open, in a new directory below `parent`. */
static inline struct world world_closed_below(const char *parent)
{
    static const struct store_fact facts[] = { { { "origin", 6 }, { "test.example/ledger", 19 } } };
    struct world world = { 0 };
    struct err err = { 0 };

    (void)snprintf(world.dir, sizeof world.dir, "%s/tally-test-XXXXXX", parent);
    if (!mkdtemp(world.dir) || store_create(world.dir, facts, 1, &err).code) {
        printf("can't make a ledger in %s: %s\n", world.dir, err.text);
        exit(EXIT_FAILURE);
    }
    return world;
}

static inline const char *world_parent(void)
{
    return getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
}

static inline struct world world_new(void)
{
    struct world world = world_closed_below(world_parent());

    if (!world_open(&world))
        exit(EXIT_FAILURE);
    return world;
}

/* ---- Writing and comparing ---- */

static inline status world_append(struct world *world, size_t count, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    struct store_batch batch = world_batch(&arena, store_head(world->store).size, count);

    return store_append(world->store, &batch, err);
}

static inline bool world_heads_equal(const struct store_head *a, const struct store_head *b)
{
    return a->size == b->size && hash_eq(&a->root, &b->root) && a->time_ms == b->time_ms && a->epoch == b->epoch;
}

/* Compares each thing read with what it must be; `next` is the index of the next one expected. */
struct world_judge {
    struct arena arena;
    uint64_t next;
    uint64_t seen;               /* with the right content */
    uint64_t wrong;              /* of another content, or not the one expected next */
    bool (*has)(uint64_t index); /* whether that entry has one; NULL: all do */
};

static inline void world_judge_free(struct world_judge *judge)
{
    arena_free(&judge->arena);
}

static inline void world_judge_count(struct world_judge *judge, uint64_t index, bool right)
{
    while (judge->has && !judge->has(judge->next) && judge->next < index)
        judge->next++;
    judge->wrong += !right || index != judge->next;
    judge->next = index + 1;
    judge->seen += right;
    arena_reset(&judge->arena);
}

static inline status world_judge_leaf(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct world_judge *judge = context;

    (void)err;
    world_judge_count(judge, index, str_eq(leaf, world_leaf(&judge->arena, index)));
    return OK;
}

static inline status world_judge_private(void *context, const struct store_private *item, struct err *err)
{
    struct world_judge *judge = context;
    struct store_private want = world_private(&judge->arena, item->index);

    (void)err;
    world_judge_count(judge, item->index, str_eq(item->text, want.text) && item->part == want.part);
    return OK;
}

static inline status world_judge_alias(void *context, const struct store_alias *alias, struct err *err)
{
    struct world_judge *judge = context;
    uint64_t index = alias->id.hi - UINT64_MAX / 2;
    struct store_alias want = world_alias(&judge->arena, index);

    (void)err;
    world_judge_count(judge, index,
                      id_eq(alias->id, want.id) && alias->kind == want.kind && str_eq(alias->text, want.text));
    return OK;
}

static inline uint64_t world_count(uint64_t size, bool (*has)(uint64_t index))
{
    uint64_t count = 0;

    for (uint64_t index = 0; index < size; index++)
        count += has(index);
    return count;
}

#define WORLD_JUDGE(first_index, which)                                                                                \
    {                                                                                                                  \
        .arena = { .max_bytes = WORLD_ARENA_BYTES }, .next = (first_index), .has = (which)                             \
    }

/* Reads all entries in parts and says how many there are; any wrong one, or a failure, fails the test. */
static inline uint64_t world_check_entries(struct store_reader *reader)
{
    AUTO(struct world_judge, world_judge_free) judge = WORLD_JUDGE(0, NULL);
    struct store_entry_visitor visitor = { world_judge_leaf, &judge };
    struct store_range range = { .max_count = 1000, .max_bytes = 100000 };
    struct err err = { 0 };
    uint64_t next = 0;

    do {
        range.first = next;
        if (!CHECK_OK(store_entries_read(reader, &range, &visitor, &next, &err))) {
            printf("%s\n", err.text);
            break;
        }
    } while (next > range.first);
    CHECK_INT(judge.wrong, 0);
    CHECK_INT(judge.next, next);
    return judge.seen;
}

static inline void world_check_tiles(struct store_reader *reader, uint64_t size)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = WORLD_ARENA_BYTES };
    uint8_t hashes[TILE_BYTES];

    for (uint64_t n = 0; n < size / TILE_WIDTH; n++) {
        arena_reset(&arena);
        CHECK_OK(store_tile_read(reader, 0, n, hashes, NULL));
        CHECK(memcmp(hashes, world_tile(&arena, 0, n).hashes, TILE_BYTES) == 0);
    }
    CHECK_CODE(store_tile_read(reader, 0, size / TILE_WIDTH, hashes, NULL), CODE_NOT_FOUND);
}

/* Everything: head, entries, private texts, aliases and tiles are those of a ledger of `size` entries. */
static inline void world_check(struct store_reader *reader, uint64_t size)
{
    AUTO(struct world_judge, world_judge_free) privates = WORLD_JUDGE(0, world_has_private);
    AUTO(struct world_judge, world_judge_free) aliases = WORLD_JUDGE(0, world_has_alias);
    struct store_private_visitor on_private = { world_judge_private, &privates };
    struct store_alias_visitor on_alias = { world_judge_alias, &aliases };
    struct store_head want = world_head(size);
    struct store_head head = { 0 };

    CHECK_OK(store_head_read(reader, &head, NULL));
    CHECK(size == 0 || world_heads_equal(&head, &want));
    CHECK_INT(world_check_entries(reader), size);
    CHECK_OK(store_private_read(reader, 0, UINT64_MAX, &on_private, NULL));
    CHECK_INT(privates.wrong, 0);
    CHECK_INT(privates.seen, world_count(size, world_has_private));
    CHECK_OK(store_aliases_read(reader, &on_alias, NULL));
    CHECK_INT(aliases.wrong, 0);
    CHECK_INT(aliases.seen, world_count(size, world_has_alias));
    world_check_tiles(reader, size);
}

#endif
