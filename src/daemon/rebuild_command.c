/*
 * daemon/rebuild_command: `tally rebuild DIR`: everything that is derived from a ledger's entries, made anew from them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "codec/json_out.h"
#include "daemon/commands.h"
#include "engine/rebuild.h"

#define REPORT_MAX_BYTES 2048

static void report_json(const struct rebuilt *rebuilt)
{
    AUTO(struct buf, buf_free) text = { .max = REPORT_MAX_BYTES };
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    json_out_u64(&out, "entries", rebuilt->size);
    json_out_base64(&out, "root", rebuilt->root.bytes, HASH_BYTES);
    for (size_t i = 0; i < rebuilt->count; i++) {
        json_out_object(&out, rebuilt->derived[i].name);
        json_out_u64(&out, "looked_at", rebuilt->derived[i].looked_at);
        json_out_u64(&out, "mended", rebuilt->derived[i].mended);
        json_out_end(&out);
    }
    json_out_end(&out);
    (void)printf("%.*s\n", STR_ARG(buf_str(&text)));
}

static int rebuild_run(const struct command_line *line, const void *at)
{
    struct rebuilt rebuilt = { 0 };
    struct err err = { 0 };
    status s = rebuild_all(line->operands[0], &rebuilt, &err);

    (void)at;
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (line->json) {
        report_json(&rebuilt);
        return EXIT_DONE;
    }
    (void)printf("entries     %" PRIu64 ", with the root of the head\n", rebuilt.size);
    for (size_t i = 0; i < rebuilt.count; i++)
        (void)printf("%-11s %" PRIu64 ", mended %" PRIu64 "\n", rebuilt.derived[i].name, rebuilt.derived[i].looked_at,
                     rebuilt.derived[i].mended);
    return EXIT_DONE;
}

const struct cli_command rebuild_command = {
    .words = "rebuild",
    .summary = "make anew what is derived from the entries: tiles, snapshots",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally rebuild ./data",
    .run = rebuild_run,
};
