/*
 * core/decide_server and its appliers: what the server says about itself, and what its operators do to it.
 */
#include "core_check.h"
#include "core_world.h"
#include "test.h"

static void each_of_the_server_s_own_entries_has_its_members(void)
{
    static const struct {
        enum audit_code code;
        enum data_field fields[4]; /* in the order of command.system.numbers */
        int count;
        bool has_hash;
    } cases[] = {
        { AUDIT_SERVER_STOPPED, { DATA_REASON }, 1, false },
        { AUDIT_SERVER_ALIVE, { 0 }, 0, false },
        { AUDIT_WRITER_STARTED, { DATA_EPOCH }, 1, false },
        { AUDIT_LEDGER_SNAPSHOT, { DATA_SIZE }, 1, true },
        { AUDIT_CLOCK_JUMPED, { DATA_REASON, DATA_JUMP_MS }, 2, false },
        { AUDIT_LOAD_SHED, { DATA_COUNT_OF, DATA_FIRST_AT, DATA_LAST_AT, DATA_REASON }, 4, false },
        { AUDIT_STORAGE_LOW, { DATA_USED_PERCENT }, 1, false },
        { AUDIT_SNAPSHOT_REFUSED, { DATA_SIZE }, 1, true },
        { AUDIT_WITNESS_ABSENT, { DATA_SIZE, DATA_REASON }, 2, false },
        { AUDIT_WITNESS_RETURNED, { DATA_SIZE }, 1, false },
        { AUDIT_WITNESS_AHEAD, { DATA_SIZE }, 1, false },
        { AUDIT_LEDGER_UNWITNESSED, { DATA_SIZE }, 1, false },
        { AUDIT_LEDGER_WITNESSED, { DATA_SIZE }, 1, false },
    };
    AUTO(struct world *, world_free) world = world_new(29);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command command = { .kind = COMMAND_SYSTEM, .actor = world->system };
        struct entry entry;

        CHECKING("%.*s", STR_ARG(audit_rows[cases[i].code].type));
        command.system.code = cases[i].code;
        memset(command.system.hash, 7, sizeof command.system.hash);
        command.system.texts[0] = STR("witness.example/w1+20324abe+BCms");
        for (int k = 0; k < 4; k++)
            command.system.numbers[k] = 10 + k; /* each a reason, too */
        world_entry(world, world_done(world, &command), &entry);
        CHECK_INT(entry.code, cases[i].code);
        for (int k = 0; k < cases[i].count; k++)
            CHECK_INT(entry.data[cases[i].fields[k]].number, 10 + k);
        CHECK_INT(entry_has(&entry, DATA_SHA256), cases[i].has_hash);
        CHECK(!cases[i].has_hash || entry.data[DATA_SHA256].bytes[31] == 7);
        CHECK(id_eq(entry.actor.who.id, world->system.who.id));
    }
}

static void the_texts_of_the_server_s_entries_are_as_told(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = { .kind = COMMAND_SYSTEM, .actor = world->system };
    struct entry entry;

    world_entry(world, 0, &entry);
    CHECK_STR(entry.data[DATA_ORIGIN].text, STR("test.example/ledger"));
    CHECK_STR(entry.data[DATA_VERSION].text, STR("0"));
    CHECK(id_eq(entry.on[ON_SERVICE].id, world->system.who.id));
    command.system.code = AUDIT_SERVER_STARTED;
    command.system.texts[0] = STR("1.2.3");
    world_entry(world, world_done(world, &command), &entry);
    CHECK_STR(entry.data[DATA_VERSION].text, STR("1.2.3"));
}

static void a_jump_freezes_until_it_is_confirmed(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = world_as(world, world->admin, COMMAND_CLOCK_CONFIRM);
    struct entry entry;

    CHECK(!world->facts.clock_frozen);
    world_system(world, AUDIT_CLOCK_JUMPED, REASON_BACK);
    CHECK(world->facts.clock_frozen);
    command.jump_ms = -3600000;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_JUMP_MS].number, -3600000);
    CHECK(!world->facts.clock_frozen);
}

static void cosignatures_from_a_file_are_recorded(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = world_as(world, world->admin, COMMAND_CHECKPOINT_COSIGNED);
    struct entry entry;

    command.cosigned.size = 300;
    command.cosigned.root[31] = 9;
    command.cosigned.count = 2;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.code, AUDIT_CHECKPOINT_COSIGNED);
    CHECK_INT(entry.data[DATA_SIZE].number, 300);
    CHECK_INT(entry.data[DATA_ROOT].bytes[31], 9);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 2);
}

static void a_backup_is_of_what_there_is(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = world_as(world, world->admin, COMMAND_BACKUP_MADE);
    struct entry entry;

    command.backup.size = world->facts.size;
    command.backup.root[0] = 8;
    world_entry(world, world_done(world, &command), &entry);
    CHECK(!entry_has(&entry, DATA_SHA256)); /* a dry run, which makes no file */
    command.backup.has_hash = true;
    command.backup.hash[0] = 9;
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_SIZE].number, command.backup.size);
    CHECK_INT(entry.data[DATA_ROOT].bytes[0], 8);
    CHECK_INT(entry.data[DATA_SHA256].bytes[0], 9);
    command.backup.size = world->facts.size + 1;
    world_refused(world, &command, PROBLEM_BAD_REQUEST, "size");
}

static void the_demo_counts_what_came_before_it(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = world_as(world, world->admin, COMMAND_DEMO_SEEDED);
    uint64_t size = world->facts.size;
    struct entry entry;

    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, size);
}

static void a_read_of_others_data_is_recorded_with_its_range(void)
{
    static const int64_t absent_or_not[] = { -1, 0, 5 };
    AUTO(struct world *, world_free) world = world_new(29);

    for (int i = 0; i < 3; i++) {
        struct command command = world_as(world, world->admin, COMMAND_DATA_READ);
        int64_t number = absent_or_not[i];
        struct entry entry;

        CHECKING("number %d", (int)number);
        command.read = (struct read_record){ STR("audit"), number, number, number };
        world_entry(world, world_done(world, &command), &entry);
        CHECK_INT(entry.code, AUDIT_DATA_READ);
        CHECK_STR(entry.data[DATA_SCOPE].text, STR("audit"));
        CHECK_INT(entry_number_or(&entry, DATA_FROM, -1), number);
        CHECK_INT(entry_number_or(&entry, DATA_TO, -1), number);
        CHECK_INT(entry_number_or(&entry, DATA_LIMIT, -1), number);
    }
}

/* A reader may ask for what lies beyond every ledger; a number that no leaf can hold is refused, not written. */
static void a_read_from_where_no_entry_can_be_is_refused(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = world_as(world, world->admin, COMMAND_DATA_READ);

    command.read = (struct read_record){ STR("audit"), ENTRY_NUMBER_MAX, ENTRY_NUMBER_MAX, -1 };
    (void)world_done(world, &command);
    command.read.from = ENTRY_NUMBER_MAX + 1;
    world_refused(world, &command, PROBLEM_BAD_REQUEST, "after");
    command.read.from = INT64_MAX;
    world_refused(world, &command, PROBLEM_BAD_REQUEST, "after");
    command.read = (struct read_record){ STR("audit"), -1, INT64_MAX, -1 };
    world_refused(world, &command, PROBLEM_BAD_REQUEST, "to");
}

static void viewed(void *context, const struct facts *facts, int64_t now_ms)
{
    const struct world *world = context;

    CHECK(facts == &world->facts && now_ms == world->now_ms);
}

static void a_view_sees_the_facts_and_writes_nothing(void)
{
    AUTO(struct world *, world_free) world = world_new(29);
    struct command command = { .kind = COMMAND_VIEW, .actor = world->system };

    command.view.call = viewed;
    command.view.context = world;
    CHECK_OK(world_command(world, &command));
    CHECK_INT(world->outcome.kind, OUTCOME_VIEW);
    CHECK_INT(world->count, 0);
}

static const struct test tests[] = {
    TEST(each_of_the_server_s_own_entries_has_its_members),
    TEST(the_texts_of_the_server_s_entries_are_as_told),
    TEST(a_jump_freezes_until_it_is_confirmed),
    TEST(cosignatures_from_a_file_are_recorded),
    TEST(a_backup_is_of_what_there_is),
    TEST(the_demo_counts_what_came_before_it),
    TEST(a_read_of_others_data_is_recorded_with_its_range),
    TEST(a_read_from_where_no_entry_can_be_is_refused),
    TEST(a_view_sees_the_facts_and_writes_nothing),
};
TEST_MAIN(tests)
