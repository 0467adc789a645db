/*
 * core/deciders: what the decide_*.c files share. Private to core/.
 */
#ifndef CORE_DECIDERS_H
#define CORE_DECIDERS_H

#include "core/decide.h"
#include "core/visible.h"

/* One command kind's way from facts to entries. Credential, owner and permission have been checked. */
typedef status decider(struct decide_context *context, const struct command *command, struct draft *draft,
                       struct outcome *outcome);

decider lease_create_decide, lease_heartbeat_decide, lease_release_decide, lease_revoke_decide;
decider ticket_poll_decide, ticket_claim_decide, ticket_cancel_decide;
decider product_create_decide, license_create_decide, license_suspend_decide, license_reinstate_decide;
decider license_revoke_decide, license_change_decide;
decider principal_create_decide, member_add_decide, member_remove_decide, role_change_decide;
decider user_erase_decide, user_hold_decide;
decider token_create_decide, token_revoke_decide;
decider observe_out_decide, observe_in_decide, observe_denied_decide, observe_restart_decide, observe_read_decide,
    observe_limit_decide;
decider data_read_decide, auth_failed_decide, access_denied_decide, rejected_decide;
decider checkpoint_cosigned_decide;
decider clock_confirm_decide, backup_made_decide, keys_copy_decide, demo_seeded_decide, system_decide, view_decide;

/*
 * Adds an entry by the command's author. The first one carries the command's idem, request, src and private commitment,
 * and is the answer. draft_finish gives several of them a change id and their k of n.
 */
struct entry *draft_add(struct decide_context *context, const struct command *command, struct draft *draft,
                        enum audit_code code);
void draft_finish(struct decide_context *context, struct draft *draft);

/* What is wrong with a command. PROBLEM_NONE: nothing. */
struct objection {
    enum problem problem;
    struct str member; /* at fault: a constant of the program, or empty */
};
#define NO_OBJECTION ((struct objection){ .problem = PROBLEM_NONE })
static inline struct objection objection_of(enum problem problem, struct str member)
{
    return (struct objection){ problem, member };
}

/* Refuses: records request.rejected (or counts it) and sets the outcome. */
status refuse(struct decide_context *context, const struct command *command, struct draft *draft,
              struct outcome *outcome, struct objection objection);

/* Refuses a known principal what it may not do: records access.denied (or counts it) and sets the outcome. */
status access_refuse(struct decide_context *context, const struct command *command, struct draft *draft,
                     struct outcome *outcome, enum reason reason);
/* Whether the author's role and its token's scopes hold the permission; *ret_reason says which does not. */
bool permission_is_held(const struct facts *facts, const struct command *command, enum permission permission,
                        enum reason *ret_reason);

/* The command's author; asserts that it exists. */
uint32_t actor_place(const struct facts *facts, const struct command *command);
/* Whether the command's author may know of that principal and of what it holds. */
bool actor_sees(const struct facts *facts, const struct command *command, uint32_t principal);

/* When the last backup of keys lapses from which a key that is dropped now can come back: a member, if there is one. */
void key_copies_note(const struct facts *facts, int64_t now_ms, struct entry *entry);

/* A seat to be given: from a free pool, or to a ticket at its turn. */
struct grant {
    uint32_t pool;
    int64_t quantity;
    int64_t ttl_s;
    struct id ticket; /* none: not by a ticket */
    struct id user_alias;
    struct id host_alias;
    const uint8_t *nonce; /* NULL: drawn */
    struct str chosen_by;
};
void lease_grant_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                       const struct grant *grant);
/* The members of an entry that ends a live lease: its ids, quantity and the pool's counts without it. */
void lease_end_entry(const struct facts *facts, uint32_t lease, struct entry *entry);
void ticket_queue_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                        uint32_t pool);
void ticket_end_entry(const struct facts *facts, uint32_t ticket, enum reason reason, struct entry *entry);
/* The pool's used, occupied, limit (when known) into an entry, as they will be after changes of that many seats. */
void entry_pool_counts(struct entry *entry, const struct pool *pool, int64_t used_change, int64_t occupied_change);

/*
 * The members of pool.limit_changed: the limit becomes what the pool is entitled to now. `ending` is how the
 * leases above it end, when it falls.
 */
void limit_change_entry(const struct facts *facts, uint32_t pool, enum ending ending, struct entry *entry);

/* A product or feature that begins: fit names that nothing has yet. */
struct id product_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                        struct str name);
struct feature_draft {
    struct id product;
    struct str product_name;
    struct str name;
};
/* *ret_full_name is "product/feature" in the draft's memory. CODE_NO_MEMORY, CODE_TOO_LARGE. */
MUST_CHECK status feature_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                                const struct feature_draft *feature, struct str *ret_full_name);

#endif
