/*
 * sdk/tiles: a ledger's tiles (C2SP tlog-tiles) as its servers give them.
 *
 * Nothing that comes from there is believed: whoever asks checks it against a signed root. CODE_CORRUPT for a tile that
 * is missing, or of another length than its path says, though a signed checkpoint covers it.
 */
#ifndef SDK_TILES_H
#define SDK_TILES_H

#include "sdk/client.h"
#include "tlog/tile.h"

/* A source for tlog/prove; the client must outlive it. */
struct tile_source client_tiles(struct client *client);

#endif
