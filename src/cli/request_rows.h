/*
 * cli/request_rows: how the rows of request commands are written. Private to their tables.
 */
#ifndef CLI_REQUEST_ROWS_H
#define CLI_REQUEST_ROWS_H

#include "cli/request.h"

#define OPTION_TEXT_ROW(name_, field_, value_, shape_, help_)                                                          \
    {                                                                                                                  \
        .name = (name_), .kind = OPTION_TEXT, .where = offsetof(struct request_options, field_), .value = (value_),    \
        .shape = (shape_), .help = (help_)                                                                             \
    }
#define OPTION_NEEDED_ROW(name_, field_, value_, shape_, help_)                                                        \
    {                                                                                                                  \
        .name = (name_), .kind = OPTION_TEXT, .where = offsetof(struct request_options, field_), .value = (value_),    \
        .shape = (shape_), .help = (help_), .required = true                                                           \
    }
#define OPTION_TEXTS_ROW(name_, field_, value_, shape_, required_, help_)                                              \
    {                                                                                                                  \
        .name = (name_), .kind = OPTION_TEXTS, .where = offsetof(struct request_options, field_), .value = (value_),   \
        .shape = (shape_), .help = (help_), .required = (required_)                                                    \
    }
#define OPTION_INT_ROW(name_, field_, min_, max_, shape_, help_)                                                       \
    {                                                                                                                  \
        .name = (name_), .kind = OPTION_INT, .where = offsetof(struct request_options, field_), .value = "N",          \
        .min = (min_), .max = (max_), .shape = (shape_), .help = (help_)                                               \
    }
#define OPTION_FLAG_ROW(name_, field_, help_)                                                                          \
    {                                                                                                                  \
        .name = (name_), .kind = OPTION_FLAG, .where = offsetof(struct request_options, field_),                       \
        .shape = SHAPED_QUERY, .help = (help_)                                                                         \
    }

#define DRY_RUN_ROW OPTION_FLAG_ROW("dry-run", dry_run, "change nothing, tell what would be written")
#define REASON_ROW  OPTION_TEXT_ROW("reason", reason, "TEXT", SHAPED_TEXT, "why, kept private beside the entry")
#define WHERE_ROWS                                                                                                     \
    OPTION_TEXTS_ROW("where", where, "NAME=VALUE", SHAPED_NOT, false,                                                  \
                     "only rows that fit, or NAME!=VALUE, NAME~PART; may be repeated"),                                \
        OPTION_INT_ROW("limit", limit, 1, 1000000, SHAPED_NOT, "so many rows at most")

/* A command with a table of rows. */
#define REQUEST_COMMAND(rows_, spec_, ...)                                                                             \
    {                                                                                                                  \
        .options = (rows_), .option_count = sizeof(rows_) / sizeof((rows_)[0]),                                        \
        .options_size = sizeof(struct request_options), .defaults = request_defaults, .run = request_run,              \
        .detail = (spec_), __VA_ARGS__                                                                                 \
    }
#define SPEC(...) (&(const struct request_spec){ __VA_ARGS__ })

#define ONE_OPERAND(name_) .operands = (name_), .operands_min = 1, .operands_max = 1

static const struct option_row list_rows[] = { WHERE_ROWS };
static const struct option_row show_rows[] = { { 0 } };
static const struct option_row change_rows[] = { DRY_RUN_ROW };

#define LIST_COMMAND(words_, summary_, example_, path_, list_, columns_, members_)                                     \
    REQUEST_COMMAND(list_rows, SPEC("GET", (path_), .list = (list_), .columns = (columns_), .members = (members_)),    \
                    .words = (words_), .summary = (summary_), .example = (example_))
/* `list_` is where a name is looked up that is no id; "" for things without names. */
#define SHOW_COMMAND(words_, summary_, example_, operand_, path_, list_, columns_)                                     \
    {                                                                                                                  \
        .options = show_rows, .option_count = 0, .options_size = sizeof(struct request_options),                       \
        .defaults = request_defaults, .run = request_run,                                                              \
        .detail = SPEC("GET", (path_), .named = (list_), .columns = (columns_)), .words = (words_),                    \
        .summary = (summary_), .example = (example_), ONE_OPERAND(operand_)                                            \
    }

#endif
