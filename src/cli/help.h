/*
 * cli/help: what `tally help` and `tally COMMAND --help` print, and the few texts that every command has in common,
 * which the man pages say too: where settings come from, and what exit statuses mean.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

struct help_row {
    const char *name;
    const char *text;
};

extern const struct help_row help_settings[]; /* the environment's variables */
extern const size_t help_setting_count;
extern const struct help_row help_exits[]; /* what exit statuses mean */
extern const size_t help_exit_count;

#define HELP_SUMMARY "software licences, granted, recorded and proven"

void help_all(const struct command_group *groups, size_t count);
void help_command(const struct cli_command *command);

#endif
