/*
 * engine/publisher: every durable head is signed soon, receipts wait for it and never for ever, and what was published
 * stays as it was for whoever holds it.
 */
#include "engine/publisher.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/fault.h"
#include "publisher_world.h"

#define MS 1000 /* microseconds */

static void check_publication(struct publisher_world *world, const struct publication *publication, uint64_t size)
{
    struct checkpoint checkpoint = { 0 };
    struct hash root = tree_root(&publication->edge.tree);

    CHECK_OK(checkpoint_open(publication->checkpoint, publisher_vkey(world->publisher), &checkpoint, NULL));
    CHECK_INT(publication->head.size, size);
    CHECK_INT(publication->edge.tree.size, size);
    CHECK(heads_equal(checkpoint.head, publication->head) && hash_eq(&root, &publication->head.root));
}

static void the_newest_offer_is_published_with_its_edge(void)
{
    static const uint64_t sizes[] = { 1, 2, 255, 256, 257, 700 };
    AUTO(struct arena, arena_free) arena = { .max_bytes = NOTE_MAX_BYTES };
    AUTO(struct publisher_world, publisher_world_free) world;
    struct str note = STR_NONE;

    publisher_world_init(&world);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct publication *publication;

        publisher_world_offer(&world, sizes[i]);
        if (!publisher_world_await(&world, &world.published_size, sizes[i]))
            return;
        publication = publisher_hold(world.publisher);
        check_publication(&world, publication, sizes[i]);
        CHECK(heads_equal(publisher_head(world.publisher), tree_head(&world.log->edge.tree)));
        CHECK_OK(publisher_checkpoint(world.publisher, &arena, &note));
        CHECK_STR(note, publication->checkpoint);
        for (unsigned level = 0; level < 2; level++)
            CHECK(memcmp(publication->edge.tiles[level], world.log->edge.tiles[level],
                         tile_level_size(sizes[i], level) % TILE_WIDTH * sizeof(struct hash)) == 0);
        publication_release(publication);
    }
    CHECK_INT(publisher_failures(world.publisher), 0);
}

static void before_the_first_checkpoint_there_is_none(void)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = NOTE_MAX_BYTES };
    AUTO(struct publisher_world, publisher_world_free) world;
    struct str note = STR_NONE;

    publisher_world_init(&world);
    CHECK(publisher_hold(world.publisher) == NULL);
    publication_release(NULL);
    CHECK_CODE(publisher_checkpoint(world.publisher, &arena, &note), CODE_NOT_FOUND);
    CHECK(heads_equal(publisher_head(world.publisher), (struct tree_head){ 0, hash_of(STR_NONE) }));
}

static void a_publication_that_is_held_outlives_newer_ones_and_the_publisher(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    const struct publication *held[2];

    publisher_world_init(&world);
    publisher_world_offer(&world, 10);
    publisher_world_await(&world, &world.published_size, 10);
    held[0] = publisher_hold(world.publisher);
    held[1] = publisher_hold(world.publisher);
    CHECK(held[0] && held[0] == held[1]);
    buf_add(&note, held[0]->checkpoint);
    publisher_world_offer(&world, 20);
    publisher_world_await(&world, &world.published_size, 20);
    check_publication(&world, held[0], 10);
    publication_release(held[0]);
    publisher_free(world.publisher);
    world.publisher = NULL;
    CHECK_STR(held[1]->checkpoint, buf_str(&note));
    CHECK_INT(held[1]->edge.tree.size, 10);
    publication_release(held[1]);
}

/* ---- Receipts ---- */

static void a_receipt_waits_for_the_checkpoint_that_covers_it(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt first, second;

    publisher_world_init(&world);
    publisher_world_wait(&world, &first, 9);
    publisher_world_wait(&world, &second, 10);
    publisher_world_offer(&world, 10);
    if (!publisher_world_await(&world, &world.done_count, 1) || !publisher_world_await(&world, &world.flushed_count, 1))
        return;
    CHECK(first.done && first.covered && !first.on_this_thread);
    CHECK_INT(world.done_count, 1);
    publisher_world_offer(&world, 11);
    publisher_world_await(&world, &world.flushed_count, 2);
    CHECK(second.done && second.covered);
}

static void a_receipt_that_is_covered_already_does_not_wait(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt receipt;

    publisher_world_init(&world);
    publisher_world_offer(&world, 10);
    publisher_world_await(&world, &world.published_size, 10);
    publisher_world_wait(&world, &receipt, 9);
    CHECK(receipt.done && receipt.covered && receipt.on_this_thread);
    CHECK_INT(world.flushed_count, 0);
}

static void a_head_is_wanted_for_a_receipt_at_once_and_else_each_second(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt receipt;
    int64_t offered_us;

    publisher_world_init(&world);
    CHECK(!publisher_wants(world.publisher, 0));
    CHECK(publisher_wants(world.publisher, 10));
    offered_us = clock_monotonic_us();
    publisher_world_offer(&world, 10);
    CHECK(!publisher_wants(world.publisher, 10));
    while (!publisher_wants(world.publisher, 11))
        continue;
    CHECK(clock_monotonic_us() - offered_us >= CHECKPOINT_EVERY_MS * MS);
    CHECK(clock_monotonic_us() - offered_us < 3 * CHECKPOINT_EVERY_MS * MS);

    publisher_world_offer(&world, 11);
    publisher_world_wait(&world, &receipt, 11);
    CHECK(publisher_wants(world.publisher, 12));
    publisher_world_offer(&world, 12);
    CHECK(!publisher_wants(world.publisher, 13));
    publisher_world_await(&world, &world.done_count, 1);
}

static void offers_in_quick_succession_share_a_signature(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    int64_t started_us;
    int64_t took_ms;

    publisher_world_init(&world);
    started_us = clock_monotonic_us();
    for (uint64_t size = 1; clock_monotonic_us() - started_us < 200 * MS; size++)
        publisher_world_offer(&world, size);
    publisher_world_await(&world, &world.published_size, world.log->edge.tree.size);
    took_ms = (clock_monotonic_us() - started_us) / MS;
    CHECK((int64_t)world.published_count <= took_ms / CHECKPOINT_COALESCE_MS + 1);
    CHECK(world.published_count < world.log->edge.tree.size);
}

/* ---- Failures ---- */

static void a_signature_that_fails_is_tried_again(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt receipt;

    publisher_world_init(&world);
    fault_arm(FAULT_SIGNER_WRITE, 0, 2);
    publisher_world_wait(&world, &receipt, 4);
    publisher_world_offer(&world, 5);
    publisher_world_await(&world, &world.done_count, 1);
    fault_disarm_all();
    CHECK(receipt.covered);
    CHECK_INT(publisher_failures(world.publisher), 2);
}

static void receipts_are_not_waited_for_while_signing_fails_for_long(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt receipts[3];
    int64_t started_us = clock_monotonic_us();

    publisher_world_init(&world);
    fault_arm(FAULT_SIGNER_WRITE, 0, -1);
    publisher_world_wait(&world, &receipts[0], 4);
    publisher_world_offer(&world, 5);
    publisher_world_await(&world, &world.flushed_count, 1);
    CHECK(clock_monotonic_us() - started_us >= RECEIPT_PATIENCE_MS * MS);
    CHECK(receipts[0].done && !receipts[0].covered);
    publisher_world_wait(&world, &receipts[1], 4);
    CHECK(receipts[1].done && !receipts[1].covered && receipts[1].on_this_thread);
    fault_disarm_all();
    publisher_world_await(&world, &world.published_size, 5);
    publisher_world_offer(&world, 6);
    publisher_world_wait(&world, &receipts[2], 5);
    publisher_world_await(&world, &world.done_count, 3);
    CHECK(receipts[2].covered);
}

/* P3: a ledger that lost its tail must not be signed again once it has grown past what was signed. */
static void a_ledger_that_does_not_follow_what_was_signed_is_never_signed(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct tree_head signed_last = signer_tree(100);
    struct sign_request request = signer_request(signed_last, 0);
    struct ed25519_signature signature;
    struct receipt waiting, later;

    publisher_world_prepare(&world);
    CHECK(signer_world_reopen(&world.files));
    CHECK_INT(signer_sign(world.files.signer, &request, &signature), REFUSAL_NONE);
    signer_close(world.files.signer);
    world.files.signer = NULL;
    publisher_world_start(&world);
    publisher_world_wait(&world, &waiting, 40);
    publisher_world_offer(&world, 50);
    publisher_world_await(&world, &world.done_count, 1);
    CHECK(!waiting.covered);
    publisher_world_offer(&world, 150);
    publisher_world_wait(&world, &later, 140);
    CHECK(later.done && !later.covered);
    publisher_stop(world.publisher);
    CHECK(publisher_hold(world.publisher) == NULL);
    CHECK_INT(publisher_failures(world.publisher), 1);
    CHECK(publisher_is_refused(world.publisher));
    publisher_free(world.publisher);
    world.publisher = NULL;
    CHECK(signer_world_reopen(&world.files) && heads_equal(signer_head(world.files.signer), signed_last));
}

/* Recording goes on, receipts come without a proof, and what was published stays. */
static void a_barred_publisher_signs_nothing_and_holds_nobody_up(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt waiting, late;

    publisher_world_init(&world);
    publisher_world_offer(&world, 10);
    publisher_world_await(&world, &world.published_size, 10);
    publisher_world_wait(&world, &waiting, 12);
    CHECK(!publisher_is_refused(world.publisher));
    publisher_bar(world.publisher);
    CHECK(publisher_is_refused(world.publisher));
    CHECK(waiting.done && !waiting.covered);
    publisher_world_offer(&world, 20);
    publisher_world_wait(&world, &late, 19);
    CHECK(late.done && !late.covered);
    publisher_stop(world.publisher);
    CHECK_INT(publisher_head(world.publisher).size, 10);
    CHECK_INT(world.published_count, 1);
}

static void a_publisher_that_is_barred_from_the_start_publishes_nothing(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct publisher_config config;
    struct receipt receipt;

    publisher_world_prepare(&world);
    config = publisher_world_config(&world);
    config.barred = true;
    CHECK_OK(signer_client_open(world.files.dir, NULL, &world.signer, NULL));
    if (!CHECK_OK(publisher_start(world.signer, &config, &world.publisher, NULL)))
        return;
    world.signer = NULL;
    publisher_world_offer(&world, 5);
    publisher_world_wait(&world, &receipt, 3);
    CHECK(receipt.done && !receipt.covered);
    publisher_stop(world.publisher);
    CHECK_INT(world.published_count, 0);
}

static void a_publication_that_gets_no_memory_is_made_later(void)
{
    for (int step = 0;; step++) {
        AUTO(struct publisher_world, publisher_world_free) world;
        bool hit;

        publisher_world_init(&world);
        fault_arm(FAULT_MEMORY, step, 1);
        publisher_world_offer(&world, 3);
        publisher_world_await(&world, &world.published_size, 3);
        publisher_world_offer(&world, 4);
        publisher_world_await(&world, &world.published_size, 4);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK_INT(publisher_failures(world.publisher), hit);
        if (!hit)
            break;
    }
}

static void a_publisher_that_gets_no_memory_leaves_the_signer_to_its_caller(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct publisher_config config;

    publisher_world_prepare(&world);
    config = publisher_world_config(&world);
    CHECK_OK(signer_client_open(world.files.dir, NULL, &world.signer, NULL));
    for (int step = 0;; step++) {
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = publisher_start(world.signer, &config, &world.publisher, NULL);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        CHECK_INT(signer_client_head(world.signer).size, 0);
        if (!s.code)
            break;
    }
    world.signer = NULL;
}

/* ---- The end ---- */

static void at_the_end_the_last_offer_is_published_and_nobody_waits(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt covered, uncovered;

    publisher_world_init(&world);
    publisher_world_offer(&world, 5);
    publisher_world_await(&world, &world.published_size, 5); /* the next would have to wait for its turn */
    publisher_world_wait(&world, &covered, 9);
    publisher_world_wait(&world, &uncovered, 10);
    publisher_world_offer(&world, 10);
    publisher_stop(world.publisher);
    publisher_stop(world.publisher);
    CHECK(covered.done && covered.covered && uncovered.done && !uncovered.covered);
    CHECK_INT(publisher_head(world.publisher).size, 10);
    publisher_world_wait(&world, &covered, 11);
    CHECK(covered.done && !covered.covered);
}

static void at_the_end_a_signer_that_fails_holds_nobody_up(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    struct receipt receipt;

    publisher_world_init(&world);
    fault_arm(FAULT_SIGNER_WRITE, 0, -1);
    publisher_world_wait(&world, &receipt, 4);
    publisher_world_offer(&world, 5);
    publisher_stop(world.publisher);
    fault_disarm_all();
    CHECK(receipt.done && !receipt.covered);
}

/* ---- Threads ---- */

enum { READERS = 3, RECEIPTS = 1000 };

struct reading {
    struct publisher_world *world;
    atomic_bool stop;
    atomic_uint_fast64_t wrong;
};

static void *read_all_the_time(void *argument)
{
    struct reading *reading = argument;
    uint64_t last = 0;

    while (!atomic_load(&reading->stop)) {
        const struct publication *publication = publisher_hold(reading->world->publisher);
        struct hash root;

        if (!publication)
            continue;
        root = tree_root(&publication->edge.tree);
        atomic_fetch_add(&reading->wrong, !hash_eq(&root, &publication->head.root) || publication->head.size < last ||
                                              publication->checkpoint.len == 0);
        last = publication->head.size;
        publication_release(publication);
    }
    return NULL;
}

static void readers_and_receipts_see_only_whole_checkpoints(void)
{
    AUTO(struct publisher_world, publisher_world_free) world;
    static struct receipt receipts[RECEIPTS];
    struct reading reading = { .world = &world };
    pthread_t threads[READERS];
    uint64_t uncovered = 0;

    publisher_world_init(&world);
    for (int i = 0; i < READERS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, read_all_the_time, &reading), 0);
    for (uint64_t i = 0; i < RECEIPTS; i++) {
        publisher_world_grow(&world, i * 3 + 1);
        publisher_world_wait(&world, &receipts[i], i * 3);
        if (i % 7 == 0 && publisher_wants(world.publisher, world.log->edge.tree.size))
            publisher_offer(world.publisher, &world.log->edge);
        if (i % 100 == 0)
            publisher_world_await(&world, &world.done_count, i / 2);
    }
    publisher_offer(world.publisher, &world.log->edge);
    publisher_world_await(&world, &world.done_count, RECEIPTS);
    atomic_store(&reading.stop, true);
    for (int i = 0; i < READERS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < RECEIPTS; i++)
        uncovered += !receipts[i].covered;
    CHECK_INT(uncovered, 0);
    CHECK_INT(atomic_load(&reading.wrong), 0);
}

static const struct test tests[] = {
    TEST(the_newest_offer_is_published_with_its_edge),
    TEST(before_the_first_checkpoint_there_is_none),
    TEST(a_publication_that_is_held_outlives_newer_ones_and_the_publisher),
    TEST(a_receipt_waits_for_the_checkpoint_that_covers_it),
    TEST(a_receipt_that_is_covered_already_does_not_wait),
    TEST(a_head_is_wanted_for_a_receipt_at_once_and_else_each_second),
    TEST(offers_in_quick_succession_share_a_signature),
    TEST(a_signature_that_fails_is_tried_again),
    TEST(receipts_are_not_waited_for_while_signing_fails_for_long),
    TEST(a_ledger_that_does_not_follow_what_was_signed_is_never_signed),
    TEST(a_barred_publisher_signs_nothing_and_holds_nobody_up),
    TEST(a_publisher_that_is_barred_from_the_start_publishes_nothing),
    TEST(a_publication_that_gets_no_memory_is_made_later),
    TEST(a_publisher_that_gets_no_memory_leaves_the_signer_to_its_caller),
    TEST(at_the_end_the_last_offer_is_published_and_nobody_waits),
    TEST(at_the_end_a_signer_that_fails_holds_nobody_up),
    TEST(readers_and_receipts_see_only_whole_checkpoints),
};
TEST_MAIN(tests)
