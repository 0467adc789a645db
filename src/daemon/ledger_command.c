/*
 * daemon/ledger_command: `tally ledger seal` and `tally ledger continue`: a ledger ends, and another one goes on.
 */
#include <inttypes.h>
#include <stdio.h>

#include "codec/base64.h"
#include "codec/json_out.h"
#include "daemon/commands.h"
#include "engine/succession.h"

#define REPORT_MAX_BYTES 4096

struct continue_options {
    const char *data;
    const char *to;
    const char *origin;
    const char *reason;
};

struct seal_options {
    const char *data;
    const char *successor;
    const char *reason;
};

static const struct option_row continue_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct continue_options, data),
      .required = true,
      .value = "DIR",
      .help = "the data directory of the ledger that ends; nobody may be serving it" },
    { .name = "to",
      .kind = OPTION_TEXT,
      .where = offsetof(struct continue_options, to),
      .required = true,
      .value = "DIR",
      .help = "the data directory of the ledger that continues it, to be made" },
    { .name = "origin",
      .kind = OPTION_TEXT,
      .where = offsetof(struct continue_options, origin),
      .required = true,
      .value = "NAME",
      .help = "the new ledger's name, another than the old one's" },
    { .name = "reason",
      .kind = OPTION_TEXT,
      .where = offsetof(struct continue_options, reason),
      .required = true,
      .value = "WHY",
      .help = "retention, key_change or key_stolen (the old one is sealed); lost (its end is declared lost)" },
};

static const struct option_row seal_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct seal_options, data),
      .required = true,
      .value = "DIR",
      .help = "the data directory; nobody may be serving it" },
    { .name = "successor",
      .kind = OPTION_TEXT,
      .where = offsetof(struct seal_options, successor),
      .required = true,
      .value = "KEY",
      .help = "the verifier key of the ledger that goes on" },
    { .name = "reason",
      .kind = OPTION_TEXT,
      .where = offsetof(struct seal_options, reason),
      .required = true,
      .value = "WHY",
      .help = "retention, key_change or key_stolen" },
};

static status reason_read(const char *text, bool may_be_lost, enum reason *ret_reason, struct err *err)
{
    static const enum reason reasons[] = { REASON_RETENTION, REASON_KEY_CHANGE, REASON_KEY_STOLEN, REASON_LOST };

    for (size_t i = 0; i < (may_be_lost ? 4 : 3); i++) {
        if (str_eq(reason_words[reasons[i]], str_of(text))) {
            *ret_reason = reasons[i];
            return OK;
        }
    }
    return err_member(err, CODE_INVALID, "reason", "--reason must be retention, key_change%s, not \"%s\"",
                      may_be_lost ? ", key_stolen or lost" : " or key_stolen", text);
}

static void root_write(const struct tree_head *head, char root[BASE64_TEXT_BYTES(HASH_BYTES) + 1])
{
    base64_write(head->root.bytes, HASH_BYTES, root);
    root[BASE64_TEXT_BYTES(HASH_BYTES)] = '\0';
}

/* ---- Continue ---- */

static void continued_json(const struct continue_options *options, const struct succession_report *report)
{
    AUTO(struct buf, buf_free) text = { .max = REPORT_MAX_BYTES };
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);
    struct json_out out = { .buf = &text };

    vkey_add(&vkey, &report->vkey);
    json_out_object(&out, NULL);
    json_out_text(&out, "data", str_of(options->to));
    json_out_text(&out, "origin", vkey_name(&report->vkey));
    json_out_text(&out, "vkey", buf_str(&vkey));
    json_out_object(&out, "continues");
    json_out_text(&out, "origin", vkey_name(&report->old_vkey));
    json_out_u64(&out, "size", report->old.size);
    json_out_base64(&out, "root", report->old.root.bytes, HASH_BYTES);
    json_out_end(&out);
    if (report->signed_size > report->old.size)
        json_out_u64(&out, "lost", report->signed_size - report->old.size);
    json_out_end(&out);
    (void)printf("%.*s\n", STR_ARG(buf_str(&text)));
}

static void continued_print(const struct continue_options *options, const struct succession_report *report,
                            enum reason reason)
{
    char root[BASE64_TEXT_BYTES(HASH_BYTES) + 1];
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);

    vkey_add(&vkey, &report->vkey);
    root_write(&report->old, root);
    (void)printf("%.*s continues %.*s after %" PRIu64 " entries, root %s\n", STR_ARG(vkey_name(&report->vkey)),
                 STR_ARG(vkey_name(&report->old_vkey)), report->old.size, root);
    if (reason != REASON_LOST)
        (void)printf("the old ledger is sealed; its last checkpoint is %s/%s\n", options->data, SEALED_FILE);
    else if (report->signed_size > report->old.size)
        (void)printf("declared lost: entries %" PRIu64 " to %" PRIu64 " of the old ledger\n", report->old.size,
                     report->signed_size - 1);
    else
        (void)printf("declared lost: whatever came after entry %" PRIu64 "; nobody here knows how much\n",
                     report->old.size - 1);
    (void)printf("tell your clients and auditors the new key: %.*s\nnext: tally serve --data %s\n",
                 STR_ARG(buf_str(&vkey)), options->to);
}

static int continue_run(const struct command_line *line, const void *at)
{
    const struct continue_options *options = at;
    struct succession wanted = { .old_dir = options->data, .new_dir = options->to, .origin = str_of(options->origin) };
    struct succession_report report;
    struct err err = { 0 };
    status s = reason_read(options->reason, true, &wanted.reason, &err);

    if (s.code)
        return command_fail(line, EXIT_USAGE, &err);
    s = ledger_continue(&wanted, &report, &err);
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (line->json)
        continued_json(options, &report);
    else
        continued_print(options, &report, wanted.reason);
    return EXIT_DONE;
}

const struct cli_command ledger_continue_command = {
    .words = "ledger continue",
    .summary = "end a ledger and go on in a new one, with all that is true now",
    .example = "tally ledger continue --data ./data --to ./data2 --origin example.com/tally-2 --reason key_change",
    .options = continue_rows,
    .option_count = sizeof(continue_rows) / sizeof(continue_rows[0]),
    .options_size = sizeof(struct continue_options),
    .run = continue_run,
};

/* ---- Seal ---- */

static int seal_run(const struct command_line *line, const void *at)
{
    const struct seal_options *options = at;
    char root[BASE64_TEXT_BYTES(HASH_BYTES) + 1];
    struct tree_head head;
    struct vkey successor;
    enum reason reason = REASON_RETENTION;
    struct err err = { 0 };
    status s = reason_read(options->reason, false, &reason, &err);

    if (!s.code && vkey_parse(str_of(options->successor), &successor, &err).code)
        s = err_member(&err, CODE_INVALID, "successor", "--successor must be a verifier key, not \"%s\"",
                       options->successor);
    if (s.code)
        return command_fail(line, EXIT_USAGE, &err);
    s = ledger_seal(options->data, &successor, reason, &head, &err);
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    root_write(&head, root);
    (void)printf(line->json ? "{\"size\":%" PRIu64 ",\"root\":\"%s\"}\n" : "sealed with %" PRIu64 " entries, root %s\n",
                 head.size, root);
    return EXIT_DONE;
}

const struct cli_command ledger_seal_command = {
    .words = "ledger seal",
    .summary = "end a ledger in favour of one that was made elsewhere",
    .example = "tally ledger seal --data ./data --successor example.com/tally-2+0f3e2d1c+AX5n… --reason retention",
    .options = seal_rows,
    .option_count = sizeof(seal_rows) / sizeof(seal_rows[0]),
    .options_size = sizeof(struct seal_options),
    .run = seal_run,
};
