/*
 * core/image: facts come back from their bytes, equal facts have equal bytes, and bytes that are none of ours do no
 * harm.
 */
#include "core/image.h"

#include "base/fault.h"
#include "base/memory.h"
#include "core/facts_edit.h"
#include "core_check.h"
#include "core_world.h"
#include "test.h"

#define IMAGE_MAX_BYTES ((size_t)8 * 1024 * 1024)

/* ---- A world with everything in it that an image has ---- */

static struct command observed(struct world *world, struct who service, enum command_kind kind, struct id alias)
{
    struct command command = world_as(world, service, kind);

    command.observation = (struct observation){
        .product = STR("ansys"),
        .feature = STR("meba"),
        .user_alias = alias,
        .host_alias = alias,
        .quantity = 1,
        .limit = -1,
        .line = (int64_t)world->facts.size,
        .occurred_at_ms = world->now_ms - HOUR_MS,
    };
    return command;
}

static void observe(struct world *world)
{
    struct who service = world_service(world, WORLD_NOBODY, ROLE_ADMIN);
    struct id aliases[] = { world_alias(world), world_alias(world) };
    struct command command;

    for (int i = 0; i < 6; i++) {
        command = observed(world, service, COMMAND_OBSERVE_OUT, aliases[i % 2]);
        world_done(world, &command);
    }
    command = observed(world, service, COMMAND_OBSERVE_IN, aliases[0]);
    world_done(world, &command);
    command = observed(world, service, COMMAND_OBSERVE_READ, aliases[0]);
    command.observation.offset = 4711;
    world_done(world, &command);
}

static void people_come_and_go(struct world *world, struct who acme)
{
    struct who teams[] = { world_team(world, acme), world_team(world, acme) };
    struct command command;

    for (int i = 0; i < 4; i++) {
        struct who user = world_user(world, acme, ROLE_MEMBER);
        world_join(world, teams[0], user);
        world_join(world, teams[1], user);
        if (i % 2 == 0)
            continue;
        command = world_as(world, world->admin, COMMAND_MEMBER_REMOVE);
        command.member.team = teams[i / 2].id;
        command.member.user = user.id;
        world_done(world, &command);
    }
}

static void keyed(struct world *world, struct command *command)
{
    command->has_idem = true;
    entropy_fill(&world->entropy, command->idem_key, sizeof command->idem_key);
    entropy_fill(&world->entropy, command->idem_body, sizeof command->idem_body);
}

static void give_back(struct world *world, struct who who, struct id lease)
{
    struct command command = world_as(world, who, COMMAND_LEASE_RELEASE);

    command.lease = lease;
    keyed(world, &command);
    world_done(world, &command);
}

/* Seats taken, given back, waited for and offered. */
static void seats_change_hands(struct world *world, struct who acme)
{
    struct who user = world_user(world, acme, ROLE_MEMBER);
    struct id leases[8];
    struct command command;

    for (int i = 0; i < 8; i++)
        leases[i] = world_take(world, user, "cad/render", 1);
    for (int i = 0; i < 3; i++) {
        command = world_checkout(world, user, "cad/render", 1 + i);
        command.lease_create.wait_s = 600;
        keyed(world, &command);
        world_done(world, &command);
    }
    world_wait(world, 2000);
    give_back(world, user, leases[2]);
    give_back(world, user, leases[5]);
    world_take(world, user, "cam/render", 2);
}

static void licenses_change(struct world *world, struct who acme)
{
    struct command command;

    world_license(world, acme, "cad/render", 5);
    command = world_as(world, world->admin, COMMAND_LICENSE_SUSPEND);
    command.license = world_license(world, acme, "cad/render", 7);
    world_done(world, &command);
    world_license(world, acme, "cad/render", 3);
    world_license(world, world_organisation(world), "cad/render", 2);
}

static struct world *rich_world(uint64_t seed)
{
    struct world *world = world_new(seed);
    struct who acme = world_organisation(world);

    world_product(world, "cad", "render mesh");
    world_product(world, "cam", "render mesh turn");
    world_product(world, "cae", "render");
    licenses_change(world, acme);
    world_license(world, acme, "cam/render", 4);
    people_come_and_go(world, acme);
    seats_change_hands(world, acme);
    observe(world);
    return world;
}

/* ---- Images in memory ---- */

static status keep(void *context, struct str bytes, struct err *err)
{
    struct buf *buf = context;

    (void)err;
    buf_add(buf, bytes);
    return buf->status;
}

static bool image_of(const struct facts *facts, struct buf *image, struct hash *ret_hash)
{
    buf_clear(image);
    image->max = IMAGE_MAX_BYTES;
    return CHECK_OK(image_write(facts, &(struct image_sink){ keep, image }, ret_hash, NULL)) &&
           CHECK_INT(image_bytes(facts), image->len);
}

static struct hash hash_now(const struct facts *facts)
{
    struct hash hash = { { 0 } };

    CHECK_OK(facts_hash(facts, &hash, NULL));
    return hash;
}

static void facts_come_back_from_their_image(void)
{
    AUTO(struct world *, world_free) world = rich_world(1);
    AUTO(struct buf, buf_free) image = { 0 };
    AUTO(struct buf, buf_free) again = { 0 };
    AUTO(struct facts, facts_free) facts = { 0 };
    struct hash hashes[3];
    struct err err = { 0 };

    /* The world has something of everything, free places included. */
    CHECK(world->facts.memberships.free_first && world->facts.leases.free_first && world->facts.tickets.live);
    CHECK(world->facts.observed_groups.live && world->facts.watermarks.live && world->facts.idem_ring.next);
    CHECK(world->facts.ended_ring.next > 2);

    CHECK_OK(facts_init(&facts));
    if (!image_of(&world->facts, &image, &hashes[0]) ||
        !CHECK_OK(image_read(buf_str(&image), &facts, &hashes[1], &err))) {
        CHECK_STR(str_of(err.text), STR(""));
        return;
    }
    image_of(&facts, &again, &hashes[2]);
    CHECK(hash_eq(&hashes[0], &hashes[1]) && hash_eq(&hashes[1], &hashes[2]));
    CHECK(str_eq(buf_str(&image), buf_str(&again)));
    hashes[1] = hash_of(buf_str(&image));
    CHECK(hash_eq(&hashes[0], &hashes[1]));
    hashes[1] = hash_now(&facts);
    CHECK(hash_eq(&hashes[0], &hashes[1]));
    /* Of the records as they lie in memory: a member that image_parts does not know would differ. */
    hashes[0] = facts_digest(&world->facts);
    hashes[1] = facts_digest(&facts);
    CHECK(hash_eq(&hashes[0], &hashes[1]));
    facts_pulses_start(&facts, world->now_ms);
    CHECK(facts_check(&facts));
}

/* P2: whoever folds the same entries has the same bytes, whatever else happened to its memory. */
static void equal_ledgers_give_equal_images(void)
{
    AUTO(struct world *, world_free) world = rich_world(2);
    AUTO(struct world *, world_free) other = rich_world(3);
    AUTO(struct facts, facts_free) facts = { 0 };
    struct hash here = hash_now(&world->facts);
    struct hash there = hash_now(&other->facts);
    struct hash replayed;

    CHECK(!hash_eq(&here, &there));
    CHECK_OK(world_replay(world, world->facts.size, &facts, NULL));
    replayed = hash_now(&facts);
    CHECK(hash_eq(&here, &replayed));
}

/* Applies the leaves from `from` on; gives whether the result is the world's. */
static bool goes_on(const struct world *world, struct facts *facts, uint64_t from)
{
    struct hash want = hash_now(&world->facts);
    struct hash got;

    for (uint64_t index = from; index < world->facts.size; index++) {
        struct hash leaf = hash_leaf(world_leaf(world, index));
        struct entry entry;

        world_entry(world, index, &entry);
        if (!CHECK_OK(apply(facts, &entry, &leaf, NULL)))
            return false;
    }
    got = hash_now(facts);
    return CHECK(hash_eq(&want, &got));
}

static void a_ledger_goes_on_from_an_image_of_any_entry(void)
{
    AUTO(struct world *, world_free) world = rich_world(5);
    AUTO(struct facts, facts_free) replayed = { 0 };
    AUTO(struct buf, buf_free) image = { 0 };
    struct hash hash;

    CHECK_OK(facts_init(&replayed));
    for (uint64_t size = 0; size < world->facts.size; size++) {
        AUTO(struct facts, facts_free) facts = { 0 };
        struct hash leaf = hash_leaf(world_leaf(world, size));
        struct entry entry;
        struct err err = { 0 };

        CHECKING("image of %llu entries", (unsigned long long)size);
        CHECK_OK(facts_init(&facts));
        image_of(&replayed, &image, &hash);
        if (!CHECK_OK(image_read(buf_str(&image), &facts, &hash, &err)))
            CHECK_STR(str_of(err.text), STR(""));
        else if (size % 7 == 0 && !goes_on(world, &facts, size))
            return;
        world_entry(world, size, &entry);
        CHECK_OK(apply(&replayed, &entry, &leaf, NULL));
    }
}

/* The key by which names are hashed is the process's own: what the facts are, and what is found, does not depend on it.
 */
static void the_secret_of_the_names_is_no_fact(void)
{
    static const struct siphash_key key = { { 0x1234567, 0x89abcdef } };
    AUTO(struct world *, world_free) world = rich_world(9);
    AUTO(struct facts, facts_free) facts = { 0 };
    AUTO(struct buf, buf_free) image = { 0 };
    struct hash hash;
    struct hash again;

    CHECK_OK(facts_init(&facts));
    facts_key_set(&facts, &key);
    image_of(&world->facts, &image, &hash);
    CHECK_OK(image_read(buf_str(&image), &facts, &again, NULL));
    CHECK(hash_eq(&hash, &again));
    again = hash_now(&facts);
    CHECK(hash_eq(&hash, &again));
    CHECK_INT(feature_find(&facts, STR("ansys/meba")), feature_find(&world->facts, STR("ansys/meba")));
    CHECK(feature_find(&facts, STR("ansys/meba")) != NONE);
    CHECK_OK(facts_reset(&facts));
    CHECK(facts.name_key.words[0] == key.words[0] && facts.name_key.words[1] == key.words[1]);
}

static void a_ring_that_went_round_comes_back(void)
{
    AUTO(struct facts, facts_free) facts = { 0 };
    AUTO(struct facts, facts_free) read = { 0 };
    AUTO(struct buf, buf_free) image = { 0 };
    struct hash hash;

    CHECK_OK(facts_init(&facts));
    CHECK_OK(facts_init(&read));
    CHECK_OK(principal_add(&facts, &(struct principal){ .id = { 1, 1 }, .kind = ID_USER, .organisation = NONE }));
    facts.endeds.max = facts.idems.max = read.endeds.max = read.idems.max = 5;
    facts.size = 20;
    for (uint8_t i = 1; i <= 13; i++) {
        struct idem idem = { .key = { i }, .index = i, .time_ms = (int64_t)i * HOUR_MS * (i > 10 ? 3 : 1) };
        CHECK_OK(idem_reserve(&facts, idem.key, idem.time_ms));
        idem_push(&facts, &idem);
        CHECK_OK(ended_reserve(&facts));
        ended_push(&facts, &(struct ended){ .id = { 7, i }, .kind = ID_LEASE, .state = LEASE_RELEASED });
    }
    CHECK(facts.idem_ring.next - facts.idem_ring.first < 5); /* some are gone because of their age */
    image_of(&facts, &image, &hash);
    CHECK_OK(image_read(buf_str(&image), &read, &hash, NULL));
    CHECK(idem_find(&read, (uint8_t[16]){ 13 }) && !idem_find(&read, (uint8_t[16]){ 8 }));
    CHECK(ended_find(&read, (struct id){ 7, 9 }) && !ended_find(&read, (struct id){ 7, 8 }));
}

/* ---- Damage ---- */

/* Reads bytes that may be anything. What is read must be written again as it was, and bear to be used. */
static void read_and_use(struct str bytes)
{
    AUTO(struct facts, facts_free) facts = { 0 };
    AUTO(struct buf, buf_free) again = { 0 };
    struct hash hash;
    struct err err = { 0 };
    status s;

    CHECK_OK(facts_init(&facts));
    s = image_read(bytes, &facts, &hash, &err);
    if (s.code) {
        CHECK_CODE(s, CODE_CORRUPT);
        CHECK(err.text[0] && facts.size == 0 && facts.principals.used == 0 && facts.pool_by_id.count == 0);
        return;
    }
    image_of(&facts, &again, &hash);
    CHECK(str_eq(buf_str(&again), bytes));
    facts_pulses_start(&facts, WORLD_START_MS);
}

static void a_changed_byte_is_refused_or_does_no_harm(void)
{
    AUTO(struct world *, world_free) world = rich_world(6);
    AUTO(struct buf, buf_free) image = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());
    struct hash hash;

    image_of(&world->facts, &image, &hash);
    for (int round = 0; round < 4000; round++) {
        size_t at = (size_t)entropy_below(&entropy, image.len);
        char flip = (char)(1u << entropy_below(&entropy, 8));
        CHECKING("seed %llu, byte %zu, flip %d", (unsigned long long)test_seed(), at, flip);
        image.at[at] ^= flip;
        read_and_use(buf_str(&image));
        image.at[at] ^= flip;
    }
}

/* Small numbers in the place of others: links that lead to another record, and round in circles. */
static void a_changed_place_is_refused_or_does_no_harm(void)
{
    AUTO(struct world *, world_free) world = rich_world(7);
    AUTO(struct buf, buf_free) image = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());
    struct hash hash;

    image_of(&world->facts, &image, &hash);
    for (int round = 0; round < 4000; round++) {
        size_t at = (size_t)entropy_below(&entropy, image.len - sizeof(uint32_t));
        uint32_t number = entropy_below(&entropy, 8) ? (uint32_t)entropy_below(&entropy, 12) : NONE;
        uint32_t kept;
        CHECKING("seed %llu, byte %zu, number %u", (unsigned long long)test_seed(), at, (unsigned)number);
        memcpy(&kept, image.at + at, sizeof kept);
        memcpy(image.at + at, &number, sizeof number);
        read_and_use(buf_str(&image));
        memcpy(image.at + at, &kept, sizeof kept);
    }
}

static void a_part_of_an_image_or_a_longer_one_is_refused(void)
{
    AUTO(struct world *, world_free) world = rich_world(8);
    AUTO(struct buf, buf_free) image = { 0 };
    AUTO(struct facts, facts_free) facts = { 0 };
    struct hash hash;

    CHECK_OK(facts_init(&facts));
    image_of(&world->facts, &image, &hash);
    for (size_t len = 0; len < image.len; len += 1 + len / 20)
        CHECK_CODE(image_read(str_cut(buf_str(&image), 0, len), &facts, &hash, NULL), CODE_CORRUPT);
    buf_add_byte(&image, 0);
    CHECK_CODE(image_read(buf_str(&image), &facts, &hash, NULL), CODE_CORRUPT);
    buf_cut(&image, image.len - 1);
    CHECK_OK(image_read(buf_str(&image), &facts, &hash, NULL)); /* the failures left nothing behind */
}

static void without_memory_the_facts_stay_empty(void)
{
    AUTO(struct world *, world_free) world = rich_world(9);
    AUTO(struct buf, buf_free) image = { 0 };
    AUTO(struct facts, facts_free) facts = { 0 };
    struct hash hash;

    CHECK_OK(facts_init(&facts));
    image_of(&world->facts, &image, &hash);
    for (int step = 0;; step++) {
        bool hit;
        status s;

        CHECKING("step %d", step);
        fault_arm(FAULT_MEMORY, step, 1);
        s = image_read(buf_str(&image), &facts, &hash, NULL);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        if (!hit)
            break;
        CHECK_CODE(s, CODE_NO_MEMORY);
        CHECK(facts.size == 0 && facts.pools.used == 0);
    }
    CHECK(facts.size == world->facts.size);
    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(facts_hash(&facts, &hash, NULL), CODE_NO_MEMORY);
    fault_disarm_all();
}

static status refuse_second(void *context, struct str bytes, struct err *err)
{
    int *pieces = context;

    (void)bytes;
    return ++*pieces == 2 ? err_set(err, CODE_DISK_FULL, "the disk is full") : OK;
}

static void a_sink_that_is_full_ends_the_writing(void)
{
    AUTO(struct facts, facts_free) facts = { 0 };
    struct err err = { 0 };
    struct hash hash;
    int pieces = 0;

    CHECK_OK(facts_init(&facts));
    for (uint64_t i = 1; i <= 20000; i++)
        CHECK_OK(principal_add(&facts, &(struct principal){ .id = { 1, i }, .kind = ID_USER, .organisation = NONE }));
    CHECK_CODE(image_write(&facts, &(struct image_sink){ refuse_second, &pieces }, &hash, &err), CODE_DISK_FULL);
    CHECK_STR(str_of(err.text), STR("the disk is full"));
    CHECK_INT(pieces, 2);
}

static const struct test tests[] = {
    TEST(facts_come_back_from_their_image),
    TEST(equal_ledgers_give_equal_images),
    TEST(a_ledger_goes_on_from_an_image_of_any_entry),
    TEST(the_secret_of_the_names_is_no_fact),
    TEST(a_ring_that_went_round_comes_back),
    TEST(a_changed_byte_is_refused_or_does_no_harm),
    TEST(a_changed_place_is_refused_or_does_no_harm),
    TEST(a_part_of_an_image_or_a_longer_one_is_refused),
    TEST(without_memory_the_facts_stay_empty),
    TEST(a_sink_that_is_full_ends_the_writing),
};
TEST_MAIN(tests)
