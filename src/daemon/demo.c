/*
 * daemon/demo: `tally demo`: a ledger with a past, served on loopback, to try everything on in a minute.
 *
 * Two weeks of use are made by the same decide and apply that a server runs, under a clock of their own, and the ledger
 * says that they were (demo.seeded). Everything is drawn from one seed. Nothing leaves this machine: it listens on
 * loopback only and opens no other connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "codec/token_text.h"
#include "daemon/commands.h"
#include "daemon/demo_world.h"
#include "daemon/serve.h"
#include "engine/engine.h"

#define PATH_BYTES 4096

struct demo_options {
    const char *data;
    const char *listen;
    int64_t days;
};

static const struct option_row demo_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct demo_options, data),
      .value = "DIR",
      .help = "where to make the demo's ledger (default: ./tally-demo; used again when it is there)" },
    { .name = "listen",
      .kind = OPTION_TEXT,
      .where = offsetof(struct demo_options, listen),
      .value = "HOST:PORT",
      .help = "a loopback address (default: 127.0.0.1:8470)" },
    { .name = "days",
      .kind = OPTION_INT,
      .where = offsetof(struct demo_options, days),
      .min = 1,
      .max = 29,
      .value = "N",
      .help = "days of past use (default: 14)" },
};

static void demo_defaults(void *at)
{
    struct demo_options *options = at;

    options->data = "tally-demo";
    options->listen = "127.0.0.1:8470";
    options->days = 14;
}

/* A token into a file that nobody else can read. */
static status token_write(const char *dir, const char *name, const struct secret *token, struct err *err)
{
    char path[PATH_BYTES];
    int fd;
    status s = OK;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_system(err, "create", path);
    if (write(fd, token->bytes, token->len) != (ssize_t)token->len || write(fd, "\n", 1) != 1)
        s = err_system(err, "write", path);
    close(fd);
    return s;
}

static status ledger_make(const struct demo_options *options, const char *ledger, struct err *err)
{
    AUTO(struct secret, secret_free) admin = { 0 };
    AUTO(struct secret, secret_free) member = { 0 };
    struct entropy entropy = entropy_from_system();
    struct engine_genesis genesis = { .dir = ledger,
                                      .origin = STR("demo.example/tally"),
                                      .admin_name = STR("demo administrator"),
                                      .version = STR(TALLY_VERSION),
                                      .admin_token_days = TOKEN_DAYS_DEFAULT };
    struct hash hash;

    token_text_new(TOKEN_PERSON, &entropy, &admin);
    token_text_new(TOKEN_PERSON, &entropy, &member);
    hash = hash_of((struct str){ (const char *)admin.bytes, admin.len });
    memcpy(genesis.admin_token_hash, hash.bytes, HASH_BYTES);
    genesis.at_ms = clock_read().wall_ms - options->days * 86400000;
    TRY(engine_create(&genesis, err));
    hash = hash_of((struct str){ (const char *)member.bytes, member.len });
    TRY(demo_world_live(ledger, &hash, clock_read().wall_ms, err));
    TRY(token_write(options->data, "admin.token", &admin, err));
    return token_write(options->data, "member.token", &member, err);
}

static void ready(void *context, const char *url)
{
    const struct demo_options *options = context;

    (void)printf("\nA demo ledger is served on %s; Ctrl-C ends it.\nIn another terminal:\n\n"
                 "  export TALLY_URL=%s TALLY_TOKEN_FILE=%s/member.token\n"
                 "  tally run --feature cad/render -- sleep 60      # holds a seat while it runs\n"
                 "  tally why --feature cad/mesh                    # why a seat is or is not to be had\n"
                 "  tally lease list\n\n"
                 "  export TALLY_TOKEN_FILE=%s/admin.token          # as the administrator\n"
                 "  tally pool list\n"
                 "  tally audit tail\n"
                 "  tally verify %s\n\n",
                 url, url, options->data, options->data, url);
}

static status demo_serve(const struct demo_options *options, struct err *err)
{
    struct serve_config config = { .listen = options->listen, .ready = ready, .context = (void *)(uintptr_t)options };
    char ledger[PATH_BYTES];
    struct stat there;

    if (!serve_listens_on_loopback(options->listen))
        return err_member(err, CODE_INVALID, "listen",
                          "the demo listens on loopback only, as 127.0.0.1:8470, not \"%s\"", options->listen);
    (void)snprintf(ledger, sizeof(ledger), "%s/ledger", options->data);
    if (mkdir(options->data, 0700) && errno != EEXIST)
        return err_system(err, "make", options->data);
    if (stat(ledger, &there)) {
        (void)printf("making keys and %lld days of use …\n", (long long)options->days);
        (void)fflush(stdout);
        TRY(ledger_make(options, ledger, err));
    }
    config.dir = ledger;
    return serve_run(&config, err);
}

static int demo_run(const struct command_line *line, const void *options)
{
    struct err err = { 0 };
    status s = demo_serve(options, &err);

    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}

const struct cli_command demo_command = {
    .words = "demo",
    .summary = "make a ledger with a past and serve it on loopback",
    .example = "tally demo",
    .options = demo_rows,
    .option_count = sizeof(demo_rows) / sizeof(demo_rows[0]),
    .options_size = sizeof(struct demo_options),
    .defaults = demo_defaults,
    .run = demo_run,
};
