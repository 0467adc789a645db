/*
 * core/decide_restart: an observed server started anew, which closed every seat it had given out without a line about
 * each. One entry a lease says so, so that the ledger tells for every seat when it ended and why.
 */
#include "core/decide_observe.h"

/* How far the closing has come. */
struct closing {
    struct decide_context *context;
    const struct command *command;
    struct draft *draft;
    int64_t closed;
};

static void lease_close(struct closing *closing, const struct pool *pool, uint32_t place, int64_t used_after)
{
    const struct facts *facts = closing->context->facts;
    const struct lease *lease = lease_at(facts, place);
    const struct observed_group *group = observed_group_at(facts, lease->observed_key);
    struct entry *entry = draft_add(closing->context, closing->command, closing->draft, AUDIT_OBSERVE_IN);

    entry_on_id(entry, ON_LEASE, lease->id);
    entry_on_id(entry, ON_POOL, pool->id);
    entry_on_feature(entry, feature_full_name(feature_at(facts, pool->feature)));
    entry_on_id(entry, ON_USER_ALIAS, group->user_alias);
    entry_on_id(entry, ON_HOST_ALIAS, group->host_alias);
    entry_number(entry, DATA_QUANTITY, lease->quantity);
    entry_number(entry, DATA_USED, used_after);
    entry_number(entry, DATA_REASON, REASON_RESTART);
    entry_number(entry, DATA_LINE, closing->command->observation.line);
    closing->closed++;
}

/* The pool's leases, oldest first, as far as one change can hold them. Counts are as each entry will find them. */
static void pool_close(struct closing *closing, const struct pool *pool)
{
    const struct facts *facts = closing->context->facts;
    int64_t used = pool->used;

    for (uint32_t place = pool->lease_oldest; place != NONE && closing->closed < OBSERVE_RESTART_MAX;
         place = lease_at(facts, place)->newer) {
        used -= lease_at(facts, place)->quantity;
        lease_close(closing, pool, place, used);
    }
}

static void product_close(struct closing *closing, const struct sight *sight)
{
    const struct facts *facts = closing->context->facts;
    uint32_t feature = product_at(facts, sight->product)->feature_first;

    for (; feature != NONE; feature = feature_at(facts, feature)->next_of_product) {
        uint32_t pool = observed_pool(facts, sight->organisation, feature);

        if (pool != NONE)
            pool_close(closing, pool_at(facts, pool));
    }
}

/* The product, if it is new, comes before observe.restarted; the leases that it closed come after. */
status observe_restart_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                              struct outcome *outcome)
{
    struct closing closing = { .context = context, .command = command, .draft = draft };
    struct sight sight = { 0 };
    struct objection objection = observation_check(&command->observation);
    struct entry *entry;
    struct id product;

    if (!objection.problem && !catalog_has_room(context->facts))
        objection = objection_of(PROBLEM_TOO_MANY, STR_NONE);
    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    sight.organisation = principal_organisation(context->facts, actor_place(context->facts, command));
    TRY(product_sight(context, command, draft, &sight, &product));
    entry = draft_add(context, command, draft, AUDIT_OBSERVE_RESTARTED);
    if (sight.product != NONE)
        product_close(&closing, &sight);
    entry_on_id(entry, ON_PRODUCT, product);
    entry_number(entry, DATA_COUNT_OF, closing.closed);
    entry_number(entry, DATA_LINE, command->observation.line);
    claims_stamp(command, draft);
    return OK;
}
