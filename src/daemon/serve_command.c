/*
 * daemon/serve_command: `tally serve`.
 */
#include <stdio.h>

#include "base/limits.h"
#include "daemon/commands.h"
#include "daemon/serve.h"
#include "service/witnesses.h"
#include "store/store.h"

static const struct option_row serve_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, dir),
      .required = true,
      .value = "DIR",
      .help = "the data directory" },
    { .name = "listen",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, listen),
      .value = "HOST:PORT",
      .help = "where to listen (default: 127.0.0.1:8470; port 0: any)" },
    { .name = "certificate",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, certificate),
      .value = "FILE",
      .help = "PEM certificate chain: serve TLS" },
    { .name = "key",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, key),
      .value = "FILE",
      .help = "its PEM private key" },
    { .name = "public",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, public_access),
      .value = "WHAT",
      .help = "readable without a token: none, checkpoint or tiles (default: tiles on loopback, none beyond)" },
    { .name = "loops",
      .kind = OPTION_INT,
      .where = offsetof(struct serve_config, loops),
      .min = 0,
      .max = 64,
      .value = "N",
      .help = "event loops (default 0: by the number of cores)" },
    { .name = "witness-policy",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, witness_policy),
      .value = "FILE",
      .help = "witnesses that are to cosign, and how many of them (C2SP tlog-policy)" },
    { .name = "witness-ca",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, witness_ca),
      .value = "FILE",
      .help = "PEM certificates of the authorities to check witnesses' with (default: the system's)" },
    { .name = "witness-patience",
      .kind = OPTION_INT,
      .where = offsetof(struct serve_config, witness_patience_s),
      .min = 1,
      .max = 86400,
      .value = "SECONDS",
      .help = "without a cosignature, before a witness is recorded as absent (default 60)" },
    { .name = "receipts",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, receipts),
      .value = "WHICH",
      .help = "signed, or witnessed: these wait up to 5 s for the witness policy to be met (default: signed)" },
    { .name = "keys",
      .kind = OPTION_TEXT,
      .where = offsetof(struct serve_config, keys),
      .value = "DIR",
      .help = "where vault.keys lies, the keys of private texts (default: in the data directory)" },
    { .name = "vault-keep-days",
      .kind = OPTION_INT,
      .where = offsetof(struct serve_config, vault_keep_days),
      .min = -1,
      .max = VAULT_KEEP_DAYS_MAX,
      .value = "N",
      .help = "days after which private texts lose their key (default 0: 1096; -1: never)" },
    { .name = "key-backup-days",
      .kind = OPTION_INT,
      .where = offsetof(struct serve_config, key_backup_days),
      .min = 0,
      .max = KEY_BACKUP_DAYS_MAX,
      .value = "N",
      .help = "days after which a backup of those keys lapses (default 0: 30)" },
};

static void serve_defaults(void *options)
{
    struct serve_config *config = options;

    config->listen = "127.0.0.1:8470";
    config->witness_patience_s = WITNESS_PATIENCE_S;
}

static int serve_command_run(const struct command_line *line, const void *options)
{
    const struct serve_config *config = options;
    struct err err = { 0 };
    status s = store_find(config->dir, &err);

    if (!s.code)
        s = serve_run(config, &err);
    else if (s.code == CODE_NOT_FOUND)
        (void)err_set(&err, s.code,
                      "there is no ledger in %s; `tally init --data %s --admin-token-file FILE` makes one", config->dir,
                      config->dir);
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
