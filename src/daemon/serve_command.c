/*
 * daemon/serve_command: `tally serve`.
 */
#include <stdio.h>

#include "daemon/commands.h"
#include "daemon/serve.h"

static const struct option_row serve_rows[] = {
    { "data", OPTION_TEXT, offsetof(struct serve_config, dir), 0, 0, true, "DIR", "the data directory" },
    { "listen", OPTION_TEXT, offsetof(struct serve_config, listen), 0, 0, false, "HOST:PORT",
      "where to listen (default: 127.0.0.1:8470; port 0: any)" },
    { "certificate", OPTION_TEXT, offsetof(struct serve_config, certificate), 0, 0, false, "FILE",
      "PEM certificate chain: serve TLS" },
    { "key", OPTION_TEXT, offsetof(struct serve_config, key), 0, 0, false, "FILE", "its PEM private key" },
    { "public", OPTION_TEXT, offsetof(struct serve_config, public_access), 0, 0, false, "WHAT",
      "readable without a token: none, checkpoint or tiles (default: tiles on loopback, none beyond)" },
    { "loops", OPTION_INT, offsetof(struct serve_config, loops), 0, 64, false, "N",
      "event loops (default 0: by the number of cores)" },
};

static void serve_defaults(void *options)
{
    struct serve_config *config = options;

    config->listen = "127.0.0.1:8470";
}

static int serve_command_run(const struct command_line *line, const void *options)
{
    struct err err = { 0 };
    status s = serve_run(options, &err);

    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}

const struct cli_command serve_command = {
    .words = "serve",
    .summary = "serve a ledger over HTTP",
    .example = "tally serve --data ./data --listen 127.0.0.1:8470",
    .options = serve_rows,
    .option_count = sizeof(serve_rows) / sizeof(serve_rows[0]),
    .options_size = sizeof(struct serve_config),
    .defaults = serve_defaults,
    .run = serve_command_run,
};
