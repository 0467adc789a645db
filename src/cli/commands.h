/*
 * cli/commands: the subcommands that talk to a server, in the groups that --help shows. Each file's table is here.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command_group work_group;    /* run, why */
extern const struct command_group catalog_group; /* organisations, products, licences, pools, leases */
extern const struct command_group people_group;  /* users, teams, services, tokens */
extern const struct command_group audit_group;   /* audit, verify, clock */
extern const struct command_group logs_group;    /* observe, replay */

extern const struct cli_command version_command, verify_command, why_command, observe_command, replay_command;
extern const struct cli_command witness_request_command, witness_import_command;

#endif
