/*
 * engine/names: the register is what the store has, after restarts and after commits whose end nobody knew.
 */
#include "base/fault.h"
#include "engine/names.h"
#include "names_world.h"

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
        CHECK_OK(pass ? names_load(world.names, world.world.reader, NULL, &err) : register_restart(&world, &err));
        CHECK_INT(names_count(world.names), COUNT);
    }
    for (int i = 0; i < COUNT; i++) {
        struct id found = { 0 };

        check_text(&world, names[i].id, names[i].text);
        CHECK(!names_is_new(world.names, names[i].id, 0));
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

    CHECK_OK(names_load(world.names, world.world.reader, NULL, &err));
    CHECK(!names_is_new(world.names, stored.id, 0));
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
    CHECK_OK(names_load(world.names, world.world.reader, NULL, &err));
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
    CHECK_CODE(names_load(world.names, world.world.reader, NULL, &err), CODE_CORRUPT);
    check_text(&world, name.id, STR("ada"));
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
            s = names_load(world.names, world.world.reader, NULL, &err);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        if (!s.code)
            break;
        CHECK_INT(s.code, CODE_NO_MEMORY);
    }
    check_text(&world, name.id, STR("ada"));
}

static const struct test tests[] = {
    TEST(the_register_is_read_back_as_it_was),
    TEST(a_name_in_doubt_stays_taken_until_the_store_was_asked),
    TEST(a_name_that_is_still_carried_outlives_its_doubt),
    TEST(a_stored_register_that_contradicts_itself_is_refused),
    TEST(an_id_that_has_another_name_in_the_store_is_refused),
    TEST(a_register_that_can_not_be_read_for_lack_of_memory_says_so),
};
TEST_MAIN(tests)
