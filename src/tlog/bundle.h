/*
 * tlog/bundle: entry bundles, the leaves beside the level-0 tiles (C2SP tlog-tiles): each entry is its length as a
 * big-endian 16-bit number and then its bytes.
 *
 * Pure; any thread. The slices given back point into the bundle.
 */
#ifndef TLOG_BUNDLE_H
#define TLOG_BUNDLE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "tlog/tile.h"

#define BUNDLE_ENTRY_MAX_BYTES 65535

/* Adds one entry; one above BUNDLE_ENTRY_MAX_BYTES sets the buf's error to CODE_TOO_LARGE. */
void bundle_add(struct buf *bundle, struct str entry);
/* Takes the first entry off *rest, which must not be empty. CODE_CORRUPT when it is cut short. */
MUST_CHECK status bundle_take(struct str *rest, struct str *ret_entry, struct err *err);
/*
 * Splits the bundle into exactly `width` entries (1 … TILE_WIDTH); ret_entries has room for them. CODE_CORRUPT when an
 * entry is missing or cut short, or bytes follow the last.
 */
MUST_CHECK status bundle_split(struct str bundle, unsigned width, struct str *ret_entries, struct err *err);

#endif
