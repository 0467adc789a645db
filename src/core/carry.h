/*
 * core/carry: what is true goes over from one ledger into the one that continues it.
 *
 * A ledger ends for a reason: its end is lost, its key is exchanged, it has become large enough. The one that continues
 * it begins with ledger.created and ledger.continues, and that second entry names, by its SHA-256, an image of the
 * facts (core/image): those after the last entry of the old ledger, made fit for the new one. So licences, seats,
 * tokens and the chains of pools and licences go on, nothing is said twice, and whoever has the old ledger can fold it,
 * carry the result and compare the hash (P2). Who has only the new one has the image, and the word of its second entry
 * that it is the right one.
 *
 * What is made fit: places in the old ledger mean nothing in the new one, so what names the entry that made it names
 * ledger.continues instead, which covers all of it; remembered keyed commands are forgotten, since their answers stand
 * in the old ledger. Pure (P10).
 */
#ifndef CORE_CARRY_H
#define CORE_CARRY_H

#include "core/facts.h"

#define CARRY_INDEX 1 /* of ledger.continues */

/* Makes the facts of the old ledger, after its last entry, those that the new one's second entry names. */
void facts_carry(struct facts *facts);
/*
 * Puts such an image into facts that are as facts_init left them, and that are then those of a ledger without entries:
 * its first two make the rest true. CODE_CORRUPT as image_read.
 */
MUST_CHECK status facts_carry_take(struct facts *facts, struct str image, struct err *err);

#endif
