/*
 * tlog/tile: widths, and reading and writing the path text.
 */
#include "tlog/tile.h"

#include <assert.h>

/* The number of a tile is written in groups of so many digits, from the least significant on. */
#define GROUP_DIGITS 3
#define GROUP_RADIX  1000u
/* 2^55 tiles hold 2^63 entries; that number has 17 digits. */
#define GROUPS_MAX 6
/* No tile of a tree of TREE_MAX_LEAVES has a larger number. */
#define TILE_N_MAX ((uint64_t)TREE_MAX_LEAVES >> TILE_HEIGHT)

uint64_t tile_level_size(uint64_t size, unsigned level)
{
    return level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
}

unsigned tile_width_at(uint64_t size, unsigned level, uint64_t n)
{
    uint64_t hashes = tile_level_size(size, level);
    uint64_t full = hashes / TILE_WIDTH;

    if (n < full)
        return TILE_WIDTH;
    return n == full ? (unsigned)(hashes % TILE_WIDTH) : 0;
}

bool tile_is_within(const struct tile *tile, uint64_t size)
{
    return tile->width <= tile_width_at(size, tile->level, tile->n);
}

static status wrong(struct str path, const char *expected, struct err *err)
{
    return err_set(err, CODE_INVALID, "the tile path '%.*s' is wrong: expected %s", STR_ARG(str_cut(path, 0, 80)),
                   expected);
}

/* Exactly three ASCII digits. */
static bool read_group(struct str text, unsigned *ret_value)
{
    unsigned value = 0;

    if (text.len != GROUP_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.at[i] - '0');
    }
    *ret_value = value;
    return true;
}

/*
 * Takes "x001/x234/067" off *rest. Every group but the last starts with 'x'; the first of several is not zero, or the
 * number would have two spellings.
 */
static bool take_number(struct str *rest, uint64_t *ret_n)
{
    uint64_t n = 0;
    unsigned value = 0;

    for (int groups = 0; groups < GROUPS_MAX; groups++) {
        bool more = str_starts(*rest, STR("x"));

        if (!read_group(str_cut(*rest, more, GROUP_DIGITS), &value) || (groups == 0 && more && value == 0))
            return false;
        *rest = str_from(*rest, more + (size_t)GROUP_DIGITS);
        n = n * GROUP_RADIX + value;
        if (!more) {
            *ret_n = n;
            return n <= TILE_N_MAX;
        }
        if (!str_starts(*rest, STR("/")))
            return false;
        *rest = str_from(*rest, 1);
    }
    return false;
}

/* What follows the number: nothing, or ".p/<W>". */
static bool read_width(struct str text, unsigned *ret_width)
{
    uint64_t width = TILE_WIDTH;

    if (text.len != 0) {
        if (!str_starts(text, STR(".p/")) || str_to_u64(str_from(text, 3), TILE_WIDTH - 1, &width).code || width == 0)
            return false;
    }
    *ret_width = (unsigned)width;
    return true;
}

status tile_parse(struct str path, struct tile *ret_tile, struct err *err)
{
    struct tile tile = { .kind = TILE_HASHES };
    struct str rest = path;
    struct str level;
    uint64_t level_number = 0;

    if (!str_starts(path, STR("/tile/")))
        return wrong(path, "it to start with '/tile/'", err);
    rest = str_from(rest, sizeof "/tile/" - 1);
    level = str_take(&rest, '/');
    if (str_eq(level, STR("entries")))
        tile.kind = TILE_ENTRIES;
    else if (str_to_u64(level, TILE_LEVEL_MAX, &level_number).code)
        return wrong(path, "'entries' or a level from 0 to 63", err);
    tile.level = (unsigned)level_number;
    if (!take_number(&rest, &tile.n))
        return wrong(path, "a number in groups of three digits such as 'x001/234'", err);
    if (!read_width(rest, &tile.width))
        return wrong(path, "nothing or '.p/' and a width from 1 to 255 after the number", err);
    *ret_tile = tile;
    return OK;
}

static void add_number(struct buf *buf, uint64_t n)
{
    unsigned groups[GROUPS_MAX];
    int count = 0;

    assert(n <= TILE_N_MAX);
    do {
        groups[count++] = (unsigned)(n % GROUP_RADIX);
        n /= GROUP_RADIX;
    } while (n);
    while (count-- > 1)
        buf_add_format(buf, "x%03u/", groups[count]);
    buf_add_format(buf, "%03u", groups[0]);
}

void tile_add_path(struct buf *buf, const struct tile *tile)
{
    assert(tile->width >= 1 && tile->width <= TILE_WIDTH && tile->level <= TILE_LEVEL_MAX);
    buf_add(buf, STR("/tile/"));
    if (tile->kind == TILE_ENTRIES)
        buf_add(buf, STR("entries"));
    else
        buf_add_u64(buf, tile->level);
    buf_add_byte(buf, '/');
    add_number(buf, tile->n);
    if (tile->width < TILE_WIDTH) {
        buf_add(buf, STR(".p/"));
        buf_add_u64(buf, tile->width);
    }
}
