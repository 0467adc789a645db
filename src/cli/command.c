#include "cli/command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "codec/json_out.h"

#define WORD_MAX 24

int exit_of(status s)
{
    switch (s.code) {
    case CODE_OK:
        return EXIT_DONE;
    case CODE_INVALID:
        return EXIT_USAGE;
    case CODE_DENIED:
        return EXIT_NOT_ALLOWED;
    case CODE_UNAVAILABLE:
    case CODE_TIMED_OUT:
    case CODE_CLOSED:
        return EXIT_NO_SERVER;
    default:
        return EXIT_FAULT;
    }
}

int command_fail(const struct command_line *line, int exit, const struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = 4 * ERR_TEXT_MAX_BYTES };
    struct json_out out = { .buf = &text };

    if (!line || !line->json) {
        (void)fprintf(stderr, "tally: %s\n", err->text);
        return exit;
    }
    json_out_object(&out, NULL);
    json_out_object(&out, "error");
    json_out_text(&out, "detail", str_of(err->text));
    if (err->member[0])
        json_out_text(&out, "member", str_of(err->member));
    json_out_i64(&out, "exit", exit);
    json_out_end(&out);
    json_out_end(&out);
    (void)fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&text)));
    return exit;
}

/* ---- Options ---- */

static const struct option_row *option_find(const struct cli_command *command, struct str name)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (str_eq(str_of(command->options[i].name), name))
            return &command->options[i];
    }
    return NULL;
}

static const struct option_row *letter_find(const struct cli_command *command, char letter)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (letter && command->options[i].letter == letter)
            return &command->options[i];
    }
    return NULL;
}

static status number_read(const struct option_row *row, const char *value, int64_t *ret_number, struct err *err)
{
    bool negative = value[0] == '-' && row->min < 0;
    uint64_t number;

    if (str_to_u64(str_of(value + negative), INT64_MAX, &number).code == CODE_OK) {
        *ret_number = negative ? -(int64_t)number : (int64_t)number;
        if (*ret_number >= row->min && *ret_number <= row->max)
            return OK;
    }
    return err_member(err, CODE_INVALID, row->name, "--%s must be a whole number from %lld to %lld, not \"%s\"",
                      row->name, (long long)row->min, (long long)row->max, value);
}

static status value_set(const struct option_row *row, const char *value, char *options, struct err *err)
{
    struct option_texts *texts = (struct option_texts *)(void *)(options + row->where);

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)(options + row->where) = true;
        return OK;
    case OPTION_TEXT:
        memcpy(options + row->where, (const void *)&value, sizeof(value));
        return OK;
    case OPTION_INT: {
        int64_t number = 0;

        TRY(number_read(row, value, &number, err));
        memcpy(options + row->where, &number, sizeof(number));
        return OK;
    }
    default:
        if (texts->count == OPTION_TEXTS_MAX)
            return err_member(err, CODE_INVALID, row->name, "--%s may be given %d times at most", row->name,
                              OPTION_TEXTS_MAX);
        texts->at[texts->count++] = value;
        return OK;
    }
}

struct arguments {
    char **at; /* what is left */
    char *options;
    uint64_t seen; /* 1 << row: to refuse repeats and find what is missing */
};

/* "--name=value", "--name value", "-n value" or "-n"; `inner` is a value that stands in the argument itself. */
static status option_set(const struct cli_command *command, const struct option_row *row, const char *inner,
                         struct arguments *arguments, struct err *err)
{
    uint64_t bit = (uint64_t)1 << (row - command->options);
    const char *value = inner;

    if ((arguments->seen & bit) && row->kind != OPTION_TEXTS)
        return err_member(err, CODE_INVALID, row->name, "--%s is given twice", row->name);
    arguments->seen |= bit;
    if (row->kind == OPTION_FLAG && value)
        return err_member(err, CODE_INVALID, row->name, "--%s takes no value", row->name);
    if (row->kind != OPTION_FLAG && !value && !(value = *arguments->at ? *arguments->at++ : NULL))
        return err_member(err, CODE_INVALID, row->name, "--%s needs a value: %s", row->name, row->value);
    return value_set(row, value, arguments->options, err);
}

/* The next argument, which begins with a hyphen. */
static status option_take(const struct cli_command *command, struct arguments *arguments, struct err *err)
{
    const char *argument = *arguments->at++;
    bool is_long = argument[1] == '-';
    struct str text = str_of(argument + 2);
    struct str name = str_cut(text, 0, str_find(text, '='));
    const struct option_row *row = is_long ? option_find(command, name) : letter_find(command, argument[1]);

    if (!row || (!is_long && argument[2]))
        return err_set(err, CODE_INVALID, "%s has no option %s; see `tally %s --help`", command->words, argument,
                       command->words);
    return option_set(command, row, is_long && name.len < text.len ? text.at + name.len + 1 : NULL, arguments, err);
}

static status missing_find(const struct cli_command *command, const struct arguments *arguments,
                           const struct command_line *line, struct err *err)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].required && !(arguments->seen >> i & 1))
            return err_member(err, CODE_INVALID, command->options[i].name, "%s needs --%s %s", command->words,
                              command->options[i].name, command->options[i].value);
    }
    if (line->operand_count < command->operands_min)
        return err_set(err, CODE_INVALID, "%s needs %s; see `tally %s --help`", command->words, command->operands,
                       command->words);
    return OK;
}

static status surplus_refuse(const struct cli_command *command, const char *text, struct err *err)
{
    if (str_starts(str_of(command->operands), STR("-- ")))
        return err_set(err, CODE_INVALID, "%s: a program comes after --, as in `%s`, but there is \"%s\"",
                       command->words, command->example, text);
    return err_set(err, CODE_INVALID, "%s does not know what to do with \"%s\"; see `tally %s --help`", command->words,
                   text, command->words);
}

static status line_read(const struct cli_command *command, struct arguments *arguments, struct command_line *line,
                        struct err *err)
{
    while (*arguments->at) {
        const char *text = *arguments->at;

        if (strcmp(text, "--") == 0) {
            line->rest = arguments->at + 1;
            break;
        }
        if (strcmp(text, "--json") == 0) {
            line->json = true;
            arguments->at++;
        } else if (text[0] == '-' && text[1]) {
            TRY(option_take(command, arguments, err));
        } else if (line->operand_count < command->operands_max) {
            line->operands[line->operand_count++] = text;
            arguments->at++;
        } else {
            return surplus_refuse(command, text, err);
        }
    }
    return missing_find(command, arguments, line, err);
}

/* ---- Finding the command ---- */

/* How many of argv's first words are the command's; 0 when they are not. */
static int words_match(const char *words, char **argv)
{
    struct str rest = str_of(words);
    int count = 0;

    while (rest.len) {
        struct str word = str_take(&rest, ' ');

        if (!argv[count] || !str_eq(word, str_of(argv[count])))
            return 0;
        count++;
    }
    return count;
}

/* The command with the most matching words: `license` alone would hide `license create`. */
static const struct cli_command *command_find(const struct command_group *groups, size_t count, char **argv,
                                              int *ret_words)
{
    const struct cli_command *found = NULL;

    *ret_words = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < groups[i].count; k++) {
            int words = words_match(groups[i].commands[k]->words, argv);

            if (words > *ret_words) {
                *ret_words = words;
                found = groups[i].commands[k];
            }
        }
    }
    return found;
}

/* Whether one of the two stands among our own arguments: errors about the others are told in the form that is asked
 * for. */
static bool argument_is_there(char **argv, const char *word, const char *other)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++) {
        if (strcmp(*argv, word) == 0 || (other && strcmp(*argv, other) == 0))
            return true;
    }
    return false;
}

/* Commands that begin with the same noun, so that "license" alone says which there are; `to` may be NULL. */
static bool verbs_list(const struct command_group *groups, size_t count, const char *noun, FILE *to)
{
    size_t len = strlen(noun);
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < groups[i].count; k++) {
            const struct cli_command *command = groups[i].commands[k];

            if (strncmp(command->words, noun, len) != 0 || command->words[len] != ' ')
                continue;
            if (to)
                (void)fprintf(to, "  %-24s %s\n", command->words, command->summary);
            any = true;
        }
    }
    return any;
}

/* How many letters must be changed, added or left out to make one word the other (Levenshtein), up to WORD_MAX. */
static size_t words_distance(struct str a, struct str b)
{
    size_t row[WORD_MAX + 1];

    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return WORD_MAX;
    for (size_t i = 0; i <= b.len; i++)
        row[i] = i;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t changed = diagonal + (a.at[i - 1] != b.at[k - 1]);
            size_t shorter = row[k] < row[k - 1] ? row[k] : row[k - 1];

            diagonal = row[k];
            row[k] = changed < shorter + 1 ? changed : shorter + 1;
        }
    }
    return row[b.len];
}

/* The first word of a command that is like this one: "license" for "licence" or "licenses". Nothing when none is. */
static struct str word_like(const struct command_group *groups, size_t count, const char *word)
{
    struct str found = STR_NONE;
    size_t least = strlen(word) / 3 + 1;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < groups[i].count; k++) {
            struct str rest = str_of(groups[i].commands[k]->words);
            struct str first = str_take(&rest, ' ');
            size_t distance = words_distance(first, str_of(word));

            if (distance < least) {
                least = distance;
                found = first;
            }
        }
    }
    return found;
}

static int unknown_command(const struct command_group *groups, size_t count, char **argv)
{
    bool is_noun = verbs_list(groups, count, argv[0], NULL);
    bool has_verb = argv[1] && argv[1][0] != '-';
    struct str like = word_like(groups, count, argv[0]);

    if (argument_is_there(argv + 1, "--help", "-h") && verbs_list(groups, count, argv[0], stdout))
        return EXIT_DONE;
    if (!is_noun && like.len)
        (void)fprintf(stderr, "tally: there is no command \"%s\"; is it \"%.*s\"? See `tally --help`\n", argv[0],
                      STR_ARG(like));
    else if (!is_noun)
        (void)fprintf(stderr, "tally: there is no command \"%s\"; see `tally --help`\n", argv[0]);
    else if (has_verb)
        (void)fprintf(stderr, "tally: there is no command \"%s %s\", but:\n", argv[0], argv[1]);
    else
        (void)fprintf(stderr, "tally: what of %s? There are:\n", argv[0]);
    (void)verbs_list(groups, count, argv[0], stderr);
    return EXIT_USAGE;
}

/* "help", or "help WORDS", which is the same as "WORDS --help". */
static int help_tell(const struct command_group *groups, size_t count, char **argv)
{
    const struct cli_command *command;
    int words;

    if (!argv[0]) {
        help_all(groups, count);
        return EXIT_DONE;
    }
    command = command_find(groups, count, argv, &words);
    if (command)
        help_command(command);
    else if (!verbs_list(groups, count, argv[0], stdout))
        return unknown_command(groups, count, argv);
    return EXIT_DONE;
}

/* `line` says which command of which groups it is. */
static int command_run(struct command_line line, char **argv)
{
    _Alignas(max_align_t) char options[COMMAND_OPTIONS_MAX] = { 0 };
    const struct cli_command *command = line.command;
    struct arguments arguments = { .at = argv, .options = options };
    struct err err = { 0 };

    line.json = argument_is_there(argv, "--json", NULL);
    assert(command->options_size <= sizeof(options));
    if (command->defaults)
        command->defaults(options);
    if (line_read(command, &arguments, &line, &err).code)
        return command_fail(&line, EXIT_USAGE, &err);
    return command->run(&line, options);
}

int command_main(const struct command_group *groups, size_t count, int argc, char **argv)
{
    static char version_word[] = "version";
    const struct cli_command *command;
    int words;

    if (argc < 1) {
        help_all(groups, count);
        return EXIT_USAGE;
    }
    if (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return help_tell(groups, count, argv + 1);
    if (strcmp(argv[0], "--version") == 0)
        argv[0] = version_word;
    command = command_find(groups, count, argv, &words);
    if (!command)
        return unknown_command(groups, count, argv);
    if (argument_is_there(argv + words, "--help", "-h")) {
        help_command(command);
        return EXIT_DONE;
    }
    return command_run((struct command_line){ .command = command, .groups = groups, .group_count = count },
                       argv + words);
}
