/*
 * daemon/keys: `tally keys renew`: new keys for private texts, when the old ones are lost.
 *
 * It takes nothing away: it refuses while there is a vault.keys. Names and private texts under lost keys stay what they
 * are, unreadable, unless a backup of the keys is found; the next start of the server records that keys were replaced.
 */
#include <stdio.h>

#include "base/clock.h"
#include "core/entry.h"
#include "daemon/commands.h"
#include "engine/vault.h"
#include "store/store.h"

struct keys_options {
    const char *data;
    const char *keys;
};

static const struct option_row keys_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct keys_options, data),
      .required = true,
      .value = "DIR",
      .help = "the data directory" },
    { .name = "keys",
      .kind = OPTION_TEXT,
      .where = offsetof(struct keys_options, keys),
      .value = "DIR",
      .help = "where vault.keys is to lie (default: in the data directory)" },
};

/* The first entry tells whose keys they are. */
static status first_read(void *context, uint64_t index, struct str leaf, struct err *err)
{
    struct key_header *header = context;
    struct entry entry;

    (void)index;
    TRY(entry_decode(leaf, &entry, err));
    if (entry.code != AUDIT_LEDGER_CREATED)
        return err_set(err, CODE_CORRUPT, "the ledger does not begin with ledger.created");
    header->ledger = entry.on[ON_SERVICE].id;
    header->made_ms = clock_read().wall_ms;
    return OK;
}

static status renew(const struct keys_options *options, struct err *err)
{
    struct key_header header = { .announced = false };
    struct store_entry_visitor visitor = { first_read, &header };
    struct store_range range = { .first = 0, .max_count = 1, .max_bytes = ENTRY_MAX_BYTES };
    struct store_reader *reader = NULL;
    uint64_t next = 0;
    status s;

    TRY(store_reader_open_path(options->data, &reader, err));
    s = store_entries_read(reader, &range, &visitor, &next, err);
    store_reader_close(reader);
    TRY(s);
    if (!next)
        return err_set(err, CODE_CORRUPT, "the ledger in %s has no entries", options->data);
    return vault_create(options->keys ? options->keys : options->data, &header, err);
}

static int renew_run(const struct command_line *line, const void *at)
{
    const struct keys_options *options = at;
    struct err err = { 0 };
    status s = renew(options, &err);

    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (line->json)
        (void)printf("{\"data\":\"%s\"}\n", options->data);
    else
        (void)printf("made new keys; names and private texts under the lost ones can't be read\n");
    return EXIT_DONE;
}

const struct cli_command keys_renew_command = {
    .words = "keys renew",
    .summary = "make new keys for private texts, when vault.keys and its backups are lost",
    .example = "tally keys renew --data ./data",
    .options = keys_rows,
    .option_count = sizeof(keys_rows) / sizeof(keys_rows[0]),
    .options_size = sizeof(struct keys_options),
    .run = renew_run,
};
