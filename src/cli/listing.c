#include "cli/listing.h"

#include <stdio.h>

#include "base/memory.h"
#include "cli/session.h"

#define CELL_MAX_BYTES 4096
#define GAP            2 /* spaces between columns */

void listing_free(struct listing *listing)
{
    arena_free(&listing->arena);
    memory_free(listing->cells);
    listing->cells = NULL;
}

static size_t column_count(const char *columns)
{
    struct str rest = str_of(columns);
    size_t count = 0;

    while (rest.len) {
        (void)str_take(&rest, ' ');
        count++;
    }
    return count;
}

static size_t width_of(struct str text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.at[i] & 0xc0) != 0x80; /* bytes that begin a character */
    return width;
}

/* The first characters of a text, and whether it had more. */
static struct str cell_cut(struct str text, bool *ret_was_cut)
{
    size_t at = 0;

    *ret_was_cut = width_of(text) > LISTING_CELL_MAX;
    for (size_t width = 0; *ret_was_cut && width < LISTING_CELL_MAX - 1; width++) {
        size_t len = str_utf8_len(str_from(text, at));

        at += len ? len : 1;
    }
    return *ret_was_cut ? str_cut(text, 0, at) : text;
}

static status cell_make(struct listing *listing, struct json_node value, struct str *ret_cell)
{
    AUTO(struct buf, buf_free) text = { .max = CELL_MAX_BYTES };
    bool was_cut = false;

    json_node_show(value, &text);
    if (text.status.code == CODE_TOO_LARGE) /* what was added fits */
        text.status = OK;
    TRY(text.status);
    text.len = cell_cut(buf_str(&text), &was_cut).len;
    if (was_cut)
        buf_add(&text, STR("…"));
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ')
            text.at[i] = '?';
    }
    return arena_copy(&listing->arena, buf_str(&text), ret_cell);
}

status listing_add(struct listing *listing, struct json_node row)
{
    struct str names = str_of(listing->columns);
    size_t columns = column_count(listing->columns);
    void *cells = listing->cells;
    char name[64];

    TRY(memory_grow(&cells, &listing->row_capacity, listing->row_count + 1, LISTING_ROWS_MAX,
                    columns * sizeof(struct str)));
    listing->cells = cells;
    for (size_t i = 0; i < columns; i++) {
        struct str *cell = &listing->cells[listing->row_count * columns + i];

        (void)str_to_c(str_take(&names, ' '), name, sizeof(name));
        TRY(cell_make(listing, json_node_member(row, name), cell));
    }
    listing->row_count++;
    return OK;
}

static void cell_print(struct str text, size_t width, bool last)
{
    (void)printf("%.*s", STR_ARG(text));
    for (size_t at = width_of(text); !last && at < width + GAP; at++)
        (void)putchar(' ');
}

static void heading_print(const char *columns, const size_t *widths)
{
    struct str names = str_of(columns);

    for (size_t i = 0; names.len; i++) {
        struct str name = str_take(&names, ' ');
        char text[64] = "";

        for (size_t k = 0; k < name.len && k < sizeof(text) - 1; k++)
            text[k] = (char)(name.at[k] >= 'a' && name.at[k] <= 'z' ? name.at[k] - 'a' + 'A' : name.at[k]);
        cell_print(str_of(text), widths[i], !names.len);
    }
    (void)putchar('\n');
}

void listing_print(const struct listing *listing)
{
    size_t widths[LISTING_COLUMNS_MAX] = { 0 };
    size_t columns = column_count(listing->columns);
    struct str names = str_of(listing->columns);

    if (!listing->row_count)
        return;
    for (size_t i = 0; i < columns; i++)
        widths[i] = str_take(&names, ' ').len;
    for (size_t i = 0; i < listing->row_count * columns; i++) {
        size_t width = width_of(listing->cells[i]);

        widths[i % columns] = width > widths[i % columns] ? width : widths[i % columns];
    }
    heading_print(listing->columns, widths);
    for (size_t row = 0; row < listing->row_count; row++) {
        for (size_t i = 0; i < columns; i++)
            cell_print(listing->cells[row * columns + i], widths[i], i + 1 == columns);
        (void)putchar('\n');
    }
}

/* Of the longest name, and of no fewer than 14 characters. */
static int names_width(struct str names)
{
    size_t width = 14;

    while (names.len) {
        size_t len = str_take(&names, ' ').len;

        width = len > width ? len : width;
    }
    return (int)width;
}

static void list_print(const char *name, int width, struct json_node list)
{
    AUTO(struct buf, buf_free) text = { .max = CELL_MAX_BYTES };

    for (size_t i = 0; i < json_node_count(list); i++) {
        buf_clear(&text);
        buf_add_format(&text, "%-*s ", width, i ? "" : name);
        json_node_show(json_node_item(list, i), &text);
        print_line(buf_str(&text));
    }
}

void object_print(struct json_node object, const char *members)
{
    struct str names = str_of(members);
    int width = names_width(names);
    char name[64];

    while (names.len) {
        AUTO(struct buf, buf_free) text = { .max = CELL_MAX_BYTES };
        struct json_node value;
        size_t filled;

        (void)str_to_c(str_take(&names, ' '), name, sizeof(name));
        value = json_node_member(object, name);
        if (!json_node_is(value))
            continue;
        if (json_node_count(value)) {
            list_print(name, width, value);
            continue;
        }
        buf_add_format(&text, "%-*s ", width, name);
        filled = text.len;
        json_node_show(value, &text);
        if (text.len > filled)
            print_line(buf_str(&text));
    }
}

static bool members_hold(struct str members, struct str name)
{
    while (members.len) {
        if (str_eq(str_take(&members, ' '), name))
            return true;
    }
    return false;
}

static status name_is_unknown(struct str name, struct str members, struct err *err)
{
    char space[ERR_TEXT_MAX_BYTES];
    struct buf known = BUF_OVER(space);

    while (members.len) {
        buf_add(&known, known.len ? STR(", ") : STR_NONE);
        buf_add(&known, str_take(&members, ' '));
    }
    return err_member(err, CODE_INVALID, "where", "--where: there is no \"%.*s\" here, but %.*s",
                      STR_ARG(str_cut(name, 0, 60)), STR_ARG(buf_str(&known)));
}

status where_read(struct str filter, const char *members, struct where *ret_where, struct err *err)
{
    size_t end = 0;
    struct str rest;

    while (end < filter.len && filter.at[end] != '=' && filter.at[end] != '!' && filter.at[end] != '~')
        end++;
    rest = str_from(filter, end);
    *ret_where = (struct where){ .name = str_cut(filter, 0, end),
                                 .differs = str_starts(rest, STR("!=")),
                                 .is_part = str_starts(rest, STR("~")) };
    if (!end || !rest.len || (rest.at[0] == '!' && !ret_where->differs))
        return err_member(err, CODE_INVALID, "where",
                          "--where must be NAME=VALUE, NAME!=VALUE or NAME~PART, not \"%.*s\"",
                          STR_ARG(str_cut(filter, 0, 100)));
    ret_where->value = str_from(rest, 1 + ret_where->differs);
    return members_hold(str_of(members), ret_where->name) ? OK : name_is_unknown(ret_where->name, str_of(members), err);
}

bool where_fits(const struct where *where, struct json_node row)
{
    AUTO(struct buf, buf_free) text = { .max = CELL_MAX_BYTES };
    char name[64];

    if (!str_to_c(where->name, name, sizeof(name)))
        return false;
    json_node_show(json_node_member(row, name), &text);
    if (where->is_part)
        return str_find_str(buf_str(&text), where->value) < text.len || !where->value.len;
    return str_eq(buf_str(&text), where->value) != where->differs;
}
