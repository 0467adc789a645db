/*
 * cli/audit: `tally audit tail|show|proof`: the ledger, read by people.
 *
 * What is shown was checked against the hash that came along; that the ledger holds it, `audit proof` and `tally
 * verify` prove.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/audit_lines.h"
#include "cli/commands.h"
#include "cli/request_rows.h"
#include "cli/session.h"
#include "codec/json_doc.h"
#include "tlog/hash_text.h"

#define FOLLOW_MS    500
#define PATH_SIZE    96
#define TAIL_DEFAULT 10

struct audit_options {
    int64_t lines;
    bool follow;
    const char *out;
};

static void audit_defaults(void *at)
{
    struct audit_options *options = at;

    options->lines = TAIL_DEFAULT;
}

/* The hash beside an entry is that of its bytes. */
static status row_check(struct json_node row, struct err *err)
{
    struct hash told, is = hash_leaf(json_node_text(json_node_member(row, "entry")));

    if (hash_text_read(json_node_text(json_node_member(row, "hash")), &told).code || !hash_eq(&told, &is))
        return err_set(err, CODE_CORRUPT, "entry %lld does not have the hash that the server tells",
                       (long long)json_node_number(json_node_member(row, "index"), -1));
    return OK;
}

/* ---- tail ---- */

static status row_print(const struct command_line *line, struct json_node row, struct err *err)
{
    struct str leaf = json_node_text(json_node_member(row, "entry"));

    TRY(row_check(row, err));
    if (!line->json)
        return audit_line_print(json_node_number(json_node_member(row, "index"), -1), leaf, err);
    (void)printf("%.*s\n", STR_ARG(leaf));
    return OK;
}

/* Prints what follows *after; *ret_count tells how many entries there were. */
static status page_print(struct session *session, const struct command_line *line, int64_t *after, size_t *ret_count,
                         struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    char target[PATH_SIZE];
    struct json_node rows;

    (void)snprintf(target, sizeof(target), "/v1/audit?after=%lld&limit=%d", (long long)*after, PAGE_MAX);
    TRY(client_get(session->client, target, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    rows = json_node_member(json_doc_root(&doc), "entries");
    for (size_t i = 0; i < json_node_count(rows); i++)
        TRY(row_print(line, json_node_item(rows, i), err));
    *after = json_doc_number(&doc, "next", *after);
    *ret_count = json_node_count(rows);
    return fflush(stdout) ? err_system(err, "write", "standard output") : OK;
}

/* The ledger's end now: its newest checkpoint may be a second older. */
static status end_find(struct session *session, int64_t *ret_end, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    int64_t published = (int64_t)session->trust.head.size;
    char target[PATH_SIZE];

    (void)snprintf(target, sizeof(target), "/v1/audit?after=%lld&limit=%d", (long long)published - 1, PAGE_MAX);
    TRY(client_get(session->client, target, &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    *ret_end = json_doc_number(&doc, "next", published - 1) + 1;
    return OK;
}

static status tail(struct session *session, const struct command_line *line, const struct audit_options *options,
                   struct err *err)
{
    size_t count = 0;
    int64_t end = 0, after;

    TRY(end_find(session, &end, err));
    after = end > options->lines ? end - options->lines - 1 : -1;
    for (;;) {
        TRY(page_print(session, line, &after, &count, err));
        if (count == PAGE_MAX)
            continue;
        if (!options->follow)
            return OK;
        (void)poll(NULL, 0, FOLLOW_MS);
    }
}

/* ---- show, proof ---- */

static status index_read(const struct command_line *line, uint64_t *ret_index, struct err *err)
{
    if (str_to_u64(str_of(line->operands[0]), TREE_MAX_LEAVES, ret_index).code)
        return err_member(err, CODE_INVALID, "INDEX", "INDEX must be a whole number from 0, not \"%.60s\"",
                          line->operands[0]);
    return OK;
}

static status entry_get(struct session *session, uint64_t index, struct client_answer *answer, struct json_doc *doc,
                        struct err *err)
{
    char target[PATH_SIZE];
    status s;

    (void)snprintf(target, sizeof(target), "/v1/audit/%llu", (unsigned long long)index);
    s = client_get(session->client, target, answer, err);
    if (s.code == CODE_NOT_FOUND)
        return err_member(err, CODE_NOT_FOUND, "INDEX", "there is no entry %llu, or none that you may know of",
                          (unsigned long long)index);
    TRY(s);
    TRY(json_doc_read(buf_str(&answer->body), doc, err));
    return row_check(json_doc_root(doc), err);
}

static status show(struct session *session, const struct command_line *line, const struct audit_options *options,
                   struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    uint64_t index = 0;

    (void)options;
    TRY(index_read(line, &index, err));
    TRY(entry_get(session, index, &answer, &doc, err));
    if (!line->json)
        return audit_entry_print((int64_t)index, json_doc_text(&doc, "entry"), err);
    (void)printf("%.*s\n", STR_ARG(buf_str(&answer.body)));
    return OK;
}

static status text_put(const char *path, struct str text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    status s = OK;

    if (fd < 0 && errno == EEXIST)
        return err_member(err, CODE_INVALID, "out", "--out: %s is there already; a proof goes into a new file", path);
    if (fd < 0)
        return err_system(err, "create", path);
    if (write(fd, text.at, text.len) != (ssize_t)text.len)
        s = err_system(err, "write", path);
    close(fd);
    return s;
}

static status proof(struct session *session, const struct command_line *line, const struct audit_options *options,
                    struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct client_answer, client_answer_free) text = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    char target[PATH_SIZE];
    uint64_t index = 0, proven = 0;

    TRY(index_read(line, &index, err));
    TRY(entry_get(session, index, &answer, &doc, err));
    (void)snprintf(target, sizeof(target), "/v1/audit/%llu/proof", (unsigned long long)index);
    TRY(client_get(session->client, target, &text, err));
    TRY(trust_prove(&session->trust, buf_str(&text.body), json_doc_text(&doc, "entry"), &proven, err));
    if (proven != index)
        return err_set(err, CODE_CORRUPT, "the proof is one of entry %llu", (unsigned long long)proven);
    if (options->out) {
        TRY(text_put(options->out, buf_str(&text.body), err));
        (void)fprintf(stderr, "entry %llu is proven; the proof is in %s\n", (unsigned long long)index, options->out);
    } else {
        (void)printf("%.*s", STR_ARG(buf_str(&text.body)));
    }
    return OK;
}

/* ---- The commands ---- */

typedef status audit_verb(struct session *session, const struct command_line *line, const struct audit_options *options,
                          struct err *err);

static int audit_run(const struct command_line *line, const void *options)
{
    static const struct {
        const char *words;
        audit_verb *run;
    } verbs[] = { { "audit tail", tail }, { "audit show", show }, { "audit proof", proof } };
    AUTO(struct session, session_close) session = { 0 };
    struct err err = { 0 };
    status s = session_open(&session, &err);

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && !s.code; i++) {
        if (str_eq(str_of(verbs[i].words), str_of(line->command->words)))
            s = verbs[i].run(&session, line, options, &err);
    }
    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}

static const struct option_row tail_rows[] = {
    { "lines", OPTION_INT, offsetof(struct audit_options, lines), 0, INT64_MAX / 2, false, "N",
      "the last N entries (default: 10)", 'n', 0 },
    { "follow", OPTION_FLAG, offsetof(struct audit_options, follow), 0, 0, false, NULL,
      "then those that come, until interrupted", 'f', 0 },
};
static const struct option_row proof_rows[] = {
    { "out", OPTION_TEXT, offsetof(struct audit_options, out), 0, 0, false, "FILE",
      "a new file for the proof (default: standard output)", 0, 0 },
};

static const struct cli_command tail_command = {
    .words = "audit tail",
    .summary = "the newest entries, one line each",
    .example = "tally audit tail --follow -n 50",
    .options = tail_rows,
    .option_count = sizeof(tail_rows) / sizeof(tail_rows[0]),
    .options_size = sizeof(struct audit_options),
    .defaults = audit_defaults,
    .run = audit_run,
};
static const struct cli_command show_command = {
    .words = "audit show",
    .summary = "one entry, whole",
    .operands = "INDEX",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally audit show 17",
    .options_size = sizeof(struct audit_options),
    .run = audit_run,
};
static const struct cli_command proof_command = {
    .words = "audit proof",
    .summary = "proof that the ledger holds an entry, checked, as a tlog-proof",
    .operands = "INDEX",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally audit proof 17 --out 17.tlog-proof",
    .options = proof_rows,
    .option_count = 1,
    .options_size = sizeof(struct audit_options),
    .run = audit_run,
};
static const struct cli_command clock_command = REQUEST_COMMAND(
    change_rows, SPEC("POST", "/v1/clock/confirm", .columns = "jump_ms index"), .words = "clock confirm",
    .summary = "after a jump of the server's clock: its time is right", .example = "tally clock confirm");

static const struct cli_command keys_backup_command = REQUEST_COMMAND(
    change_rows, SPEC("POST", "/v1/key-backups", .columns = "to lapses_at index"), .words = "keys backup",
    .summary = "copy the keys of private texts, until they lapse, into their key-backups/",
    .example = "tally keys backup");
static const struct cli_command private_command =
    SHOW_COMMAND("audit private", "the private text of an entry; that it is read is recorded",
                 "tally audit private 4711", "INDEX", "/v1/audit/{}/private", "", "index text");
static const struct cli_command backup_command =
    REQUEST_COMMAND(change_rows, SPEC("POST", "/v1/backups", .operand = "to", .columns = "to size root sha256 index"),
                    .words = "backup", .summary = "copy the ledger, while it is written, into its backups/",
                    .example = "tally backup monday.db", ONE_OPERAND("NAME"));

static const struct cli_command *const commands[] = { &tail_command,        &show_command,  &private_command,
                                                      &keys_backup_command, &proof_command, &verify_command,
                                                      &clock_command,       &backup_command };
const struct command_group audit_group = { "The ledger", commands, sizeof(commands) / sizeof(commands[0]) };
