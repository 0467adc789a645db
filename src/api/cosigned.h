/*
 * api/cosigned: checkpoints with the cosignatures that witnesses gave them (service/witnesses), for whoever answers
 * with a checkpoint. Without a witness policy all is as if there were no witnesses.
 */
#ifndef API_COSIGNED_H
#define API_COSIGNED_H

#include "api/wait.h"
#include "api/work.h"

#define QUORUM_PATIENCE_MS 5000 /* a receipt waits no longer for witnesses: it is true without them */

/* The newest checkpoint, with what cosignatures have arrived. CODE_NOT_FOUND before the first. The loop's thread. */
MUST_CHECK status cosigned_checkpoint(struct call *call, struct str *ret_note);
/*
 * Appends the tlog-proof of that entry; `leaf` as ledger_view_proof has it. It is under the newest checkpoint that met
 * the witness policy when that covers the entry, else under the view's. On a worker, whose arena the call's is.
 */
MUST_CHECK status cosigned_proof(struct work *work, struct ledger_view *view, uint64_t index, const struct hash *leaf,
                                 struct buf *text);
/*
 * Whether a receipt for that entry has to wait for witnesses, as this server's policy for receipts says; it is they who
 * are told then. The wait, whose `wake` and `owner` are set, is watched; sleep it with wait_sleep.
 */
bool cosigned_wait(struct call *call, uint64_t index, struct wait *wait);

#endif
