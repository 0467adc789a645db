/*
 * service/flexnet_usage: the use of each feature, by hand for the hand-written log, and for real and made-up logs by
 * tests/oracle/flexnet_usage.py, which shares nothing with it.
 */
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/entropy.h"
#include "base/fault.h"
#include "service/flexnet_usage.h"

#define SMALL  TALLY_TESTS "/data/flexnet-small.log"
#define ORACLE TALLY_TESTS "/oracle/flexnet_usage.py"

static status read_events(struct str text, struct flexnet_log *log, struct flexnet_usage *usage, struct err *err)
{
    struct flexnet_event event = { 0 };
    bool found = false;

    TRY(flexnet_log_look(log, text, &found, err));
    flexnet_log_rewind(log);
    while (text.len > 0) {
        TRY(flexnet_log_next(log, &text, &event, err));
        TRY(flexnet_usage_add(usage, &event));
    }
    TRY(flexnet_log_end(log, &event, err));
    TRY(flexnet_usage_add(usage, &event));
    flexnet_usage_end(usage);
    return OK;
}

static status use_of(struct str text, const struct zone *zone, struct flexnet_usage *ret_usage, struct err *err)
{
    AUTO(struct flexnet_log, flexnet_log_free) log = flexnet_log_start(zone);

    *ret_usage = flexnet_usage_start();
    return read_events(text, &log, ret_usage, err);
}

static void the_small_logs_use_is_as_worked_out_by_hand(void)
{
    /*
     * solid: ana 22:16 to 23:10 is 3,240 s; bob's first 23:10 to 5:00, 21,000 s, taken back for inactivity; josé luis
     * 22:30 and bob's second 1:00 end with the restart on 2 January at 9:00, after 210,600 s and 201,600 s; ana 9:05 is
     * open at the log's last line, 10:05, 3,600 s. mesh: 4 seats for 7,800 s and 2 for 117,600 s. render: 2 for 1,200
     * s.
     */
    static const struct {
        const char *name;
        uint64_t peak, seat_seconds, grants, returns, inactive, denied, unsupported, open, closed, unmatched;
    } features[] = {
        { "solid_2021", 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 },
        { "solid", 3, 3240 + 21000 + 210600 + 201600 + 3600, 5, 2, 1, 1, 0, 1, 2, 1 },
        { "mesh", 4, 4 * 7800 + 2 * 117600, 2, 1, 0, 0, 0, 0, 1, 0 },
        { "render", 2, 2 * 1200, 1, 1, 0, 0, 0, 0, 0, 1 },
    };
    AUTO(struct buf, buf_free) text = { 0 };
    AUTO(struct flexnet_usage, flexnet_usage_free) usage = { 0 };
    struct err err = { 0 };

    if (!test_read_file(SMALL, &text) || !CHECK_OK(use_of(buf_str(&text), NULL, &usage, &err)))
        return;
    CHECK_INT(usage.restarts, 2);
    CHECK_INT(usage.last_ms / 1000, civil_to_days((struct civil_date){ 2023, 1, 2 }) * DAY_S + 9 * 3600 + 5 * 60);
    if (!CHECK_INT(flexnet_usage_count(&usage), 4))
        return;
    for (size_t i = 0; i < 4; i++) {
        const struct flexnet_feature *feature = flexnet_usage_feature(&usage, i);
        CHECKING("%s", features[i].name);
        CHECK(feature == flexnet_usage_find(&usage, STR("mecad"), str_of(features[i].name)));
        CHECK_STR(feature->name, str_of(features[i].name));
        CHECK_INT(feature->peak, features[i].peak);
        CHECK_INT(feature->seat_seconds, features[i].seat_seconds);
        CHECK_INT(feature->grants, features[i].grants);
        CHECK_INT(feature->returns, features[i].returns);
        CHECK_INT(feature->inactive, features[i].inactive);
        CHECK_INT(feature->denied, features[i].denied);
        CHECK_INT(feature->unsupported, features[i].unsupported);
        CHECK_INT(feature->open, features[i].open);
        CHECK_INT(feature->closed_by_restart, features[i].closed);
        CHECK_INT(feature->unmatched, features[i].unmatched);
    }
    CHECK(!flexnet_usage_find(&usage, STR("lmgrd"), STR("solid")));
}

#define SINCE_1970 "0:00:00 (lmgrd) TIMESTAMP 1/1/1970\n"

static struct flexnet_feature only_feature(const char *text)
{
    AUTO(struct flexnet_usage, flexnet_usage_free) usage = { 0 };
    struct zone utc = zone_fixed(0);
    struct err err = { 0 };

    if (!CHECK_OK(use_of(str_of(text), &utc, &usage, &err)) || !CHECK(flexnet_usage_count(&usage) > 0))
        return (struct flexnet_feature){ 0 };
    struct flexnet_feature feature = *flexnet_usage_feature(&usage, 0);
    feature.product = feature.name = STR_NONE; /* they end with the usage */
    return feature;
}

/*
 * Which of two equal grants a return ends shows only where a clock was set back: the older one, of 2:00, ends at 1:40
 * and counts nothing, and the one of 1:30 is open up to 1:50.
 */
static void a_return_ends_the_oldest_of_equal_grants(void)
{
    struct flexnet_feature feature = only_feature(SINCE_1970 "2:00:00 (d) OUT: \"f\" u@h\n"
                                                             "1:30:00 (d) OUT: \"f\" u@h\n"
                                                             "1:40:00 (d) IN: \"f\" u@h\n"
                                                             "1:50:00 (d) text\n");

    CHECK_INT(feature.seat_seconds, 20 * 60);
    CHECK_INT(feature.open, 1);
    CHECK_INT(feature.peak, 2);
}

static void a_return_of_another_user_host_quantity_feature_or_daemon_is_unmatched(void)
{
    static const char *const returns[] = { "(d) IN: \"f\" v@h\n", "(d) IN: \"f\" u@i\n",
                                           "(d) IN: \"f\" u@h (2 licenses)\n", "(d) IN: \"g\" u@h\n",
                                           "(e) IN: \"f\" u@h\n" };

    for (size_t i = 0; i < sizeof returns / sizeof returns[0]; i++) {
        AUTO(struct flexnet_usage, flexnet_usage_free) usage = { 0 };
        struct zone utc = zone_fixed(0);
        char text[256];
        struct err err = { 0 };
        uint64_t unmatched = 0, open = 0;
        (void)snprintf(text, sizeof text, SINCE_1970 "1:00:00 (d) OUT: \"f\" u@h\n2:00:00 %s", returns[i]);
        CHECK_OK(use_of(str_of(text), &utc, &usage, &err));
        for (size_t place = 0; place < flexnet_usage_count(&usage); place++) {
            unmatched += flexnet_usage_feature(&usage, place)->unmatched;
            open += flexnet_usage_feature(&usage, place)->open;
        }
        CHECKING("%s", returns[i]);
        CHECK_INT(unmatched, 1);
        CHECK_INT(open, 1);
    }
}

static void the_peak_follows_the_order_of_lines_not_their_times(void)
{
    struct flexnet_feature feature = only_feature(SINCE_1970 "2:00:00 (d) OUT: \"f\" u@h (3 licenses)\n"
                                                             "2:00:00 (d) IN: \"f\" u@h (3 licenses)\n"
                                                             "1:30:00 (d) OUT: \"f\" v@h (2 licenses)\n"
                                                             "1:40:00 (d) IN: \"f\" v@h (2 licenses)\n");

    CHECK_INT(feature.peak, 3);
    CHECK_INT(feature.seat_seconds, 2 * 600);
}

static void a_lease_that_ends_before_it_began_counts_no_time(void)
{
    CHECK_INT(only_feature(SINCE_1970 "2:00:00 (d) OUT: \"f\" u@h\n1:00:00 (d) IN: \"f\" u@h\n").seat_seconds, 0);
}

static void a_daemons_restart_closes_its_own_seats_and_lmgrds_everybodys(void)
{
    static const char text[] = SINCE_1970 "1:00:00 (d) OUT: \"f\" u@h\n1:00:00 (e) OUT: \"f\" u@h\n"
                                          "2:00:00 (d) FlexNet Licensing version v11\n";
    static const char all[] = "3:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/1/1970)\n";
    char both[sizeof text + sizeof all];

    (void)snprintf(both, sizeof both, "%s%s", text, all);
    for (int everybody = 0; everybody < 2; everybody++) {
        AUTO(struct flexnet_usage, flexnet_usage_free) usage = { 0 };
        struct zone utc = zone_fixed(0);
        struct err err = { 0 };
        CHECK_OK(use_of(str_of(everybody ? both : text), &utc, &usage, &err));
        CHECK_INT(flexnet_usage_find(&usage, STR("d"), STR("f"))->closed_by_restart, 1);
        CHECK_INT(flexnet_usage_find(&usage, STR("e"), STR("f"))->closed_by_restart, everybody);
        CHECK_INT(flexnet_usage_find(&usage, STR("e"), STR("f"))->open, !everybody);
    }
}

static bool take_u64(struct str *rest, uint64_t *ret_number)
{
    return str_to_u64(str_take(rest, '\t'), UINT64_MAX, ret_number).code == CODE_OK;
}

/* "daemon/feature peak seat_seconds grants returns denied open restart_closed unmatched" */
static void check_row(const struct flexnet_usage *usage, struct str row)
{
    struct str rest = row;
    struct str feature_path = str_take(&rest, '\t');
    struct str product = str_take(&feature_path, '/');
    const struct flexnet_feature *feature = flexnet_usage_find(usage, product, feature_path);
    uint64_t want[8];

    for (size_t i = 0; i < 8; i++) {
        if (!CHECK(take_u64(&rest, &want[i])))
            return;
    }
    if (!CHECK(feature))
        return;
    CHECK_INT(feature->peak, want[0]);
    CHECK_INT(feature->seat_seconds, want[1]);
    CHECK_INT(feature->grants, want[2]);
    CHECK_INT(feature->returns, want[3]);
    CHECK_INT(feature->denied, want[4]);
    CHECK_INT(feature->open, want[5]);
    CHECK_INT(feature->closed_by_restart, want[6]);
    CHECK_INT(feature->unmatched, want[7]);
}

static size_t features_in_rows(const struct flexnet_usage *usage)
{
    size_t count = 0;

    for (size_t place = 0; place < flexnet_usage_count(usage); place++) {
        const struct flexnet_feature *feature = flexnet_usage_feature(usage, place);
        count += feature->grants + feature->unmatched + feature->denied > 0; /* the oracle leaves UNSUPPORTED out */
    }
    return count;
}

static void check_against_oracle(const char *path, const char *zone_name)
{
    AUTO(struct buf, buf_free) text = { 0 };
    AUTO(struct flexnet_usage, flexnet_usage_free) usage = { 0 };
    AUTO(struct zone, zone_free) zone = { 0 };
    struct err err = { 0 };
    char command[1024], row[1024];
    size_t rows = 0;
    FILE *oracle;

    if (!test_read_file(path, &text) ||
        (zone_name && !CHECK_OK(zone_load(ZONE_DIRECTORY, str_of(zone_name), &zone, &err))) ||
        !CHECK_OK(use_of(buf_str(&text), zone_name ? &zone : NULL, &usage, &err)))
        return;
    (void)snprintf(command, sizeof command, "python3 '%s' '%s' %s %s", ORACLE, path, zone_name ? "--zone" : "",
                   zone_name ? zone_name : "");
    oracle = popen(command, "r");
    if (!CHECK(oracle && fgets(row, sizeof row, oracle))) /* the columns' names */
        return;
    for (; fgets(row, sizeof row, oracle); rows++) {
        struct str line = str_of(row);
        line.len -= str_ends(line, STR("\n"));
        CHECKING("%s: %.*s", path, STR_ARG(line));
        check_row(&usage, line);
    }
    CHECK_INT(pclose(oracle), 0);
    CHECK_INT(rows, features_in_rows(&usage));
    CHECK(rows > 0);
}

static void the_use_of_real_logs_is_what_an_independent_script_finds(void)
{
    char path[1024];

    check_against_oracle(SMALL, NULL);
    check_against_oracle(SMALL, "Europe/Madrid");
    (void)snprintf(path, sizeof path, "%s", test_shared_path("data/flexnet/ansys-2017-01.log"));
    check_against_oracle(path, NULL);
    check_against_oracle(path, "America/New_York");
    (void)snprintf(path, sizeof path, "%s", test_shared_path("data/flexnet/autodesk-2022.log"));
    check_against_oracle(path, "Europe/Madrid");
}

#define FIRST_DAY civil_to_days((struct civil_date){ 2022, 10, 27 })

/* "10/31/2022" */
static void put_date(FILE *file, int64_t day)
{
    int64_t of_october = day - FIRST_DAY + 27;

    if (of_october <= 31)
        fprintf(file, "10/%d/2022", (int)of_october);
    else
        fprintf(file, "11/%d/2022", (int)of_october - 31);
}

static void put_event(FILE *file, const char *daemon, struct entropy *entropy)
{
    static const char *const words[] = {
        "OUT", "OUT", "OUT", "OUT", "IN", "IN", "IN", "DENIED", "UNSUPPORTED", "QUEUED"
    };
    static const char *const tails[] = { "  ", "  (2 licenses) ", "  (3 licencias) ", "  [77] ", "" };

    fprintf(file, "(%s) %s: \"feature%d\" user %d@corp@host%d%s\n", daemon, words[entropy_below(entropy, 10)],
            (int)entropy_below(entropy, 3), (int)entropy_below(entropy, 3), (int)entropy_below(entropy, 2),
            tails[entropy_below(entropy, 5)]);
}

/* Six days around the end of summer time, with every kind of event about seats and a few restarts. */
static void make_up_log(FILE *file, struct entropy *entropy)
{
    static const char *const daemons[] = { "adskflex", "MLM" };
    int64_t now = FIRST_DAY * DAY_S + 3600;

    fprintf(file, "1:00:00 (lmgrd) TIMESTAMP 10/27/2022\n");
    for (int i = 0; i < 1500; i++) {
        const char *daemon = daemons[entropy_below(entropy, 2)];
        now += (int64_t)entropy_below(entropy, 700);
        int time_s = (int)(now % DAY_S);
        fprintf(file, "%2d:%02d:%02d ", time_s / 3600, time_s / 60 % 60, time_s % 60);
        if (entropy_below(entropy, 300) == 0) {
            fprintf(file, "(lmgrd) FlexNet Licensing (v11) started on srv (linux) (");
            put_date(file, now / DAY_S);
            fprintf(file, ")\n");
        } else if (entropy_below(entropy, 100) == 0) {
            fprintf(file, "(%s) FlexNet Licensing version v11\n", daemon);
        } else {
            put_event(file, daemon, entropy);
        }
    }
}

static void the_use_of_made_up_logs_is_what_an_independent_script_finds(void)
{
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; round < 6; round++) {
        char path[] = "/tmp/tally-flexnet-XXXXXX";
        int fd = mkstemp(path);
        FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (!CHECK(file))
            return;
        make_up_log(file, &entropy);
        CHECK_INT(fclose(file), 0);
        check_against_oracle(path, round % 2 ? "Europe/Madrid" : "UTC");
        CHECK_INT(unlink(path), 0);
    }
}

static void without_memory_an_event_is_not_counted_and_the_rest_stays_right(void)
{
    static const char text[] = SINCE_1970 "1:00:00 (d) OUT: \"f\" u@h\n2:00:00 (d) IN: \"f\" u@h\n";
    struct zone utc = zone_fixed(0);

    for (int step = 0;; step++) {
        AUTO(struct flexnet_usage, flexnet_usage_free) usage = { 0 };
        struct err err = { 0 };
        fault_arm(FAULT_MEMORY, step, 1);
        status s = use_of(str_of(text), &utc, &usage, &err);
        bool hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECKING("step %d", step);
        CHECK_CODE(s, hit ? CODE_NO_MEMORY : CODE_OK);
        for (size_t place = 0; place < flexnet_usage_count(&usage); place++) {
            const struct flexnet_feature *feature = flexnet_usage_feature(&usage, place);
            CHECK_INT(feature->grants, hit ? 0 : 1);
            CHECK_INT(feature->used, 0);
        }
        if (!hit)
            break;
    }
}

static const struct test tests[] = {
    TEST(the_small_logs_use_is_as_worked_out_by_hand),
    TEST(a_return_ends_the_oldest_of_equal_grants),
    TEST(a_return_of_another_user_host_quantity_feature_or_daemon_is_unmatched),
    TEST(the_peak_follows_the_order_of_lines_not_their_times),
    TEST(a_lease_that_ends_before_it_began_counts_no_time),
    TEST(a_daemons_restart_closes_its_own_seats_and_lmgrds_everybodys),
    TEST(the_use_of_real_logs_is_what_an_independent_script_finds),
    TEST(the_use_of_made_up_logs_is_what_an_independent_script_finds),
    TEST(without_memory_an_event_is_not_counted_and_the_rest_stays_right),
};
TEST_MAIN(tests)
