/*
 * core/decide_lease: taking, keeping and giving back seats. P4: a grant never raises `occupied` above the limit; P6:
 * what a lease proves never reaches past its terms.
 */
#include <assert.h>

#include "core/choose.h"
#include "core/deciders.h"
#include "core/lease_terms.h"
#include "core/quota.h"

/* The earliest moment a seat of the pool comes back if its holder stays silent. Looks at the oldest leases only. */
static int64_t next_free_ms(const struct facts *facts, const struct pool *pool)
{
    enum { LOOKED_AT = 32 }; /* an estimate for people; a full scan would make denials dear */
    int64_t earliest_ms = INT64_MAX;
    uint32_t place = pool->lease_oldest;

    for (int i = 0; i < LOOKED_AT && place != NONE; i++) {
        int64_t lapse_ms = lease_lapse_ms(pool, lease_at(facts, place), lease_pulse_at(facts, place));

        if (lapse_ms < earliest_ms)
            earliest_ms = lapse_ms;
        place = lease_at(facts, place)->newer;
    }
    return earliest_ms;
}

/* What a denial says: used, limit, queue, next known free, other pools (DESIGN section 5). */
static void denial_explain(const struct facts *facts, const struct choice *choice, struct entry *entry)
{
    const struct pool *pool = pool_at(facts, choice->pool);
    int64_t free_ms = next_free_ms(facts, pool);

    entry_on_id(entry, ON_POOL, pool->id);
    if (pool->license != NONE)
        entry_on_id(entry, ON_LICENSE, license_at(facts, pool->license)->id);
    entry_pool_counts(entry, pool, 0, 0);
    entry_number(entry, DATA_QUEUED, pool->queued);
    entry_number(entry, DATA_OTHERS, choice->others);
    if (free_ms != INT64_MAX)
        entry_number(entry, DATA_NEXT_FREE, free_ms);
}

static void aliases_set(struct entry *entry, struct id user_alias, struct id host_alias)
{
    if (!id_is_none(user_alias))
        entry_on_id(entry, ON_USER_ALIAS, user_alias);
    if (!id_is_none(host_alias))
        entry_on_id(entry, ON_HOST_ALIAS, host_alias);
}

static status lease_deny(struct decide_context *context, const struct command *command, struct draft *draft,
                         const struct choice *choice, struct outcome *outcome)
{
    const struct lease_create *request = &command->lease_create;
    struct str feature = feature_full_name(feature_at(context->facts, choice->feature));
    struct flood_event event = {
        .key = { .code = AUDIT_LEASE_DENIALS, .source = command->actor.who.id, .reason = (uint8_t)choice->reason },
        .actor = &command->actor,
        .feature = feature,
    };
    struct entry *entry;

    if (choice->pool != NONE)
        event.key.object = pool_at(context->facts, choice->pool)->id;
    outcome->problem = reason_problem(choice->reason);
    outcome->reason = choice->reason;
    if (!command->dry_run && !flood_note(context->floods, &event, context->now_ms, &outcome->flood)) {
        outcome->kind = OUTCOME_FLOOD;
        return OK;
    }
    entry = draft_add(context, command, draft, AUDIT_LEASE_DENIED);
    entry_on_feature(entry, feature);
    aliases_set(entry, request->user_alias, request->host_alias);
    entry_number(entry, DATA_QUANTITY, request->quantity);
    entry_number(entry, DATA_REASON, choice->reason);
    if (choice->pool != NONE)
        denial_explain(context->facts, choice, entry);
    return OK;
}

void lease_grant_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                       const struct grant *grant)
{
    const struct pool *pool = pool_at(context->facts, grant->pool);
    struct entry *entry = draft_add(context, command, draft, AUDIT_LEASE_GRANTED);
    bool claimed = !id_is_none(grant->ticket);
    uint8_t nonce[16];

    entry_on_id(entry, ON_LEASE, id_new(context->entropy, context->now_ms));
    entry_on_id(entry, ON_POOL, pool->id);
    entry_on_id(entry, ON_LICENSE, license_at(context->facts, pool->license)->id);
    entry_on_feature(entry, feature_full_name(feature_at(context->facts, pool->feature)));
    if (claimed)
        entry_on_id(entry, ON_TICKET, grant->ticket);
    aliases_set(entry, grant->user_alias, grant->host_alias);
    entry_number(entry, DATA_QUANTITY, grant->quantity);
    entry_number(entry, DATA_TTL_S, grant->ttl_s);
    if (pool->grace_s)
        entry_number(entry, DATA_GRACE_S, pool->grace_s);
    entry_pool_counts(entry, pool, grant->quantity, claimed ? 0 : grant->quantity);
    if (!grant->nonce)
        entropy_fill(context->entropy, nonce, sizeof(nonce));
    entry_bytes(entry, DATA_NONCE, grant->nonce ? grant->nonce : nonce);
    entry_number(entry, DATA_PROVEN_UNTIL, lease_proof_end(pool, grant->ttl_s, context->now_ms));
    entry_number(entry, DATA_EXPIRES_AT, context->now_ms + grant->ttl_s * 1000);
    entry_text(entry, DATA_CHOSEN_BY, grant->chosen_by);
}

static status choice_queue(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct choice *choice, struct outcome *outcome)
{
    enum problem problem = quota_of_ticket(context->facts, actor_place(context->facts, command));

    if (problem)
        return refuse(context, command, draft, outcome, objection_of(problem, STR_NONE));
    if (pool_at(context->facts, choice->pool)->queued < TICKETS_PER_POOL_MAX && table_left(&context->facts->tickets)) {
        ticket_queue_draft(context, command, draft, choice->pool);
        return OK;
    }
    choice->reason = REASON_QUEUE_FULL;
    return lease_deny(context, command, draft, choice, outcome);
}

/* Grants, queues or denies in the chosen pool. */
static status choice_take(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct choice *choice, struct outcome *outcome)
{
    const struct lease_create *request = &command->lease_create;
    struct grant grant = { .pool = choice->pool,
                           .quantity = request->quantity,
                           .ttl_s = request->ttl_s,
                           .user_alias = request->user_alias,
                           .host_alias = request->host_alias,
                           .nonce = request->has_nonce ? request->nonce : NULL,
                           .chosen_by = choice->chosen_by };

    if (choice->kind == CHOICE_FREE) {
        enum problem problem = quota_of_lease(context->facts, actor_place(context->facts, command));

        if (!problem && !table_left(&context->facts->leases))
            problem = PROBLEM_TOO_MANY;
        if (problem)
            return refuse(context, command, draft, outcome, objection_of(problem, STR_NONE));
        lease_grant_draft(context, command, draft, &grant);
        return OK;
    }
    if (request->wait_s && (choice->reason == REASON_NO_SEATS || choice->reason == REASON_QUEUED))
        return choice_queue(context, command, draft, choice, outcome);
    return lease_deny(context, command, draft, choice, outcome);
}

/* A licence or pool named in the request that the taker may not know of does not exist for it. */
static struct str unknown_member(const struct facts *facts, uint32_t taker, const struct lease_create *request)
{
    uint32_t license = id_is_none(request->license) ? NONE : license_find(facts, request->license);
    uint32_t pool = id_is_none(request->pool) ? NONE : pool_find(facts, request->pool);

    if (!id_is_none(request->license) &&
        (license == NONE || !holder_admits(facts, license_at(facts, license)->holder, taker)))
        return STR("license");
    if (!id_is_none(request->pool) && (pool == NONE || !holder_admits(facts, pool_at(facts, pool)->holder, taker)))
        return STR("pool");
    return STR_NONE;
}

status lease_create_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome)
{
    const struct lease_create *request = &command->lease_create;
    uint32_t taker = actor_place(context->facts, command);
    struct choice choice = choose_pool(context->facts, taker, request);
    struct str unknown = unknown_member(context->facts, taker, request);

    /* P9: what they are is admission's to check; no sum of seats or times overflows because of a caller that did not */
    assert(request->quantity >= 1 && request->quantity <= QUANTITY_MAX && request->wait_s >= 0 &&
           request->wait_s <= WAIT_MAX_S && request->ttl_s >= TTL_MIN_S && request->ttl_s <= TTL_MAX_S);
    if (unknown.len)
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_FOUND, unknown));
    if (choice.kind == CHOICE_AMBIGUOUS)
        return refuse(context, command, draft, outcome,
                      objection_of(PROBLEM_AMBIGUOUS, choice.feature == NONE ? STR("feature") : STR("license")));
    if (choice.kind == CHOICE_NOT_FOUND) {
        if (choice.feature == NONE)
            return refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_FOUND, STR("feature")));
        choice.reason = REASON_NOT_FOUND;
        return lease_deny(context, command, draft, &choice, outcome);
    }
    if (choice.kind == CHOICE_FREE && pool_terms_are_over(pool_at(context->facts, choice.pool), context->now_ms)) {
        choice.kind = CHOICE_FULL; /* since the newest entry, which is what core/choose knows of time */
        choice.reason = REASON_EXPIRED;
    }
    return choice_take(context, command, draft, &choice, outcome);
}

/* The live lease of the author, or NONE with the outcome set: ended, or not found. */
static uint32_t own_lease(struct decide_context *context, const struct command *command, struct outcome *outcome)
{
    uint32_t author = actor_place(context->facts, command);
    uint32_t place = lease_find(context->facts, command->lease);
    const struct ended *ended = place == NONE ? ended_find(context->facts, command->lease) : NULL;

    if (place != NONE && lease_at(context->facts, place)->principal == author && lease_at(context->facts, place)->ttl_s)
        return place;
    if (ended && ended->principal == author && ended->kind == ID_LEASE) {
        outcome->kind = OUTCOME_ENDED;
        outcome->id = ended->id;
        outcome->ended_kind = ended->kind;
        outcome->index = ended->index;
        outcome->state = ended->state;
        outcome->reason = ended->reason;
    } else {
        outcome->kind = OUTCOME_PROBLEM;
    }
    return NONE;
}

/* Refuses a heartbeat of a lease that ended or must end; outcome keeps how and why. */
static status heartbeat_refuse(struct decide_context *context, const struct command *command, struct draft *draft,
                               struct outcome *outcome)
{
    enum problem problem = outcome->kind == OUTCOME_ENDED ? PROBLEM_LEASE_ENDED : PROBLEM_NOT_FOUND;

    return refuse(context, command, draft, outcome, objection_of(problem, STR("lease")));
}

/* A lease above a fallen limit, or past its terms, is no longer kept alive; *outcome says why. */
static bool lease_must_end(const struct pool *pool, const struct lease *lease, int64_t now_ms, struct outcome *outcome)
{
    if (lease->ending == ENDING_LAPSE)
        outcome->reason = REASON_SUSPENDED;
    else if (lease->ending == ENDING_REVOKE)
        outcome->reason = REASON_REVOKED;
    else if (now_ms >= lease->proven_until_ms && pool_terms_are_over(pool, now_ms))
        outcome->reason = REASON_EXPIRED;
    else
        return false;
    outcome->kind = OUTCOME_ENDED;
    outcome->id = lease->id;
    outcome->index = lease->granted_index;
    outcome->state = LEASE_GRANTED;
    return true;
}

status lease_heartbeat_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                              struct outcome *outcome)
{
    uint32_t place = own_lease(context, command, outcome);
    const struct lease *lease = place == NONE ? NULL : lease_at(context->facts, place);
    const struct pool *pool = lease ? pool_at(context->facts, lease->pool) : NULL;
    struct entry *entry;

    if (!lease || lease_must_end(pool, lease, context->now_ms, outcome))
        return heartbeat_refuse(context, command, draft, outcome);
    outcome->kind = OUTCOME_LEASE;
    outcome->id = lease->id;
    outcome->index = lease->granted_index;
    outcome->expires_ms = context->now_ms + (int64_t)lease->ttl_s * 1000;
    outcome->proven_until_ms = lease->proven_until_ms;
    if (!command->dry_run)
        lease_pulse_at(context->facts, place)->last_seen_ms = context->now_ms;
    if (!lease_proof_is_due(pool, lease, context->now_ms))
        return OK;
    outcome->proven_until_ms = lease_proof_end(pool, lease->ttl_s, context->now_ms);
    entry = draft_add(context, command, draft, AUDIT_LEASE_RENEWED);
    entry_on_id(entry, ON_LEASE, lease->id);
    entry_on_id(entry, ON_POOL, pool->id);
    entry_number(entry, DATA_PROVEN_UNTIL, outcome->proven_until_ms);
    entry_number(entry, DATA_EXPIRES_AT, outcome->expires_ms);
    return OK;
}

void lease_end_entry(const struct facts *facts, uint32_t place, struct entry *entry)
{
    const struct lease *lease = lease_at(facts, place);
    const struct pool *pool = pool_at(facts, lease->pool);

    entry_on_id(entry, ON_LEASE, lease->id);
    entry_on_id(entry, ON_POOL, pool->id);
    entry_number(entry, DATA_QUANTITY, lease->quantity);
    entry_number(entry, DATA_USED, pool->used - lease->quantity);
    entry_number(entry, DATA_OCCUPIED, pool->occupied - lease->quantity);
}

status lease_release_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    uint32_t place = own_lease(context, command, outcome);

    if (place == NONE)
        return outcome->kind == OUTCOME_ENDED
                   ? OK
                   : refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_FOUND, STR("lease")));
    lease_end_entry(context->facts, place, draft_add(context, command, draft, AUDIT_LEASE_RELEASED));
    return OK;
}

status lease_revoke_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome)
{
    const struct facts *facts = context->facts;
    const struct principal *author = principal_at(facts, actor_place(facts, command));
    uint32_t place = lease_find(facts, command->lease);
    struct entry *entry;

    if (place == NONE || !lease_at(facts, place)->ttl_s ||
        !sees_organisation(facts, author, principal_organisation(facts, lease_at(facts, place)->principal)))
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_FOUND, STR("lease")));
    entry = draft_add(context, command, draft, AUDIT_LEASE_REVOKED);
    lease_end_entry(facts, place, entry);
    entry_number(entry, DATA_REASON, REASON_ADMIN);
    return OK;
}
