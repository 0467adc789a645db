/*
 * engine/rebuild_tiles: full tiles of the tree. One that is there and right is left alone; one too many is taken away.
 */
#include "engine/rebuild_parts.h"

static status tile_derive(struct rebuild *rebuild, const struct edge_full *full, struct err *err)
{
    struct store_tile tile = { full->level, full->n, (const uint8_t *)full->hashes };
    uint8_t kept[TILE_BYTES];
    status s = store_tile_read(rebuild->reader, full->level, full->n, kept, err);

    rebuild->told->looked_at++;
    if (!s.code && memcmp(kept, tile.hashes, sizeof(kept)) == 0)
        return OK;
    if (s.code && s.code != CODE_NOT_FOUND && s.code != CODE_CORRUPT)
        return s;
    rebuild->told->mended++;
    return store_tiles_mend(rebuild->store, &tile, 1, err);
}

static status tiles_entry(struct rebuild *rebuild, const struct edge_full *full, unsigned full_count, struct err *err)
{
    for (unsigned i = 0; i < full_count; i++)
        TRY(tile_derive(rebuild, &full[i], err));
    return OK;
}

static status tiles_end(struct rebuild *rebuild, struct err *err)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t cut = 0;

        TRY(store_tiles_cut(rebuild->store, level, tile_level_size(rebuild->head.size, level) / TILE_WIDTH, &cut, err));
        rebuild->told->mended += cut;
    }
    return OK;
}

const struct derivation tiles_derivation = { "tiles", tiles_entry, tiles_end };
