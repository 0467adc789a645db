/*
 * core/apply, over whole lives: the ledger is the truth (P2), however it is read back, and a damaged one does no harm.
 */
#include <inttypes.h>

#include "core/facts_edit.h"
#include "core/image.h"
#include "core_check.h"
#include "core_random.h"
#include "core_world.h"
#include "test.h"

enum { LIVES = 5, STEPS = 1500, MARK_EVERY = 100 };

/* What the facts were at an index. */
struct mark {
    uint64_t size;
    struct hash hash;
};

static void codes_note(const struct world *world, size_t *seen)
{
    for (int code = 0; code < AUDIT_COUNT; code++)
        seen[code] += world_count(world, (enum audit_code)code, 0);
}

/* Lives a life; the facts are looked through and marked on the way. */
static size_t life_live(struct world *world, uint64_t seed, int steps, struct mark *marks)
{
    struct random_life life = random_life(world, seed);
    size_t count = 0;

    for (int step = 0; step < steps; step++) {
        random_step(&life);
        if (step % MARK_EVERY)
            continue;
        CHECKING("seed %" PRIu64 ", step %d", seed, step);
        if (!facts_check(&world->facts))
            break;
        marks[count++] = (struct mark){ world->facts.size, facts_digest(&world->facts) };
    }
    CHECK(life.commands > (uint64_t)steps / 2 && life.refused < life.commands);
    return count;
}

static void leaf_apply(const struct world *world, uint64_t index, struct facts *facts)
{
    struct str text = world_leaf(world, index);
    struct hash leaf = hash_leaf(text);
    struct err err = { 0 };
    struct entry entry;

    CHECK_OK(entry_decode(text, &entry, &err));
    CHECK_OK(apply(facts, &entry, &leaf, &err));
    CHECK_STR(str_of(err.text), STR(""));
}

static void the_leaves_alone_give_the_same_facts_at_every_index(void)
{
    size_t seen[AUDIT_COUNT] = { 0 };

    for (uint64_t i = 0; i < LIVES; i++) {
        uint64_t seed = i ? i : test_seed(); /* the others are always the same, so that all codes are seen */
        AUTO(struct world *, world_free) world = world_new(seed);
        AUTO(struct facts, facts_free) again = { 0 };
        struct mark marks[STEPS / MARK_EVERY + 1];
        size_t count = life_live(world, seed, STEPS, marks);
        uint64_t index = 0;

        CHECK_OK(facts_init(&again));
        for (size_t mark = 0; mark < count; mark++) {
            struct hash hash;

            while (index < marks[mark].size)
                leaf_apply(world, index++, &again);
            CHECKING("seed %" PRIu64 ", index %" PRIu64, seed, index);
            hash = facts_digest(&again);
            if (!CHECK(hash_eq(&hash, &marks[mark].hash)))
                return;
        }
        codes_note(world, seen);
    }
    /* The lives saw what the core can do: leases, tickets, licences, people, refusals, observation. */
    for (int code = AUDIT_LEASE_GRANTED; code <= AUDIT_OBSERVE_READ; code++) {
        CHECKING("code %.*s", STR_ARG(audit_rows[code].code));
        CHECK(seen[code] > 0 || code == AUDIT_DATA_READ);
    }
}

static void entry_applied(void *context, const struct entry *entry)
{
    const struct world *world = context;

    CHECKING("%.*s", STR_ARG(audit_rows[entry->code].type));
    facts_check(&world->facts);
}

/* Counts, lists and limits agree after each entry, also in the midst of a change. */
static void nothing_is_out_of_place_at_any_index(void)
{
    uint64_t seed = test_seed();
    AUTO(struct world *, world_free) world = world_new(seed);
    struct random_life life = random_life(world, seed);

    world->applied = entry_applied;
    world->context = world;
    for (int step = 0; step < 400; step++)
        random_step(&life);
}

static status image_keep(void *context, struct str bytes, struct err *err)
{
    struct buf *image = context;

    (void)err;
    buf_add(image, bytes);
    return image->status;
}

static void a_snapshot_and_the_tail_give_the_same_facts(void)
{
    uint64_t seed = test_seed();
    AUTO(struct world *, world_free) world = world_new(seed);
    AUTO(struct buf, buf_free) image = { .max = SIZE_MAX };
    AUTO(struct facts, facts_free) again = { 0 };
    struct random_life life = random_life(world, seed);
    struct err err = { 0 };
    struct hash written;
    struct hash there;
    uint64_t size;

    for (int step = 0; step < 500; step++)
        random_step(&life);
    CHECK_OK(image_write(&world->facts, &(struct image_sink){ image_keep, &image }, &written, &err));
    size = world->facts.size;
    world_restart(world);
    for (int step = 0; step < 500; step++)
        random_step(&life);
    CHECK_OK(facts_init(&again));
    CHECK_OK(image_read(buf_str(&image), &again, &there, &err));
    CHECK(hash_eq(&written, &there));
    for (uint64_t index = size; index < world->facts.size; index++)
        leaf_apply(world, index, &again);
    CHECK(facts_check(&again));
    written = facts_digest(&world->facts);
    there = facts_digest(&again);
    CHECK(hash_eq(&written, &there));
}

static void maps_found_again_find_the_same(void)
{
    uint64_t seed = test_seed();
    AUTO(struct world *, world_free) world = world_new(seed);
    struct random_life life = random_life(world, seed);

    for (int step = 0; step < 500; step++)
        random_step(&life);
    CHECK_OK(facts_index(&world->facts));
    CHECK(facts_check(&world->facts));
    CHECK_INT(world->facts.pool_by_id.count, world->facts.pools.live);
    CHECK_INT(world->facts.lease_by_id.count, world->facts.leases.live);
    for (uint64_t i = world->facts.idem_ring.first; i < world->facts.idem_ring.next; i++) {
        const struct idem *idem = table_at(&world->facts.idems, (uint32_t)i);

        CHECK(idem_find(&world->facts, idem->key) == idem);
    }
    for (uint64_t i = world->facts.ended_ring.first; i < world->facts.ended_ring.next; i++) {
        const struct ended *ended = table_at(&world->facts.endeds, (uint32_t)i);

        CHECK(ended_find(&world->facts, ended->id) == ended);
    }
    for (int step = 0; step < 100; step++)
        random_step(&life);
}

static void no_failed_allocation_changes_a_fact_in_a_whole_life(void)
{
    uint64_t seed = test_seed();
    AUTO(struct world *, world_free) world = world_new(seed);
    struct random_life life = random_life(world, seed);

    world->torture = true;
    for (int step = 0; step < 300; step++)
        random_step(&life);
    CHECK(facts_check(&world->facts));
    CHECK(world->failed_once > 0);
}

/* ---- chains ---- */

static void each_pool_and_licence_has_a_chain_without_a_gap(void)
{
    uint64_t seed = test_seed();
    AUTO(struct world *, world_free) world = world_new(seed);
    struct random_life life = random_life(world, seed);
    uint64_t links = 0;
    uint64_t heads = 0;

    for (int step = 0; step < 500; step++)
        random_step(&life);
    for (uint64_t index = 0; index < world->facts.size; index++) {
        struct entry entry;

        world_entry(world, index, &entry);
        links += (uint64_t)entry.seq_count;
    }
    for (uint32_t place = 0; place < world->facts.pools.used; place++)
        heads += pool_at(&world->facts, place)->chain.number;
    for (uint32_t place = 0; place < world->facts.licenses.used; place++)
        heads += license_at(&world->facts, place)->chain.number;
    CHECK_INT(links, heads); /* apply saw to it that every link follows the one before */
}

/* ---- damaged ledgers ---- */

static int64_t odd_number(struct entropy *entropy)
{
    static const int64_t odd[] = {
        0, 1, -1, 2, 1000, INT32_MAX, (int64_t)UINT32_MAX + 1, ENTRY_NUMBER_MAX, -ENTRY_NUMBER_MAX
    };

    return odd[entropy_below(entropy, sizeof odd / sizeof *odd)];
}

/* Changes one member of the entry into something else that its encoding would allow. */
static void mutate(struct entry *entry, const struct entry *other, struct entropy *entropy)
{
    enum on_field on = (enum on_field)entropy_below(entropy, ON_COUNT);
    enum data_field field = (enum data_field)entropy_below(entropy, DATA_FIELD_COUNT);

    if (entry_has_on(entry, on) && entry_has_on(other, on))
        entry->on[on] = other->on[on];
    if (!entry_has(entry, field))
        return;
    if (data_fields[field].kind == VALUE_WORD)
        entry->data[field].number = (int64_t)entropy_below(entropy, (uint64_t)data_fields[field].word_count);
    else if (data_fields[field].kind == VALUE_INT)
        entry->data[field].number = odd_number(entropy);
    else if (data_fields[field].kind == VALUE_TIME)
        entry->data[field].number = odd_number(entropy) & INT32_MAX;
    else if (entry_has(other, field))
        entry->data[field] = other->data[field];
}

/* Whatever a ledger says, its reader neither crashes nor loses itself: it says what is wrong, or goes on. */
static void a_damaged_ledger_is_read_without_harm(void)
{
    enum { ROUNDS = 400, TRIES = 20 };
    uint64_t seed = test_seed();
    AUTO(struct world *, world_free) world = world_new(seed);
    struct random_life life = random_life(world, seed);
    struct entropy entropy = entropy_from_seed(seed);
    uint64_t accepted = 0;

    for (int step = 0; step < 200; step++)
        random_step(&life);
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(struct facts, facts_free) facts = { 0 };
        uint64_t size = 1 + entropy_below(&entropy, world->facts.size - 1);
        struct err err = { 0 };

        CHECKING("seed %" PRIu64 ", round %d", seed, round);
        CHECK_OK(world_replay(world, size, &facts, &err));
        for (int try = 0; try < TRIES; try++) {
            struct entry entry;
            struct entry other;
            struct hash leaf = { 0 };
            status s;

            world_entry(world, entropy_below(&entropy, world->facts.size), &entry);
            world_entry(world, entropy_below(&entropy, world->facts.size), &other);
            mutate(&entry, &other, &entropy);
            entry.time_ms = facts.time_ms;
            entry.has_idem = false;
            entry_relink(&facts, &entry);
            s = apply(&facts, &entry, &leaf, &err);
            CHECK(s.code == CODE_OK || s.code == CODE_CORRUPT);
            if (s.code)
                break;
            accepted++;
        }
        facts_digest(&facts);
    }
    CHECK(accepted > 0);
}

static const struct test tests[] = {
    TEST(the_leaves_alone_give_the_same_facts_at_every_index),
    TEST(nothing_is_out_of_place_at_any_index),
    TEST(a_snapshot_and_the_tail_give_the_same_facts),
    TEST(maps_found_again_find_the_same),
    TEST(no_failed_allocation_changes_a_fact_in_a_whole_life),
    TEST(each_pool_and_licence_has_a_chain_without_a_gap),
    TEST(a_damaged_ledger_is_read_without_harm),
};
TEST_MAIN(tests)
