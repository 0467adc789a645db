/*
 * daemon/commands: the subcommands that work on a data directory.
 */
#ifndef DAEMON_COMMANDS_H
#define DAEMON_COMMANDS_H

#include "cli/command.h"

extern const struct cli_command init_command, serve_command, demo_command;
extern const struct cli_command keys_renew_command, doctor_command, restore_command, ledger_continue_command,
    ledger_seal_command, rebuild_command;
extern const struct cli_command witness_command, witness_keygen_command, witness_cosign_command;

#endif
