/*
 * engine/ledger_view: views are few, used again and by many threads, and no bad store makes a bad proof.
 */
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/fault.h"
#include "engine/ledger_view.h"
#include "ledger_world.h"
#include "store/store.h"

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
    CHECK_STR(str_of(err.text), STR("the stored tiles do not lead from entry 5 to the root that was published"));
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
    TEST(a_view_keeps_the_checkpoint_that_it_was_opened_with),
    TEST(no_more_views_are_open_than_are_allowed),
    TEST(a_view_that_gets_no_memory_takes_nobodys_place),
    TEST(a_proof_that_does_not_lead_to_the_root_is_not_given),
    TEST(a_store_that_does_not_answer_is_passed_on),
    TEST(readers_prove_entries_while_the_ledger_grows),
};
TEST_MAIN(tests)
