/*
 * tests/ledger_world.h: the same ledger in a store and, for the definitions, in memory; published, and read by views.
 */
#ifndef TESTS_LEDGER_WORLD_H
#define TESTS_LEDGER_WORLD_H

#include "engine/ledger_view.h"
#include "publisher_world.h"

#define VIEWS    3
#define BATCH    700 /* entries of the largest batch */
#define TEXT_MAX 32

struct ledger {
    struct publisher_world publishing;
    struct world stored;
    struct memory_log *log; /* the publisher's world's */
    struct ledger_views *views;
    struct entropy random;
};

static inline void ledger_init(struct ledger *ledger)
{
    memset(ledger, 0, sizeof *ledger);
    publisher_world_init(&ledger->publishing);
    ledger->stored = world_new();
    ledger->log = ledger->publishing.log;
    ledger->random = entropy_from_seed(test_seed());
    CHECK_OK(ledger_views_new(ledger->stored.store, ledger->publishing.publisher, VIEWS, &ledger->views));
}

static inline void ledger_free(struct ledger *ledger)
{
    ledger_views_free(ledger->views);
    world_free(&ledger->stored);
    publisher_world_free(&ledger->publishing);
}

static inline struct str leaf_text(uint64_t index, char space[TEXT_MAX])
{
    int len = snprintf(space, TEXT_MAX, "entry %llu", (unsigned long long)index);

    return (struct str){ space, (size_t)len };
}

/* The tiles that became full since there were `before` of each level. */
static inline size_t new_tiles(const struct memory_log *log, const uint64_t before[MEMORY_LOG_LEVELS],
                               struct store_tile *ret_tiles)
{
    size_t count = 0;

    for (unsigned level = 0; level < MEMORY_LOG_LEVELS; level++) {
        for (uint64_t n = before[level]; n < log->full_count[level]; n++)
            ret_tiles[count++] = (struct store_tile){ level, n, (const uint8_t *)&log->full[level][n * TILE_WIDTH] };
    }
    return count;
}

static inline status ledger_append(struct ledger *ledger, size_t count)
{
    char texts[BATCH][TEXT_MAX];
    struct str entries[BATCH];
    struct store_tile tiles[BATCH / TILE_WIDTH + MEMORY_LOG_LEVELS + 1];
    uint64_t before[MEMORY_LOG_LEVELS];
    uint64_t first = ledger->log->edge.tree.size;
    struct store_batch batch = { .first = first, .entries = entries, .entry_count = count, .tiles = tiles };

    memcpy(before, ledger->log->full_count, sizeof before);
    for (size_t i = 0; i < count; i++)
        entries[i] = leaf_text(first + i, texts[i]);
    publisher_world_grow(&ledger->publishing, first + count);
    batch.tile_count = new_tiles(ledger->log, before, tiles);
    batch.head = (struct store_head){ .size = first + count, .root = tree_root(&ledger->log->edge.tree), .epoch = 1 };
    return store_append(ledger->stored.store, &batch, NULL);
}

static inline void ledger_grow(struct ledger *ledger, uint64_t size)
{
    while (ledger->log->edge.tree.size < size) {
        uint64_t left = size - ledger->log->edge.tree.size;
        size_t count = 1 + entropy_below(&ledger->random, BATCH);

        if (!CHECK_OK(ledger_append(ledger, count < left ? count : (size_t)left)))
            return;
    }
}

static inline void ledger_publish(struct ledger *ledger, uint64_t size)
{
    ledger_grow(ledger, size);
    publisher_offer(ledger->publishing.publisher, &ledger->log->edge);
    publisher_world_await(&ledger->publishing, &ledger->publishing.published_size, size);
}

static inline struct ledger_view *view_of(struct ledger *ledger)
{
    struct ledger_view *view = NULL;
    struct err err = { 0 };

    if (!CHECK_OK(ledger_view_open(ledger->views, &view, &err))) {
        printf("%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return view;
}

static inline void check_proof(struct ledger *ledger, struct ledger_view *view, uint64_t index, uint64_t size)
{
    AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES };
    const struct hash *leaf = &ledger->log->leaves[index];
    struct checkpoint checkpoint = { 0 };
    struct tree_path path = { 0 };
    struct proof proof = { 0 };
    struct err err = { 0 };

    if (!CHECK_OK(ledger_view_proof(view, index, index % 2 ? leaf : NULL, &text, &err)))
        printf("%s\n", err.text);
    CHECK_OK(proof_parse(buf_str(&text), &proof, &err));
    CHECK_OK(proof_verify(&proof, leaf, publisher_vkey(ledger->publishing.publisher), &checkpoint, &err));
    CHECK(proof.index == index && checkpoint.head.size == size);
    rfc_path(index, ledger->log->leaves, size, &path);
    CHECK(path_eq(&path, &proof.path));
}

struct seen {
    struct ledger *ledger;
    uint64_t next;
    uint64_t wrong;
};

static inline status entry_see(void *context, const struct ledger_entry *entry, struct err *err)
{
    struct seen *seen = context;
    char space[TEXT_MAX];

    (void)err;
    seen->wrong += entry->index != seen->next || !str_eq(entry->leaf, leaf_text(entry->index, space)) ||
                   !hash_eq(&entry->hash, &seen->ledger->log->leaves[entry->index]);
    seen->next = entry->index + 1;
    return OK;
}

#endif
