/*
 * service/flexnet_line: every shape of line has its kind, and what an event says is found whatever its names hold.
 */
#include "test.h"

#include <stdio.h>

#include "service/flexnet_line.h"

static const struct {
    const char *line;
    enum flexnet_kind kind;
} shapes[] = {
    { " 8:42:30 (d) OUT: \"f\" u@h  ", FLEXNET_OUT },
    { "08:42:30 (d) OUT: \"f\" u@h", FLEXNET_OUT },
    { "\xef\xbb\xbf"
      "8:42:30 (d) OUT: \"f\" u@h",
      FLEXNET_OUT },
    { "2026-09-05T12:13:14-04:00 (d) OUT: \"f\" u@h", FLEXNET_OUT },
    { "8:42:30 (d) IN: \"f\" u@h  (SHUTDOWN)", FLEXNET_IN },
    { "8:42:30 (d) IN: \"f\" u@h  (INACTIVE)", FLEXNET_INACTIVE },
    { "8:42:30 (d) INACTIVE: \"f\" u@h", FLEXNET_INACTIVE },
    { "8:42:30 (d) DENIED: \"f\" u@h  (Users are queued for this feature. (-24,332))", FLEXNET_DENIED },
    { "8:42:30 (d) UNSUPPORTED: \"f\" (00B0 ) u@h  (No such feature exists. (-5,346))", FLEXNET_UNSUPPORTED },
    { "8:42:30 (d) QUEUED: \"f\" u@h  ", FLEXNET_QUEUED },
    { "8:42:30 (d) DEQUEUED: \"f\" u@h  ", FLEXNET_DEQUEUED },
    { "8:42:30 (d) UPGRADE: \"f\" u@h  (1->2 licenses) ", FLEXNET_UPGRADE },
    { "8:42:30 (lmgrd) FlexNet Licensing (v11.18.0.0 build 1 x64_n6) started on h (IBM PC) (5/5/2022)", FLEXNET_START },
    { "8:42:30 (lmadmin) FLEXlm (v9.2) started on h (Sun) (5/5/2004)", FLEXNET_START },
    { "8:42:30 (lmgrd) Started d (pid 4440)", FLEXNET_START },
    { "8:42:30 (lmgrd) REStarted d (internet tcp_port 43652 pid 22155)", FLEXNET_START },
    { "8:42:30 (d) FLEXnet Licensing version v11.5.0.0 build 56285 i86_re3", FLEXNET_START },
    { "8:42:30 (d) Server started on h for:\tf", FLEXNET_TEXT },
    { "8:42:30 (d) Rereading license file...", FLEXNET_TEXT },
    { "8:42:30 (lmgrd) Starting vendor daemons ... ", FLEXNET_TEXT },
    { "8:42:30 (lmgrd) TIMESTAMP 5/5/2022", FLEXNET_DATE },
    { "8:42:30 (lmgrd) TIMESTAMP 2/29/2022", FLEXNET_DAMAGED },
    { "8:42:30 (lmgrd) TIMESTAMP 5/5/20", FLEXNET_DAMAGED },
    { "8:42:30 (lmgrd) Server's System Date and Time: Thu May 05 2022 08:42:20 CEST", FLEXNET_DATE },
    { "8:42:30 (d) (@d-SLOG@) Time: Thu May 05 2022 08:42:20 CEST", FLEXNET_DATE },
    { "8:42:30 (d) (@d-SLOG@) Start-Date: Thu May 05 2022 08:42:20 CEST", FLEXNET_DATE },
    { "8:42:30 (d) (@d-SLOG@) Start-Date: Thu Foo 05 2022 08:42:20 CEST", FLEXNET_STATISTICS },
    { "8:42:30 (d) (@d-SLOG@) === Network Info ===", FLEXNET_STATISTICS },
    { "8:42:30 (d) SLOG: Summary LOG statistics is enabled.", FLEXNET_STATISTICS },
    { "8:42:30 (d) EXPIRED: f", FLEXNET_TEXT },
    { "8:42:30 (d) Checkin failed feature \"f\": u h display", FLEXNET_TEXT },
    { "8:42:30 (d) \t\"\"", FLEXNET_TEXT },
    { "8:42:30 (d) ", FLEXNET_TEXT },
    { "8:42:30 (d)", FLEXNET_TEXT },
    { "8:42:30 (d) BORROWED: \"f\" u@h  ", FLEXNET_OTHER },
    { " ansyslmd  ansoftd  ", FLEXNET_CONTINUATION },
    { "Shut down FlexNet MLM license server system on machine h", FLEXNET_CONTINUATION },
    { "24:00:00 (d) OUT: \"f\" u@h", FLEXNET_CONTINUATION },
    { "2026-02-30T12:13:14Z (d) OUT: \"f\" u@h", FLEXNET_CONTINUATION },
    { "", FLEXNET_EMPTY },
    { " \t ", FLEXNET_EMPTY },
    { "8:42:30 (ven", FLEXNET_DAMAGED },
    { "8:42:30", FLEXNET_DAMAGED },
    { "8:42:30 () OUT: \"f\" u@h", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"\" u@h", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f\" u", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f\" u@", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f\" @h", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: f u@h", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f\" u@h  (0 licenses) ", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f\" u@h  (1000001 licenses) ", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"f\" u@h  (99999999999999999999 licenses) ", FLEXNET_DAMAGED },
    { "8:42:30 (d) OUT: \"0123456789012345678901234567890123456789012345678901234567890123\" u@h", FLEXNET_OUT },
    { "8:42:30 (d) OUT: \"01234567890123456789012345678901234567890123456789012345678901234\" u@h", FLEXNET_DAMAGED },
};

static void every_shape_of_line_has_its_kind(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct flexnet_line line = flexnet_line_read(str_of(shapes[i].line));
        CHECKING("%s", shapes[i].line);
        CHECK_STR(str_of(flexnet_kind_name(line.kind)), str_of(flexnet_kind_name(shapes[i].kind)));
    }
}

static void an_event_is_taken_apart_whatever_its_names_hold(void)
{
    static const struct {
        const char *rest; /* behind the feature's name */
        const char *user, *host;
        uint32_t quantity;
        const char *extra, *reason;
    } cases[] = {
        { "u0ca0de@h83d99d  ", "u0ca0de", "h83d99d", 1, "", "" },
        { "u0ca0de@h83d99d  (32 licenses) ", "u0ca0de", "h83d99d", 32, "", "" },
        { "u@h  (20 licencias) ", "u", "h", 20, "", "" },
        { "u@h  (7 \xe3\x83\xa9\xe3\x82\xa4) ", "u", "h", 7, "", "" },
        { "u@h (3)", "u", "h", 3, "", "" },
        { "u@h  (1000000 licenses) ", "u", "h", 1000000, "", "" },
        { "Marta Rodriguez@DESKTOP-L00  ", "Marta Rodriguez", "DESKTOP-L00", 1, "", "" },
        { "Jos\xe9 Juan@PC  ", "Jos\xe9 Juan", "PC", 1, "", "" },
        { "bob@corp.example@pc-03  (2 licenses) ", "bob@corp.example", "pc-03", 2, "", "" },
        { "jo@my  pc  (2 licenses) ", "jo", "my  pc", 2, "", "" },
        { "jo (cad)@pc (2)  (4 licenses) ", "jo (cad)", "pc (2)", 4, "", "" },
        { "alice@pc [job-42] (3 licenses)", "alice", "pc", 3, "job-42", "" },
        { "alice@pc  [32206] ", "alice", "pc", 1, "32206", "" },
        { "u@h  (SHUTDOWN)", "u", "h", 1, "", "SHUTDOWN" },
        { "u@h  (25 licenses) (Users are queued for this feature. (-24,332))", "u", "h", 25, "",
          "Users are queued for this feature. (-24,332)" },
        { "(00B0 EF6E AFC6 B280 ) u@h  (No such feature exists. (-5,346))", "u", "h", 1, "00B0 EF6E AFC6 B280",
          "No such feature exists. (-5,346)" },
        { "u@h  (Cannot connect to 27000@srv (a) (-15,1))", "u", "h", 1, "",
          "Cannot connect to 27000@srv (a) (-15,1)" },
        { "@host (2) ^^^ 1.0 alice smith 192.0.2.7 29865 0x12CE 1 3 proj 11 19 8-8-2023 8:41:56 YES ^^^", "alice smith",
          "host", 2, "", "" },
        { "@host ^^^ 1.0 al 2001:db8::7 29865 0x12CE 1 3 a b 11 19 8-8-2023 8:41:56 YES ^^^", "al", "host", 1, "", "" },
        { "@host (No licenses (-4,342)) ^^^ 1.0 al 192.0.2.7 1 h 1 3 p 11 19 8-8-2023 8:41:56 NO ^^^", "al", "host", 1,
          "", "No licenses (-4,342)" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        struct flexnet_line line;
        (void)snprintf(text, sizeof text, "17:17:45 (vendor_d) DENIED: \"aa_r_hpc\" %s", cases[i].rest);
        CHECKING("%s", cases[i].rest);
        line = flexnet_line_read(str_of(text));
        CHECK_INT(line.kind, FLEXNET_DENIED);
        CHECK_INT(line.time_s, (17 * 60 + 17) * 60 + 45);
        CHECK_STR(line.daemon, STR("vendor_d"));
        CHECK_STR(line.feature, STR("aa_r_hpc"));
        CHECK_STR(line.user, str_of(cases[i].user));
        CHECK_STR(line.host, str_of(cases[i].host));
        CHECK_INT(line.quantity, cases[i].quantity);
        CHECK_STR(line.extra, str_of(cases[i].extra));
        CHECK_STR(line.reason, str_of(cases[i].reason));
    }
}

static void a_grant_keeps_what_stands_in_brackets_as_its_data(void)
{
    struct flexnet_line line = flexnet_line_read(STR("1:00:00 (d) OUT: \"f\" u@h  (SHARED) (2 licenses) "));

    CHECK_INT(line.kind, FLEXNET_OUT);
    CHECK_INT(line.quantity, 2);
    CHECK_STR(line.extra, STR("SHARED"));
    CHECK_STR(line.reason, STR(""));
}

static void months_are_known_in_the_servers_language(void)
{
    static const struct {
        const char *date;
        int month;
    } cases[] = {
        { "Sun Jan 08 2017 17:17:45 EST", 1 },
        { "lun ene 02 2023 09:00:00 CET", 1 },
        { "lun. janv. 02 2023 09:00:00 CET", 1 },
        { "mer f\xc3\xa9vr. 01 2023 09:00:00", 2 },
        { "mer f\xe9vr. 01 2023 09:00:00", 2 },
        { "Mi M\xc3\xa4r 01 2023 09:00:00", 3 },
        { "Mi Mrz 01 2023 09:00:00", 3 },
        { "sab abr 01 2023  9:00:00", 4 },
        { "gio mag 04 2023 09:00:00", 5 },
        { "jeu juin 01 2023 09:00:00", 6 },
        { "jeu juil. 06 2023 09:00:00", 7 },
        { "mar ao\xfbt 01 2023 09:00:00", 8 },
        { "ven set 01 2023 09:00:00", 9 },
        { "So Okt 01 2023 09:00:00", 10 },
        { "wo nov 01 2023 09:00:00", 11 },
        { "vie dic 30 2022 22:15:00 CET", 12 },
        { "ven d\xe9"
          "c. 30 2022 22:15:00",
          12 },
        { "ke marras 30 2022 22:15:00", 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct flexnet_line line;
        (void)snprintf(text, sizeof text, "1:00:00 (lmgrd) Server's System Date and Time: %s", cases[i].date);
        CHECKING("%s", cases[i].date);
        line = flexnet_line_read(str_of(text));
        CHECK_INT(line.dated ? line.date.civil.month : 0, cases[i].month);
    }
}

static void a_name_that_is_not_utf8_becomes_so_always_in_the_same_way(void)
{
    AUTO(struct buf, buf_free) buf = { .max = 256 };

    flexnet_text_add(&buf, STR("Jos\xc3\xa9"));
    buf_add(&buf, STR("|"));
    flexnet_text_add(&buf, STR("Jos\xe9 \x80\x81"));
    buf_add(&buf, STR("|"));
    flexnet_text_add(&buf, ((struct str){ "a\0\tb\x7f", 5 }));
    CHECK_OK(buf.status);
    CHECK_STR(buf_str(&buf), STR("Jos\xc3\xa9|Jos\xc3\xa9 \xe2\x82\xac\xef\xbf\xbd|a\xef\xbf\xbd\xef\xbf\xbd"
                                 "b\xef\xbf\xbd"));
    CHECK(str_is_utf8(buf_str(&buf)));
}

static const struct test tests[] = {
    TEST(every_shape_of_line_has_its_kind),
    TEST(an_event_is_taken_apart_whatever_its_names_hold),
    TEST(a_grant_keeps_what_stands_in_brackets_as_its_data),
    TEST(months_are_known_in_the_servers_language),
    TEST(a_name_that_is_not_utf8_becomes_so_always_in_the_same_way),
};
TEST_MAIN(tests)
