/*
 * cli/verify: `tally verify URL|DIR|FILE`: a ledger is read through and everything in it recomputed.
 */
#include "cli/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/verify_heritage.h"
#include "codec/base64.h"
#include "codec/json_out.h"
#include "codec/timetext.h"

#define REPORT_MAX_BYTES 8192

struct verify_options {
    bool quick;
    bool without_replay;
    bool replay;
    const char *vkey;
    const char *entry;
    const char *continues;
};

static const struct option_row verify_rows[] = {
    { "quick", OPTION_FLAG, offsetof(struct verify_options, quick), 0, 0, false, NULL,
      "hashes, tiles and roots only, not what the entries say", 0, 0 },
    { "without-replay", OPTION_FLAG, offsetof(struct verify_options, without_replay), 0, 0, false, NULL,
      "everything but the counting of seats and the form of the database's pages", 0, 0 },
    { "replay", OPTION_FLAG, offsetof(struct verify_options, replay), 0, 0, false, NULL,
      "also rebuild all facts by the server's rules, and compare them with its snapshots", 0, 0 },
    { "vkey", OPTION_TEXT, offsetof(struct verify_options, vkey), 0, 0, false, "KEY",
      "the ledger's verifier key, known from elsewhere", 0, 0 },
    { "entry", OPTION_TEXT, offsetof(struct verify_options, entry), 0, 0, false, "FILE",
      "with a .tlog-proof: the entry's exact text", 0, 0 },
    { "continues", OPTION_TEXT, offsetof(struct verify_options, continues), 0, 0, false, "OLD",
      "also compare with the directory or backup of the ledger that this one continues", 0, 0 },
};

status leaf_compare(uint64_t index, const struct hash *hash, const struct hash *kept, struct err *err)
{
    if (hash_eq(hash, kept))
        return OK;
    return err_set(err, CODE_CORRUPT, "entry %" PRIu64 ": its hash is not the one in tile 0/%" PRIu64, index,
                   index / TILE_WIDTH);
}

status tile_compare(const struct edge_full *full, unsigned width, const struct hash *kept, struct err *err)
{
    for (unsigned i = 0; i < width; i++) {
        if (hash_eq(&full->hashes[i], &kept[i]))
            continue;
        if (full->level == 0)
            return leaf_compare(full->n * TILE_WIDTH + i, &full->hashes[i], &kept[i], err);
        return err_set(err, CODE_CORRUPT, "tile %u/%" PRIu64 ": hash %u is not that of tile %u/%" PRIu64, full->level,
                       full->n, i, full->level - 1, full->n * TILE_WIDTH + i);
    }
    return OK;
}

status verify_key(struct verification *verification, struct str told, struct err *err)
{
    struct buf text = BUF_OVER(verification->key_text);

    TRY(vkey_parse(told, &verification->vkey, err));
    if (verification->given && !vkey_eq(verification->given, &verification->vkey))
        return err_set(err, CODE_CORRUPT, "the ledger has another key than --vkey says: %.*s", STR_ARG(told));
    vkey_add(&text, &verification->vkey);
    verification->check.key = buf_str(&text);
    return OK;
}

void verification_left(struct verification *verification, const char *what)
{
    for (size_t i = 0; i < verification->left_count; i++) {
        if (strcmp(verification->left[i], what) == 0)
            return;
    }
    if (verification->left_count < LEFT_MAX)
        verification->left[verification->left_count++] = what;
}

/* ---- Report ---- */

static void checks_list(const struct verification *verification, struct json_out *out)
{
    const struct check *check = &verification->check;

    json_out_array(out, "checks");
    if (verification->has_signature || verification->signed_size)
        json_out_text(out, NULL, STR("checkpoint signature"));
    json_out_text(out, NULL, STR("leaf hashes"));
    json_out_text(out, NULL, STR("tiles"));
    json_out_text(out, NULL, STR("root"));
    if (check->anchors_met)
        json_out_text(out, NULL, STR("signed heads"));
    if (!check->hashes_only) {
        json_out_text(out, NULL, STR("time order"));
        json_out_text(out, NULL, STR("entry ids"));
        json_out_text(out, NULL, STR("changes"));
        json_out_text(out, NULL, STR("seq chains"));
    }
    if (verification->continues)
        json_out_text(out, NULL, STR("continuation"));
    if (!check->hashes_only && !check->without_seats)
        json_out_text(out, NULL, STR("seats"));
    if (verification->has_files)
        json_out_text(out, NULL, STR("database file"));
    if (verification->has_facts) {
        json_out_text(out, NULL, STR("facts and head"));
        json_out_text(out, NULL, STR("private texts"));
        json_out_text(out, NULL, STR("names"));
    }
    if (verification->snapshots)
        json_out_text(out, NULL, STR("snapshots"));
    if (check->replay.facts)
        json_out_text(out, NULL, STR("replay"));
    if (verification->has_live_facts)
        json_out_text(out, NULL, STR("facts of the running server"));
    json_out_end(out);
    json_out_array(out, "not_checked");
    for (size_t i = 0; i < verification->left_count; i++)
        json_out_text(out, NULL, str_of(verification->left[i]));
    json_out_end(out);
}

static void coverage_write(const struct check *check, struct json_out *out)
{
    const struct coverage *coverage = &check->coverage;

    json_out_object(out, "coverage");
    json_out_time(out, "from", coverage->first_ms);
    json_out_time(out, "to", check->time_ms);
    json_out_i64(out, "running_ms", coverage->running_ms);
    json_out_u64(out, "starts", coverage->starts);
    json_out_u64(out, "stops", coverage->stops);
    json_out_u64(out, "ends_in_silence", coverage->silent);
    json_out_end(out);
}

static void report_json(const struct verification *verification)
{
    AUTO(struct buf, buf_free) text = { .max = REPORT_MAX_BYTES };
    const struct check *check = &verification->check;
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    json_out_bool(&out, "ok", true);
    json_out_text(&out, "origin", vkey_name(&verification->vkey));
    json_out_u64(&out, "entries", verification->head.size);
    json_out_base64(&out, "root", verification->head.root.bytes, HASH_BYTES);
    json_out_u64(&out, "tiles", check->tiles);
    if (verification->signed_size)
        json_out_u64(&out, "signed_entries", verification->signed_size);
    checks_list(verification, &out);
    if (!check->hashes_only) {
        json_out_u64(&out, "pools", check->chains.pools);
        json_out_u64(&out, "licenses", check->chains.licenses);
        json_out_u64(&out, "grants", check->seats.grants);
        json_out_u64(&out, "observed", check->seats.observed);
        if (check->replay.facts)
            json_out_u64(&out, "facts_compared", check->replay.compared);
        coverage_write(check, &out);
    }
    json_out_i64(&out, "took_us", verification->took_us);
    json_out_end(&out);
    (void)printf("%.*s\n", STR_ARG(buf_str(&text)));
}

static void coverage_print(const struct check *check)
{
    char from[TIMETEXT_BYTES + 1] = "", to[TIMETEXT_BYTES + 1] = "";
    int64_t all_ms = check->time_ms - check->coverage.first_ms;

    timetext_write(check->coverage.first_ms, from);
    timetext_write(check->time_ms, to);
    (void)printf("coverage    %s to %s, %.1f %% of it running; starts %" PRIu64 ", ends without a word %" PRIu64 "\n",
                 from, to, all_ms ? 100.0 * (double)check->coverage.running_ms / (double)all_ms : 100.0,
                 check->coverage.starts, check->coverage.silent);
}

static void files_print(const struct verification *verification)
{
    if (verification->has_facts)
        (void)printf("files       head and facts; private texts %" PRIu64 ", names %" PRIu64 ", snapshots %" PRIu64
                     "%s\n",
                     verification->texts, verification->names, verification->snapshots,
                     verification->has_files ? "; pages, indexes, schema of the database" : "");
}

static void report_print(const struct verification *verification)
{
    const struct check *check = &verification->check;
    double seconds = (double)verification->took_us / 1e6;
    char root[BASE64_TEXT_BYTES(HASH_BYTES) + 1] = "";

    base64_write(verification->head.root.bytes, HASH_BYTES, root);
    (void)printf("ok\norigin      %.*s\nentries     %" PRIu64 "\nroot        %s\n",
                 STR_ARG(vkey_name(&verification->vkey)), verification->head.size, root);
    (void)printf("hashes      every leaf, %" PRIu64 " full tiles, the root%s\n", check->tiles,
                 check->anchors_met ? ", and the root of each signed head that is known" : "");
    if (verification->has_signature)
        (void)printf("checkpoint  signed by the known key, and extends the one seen before\n");
    if (verification->signed_size)
        (void)printf("checkpoint  signed by the ledger's key for the first %" PRIu64 " entries (signer.head)\n",
                     verification->signed_size);
    if (!check->hashes_only)
        (void)printf("contents    time order, ids, changes; chains without a gap: %" PRIu64 " of pools, %" PRIu64
                     " of licences\n",
                     check->chains.pools, check->chains.licenses);
    if (!check->hashes_only && !check->without_seats)
        (void)printf("seats       never one too many; grants %" PRIu64 ", offers %" PRIu64 ", observed %" PRIu64 "\n",
                     check->seats.grants, check->seats.offers, check->seats.observed);
    files_print(verification);
    if (check->replay.facts)
        (void)printf("replay      the facts, rebuilt by the server's rules, are those that its entries tell: compared "
                     "%" PRIu64 ", passed over %" PRIu64 "%s\n",
                     check->replay.compared, check->replay.passed,
                     verification->has_live_facts ? "; and those that the running server has" : "");
    if (verification->continues)
        (void)printf("before      key, size, root and seal of the ledger before it; its entries come to what was taken "
                     "over\n");
    if (!check->hashes_only)
        coverage_print(check);
    for (size_t i = 0; i < verification->left_count; i++)
        (void)printf("not checked %s\n", verification->left[i]);
    (void)printf("took        %.2f s", seconds);
    if (seconds >= 0.1) /* below, a rate would say how long starting takes */
        (void)printf(", %.2f million entries/s", (double)verification->head.size / seconds / 1e6);
    (void)printf("\n");
}

/* ---- The command ---- */

static int ledger_verify(const struct command_line *line, const struct verify_options *options,
                         const struct vkey *given)
{
    struct verification *verification = memory_new(1, sizeof(*verification)); /* too large for a stack */
    const char *what = line->operands[0];
    struct err err = { 0 };
    status s;

    if (!verification)
        return command_fail(line, exit_of(err_set(&err, CODE_NO_MEMORY, "no memory to verify with")), &err);
    verification->given = given;
    verification->check.hashes_only = options->quick;
    verification->check.without_seats = options->without_replay;
    check_begin(&verification->check);
    s = options->replay ? replay_check_begin(&verification->check.replay, &err) : OK;
    if (!s.code)
        s = strstr(what, "://") ? verify_url(what, verification, &err) : verify_store(what, verification, &err);
    if (!s.code && options->continues)
        s = heritage_compare(what, options->continues, &err);
    verification->took_us = progress_end(&verification->progress);
    verification->continues = options->continues != NULL;
    if (!s.code && line->json)
        report_json(verification);
    else if (!s.code)
        report_print(verification);
    check_free(&verification->check);
    memory_free(verification);
    return s.code ? command_fail(line, exit_of(s), &err) : EXIT_DONE;
}

static int proof_verify_run(const struct command_line *line, const struct verify_options *options,
                            const struct vkey *given)
{
    uint64_t index = 0;
    struct err err = { 0 };
    status s;

    if (!given || !options->entry)
        s = err_set(&err, CODE_INVALID, "a .tlog-proof needs --vkey KEY and --entry FILE");
    else
        s = verify_proof(line->operands[0], options->entry, given, &index, &err);
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    (void)printf(line->json ? "{\"ok\":true,\"index\":%" PRIu64 "}\n"
                            : "ok: the ledger has this entry, number %" PRIu64 "\n",
                 index);
    return EXIT_DONE;
}

static int verify_run(const struct command_line *line, const void *at)
{
    const struct verify_options *options = at;
    struct vkey vkey;
    struct err err = { 0 };

    if (options->quick && options->replay) {
        (void)err_set(&err, CODE_INVALID, "--quick looks into no entry, --replay into each: one of them");
        return command_fail(line, EXIT_USAGE, &err);
    }
    if (options->continues && strstr(line->operands[0], "://")) {
        (void)err_member(&err, CODE_INVALID, "continues", "--continues needs a data directory or a backup");
        return command_fail(line, EXIT_USAGE, &err);
    }
    if (options->vkey && vkey_parse(str_of(options->vkey), &vkey, &err).code) {
        (void)snprintf(err.member, sizeof(err.member), "vkey");
        return command_fail(line, EXIT_USAGE, &err);
    }
    if (str_ends(str_of(line->operands[0]), STR(".tlog-proof")))
        return proof_verify_run(line, options, options->vkey ? &vkey : NULL);
    return ledger_verify(line, options, options->vkey ? &vkey : NULL);
}

const struct cli_command verify_command = {
    .words = "verify",
    .summary = "recompute a ledger from its entries alone",
    .operands = "URL|DIR|FILE",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally verify ./data",
    .options = verify_rows,
    .option_count = sizeof(verify_rows) / sizeof(verify_rows[0]),
    .options_size = sizeof(struct verify_options),
    .run = verify_run,
};
