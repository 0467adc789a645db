/*
 * cli/run: `tally run`: holds a lease while a program runs.
 *
 * The program runs only with a lease that was proven (P6), and no longer than an honest holder may: when the lease is
 * lost it is asked to end, and made to, unless --on-loss=warn says that going on is the user's own business.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/child.h"
#include "cli/claims.h"
#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/session.h"

struct run_options {
    const char *feature;
    const char *project;
    const char *on_loss;
    int64_t quantity;
    int64_t wait_s;
    int64_t ttl_s;
    int64_t kill_after_s;
};

static const struct option_row run_rows[] = {
    { "feature", OPTION_TEXT, offsetof(struct run_options, feature), 0, 0, true, "FEATURE",
      "product/feature, or a name that only one product has", 0, 0 },
    { "quantity", OPTION_INT, offsetof(struct run_options, quantity), 1, QUANTITY_MAX, false, "N", "seats (default: 1)",
      0, 0 },
    { "wait", OPTION_INT, offsetof(struct run_options, wait_s), 0, WAIT_MAX_S, false, "S",
      "queue for a seat so many seconds at most (default: 0)", 0, 0 },
    { "ttl", OPTION_INT, offsetof(struct run_options, ttl_s), TTL_MIN_S, TTL_MAX_S, false, "S",
      "seconds of silence after which the server takes the seat back (default: 300)", 0, 0 },
    { "project", OPTION_TEXT, offsetof(struct run_options, project), 0, 0, false, "TEXT",
      "what it is for, kept private", 0, 0 },
    { "on-loss", OPTION_TEXT, offsetof(struct run_options, on_loss), 0, 0, false, "term|warn",
      "when the lease is lost: end the program, or only say so (default: term)", 0, 0 },
    { "kill-after", OPTION_INT, offsetof(struct run_options, kill_after_s), 0, 3600, false, "S",
      "seconds between asking it to end and making it (default: 10)", 0, 0 },
};

static void run_defaults(void *at)
{
    struct run_options *options = at;

    options->quantity = 1;
    options->ttl_s = TTL_DEFAULT_S;
    options->on_loss = "term";
    options->kill_after_s = 10;
}

/* One run, from the seat to its return. */
struct running {
    const struct command_line *line;
    const struct run_options *options;
    struct session session;
    struct child child;
    struct lease lease;
    struct holder holder;
    int64_t told_place; /* what was last said about waiting */
    int64_t kill_at_ms; /* running clock; 0: never */
};

static void running_end(struct running *running)
{
    holder_stop(&running->holder);
    child_close(&running->child);
    session_close(&running->session);
}

/* Somebody who waits at a terminal is told where in the queue. */
static bool waiting_go_on(void *context, int64_t place)
{
    struct running *running = context;

    if (place > 0 && place != running->told_place && isatty(STDERR_FILENO))
        (void)fprintf(stderr, "tally: waiting for %s, place %lld in the queue\n", running->options->feature,
                      (long long)place);
    running->told_place = place;
    running->child.exit = child_signal_pending(&running->child);
    return running->child.exit == 0;
}

static status seats_take(struct running *running, struct err *err)
{
    const struct run_options *options = running->options;
    struct claims claims = { 0 };
    struct lease_patience patience = { waiting_go_on, running };
    struct lease_wish wish = { .feature = str_of(options->feature),
                               .project = str_of(options->project),
                               .quantity = options->quantity,
                               .ttl_s = options->ttl_s,
                               .wait_s = options->wait_s };

    claims_collect(&claims, running->line->rest[0]);
    wish.asserted = claims.at;
    wish.asserted_count = claims.count;
    return lease_take(&running->session.trust, &wish, &patience, &running->lease, err);
}

/* ---- While it runs ---- */

static void loss_handle(struct running *running)
{
    bool warn = strcmp(running->options->on_loss, "warn") == 0;
    struct err why;

    holder_loss(&running->holder, &why);
    (void)fprintf(stderr, "tally: the lease %s is lost (%s); %s\n", running->lease.id, why.text,
                  warn ? "the program goes on without one" : "the program is asked to end");
    if (warn)
        return;
    child_kill(&running->child, SIGTERM);
    running->kill_at_ms = clock_read().running_ms + running->options->kill_after_s * 1000;
}

/* How long to wait for the next thing to do. */
static int64_t patience_ms(struct running *running)
{
    int64_t left_ms = running->kill_at_ms - clock_read().running_ms;

    if (!running->kill_at_ms)
        return -1;
    if (left_ms > 0)
        return left_ms;
    child_kill(&running->child, SIGKILL);
    running->kill_at_ms = 0;
    return -1;
}

static void program_attend(struct running *running)
{
    int lost_fd = running->holder.lost_fd;

    while (!running->child.ended) {
        if (child_attend(&running->child, lost_fd, patience_ms(running)) && lost_fd >= 0) {
            lost_fd = -1; /* poll ignores it from now on */
            loss_handle(running);
        }
    }
}

/* The exit status of a program that can't be started, as shells give it. */
static int exit_of_start(status s)
{
    return s.code == CODE_NOT_FOUND ? EXIT_NO_PROGRAM : s.code == CODE_DENIED ? EXIT_NOT_RUNNABLE : exit_of(s);
}

/* The seats are held: from here on they are given back whatever happens. */
static int program_run(struct running *running)
{
    struct child_plan plan = { .argv = running->line->rest,
                               .name = "TALLY_LEASE_ID",
                               .value = running->lease.id,
                               .dies_with_us = strcmp(running->options->on_loss, "term") == 0 };
    struct err err = { 0 };
    status s = child_start(&running->child, &plan, &err);
    int exit = exit_of_start(s);

    if (!s.code) {
        s = holder_start(&running->holder, &running->session.trust, &running->lease, &err);
        if (s.code)
            child_kill(&running->child, SIGTERM);
        program_attend(running);
        exit = running->child.exit;
        holder_stop(&running->holder);
    }
    if (s.code)
        exit = command_fail(running->line, exit, &err);
    if (!running->holder.is_lost && lease_release(running->session.client, &running->lease, &err).code)
        (void)fprintf(stderr, "tally: the seat was not given back and lapses by itself: %s\n", err.text);
    return exit;
}

/* What a refusal means for scripts: 75 comes back later, 77 does not. */
static int exit_of_refusal(const struct running *running, status s)
{
    if (s.code == CODE_CLOSED && running->child.exit)
        return EXIT_SIGNAL_BASE + running->child.exit;
    if (s.code == CODE_BUSY || s.code == CODE_TIMED_OUT)
        return EXIT_NO_SEATS;
    if (s.code == CODE_NOT_FOUND) /* a feature that is not there, or that one may not know of */
        return EXIT_NOT_ALLOWED;
    return exit_of(s);
}

static status options_check(const struct command_line *line, const struct run_options *options, struct err *err)
{
    if (!line->rest || !line->rest[0])
        return err_set(err, CODE_INVALID, "run needs a program after --; see `tally run --help`");
    if (strcmp(options->on_loss, "term") != 0 && strcmp(options->on_loss, "warn") != 0)
        return err_member(err, CODE_INVALID, "on-loss", "--on-loss must be term or warn, not \"%s\"", options->on_loss);
    return OK;
}

static int run_run(const struct command_line *line, const void *options)
{
    AUTO(struct running, running_end) running = { .line = line, .options = options };
    struct err err = { 0 };
    status s = options_check(line, options, &err);

    if (!s.code)
        s = child_signals_block(&running.child, &err);
    if (!s.code)
        s = session_open(&running.session, &err);
    if (!s.code)
        s = seats_take(&running, &err);
    if (s.code == CODE_NOT_FOUND && strcmp(err.member, "feature") == 0)
        (void)err_member(&err, s.code, "feature",
                         "--feature %s: there is no such feature, or none that you may know of",
                         running.options->feature);
    return s.code ? command_fail(line, exit_of_refusal(&running, s), &err) : program_run(&running);
}

static const struct cli_command run_command = {
    .words = "run",
    .summary = "hold a lease while a program runs",
    .operands = "-- PROGRAM [ARGUMENT …]",
    .example = "tally run --feature cad/render --wait 600 -- blender --background scene.blend",
    .options = run_rows,
    .option_count = sizeof(run_rows) / sizeof(run_rows[0]),
    .options_size = sizeof(struct run_options),
    .defaults = run_defaults,
    .run = run_run,
};

static const struct cli_command *const commands[] = { &run_command, &why_command };
const struct command_group work_group = { "Working with seats", commands, sizeof(commands) / sizeof(commands[0]) };
