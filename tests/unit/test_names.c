/*
 * engine/names: one text has one id for as long as anybody may know it, over commands that fail, restarts and threads.
 */
#include "engine/names.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/fault.h"
#include "engine/texts.h"
#include "store_world.h"

#define NOW_MS ((int64_t)1800000000000)

/* ---- The world: a register and a store ---- */

struct register_world {
    struct world world;
    struct names *names;
    struct entropy entropy;
    struct arena arena;
};

static void register_init(struct register_world *world)
{
    *world = (struct register_world){ .entropy = entropy_from_seed(test_seed()),
                                      .arena = { .max_bytes = WORLD_ARENA_BYTES } };
    CHECK_OK(names_new(&world->names));
}

static void register_init_with_store(struct register_world *world)
{
    register_init(world);
    world->world = world_new();
}

static void register_free(struct register_world *world)
{
    names_free(world->names);
    arena_free(&world->arena);
    world_free(&world->world);
}

/* As after a restart: a new register that knows what the store has. */
static status register_restart(struct register_world *world, struct err *err)
{
    names_free(world->names);
    world->names = NULL;
    CHECK_OK(names_new(&world->names));
    return names_load(world->names, world->world.reader, err);
}

static struct id fresh(struct register_world *world)
{
    return id_new(&world->entropy, NOW_MS);
}

/* An alias as an admission asks for it. */
static struct name_new alias(struct register_world *world, enum name_kind kind, struct str text, bool want_new)
{
    struct name_new name = { .kind = kind, .text = text };
    bool is_new = !want_new;

    CHECK_OK(names_alias(world->names, &name, &world->entropy, NOW_MS, &is_new));
    CHECK(is_new == want_new);
    return name;
}

/* Commits aliases with one entry. */
static void keep_aliases(struct register_world *world, const struct store_alias *aliases, size_t count)
{
    uint64_t size = store_head(world->world.store).size;
    struct str leaf = STR("leaf");
    struct store_batch batch = { .first = size,
                                 .entries = &leaf,
                                 .entry_count = 1,
                                 .aliases = aliases,
                                 .alias_count = count,
                                 .head = world_head(size + 1) };

    CHECK_OK(store_append(world->world.store, &batch, NULL));
}

static void keep(struct register_world *world, const struct name_new *name)
{
    struct store_alias stored = { 0 };

    CHECK_OK(name_to_alias(name, &world->arena, &stored));
    keep_aliases(world, &stored, 1);
}

static void check_text(struct register_world *world, struct id id, struct str text)
{
    struct str found = STR_NONE;

    CHECK_OK(names_text(world->names, id, &world->arena, &found));
    CHECK_STR(found, text);
}

static void check_no_text(struct register_world *world, struct id id)
{
    struct str found = STR_NONE;

    CHECK_CODE(names_text(world->names, id, &world->arena, &found), CODE_NOT_FOUND);
}

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
    CHECK(!names_is_durable(world.names, first.id));
    names_settle(world.names, &first, true);
    CHECK(names_is_durable(world.names, first.id) && !names_is_durable(world.names, host.id));
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
        struct name_new name = { fresh(&world), cases[i].kind, cases[i].within, str_of(cases[i].text) };

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

/* ---- The store ---- */

static void the_register_is_read_back_as_it_was(void)
{
    enum { COUNT = 500 };
    AUTO(struct register_world, register_free) world;
    struct name_new names[COUNT];
    struct store_alias stored[COUNT];
    char texts[COUNT][40];
    struct err err = { 0 };

    register_init_with_store(&world);
    for (int i = 0; i < COUNT; i++) {
        int len = snprintf(texts[i], sizeof texts[i], "line\nof %d%s", i, i % 7 ? "" : " \xc3\xa9");

        names[i] =
            (struct name_new){ .kind = (enum name_kind)(i % NAME_KIND_COUNT), .text = { texts[i], (size_t)len } };
        if (names[i].kind < NAME_ALIAS_USER) {
            names[i].id = fresh(&world);
            names[i].within = i % 2 ? fresh(&world) : (struct id){ 0 };
            CHECK_OK(names_reserve(world.names, &names[i]));
        } else {
            names[i] = alias(&world, names[i].kind, names[i].text, true);
        }
        CHECK_OK(name_to_alias(&names[i], &world.arena, &stored[i]));
    }
    keep_aliases(&world, stored, COUNT);
    for (int pass = 0; pass < 2; pass++) { /* a second time changes nothing */
        CHECK_OK(pass ? names_load(world.names, world.world.reader, &err) : register_restart(&world, &err));
        CHECK_INT(names_count(world.names), COUNT);
    }
    for (int i = 0; i < COUNT; i++) {
        struct id found = { 0 };

        check_text(&world, names[i].id, names[i].text);
        CHECK(names_is_durable(world.names, names[i].id));
        if (names[i].kind >= NAME_ALIAS_USER)
            found = alias(&world, names[i].kind, names[i].text, false).id;
        else
            CHECK_OK(names_find(world.names, names[i].kind, names[i].within, names[i].text, &found));
        CHECK(id_eq(found, names[i].id));
    }
}

/* A commit whose end nobody knows: one name came to be stored, the other not. */
static void a_name_in_doubt_stays_taken_until_the_store_was_asked(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new stored, lost, carried, again;
    struct name_new lost_name = { .kind = NAME_TEAM, .text = STR("core") };
    struct err err = { 0 };

    register_init_with_store(&world);
    stored = alias(&world, NAME_ALIAS_USER, STR("stored"), true);
    lost = alias(&world, NAME_ALIAS_USER, STR("lost"), true);
    lost_name.id = fresh(&world);
    CHECK_OK(names_reserve(world.names, &lost_name));
    keep(&world, &stored);
    names_doubt(world.names, &stored);
    names_doubt(world.names, &lost);
    names_doubt(world.names, &lost_name);

    carried = alias(&world, NAME_ALIAS_USER, STR("stored"), true);
    again = alias(&world, NAME_ALIAS_USER, STR("lost"), true);
    CHECK(id_eq(carried.id, stored.id) && id_eq(again.id, lost.id));
    names_settle(world.names, &again, false); /* the doubt keeps it */
    CHECK(id_eq(alias(&world, NAME_ALIAS_USER, STR("lost"), true).id, lost.id));
    names_settle(world.names, &lost, false);
    CHECK_CODE(names_reserve(world.names, &lost_name), CODE_CONFLICT);

    CHECK_OK(names_load(world.names, world.world.reader, &err));
    CHECK(names_is_durable(world.names, stored.id));
    names_settle(world.names, &carried, false);
    CHECK(id_eq(alias(&world, NAME_ALIAS_USER, STR("stored"), false).id, stored.id));
    check_no_text(&world, lost.id);
    CHECK_OK(names_reserve(world.names, &lost_name));
    CHECK_INT(names_count(world.names), 2);
}

static void a_name_that_is_still_carried_outlives_its_doubt(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new doubted, carried;
    struct err err = { 0 };

    register_init_with_store(&world);
    doubted = alias(&world, NAME_ALIAS_HOST, STR("build-7"), true);
    carried = alias(&world, NAME_ALIAS_HOST, STR("build-7"), true);
    names_doubt(world.names, &doubted);
    CHECK_OK(names_load(world.names, world.world.reader, &err));
    check_text(&world, carried.id, STR("build-7"));
    names_settle(world.names, &carried, true);
    CHECK(id_eq(alias(&world, NAME_ALIAS_HOST, STR("build-7"), false).id, carried.id));
}

static void a_stored_register_that_contradicts_itself_is_refused(void)
{
    char long_text[TEXT_MAX_BYTES + 1];
    static const struct {
        int64_t kind;
        struct str text;
        const char *says;
    } cases[] = {
        { NAME_KIND_COUNT, STR_INIT("x"), "is of no known kind" },
        { -1, STR_INIT("x"), "is of no known kind" },
        { NAME_USER, STR_INIT("-"), "lacks its organisation" },
        { NAME_USER, STR_INIT(""), "lacks its organisation" },
        { NAME_USER, STR_INIT("\nada"), "is of an organisation that is none" },
        { NAME_TEAM, STR_INIT("usr_00000000000000000000000001\nada"), "is of an organisation that is none" },
        { NAME_ALIAS_USER, { NULL, TEXT_MAX_BYTES + 1 }, "is longer than any name" },
        { NAME_ALIAS_USER, STR_INIT("ada"), "belongs to another id, too" },
    };

    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct register_world, register_free) world;
        struct store_alias stored[2] = { { { 1, 1 }, NAME_ALIAS_USER, STR("ada") },
                                         { { 2, 2 }, cases[i].kind, cases[i].text } };
        struct err err = { 0 };

        CHECKING("case %zu", i);
        register_init_with_store(&world);
        if (!stored[1].text.at)
            stored[1].text.at = long_text;
        keep_aliases(&world, stored, 2);
        CHECK_CODE(register_restart(&world, &err), CODE_CORRUPT);
        CHECK(str_find_str(str_of(err.text), str_of(cases[i].says)) < strlen(err.text));
        check_text(&world, stored[0].id, STR("ada"));
    }
}

static void an_id_that_has_another_name_in_the_store_is_refused(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new name;
    struct err err = { 0 };

    register_init_with_store(&world);
    name = alias(&world, NAME_ALIAS_USER, STR("ada"), true);
    keep_aliases(&world, &(struct store_alias){ name.id, NAME_ALIAS_USER, STR("grace") }, 1);
    CHECK_CODE(names_load(world.names, world.world.reader, &err), CODE_CORRUPT);
    check_text(&world, name.id, STR("ada"));
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

static void a_register_that_can_not_be_read_for_lack_of_memory_says_so(void)
{
    AUTO(struct register_world, register_free) world;
    struct name_new name;
    struct err err = { 0 };

    register_init_with_store(&world);
    name = alias(&world, NAME_ALIAS_USER, STR("ada"), true);
    keep(&world, &name);
    for (int step = 0;; step++) {
        status s;

        names_free(world.names);
        world.names = NULL;
        fault_arm(FAULT_MEMORY, step, 1);
        s = names_new(&world.names);
        if (!s.code)
            s = names_load(world.names, world.world.reader, &err);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        if (!s.code)
            break;
        CHECK_INT(s.code, CODE_NO_MEMORY);
    }
    check_text(&world, name.id, STR("ada"));
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
        struct name_new name = { id_new(&entropy, NOW_MS), NAME_USER, { 0 }, { text, (size_t)len } };
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
    TEST(the_register_is_read_back_as_it_was),
    TEST(a_name_in_doubt_stays_taken_until_the_store_was_asked),
    TEST(a_name_that_is_still_carried_outlives_its_doubt),
    TEST(a_stored_register_that_contradicts_itself_is_refused),
    TEST(an_id_that_has_another_name_in_the_store_is_refused),
    TEST(without_memory_no_name_is_half_there),
    TEST(a_register_that_can_not_be_read_for_lack_of_memory_says_so),
    TEST(admissions_at_once_agree_on_every_alias),
    TEST(a_name_that_many_want_at_once_goes_to_one),
};
TEST_MAIN(tests)
