/*
 * service/flexnet_log: every line of a FlexNet debug log is read, in pieces of any size, and accounted for. Real logs
 * come from the shared data; tests/data/flexnet-small.log was written by hand for what they lack, and its figures below
 * were worked out by hand.
 */
#include "flexnet_reading.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "service/flexnet_log.h"

static struct zone madrid(void)
{
    struct zone zone = { 0 };
    struct err err = { 0 };

    if (!CHECK_OK(zone_load(ZONE_DIRECTORY, STR("Europe/Madrid"), &zone, &err)))
        printf("%s\n", err.text);
    return zone;
}

static void the_small_log_is_read_as_worked_out_by_hand(void)
{
    static const struct {
        enum flexnet_kind kind;
        uint64_t count;
    } counts[] = {
        { FLEXNET_OUT, 8 },    { FLEXNET_IN, 5 },       { FLEXNET_INACTIVE, 1 },     { FLEXNET_DENIED, 1 },
        { FLEXNET_QUEUED, 1 }, { FLEXNET_DEQUEUED, 1 }, { FLEXNET_UNSUPPORTED, 1 },  { FLEXNET_UPGRADE, 1 },
        { FLEXNET_START, 6 },  { FLEXNET_DATE, 9 },     { FLEXNET_STATISTICS, 1 },   { FLEXNET_TEXT, 12 },
        { FLEXNET_EMPTY, 1 },  { FLEXNET_OTHER, 1 },    { FLEXNET_CONTINUATION, 1 }, { FLEXNET_DAMAGED, 1 },
    };
    /* Central European winter time is an hour ahead of UTC. */
    const int64_t moments[] = {
        utc("2022-12-30T21:15:00Z"), /* lmgrd starts */
        utc("2022-12-30T21:16:00Z"), /* UNSUPPORTED */
        utc("2022-12-30T21:16:00Z"), /* OUT solid ana */
        utc("2022-12-30T21:20:00Z"), /* OUT mesh ana, 4 */
        utc("2022-12-30T21:30:00Z"), /* OUT solid josé luis */
        utc("2022-12-30T21:40:00Z"), /* DENIED solid bob@corp */
        utc("2022-12-30T21:40:00Z"), /* QUEUED */
        utc("2022-12-30T22:10:00Z"), /* IN solid ana */
        utc("2022-12-30T22:10:00Z"), /* DEQUEUED */
        utc("2022-12-30T22:10:00Z"), /* OUT solid bob@corp */
        utc("2022-12-30T23:30:00Z"), /* IN mesh ana, after midnight */
        utc("2022-12-31T00:00:00Z"), /* OUT solid bob@corp again */
        utc("2022-12-31T04:00:00Z"), /* INACTIVE bob@corp */
        utc("2022-12-31T11:00:00Z"), /* IN render ana, whose grant was torn */
        utc("2022-12-31T22:50:00Z"), /* OUT render eva */
        utc("2022-12-31T23:10:00Z"), /* IN render eva, in the new year */
        utc("2022-12-31T23:20:00Z"), /* OUT mesh eva */
        utc("2023-01-02T08:00:00Z"), /* lmgrd starts again */
        utc("2023-01-02T08:05:00Z"), /* OUT solid ana */
        utc("2023-01-02T08:10:00Z"), /* IN solid josé luis, closed by the restart */
        utc("2023-01-02T08:20:00Z"), /* UPGRADE */
    };
    AUTO(struct buf, buf_free) text = { 0 };
    AUTO(struct reading, reading_free) reading = { 0 };
    struct err err = { 0 };

    if (!test_read_file(SMALL_LOG, &text) || !CHECK_OK(read_whole(buf_str(&text), NULL, &reading, &err)))
        return;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        CHECKING("%s", flexnet_kind_name(counts[i].kind));
        CHECK_INT(reading.log.counts[counts[i].kind], counts[i].count);
    }
    CHECK_INT(reading.log.lines, 51);
    CHECK_INT(reading.restarts, 2);
    CHECK_INT(reading.log.unplaced, 0);
    CHECK_INT(reading.uncertain, 0);
    CHECK_INT(reading.moment_count, sizeof moments / sizeof moments[0]);
    for (size_t i = 0; i < reading.moment_count; i++) {
        CHECKING("moment %zu", i);
        CHECK_INT(reading.moments[i], moments[i]);
    }
}

static const struct {
    const char *name;
    bool in_madrid;
    uint64_t lines, grants, returns, unsupported, dates, starts, statistics, texts, continuations;
} real[] = {
    { "data/flexnet/ansys-2017-01.log", false, 10909, 598, 598, 0, 1057, 3, 8584, 68, 1 },
    { "data/flexnet/autodesk-2022.log", true, 32654, 8402, 8400, 2, 1635, 3, 14049, 163, 0 },
};

static void no_line_of_a_real_log_is_unaccounted_for(void)
{
    AUTO(struct zone, zone_free) zone = madrid();

    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        AUTO(struct buf, buf_free) text = { 0 };
        AUTO(struct reading, reading_free) reading = { 0 };
        struct err err = { 0 };
        if (!test_read_file(test_shared_path(real[i].name), &text))
            return;
        CHECKING("%s", real[i].name);
        if (!CHECK_OK(read_whole(buf_str(&text), real[i].in_madrid ? &zone : NULL, &reading, &err)))
            continue;
        const uint64_t *counts = reading.log.counts;
        CHECK_INT(reading.log.lines, real[i].lines);
        CHECK_INT(counts[FLEXNET_OUT], real[i].grants);
        CHECK_INT(counts[FLEXNET_IN], real[i].returns);
        CHECK_INT(counts[FLEXNET_UNSUPPORTED], real[i].unsupported);
        CHECK_INT(counts[FLEXNET_DATE], real[i].dates);
        CHECK_INT(counts[FLEXNET_START], real[i].starts);
        CHECK_INT(counts[FLEXNET_STATISTICS], real[i].statistics);
        CHECK_INT(counts[FLEXNET_TEXT], real[i].texts);
        CHECK_INT(counts[FLEXNET_CONTINUATION], real[i].continuations);
        CHECK_INT(counts[FLEXNET_OTHER] + counts[FLEXNET_DAMAGED], 0);
        CHECK_INT(reading.restarts, 1);
        CHECK_INT(reading.log.unplaced, 0);
        CHECK_INT(reading.uncertain, 0);
    }
}

static void the_same_bytes_give_the_same_events_in_pieces_of_any_size(void)
{
    AUTO(struct zone, zone_free) zone = madrid();
    AUTO(struct buf, buf_free) text = { 0 };
    struct entropy entropy = entropy_from_seed(test_seed());
    static const size_t sizes[] = { 1, 2, 7, 100, 4096, 1 << 20 };
    uint64_t whole = 0;

    if (!test_read_file(SMALL_LOG, &text))
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        AUTO(struct reading, reading_free) even = { .log = flexnet_log_start(&zone) };
        AUTO(struct reading, reading_free) uneven = { .log = flexnet_log_start(&zone) };
        struct err err = { 0 };
        CHECKING("pieces of %zu", sizes[i]);
        CHECK_OK(read_pieces(buf_str(&text), sizes[i], NULL, &even, &err));
        CHECK_OK(read_pieces(buf_str(&text), sizes[i], &entropy, &uneven, &err));
        whole = whole ? whole : even.digest;
        CHECK(even.digest == whole);
        CHECK(uneven.digest == whole);
    }
}

static void a_line_whose_end_has_not_come_waits(void)
{
    AUTO(struct reading, reading_free) reading = { .log = flexnet_log_start(NULL) };
    struct str pieces[] = { STR("1:00:00 (d) OUT: \"f\" us"), STR("er@ho"), STR("st  \r"), STR("\n2:00:00 (d) I") };
    struct flexnet_event event = { 0 };
    struct err err = { 0 };

    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(flexnet_log_next(&reading.log, &pieces[i], &event, &err));
        CHECK_INT(event.line.kind, FLEXNET_NONE);
        CHECK_INT(pieces[i].len, 0);
    }
    CHECK_INT(reading.log.lines, 0);
    CHECK_INT(reading.log.offset, 0);
    CHECK_OK(flexnet_log_next(&reading.log, &pieces[3], &event, &err));
    CHECK_INT(event.line.kind, FLEXNET_OUT);
    CHECK_STR(event.line.user, STR("user"));
    CHECK_STR(event.line.host, STR("host"));
    CHECK_INT(event.end, 34);
    CHECK_OK(flexnet_log_next(&reading.log, &pieces[3], &event, &err));
    CHECK_INT(event.line.kind, FLEXNET_NONE);
    CHECK_INT(reading.log.offset, 34);
    CHECK_OK(flexnet_log_end(&reading.log, &event, &err));
    CHECK_INT(event.line.kind, FLEXNET_TEXT);
    CHECK_INT(event.number, 2);
}

static void a_line_that_is_too_long_is_damaged_and_takes_bounded_memory(void)
{
    AUTO(struct buf, buf_free) text = { .max = 4 * FLEXNET_LINE_MAX_BYTES };
    struct entropy entropy = entropy_from_seed(test_seed());

    buf_add(&text, STR("1:00:00 (d) OUT: \"f\" u@h  ["));
    while (text.len < 3 * FLEXNET_LINE_MAX_BYTES)
        buf_add_byte(&text, 'x');
    buf_add(&text, STR("]\n1:00:01 (d) OUT: \"f\" u@h\n"));
    CHECK_OK(text.status);
    for (size_t piece_max = 100; piece_max < text.max; piece_max *= 8) {
        AUTO(struct reading, reading_free) reading = { .log = flexnet_log_start(NULL) };
        struct err err = { 0 };
        CHECK_OK(read_pieces(buf_str(&text), piece_max, &entropy, &reading, &err));
        CHECK_INT(reading.log.counts[FLEXNET_DAMAGED], 1);
        CHECK_INT(reading.log.counts[FLEXNET_OUT], 1);
        CHECK(reading.log.partial.capacity <= FLEXNET_LINE_MAX_BYTES);
        CHECK_INT(reading.log.read, text.len);
    }
}

static void a_line_is_too_long_also_when_its_end_comes_alone(void)
{
    char text[FLEXNET_LINE_MAX_BYTES + 1];
    AUTO(struct reading, reading_free) reading = { .log = flexnet_log_start(NULL) };
    struct str pieces[] = { { text, sizeof text }, STR_INIT("\n") };
    struct flexnet_event event = { 0 };
    struct err err = { 0 };

    memset(text, 'x', sizeof text);
    CHECK_OK(flexnet_log_next(&reading.log, &pieces[0], &event, &err));
    CHECK_INT(event.line.kind, FLEXNET_NONE);
    CHECK_OK(flexnet_log_next(&reading.log, &pieces[1], &event, &err));
    CHECK_INT(event.line.kind, FLEXNET_DAMAGED);
}

static void a_line_of_the_greatest_length_is_whole(void)
{
    char text[FLEXNET_LINE_MAX_BYTES + 2];
    AUTO(struct reading, reading_free) reading = { .log = flexnet_log_start(NULL) };
    struct err err = { 0 };

    memset(text, 'u', sizeof text);
    memcpy(text, "1:00:00 (d) OUT: \"f\" ", 21);
    text[FLEXNET_LINE_MAX_BYTES - 2] = '@';
    text[FLEXNET_LINE_MAX_BYTES] = '\n';
    CHECK_OK(read_pieces((struct str){ text, FLEXNET_LINE_MAX_BYTES + 1 }, SIZE_MAX, NULL, &reading, &err));
    CHECK_INT(reading.log.counts[FLEXNET_OUT], 1);
}

/* `r` in the pattern: this line restarts; `.`: it does not. */
static void a_start_is_a_restart_once_and_a_reread_never(void)
{
    static const struct {
        const char *about, *text, *pattern;
    } cases[] = {
        { "each start writes three lines",
          "1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n"
          "1:00:00 (lmgrd) Started d (pid 1)\n1:00:00 (d) FlexNet Licensing version v11\n",
          "r.." },
        { "a reread",
          "1:00:00 (d) OUT: \"f\" u@h\n1:00:01 (d) Rereading license file...\n1:00:02 (d) Server started on h for: f\n",
          "..." },
        { "a log of one daemon",
          "1:00:00 (d) FlexNet Licensing version v11\n1:00:00 (d) OUT: \"f\" u@h\n"
          "1:00:00 (d) FlexNet Licensing version v11\n1:00:00 (d) FlexNet Licensing version v11\n",
          "r.r." },
        { "a daemon alone is started anew",
          "1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n"
          "1:00:00 (d) OUT: \"f\" u@h\n1:00:00 (lmgrd) REStarted d (internet tcp_port 1 pid 2)\n"
          "1:00:00 (d) FlexNet Licensing version v11\n1:00:00 (e) FlexNet Licensing version v11\n",
          "r.r.." },
        { "lmgrd starts twice and nothing was given between",
          "1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n"
          "1:00:00 (d) FlexNet Licensing version v11\n"
          "1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n",
          "r.." },
        { "a log that goes on from another",
          "1:00:00 (lmgrd) Started d (pid 1)\n1:00:00 (d) FlexNet Licensing version v11\n"
          "1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n"
          "1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n",
          "r.r." },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct flexnet_log log = flexnet_log_start(NULL);
        struct str rest = str_of(cases[i].text);
        struct err err = { 0 };
        for (size_t line = 0; rest.len > 0; line++) {
            struct flexnet_event event = { 0 };
            CHECKING("%s, line %zu", cases[i].about, line);
            CHECK_OK(flexnet_log_next(&log, &rest, &event, &err));
            CHECK_INT(event.restart, cases[i].pattern[line] == 'r');
        }
        flexnet_log_free(&log);
    }
}

static void a_start_says_whose_seats_it_closes(void)
{
    CHECK_STR(flexnet_line_read(STR("1:00:00 (lmgrd) REStarted d (internet tcp_port 1 pid 2)")).started, STR("d"));
    CHECK_STR(flexnet_line_read(STR("1:00:00 (d) FlexNet Licensing version v11")).started, STR("d"));
    CHECK_STR(flexnet_line_read(STR("1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)")).started,
              STR(""));
}

static void more_daemons_than_are_remembered_restart_too_often_and_never_too_rarely(void)
{
    struct flexnet_log log = flexnet_log_start(NULL);
    struct str start = STR("1:00:00 (lmgrd) FlexNet Licensing (v11) started on h (linux) (1/8/2017)\n");
    struct flexnet_event first = { 0 };
    struct err err = { 0 };

    CHECK_OK(flexnet_log_next(&log, &start, &first, &err)); /* from here on nothing is unknown */
    for (int round = 0; round < 2; round++) {
        for (int daemon = 0; daemon < 2 * FLEXNET_DAEMONS_MAX; daemon++) {
            char text[128];
            struct flexnet_event event = { 0 };
            int len = snprintf(text, sizeof text, "1:00:00 (d%d) %s\n", daemon,
                               round == 0 ? "OUT: \"f\" u@h" : "FlexNet Licensing version v11");
            struct str piece = { text, (size_t)len };
            CHECKING("daemon %d", daemon);
            CHECK_OK(flexnet_log_next(&log, &piece, &event, &err));
            CHECK_INT(event.restart, round == 1);
        }
    }
    flexnet_log_free(&log);
}

/* Changes some bytes, cuts some out and puts some of the other places in. */
static void damage(struct buf *text, struct entropy *entropy)
{
    uint64_t times = 1 + entropy_below(entropy, 200);

    for (uint64_t i = 0; i < times && text->len > 64; i++) {
        size_t at = (size_t)entropy_below(entropy, text->len - 32);
        size_t from = (size_t)entropy_below(entropy, text->len - 32);
        size_t len = (size_t)entropy_below(entropy, 32);
        switch (entropy_below(entropy, 4)) {
        case 0:
            text->at[at] = (char)entropy_u64(entropy);
            break;
        case 1:
            memmove(text->at + at, text->at + from, len);
            break;
        case 2:
            text->at[at] = "\n\r\"@() :[]0"[entropy_below(entropy, 11)];
            break;
        default:
            memmove(text->at + at, text->at + at + len, text->len - at - len);
            buf_cut(text, text->len - len);
            break;
        }
    }
}

static void no_line_of_a_damaged_log_is_unaccounted_for(void)
{
    AUTO(struct zone, zone_free) zone = madrid();
    struct entropy entropy = entropy_from_seed(test_seed());

    for (int round = 0; round < 60; round++) {
        AUTO(struct buf, buf_free) text = { 0 };
        AUTO(struct reading, reading_free) whole = { .log = flexnet_log_start(&zone) };
        AUTO(struct reading, reading_free) pieces = { .log = flexnet_log_start(&zone) };
        struct err err = { 0 };
        if (!test_read_file(round % 3 ? SMALL_LOG : test_shared_path(real[round & 1].name), &text))
            return;
        buf_cut(&text, text.len > 100000 ? 100000 : text.len);
        damage(&text, &entropy);
        CHECKING("round %d", round);
        CHECK_OK(read_pieces(buf_str(&text), SIZE_MAX, NULL, &whole, &err));
        check_every_line_is_counted(buf_str(&text), &whole.log);
        CHECK_OK(read_pieces(buf_str(&text), 300, &entropy, &pieces, &err));
        CHECK(whole.digest == pieces.digest);
    }
}

static void a_log_is_known_by_its_head_also_after_it_grew(void)
{
    AUTO(struct buf, buf_free) text = { 0 };
    struct str all;
    struct hash head;

    if (!test_read_file(test_shared_path(real[0].name), &text))
        return;
    all = buf_str(&text);
    head = flexnet_head(str_cut(all, 0, 500), 500);
    CHECK(flexnet_head_fits(&head, 500, str_cut(all, 0, FLEXNET_HEAD_BYTES), all.len));
    CHECK(flexnet_head_fits(&head, 500, str_cut(all, 0, 500), 500));
    CHECK(!flexnet_head_fits(&head, 500, str_cut(all, 0, 499), 499));
    CHECK(!flexnet_head_fits(&head, 501, all, all.len));
    head = flexnet_head(all, all.len);
    CHECK(flexnet_head_fits(&head, all.len, str_cut(all, 0, FLEXNET_HEAD_BYTES), all.len));
    CHECK(!flexnet_head_fits(&head, all.len, all, all.len - 1));
    text.at[100] ^= 1;
    CHECK(!flexnet_head_fits(&head, all.len, all, all.len));
}

static void without_memory_a_line_is_not_lost_unsaid(void)
{
    for (int step = 0;; step++) {
        AUTO(struct reading, reading_free) reading = { .log = flexnet_log_start(NULL) };
        struct err err = { 0 };
        fault_arm(FAULT_MEMORY, step, 1);
        status s = read_pieces(STR("1:00:00 (d) OUT: \"f\" u@h\n1:00:00 (d) IN: \"f\" u@h"), 5, NULL, &reading, &err);
        bool hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK_CODE(s, hit ? CODE_NO_MEMORY : CODE_OK);
        CHECK_INT(reading.log.lines, hit ? reading.log.lines : 2);
        if (!hit)
            break;
    }
}

static const struct test tests[] = {
    TEST(the_small_log_is_read_as_worked_out_by_hand),
    TEST(no_line_of_a_real_log_is_unaccounted_for),
    TEST(the_same_bytes_give_the_same_events_in_pieces_of_any_size),
    TEST(a_line_whose_end_has_not_come_waits),
    TEST(a_line_that_is_too_long_is_damaged_and_takes_bounded_memory),
    TEST(a_line_is_too_long_also_when_its_end_comes_alone),
    TEST(a_line_of_the_greatest_length_is_whole),
    TEST(a_start_is_a_restart_once_and_a_reread_never),
    TEST(a_start_says_whose_seats_it_closes),
    TEST(more_daemons_than_are_remembered_restart_too_often_and_never_too_rarely),
    TEST(no_line_of_a_damaged_log_is_unaccounted_for),
    TEST(a_log_is_known_by_its_head_also_after_it_grew),
    TEST(without_memory_a_line_is_not_lost_unsaid),
};
TEST_MAIN(tests)
