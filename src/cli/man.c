#include "cli/man.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/help.h"
#include "codec/timetext.h"

#define PAGE_MAX_BYTES ((size_t)64 * 1024)
#define NAME_MAX_BYTES 64
#define PATH_BYTES     4096
#define DATE_BYTES     10

/* ---- Text as roff wants it ---- */

/* A character beyond ASCII, by its number, so that no reader must guess the encoding; gives its bytes. */
static size_t wide_add(struct buf *page, struct str text)
{
    size_t len = str_utf8_len(text);
    uint32_t point = (unsigned char)text.at[0];

    if (len < 2)
        return 1;
    point &= 0x7fu >> len;
    for (size_t i = 1; i < len; i++)
        point = point << 6 | ((unsigned char)text.at[i] & 0x3f);
    buf_add_format(page, "\\[u%04X]", point);
    return len;
}

/* Nothing of the text is a request or an escape, and a hyphen stays the one that shells know. */
static void text_add(struct buf *page, const char *c_text)
{
    struct str text = str_of(c_text);

    if (str_starts(text, STR(".")) || str_starts(text, STR("'")))
        buf_add(page, STR("\\&"));
    for (size_t at = 0; at < text.len;) {
        if ((unsigned char)text.at[at] >= 0x80) {
            at += wide_add(page, str_from(text, at));
            continue;
        }
        if (text.at[at] == '\\')
            buf_add(page, STR("\\e"));
        else if (text.at[at] == '-')
            buf_add(page, STR("\\-"));
        else
            buf_add_byte(page, text.at[at]);
        at++;
    }
}

static void line_add(struct buf *page, const char *text)
{
    text_add(page, text);
    buf_add_byte(page, '\n');
}

static void bold_add(struct buf *page, const char *before, const char *text)
{
    buf_add(page, STR("\\fB"));
    text_add(page, before);
    text_add(page, text);
    buf_add(page, STR("\\fR"));
}

static void value_add(struct buf *page, const char *text)
{
    buf_add(page, STR("\\fI"));
    text_add(page, text);
    buf_add(page, STR("\\fR"));
}

/* A name and what it means, indented. */
static void row_add(struct buf *page, const char *name, const char *text)
{
    buf_add(page, STR(".TP\n"));
    bold_add(page, "", name);
    buf_add_byte(page, '\n');
    line_add(page, text);
}

/* "tally", or "tally-license-create". */
static void name_write(const struct cli_command *command, char ret_name[NAME_MAX_BYTES])
{
    (void)snprintf(ret_name, NAME_MAX_BYTES, "tally%s%s", command ? "-" : "", command ? command->words : "");
    for (char *at = ret_name; *at; at++)
        *at = *at == ' ' ? '-' : *at;
}

/* ---- What every page has ---- */

static void head_add(struct buf *page, const struct cli_command *command, const char *date)
{
    char name[NAME_MAX_BYTES];
    size_t begun;

    name_write(command, name);
    buf_add(page, STR(".TH "));
    begun = page->len;
    text_add(page, name);
    for (size_t i = begun; i < page->len; i++)
        page->at[i] = (char)(page->at[i] >= 'a' && page->at[i] <= 'z' ? page->at[i] - 'a' + 'A' : page->at[i]);
    buf_add_format(page, " 1 %s \"tally %s\" \"Tallystick\"\n.SH NAME\n", date, TALLY_VERSION);
    text_add(page, name);
    buf_add(page, STR(" \\- "));
    line_add(page, command ? command->summary : HELP_SUMMARY);
    buf_add(page, STR(".SH SYNOPSIS\n"));
    bold_add(page, "tally ", command ? command->words : "");
    if (!command)
        value_add(page, "COMMAND");
    if (!command || command->option_count)
        value_add(page, " [options]");
    if (command && command->operands) {
        buf_add_byte(page, ' ');
        value_add(page, command->operands);
    }
    buf_add_byte(page, '\n');
}

static void rows_add(struct buf *page, const char *title, const struct help_row *rows, size_t count)
{
    buf_add_format(page, ".SH %s\n", title);
    for (size_t i = 0; i < count; i++)
        row_add(page, rows[i].name, rows[i].text);
}

static void foot_add(struct buf *page, const char *other)
{
    rows_add(page, "ENVIRONMENT", help_settings, help_setting_count);
    rows_add(page, "EXIT STATUS", help_exits, help_exit_count);
    buf_add(page, STR(".SH SEE ALSO\n"));
    bold_add(page, "", other);
    buf_add(page, STR("(1)\n"));
}

/* ---- One command, and all of them ---- */

static void option_add(struct buf *page, const struct option_row *row)
{
    buf_add(page, STR(".TP\n"));
    if (row->letter)
        buf_add_format(page, "\\fB\\-%c\\fR, ", row->letter);
    bold_add(page, "--", row->name);
    if (row->value) {
        buf_add_byte(page, ' ');
        value_add(page, row->value);
    }
    buf_add_byte(page, '\n');
    text_add(page, row->help);
    line_add(page, row->required ? " (required)" : "");
}

static void command_add(struct buf *page, const struct cli_command *command)
{
    buf_add(page, STR(".SH OPTIONS\n"));
    for (size_t i = 0; i < command->option_count; i++)
        option_add(page, &command->options[i]);
    row_add(page, "--json", "print JSON, errors too");
    buf_add(page, STR(".SH EXAMPLES\n.nf\n"));
    line_add(page, command->example);
    buf_add(page, STR(".fi\n"));
    foot_add(page, "tally");
}

static void overview_add(struct buf *page, const struct command_group *groups, size_t count)
{
    buf_add(page,
            STR(".SH DESCRIPTION\nOne program is server, command line and verifier. Each command has a page of its "
                "own, as\n\\fBtally\\-run\\fR(1), and tells the same with \\fB\\-\\-help\\fR.\n"));
    for (size_t i = 0; i < count; i++) {
        buf_add(page, STR(".SS "));
        line_add(page, groups[i].title);
        for (size_t k = 0; k < groups[i].count; k++)
            row_add(page, groups[i].commands[k]->words, groups[i].commands[k]->summary);
    }
    foot_add(page, "tally-run");
}

void man_page_add(struct buf *page, const struct command_group *groups, size_t count, const struct cli_command *command,
                  const char *date)
{
    head_add(page, command, date);
    if (command)
        command_add(page, command);
    else
        overview_add(page, groups, count);
}

/* ---- tally man ---- */

struct writing {
    const struct command_line *line;
    char date[DATE_BYTES + 1];
    size_t written;
};

/* SOURCE_DATE_EPOCH is how those who build packages twice ask for the same bytes twice. */
static status date_write(char ret_date[DATE_BYTES + 1], struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = TIMETEXT_BYTES };
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    int64_t at_ms = clock_read().wall_ms;
    uint64_t seconds;

    if (epoch && str_to_u64(str_of(epoch), INT32_MAX, &seconds).code)
        return err_member(err, CODE_INVALID, "SOURCE_DATE_EPOCH", "SOURCE_DATE_EPOCH must be seconds, not \"%.40s\"",
                          epoch);
    if (epoch)
        at_ms = (int64_t)seconds * 1000;
    timetext_add(&text, at_ms);
    TRY(text.status);
    (void)str_to_c(str_cut(buf_str(&text), 0, DATE_BYTES), ret_date, DATE_BYTES + 1);
    return OK;
}

static status page_write(struct writing *writing, const struct cli_command *command, struct err *err)
{
    AUTO(struct buf, buf_free) page = { .max = PAGE_MAX_BYTES };
    const struct command_line *line = writing->line;
    char name[NAME_MAX_BYTES];
    char path[PATH_BYTES];
    int fd;
    bool whole;

    man_page_add(&page, line->groups, line->group_count, command, writing->date);
    TRY(page.status);
    name_write(command, name);
    if (snprintf(path, sizeof(path), "%s/%s.1", line->operands[0], name) >= (int)sizeof(path))
        return err_set(err, CODE_INVALID, "the path of the directory is too long");
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_system(err, "create", path);
    whole = write(fd, page.at, page.len) == (ssize_t)page.len;
    if (close(fd) || !whole)
        return err_system(err, "write", path);
    writing->written++;
    return OK;
}

static status pages_write(struct writing *writing, struct err *err)
{
    const struct command_line *line = writing->line;

    TRY(date_write(writing->date, err));
    if (mkdir(line->operands[0], 0755) && errno != EEXIST)
        return err_system(err, "make", line->operands[0]);
    TRY(page_write(writing, NULL, err));
    for (size_t i = 0; i < line->group_count; i++) {
        for (size_t k = 0; k < line->groups[i].count; k++)
            TRY(page_write(writing, line->groups[i].commands[k], err));
    }
    return OK;
}

static int man_run(const struct command_line *line, const void *options)
{
    struct writing writing = { .line = line };
    struct err err = { 0 };
    status s = pages_write(&writing, &err);

    (void)options;
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (line->json)
        (void)printf("{\"pages\":%zu}\n", writing.written);
    else
        (void)printf("wrote %zu pages into %s\n", writing.written, line->operands[0]);
    return EXIT_DONE;
}

const struct cli_command man_command = {
    .words = "man",
    .summary = "write the man pages into a directory",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .example = "tally man ~/.local/share/man/man1",
    .run = man_run,
};
