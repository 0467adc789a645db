/*
 * tlog/hash_lines: hashes as lines of text up to a blank one, as proofs (tlog/proof) and requests to witnesses
 * (tlog/add_checkpoint) have them.
 *
 * Refuses more than PROOF_MAX_HASHES lines and every second spelling of a hash. Pure; any thread.
 */
#ifndef TLOG_HASH_LINES_H
#define TLOG_HASH_LINES_H

#include "tlog/tree.h"

#include "base/buf.h"

/*
 * Takes the lines and the blank one behind them off *rest, into an empty path. CODE_INVALID names the line;
 * CODE_TOO_LARGE for too many. `what` says in errors whose they are: "a proof".
 */
MUST_CHECK status hash_lines_take(struct str *rest, const char *what, struct tree_path *path, struct err *err);
/* Adds the lines and the blank one. */
void hash_lines_add(struct buf *buf, const struct tree_path *path);

#endif
