/*
 * core/facts_edit: the low-level writers of core/facts, used by core/apply alone (and, for the due list, by core/due).
 *
 * Each makes room first and writes afterwards: after CODE_NO_MEMORY or CODE_TOO_LARGE the facts are as before. Those
 * that return nothing can't fail. None judges; an id or name that is there already is CODE_CORRUPT. Links and counts
 * are theirs: what a caller's record says in them is not looked at.
 */
#ifndef CORE_FACTS_EDIT_H
#define CORE_FACTS_EDIT_H

#include "core/facts.h"
#include "crypto/hash.h"

/* People: of the record id, kind, role and organisation count; an organisation belongs to itself. */
MUST_CHECK status principal_add(struct facts *facts, const struct principal *principal);
void principal_role_set(struct facts *facts, uint32_t principal, enum role role);
/* Disabled for good, and out of all teams. */
void principal_erase(struct facts *facts, uint32_t user);
MUST_CHECK status membership_add(struct facts *facts, uint32_t team, uint32_t user);
void membership_remove(struct facts *facts, uint32_t membership);
MUST_CHECK status credential_add(struct facts *facts, const struct credential *credential);

/* Catalogue: the names fit (core/label). */
MUST_CHECK status product_add(struct facts *facts, struct id id, struct str name);
/* The full name's part before the '/' is the product's. */
MUST_CHECK status feature_add(struct facts *facts, struct id id, uint32_t product, struct str full_name);

/* Licences: of the records everything but links, counts and what is derived from entitlements. */
MUST_CHECK status license_add(struct facts *facts, const struct license *license);
MUST_CHECK status pool_add(struct facts *facts, const struct pool *pool);
MUST_CHECK status entitlement_add(struct facts *facts, const struct entitlement *entitlement);
/* The one way a licence's state changes; CODE_CORRUPT when core/license_state does not allow it. */
MUST_CHECK status license_move(struct facts *facts, uint32_t license, enum license_state to);
void license_end_set(struct facts *facts, uint32_t license, int64_t ends_ms);
void entitlement_limit_set(struct facts *facts, uint32_t entitlement, uint32_t limit);
/* Puts the licence into its wheel for the next moment that time moves it, if there is one. */
void license_watch(struct facts *facts, uint32_t license);

/* Where the queues' order lies, for core/order. */
struct order facts_turns(const struct facts *facts);
/* Counts what lies beside a pool anew from its leases and tickets. */
void pool_count_anew(struct facts *facts, uint32_t pool);

/* The list of pools that core/due must look at. Marking one twice is marking it once. */
void pool_mark_due(struct facts *facts, uint32_t pool);
uint32_t pool_due_first(const struct facts *facts);
void pool_due_drop(struct facts *facts); /* the first one */

/* Observation: makes the next observed_open one that can't fail. */
MUST_CHECK status observed_reserve(struct facts *facts);
/* Joins a live lease to the open ones that a return can't tell from it, as the newest. */
void observed_open(struct facts *facts, uint32_t lease, const struct observed_group *key);
/* Takes a lease out of its group; does nothing for a lease that was not observed. */
void observed_close(struct facts *facts, uint32_t lease);
MUST_CHECK status watermark_set(struct facts *facts, const struct watermark *watermark);

/* Rings: *_reserve makes the next *_push one that can't fail; the push takes the oldest record's place when full. */
MUST_CHECK status ended_reserve(struct facts *facts);
void ended_push(struct facts *facts, const struct ended *ended);
/* CODE_CORRUPT when the key is remembered and not yet IDEM_HOURS old at now_ms. */
MUST_CHECK status idem_reserve(struct facts *facts, const uint8_t *key, int64_t now_ms);
/* None is remembered any more. */
void idem_forget_all(struct facts *facts);
void idem_push(struct facts *facts, const struct idem *idem);

/* The entry with that leaf hash becomes the chain's newest. */
void chain_advance(struct chain *chain, const struct hash *leaf);

/*
 * For the reader of a snapshot: fills the maps, and covers the pulses, from the tables. The wheels and the due list are
 * set by the writer.started that follows.
 */
MUST_CHECK status facts_index(struct facts *facts);
/*
 * Deadlines start anew from now_ms: every live lease and ticket counts as seen now, licences are watched, and every
 * pool that may have something due is looked at again. What writer.started means (DESIGN section 2, restart).
 */
void facts_pulses_start(struct facts *facts, int64_t now_ms);

#endif
