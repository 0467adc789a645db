/*
 * core/decide_observe, core/decide_restart: what other licence servers' logs say becomes observed pools and
 * leases, exactly and without judging.
 */
#include "core_check.h"
#include "core_world.h"
#include "test.h"

/* One observer of a world; `line` goes on by itself, as does the log's time. */
struct log {
    struct world *world;
    struct who reader;
    int64_t line;
    int64_t time_ms;
    struct id users[4];
    struct id hosts[4];
};

static void log_free(struct log *log)
{
    CHECK(facts_check(&log->world->facts));
    world_free(&log->world);
}

static struct log log_of(struct world *world, struct who organisation)
{
    struct log log = { .world = world, .time_ms = WORLD_START_MS - 30 * DAY_MS };

    log.reader = world_service(world, organisation, ROLE_ADMIN);
    for (int i = 0; i < 4; i++) {
        log.users[i] = world_alias(world);
        log.hosts[i] = world_alias(world);
    }
    return log;
}

static struct log log_new(void)
{
    return log_of(world_new(13), WORLD_NOBODY);
}
#define LOG(name) AUTO(struct log, log_free) name = log_new()

static struct command line(struct log *log, enum command_kind kind, const char *feature, int who)
{
    struct command command = world_as(log->world, log->reader, kind);

    log->time_ms += 1000;
    command.observation = (struct observation){ .product = STR("ansyslmd"),
                                                .feature = str_of(feature),
                                                .user_alias = log->users[who],
                                                .host_alias = log->hosts[who],
                                                .quantity = 1,
                                                .limit = -1,
                                                .line = ++log->line,
                                                .occurred_at_ms = log->time_ms };
    return command;
}

static struct entry seen(struct log *log, enum command_kind kind, const char *feature, int who)
{
    struct command command = line(log, kind, feature, who);
    struct entry entry;

    world_done(log->world, &command);
    world_answer(log->world, log->world->count - 1, &entry); /* what is new stands before it */
    return entry;
}

static struct pool *pool_of(const struct log *log, struct who organisation, const char *full_name)
{
    return world_pool(log->world, organisation, full_name);
}

static struct pool *meshing(const struct log *log)
{
    return pool_of(log, WORLD_NOBODY, "ansyslmd/meshing");
}

/* ---- first sight ---- */

static void what_is_seen_first_begins_in_the_same_change(void)
{
    static const enum audit_code codes[] = { AUDIT_PRODUCT_CREATED, AUDIT_FEATURE_CREATED, AUDIT_POOL_CREATED,
                                             AUDIT_OBSERVE_OUT };
    LOG(log);
    struct command command = line(&log, COMMAND_OBSERVE_OUT, "meshing", 0);

    world_done(log.world, &command);
    CHECK_INT(log.world->count, 4);
    for (size_t i = 0; i < 4; i++) {
        struct entry entry;

        CHECKING("entry %zu", i);
        world_answer(log.world, i, &entry);
        CHECK_INT(entry.code, codes[i]);
        CHECK_INT(entry.change_k, i + 1);
        CHECK_INT(entry.actor.level, LEVEL_A0);
        CHECK_INT(entry.actor.via, VIA_API_TOKEN);
        CHECK(id_eq(entry.actor.who.id, log.reader.id));
        CHECK_INT(entry.source, SOURCE_IMPORT);
        CHECK_INT(entry.occurred_at_ms, log.time_ms);
        CHECK_INT(entry.time_ms, log.world->now_ms);
    }
    CHECK_INT(meshing(&log)->kind, POOL_OBSERVED);
    CHECK_INT(meshing(&log)->limit, -1);
    CHECK_INT(lease_at(&log.world->facts, meshing(&log)->lease_oldest)->granted_ms, log.time_ms);
    world_done(log.world, &command);
    CHECK_INT(log.world->count, 1);
}

static void a_return_or_denial_may_be_what_is_seen_first(void)
{
    LOG(log);

    CHECK_INT(seen(&log, COMMAND_OBSERVE_IN, "a", 0).code, AUDIT_OBSERVE_UNMATCHED);
    CHECK_INT(log.world->count, 4);
    CHECK_INT(seen(&log, COMMAND_OBSERVE_DENIED, "b", 0).code, AUDIT_OBSERVE_DENIED);
    CHECK_INT(log.world->count, 3);
    CHECK_INT(seen(&log, COMMAND_OBSERVE_RESTART, "", 0).code, AUDIT_OBSERVE_RESTARTED);
    CHECK_INT(log.world->count, 1);
}

/* ---- seats ---- */

static void each_out_is_a_lease_and_each_in_ends_the_oldest_like_it(void)
{
    LOG(log);
    struct entry outs[3];
    struct entry entry;

    for (int i = 0; i < 3; i++)
        outs[i] = seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    seen(&log, COMMAND_OBSERVE_OUT, "meshing", 1);
    CHECK_INT(meshing(&log)->used, 4);
    for (int i = 0; i < 3; i++) {
        entry = seen(&log, COMMAND_OBSERVE_IN, "meshing", 0);
        CHECK_INT(entry.code, AUDIT_OBSERVE_IN);
        CHECK(id_eq(entry.on[ON_LEASE].id, outs[i].on[ON_LEASE].id));
        CHECK_INT(entry.data[DATA_REASON].number, REASON_RETURNED);
        CHECK_INT(entry.data[DATA_USED].number, 3 - i);
    }
    CHECK_INT(seen(&log, COMMAND_OBSERVE_IN, "meshing", 0).code, AUDIT_OBSERVE_UNMATCHED);
    CHECK_INT(meshing(&log)->used, 1);
}

static void a_return_ends_what_has_its_feature_user_host_and_quantity(void)
{
    LOG(log);
    struct command out = line(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    struct command in = line(&log, COMMAND_OBSERVE_IN, "meshing", 0);
    struct command other;

    out.observation.quantity = 2;
    world_done(log.world, &out);
    in.observation.quantity = 2;
    other = in;
    other.observation.user_alias = log.users[1];
    CHECK_INT((world_done(log.world, &other), world_count(log.world, AUDIT_OBSERVE_UNMATCHED, log.world->index)), 1);
    other = in;
    other.observation.host_alias = log.hosts[1];
    CHECK_INT((world_done(log.world, &other), world_count(log.world, AUDIT_OBSERVE_UNMATCHED, log.world->index)), 1);
    other = in;
    other.observation.quantity = 1;
    CHECK_INT((world_done(log.world, &other), world_count(log.world, AUDIT_OBSERVE_UNMATCHED, log.world->index)), 1);
    other = in;
    other.observation.feature = STR("solver");
    CHECK_INT((world_done(log.world, &other), world_count(log.world, AUDIT_OBSERVE_UNMATCHED, log.world->index)), 1);
    CHECK_INT(meshing(&log)->used, 2);
    CHECK_INT((world_done(log.world, &in), world_count(log.world, AUDIT_OBSERVE_IN, log.world->index)), 1);
    CHECK_INT(meshing(&log)->used, 0);
    CHECK_INT(log.world->facts.observed_groups.live, 0);
}

static void without_a_time_in_the_log_nothing_is_claimed(void)
{
    LOG(log);
    struct command command = line(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    struct entry entry;

    command.observation.occurred_at_ms = 0;
    world_entry(log.world, world_done(log.world, &command), &entry);
    CHECK_INT(entry.source, SOURCE_NONE);
    CHECK_INT(lease_at(&log.world->facts, meshing(&log)->lease_oldest)->granted_ms, log.world->now_ms);
}

static void an_observed_lease_is_kept_however_silent(void)
{
    LOG(log);

    seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    world_wait(log.world, HOUR_MS);
    world_restart(log.world);
    log.world->now_ms += 400 * DAY_MS;
    CHECK_INT(world_due(log.world), 0);
    CHECK_INT(meshing(&log)->used, 1);
}

static void what_is_observed_and_what_is_granted_are_pools_apart(void)
{
    AUTO(struct world *, world_free) world = world_new(19);
    struct who acme = world_organisation(world);
    struct log log = log_of(world, acme);
    struct who ann = world_user(world, acme, ROLE_MEMBER);
    struct pool *enforced;

    world_product(world, "ansyslmd", "meshing");
    world_license(world, acme, "ansyslmd/meshing", 1);
    enforced = world_pool(world, acme, "ansyslmd/meshing");
    seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    CHECK_INT(log.world->count, 2);
    seen(&log, COMMAND_OBSERVE_OUT, "meshing", 1);
    CHECK_INT(log.world->count, 1);
    CHECK(!id_is_none(world_take(world, ann, "ansyslmd/meshing", 1)));
    CHECK_INT(enforced->used, 1);
    if (CHECK(enforced->next_of_group != NONE))
        CHECK_INT(pool_at(&world->facts, enforced->next_of_group)->used, 2);
    seen(&log, COMMAND_OBSERVE_RESTART, "", 0);
    CHECK_INT(enforced->used, 1);
    world_license(world, acme, "ansyslmd/meshing", 1);
    CHECK_INT(enforced->limit, 2);
    CHECK(facts_check(&world->facts));
}

static void nobody_takes_or_ends_an_observed_seat(void)
{
    LOG(log);
    struct id lease = seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0).on[ON_LEASE].id;
    struct command command = world_as(log.world, log.reader, COMMAND_LEASE_RELEASE);
    struct command take;

    CHECK(id_is_none(world_take(log.world, log.reader, "ansyslmd/meshing", 1)));
    CHECK_INT(log.world->outcome.reason, REASON_NOT_FOUND);
    take = world_checkout(log.world, world_user(log.world, WORLD_NOBODY, ROLE_MEMBER), "ansyslmd/meshing", 1);
    take.lease_create.pool = meshing(&log)->id;
    world_refused(log.world, &take, PROBLEM_NOT_FOUND, "pool");
    command.lease = lease;
    world_refused(log.world, &command, PROBLEM_NOT_FOUND, "lease");
    command.kind = COMMAND_LEASE_HEARTBEAT;
    world_refused(log.world, &command, PROBLEM_NOT_FOUND, "lease");
    command.kind = COMMAND_LEASE_REVOKE;
    world_refused(log.world, &command, PROBLEM_NOT_FOUND, "lease");
    CHECK_INT(meshing(&log)->used, 1);
}

/* ---- limits ---- */

static void above_a_known_limit_is_recorded_and_not_refused(void)
{
    LOG(log);
    struct command limit = line(&log, COMMAND_OBSERVE_LIMIT, "meshing", 0);
    struct entry entry;

    limit.observation.limit = 1;
    world_done(log.world, &limit);
    CHECK_INT(log.world->count, 4); /* product, feature, pool, limit */
    entry = seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    CHECK_INT(entry.data[DATA_LIMIT].number, 1);
    CHECK_INT(entry.data[DATA_OVER].number, 0);
    entry = seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    CHECK_INT(entry.data[DATA_OVER].number, 1);
    CHECK_INT(pool_over(meshing(&log)), 1);
    limit.observation.limit = 0;
    world_entry(log.world, world_done(log.world, &limit), &entry);
    CHECK_INT(entry.data[DATA_OVER].number, 2);
    CHECK_INT(meshing(&log)->limit, 0);
    entry = seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    CHECK_INT(entry.data[DATA_LIMIT].number, 0);
    CHECK_INT(entry.data[DATA_OVER].number, 3);
    limit.observation.limit = -1;
    world_entry(log.world, world_done(log.world, &limit), &entry);
    CHECK(!entry_has(&entry, DATA_LIMIT));
    CHECK_INT(entry.data[DATA_OVER].number, 0);
    CHECK_INT(entry.actor.level, LEVEL_A0);
    entry = seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    CHECK(!entry_has(&entry, DATA_LIMIT) && !entry_has(&entry, DATA_OVER));
    CHECK_INT(pool_over(meshing(&log)), 0);
}

/* ---- restarts ---- */

static void a_restart_closes_every_seat_of_its_daemon_with_an_entry_each(void)
{
    LOG(log);
    struct command command = line(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    struct entry entry;

    for (int i = 0; i < 3; i++)
        seen(&log, COMMAND_OBSERVE_OUT, "meshing", i);
    seen(&log, COMMAND_OBSERVE_OUT, "solver", 0);
    command.observation.product = STR("adskflex");
    world_done(log.world, &command);
    command = line(&log, COMMAND_OBSERVE_RESTART, "", 0);
    world_entry(log.world, world_done(log.world, &command), &entry);
    CHECK_INT(entry.code, AUDIT_OBSERVE_RESTARTED);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 4);
    CHECK_INT(log.world->count, 5);
    for (size_t i = 1; i < 5; i++) {
        world_answer(log.world, i, &entry);
        CHECK_INT(entry.code, AUDIT_OBSERVE_IN);
        CHECK_INT(entry.data[DATA_REASON].number, REASON_RESTART);
        CHECK_INT(entry.occurred_at_ms, log.time_ms);
    }
    CHECK_INT(meshing(&log)->used, 0);
    CHECK_INT(pool_of(&log, WORLD_NOBODY, "adskflex/meshing")->used, 1);
    CHECK_INT(seen(&log, COMMAND_OBSERVE_IN, "meshing", 1).code, AUDIT_OBSERVE_UNMATCHED);
}

static void a_restart_of_more_seats_than_a_change_holds_is_repeated_until_none_is_left(void)
{
    enum { OPEN = 2 * OBSERVE_RESTART_MAX + 5 };
    LOG(log);
    struct command command;
    int64_t closed = 0;
    int rounds = 0;
    struct entry entry;

    for (int i = 0; i < OPEN; i++)
        seen(&log, COMMAND_OBSERVE_OUT, i % 3 ? "meshing" : "solver", i % 4);
    command = line(&log, COMMAND_OBSERVE_RESTART, "", 0);
    do {
        world_entry(log.world, world_done(log.world, &command), &entry);
        closed += entry.data[DATA_COUNT_OF].number;
        rounds++;
    } while (entry.data[DATA_COUNT_OF].number == OBSERVE_RESTART_MAX);
    CHECK_INT(closed, OPEN);
    CHECK_INT(rounds, 3);
    CHECK_INT(world_count(log.world, AUDIT_OBSERVE_IN, 0), OPEN);
    CHECK_INT(log.world->facts.leases.live, 0);
    CHECK_INT(log.world->facts.observed_groups.live, 0);
}

/* ---- watermarks ---- */

static struct command read_to(struct log *log, uint8_t head, int64_t offset)
{
    struct command command = line(log, COMMAND_OBSERVE_READ, "", 0);

    memset(command.observation.head, head, sizeof command.observation.head);
    command.observation.offset = offset;
    return command;
}

static void a_watermark_moves_forwards_only(void)
{
    LOG(log);
    struct command command = read_to(&log, 1, 1000);
    struct facts *facts = &log.world->facts;
    struct entry entry;
    uint32_t place;

    world_entry(log.world, world_done(log.world, &command), &entry);
    CHECK_INT(entry.actor.level, LEVEL_A0);
    command = read_to(&log, 1, 3000);
    world_done(log.world, &command);
    world_done(log.world, &command);
    command.observation.offset = 2999;
    world_refused(log.world, &command, PROBLEM_WRONG_STATE, "offset");
    command.observation.offset = -1;
    world_refused(log.world, &command, PROBLEM_BAD_REQUEST, "offset");
    command.observation.offset = 3000;
    place = watermark_find(facts, NONE, command.observation.head);
    if (CHECK(place != NONE)) {
        CHECK_INT(watermark_at(facts, place)->offset, 3000);
        CHECK_INT(watermark_at(facts, place)->line, 2);
    }
    command = read_to(&log, 2, 10);
    world_done(log.world, &command);
    CHECK_INT(facts->watermarks.live, 2);
}

static void a_full_table_is_told_before_anything_begins(void)
{
    LOG(log);
    struct facts *facts = &log.world->facts;
    struct table *tables[] = { &facts->products, &facts->features, &facts->pools, &facts->leases,
                               &facts->observed_groups };
    struct command command = line(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    struct command limit = line(&log, COMMAND_OBSERVE_LIMIT, "meshing", 0);
    struct command restart = line(&log, COMMAND_OBSERVE_RESTART, "", 0);
    struct command read = read_to(&log, 1, 1);

    for (size_t i = 0; i < 5; i++) {
        uint32_t max = tables[i]->max;

        CHECKING("table %zu", i);
        tables[i]->max = tables[i]->live;
        world_refused(log.world, &command, PROBLEM_TOO_MANY, "");
        if (i < 3) {
            world_refused(log.world, &limit, PROBLEM_TOO_MANY, "");
            world_refused(log.world, &restart, PROBLEM_TOO_MANY, "");
        }
        tables[i]->max = max;
    }
    for (size_t i = 0; i < 5; i++)
        tables[i]->max = tables[i]->live + 1;
    world_done(log.world, &command);
    facts->watermarks.max = 0;
    world_refused(log.world, &read, PROBLEM_TOO_MANY, "head");
    facts->watermarks.max = 1;
    world_done(log.world, &read);
    read.observation.offset++;
    world_done(log.world, &read); /* a known log needs no more room */
}

static void organisations_observe_apart(void)
{
    AUTO(struct world *, world_free) world = world_new(17);
    struct who acme = world_organisation(world);
    struct who other = world_organisation(world);
    struct log one = log_of(world, acme);
    struct log two = log_of(world, other);
    struct command command;
    struct entry entry;

    memcpy(two.users, one.users, sizeof two.users);
    memcpy(two.hosts, one.hosts, sizeof two.hosts);
    seen(&one, COMMAND_OBSERVE_OUT, "meshing", 0);
    CHECK_INT(seen(&two, COMMAND_OBSERVE_IN, "meshing", 0).code, AUDIT_OBSERVE_UNMATCHED);
    seen(&two, COMMAND_OBSERVE_OUT, "meshing", 0);
    command = line(&two, COMMAND_OBSERVE_LIMIT, "meshing", 0);
    command.observation.limit = 3;
    world_done(world, &command);
    command = line(&two, COMMAND_OBSERVE_RESTART, "", 0);
    world_entry(world, world_done(world, &command), &entry);
    CHECK_INT(entry.data[DATA_COUNT_OF].number, 1);
    CHECK_INT(pool_of(&one, acme, "ansyslmd/meshing")->used, 1);
    CHECK_INT(pool_of(&one, acme, "ansyslmd/meshing")->limit, -1);
    CHECK_INT(pool_of(&two, other, "ansyslmd/meshing")->used, 0);
    CHECK_INT(pool_of(&two, other, "ansyslmd/meshing")->limit, 3);
    command = read_to(&one, 1, 1000);
    world_done(world, &command);
    command = read_to(&two, 1, 10); /* another reading of a log with the same first bytes */
    world_done(world, &command);
    CHECK_INT(world->facts.watermarks.live, 2);
    CHECK(facts_check(&world->facts));
}

/* ---- wrong lines ---- */

static void a_wrong_observation_is_refused_by_the_member_at_fault(void)
{
    LOG(log);
    struct command good = line(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    struct command wrong = good;

    wrong.observation.quantity = 0;
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "quantity");
    wrong.observation.quantity = QUANTITY_MAX + 1;
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "quantity");
    wrong = good;
    wrong.observation.user_alias = (struct id){ 0 };
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "user");
    wrong = good;
    wrong.observation.host_alias = (struct id){ 0 };
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "host");
    wrong = good;
    wrong.observation.line = -1;
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "line");
    wrong = good;
    wrong.observation.occurred_at_ms = -1;
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "occurred_at");
    wrong = good;
    wrong.kind = COMMAND_OBSERVE_LIMIT;
    wrong.observation.limit = -2;
    world_refused(log.world, &wrong, PROBLEM_BAD_REQUEST, "limit");
    CHECK_INT(log.world->facts.products.live, 0);
}

static void a_daemon_and_features_with_any_names_are_observed(void)
{
    LOG(log);
    struct command command = line(&log, COMMAND_OBSERVE_OUT, "x/\"y\"", 0);

    command.observation.product = STR("vendor\\daemon");
    world_done(log.world, &command);
    CHECK_INT(log.world->count, 4);
    CHECK_INT(pool_of(&log, WORLD_NOBODY, "vendor_daemon/x__y_")->used, 1);
    command.kind = COMMAND_OBSERVE_IN;
    world_done(log.world, &command);
    CHECK_INT(log.world->count, 1);
    CHECK_INT(pool_of(&log, WORLD_NOBODY, "vendor_daemon/x__y_")->used, 0);
}

static void no_failed_allocation_changes_anything_observed(void)
{
    LOG(log);
    struct command command;

    world_credential(log.world, log.reader);
    log.world->torture = true;
    seen(&log, COMMAND_OBSERVE_OUT, "meshing", 0);
    seen(&log, COMMAND_OBSERVE_OUT, "meshing", 1);
    seen(&log, COMMAND_OBSERVE_IN, "meshing", 0);
    seen(&log, COMMAND_OBSERVE_DENIED, "solver", 0);
    seen(&log, COMMAND_OBSERVE_RESTART, "", 0);
    command = read_to(&log, 1, 1);
    world_done(log.world, &command);
    CHECK(log.world->failed_once > 0);
}

static const struct test tests[] = {
    TEST(what_is_seen_first_begins_in_the_same_change),
    TEST(a_return_or_denial_may_be_what_is_seen_first),
    TEST(each_out_is_a_lease_and_each_in_ends_the_oldest_like_it),
    TEST(a_return_ends_what_has_its_feature_user_host_and_quantity),
    TEST(without_a_time_in_the_log_nothing_is_claimed),
    TEST(an_observed_lease_is_kept_however_silent),
    TEST(what_is_observed_and_what_is_granted_are_pools_apart),
    TEST(nobody_takes_or_ends_an_observed_seat),
    TEST(above_a_known_limit_is_recorded_and_not_refused),
    TEST(a_restart_closes_every_seat_of_its_daemon_with_an_entry_each),
    TEST(a_restart_of_more_seats_than_a_change_holds_is_repeated_until_none_is_left),
    TEST(a_watermark_moves_forwards_only),
    TEST(a_full_table_is_told_before_anything_begins),
    TEST(organisations_observe_apart),
    TEST(a_wrong_observation_is_refused_by_the_member_at_fault),
    TEST(a_daemon_and_features_with_any_names_are_observed),
    TEST(no_failed_allocation_changes_anything_observed),
};
TEST_MAIN(tests)
