/*
 * tlog/edge: growing, copying and rebuilding the unfinished tiles.
 */
#include "tlog/edge.h"

#include <assert.h>

/*
 * tree_append with an eye on the tiles: each time the joined subtree reaches a multiple of the tile height it is the
 * next hash of that level. So the tiles cost no hashing of their own.
 */
unsigned edge_append(struct edge *edge, const struct hash *leaf_hash, struct edge_full ret_full[TILE_LEVELS])
{
    struct tree *tree = &edge->tree;
    struct hash hash = *leaf_hash;
    unsigned full = 0;

    assert(tree->size < TREE_MAX_LEAVES);
    for (unsigned height = 0;; height++) {
        uint64_t place = tree->size >> height;

        if (height % TILE_HEIGHT == 0) {
            unsigned level = height / TILE_HEIGHT;
            struct hash *tile = edge->tiles[level];

            tile[place % TILE_WIDTH] = hash;
            if (place % TILE_WIDTH == TILE_WIDTH - 1)
                ret_full[full++] = (struct edge_full){ .level = level, .n = place / TILE_WIDTH, .hashes = tile };
        }
        if (!(place & 1))
            break;
        hash = hash_node(&tree->range[--tree->count], &hash);
    }
    tree->range[tree->count++] = hash;
    tree->size++;
    return full;
}

static unsigned width_of(uint64_t size, unsigned level)
{
    return (unsigned)(tile_level_size(size, level) % TILE_WIDTH);
}

void edge_copy(struct edge *to, const struct edge *from)
{
    to->tree = from->tree;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        memcpy(to->tiles[level], from->tiles[level], width_of(from->tree.size, level) * sizeof(struct hash));
}

const struct hash *edge_tile(const struct edge *edge, const struct tile *tile)
{
    uint64_t size = edge->tree.size;

    if (tile->kind != TILE_HASHES || tile->width == 0 || tile->n != tile_level_size(size, tile->level) / TILE_WIDTH ||
        tile->width > width_of(size, tile->level))
        return NULL;
    return edge->tiles[tile->level];
}

/* The hashes of an unfinished tile above level 0 are the roots of full tiles one level below. */
static status rebuild_level(struct edge *edge, unsigned level, const struct tile_source *tiles, struct err *err)
{
    struct hash below[TILE_WIDTH];
    uint64_t size = edge->tree.size;
    struct tile tile = { .level = level,
                         .n = tile_level_size(size, level) / TILE_WIDTH,
                         .width = width_of(size, level) };

    if (level == 0 && tile.width > 0)
        return tiles->read(tiles->from, &tile, edge->tiles[0], err);
    for (unsigned i = 0; i < tile.width; i++) {
        struct tile full = { .level = level - 1, .n = tile.n * TILE_WIDTH + i, .width = TILE_WIDTH };

        TRY(tiles->read(tiles->from, &full, below, err));
        edge->tiles[level][i] = tree_fold(below, TILE_WIDTH);
    }
    return OK;
}

/* Each set bit of the size is one perfect subtree, whose hashes lie side by side in one unfinished tile. */
static void rebuild_range(struct edge *edge)
{
    struct hash part[TILE_WIDTH];
    struct tree *tree = &edge->tree;

    for (unsigned height = TILE_LEVELS * TILE_HEIGHT; height-- > 0;) {
        unsigned level = height / TILE_HEIGHT;
        unsigned count = 1u << height % TILE_HEIGHT;
        /* The larger subtrees of this level, the higher bits of its width, stand to the left. */
        unsigned first = width_of(tree->size, level) & ~(2 * count - 1);

        if (!(tree->size >> height & 1))
            continue;
        memcpy(part, &edge->tiles[level][first], count * sizeof(struct hash));
        tree->range[tree->count++] = tree_fold(part, count);
    }
}

status edge_rebuild(struct edge *edge, uint64_t size, const struct tile_source *tiles, struct err *err)
{
    status read = OK;

    assert(size <= TREE_MAX_LEAVES);
    memset(edge, 0, sizeof *edge);
    edge->tree.size = size;
    for (unsigned level = 0; level < TILE_LEVELS && !read.code; level++)
        read = rebuild_level(edge, level, tiles, err);
    if (read.code)
        memset(edge, 0, sizeof *edge);
    else
        rebuild_range(edge);
    return read;
}

static status read_tile(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    const struct edge_source *source = from;
    const struct hash *hashes = edge_tile(source->edge, tile);

    if (!hashes)
        return source->full.read(source->full.from, tile, ret_hashes, err);
    memcpy(ret_hashes, hashes, tile->width * sizeof(struct hash));
    return OK;
}

struct tile_source edge_tiles(struct edge_source *source)
{
    return (struct tile_source){ .read = read_tile, .from = source };
}
