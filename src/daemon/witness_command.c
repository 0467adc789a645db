/*
 * daemon/witness_command: `tally witness`, and its key: `tally witness keygen`; `tally witness cosign` is the same
 * witness for a log that comes in a file (docs/witness.md).
 */
#include <stdio.h>

#include "base/clock.h"
#include "cli/verify.h"
#include "daemon/commands.h"
#include "daemon/witness_server.h"
#include "engine/key_file.h"
#include "tlog/cosigned.h"

#define DEFAULT_LISTEN "127.0.0.1:8480"
#define READ_SLACK     4096 /* file_read_text asks for so much room at a time */

struct witness_options {
    const char *key;
    const char *logs;
    const char *state;
    const char *listen;
    const char *certificate;
    const char *certificate_key;
};

#define KEY_ROW                                                                                                        \
    {                                                                                                                  \
        .name = "key", .kind = OPTION_TEXT, .where = offsetof(struct witness_options, key), .required = true,          \
        .value = "FILE", .help = "the witness's private key, from `tally witness keygen`"                              \
    }
#define LOGS_ROW                                                                                                       \
    {                                                                                                                  \
        .name = "logs", .kind = OPTION_TEXT, .where = offsetof(struct witness_options, logs), .required = true,        \
        .value = "FILE", .help = "the logs that it cosigns: logs/v0, then `vkey KEY` for each"                         \
    }
#define STATE_ROW                                                                                                      \
    {                                                                                                                  \
        .name = "state", .kind = OPTION_TEXT, .where = offsetof(struct witness_options, state), .required = true,      \
        .value = "DIR", .help = "where it remembers what it cosigned; never to be copied back"                         \
    }

static const struct option_row witness_rows[] = {
    KEY_ROW,
    LOGS_ROW,
    STATE_ROW,
    { .name = "listen",
      .kind = OPTION_TEXT,
      .where = offsetof(struct witness_options, listen),
      .value = "HOST:PORT",
      .help = "where to listen (default: " DEFAULT_LISTEN "; port 0: any)" },
    { .name = "certificate",
      .kind = OPTION_TEXT,
      .where = offsetof(struct witness_options, certificate),
      .value = "FILE",
      .help = "PEM certificate chain: serve TLS" },
    { .name = "certificate-key",
      .kind = OPTION_TEXT,
      .where = offsetof(struct witness_options, certificate_key),
      .value = "FILE",
      .help = "its PEM private key" },
};

static void witness_defaults(void *options)
{
    struct witness_options *witness = options;

    witness->listen = DEFAULT_LISTEN;
}

/* Key, logs and book of a witness that is at work. */
struct at_work {
    struct skey key;
    struct buf text; /* that the logs point into */
    struct witness_logs logs;
    struct witness_book *book;
};

static void at_work_end(struct at_work *work)
{
    witness_book_close(work->book);
    witness_logs_free(&work->logs);
    buf_free(&work->text);
    skey_close(&work->key);
}

static status at_work_begin(struct at_work *work, const struct witness_options *options, struct err *err)
{
    struct witness_book_config config = { .dir = options->state, .logs = &work->logs, .key = &work->key };
    struct err why = { 0 };

    work->text.max = WITNESS_LOGS_MAX_BYTES + READ_SLACK;
    TRY(key_file_open(options->key, VKEY_COSIGNATURE, &work->key, err));
    TRY(file_read_text(options->logs, &work->text, err));
    if (witness_logs_parse(buf_str(&work->text), &work->logs, &why).code)
        return err_set(err, CODE_INVALID, "%s: %s", options->logs, why.text);
    return witness_book_open(&config, &work->book, err);
}

/* ---- tally witness ---- */

static void ready_print(void *context, const char *url)
{
    const struct at_work *work = context;
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);

    vkey_add(&vkey, &work->key.vkey);
    (void)printf("witness %.*s on %s for %zu %s\n", STR_ARG(buf_str(&vkey)), url, work->logs.count,
                 work->logs.count == 1 ? "log" : "logs");
    (void)fflush(stdout);
}

static status witness_begin(const struct witness_options *options, struct err *err)
{
    AUTO(struct at_work, at_work_end) work = { 0 };
    struct witness_server_config config = { .listen = options->listen,
                                            .certificate = options->certificate,
                                            .certificate_key = options->certificate_key,
                                            .ready = ready_print,
                                            .context = &work };

    TRY(at_work_begin(&work, options, err));
    config.book = work.book;
    return witness_serve(&config, err);
}

static int witness_run(const struct command_line *line, const void *options)
{
    struct err err = { 0 };
    status s = witness_begin(options, &err);

    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}

const struct cli_command witness_command = {
    .words = "witness",
    .summary = "cosign the checkpoints of logs, over HTTP (C2SP tlog-witness)",
    .example = "tally witness --key ./witness.key --logs ./logs --state ./witness",
    .options = witness_rows,
    .option_count = sizeof(witness_rows) / sizeof(witness_rows[0]),
    .options_size = sizeof(struct witness_options),
    .defaults = witness_defaults,
    .run = witness_run,
};

/* ---- tally witness keygen ---- */

struct keygen_options {
    const char *name;
    const char *key;
};

static const struct option_row keygen_rows[] = {
    { .name = "name",
      .kind = OPTION_TEXT,
      .where = offsetof(struct keygen_options, name),
      .required = true,
      .value = "NAME",
      .help = "the witness's name, as example.com/witness" },
    { .name = "key",
      .kind = OPTION_TEXT,
      .where = offsetof(struct keygen_options, key),
      .required = true,
      .value = "FILE",
      .help = "the new file for the private key (0600)" },
};

static status key_make(const struct keygen_options *options, struct buf *vkey, struct err *err)
{
    AUTO(struct skey, skey_close) key = { 0 };

    TRY(key_draw(str_of(options->name), VKEY_COSIGNATURE, &key, err));
    TRY(key_file_create(options->key, &key, err));
    vkey_add(vkey, &key.vkey);
    return vkey->status;
}

static int keygen_run(const struct command_line *line, const void *options)
{
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);
    struct err err = { 0 };
    status s = key_make(options, &vkey, &err);

    if (s.code)
        return command_fail(line, exit_of(s), &err);
    (void)printf(line->json ? "{\"vkey\":\"%.*s\"}\n" : "%.*s\n", STR_ARG(buf_str(&vkey)));
    return EXIT_DONE;
}

const struct cli_command witness_keygen_command = {
    .words = "witness keygen",
    .summary = "make a witness's key, and print its verifier key",
    .example = "tally witness keygen --name example.com/witness --key ./witness.key",
    .options = keygen_rows,
    .option_count = sizeof(keygen_rows) / sizeof(keygen_rows[0]),
    .options_size = sizeof(struct keygen_options),
    .run = keygen_run,
};

/* ---- tally witness cosign ---- */

static const struct option_row cosign_rows[] = { KEY_ROW, LOGS_ROW, STATE_ROW };

static status refused(const struct witness_answer *answer, const struct err *why, struct err *err)
{
    if (answer->is_too_often)
        return err_set(err, CODE_DENIED, "the log has had its requests of this day");
    if (answer->verdict == WITNESS_ELSEWHERE)
        return err_set(err, CODE_CONFLICT, "%s: ask again with --old %llu", why->text,
                       (unsigned long long)answer->last_size);
    return err_set(err, CODE_CORRUPT, "not cosigned: %s", why->text);
}

/* What came, with this witness's line behind it: others may have cosigned it before. */
static status line_join(const struct at_work *work, struct str body, const struct witness_answer *answer,
                        struct buf *ret_note, struct err *err)
{
    struct note_check check;
    struct cosigners by = { &work->key.vkey, 1, &check };
    struct add_checkpoint request;

    TRY(add_checkpoint_parse(body, &request, err));
    return cosigned_join(ret_note, request.checkpoint, str_from(buf_str(&answer->note), answer->line_at), &by, err);
}

static status cosign(const struct witness_options *options, const char *path, struct buf *ret_note, struct err *err)
{
    AUTO(struct witness_answer, witness_answer_free) answer = { 0 };
    AUTO(struct at_work, at_work_end) work = { 0 };
    AUTO(struct buf, buf_free) request = { .max = ADD_CHECKPOINT_MAX_BYTES + READ_SLACK };
    struct err why = { 0 };

    TRY(file_read_text(path, &request, err));
    TRY(at_work_begin(&work, options, err));
    if (witness_book_enter(work.book, buf_str(&request), clock_read().wall_ms / 1000, &answer, &why).code)
        return err_set(err, CODE_IO, "nothing was signed: %s", why.text);
    if (answer.verdict != WITNESS_COSIGNS || answer.is_too_often)
        return refused(&answer, &why, err);
    return line_join(&work, buf_str(&request), &answer, ret_note, err);
}

static int cosign_run(const struct command_line *line, const void *options)
{
    AUTO(struct buf, buf_free) note = { .max = (size_t)NOTE_MAX_BYTES };
    struct err err = { 0 };
    status s = cosign(options, line->operands[0], &note, &err);

    if (s.code)
        return command_fail(line, exit_of(s), &err);
    (void)printf("%.*s", STR_ARG(buf_str(&note)));
    return EXIT_DONE;
}

const struct cli_command witness_cosign_command = {
    .words = "witness cosign",
    .summary = "cosign a request that came in a file, and print the cosigned checkpoint",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally witness cosign request --key ./witness.key --logs ./logs --state ./witness > cosigned",
    .options = cosign_rows,
    .option_count = sizeof(cosign_rows) / sizeof(cosign_rows[0]),
    .options_size = sizeof(struct witness_options),
    .run = cosign_run,
};
