/*
 * engine/ledger_view: proofs, tiles and bundles are what RFC 6962 and C2SP define for every size that was published,
 * and nothing beyond the checkpoint is given.
 */
#include "engine/ledger_view.h"

#include <sqlite3.h>
#include <stdatomic.h>

#include "base/fault.h"
#include "memory_log.h"
#include "publisher_world.h"
#include "store/store.h"
#include "tlog/bundle.h"

#define VIEWS    3
#define BATCH    700 /* entries of the largest batch */
#define TEXT_MAX 32

static const uint64_t sizes[] = { 1, 2, 3, 255, 256, 257, 512, 700, 65536, 65537, 66100 };

/* ---- The world: the same ledger in a store and, for the definitions, in memory ---- */

struct ledger {
    struct publisher_world publishing;
    struct world stored;
    struct memory_log *log;
    struct ledger_views *views;
    struct entropy random;
};

static void ledger_init(struct ledger *ledger)
{
    memset(ledger, 0, sizeof *ledger);
    publisher_world_init(&ledger->publishing);
    ledger->stored = world_new();
    ledger->log = memory_log_new();
    ledger->random = entropy_from_seed(test_seed());
    CHECK_OK(ledger_views_new(ledger->stored.store, ledger->publishing.publisher, VIEWS, &ledger->views));
}

static void ledger_free(struct ledger *ledger)
{
    ledger_views_free(ledger->views);
    memory_log_free(ledger->log);
    world_free(&ledger->stored);
    publisher_world_free(&ledger->publishing);
}

static struct str leaf_text(uint64_t index, char space[TEXT_MAX])
{
    int len = snprintf(space, TEXT_MAX, "entry %llu", (unsigned long long)index);

    return (struct str){ space, (size_t)len };
}

/* The tiles that became full since there were `before` of each level. */
static size_t new_tiles(const struct memory_log *log, const uint64_t before[MEMORY_LOG_LEVELS],
                        struct store_tile *ret_tiles)
{
    size_t count = 0;

    for (unsigned level = 0; level < MEMORY_LOG_LEVELS; level++) {
        for (uint64_t n = before[level]; n < log->full_count[level]; n++)
            ret_tiles[count++] = (struct store_tile){ level, n, (const uint8_t *)&log->full[level][n * TILE_WIDTH] };
    }
    return count;
}

static status ledger_append(struct ledger *ledger, size_t count)
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
    memory_log_grow(ledger->log, first + count);
    batch.tile_count = new_tiles(ledger->log, before, tiles);
    batch.head = (struct store_head){ .size = first + count, .root = tree_root(&ledger->log->edge.tree), .epoch = 1 };
    return store_append(ledger->stored.store, &batch, NULL);
}

static void ledger_grow(struct ledger *ledger, uint64_t size)
{
    while (ledger->log->edge.tree.size < size) {
        uint64_t left = size - ledger->log->edge.tree.size;
        size_t count = 1 + entropy_below(&ledger->random, BATCH);

        if (!CHECK_OK(ledger_append(ledger, count < left ? count : (size_t)left)))
            return;
    }
}

static void ledger_publish(struct ledger *ledger, uint64_t size)
{
    ledger_grow(ledger, size);
    publisher_offer(ledger->publishing.publisher, &ledger->log->edge);
    publisher_world_await(&ledger->publishing, &ledger->publishing.published_size, size);
}

static struct ledger_view *view_of(struct ledger *ledger)
{
    struct ledger_view *view = NULL;
    struct err err = { 0 };

    if (!CHECK_OK(ledger_view_open(ledger->views, &view, &err))) {
        printf("%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return view;
}

/* ---- Proofs ---- */

static void check_proof(struct ledger *ledger, struct ledger_view *view, uint64_t index, uint64_t size)
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

struct seen {
    struct ledger *ledger;
    uint64_t next;
    uint64_t wrong;
};

static status entry_see(void *context, const struct ledger_entry *entry, struct err *err)
{
    struct seen *seen = context;
    char space[TEXT_MAX];

    (void)err;
    seen->wrong += entry->index != seen->next || !str_eq(entry->leaf, leaf_text(entry->index, space)) ||
                   !hash_eq(&entry->hash, &seen->ledger->log->leaves[entry->index]);
    seen->next = entry->index + 1;
    return OK;
}

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

/* ---- Views ---- */

static void a_view_keeps_the_checkpoint_that_it_was_opened_with(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct ledger_view *older, *newer;

    ledger_init(&ledger);
    ledger_publish(&ledger, 300);
    older = view_of(&ledger);
    ledger_publish(&ledger, 400);
    newer = view_of(&ledger);
    CHECK_INT(ledger_view_publication(older)->head.size, 300);
    CHECK_INT(ledger_view_publication(newer)->head.size, 400);
    check_proof(&ledger, older, 299, 300);
    check_proof(&ledger, newer, 299, 400);
    ledger_view_close(older);
    older = view_of(&ledger); /* the same one again: what it remembers holds for the new checkpoint, too */
    for (uint64_t index = 0; index < 400; index += 13)
        check_proof(&ledger, older, index, 400);
    ledger_view_close(older);
    ledger_view_close(newer);
    ledger_view_close(NULL);
}

static void no_more_views_are_open_than_are_allowed(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct ledger_view *views[VIEWS], *one_more = NULL;

    ledger_init(&ledger);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < VIEWS; i++)
            views[i] = view_of(&ledger);
        CHECK_CODE(ledger_view_open(ledger.views, &one_more, NULL), CODE_BUSY);
        for (int i = 0; i < VIEWS; i++)
            ledger_view_close(views[i]);
    }
}

static void a_view_that_gets_no_memory_takes_nobodys_place(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct ledger_view *views[VIEWS] = { 0 };

    ledger_init(&ledger);
    for (int step = 0;; step++) {
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = ledger_view_open(ledger.views, &views[0], NULL);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        if (!s.code)
            break;
        CHECK_INT(s.code, CODE_NO_MEMORY);
    }
    for (int i = 1; i < VIEWS; i++)
        views[i] = view_of(&ledger);
    for (int i = 0; i < VIEWS; i++)
        ledger_view_close(views[i]);
}

/* ---- Bad stores ---- */

static void a_proof_that_does_not_lead_to_the_root_is_not_given(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES };
    struct hash wrong = hash_leaf(STR("another entry"));
    struct ledger_view *view;
    struct err err = { 0 };
    sqlite3 *editor = NULL;

    ledger_init(&ledger);
    ledger_publish(&ledger, 700);
    view = view_of(&ledger);
    CHECK_CODE(ledger_view_proof(view, 5, &wrong, &text, &err), CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("the stored tiles and entry 5 do not lead to the root that was published"));
    CHECK_INT(text.len, 0);

    CHECK_INT(sqlite3_open(world_path(&ledger.stored, "ledger.db"), &editor), SQLITE_OK);
    CHECK_INT(sqlite3_exec(editor, "UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND number = 1", NULL,
                           NULL, NULL),
              SQLITE_OK);
    CHECK_INT(sqlite3_close(editor), SQLITE_OK);
    CHECK_CODE(ledger_view_proof(view, 300, NULL, &text, &err), CODE_CORRUPT);
    check_proof(&ledger, view, 5, 700); /* its path does not go through that tile's hashes */
    ledger_view_close(view);
}

static void a_store_that_does_not_answer_is_passed_on(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    AUTO(struct buf, buf_free) bytes = { .max = PROOF_MAX_BYTES };
    struct ledger_entry_visitor visitor = { entry_see, &(struct seen){ .ledger = &ledger } };
    struct store_range range = { .max_count = 1, .max_bytes = 1 };
    struct ledger_view *view;
    struct store_head head;
    uint64_t next;

    ledger_init(&ledger);
    ledger_publish(&ledger, 600);
    view = view_of(&ledger);
    fault_arm(FAULT_STORE_COMMIT, 0, 1);
    CHECK_CODE(world_append(&ledger.stored, 1, NULL), CODE_UNKNOWN);
    fault_disarm_all();
    CHECK_CODE(ledger_view_proof(view, 5, NULL, &bytes, NULL), CODE_UNAVAILABLE);
    CHECK_CODE(ledger_view_proof(view, 5, &ledger.log->leaves[5], &bytes, NULL), CODE_UNAVAILABLE);
    CHECK_CODE(ledger_view_tile(view, &(struct tile){ TILE_HASHES, 0, 0, 7 }, &bytes, NULL), CODE_UNAVAILABLE);
    CHECK_CODE(ledger_view_tile(view, &(struct tile){ TILE_ENTRIES, 0, 0, 7 }, &bytes, NULL), CODE_UNAVAILABLE);
    CHECK_CODE(ledger_view_entries(view, &range, &visitor, &next, NULL), CODE_UNAVAILABLE);
    CHECK_OK(store_reopen(ledger.stored.store, &head, NULL));
    check_proof(&ledger, view, 5, 600);
    ledger_view_close(view);
}

/* ---- Threads ---- */

struct reading {
    struct ledger *ledger;
    atomic_bool stop;
    atomic_uint_fast64_t wrong, proofs, seed;
};

static bool proof_is_right(struct reading *reading, struct ledger_view *view, uint64_t index)
{
    AUTO(struct buf, buf_free) text = { .max = PROOF_MAX_BYTES };
    struct hash leaf = memory_log_entry(index);
    struct checkpoint checkpoint = { 0 };
    struct proof proof = { 0 };

    return !ledger_view_proof(view, index, NULL, &text, NULL).code && !proof_parse(buf_str(&text), &proof, NULL).code &&
           !proof_verify(&proof, &leaf, publisher_vkey(reading->ledger->publishing.publisher), &checkpoint, NULL).code;
}

static void *prove_all_the_time(void *argument)
{
    struct reading *reading = argument;
    struct entropy random = entropy_from_seed(atomic_fetch_add(&reading->seed, 1));

    while (!atomic_load(&reading->stop)) {
        struct ledger_view *view = NULL;
        bool right = !ledger_view_open(reading->ledger->views, &view, NULL).code;

        for (int i = 0; right && i < 5; i++) {
            uint64_t size = ledger_view_publication(view)->head.size;

            right = proof_is_right(reading, view, entropy_below(&random, size));
        }
        atomic_fetch_add(&reading->wrong, !right);
        atomic_fetch_add(&reading->proofs, 5);
        ledger_view_close(view);
    }
    return NULL;
}

static void readers_prove_entries_while_the_ledger_grows(void)
{
    AUTO(struct ledger, ledger_free) ledger;
    struct reading reading = { .ledger = &ledger, .seed = test_seed() };
    pthread_t threads[VIEWS];

    ledger_init(&ledger);
    ledger_publish(&ledger, 10);
    for (int i = 0; i < VIEWS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, prove_all_the_time, &reading), 0);
    for (uint64_t round = 1; round <= 40 || atomic_load(&reading.proofs) < 500; round++)
        ledger_publish(&ledger, ledger.log->edge.tree.size + 1 + entropy_below(&ledger.random, 100));
    atomic_store(&reading.stop, true);
    for (int i = 0; i < VIEWS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_INT(atomic_load(&reading.wrong), 0);
}

static const struct test tests[] = {
    TEST(every_entry_is_proven_under_every_checkpoint),
    TEST(any_two_published_trees_are_proven_consistent),
    TEST(tiles_and_bundles_of_every_size_are_given_now_and_ever_after),
    TEST(what_the_published_log_has_not_is_not_found),
    TEST(before_the_first_checkpoint_nothing_is_proven),
    TEST(an_answer_that_does_not_fit_says_so),
    TEST(entries_come_with_their_hashes_as_soon_as_they_are_durable),
    TEST(a_view_keeps_the_checkpoint_that_it_was_opened_with),
    TEST(no_more_views_are_open_than_are_allowed),
    TEST(a_view_that_gets_no_memory_takes_nobodys_place),
    TEST(a_proof_that_does_not_lead_to_the_root_is_not_given),
    TEST(a_store_that_does_not_answer_is_passed_on),
    TEST(readers_prove_entries_while_the_ledger_grows),
};
TEST_MAIN(tests)
