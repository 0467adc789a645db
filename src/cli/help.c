#include "cli/help.h"

#include <stdio.h>

const struct help_row help_settings[] = {
    { "TALLY_URL", "servers, separated by commas, asked in this order (default: http://127.0.0.1:8470)" },
    { "TALLY_TOKEN_FILE", "the file that holds the API token; nobody else may read or write it" },
    { "TALLY_TOKEN", "the API token itself, which goes before TALLY_TOKEN_FILE" },
    { "TALLY_CA_FILE", "PEM file of the authorities to trust in place of the system's" },
    { "TALLY_VKEY", "the ledger's verifier key, if it is not to be learned at first sight" },
    { "XDG_STATE_HOME", "where keys and newest checkpoints are remembered (default: ~/.local/state)" },
};
const size_t help_setting_count = sizeof(help_settings) / sizeof(help_settings[0]);

const struct help_row help_exits[] = {
    { "0", "done" },
    { "1", "a check found a fault; or an error that no other number has" },
    { "64", "the command line, or a value in it, is wrong; the text names the option or member" },
    { "69", "no server can be reached, or none can serve now" },
    { "75", "no seat is free; trying again later may help" },
    { "77", "denied: credential, permission or licence" },
    { "others",
      "of tally run: its program's own, 128 + the number of a signal that ended it, 126 and 127 as of shells" },
};
const size_t help_exit_count = sizeof(help_exits) / sizeof(help_exits[0]);

static const char *letter_text(char letter)
{
    static char text[] = "-x, ";

    text[1] = letter;
    return letter ? text : "";
}

void help_command(const struct cli_command *command)
{
    (void)printf("%s\n\nusage: tally %s%s%s%s\n", command->summary, command->words,
                 command->option_count ? " [options]" : "", command->operands ? " " : "",
                 command->operands ? command->operands : "");
    (void)printf("\noptions:\n");
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option_row *row = &command->options[i];
        char left[64];

        (void)snprintf(left, sizeof(left), "%s--%s%s%s", letter_text(row->letter), row->name, row->value ? " " : "",
                       row->value ? row->value : "");
        (void)printf("  %-28s %s%s\n", left, row->help, row->required ? " (required)" : "");
    }
    (void)printf("  %-28s %s\n", "--json", "print JSON, errors too");
    (void)printf("\nexample:\n  %s\n", command->example);
}

void help_all(const struct command_group *groups, size_t count)
{
    (void)printf("tally: " HELP_SUMMARY "\n\nusage: tally COMMAND [options]\n");
    for (size_t i = 0; i < count; i++) {
        (void)printf("\n%s:\n", groups[i].title);
        for (size_t k = 0; k < groups[i].count; k++)
            (void)printf("  %-24s %s\n", groups[i].commands[k]->words, groups[i].commands[k]->summary);
    }
    (void)printf("\nSettings of the commands that ask a server, from the environment:\n");
    for (size_t i = 0; i < help_setting_count; i++)
        (void)printf("  %-24s %s\n", help_settings[i].name, help_settings[i].text);
    (void)printf("\n`tally COMMAND --help` tells more, with an example.\n");
}
