/*
 * cli/version: `tally version`.
 */
#include <stdio.h>

#include "cli/commands.h"

static int version_run(const struct command_line *line, const void *options)
{
    (void)options;
    (void)printf(line->json ? "{\"version\":\"%s\"}\n" : "tally %s\n", TALLY_VERSION);
    return EXIT_DONE;
}

const struct cli_command version_command = {
    .words = "version",
    .summary = "the program's version",
    .example = "tally version",
    .run = version_run,
};
