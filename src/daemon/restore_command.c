/*
 * daemon/restore_command: `tally restore`: a backup becomes a data directory again.
 *
 * It never guesses: the directory must be new, the key and its memory come from where the operator says they are, and
 * a backup that has less than that key has signed is put down but not made ready to serve; what to do then is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/commands.h"
#include "engine/private_file.h"
#include "engine/signer.h"
#include "engine/succession.h"
#include "engine/vault.h"
#include "store/store.h"

#define SMALL_MAX_BYTES 16384 /* a key, a memory of two slots */

struct restore_options {
    const char *data;
    const char *signer;
    const char *keys;
};

static const struct option_row restore_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct restore_options, data),
      .required = true,
      .value = "DIR",
      .help = "the data directory, to be made" },
    { .name = "signer",
      .kind = OPTION_TEXT,
      .where = offsetof(struct restore_options, signer),
      .value = "DIR",
      .help = "where ledger.key and the newest signer.head are, if they are not lost: the old data directory" },
    { .name = "keys",
      .kind = OPTION_TEXT,
      .where = offsetof(struct restore_options, keys),
      .value = "DIR",
      .help = "where vault.keys is, of the ledger or a backup of it (default: with --signer, there)" },
};

/* A small file of the signer's, as it is. */
static status signer_file_copy(const char *from, const char *to, const char *name, struct err *err)
{
    AUTO(struct private_file, private_file_close) source = { 0 };
    AUTO(struct private_file, private_file_close) copy = { 0 };
    char space[SMALL_MAX_BYTES];
    struct buf bytes = BUF_OVER(space);
    status s;

    TRY(private_file_open(from, name, false, &source, err));
    s = private_file_read(&source, 0, &bytes, err);
    if (!s.code)
        s = private_file_create(to, name, &copy, err);
    if (!s.code)
        s = private_file_write(&copy, buf_str(&bytes), 0, err);
    memory_wipe(space, sizeof space);
    TRY(s);
    return private_file_sync(&copy, err);
}

static status directory_make(const char *dir, struct err *err)
{
    if (!mkdir(dir, S_IRWXU))
        return OK;
    return errno == EEXIST ? err_set(err, CODE_CONFLICT, "%s exists already: a restore makes a new directory", dir)
                           : err_system(err, "mkdir", dir);
}

/* Keys that somebody names must be there; those beside the signer's may lie elsewhere. */
static status keys_take(const struct restore_options *options, struct err *err)
{
    struct err why = { 0 };
    status s;

    if (options->keys)
        return vault_take(options->keys, options->data, err);
    if (!options->signer)
        return OK;
    s = vault_take(options->signer, options->data, &why);
    return s.code && s.code != CODE_NOT_FOUND ? err_set(err, s.code, "%s", why.text) : OK;
}

/* Puts everything into the directory, which is new. */
static status fill(const char *backup, const struct restore_options *options, struct err *err)
{
    struct path database = { 0 };

    TRY(path_join(options->data, FILES_DATABASE, &database, err));
    TRY(store_backup(backup, database.text, NULL, err));
    if (options->signer) {
        TRY(signer_file_copy(options->signer, options->data, SIGNER_KEY_FILE, err));
        TRY(signer_file_copy(options->signer, options->data, SIGNER_HEAD_FILE, err));
    }
    TRY(keys_take(options, err));
    return file_sync_directory(options->data, err);
}

/* What was put down of a backup that could not be put down whole would be in the way of the next try. */
static void undo(const char *dir)
{
    static const char *const names[] = { FILES_DATABASE, SIGNER_KEY_FILE, SIGNER_HEAD_FILE, VAULT_FILE };
    struct path path = { 0 };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (path_join(dir, names[i], &path, NULL).code == CODE_OK)
            (void)unlink(path.text);
    }
    (void)rmdir(dir);
}

static status restore(const char *backup, const struct restore_options *options, struct err *err)
{
    status s;

    TRY(directory_make(options->data, err));
    s = fill(backup, options, err);
    if (s.code)
        undo(options->data);
    return s;
}

static int explain(const struct command_line *line, const struct restore_options *options, const struct err *why)
{
    int exit = command_fail(line, EXIT_FAULT, why);

    if (!line->json)
        (void)fprintf(
            stderr,
            "The backup is in %s, not ready to serve. Have you a newer one, or the newest signer.head? If not, "
            "declare the loss:\n  tally ledger continue --data %s --to NEW --origin NAME --reason lost\n",
            options->data, options->data);
    return exit;
}

static int restore_run(const struct command_line *line, const void *at)
{
    const struct restore_options *options = at;
    struct err err = { 0 };
    uint64_t size = 0;
    status s = restore(line->operands[0], options, &err);

    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (options->signer)
        s = ledger_restored(options->data, &size, &err);
    else
        s = err_set(&err, CODE_CONFLICT, "without --signer nobody knows what the ledger's key has signed");
    if (s.code)
        return explain(line, options, &err);
    (void)printf(line->json ? "{\"data\":\"%s\",\"size\":%" PRIu64 "}\n"
                            : "%s has all %" PRIu64
                              " entries of the backup, and nothing that was signed is missing\nnext: tally serve "
                              "--data %s\n",
                 options->data, size, options->data);
    return EXIT_DONE;
}

const struct cli_command restore_command = {
    .words = "restore",
    .summary = "make a data directory of a backup",
    .operands = "BACKUP",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally restore monday.db --data ./restored --signer ./data",
    .options = restore_rows,
    .option_count = sizeof(restore_rows) / sizeof(restore_rows[0]),
    .options_size = sizeof(struct restore_options),
    .run = restore_run,
};
