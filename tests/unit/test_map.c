/*
 * base/map: random histories against a plain array, and runs that wrap around the end of the table.
 */
#include "base/map.h"

#include "base/entropy.h"
#include "base/fault.h"
#include "base/memory.h"
#include "test.h"

#define PLACES 2000

/* The owner: place n has key keys[n] while it is live. Hashes keep few bits, so that keys collide all the time. */
struct owner {
    uint64_t keys[PLACES];
    bool live[PLACES];
    uint32_t places; /* how many of them this history uses */
    uint64_t hash_mask;
};

static uint64_t hash_key(const struct owner *owner, uint64_t key)
{
    return key & owner->hash_mask;
}

static uint64_t hash_place(const void *owner, uint32_t place)
{
    const struct owner *o = owner;

    return hash_key(o, o->keys[place]);
}

static bool equals(const void *owner, uint32_t place, const void *key)
{
    return ((const struct owner *)owner)->keys[place] == *(const uint64_t *)key;
}

static const struct map_kind kind = { hash_place, equals };

static uint32_t find(const struct map *map, const struct owner *owner, uint64_t key)
{
    return map_find(map, &kind, owner, hash_key(owner, key), &key);
}

static uint32_t find_slowly(const struct owner *owner, uint64_t key)
{
    for (uint32_t place = 0; place < owner->places; place++) {
        if (owner->live[place] && owner->keys[place] == key)
            return place;
    }
    return MAP_NONE;
}

static void put(struct map *map, struct owner *owner, uint32_t place, uint64_t key)
{
    owner->keys[place] = key;
    owner->live[place] = true;
    if (CHECK_OK(map_reserve(map, &kind, owner, 1)))
        map_put(map, hash_key(owner, key), place);
}

static void take_out(struct map *map, struct owner *owner, uint32_t place)
{
    map_remove(map, &kind, owner, place);
    owner->live[place] = false;
}

static bool agrees(const struct map *map, const struct owner *owner, uint64_t key_bound)
{
    for (uint64_t key = 0; key < key_bound; key++) {
        if (find(map, owner, key) != find_slowly(owner, key))
            return false;
    }
    return true;
}

static void play(struct map *map, struct owner *owner, struct entropy *entropy, uint64_t key_bound)
{
    for (int step = 0; step < 4000; step++) {
        uint32_t place = (uint32_t)entropy_below(entropy, owner->places);
        uint64_t key = entropy_below(entropy, key_bound);
        if (owner->live[place])
            take_out(map, owner, place);
        else if (find(map, owner, key) == MAP_NONE)
            put(map, owner, place, key);
        if ((step % 500 == 0 || owner->places < 10) && !CHECK(agrees(map, owner, key_bound)))
            return;
    }
    CHECK(agrees(map, owner, key_bound));
}

static void random_histories_agree_with_a_plain_array(void)
{
    static const uint64_t masks[] = { 0, 1, 7, 0xff, UINT64_MAX };
    struct entropy entropy = entropy_from_seed(test_seed());

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        AUTO(struct map, map_free) map = { 0 };
        struct owner *owner = memory_new(1, sizeof *owner);
        if (!CHECK(owner))
            return;
        owner->places = PLACES;
        owner->hash_mask = masks[i];
        CHECKING("mask %llx", (unsigned long long)masks[i]);
        play(&map, owner, &entropy, 300);
        memory_free(owner);
    }
}

/* Eight places in sixteen slots: runs of neighbours often cross the end of the table. */
static void runs_that_wrap_around_the_end_agree_too(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; round < 20; round++) {
        AUTO(struct map, map_free) map = { 0 };
        struct owner owner = { .places = 8, .hash_mask = UINT64_MAX };
        play(&map, &owner, &entropy, 24);
        CHECK_INT(map.capacity, 16);
    }
}

static void at_most_half_of_the_slots_are_used(void)
{
    AUTO(struct map, map_free) map = { 0 };
    struct owner owner = { .hash_mask = UINT64_MAX };

    for (uint32_t place = 0; place < PLACES; place++) {
        put(&map, &owner, place, place * 7919u);
        CHECK(map.count <= map.capacity / 2);
    }
    CHECK_INT(map.count, PLACES);
    for (uint32_t place = 0; place < PLACES; place++)
        take_out(&map, &owner, place);
    CHECK_INT(map.count, 0);
    for (size_t slot = 0; slot < map.capacity; slot++)
        CHECK_INT(map.slots[slot], 0);
}

static void room_that_was_reserved_is_there_without_memory(void)
{
    AUTO(struct map, map_free) map = { 0 };
    struct owner owner = { .hash_mask = UINT64_MAX };

    CHECK_OK(map_reserve(&map, &kind, &owner, 500));
    fault_arm(FAULT_MEMORY, 0, -1);
    for (uint32_t place = 0; place < 500; place++) {
        owner.keys[place] = place;
        map_put(&map, hash_key(&owner, place), place);
    }
    CHECK_CODE(map_reserve(&map, &kind, &owner, 1000), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK_INT(find(&map, &owner, 499), 499);
    CHECK_CODE(map_reserve(&map, &kind, &owner, SIZE_MAX), CODE_TOO_LARGE);
}

static void an_empty_map_finds_nothing(void)
{
    struct map map = { 0 };
    struct owner owner = { .hash_mask = UINT64_MAX };

    CHECK_INT(find(&map, &owner, 5), MAP_NONE);
    map_free(&map);
    CHECK_INT(map.capacity, 0);
}

static const struct test tests[] = {
    TEST(random_histories_agree_with_a_plain_array),
    TEST(runs_that_wrap_around_the_end_agree_too),
    TEST(at_most_half_of_the_slots_are_used),
    TEST(room_that_was_reserved_is_there_without_memory),
    TEST(an_empty_map_finds_nothing),
};
TEST_MAIN(tests)
