/*
 * engine/history: one root, computed from tiles.
 */
#include "engine/history.h"

#include <inttypes.h>

#include "tlog/prove.h"

static status stored_tile_read(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    struct hash hashes[TILE_WIDTH];

    TRY(store_tile_read(from, tile->level, tile->n, (uint8_t *)hashes, err));
    memcpy(ret_hashes, hashes, tile->width * sizeof hashes[0]);
    return OK;
}

struct tile_source history_tiles(struct store_reader *reader)
{
    return (struct tile_source){ stored_tile_read, reader };
}

status history_check(struct store_reader *reader, const struct edge *edge, const struct tree_head *last,
                     struct err *err)
{
    struct edge_source source = { .edge = edge, .full = history_tiles(reader) };
    struct prover prover = { .tiles = edge_tiles(&source) };
    struct hash root;

    if (edge->tree.size < last->size)
        return err_set(err, CODE_CORRUPT,
                       "the ledger has %" PRIu64 " entries, but its key has signed %" PRIu64 ": its end is lost",
                       edge->tree.size, last->size);
    TRY(prove_root(&prover, last->size, &root, err));
    if (!hash_eq(&root, &last->root))
        return err_set(err, CODE_CORRUPT,
                       "the first %" PRIu64 " entries of the ledger are not those that its key has signed", last->size);
    return OK;
}
