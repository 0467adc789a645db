/*
 * engine/heritage: where a ledger that continues another keeps what it took over: the image of core/carry.
 *
 * It lies in the database, in pieces, as facts about the ledger (base64, since those are text), so that a backup has it
 * and a restore can't forget it: without it such a ledger can't be replayed. It is written once, when the ledger is
 * made. Nothing here judges it: the ledger's second entry names its hash, and applying that entry compares.
 */
#ifndef ENGINE_HERITAGE_H
#define ENGINE_HERITAGE_H

#include "base/arena.h"
#include "core/facts.h"
#include "store/store.h"

#define HERITAGE_PIECE_BYTES (768 * 1024) /* of the image; a third more as text */
#define HERITAGE_PIECES_MAX  8192         /* 6 GB: more seats than one ledger may have */
#define HERITAGE_MAX_BYTES   ((size_t)HERITAGE_PIECES_MAX * HERITAGE_PIECE_BYTES)

/* What to give to store_create for the image, in the arena; as many as heritage_pieces says. */
MUST_CHECK status heritage_facts(struct str image, struct arena *arena, struct store_fact *ret_facts, struct err *err);
size_t heritage_pieces(struct str image);
/* Appends the image. CODE_NOT_FOUND in a ledger that continues none; CODE_CORRUPT when a piece is missing or damaged.
 */
MUST_CHECK status heritage_read(struct store_reader *reader, struct buf *image, struct err *err);
/*
 * Facts as facts_init left them become those that this ledger's entries are applied to from the first on: what was
 * carried over, or, in a ledger that continues none, nothing.
 */
MUST_CHECK status heritage_begin(struct store_reader *reader, struct facts *facts, struct err *err);

#endif
