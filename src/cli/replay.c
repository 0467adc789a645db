/*
 * cli/replay: `tally replay LOG`: the same log once more, its users as live clients of this server (cli/replay_play).
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/flexnet_file.h"
#include "cli/progress.h"
#include "cli/replay_licenses.h"
#include "cli/replay_play.h"
#include "cli/session.h"

#define SPEED_MAX      1000000000
#define SPEED_PARTS    1000  /* speeds are kept in thousandths */
#define PAUSE_MAX_MS   60000 /* heartbeats are looked after once a minute */
#define PAUSE_SHORT_MS 5     /* what is sooner than this is now: a batch takes as long */

struct replay_options {
    int64_t limit;
    const char *speed;
    const char *zone;
    const char *holder;
    bool create_licenses;
};

static const struct option_row replay_rows[] = {
    { "speed", OPTION_TEXT, offsetof(struct replay_options, speed), 0, 0, false, "X",
      "so many times as fast as it was; 0: as fast as the server answers (default: 0)", 0, 0 },
    { "limit", OPTION_INT, offsetof(struct replay_options, limit), 1, INT64_MAX / 2, false, "N",
      "stop after N check-outs", 0, 0 },
    { "create-licenses", OPTION_FLAG, offsetof(struct replay_options, create_licenses), 0, 0, false, NULL,
      "first make products, and licences with as many seats as the log's peak", 0, 0 },
    { "holder", OPTION_TEXT, offsetof(struct replay_options, holder), 0, 0, false, "ORGANISATION",
      "whom --create-licenses gives them to; made when it is missing (default: replay)", 0, 0 },
    { "zone", OPTION_TEXT, offsetof(struct replay_options, zone), 0, 0, false, "ZONE",
      "where the log was written, as Europe/Madrid or +02:00 (default: as it says itself)", 0, 0 },
};

static void replay_defaults(void *at)
{
    struct replay_options *options = at;

    options->limit = INT64_MAX;
    options->speed = "0";
    options->holder = "replay";
}

struct replaying {
    const struct replay_options *options;
    struct session session;
    struct flexnet_file file;
    struct flexnet_usage usage; /* of the whole log, before it is played */
    struct play play;
    struct progress progress;
    uint64_t speed_parts; /* 0: without waiting */
    int64_t first_ms;     /* of the log; 0: nothing was played yet */
    int64_t begun_ms;     /* running clock */
    bool is_over;         /* --limit was reached, or somebody interrupts */
};

static void replaying_end(struct replaying *replaying)
{
    (void)progress_end(&replaying->progress);
    play_free(&replaying->play);
    flexnet_usage_free(&replaying->usage);
    flexnet_file_close(&replaying->file);
    session_close(&replaying->session);
}

/* "60", "0.5": digits, and at most three after a point. */
static status speed_read(const char *text, uint64_t *ret_parts, struct err *err)
{
    struct str rest = str_of(text);
    struct str whole = str_take(&rest, '.');
    uint64_t number = 0, fraction = 0;
    uint64_t scale = SPEED_PARTS;
    bool good = !str_to_u64(whole, SPEED_MAX, &number).code && rest.len <= 3;

    for (size_t i = 0; i < rest.len && good; i++) {
        good = rest.at[i] >= '0' && rest.at[i] <= '9';
        scale /= 10;
        fraction += (uint64_t)(rest.at[i] - '0') * scale;
    }
    if (!good)
        return err_member(err, CODE_INVALID, "speed", "--speed must be a number as 60 or 0.5, not \"%.60s\"", text);
    *ret_parts = number * SPEED_PARTS + fraction;
    return OK;
}

/* ---- Playing ---- */

/* Waits, or is told to stop; signals are taken here alone. */
static bool pause_ms(int64_t ms)
{
    struct timespec pause = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return sigtimedwait(&set, NULL, &pause) < 0;
}

static void signals_block(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* How long until the event's turn comes. */
static int64_t left_ms(const struct replaying *replaying, int64_t at_ms)
{
    int64_t due_ms = (int64_t)((double)(at_ms - replaying->first_ms) * SPEED_PARTS / (double)replaying->speed_parts);

    return replaying->begun_ms + due_ms - clock_read().running_ms;
}

static status turn_await(struct replaying *replaying, const struct flexnet_event *event, struct err *err)
{
    int64_t ms;

    if (!replaying->first_ms)
        replaying->first_ms = event->moment.at_ms;
    if (!replaying->speed_parts || !event->moment.placed) {
        replaying->is_over = !pause_ms(0);
        return play_beat(&replaying->play, err);
    }
    while (!replaying->is_over && (ms = left_ms(replaying, event->moment.at_ms)) > PAUSE_SHORT_MS) {
        TRY(play_flush(&replaying->play, err));
        replaying->is_over = !pause_ms(ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS);
        TRY(play_beat(&replaying->play, err));
    }
    return OK;
}

static bool is_played(const struct flexnet_event *event)
{
    return event->restart || event->line.kind == FLEXNET_OUT || event->line.kind == FLEXNET_DENIED ||
           flexnet_is_return(event->line.kind);
}

static status event_play(void *context, const struct flexnet_event *event, struct err *err)
{
    struct replaying *replaying = context;

    progress_at(&replaying->progress, event->number);
    if (replaying->is_over || !is_played(event))
        return OK;
    TRY(turn_await(replaying, event, err));
    if ((int64_t)replaying->play.attempts >= replaying->options->limit)
        replaying->is_over = true;
    return replaying->is_over ? OK : play_event(&replaying->play, event, err);
}

static status event_measure(void *context, const struct flexnet_event *event, struct err *err)
{
    struct replaying *replaying = context;

    return flexnet_usage_add(&replaying->usage, event).code
               ? err_set(err, CODE_TOO_LARGE, "the log names more than can be kept, or there is no memory")
               : OK;
}

/* The whole log once, for the licences that it takes. */
static status log_measure(struct replaying *replaying, const char *path, struct err *err)
{
    struct flexnet_visitor visitor = { event_measure, replaying };

    TRY(flexnet_file_open(path, replaying->options->zone, &replaying->file, err));
    TRY(flexnet_file_read(&replaying->file, &visitor, err));
    TRY(flexnet_file_end(&replaying->file, &visitor, err));
    replaying->progress = progress_begin("replaying", replaying->file.log.lines);
    flexnet_file_close(&replaying->file);
    replaying->file = (struct flexnet_file){ 0 };
    return OK;
}

static status log_play(struct replaying *replaying, const char *path, struct err *err)
{
    struct flexnet_visitor visitor = { event_play, replaying };

    signals_block();
    replaying->begun_ms = clock_read().running_ms;
    TRY(flexnet_file_open(path, replaying->options->zone, &replaying->file, err));
    TRY(flexnet_file_read(&replaying->file, &visitor, err));
    TRY(flexnet_file_end(&replaying->file, &visitor, err));
    return play_end(&replaying->play, err);
}

/* ---- The command ---- */

static status replay(struct replaying *replaying, const char *path, struct err *err)
{
    replaying->usage = flexnet_usage_start();
    TRY(speed_read(replaying->options->speed, &replaying->speed_parts, err));
    TRY(log_measure(replaying, path, err));
    TRY(session_open(&replaying->session, err));
    replaying->play = play_begin(replaying->session.client);
    if (replaying->options->create_licenses)
        TRY(replay_licenses_make(replaying->session.client, &replaying->usage, replaying->options->holder, err));
    return log_play(replaying, path, err);
}

static void summary_print(const struct command_line *line, const struct replaying *replaying, double seconds)
{
    const struct play *play = &replaying->play;
    const char *form =
        line->json
            ? "{\"attempts\":%llu,\"grants\":%llu,\"returns\":%llu,\"denials\":%llu,\"restart_closed\":%llu,"
              "\"unmatched\":%llu,\"released_at_end\":%llu,\"granted_though_denied\":%llu,\"seconds\":%.3f}\n"
            : "%llu check-outs: %llu granted, %llu returned, %llu denied\n%llu closed by a restart, %llu returns of "
              "nothing, %llu still open and given back at the end\n%llu granted that the log says were denied\n"
              "took %.2f s\n";

    (void)printf(form, (unsigned long long)play->attempts, (unsigned long long)play->grants,
                 (unsigned long long)play->returns, (unsigned long long)play->denials,
                 (unsigned long long)play->closed_by_restart, (unsigned long long)play->unmatched,
                 (unsigned long long)play->released_at_end, (unsigned long long)play->granted_though_denied, seconds);
}

static int replay_run(const struct command_line *line, const void *options)
{
    AUTO(struct replaying, replaying_end) replaying = { .options = options };
    struct err err = { 0 };
    status s = replay(&replaying, line->operands[0], &err);
    double seconds = (double)progress_end(&replaying.progress) / 1e6;

    if (s.code)
        return command_fail(line, exit_of(s), &err);
    summary_print(line, &replaying, seconds);
    return EXIT_DONE;
}

const struct cli_command replay_command = {
    .words = "replay",
    .summary = "play a FlexNet log as live clients of this server",
    .operands = "LOG",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally replay lmgrd.log --speed 3600 --create-licenses",
    .options = replay_rows,
    .option_count = sizeof(replay_rows) / sizeof(replay_rows[0]),
    .options_size = sizeof(struct replay_options),
    .defaults = replay_defaults,
    .run = replay_run,
};

static const struct cli_command *const commands[] = { &observe_command, &replay_command };
const struct command_group logs_group = { "Logs of other licence servers", commands,
                                          sizeof(commands) / sizeof(commands[0]) };
