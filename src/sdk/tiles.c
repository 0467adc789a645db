#include "sdk/tiles.h"

#include <string.h>

static status path_get(struct client *client, const struct tile *tile, struct client_answer *answer, struct err *err)
{
    char space[TILE_PATH_MAX_BYTES + 2];
    struct buf path = BUF_OVER(space);

    tile_add_path(&path, tile);
    buf_add_byte(&path, '\0');
    TRY(path.status);
    return client_get(client, space, answer, err);
}

/* A partial tile may have gone once its full one is there (formats: C2SP tlog-tiles). */
static status tile_get(struct client *client, const struct tile *tile, struct client_answer *answer, struct err *err)
{
    struct tile full = *tile;
    status s = path_get(client, tile, answer, err);

    full.width = TILE_WIDTH;
    if (s.code == CODE_NOT_FOUND && tile->width < TILE_WIDTH)
        s = path_get(client, &full, answer, err);
    if (s.code == CODE_NOT_FOUND)
        return err_set(err, CODE_CORRUPT, "%s does not have tile %llu of level %u, which its checkpoint covers",
                       client_server(client), (unsigned long long)tile->n, tile->level);
    return s;
}

static status tiles_read(void *from, const struct tile *tile, struct hash *ret_hashes, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    struct client *client = from;
    size_t len = tile->width * sizeof(struct hash);

    TRY(tile_get(client, tile, &answer, err));
    if (!answer.body.at || (answer.body.len != len && answer.body.len != TILE_BYTES))
        return err_set(err, CODE_CORRUPT, "tile %llu of level %u has %zu bytes, not %zu", (unsigned long long)tile->n,
                       tile->level, answer.body.len, len);
    memcpy(ret_hashes, answer.body.at, len);
    return OK;
}

struct tile_source client_tiles(struct client *client)
{
    return (struct tile_source){ tiles_read, client };
}
