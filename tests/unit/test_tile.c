/*
 * tlog/tile: one path for one tile, and which tiles a log of a size has (C2SP tlog-tiles).
 */
#include "base/entropy.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "memory_log.h"
#include "tlog/bundle.h"
#include "tlog/tile.h"
#include "vectors.h"

static void a_path_names_one_tile_and_is_its_only_name(void)
{
    static const struct {
        const char *path;
        struct tile tile;
    } cases[] = {
        { "/tile/0/000", { TILE_HASHES, 0, 0, 256 } },
        { "/tile/0/005", { TILE_HASHES, 0, 5, 256 } },
        { "/tile/0/999", { TILE_HASHES, 0, 999, 256 } },
        { "/tile/0/x001/000", { TILE_HASHES, 0, 1000, 256 } },
        { "/tile/0/x001/234", { TILE_HASHES, 0, 1234, 256 } },
        { "/tile/2/x001/x234/067", { TILE_HASHES, 2, 1234067, 256 } },
        { "/tile/1/000.p/1", { TILE_HASHES, 1, 0, 1 } },
        { "/tile/0/x001/234.p/255", { TILE_HASHES, 0, 1234, 255 } },
        { "/tile/63/000.p/10", { TILE_HASHES, 63, 0, 10 } },
        { "/tile/7/000.p/127", { TILE_HASHES, 7, 0, 127 } },
        { "/tile/entries/000", { TILE_ENTRIES, 0, 0, 256 } },
        { "/tile/entries/001.p/44", { TILE_ENTRIES, 0, 1, 44 } },
        { "/tile/entries/x273/437.p/99", { TILE_ENTRIES, 0, 273437, 99 } },
        { "/tile/0/x036/x028/x797/x018/x963/967", { TILE_HASHES, 0, 36028797018963967, 256 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char space[TILE_PATH_MAX_BYTES + 1];
        struct buf path = BUF_OVER(space);
        struct tile tile = { 0 };

        CHECKING("%s", cases[i].path);
        CHECK_OK(tile_parse(str_of(cases[i].path), &tile, NULL));
        CHECK_INT(tile.kind, cases[i].tile.kind);
        CHECK_INT(tile.level, cases[i].tile.level);
        CHECK_INT(tile.n, cases[i].tile.n);
        CHECK_INT(tile.width, cases[i].tile.width);
        tile_add_path(&path, &cases[i].tile);
        CHECK_OK(path.status);
        CHECK_STR(buf_str(&path), str_of(cases[i].path));
    }
}

static void the_longest_path_fits(void)
{
    char space[TILE_PATH_MAX_BYTES];
    struct buf path = BUF_OVER(space);

    tile_add_path(&path, &(struct tile){ TILE_ENTRIES, 0, (uint64_t)TREE_MAX_LEAVES >> 8, 255 });
    CHECK_OK(path.status);
    path = BUF_OVER(space);
    tile_add_path(&path, &(struct tile){ TILE_HASHES, 63, (uint64_t)TREE_MAX_LEAVES >> 8, 255 });
    CHECK_OK(path.status);
}

/* Close to a path, and none. */
static const char *const wrong_paths[] = {
    "",
    "/",
    "/tile",
    "/tile/",
    "/tile/0",
    "/tile/0/",
    "tile/0/000",
    "//tile/0/000",
    "/tile//000",
    "/tile/0//000",
    "/Tile/0/000",
    /* levels */
    "/tile/64/000",
    "/tile/00/000",
    "/tile/01/000",
    "/tile/+1/000",
    "/tile/-1/000",
    "/tile/ 1/000",
    "/tile/x/000",
    "/tile/1a/000",
    "/tile/18446744073709551616/000",
    "/tile/data/000",
    "/tile/Entries/000",
    "/tile/entries",
    "/tile/entries/",
    "/tile/entry/000",
    /* numbers */
    "/tile/0/0",
    "/tile/0/00",
    "/tile/0/0000",
    "/tile/0/1234",
    "/tile/0/x000/001",
    "/tile/0/x000/x001/002",
    "/tile/0/x000",
    "/tile/0/x001",
    "/tile/0/x001/",
    "/tile/0/x001/x002",
    "/tile/0/001/002",
    "/tile/0/x01/002",
    "/tile/0/x001/02",
    "/tile/0/X001/002",
    "/tile/0/x001//002",
    "/tile/0/xx01/002",
    "/tile/0/-01",
    "/tile/0/+01",
    "/tile/0/ 01",
    "/tile/0/0 1",
    "/tile/0/01a",
    "/tile/0/000/",
    "/tile/0/000 ",
    "/tile/0/000\n",
    "/tile/0/000?x",
    "/tile/0/x036/x028/x797/x018/x963/968",
    "/tile/0/x999/x999/x999/x999/x999/999",
    "/tile/0/x001/x000/x000/x000/x000/x000/000",
    "/tile/0/%30%30%30",
    "/tile/%2e%2e/000",
    "/tile/0/%2e%2e",
    "/tile/0/..",
    "/tile/../0/000",
    "/tile/0/../000",
    /* widths */
    "/tile/0/000.p",
    "/tile/0/000.p/",
    "/tile/0/000.p/0",
    "/tile/0/000.p/00",
    "/tile/0/000.p/01",
    "/tile/0/000.p/001",
    "/tile/0/000.p/256",
    "/tile/0/000.p/1000",
    "/tile/0/000.p/-1",
    "/tile/0/000.p/+1",
    "/tile/0/000.p/ 1",
    "/tile/0/000.p/1 ",
    "/tile/0/000.p/1/",
    "/tile/0/000.p/1.p/1",
    "/tile/0/000.P/1",
    "/tile/0/000p/1",
    "/tile/0/000.q/1",
    "/tile/0/000.p/1a",
    "/tile/0/x001.p/1/000",
    "/tile/0/000.p/%31",
    "/tile/entries/000.p/256",
    "/tile/entries/000.p/0",
    "/tile/entries/0/000",
};

static void every_other_spelling_is_refused(void)
{
    for (size_t i = 0; i < sizeof wrong_paths / sizeof wrong_paths[0]; i++) {
        struct tile tile = { .width = 77 };
        struct err err = { 0 };

        CHECKING("%s", wrong_paths[i]);
        CHECK_CODE(tile_parse(str_of(wrong_paths[i]), &tile, &err), CODE_INVALID);
        CHECK(err.text[0] != '\0');
        CHECK_INT(tile.width, 77);
    }
}

static void a_byte_more_or_less_or_else_never_reads_as_another_tile_with_that_path(void)
{
    static const char path[] = "/tile/1/x001/234.p/25";
    struct tile tile;

    for (size_t at = 0; at < sizeof path - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char bad[sizeof path - 1], space[TILE_PATH_MAX_BYTES];
            struct buf again = BUF_OVER(space);
            struct str text = { bad, sizeof bad };

            memcpy(bad, path, sizeof bad);
            bad[at] = (char)byte;
            if (tile_parse(text, &tile, NULL).code)
                continue;
            tile_add_path(&again, &tile);
            CHECK_STR(buf_str(&again), text);
        }
    }
}

static void a_refusal_names_the_path_and_what_was_expected(void)
{
    struct tile tile;
    struct err err = { 0 };

    CHECK_CODE(tile_parse(STR("/tile/64/000"), &tile, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text),
              STR("the tile path '/tile/64/000' is wrong: expected 'entries' or a level from 0 to 63"));
    CHECK_CODE(tile_parse(STR("/tile/0/000.p/256"), &tile, &err), CODE_INVALID);
    CHECK_STR(str_of(err.text), STR("the tile path '/tile/0/000.p/256' is wrong: expected nothing or '.p/' and a width "
                                    "from 1 to 255 after the number"));
}

static void a_log_has_the_tiles_of_its_size(void)
{
    static const struct {
        uint64_t size;
        unsigned level;
        uint64_t n;
        unsigned width;
    } cases[] = {
        { 0, 0, 0, 0 },
        { 1, 0, 0, 1 },
        { 255, 0, 0, 255 },
        { 255, 1, 0, 0 },
        { 256, 0, 0, 256 },
        { 256, 0, 1, 0 },
        { 256, 1, 0, 1 },
        { 256, 2, 0, 0 },
        { 300, 0, 0, 256 },
        { 300, 0, 1, 44 },
        { 300, 0, 2, 0 },
        { 300, 1, 0, 1 },
        { 65535, 1, 0, 255 },
        { 65536, 1, 0, 256 },
        { 65536, 1, 1, 0 },
        { 65536, 2, 0, 1 },
        { 70000, 0, 272, 256 },
        { 70000, 0, 273, 112 },
        { 70000, 1, 0, 256 },
        { 70000, 1, 1, 17 },
        { 70000, 2, 0, 1 },
        { 70000, 3, 0, 0 },
        { 70000, 8, 0, 0 },
        { 70000, 63, 0, 0 },
        { INT64_MAX, 7, 0, 127 },
        { INT64_MAX, 8, 0, 0 },
        { INT64_MAX, 0, INT64_MAX >> 8, 255 },
        { INT64_MAX, 0, UINT64_MAX, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECKING("case %zu", i);
        CHECK_INT(tile_width_at(cases[i].size, cases[i].level, cases[i].n), cases[i].width);
    }
}

static void a_partial_beyond_the_size_or_a_tile_not_yet_full_is_not_there(void)
{
    static const struct {
        const char *path;
        bool there;
    } cases[] = {
        { "/tile/0/000", true },
        { "/tile/0/000.p/17", true },
        { "/tile/0/001.p/44", true },
        { "/tile/0/001.p/43", true },
        { "/tile/0/001.p/45", false },
        { "/tile/0/001", false },
        { "/tile/0/002.p/1", false },
        { "/tile/1/000.p/1", true },
        { "/tile/1/000.p/2", false },
        { "/tile/1/000", false },
        { "/tile/2/000.p/1", false },
        { "/tile/63/000.p/1", false },
        { "/tile/entries/000", true },
        { "/tile/entries/001.p/44", true },
        { "/tile/entries/001.p/45", false },
        { "/tile/entries/001", false },
        { "/tile/entries/x001/000.p/1", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tile tile = { 0 };

        CHECKING("%s", cases[i].path);
        CHECK_OK(tile_parse(str_of(cases[i].path), &tile, NULL));
        CHECK(tile_is_within(&tile, 300) == cases[i].there);
    }
}

/* The bytes that the path names, from a log of the vectors' entries. */
static void add_file(struct buf *file, struct memory_log *log, const struct tile *tile)
{
    struct hash hashes[TILE_WIDTH];

    if (tile->kind == TILE_HASHES) {
        CHECK_OK(memory_log_read(log, tile, hashes, NULL));
        buf_add(file, (struct str){ (const char *)hashes, tile->width * sizeof hashes[0] });
        return;
    }
    for (uint64_t i = 0; i < tile->width; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "entry %" PRIu64, tile->n * TILE_WIDTH + i);

        bundle_add(file, (struct str){ text, (size_t)len });
    }
}

static void the_files_of_a_log_of_300_entries_are_those_of_the_vectors(void)
{
    static const char *const paths[] = { "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000",
                                         "tile/entries/001.p/44" };
    AUTO(struct buf, buf_free) vectors = { .max = 1 << 20 };
    AUTO(struct memory_log *, memory_log_close) log = memory_log_new();

    if (!test_read_file(test_shared_path(VECTORS_FILE), &vectors))
        return;
    memory_log_grow(log, 300);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        AUTO(struct buf, buf_free) file = { .max = TILE_BYTES };
        AUTO(struct buf, buf_free) line = { .max = 256 };
        char path[64];
        struct tile tile = { 0 };
        struct hash hash;

        snprintf(path, sizeof path, "/%s", paths[i]);
        CHECKING("%s", path);
        CHECK_OK(tile_parse(str_of(path), &tile, NULL));
        CHECK(tile_is_within(&tile, 300));
        add_file(&file, log, &tile);
        CHECK_OK(file.status);
        hash = hash_of(buf_str(&file));
        buf_add_format(&line, "%zu ", file.len);
        hex_add(&line, hash.bytes, sizeof hash.bytes);
        snprintf(path, sizeof path, "file %s ", paths[i]);
        CHECK_STR(vectors_find(&vectors, path), buf_str(&line));
    }
}

static void any_tile_that_can_be_has_a_path_that_reads_back(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; round < 2000; round++) {
        char space[TILE_PATH_MAX_BYTES];
        struct buf path = BUF_OVER(space);
        struct tile again = { 0 };
        struct tile tile = { .kind = (enum tile_kind)entropy_below(&entropy, 2),
                             .n = entropy_u64(&entropy) >> (9 + entropy_below(&entropy, 55)),
                             .width = 1 + (unsigned)entropy_below(&entropy, TILE_WIDTH) };

        if (tile.kind == TILE_HASHES)
            tile.level = (unsigned)entropy_below(&entropy, TILE_LEVEL_MAX + 1);
        tile_add_path(&path, &tile);
        CHECK_OK(path.status);
        CHECK_OK(tile_parse(buf_str(&path), &again, NULL));
        CHECK(again.kind == tile.kind && again.level == tile.level && again.n == tile.n && again.width == tile.width);
    }
}

static const struct test tests[] = {
    TEST(a_path_names_one_tile_and_is_its_only_name),
    TEST(the_longest_path_fits),
    TEST(every_other_spelling_is_refused),
    TEST(a_byte_more_or_less_or_else_never_reads_as_another_tile_with_that_path),
    TEST(a_refusal_names_the_path_and_what_was_expected),
    TEST(a_log_has_the_tiles_of_its_size),
    TEST(a_partial_beyond_the_size_or_a_tile_not_yet_full_is_not_there),
    TEST(the_files_of_a_log_of_300_entries_are_those_of_the_vectors),
    TEST(any_tile_that_can_be_has_a_path_that_reads_back),
};
TEST_MAIN(tests)
