/*
 * store/row: the bytes of one stored row, up to 256 objects of one run of entries.
 *
 * A row of entries is a slice of a C2SP entry bundle (tlog/bundle). A row of private texts holds, for each: part, place
 * (the entry's index minus the row's first index), one byte each, and the text as a bundle has it. A run never
 * crosses a multiple of 256, so a whole bundle is made of whole rows.
 *
 * Pure; any thread. Reading trusts nothing.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "store/store.h"
#include "tlog/bundle.h"

#define ROW_PRIVATE_HEAD_BYTES 2
#define ROW_PARTS_MAX          2 /* private items of one entry */
/* The largest row: one of private texts, each with two bytes of length. */
#define ROW_MAX_BYTES                                                                                                  \
    ((size_t)BUNDLE_MAX_ENTRIES * ROW_PARTS_MAX * (ROW_PRIVATE_HEAD_BYTES + 2 + BUNDLE_ENTRY_MAX_BYTES))

/* The index after the last one of the run that `first` belongs to. */
static inline uint64_t row_run_end(uint64_t first)
{
    return (first / BUNDLE_MAX_ENTRIES + 1) * BUNDLE_MAX_ENTRIES;
}

/* Adds one item to the row whose first index is `first`; the item is of the same run. */
void row_add_private(struct buf *row, uint64_t first, const struct store_private *item);
/* Takes the next one off *rest, the rest of that row. False when the bytes are not such an item. */
MUST_CHECK bool row_take_private(struct str *rest, uint64_t first, struct store_private *ret_item);

#endif
