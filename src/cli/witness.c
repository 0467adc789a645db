/*
 * cli/witness: cosignatures that travel in files, for witnesses without a network: `tally witness request` writes what
 * a witness is asked, `tally witness cosign` (daemon/witness_command) answers it elsewhere, `tally witness import`
 * brings the cosigned checkpoint home.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/verify.h"
#include "codec/json_doc.h"
#include "tlog/add_checkpoint.h"
#include "tlog/hash_text.h"

#define TARGET_SIZE 128
#define READ_SLACK  4096 /* file_read_text asks for so much room at a time */

struct request_options {
    int64_t old;
};

static status path_read(struct str body, struct tree_path *ret_path, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct json_node hashes;

    TRY(json_doc_read(body, &doc, err));
    hashes = json_node_member(json_doc_root(&doc), "hashes");
    ret_path->count = json_node_count(hashes);
    if (ret_path->count > PROOF_MAX_HASHES)
        return err_set(err, CODE_CORRUPT, "the server's proof has %zu hashes", ret_path->count);
    for (size_t i = 0; i < ret_path->count; i++) {
        if (hash_text_read(json_node_text(json_node_item(hashes, i)), &ret_path->hashes[i]).code)
            return err_set(err, CODE_CORRUPT, "hash %zu of the server's proof is none", i + 1);
    }
    return OK;
}

static status proof_get(struct session *session, uint64_t older, uint64_t newer, struct tree_path *ret_path,
                        struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    char target[TARGET_SIZE];

    (void)snprintf(target, sizeof(target), "/v1/audit/consistency?from=%llu&to=%llu", (unsigned long long)older,
                   (unsigned long long)newer);
    TRY(client_get(session->client, target, &answer, err));
    return path_read(buf_str(&answer.body), ret_path, err);
}

static status request_write(struct session *session, uint64_t old, struct buf *body, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    struct add_checkpoint request = { .old_size = old };
    struct checkpoint checkpoint;

    TRY(client_get(session->client, "/checkpoint", &answer, err));
    request.checkpoint = buf_str(&answer.body);
    TRY(trust_see(&session->trust, request.checkpoint, err));
    TRY(checkpoint_open(request.checkpoint, &session->trust.vkey, &checkpoint, err));
    if (old > checkpoint.head.size)
        return err_member(err, CODE_INVALID, "old", "--old is %llu, and the ledger has published %llu entries",
                          (unsigned long long)old, (unsigned long long)checkpoint.head.size);
    if (old > 0 && old < checkpoint.head.size)
        TRY(proof_get(session, old, checkpoint.head.size, &request.proof, err));
    add_checkpoint_add(body, &request);
    return body->status;
}

static int request_run(const struct command_line *line, const void *at)
{
    AUTO(struct session, session_close) session = { 0 };
    AUTO(struct buf, buf_free) body = { .max = ADD_CHECKPOINT_MAX_BYTES };
    const struct request_options *options = at;
    struct err err = { 0 };
    status s = session_open(&session, &err);

    if (!s.code)
        s = request_write(&session, (uint64_t)options->old, &body, &err);
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    (void)printf("%.*s", STR_ARG(buf_str(&body)));
    return EXIT_DONE;
}

static const struct option_row request_rows[] = {
    { "old", OPTION_INT, offsetof(struct request_options, old), 0, INT64_MAX, false, "SIZE",
      "what the witness cosigned last (default: 0, nothing yet)", 0, 0 },
};

const struct cli_command witness_request_command = {
    .words = "witness request",
    .summary = "print what a witness without a network is asked: the newest checkpoint, and a proof",
    .example = "tally witness request --old 1200 > request",
    .options = request_rows,
    .option_count = 1,
    .options_size = sizeof(struct request_options),
    .run = request_run,
};

static status import(struct session *session, const char *path, struct client_answer *answer, struct err *err)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES + READ_SLACK };
    struct client_request request = { .method = "POST",
                                      .target = STR_INIT("/v1/cosignatures"),
                                      .media = "text/plain; charset=utf-8" };

    TRY(file_read_text(path, &note, err));
    request.body = buf_str(&note);
    return client_call(session->client, &request, answer, err);
}

static status import_print(const struct command_line *line, const struct client_answer *answer, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };

    if (line->json) {
        (void)printf("%.*s\n", STR_ARG(buf_str(&answer->body)));
        return OK;
    }
    TRY(json_doc_read(buf_str(&answer->body), &doc, err));
    (void)printf("cosigned by %lld of the policy's witnesses: %lld entries\n",
                 (long long)json_doc_number(&doc, "count", 0), (long long)json_doc_number(&doc, "size", 0));
    return OK;
}

static int import_run(const struct command_line *line, const void *options)
{
    AUTO(struct session, session_close) session = { 0 };
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    struct err err = { 0 };
    status s = session_open(&session, &err);

    (void)options;
    if (!s.code)
        s = import(&session, line->operands[0], &answer, &err);
    if (!s.code)
        s = import_print(line, &answer, &err);
    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}

const struct cli_command witness_import_command = {
    .words = "witness import",
    .summary = "give the server a checkpoint that came back cosigned",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally witness import cosigned",
    .run = import_run,
};
