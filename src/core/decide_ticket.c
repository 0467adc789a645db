/*
 * core/decide_ticket: waiting for a seat. A ticket keeps its place while its holder polls; at its turn core/due offers
 * it a seat, which counts as occupied, and a claim turns the offer into a lease.
 */
#include "core/choose.h"
#include "core/deciders.h"
#include "core/lease_terms.h"

void ticket_queue_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                        uint32_t place)
{
    const struct lease_create *request = &command->lease_create;
    const struct pool *pool = pool_at(context->facts, place);
    struct entry *entry = draft_add(context, command, draft, AUDIT_TICKET_QUEUED);

    entry_on_id(entry, ON_TICKET, id_new(context->entropy, context->now_ms));
    entry_on_id(entry, ON_POOL, pool->id);
    entry_on_feature(entry, feature_full_name(feature_at(context->facts, pool->feature)));
    if (!id_is_none(request->user_alias))
        entry_on_id(entry, ON_USER_ALIAS, request->user_alias);
    if (!id_is_none(request->host_alias))
        entry_on_id(entry, ON_HOST_ALIAS, request->host_alias);
    entry_pool_counts(entry, pool, 0, 0);
    entry_number(entry, DATA_QUANTITY, request->quantity);
    entry_number(entry, DATA_TTL_S, request->ttl_s);
    entry_number(entry, DATA_WAIT_S, request->wait_s);
    entry_number(entry, DATA_EXPIRES_AT, context->now_ms + TICKET_TTL_S * 1000);
    entry_number(entry, DATA_PLACE, (int64_t)pool->queued + 1);
}

/* The author's live ticket, or NONE with the outcome set: ended, or not found. */
static uint32_t own_ticket(struct decide_context *context, const struct command *command, struct outcome *outcome)
{
    uint32_t author = actor_place(context->facts, command);
    uint32_t place = ticket_find(context->facts, command->ticket);
    const struct ended *ended = place == NONE ? ended_find(context->facts, command->ticket) : NULL;

    if (place != NONE && ticket_at(context->facts, place)->principal == author)
        return place;
    outcome->kind = OUTCOME_PROBLEM;
    if (ended && ended->principal == author && ended->kind == ID_TICKET) {
        outcome->kind = OUTCOME_ENDED;
        outcome->id = ended->id;
        outcome->ended_kind = ended->kind;
        outcome->index = ended->index;
        outcome->state = ended->state;
        outcome->reason = ended->reason;
    }
    return NONE;
}

static status ticket_refuse(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    enum problem problem = outcome->kind == OUTCOME_ENDED ? PROBLEM_TICKET_ENDED : PROBLEM_NOT_FOUND;

    return refuse(context, command, draft, outcome, objection_of(problem, STR("ticket")));
}

status ticket_poll_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome)
{
    uint32_t place = own_ticket(context, command, outcome);
    const struct ticket *ticket = place == NONE ? NULL : ticket_at(context->facts, place);

    if (!ticket)
        return ticket_refuse(context, command, draft, outcome);
    if (!command->dry_run)
        ticket_pulse_at(context->facts, place)->last_seen_ms = context->now_ms;
    outcome->kind = OUTCOME_TICKET;
    outcome->id = ticket->id;
    outcome->place = queue_place(context->facts, place);
    outcome->expires_ms = ticket->state == TICKET_OFFERED
                              ? ticket_deadline_ms(ticket, ticket_pulse_at(context->facts, place))
                              : context->now_ms + TICKET_TTL_S * 1000;
    return OK;
}

status ticket_claim_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome)
{
    uint32_t place = own_ticket(context, command, outcome);
    const struct ticket *ticket = place == NONE ? NULL : ticket_at(context->facts, place);
    const struct pool *pool = ticket ? pool_at(context->facts, ticket->pool) : NULL;
    struct grant grant = { .chosen_by = STR("ticket") };

    if (!ticket)
        return ticket_refuse(context, command, draft, outcome);
    /* P4: above a fallen limit nothing is granted; core/due takes such an offer back. */
    if (ticket->state != TICKET_OFFERED || pool->occupied > pool->limit || pool_terms_are_over(pool, context->now_ms))
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_OFFERED, STR("ticket")));
    if (!table_left(&context->facts->leases))
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_TOO_MANY, STR_NONE));
    grant.pool = ticket->pool;
    grant.quantity = ticket->quantity;
    grant.ttl_s = ticket->ttl_s;
    grant.ticket = ticket->id;
    grant.user_alias = ticket->user_alias;
    grant.host_alias = ticket->host_alias;
    grant.nonce = command->has_claim_nonce ? command->claim_nonce : NULL;
    lease_grant_draft(context, command, draft, &grant);
    return OK;
}

void ticket_end_entry(const struct facts *facts, uint32_t place, enum reason reason, struct entry *entry)
{
    const struct ticket *ticket = ticket_at(facts, place);
    const struct pool *pool = pool_at(facts, ticket->pool);
    int64_t offered = ticket->state == TICKET_OFFERED ? ticket->quantity : 0;

    entry_on_id(entry, ON_TICKET, ticket->id);
    entry_on_id(entry, ON_POOL, pool->id);
    entry_number(entry, DATA_QUANTITY, ticket->quantity);
    entry_number(entry, DATA_OCCUPIED, pool->occupied - offered);
    entry_number(entry, DATA_REASON, reason);
}

status ticket_cancel_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    uint32_t place = own_ticket(context, command, outcome);

    if (place == NONE)
        return outcome->kind == OUTCOME_ENDED ? OK : ticket_refuse(context, command, draft, outcome);
    ticket_end_entry(context->facts, place, REASON_OWNER, draft_add(context, command, draft, AUDIT_TICKET_CANCELLED));
    return OK;
}
