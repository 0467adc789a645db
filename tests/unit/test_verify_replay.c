/* cli/verify_replay: facts rebuilt from entries, and what the ledger tells of them, agree or the entry is refused (P2).
 */
#include "cli/verify_replay.h"

#include "core/image.h"
#include "core_random.h"
#include "core_world.h"
#include "test.h"

enum { STEPS = 300 };

/* Entries first … end - 1 of a world. */
static status add_all(struct replay_check *replay, const struct world *world, uint64_t first, uint64_t end,
                      struct err *err)
{
    for (uint64_t index = first; index < end; index++) {
        struct hash leaf = hash_leaf(world_leaf(world, index));
        struct entry entry;

        world_entry(world, index, &entry);
        TRY(replay_check_add(replay, &entry, &leaf, err));
    }
    return OK;
}

static struct world *life_lived(void)
{
    struct world *world = world_new(test_seed());
    struct random_life life = random_life(world, test_seed());

    for (int step = 0; step < STEPS; step++)
        random_step(&life);
    return world;
}

/* As a server would append it now: the facts after `size` entries have that hash. */
static struct entry told(const struct world *world, uint64_t size, const struct hash *hash)
{
    struct entry entry;

    entry_begin(&entry, AUDIT_LEDGER_SNAPSHOT, &world->system, world->facts.time_ms);
    entry_number(&entry, DATA_SIZE, (int64_t)size);
    entry_bytes(&entry, DATA_SHA256, hash->bytes);
    return entry;
}

static void replay_init(struct replay_check *replay)
{
    *replay = (struct replay_check){ 0 };
    CHECK_OK(replay_check_begin(replay, NULL));
}

static void the_facts_that_an_entry_tells_are_those_that_entries_give(void)
{
    AUTO(struct world *, world_free) world = life_lived();
    AUTO(struct replay_check, replay_check_free) replay;
    struct hash hash, leaf = { 0 };
    struct entry entry;

    replay_init(&replay);
    CHECK_OK(add_all(&replay, world, 0, world->facts.size, NULL));
    CHECK_OK(facts_hash(&world->facts, &hash, NULL));
    entry = told(world, world->facts.size, &hash);
    CHECK_OK(replay_check_add(&replay, &entry, &leaf, NULL));
    CHECK_INT(replay.compared, 1);
    CHECK_INT(replay.facts->size, world->facts.size + 1);
}

static void another_hash_than_the_facts_have_is_refused(void)
{
    AUTO(struct world *, world_free) world = life_lived();
    AUTO(struct replay_check, replay_check_free) replay;
    struct hash hash, leaf = { 0 };
    struct err err = { 0 };
    struct entry entry;

    replay_init(&replay);
    CHECK_OK(add_all(&replay, world, 0, world->facts.size, NULL));
    CHECK_OK(facts_hash(&world->facts, &hash, NULL));
    hash.bytes[7] ^= 1;
    entry = told(world, world->facts.size, &hash);
    CHECK_CODE(replay_check_add(&replay, &entry, &leaf, &err), CODE_CORRUPT);
    CHECK(str_find_str(str_of(err.text), STR("gives other facts")) < strlen(err.text));
}

/* A running server tells its facts some entries later: they are compared where somebody knew to look. */
static void what_is_told_later_is_compared_where_it_was_wanted(void)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        AUTO(struct world *, world_free) world = life_lived();
        AUTO(struct replay_check, replay_check_free) replay;
        AUTO(struct facts, facts_free) before = { 0 };
        uint64_t size = world->facts.size / 2;
        struct hash hash, leaf = { 0 };
        struct entry entry;

        replay_init(&replay);
        if (wanted)
            replay_check_want(&replay, size);
        CHECK_OK(world_replay(world, size, &before, NULL));
        CHECK_OK(facts_hash(&before, &hash, NULL));
        CHECK_OK(add_all(&replay, world, 0, world->facts.size, NULL));
        CHECK((replay_check_at(&replay, size) != NULL) == wanted);
        entry = told(world, size, &hash);
        CHECK_OK(replay_check_add(&replay, &entry, &leaf, NULL));
        CHECK(replay.compared == (uint64_t)wanted && replay.passed == (uint64_t)!wanted);
        hash.bytes[0] ^= 1;
        entry = told(world, size, &hash);
        CHECK_CODE(replay_check_add(&replay, &entry, &leaf, NULL), wanted ? CODE_CORRUPT : CODE_OK);
    }
}

static void an_entry_that_contradicts_the_ones_before_it_is_refused(void)
{
    AUTO(struct world *, world_free) world = life_lived();
    AUTO(struct replay_check, replay_check_free) replay;

    replay_init(&replay);
    CHECK_OK(add_all(&replay, world, 0, 10, NULL));
    CHECK_CODE(add_all(&replay, world, 2, 3, NULL), CODE_CORRUPT);
}

static const struct test tests[] = {
    TEST(the_facts_that_an_entry_tells_are_those_that_entries_give),
    TEST(another_hash_than_the_facts_have_is_refused),
    TEST(what_is_told_later_is_compared_where_it_was_wanted),
    TEST(an_entry_that_contradicts_the_ones_before_it_is_refused),
};
TEST_MAIN(tests)
