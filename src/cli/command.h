/*
 * cli/command: a subcommand of `tally` as data: its words, its options in one table, an example, and what runs it. The
 * table reads the arguments, writes --help and the man pages, and refuses what it does not know, by name.
 *
 * Commands on a data directory live in daemon/, commands that talk to a server here; both look like this.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Exit statuses that scripts can trust (sysexits.h where it has a word). */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAULT = 1,        /* a check found a fault; or an error no other number has */
    EXIT_USAGE = 64,       /* the command line is wrong */
    EXIT_NO_SERVER = 69,   /* the server can't be reached, or can't serve now */
    EXIT_NO_SEATS = 75,    /* none free: trying again later may help */
    EXIT_NOT_ALLOWED = 77, /* denied: credential, permission or licence */
};

enum option_kind {
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char * */
    OPTION_INT,   /* int64_t, min … max */
    OPTION_TEXTS, /* struct option_texts: may be given several times */
};

#define OPTION_TEXTS_MAX 64
struct option_texts {
    const char *at[OPTION_TEXTS_MAX];
    size_t count;
};

struct option_row {
    const char *name; /* without "--" */
    enum option_kind kind;
    size_t where; /* offset in the command's options struct */
    int64_t min;
    int64_t max;
    bool required;
    const char *value; /* what stands for the value in --help: "DIR" */
    const char *help;  /* one line */
    char letter;       /* "-n" beside "--lines"; 0: none */
    int shape;         /* enum request_shape of cli/request.h: how it travels in the command's request */
};

#define OPERANDS_MAX 16

struct cli_command;
struct command_group;

struct command_line {
    const struct cli_command *command;
    const struct command_group *groups; /* all there are, for those that tell of the others */
    size_t group_count;
    const char *operands[OPERANDS_MAX];
    size_t operand_count;
    char **rest; /* after "--", NULL-terminated; NULL when there was none */
    bool json;   /* --json */
};

struct cli_command {
    const char *words;    /* "license create" */
    const char *summary;  /* one line */
    const char *operands; /* "LICENSE", "-- CMD [ARG …]", or NULL */
    size_t operands_min;
    size_t operands_max;
    const char *example;
    const struct option_row *options;
    size_t option_count;
    size_t options_size;             /* bytes of the options struct; at most COMMAND_OPTIONS_MAX */
    void (*defaults)(void *options); /* or NULL: zeroed */
    const void *detail;              /* what `run` wants to know of this command: it may serve many */
    int (*run)(const struct command_line *line, const void *options); /* returns an exit code */
};

#define COMMAND_OPTIONS_MAX 4096

/* Commands that --help shows together. */
struct command_group {
    const char *title;
    const struct cli_command *const *commands;
    size_t count;
};

/* Runs the command that argv's first words name; prints --help, and errors about the command line (EXIT_USAGE). */
int command_main(const struct command_group *groups, size_t count, int argc, char **argv);

/* An error on standard error: "tally: text", or {"error":{…}} with --json. Returns `exit`. */
int command_fail(const struct command_line *line, int exit, const struct err *err);
/* The exit code that a status becomes when nothing else says. */
int exit_of(status s);

#endif
