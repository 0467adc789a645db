/*
 * daemon/main: one program, all subcommands. Owns the table of them and nothing else.
 */
#include "daemon/commands.h"

static const struct cli_command *const commands[] = { &demo_command, &init_command, &serve_command };

int main(int argc, char **argv)
{
    return command_main(commands, sizeof(commands) / sizeof(commands[0]), argc - 1, argv + 1);
}
