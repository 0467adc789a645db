/*
 * cli/man: `tally man DIR`: the man pages (man(7), which man-db, groff and mandoc read), tally.1 and one for each
 * command, from the tables that --help prints. It writes nothing else, and replaces pages of the same names.
 */
#ifndef CLI_MAN_H
#define CLI_MAN_H

#include "base/buf.h"
#include "cli/command.h"

/* The page of one command, or with NULL that of them all; `date` is "2026-11-24". A failure is in page->status. */
void man_page_add(struct buf *page, const struct command_group *groups, size_t count, const struct cli_command *command,
                  const char *date);

extern const struct cli_command man_command;

#endif
