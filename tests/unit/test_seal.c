/*
 * core/seal: each pool's and licence's entries form one chain without a gap, checked from the leaves alone, as somebody
 * outside would.
 */
#include "core/image.h"
#include "core_world.h"
#include "test.h"

#define CHAINS_MAX 64

/* What an auditor keeps of each chain. */
struct seen {
    struct id id;
    uint64_t number;
    uint8_t prev[SEQ_PREV_BYTES];
};

static struct seen *seen_of(struct seen *all, size_t *count, struct id id)
{
    for (size_t i = 0; i < *count; i++) {
        if (id_eq(all[i].id, id))
            return &all[i];
    }
    CHECK(*count < CHAINS_MAX);
    all[*count] = (struct seen){ .id = id };
    return &all[(*count)++];
}

static struct world *busy_world(uint64_t seed)
{
    struct world *world = world_new(seed);
    struct who acme = world_organisation(world);
    struct who user = world_user(world, acme, ROLE_MEMBER);

    world_product(world, "cad", "render mesh");
    world_license(world, acme, "cad/render", 2);
    world_license(world, acme, "cad/mesh", 1);
    world_license(world, acme, "cad/render", 1);
    for (int i = 0; i < 12; i++) {
        struct id lease = world_take(world, user, i % 3 ? "cad/render" : "cad/mesh", 1);
        struct command command = world_as(world, user, COMMAND_LEASE_RELEASE);
        command.lease = lease;
        if (i % 4 == 0 && !id_is_none(lease))
            world_done(world, &command);
    }
    world_wait(world, 2 * HOUR_MS); /* the rest lapses */
    return world;
}

static void the_entries_of_a_pool_or_licence_are_a_chain_without_gaps(void)
{
    AUTO(struct world *, world_free) world = busy_world(1);
    struct seen all[CHAINS_MAX];
    size_t chains = 0;
    uint64_t links = 0;

    for (uint64_t index = 0; index < world->facts.size; index++) {
        struct hash leaf = hash_leaf(world_leaf(world, index));
        struct entry entry;

        CHECKING("entry %llu", (unsigned long long)index);
        world_entry(world, index, &entry);
        for (int i = 0; i < entry.seq_count; i++) {
            struct seen *seen = seen_of(all, &chains, entry.seq[i].id);
            CHECK_INT(entry.seq[i].number, seen->number + 1);
            CHECK(memcmp(entry.seq[i].prev, seen->prev, SEQ_PREV_BYTES) == 0); /* zeros before the first */
            seen->number++;
            memcpy(seen->prev, leaf.bytes, SEQ_PREV_BYTES);
            links++;
        }
        CHECK(entry.code != AUDIT_POOL_CREATED || entry.seq[0].number == 1);
        CHECK(entry.code != AUDIT_LICENSE_CREATED || entry.seq[0].number == 1);
        CHECK(entry.code != AUDIT_LEASE_GRANTED || entry.seq_count == 1);
    }
    CHECK_INT(chains, 5); /* two pools, three licences */
    CHECK(links > 25);
}

static void sealing_changes_no_fact(void)
{
    AUTO(struct world *, world_free) world = busy_world(2);
    AUTO(struct buf, buf_free) text = { .max = ENTRY_MAX_BYTES };
    struct hash before;
    struct hash after;
    struct hash leaves[2];
    struct entry entry;

    CHECK_OK(facts_hash(&world->facts, &before, NULL));
    for (uint64_t index = world->facts.size - 1;; index--) {
        world_entry(world, index, &entry);
        if (entry.seq_count)
            break;
    }
    CHECK_OK(entry_seal(&world->facts, &entry, &text, &leaves[0]));
    CHECK_OK(entry_seal(&world->facts, &entry, &text, &leaves[1])); /* what the text held before is gone */
    CHECK(hash_eq(&leaves[0], &leaves[1]));
    leaves[1] = hash_leaf(buf_str(&text));
    CHECK(hash_eq(&leaves[0], &leaves[1]));
    CHECK_OK(facts_hash(&world->facts, &after, NULL));
    CHECK(hash_eq(&before, &after));
}

static const struct test tests[] = {
    TEST(the_entries_of_a_pool_or_licence_are_a_chain_without_gaps),
    TEST(sealing_changes_no_fact),
};
TEST_MAIN(tests)
