/*
 * tlog/tile under attack: a path that is read names a tile whose only path it is.
 */
#include <assert.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    char space[TILE_PATH_MAX_BYTES];
    struct buf again = BUF_OVER(space);
    struct str input = { (const char *)data, len };
    struct tile tile;
    struct err err = { 0 };

    if (tile_parse(input, &tile, &err).code) {
        assert(err.text[0] != '\0');
        return 0;
    }
    assert(tile.level <= TILE_LEVEL_MAX && tile.width >= 1 && tile.width <= TILE_WIDTH);
    tile_add_path(&again, &tile);
    assert(str_eq(buf_str(&again), input));
    (void)tile_is_within(&tile, TREE_MAX_LEAVES);
    return 0;
}
