/*
 * tlog/edge: the unfinished tiles of a growing log are those of the definition, and can be rebuilt at any size.
 */
#include "crypto/hash.h"
#include "memory_log.h"
#include "tlog/edge.h"
#include "vectors.h"

#define LARGE 70000

static void edge_free(struct edge **edge)
{
    memory_free(*edge);
}

static struct edge *edge_new(void)
{
    struct edge *edge = memory_new(1, sizeof *edge);

    assert(edge);
    return edge;
}

static bool edge_eq(const struct edge *a, const struct edge *b)
{
    if (a->tree.size != b->tree.size || a->tree.count != b->tree.count ||
        memcmp(a->tree.range, b->tree.range, a->tree.count * sizeof(struct hash)) != 0)
        return false;
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t width = tile_level_size(a->tree.size, level) % TILE_WIDTH;

        if (memcmp(a->tiles[level], b->tiles[level], width * sizeof(struct hash)) != 0)
            return false;
    }
    return true;
}

/* Hash i of tile (level, n) is MTH of its 256^level leaves (C2SP tlog-tiles). */
static void check_tiles(const struct memory_log *log)
{
    for (unsigned level = 0; level < MEMORY_LOG_LEVELS; level++) {
        uint64_t leaves = (uint64_t)1 << (TILE_HEIGHT * level);
        uint64_t hashes = tile_level_size(log->edge.tree.size, level);
        struct tile tile = { .level = level, .n = hashes / TILE_WIDTH, .width = hashes % TILE_WIDTH };
        const struct hash *edge = edge_tile(&log->edge, &tile);

        CHECK_INT(log->full_count[level], hashes / TILE_WIDTH);
        CHECK((edge != NULL) == (tile.width > 0));
        for (uint64_t i = 0; i < hashes; i++) {
            struct hash want = rfc_root(log->leaves + i * leaves, leaves);
            const struct hash *got = i < tile.n * TILE_WIDTH ? &log->full[level][i] : &edge[i % TILE_WIDTH];

            CHECK(hash_eq(got, &want));
        }
    }
}

static void the_tiles_are_those_of_the_definition_at_every_size(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();

    for (uint64_t size = 0; size <= 600; size++) {
        memory_log_grow(log, size);
        CHECKING("size %d", (int)size);
        check_tiles(log);
    }
    memory_log_grow(log, 65536 + 256);
    CHECKING("size 65792");
    check_tiles(log);
}

static void the_roots_of_the_vectors_come_out(void)
{
    AUTO(struct buf, buf_free) file = { .max = 1 << 20 };
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    static const unsigned sizes[] = { 0, 1, 8, 255, 256, 257, 300, 65536, 65537, 70000 };

    if (!test_read_file(test_shared_path(VECTORS_FILE), &file))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct hash want = vectors_root(&file, sizes[i]);
        struct hash got;

        memory_log_grow(log, sizes[i]);
        got = tree_root(&log->edge.tree);
        CHECKING("size %u", sizes[i]);
        CHECK(hash_eq(&got, &want));
    }
}

static void a_tile_is_handed_over_when_it_becomes_full_and_never_again(void)
{
    AUTO(struct edge *, edge_free) edge = edge_new();
    struct edge_full full[TILE_LEVELS];
    struct hash leaf = { 0 };
    uint64_t next[TILE_LEVELS] = { 0 };

    for (uint64_t size = 1; size <= 2 * 65536; size++) {
        unsigned want = size % 65536 == 0 ? 2 : size % 256 == 0 ? 1 : 0;
        unsigned got = edge_append(edge, &leaf, full);

        CHECK_INT(got, want);
        for (unsigned i = 0; i < got; i++) {
            CHECK_INT(full[i].level, i);
            CHECK_INT(full[i].n, next[i]++);
        }
    }
    CHECK_INT(next[0], 512);
    CHECK_INT(next[1], 2);
}

static void a_copy_stays_as_it_was(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct edge *, edge_free) copy = edge_new();
    AUTO(struct edge *, edge_free) again = edge_new();

    for (uint64_t size = 0; size <= 1200; size += 100) {
        memory_log_grow(log, size);
        edge_copy(copy, &log->edge);
        CHECK(edge_eq(copy, &log->edge));
        edge_copy(again, copy);
        memory_log_grow(log, size + 60);
        CHECK(!edge_eq(copy, &log->edge));
        CHECK(edge_eq(copy, again));
    }
}

static void only_unfinished_tiles_as_wide_as_they_are_are_served(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    static const struct {
        struct tile tile;
        bool served;
    } cases[] = {
        { { TILE_HASHES, 0, 1, 44 }, true },          { { TILE_HASHES, 0, 1, 1 }, true },
        { { TILE_HASHES, 0, 1, 45 }, false },         { { TILE_HASHES, 0, 1, 0 }, false },
        { { TILE_HASHES, 0, 1, 256 }, false },        { { TILE_HASHES, 0, 0, 256 }, false },
        { { TILE_HASHES, 0, 0, 44 }, false },         { { TILE_HASHES, 0, 2, 1 }, false },
        { { TILE_HASHES, 1, 0, 1 }, true },           { { TILE_HASHES, 1, 0, 2 }, false },
        { { TILE_HASHES, 2, 0, 1 }, false },          { { TILE_HASHES, 8, 0, 1 }, false },
        { { TILE_HASHES, 63, 0, 1 }, false },         { { TILE_ENTRIES, 0, 1, 44 }, false },
        { { TILE_HASHES, 0, UINT64_MAX, 1 }, false },
    };

    memory_log_grow(log, 300);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECKING("case %zu", i);
        CHECK((edge_tile(&log->edge, &cases[i].tile) != NULL) == cases[i].served);
    }
}

static void an_edge_is_rebuilt_from_full_tiles_and_the_last_leaves(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct edge *, edge_free) edge = edge_new();
    struct tile_source tiles = memory_log_tiles(log);

    for (uint64_t size = 0; size <= LARGE; size += size < 600 ? 1 : size < 65000 ? 9199 : size < 66000 ? 67 : 1000) {
        memory_log_grow(log, size);
        CHECKING("size %d", (int)size);
        CHECK_OK(edge_rebuild(edge, size, &tiles, NULL));
        CHECK(edge_eq(edge, &log->edge));
    }
}

static void an_older_edge_is_rebuilt_from_a_longer_log(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct memory_log *, memory_log_close) older = memory_log_new();
    AUTO(struct edge *, edge_free) edge = edge_new();
    struct tile_source tiles = memory_log_tiles(log);

    memory_log_grow(log, 2000);
    memory_log_grow(older, 700);
    CHECK_OK(edge_rebuild(edge, 700, &tiles, NULL));
    CHECK(edge_eq(edge, &older->edge));
}

static void a_read_that_fails_at_any_step_leaves_the_empty_edge(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    AUTO(struct edge *, edge_free) edge = edge_new();
    struct tile_source tiles = memory_log_tiles(log);
    struct hash empty = hash_of(STR_NONE);
    struct err err = { 0 };

    memory_log_grow(log, 1500);
    for (log->fail_at = 1; log->reads + 1 >= log->fail_at; log->fail_at++) {
        status s;

        log->reads = 0;
        s = edge_rebuild(edge, 1500, &tiles, &err);
        if (log->reads < log->fail_at) {
            CHECK_INT(s.code, CODE_OK);
            break;
        }
        CHECK_INT(s.code, CODE_IO);
        CHECK_STR(str_of(err.text), STR("the tile can't be read"));
        CHECK_INT(edge->tree.size, 0);
        CHECK(hash_eq(&(struct hash[]){ tree_root(&edge->tree) }[0], &empty));
    }
    CHECK_INT(log->fail_at, 7); /* five full tiles under level 1, one partial at level 0 */
}

static void a_source_over_the_edge_reads_full_tiles_only_from_below(void)
{
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();
    struct edge_source both = { .edge = &log->edge, .full = memory_log_tiles(log) };
    struct tile_source tiles = edge_tiles(&both);
    struct hash hashes[TILE_WIDTH];

    memory_log_grow(log, 700);
    CHECK_OK(tiles.read(tiles.from, &(struct tile){ .level = 0, .n = 2, .width = 188 }, hashes, NULL));
    CHECK_OK(tiles.read(tiles.from, &(struct tile){ .level = 1, .n = 0, .width = 2 }, hashes, NULL));
    CHECK_INT(log->reads, 0);
    CHECK_OK(tiles.read(tiles.from, &(struct tile){ .level = 0, .n = 1, .width = 256 }, hashes, NULL));
    CHECK(memcmp(hashes, log->leaves + 256, sizeof hashes) == 0);
    CHECK_OK(tiles.read(tiles.from, &(struct tile){ .level = 0, .n = 1, .width = 7 }, hashes, NULL));
    CHECK_INT(log->reads, 2);
    CHECK_CODE(tiles.read(tiles.from, &(struct tile){ .level = 1, .n = 0, .width = 3 }, hashes, NULL), CODE_NOT_FOUND);
}

static const struct test tests[] = {
    TEST(the_tiles_are_those_of_the_definition_at_every_size),
    TEST(the_roots_of_the_vectors_come_out),
    TEST(a_tile_is_handed_over_when_it_becomes_full_and_never_again),
    TEST(a_copy_stays_as_it_was),
    TEST(only_unfinished_tiles_as_wide_as_they_are_are_served),
    TEST(an_edge_is_rebuilt_from_full_tiles_and_the_last_leaves),
    TEST(an_older_edge_is_rebuilt_from_a_longer_log),
    TEST(a_read_that_fails_at_any_step_leaves_the_empty_edge),
    TEST(a_source_over_the_edge_reads_full_tiles_only_from_below),
};
TEST_MAIN(tests)
