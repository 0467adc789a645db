/*
 * engine/ledger_view: proofs, tiles and bundles are what RFC 6962 and C2SP define for every size that was published,
 * and nothing beyond the checkpoint is given.
 */
#include "engine/ledger_view.h"

#include "ledger_world.h"
#include "tlog/bundle.h"

static const uint64_t sizes[] = { 1, 2, 3, 255, 256, 257, 512, 700, 65536, 65537, 66100 };

/* ---- Proofs ---- */

static void every_entry_is_proven_under_every_checkpoint(void)
{
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t size = sizes[i];
        struct ledger_view *view;

        CHECKING("size %llu", (unsigned long long)size);
        ledger_publish(&ledger, size);
        view = view_of(&ledger);
        for (int k = 0; k < 6; k++)
            check_proof(&ledger, view, entropy_below(&ledger.random, size), size);
        check_proof(&ledger, view, 0, size);
        check_proof(&ledger, view, size - 1, size);
        ledger_view_close(view);
    }
}

static void any_two_published_trees_are_proven_consistent(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct tree_path path = { 0 };
    struct ledger_view *view;

    ledger_init(&ledger);
    ledger_publish(&ledger, 1000);
    view = view_of(&ledger);
    for (int i = 0; i < 100; i++) {
        uint64_t newer = entropy_below(&ledger.random, 1001);
        uint64_t older = entropy_below(&ledger.random, newer + 1);
        struct tree_path want = { 0 };

        CHECK_OK(ledger_view_consistency(view, older, newer, &path, NULL));
        if (older > 0)
            rfc_subproof(older, ledger.log->leaves, newer, true, &want);
        CHECK(path_eq(&path, &want));
    }
    CHECK_CODE(ledger_view_consistency(view, 7, 6, &path, NULL), CODE_INVALID);
    CHECK_CODE(ledger_view_consistency(view, 6, 1001, &path, NULL), CODE_NOT_FOUND);
    ledger_view_close(view);
}

/* ---- Tiles ---- */

static void check_hash_tile(struct ledger *ledger, struct ledger_view *view, const struct tile *tile)
{
    AUTO(struct buf, buf_free) bytes = { .max = TILE_BYTES };
    struct hash want[TILE_WIDTH];

    CHECK_OK(ledger_view_tile(view, tile, &bytes, NULL));
    CHECK_OK(memory_log_read(ledger->log, tile, want, NULL));
    CHECK_STR(buf_str(&bytes), ((struct str){ (const char *)want, tile->width * sizeof want[0] }));
}

static void check_bundle(struct ledger_view *view, const struct tile *tile)
{
    AUTO(struct buf, buf_free) bytes = { .max = 1 << 20 };
    struct str entries[TILE_WIDTH];
    char space[TEXT_MAX];

    CHECK_OK(ledger_view_tile(view, tile, &bytes, NULL));
    if (!CHECK_OK(bundle_split(buf_str(&bytes), tile->width, entries, NULL)))
        return;
    for (unsigned i = 0; i < tile->width; i++)
        CHECK_STR(entries[i], leaf_text(tile->n * TILE_WIDTH + i, space));
}

/* What a log of that size has at its right edge, and one full tile of each level, if there is one. */
static void check_tiles_of_size(struct ledger *ledger, struct ledger_view *view, uint64_t size)
{
    for (unsigned level = 0; level < MEMORY_LOG_LEVELS; level++) {
        uint64_t full = tile_level_size(size, level) / TILE_WIDTH;
        struct tile tile = { .level = level, .n = full, .width = tile_width_at(size, level, full) };

        if (tile.width) {
            check_hash_tile(ledger, view, &tile);
            tile.kind = TILE_ENTRIES;
            if (level == 0)
                check_bundle(view, &tile);
        }
        if (!full)
            continue;
        tile = (struct tile){ .level = level, .n = entropy_below(&ledger->random, full), .width = TILE_WIDTH };
        check_hash_tile(ledger, view, &tile);
        tile.kind = TILE_ENTRIES;
        if (level == 0)
            check_bundle(view, &tile);
    }
}

static void tiles_and_bundles_of_every_size_are_given_now_and_ever_after(void)
{
    AUTO(struct ledger, ledger_free) ledger;

    ledger_init(&ledger);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ledger_view *view;

        ledger_publish(&ledger, sizes[i]);
        view = view_of(&ledger);
        for (size_t k = 0; k <= i; k++) {
            CHECKING("size %d at %d", (int)sizes[k], (int)sizes[i]);
            check_tiles_of_size(&ledger, view, sizes[k]);
        }
        ledger_view_close(view);
    }
}

static void what_the_published_log_has_not_is_not_found(void)
{
    static const struct tile cases[] = {
        { TILE_HASHES, 0, 2, 189 },  { TILE_HASHES, 0, 2, TILE_WIDTH },  { TILE_HASHES, 0, 3, 1 },
        { TILE_HASHES, 1, 0, 3 },    { TILE_HASHES, 1, 0, TILE_WIDTH },  { TILE_HASHES, 1, 1, 1 },
        { TILE_HASHES, 2, 0, 1 },    { TILE_HASHES, 63, 0, TILE_WIDTH }, { TILE_HASHES, 8, 0, 1 },
        { TILE_ENTRIES, 0, 2, 189 }, { TILE_ENTRIES, 0, 2, TILE_WIDTH }, { TILE_ENTRIES, 0, 1u << 20, 1 },
    };
    AUTO(struct ledger, ledger_free) ledger;
    AUTO(struct buf, buf_free) bytes = { .max = PROOF_MAX_BYTES };
    struct ledger_view *view;
    struct err err = { 0 };

    ledger_init(&ledger);
    ledger_publish(&ledger, 700); /* 2 full tiles and 188 hashes; 2 hashes on level 1 */
    ledger_grow(&ledger, 800);    /* durable, and not published */
    view = view_of(&ledger);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECKING("case %zu", i);
        CHECK_CODE(ledger_view_tile(view, &cases[i], &bytes, &err), CODE_NOT_FOUND);
    }
    CHECK_OK(ledger_view_tile(view, &(struct tile){ TILE_HASHES, 0, 2, 188 }, &bytes, &err));
    buf_clear(&bytes);
    CHECK_OK(ledger_view_proof(view, 699, NULL, &bytes, &err));
    buf_clear(&bytes);
    CHECK_CODE(ledger_view_proof(view, 700, NULL, &bytes, &err), CODE_NOT_FOUND);
    CHECK_STR(str_of(err.text), STR("there is no checkpoint of 701 entries or more yet: the newest has 700"));
    CHECK_INT(bytes.len, 0);
    ledger_view_close(view);
}

static void before_the_first_checkpoint_nothing_is_proven(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    AUTO(struct buf, buf_free) bytes = { .max = PROOF_MAX_BYTES };
    struct tree_path path = { 0 };
    struct ledger_view *view;

    ledger_init(&ledger);
    ledger_grow(&ledger, 5);
    view = view_of(&ledger);
    CHECK(ledger_view_publication(view) == NULL);
    CHECK_CODE(ledger_view_proof(view, 0, NULL, &bytes, NULL), CODE_NOT_FOUND);
    CHECK_CODE(ledger_view_tile(view, &(struct tile){ TILE_HASHES, 0, 0, 1 }, &bytes, NULL), CODE_NOT_FOUND);
    CHECK_CODE(ledger_view_consistency(view, 0, 1, &path, NULL), CODE_NOT_FOUND);
    CHECK_OK(ledger_view_consistency(view, 0, 0, &path, NULL));
    CHECK_INT(path.count, 0);
    ledger_view_close(view);
}

static void an_answer_that_does_not_fit_says_so(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct ledger_view *view;

    ledger_init(&ledger);
    ledger_publish(&ledger, 300);
    view = view_of(&ledger);
    for (size_t max = 0; max < 300; max += 100) {
        AUTO(struct buf, buf_free) proof = { .max = max };
        AUTO(struct buf, buf_free) tile = { .max = max };
        AUTO(struct buf, buf_free) bundle = { .max = max };
        struct err err = { 0 };

        CHECK_CODE(ledger_view_proof(view, 7, NULL, &proof, &err), CODE_TOO_LARGE);
        CHECK(err.text[0] != '\0');
        CHECK_CODE(ledger_view_tile(view, &(struct tile){ TILE_HASHES, 0, 1, 44 }, &tile, NULL), CODE_TOO_LARGE);
        CHECK_CODE(ledger_view_tile(view, &(struct tile){ TILE_ENTRIES, 0, 1, 44 }, &bundle, NULL), CODE_TOO_LARGE);
    }
    ledger_view_close(view);
}

/* ---- Entries ---- */

static void entries_come_with_their_hashes_as_soon_as_they_are_durable(void)
{
    static const struct {
        uint64_t first, max_count, next;
    } cases[] = {
        { 0, 10, 10 }, { 250, 20, 270 }, { 699, 9, 708 }, { 790, 1000, 800 }, { 800, 5, 800 }, { 900, 5, 900 }
    };
    AUTO(struct ledger, ledger_free) ledger;
    struct ledger_view *view;

    ledger_init(&ledger);
    ledger_publish(&ledger, 700);
    ledger_grow(&ledger, 800);
    view = view_of(&ledger);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = { .ledger = &ledger, .next = cases[i].first };
        struct store_range range = { cases[i].first, cases[i].max_count, SIZE_MAX };
        struct ledger_entry_visitor visitor = { entry_see, &seen };
        uint64_t next = 0;

        CHECKING("case %zu", i);
        CHECK_OK(ledger_view_entries(view, &range, &visitor, &next, NULL));
        CHECK_INT(next, cases[i].next);
        CHECK_INT(seen.next, cases[i].next);
        CHECK_INT(seen.wrong, 0);
    }
    ledger_view_close(view);
}

static const struct test tests[] = {
    TEST(every_entry_is_proven_under_every_checkpoint),
    TEST(any_two_published_trees_are_proven_consistent),
    TEST(tiles_and_bundles_of_every_size_are_given_now_and_ever_after),
    TEST(what_the_published_log_has_not_is_not_found),
    TEST(before_the_first_checkpoint_nothing_is_proven),
    TEST(an_answer_that_does_not_fit_says_so),
    TEST(entries_come_with_their_hashes_as_soon_as_they_are_durable),
};
TEST_MAIN(tests)
