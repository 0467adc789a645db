/*
 * daemon/main: one program, all subcommands. Owns the table of them and nothing else.
 */
#include "cli/commands.h"
#include "cli/man.h"
#include "daemon/commands.h"
#include "daemon/signer_process.h"

static const struct cli_command *const server_commands[] = { &demo_command, &init_command, &serve_command, &man_command,
                                                             &version_command };
static const struct cli_command *const care_commands[] = { &keys_renew_command,  &doctor_command,
                                                           &restore_command,     &ledger_continue_command,
                                                           &ledger_seal_command, &rebuild_command };
static const struct cli_command *const witness_commands[] = { &witness_command, &witness_keygen_command,
                                                              &witness_cosign_command, &witness_request_command,
                                                              &witness_import_command };

int main(int argc, char **argv)
{
    const struct command_group groups[] = {
        { "Server", server_commands, sizeof(server_commands) / sizeof(server_commands[0]) },
        { "Care of a data directory", care_commands, sizeof(care_commands) / sizeof(care_commands[0]) },
        { "Witness", witness_commands, sizeof(witness_commands) / sizeof(witness_commands[0]) },
        work_group,
        catalog_group,
        people_group,
        audit_group,
        logs_group,
    };

    if (signer_process_is_meant(argc, argv))
        return signer_process_run(argc, argv);
    return command_main(groups, sizeof(groups) / sizeof(groups[0]), argc - 1, argv + 1);
}
