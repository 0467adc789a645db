/*
 * engine/names: one text has one id for as long as anybody may know it, over commands that fail and threads.
 */
#include "engine/names.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/fault.h"
#include "engine/texts.h"
#include "names_world.h"

/* ---- Aliases ---- */

static void an_asserted_text_has_one_alias_from_its_first_command_on(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new first, second, host;

    register_init(&world);
    first = alias(&world, NAME_ALIAS_USER, STR("ada"), true);
    second = alias(&world, NAME_ALIAS_USER, STR("ada"), true); /* not durable yet: the second command brings it, too */
    host = alias(&world, NAME_ALIAS_HOST, STR("ada"), true);
    CHECK(id_eq(first.id, second.id) && !id_eq(first.id, host.id));
    CHECK(names_is_new(world.names, first.id, 0));
    names_settle(world.names, &first, true);
    CHECK(!names_is_new(world.names, first.id, 0) && names_is_new(world.names, host.id, 0));
    CHECK(id_eq(alias(&world, NAME_ALIAS_USER, STR("ada"), false).id, first.id));
    names_settle(world.names, &second, true);
    CHECK(id_eq(alias(&world, NAME_ALIAS_USER, STR("ada"), false).id, first.id));
    check_text(&world, first.id, STR("ada"));
    CHECK_INT(names_count(world.names), 2);
}

static void a_name_that_nobody_carries_any_more_is_forgotten(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new first, second;

    register_init(&world);
    first = alias(&world, NAME_ALIAS_NETWORK, STR("192.0.2"), true);
    second = alias(&world, NAME_ALIAS_NETWORK, STR("192.0.2"), true);
    names_settle(world.names, &first, false);
    check_text(&world, first.id, STR("192.0.2"));
    names_settle(world.names, &second, false);
    check_no_text(&world, first.id);
    CHECK_INT(names_count(world.names), 0);
    CHECK(!id_eq(alias(&world, NAME_ALIAS_NETWORK, STR("192.0.2"), true).id, first.id));
}

static void a_durable_name_stays_whatever_becomes_of_its_other_commands(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new carriers[3];

    register_init(&world);
    for (int i = 0; i < 3; i++)
        carriers[i] = alias(&world, NAME_ALIAS_USER, STR("ada"), true);
    names_settle(world.names, &carriers[0], false);
    names_settle(world.names, &carriers[1], true);
    names_settle(world.names, &carriers[2], false);
    CHECK(id_eq(alias(&world, NAME_ALIAS_USER, STR("ada"), false).id, carriers[0].id));
}

static void a_text_of_any_length_up_to_the_maximum_has_an_alias(void)
{
    AUTO(struct register_world, register_free) world;
    char text[TEXT_MAX_BYTES + 1];
    struct name_new too_long = { .kind = NAME_ALIAS_USER, .text = { text, sizeof text } };
    struct id ids[TEXT_MAX_BYTES + 1];
    bool is_new = false;

    register_init(&world);
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len <= TEXT_MAX_BYTES; len++) {
        struct name_new name = alias(&world, NAME_ALIAS_USER, (struct str){ text, len }, true);

        ids[len] = name.id;
        if (len % 2) /* leaves a place that a later text takes */
            names_settle(world.names, &name, false);
    }
    for (size_t len = 0; len <= TEXT_MAX_BYTES; len += 2)
        check_text(&world, ids[len], (struct str){ text, len });
    CHECK_CODE(names_alias(world.names, &too_long, &world.entropy, NOW_MS, &is_new), CODE_TOO_LARGE);
    CHECK_INT(names_count(world.names), TEXT_MAX_BYTES / 2 + 1);
}

static void texts_that_come_and_go_take_no_more_than_there_were_at_once(void)
{
    AUTO(struct texts, texts_free) texts = { 0 };
    const struct texts_block *block;
    struct str kept = STR_NONE, copies[50];

    CHECK_OK(texts_keep(&texts, STR("stays"), &kept));
    block = texts.blocks;
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < 50; i++)
            CHECK_OK(
                texts_keep(&texts, str_cut(STR("a text of some length that is soon forgotten"), 0, i), &copies[i]));
        for (size_t i = 0; i < 50; i++)
            texts_forget(&texts, copies[i]);
    }
    CHECK(texts.blocks == block);
    CHECK_STR(kept, STR("stays"));
}

/* ---- Principals ---- */

static void a_principals_name_is_its_own_within_its_organisation(void)
{
    AUTO(struct register_world, register_free) world;
    struct id a, b;

    register_init(&world);
    a = fresh(&world);
    b = fresh(&world);
    const struct {
        enum name_kind kind;
        struct id within;
        const char *text;
        enum code code;
    } cases[] = {
        { NAME_ORGANISATION, { 0 }, "Acme", CODE_OK },
        { NAME_ORGANISATION, { 0 }, "Acme", CODE_CONFLICT },
        { NAME_ORGANISATION, { 0 }, "acme", CODE_OK },
        { NAME_USER, { 0 }, "Acme", CODE_OK },
        { NAME_USER, a, "ada", CODE_OK },
        { NAME_USER, b, "ada", CODE_OK },
        { NAME_USER, a, "ada", CODE_CONFLICT },
        { NAME_TEAM, a, "ada", CODE_OK },
        { NAME_SERVICE, a, "ada", CODE_OK },
        { NAME_SERVICE, a, "ada", CODE_CONFLICT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct name_new name = { fresh(&world), cases[i].kind, cases[i].within, str_of(cases[i].text), 0 };

        CHECKING("case %zu", i);
        CHECK_CODE(names_reserve(world.names, &name), cases[i].code);
    }
}

static void a_pending_principal_is_taken_but_not_found(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new name = { .kind = NAME_ORGANISATION, .text = STR("Acme") };
    struct name_new other = name;
    struct id found = { 0 };

    register_init(&world);
    name.id = fresh(&world);
    other.id = fresh(&world);
    CHECK_OK(names_reserve(world.names, &name));
    CHECK_CODE(names_find(world.names, NAME_ORGANISATION, (struct id){ 0 }, STR("Acme"), &found), CODE_NOT_FOUND);
    CHECK_CODE(names_reserve(world.names, &other), CODE_CONFLICT);
    names_settle(world.names, &name, false);
    CHECK_OK(names_reserve(world.names, &other));
    names_settle(world.names, &other, true);
    CHECK_OK(names_find(world.names, NAME_ORGANISATION, (struct id){ 0 }, STR("Acme"), &found));
    CHECK(id_eq(found, other.id));
    CHECK_CODE(names_find(world.names, NAME_TEAM, (struct id){ 0 }, STR("Acme"), &found), CODE_NOT_FOUND);
    CHECK_CODE(names_find(world.names, NAME_ORGANISATION, other.id, STR("Acme"), &found), CODE_NOT_FOUND);
    CHECK_CODE(names_reserve(world.names, &name), CODE_CONFLICT);
}

/* ---- Memory ---- */

static void without_memory_no_name_is_half_there(void)
{
    for (int step = 0;; step++) {
        AUTO(struct register_world, register_free) world;
        struct name_new name = { .kind = NAME_ALIAS_USER, .text = STR("ada") };
        bool is_new = false;
        status s;

        register_init(&world);
        fault_arm(FAULT_MEMORY, step, 1);
        s = names_alias(world.names, &name, &world.entropy, NOW_MS, &is_new);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        CHECK_INT(names_count(world.names), s.code ? 0 : 1);
        if (!s.code)
            break;
        CHECK_INT(s.code, CODE_NO_MEMORY);
        names_settle(world.names, &(struct name_new){ .id = alias(&world, NAME_ALIAS_USER, STR("ada"), true).id },
                     true);
        CHECK_INT(names_count(world.names), 1);
    }
}

/* ---- Threads ---- */

#define THREADS       4
#define SHARED_TEXTS  16
#define THREAD_ROUNDS 4000

struct race {
    struct names *names;
    atomic_uint_fast64_t durable_lo[SHARED_TEXTS]; /* the low half of the first id that became durable */
    atomic_uint_fast64_t wrong, won, seed;
};

static bool race_id_fits(struct race *race, size_t text, struct id id)
{
    uint_fast64_t known = 0;

    return atomic_compare_exchange_strong(&race->durable_lo[text], &known, id.lo) || known == id.lo;
}

static bool race_text_is(struct race *race, struct arena *arena, struct id id, struct str text)
{
    struct str found = STR_NONE;
    bool right = !names_text(race->names, id, arena, &found).code && str_eq(found, text);

    arena_reset(arena);
    return right;
}

static void *admit(void *argument)
{
    static const char letters[SHARED_TEXTS + 1] = "abcdefghijklmnop";
    struct race *race = argument;
    struct entropy entropy = entropy_from_seed(atomic_fetch_add(&race->seed, 1));
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };

    for (int round = 0; round < THREAD_ROUNDS; round++) {
        size_t place = entropy_below(&entropy, SHARED_TEXTS);
        struct name_new name = { .kind = NAME_ALIAS_USER, .text = { letters + place, 1 } };
        bool durable = entropy_below(&entropy, 50) == 0;
        bool is_new = false;
        bool right = !names_alias(race->names, &name, &entropy, NOW_MS, &is_new).code;

        right = right && race_text_is(race, &arena, name.id, name.text);
        if (!is_new || durable)
            right = right && race_id_fits(race, place, name.id);
        if (is_new)
            names_settle(race->names, &name, durable);
        atomic_fetch_add(&race->wrong, !right);
    }
    return NULL;
}

static void *reserve_all(void *argument)
{
    struct race *race = argument;
    struct entropy entropy = entropy_from_seed(atomic_fetch_add(&race->seed, 1));

    for (int i = 0; i < 200; i++) {
        char text[8];
        int len = snprintf(text, sizeof text, "%d", i);
        struct name_new name = { id_new(&entropy, NOW_MS), NAME_USER, { 0 }, { text, (size_t)len }, 0 };
        status s = names_reserve(race->names, &name);

        atomic_fetch_add(&race->won, s.code == CODE_OK);
        atomic_fetch_add(&race->wrong, s.code != CODE_OK && s.code != CODE_CONFLICT);
    }
    return NULL;
}

static void run_race(struct race *race, void *(*run)(void *))
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run, race), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_INT(atomic_load(&race->wrong), 0);
}

static void admissions_at_once_agree_on_every_alias(void)
{
    struct race race = { .seed = test_seed() };

    CHECK_OK(names_new(&race.names));
    run_race(&race, admit);
    for (size_t i = 0; i < SHARED_TEXTS; i++)
        CHECK(atomic_load(&race.durable_lo[i]) != 0);
    CHECK_INT(names_count(race.names), SHARED_TEXTS);
    names_free(race.names);
}

static void a_name_that_many_want_at_once_goes_to_one(void)
{
    struct race race = { .seed = test_seed() };

    CHECK_OK(names_new(&race.names));
    run_race(&race, reserve_all);
    CHECK_INT(atomic_load(&race.won), 200);
    CHECK_INT(names_count(race.names), 200);
    names_free(race.names);
}

static const struct test tests[] = {
    TEST(an_asserted_text_has_one_alias_from_its_first_command_on),
    TEST(a_name_that_nobody_carries_any_more_is_forgotten),
    TEST(a_durable_name_stays_whatever_becomes_of_its_other_commands),
    TEST(a_text_of_any_length_up_to_the_maximum_has_an_alias),
    TEST(texts_that_come_and_go_take_no_more_than_there_were_at_once),
    TEST(a_principals_name_is_its_own_within_its_organisation),
    TEST(a_pending_principal_is_taken_but_not_found),
    TEST(without_memory_no_name_is_half_there),
    TEST(admissions_at_once_agree_on_every_alias),
    TEST(a_name_that_many_want_at_once_goes_to_one),
};
TEST_MAIN(tests)
