/*
 * core/appliers: what the apply_*.c files share. Private to core/.
 */
#ifndef CORE_APPLIERS_H
#define CORE_APPLIERS_H

#include "core/apply.h"
#include "core/apply_lease.h"
#include "core/facts_edit.h"

/*
 * Makes entries of one code true. The entry has its row's members, its time and chains have been checked, and its index
 * is facts->size. An applier finds and reserves everything before it writes anything, so that after CODE_NO_MEMORY the
 * facts are as before and the entry can be applied again.
 */
typedef status applier(struct facts *facts, const struct entry *entry, struct err *err);

applier ledger_sealed_apply, ledger_continues_apply;
applier ledger_created_apply, writer_started_apply, clock_jumped_apply, clock_confirmed_apply;
applier organisation_created_apply, user_created_apply, team_created_apply, service_created_apply;
applier token_created_apply, token_revoked_apply, member_added_apply, member_removed_apply, role_changed_apply;
applier user_erased_apply, hold_set_apply, hold_cleared_apply, keys_copied_apply, days_dropped_apply;
applier product_created_apply, feature_created_apply;
applier license_created_apply, entitlement_created_apply, pool_created_apply, limit_changed_apply;
applier license_moved_apply, license_changed_apply;
applier observe_out_apply, observe_in_apply, observe_read_apply;

/* CODE_CORRUPT, with a text that names the entry: `what` says what is wrong with it. */
status contradiction(const struct facts *facts, const struct entry *entry, struct err *err, const char *what);
/* The place of what "on" names: any field but the entitlement's. CODE_CORRUPT when it is not there. */
MUST_CHECK status on_find(const struct facts *facts, const struct entry *entry, enum on_field field,
                          uint32_t *ret_place, struct err *err);
/* The place of the principal that a member of "data" names. */
MUST_CHECK status who_find(const struct facts *facts, const struct entry *entry, enum data_field field,
                           uint32_t *ret_place, struct err *err);
/* The author's place, of an entry that only a known principal can write. */
MUST_CHECK status author_find(const struct facts *facts, const struct entry *entry, uint32_t *ret_place,
                              struct err *err);

#endif
