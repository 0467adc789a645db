/*
 * The engine's word: an answer leaves when what it says is durable, and one key is one action, whatever the commit
 * comes to (P1, P4; DESIGN section 2).
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine_world.h"

static void answers_leave_after_durability(void)
{
    struct engine_world world;
    struct ask asks[200];

    engine_world_init(&world);
    for (int i = 0; i < 200; i++) {
        struct command command = engine_checkout(&world.people[i % ENGINE_PEOPLE]);

        command.lease_create.wait_s = i >= ENGINE_SEATS ? 60 : 0;
        ask_init(&asks[i], &world, &command);
        asks[i].looks = true;
    }
    ask_send(asks, 200);
    for (int i = 0; i < 200; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].job.reply.verdict, VERDICT_DONE);
        CHECK(asks[i].job.reply.index < asks[i].durable_size);
        ask_free(&asks[i]);
    }
    CHECK_INT(engine_count(&world, AUDIT_LEASE_GRANTED, 0), ENGINE_SEATS);
    CHECK(engine_verifies(&world));
    engine_world_free(&world);
}

/* What a client with a key is told in the end, and how often it happened. */
static void one_key_is_one_grant_whatever_the_commit_comes_to(void)
{
    static const struct {
        enum fault_point point;
        const char *name;
        int64_t passes; /* -1: every one of an append's statements in its turn */
        enum verdict first;
    } cases[] = {
        { FAULT_STORE_COMMIT, "before the commit", 1, VERDICT_READ_ONLY },
        { FAULT_STORE_AFTER_COMMIT, "after the commit", 1, VERDICT_DONE },
        { FAULT_STORE_WRITE, "a statement", 2, VERDICT_READ_ONLY },
        { FAULT_STORE_FULL, "the disk is full", 2, VERDICT_READ_ONLY },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int64_t pass = 0; pass < cases[i].passes; pass++) {
            struct engine_world world;
            struct command command;
            struct entry entry = { 0 };
            struct reply first;
            struct reply again;
            uint64_t size;

            CHECKING("%s, pass %d", cases[i].name, (int)pass);
            engine_world_init(&world);
            size = engine_size(&world);
            command = engine_keyed(&world, engine_checkout(&world.people[0]));
            fault_arm(cases[i].point, pass, 1);
            first = engine_ask(&world, &command, NULL);
            CHECK(fault_was_hit(cases[i].point));
            fault_disarm_all();
            CHECK_INT(first.verdict, cases[i].first);
            engine_wait_ready(&world);
            again = engine_ask(&world, &command, &entry);
            CHECK_INT(again.verdict, VERDICT_DONE);
            CHECK_INT(again.outcome.kind, first.verdict == VERDICT_DONE ? OUTCOME_REPEAT : OUTCOME_ENTRY);
            CHECK(first.verdict != VERDICT_DONE || first.index == again.index);
            CHECK_INT(entry.code, AUDIT_LEASE_GRANTED);
            CHECK_INT(engine_count(&world, AUDIT_LEASE_GRANTED, size), 1);
            CHECK(engine_verifies(&world));
            engine_world_free(&world);
        }
    }
}

static void a_store_that_can_not_be_settled_says_nothing_and_comes_back(void)
{
    struct engine_world world;
    struct command command;
    struct reply reply;
    uint64_t size;

    engine_world_init(&world);
    size = engine_size(&world);
    command = engine_keyed(&world, engine_checkout(&world.people[0]));
    fault_arm(FAULT_STORE_COMMIT, 0, -1);
    reply = engine_ask(&world, &command, NULL);
    CHECK(reply.verdict == VERDICT_READ_ONLY || reply.verdict == VERDICT_UNKNOWN);
    reply = engine_ask(&world, &command, NULL);
    CHECK_INT(reply.verdict, VERDICT_READ_ONLY);
    fault_disarm_all();
    engine_wait_ready(&world);
    CHECK_INT(engine_ask(&world, &command, NULL).verdict, VERDICT_DONE);
    CHECK_INT(engine_count(&world, AUDIT_LEASE_GRANTED, size), 1);
    engine_world_free(&world);
}

/* P3: what was never durable is never signed, or the next writer could sign nothing any more. */
static void only_what_is_durable_is_signed(void)
{
    struct engine_world world;
    struct command command;
    struct id lease;

    engine_world_init(&world);
    command = engine_checkout(&world.people[0]);
    fault_arm(FAULT_STORE_COMMIT, 0, -1);
    (void)engine_ask(&world, &command, NULL);
    engine_world_stop(&world);
    fault_disarm_all();
    engine_world_start(&world);
    lease = engine_take(&world, &world.people[0]);
    CHECK(!id_is_none(lease));
    engine_wait_published(&world, engine_size(&world));
    engine_world_free(&world);
}

static void a_full_queue_refuses_at_once_and_counts_exactly(void)
{
    struct engine_world world;
    static struct ask asks[3000];
    struct command command;
    uint64_t refused = 0;
    uint64_t counted = 0;
    struct entry entry;

    engine_world_init(&world);
    engine_world_stop(&world);
    world.config.queue_max = 16;
    engine_world_start(&world);
    command = engine_command(&world.people[0], COMMAND_LEASE_RELEASE);
    command.lease = world.organisation;
    for (int i = 0; i < 3000; i++)
        ask_init(&asks[i], &world, &command);
    ask_send(asks, 3000);
    for (int i = 0; i < 3000; i++) {
        ask_wait(&asks[i]);
        CHECK(asks[i].job.reply.verdict == VERDICT_DONE || asks[i].job.reply.verdict == VERDICT_OVERLOADED);
        refused += asks[i].job.reply.verdict == VERDICT_OVERLOADED;
        ask_free(&asks[i]);
    }
    CHECK(refused >= 2984);
    engine_world_stop(&world);
    if (CHECK(engine_find(&world, AUDIT_LOAD_SHED, 0, &entry)))
        CHECK_INT(entry.data[DATA_REASON].number, REASON_QUEUE_FULL);
    counted = engine_count(&world, AUDIT_LOAD_SHED, 0) == 1 ? (uint64_t)entry.data[DATA_COUNT_OF].number : 0;
    CHECK_INT(counted, refused);
    engine_world_free(&world);
}

/* What was turned away while the disk was full is counted too, for what it was. */
static void what_a_failing_disk_turned_away_is_counted_for_that_reason(void)
{
    struct engine_world world;
    struct command command;
    struct entry entry;

    engine_world_init(&world);
    command = engine_checkout(&world.people[0]);
    fault_arm(FAULT_STORE_COMMIT, 0, -1);
    for (int i = 0; i < 3; i++)
        CHECK(engine_ask(&world, &command, NULL).verdict != VERDICT_DONE);
    fault_disarm_all();
    engine_wait_ready(&world);
    engine_world_stop(&world);
    if (CHECK(engine_find(&world, AUDIT_LOAD_SHED, 0, &entry))) {
        CHECK_STR(reason_words[entry.data[DATA_REASON].number], STR("storage"));
        CHECK_INT(entry.data[DATA_COUNT_OF].number, 3);
    }
    CHECK_INT(engine_count(&world, AUDIT_LOAD_SHED, 0), 1);
    engine_world_free(&world);
}

static void stopping_answers_everything_that_was_accepted(void)
{
    struct engine_world world;
    static struct ask asks[5000];
    uint64_t granted = 0;

    engine_world_init(&world);
    for (int i = 0; i < 5000; i++) {
        struct command command = engine_checkout(&world.people[i % ENGINE_PEOPLE]);

        ask_init(&asks[i], &world, &command);
    }
    ask_send(asks, 5000);
    engine_world_stop(&world);
    for (int i = 0; i < 5000; i++) {
        if (!CHECK(asks[i].done))
            break;
        CHECK_INT(asks[i].job.reply.verdict, VERDICT_DONE);
        CHECK(asks[i].job.reply.index != UINT64_MAX);
        ask_free(&asks[i]);
    }
    granted = engine_count(&world, AUDIT_LEASE_GRANTED, 0);
    CHECK_INT(granted, ENGINE_SEATS);
    CHECK_INT(engine_count(&world, AUDIT_SERVER_STOPPED, 0), 1);
    engine_world_free(&world);
}

/*
 * Every source has a counter of its own, and each waits to be rolled up: more than one batch has room for. The sources'
 * last events come last, so that the stop meets them all.
 */
static void look(void *context, const struct facts *facts, int64_t now_ms)
{
    (void)context;
    (void)facts;
    (void)now_ms;
}

static void stopping_answers_more_floods_than_one_batch_has_room_for(void)
{
    enum { SOURCES = 2500, ALL = SOURCES * (FLOOD_FIRST + 1) };
    struct engine_world world;
    struct ask *asks = calloc(ALL + 1, sizeof *asks);
    struct command command = { .kind = COMMAND_AUTH_FAILED, .actor = { .via = VIA_NONE }, .route = ENGINE_CLIENT };
    size_t unanswered = 0;

    engine_world_init(&world);
    engine_world_stop(&world);
    world.config.queue_max = ALL + 1;
    engine_world_start(&world);
    command.auth_failed.reason = REASON_BAD_TOKEN;
    for (size_t i = 0; asks && i < ALL; i++) {
        command.src =
            (struct id){ .hi = UINT64_C(0x19ab7000000) << 16 | 0x7000, .lo = UINT64_C(1) << 63 | i % SOURCES };
        ask_init(&asks[i], &world, &command);
    }
    command = (struct command){ .kind = COMMAND_VIEW, .view = { .call = look } };
    ask_init(&asks[ALL], &world, &command);
    ask_send(asks, ALL + 1);
    ask_wait(&asks[ALL]); /* everything has been decided */
    engine_world_stop(&world);
    for (size_t i = 0; i <= ALL; i++) {
        unanswered += !asks[i].done;
        ask_free(&asks[i]);
    }
    CHECK_INT(unanswered, 0);
    free(asks);
    engine_world_free(&world);
}

static void a_revoked_token_acts_in_no_entry_after_its_end_however_many_wait(void)
{
    enum { QUEUED = 1000 };
    struct engine_world world;
    static struct ask asks[QUEUED + 1];
    struct command revoke;
    uint64_t index;

    engine_world_init(&world);
    revoke = engine_command(&world.admin, COMMAND_TOKEN_REVOKE);
    revoke.credential = world.people[0].cred;
    ask_init(&asks[0], &world, &revoke);
    for (int i = 1; i <= QUEUED; i++) {
        struct command command = engine_checkout(&world.people[0]);

        ask_init(&asks[i], &world, &command);
    }
    ask_send(asks, QUEUED + 1);
    ask_wait(&asks[0]);
    index = asks[0].job.reply.index;
    CHECK_INT(asks[0].job.reply.outcome.kind, OUTCOME_ENTRY);
    for (int i = 1; i <= QUEUED; i++) {
        ask_wait(&asks[i]);
        CHECK_INT(asks[i].job.reply.outcome.problem, PROBLEM_UNAUTHORIZED);
        CHECK(asks[i].job.reply.index > index && asks[i].job.reply.index != UINT64_MAX);
        ask_free(&asks[i]);
    }
    ask_free(&asks[0]);
    CHECK_INT(engine_count(&world, AUDIT_LEASE_GRANTED, index), 0);
    engine_world_free(&world);
}

/* The first ten are recorded one by one; the answers of the rest carry the entry that counts them, exactly. */
static void a_flood_is_answered_by_the_entry_that_counts_it(void)
{
    enum { EVENTS = 500 };
    struct engine_world world;
    static struct ask asks[EVENTS];
    uint64_t counted = 0;
    uint64_t last = UINT64_MAX;

    engine_world_init(&world);
    for (int i = 0; i < EVENTS; i++) {
        struct command command = engine_command(&world.people[0], COMMAND_LEASE_RELEASE);

        command.lease = world.organisation;
        ask_init(&asks[i], &world, &command);
    }
    ask_send(asks, EVENTS);
    for (int i = 0; i < EVENTS; i++) {
        const struct reply *reply = &asks[i].job.reply;
        struct entry entry;

        ask_wait(&asks[i]);
        CHECK_INT(reply->leaf_count, 1);
        if (!CHECK_OK(entry_decode(reply->leaves[0], &entry, NULL)))
            break;
        CHECK_INT(entry.code, i < FLOOD_FIRST ? AUDIT_REQUEST_REJECTED : AUDIT_REQUEST_REJECTIONS);
        if (i >= FLOOD_FIRST && reply->index != last)
            counted += (uint64_t)entry.data[DATA_COUNT_OF].number;
        last = reply->index;
    }
    for (int i = 0; i < EVENTS; i++)
        ask_free(&asks[i]);
    CHECK_INT(counted, EVENTS - FLOOD_FIRST);
    engine_world_free(&world);
}

static void a_dry_run_writes_nothing_and_tells_what_it_would(void)
{
    struct engine_world world;
    struct command command;
    struct ask ask;
    uint64_t size;
    struct engine_stats before;
    struct engine_stats after;

    engine_world_init(&world);
    size = engine_size(&world);
    engine_stats(world.engine, &before);
    command = engine_checkout(&world.people[0]);
    command.dry_run = true;
    ask_init(&ask, &world, &command);
    ask_send(&ask, 1);
    ask_wait(&ask);
    CHECK_INT(ask.job.reply.index, UINT64_MAX);
    if (CHECK_INT(ask.job.reply.would_count, 1))
        CHECK(str_find_str(ask.job.reply.would[0], STR("\"lease.granted\"")) < ask.job.reply.would[0].len);
    ask_free(&ask);
    CHECK_INT(engine_size(&world), size);
    engine_stats(world.engine, &after);
    CHECK_INT(after.leases, before.leases);
    engine_world_free(&world);
}

static void a_receipt_waits_for_a_checkpoint_that_covers_its_entry(void)
{
    struct engine_world world;
    struct ask asks[ENGINE_SEATS];

    engine_world_init(&world);
    for (int i = 0; i < ENGINE_SEATS; i++) {
        struct command command = engine_checkout(&world.people[i % ENGINE_PEOPLE]);

        ask_init(&asks[i], &world, &command);
        asks[i].job.wants_receipt = true;
    }
    ask_send(asks, ENGINE_SEATS);
    for (int i = 0; i < ENGINE_SEATS; i++) {
        ask_wait(&asks[i]);
        CHECK(publisher_head(engine_publisher(world.engine)).size > asks[i].job.reply.index);
        ask_free(&asks[i]);
    }
    engine_world_free(&world);
}

static void a_second_engine_on_one_directory_is_refused(void)
{
    struct engine_world world;
    struct engine *second = NULL;
    struct err err = { 0 };

    engine_world_init(&world);
    CHECK_CODE(engine_open(&world.config, &second, &err), CODE_BUSY);
    CHECK(str_find_str(str_of(err.text), STR("is using the ledger")) < str_of(err.text).len);
    CHECK(!id_is_none(engine_take(&world, &world.people[0])));
    engine_world_free(&world);
}

/* ---- Names ---- */

static struct command named(struct engine_world *world, struct ask *ask, struct str text)
{
    struct command command = engine_command(&world->admin, COMMAND_USER_CREATE);

    command.principal_create.id = id_new(&world->entropy, 1);
    command.principal_create.organisation = world->organisation;
    ask_init(ask, world, &command);
    ask->job.names[0] = (struct name_new){
        .id = command.principal_create.id, .kind = NAME_USER, .within = world->organisation, .text = text
    };
    ask->job.name_count = 1;
    return command;
}

static void a_name_is_taken_once_and_free_again_when_its_command_did_not_happen(void)
{
    struct engine_world world;
    struct ask first;
    struct ask second;
    struct str text = STR_NONE;

    engine_world_init(&world);
    (void)named(&world, &first, STR("mara"));
    (void)named(&world, &second, STR("mara"));
    CHECK_OK(names_reserve(engine_names(world.engine), &first.job.names[0]));
    CHECK_CODE(names_reserve(engine_names(world.engine), &second.job.names[0]), CODE_CONFLICT);
    fault_arm(FAULT_STORE_COMMIT, 0, 1);
    ask_send(&first, 1);
    ask_wait(&first);
    fault_disarm_all();
    CHECK_INT(first.job.reply.verdict, VERDICT_READ_ONLY);
    CHECK_OK(names_reserve(engine_names(world.engine), &second.job.names[0]));
    engine_wait_ready(&world);
    ask_send(&second, 1);
    ask_wait(&second);
    CHECK_INT(second.job.reply.outcome.kind, OUTCOME_ENTRY);
    CHECK_CODE(names_reserve(engine_names(world.engine), &first.job.names[0]), CODE_CONFLICT);
    engine_world_stop(&world);
    engine_world_start(&world);
    CHECK_OK(names_text(engine_names(world.engine), second.job.names[0].id, &world.arena, &text));
    CHECK_STR(text, STR("mara"));
    CHECK_CODE(names_text(engine_names(world.engine), first.job.names[0].id, &world.arena, &text), CODE_NOT_FOUND);
    ask_free(&first);
    ask_free(&second);
    engine_world_free(&world);
}

/* An alias whose command failed for lack of memory is not durable: the next one carries it again. */
static void a_name_whose_command_failed_is_not_taken_for_durable(void)
{
    struct engine_world world;
    struct name_new alias = { .kind = NAME_ALIAS_USER, .text = STR("mara@host") };
    struct command command;
    struct entropy entropy;
    struct ask ask;
    bool is_new = false;

    engine_world_init(&world);
    entropy = entropy_from_seed(test_seed());
    for (int64_t step = 0; step < 40; step++) {
        bool hit;

        CHECK_OK(names_alias(engine_names(world.engine), &alias, &entropy, 1, &is_new));
        if (!is_new)
            break;
        command = engine_checkout(&world.people[0]);
        command.lease_create.user_alias = alias.id;
        ask_init(&ask, &world, &command);
        ask.job.names[0] = alias;
        ask.job.name_count = 1;
        fault_arm(FAULT_MEMORY, step, 1);
        ask_send(&ask, 1);
        ask_wait(&ask);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        engine_wait_ready(&world);
        (void)hit;
        ask_free(&ask);
    }
    CHECK(!names_is_new(engine_names(world.engine), alias.id, 0));
    engine_world_stop(&world);
    engine_world_start(&world);
    CHECK(!names_is_new(engine_names(world.engine), alias.id, 0));
    engine_world_free(&world);
}

static const struct test tests[] = {
    TEST(answers_leave_after_durability),
    TEST(one_key_is_one_grant_whatever_the_commit_comes_to),
    TEST(a_store_that_can_not_be_settled_says_nothing_and_comes_back),
    TEST(only_what_is_durable_is_signed),
    TEST(a_full_queue_refuses_at_once_and_counts_exactly),
    TEST(what_a_failing_disk_turned_away_is_counted_for_that_reason),
    TEST(stopping_answers_everything_that_was_accepted),
    TEST(stopping_answers_more_floods_than_one_batch_has_room_for),
    TEST(a_revoked_token_acts_in_no_entry_after_its_end_however_many_wait),
    TEST(a_flood_is_answered_by_the_entry_that_counts_it),
    TEST(a_dry_run_writes_nothing_and_tells_what_it_would),
    TEST(a_receipt_waits_for_a_checkpoint_that_covers_its_entry),
    TEST(a_second_engine_on_one_directory_is_refused),
    TEST(a_name_is_taken_once_and_free_again_when_its_command_did_not_happen),
    TEST(a_name_whose_command_failed_is_not_taken_for_durable),
};
TEST_MAIN(tests)
