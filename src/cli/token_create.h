/*
 * cli/token_create: `tally token create`: a request of its own kind, because its answer is shown once or goes into a
 * file that nobody else may read.
 */
#ifndef CLI_TOKEN_CREATE_H
#define CLI_TOKEN_CREATE_H

#include "cli/command.h"

int token_create_run(const struct command_line *line, const void *options);

#endif
