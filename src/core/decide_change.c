/*
 * core/decide_change: new terms of a licence: its end, limits of its entitlements, and the limits of pools that follow.
 */
#include "core/decide_license.h"
#include "core/license_state.h"

/* The terms as they will be, as far as they have been checked. */
struct change {
    const struct license *license;
    enum license_state state;
    int64_t limits[ENTITLEMENTS_MAX]; /* of the licence's entitlements in their order; -1: stays */
};

static enum problem end_check(const struct license_change *request, int64_t now_ms, struct change *change,
                              struct str *ret_member)
{
    const struct license *license = change->license;

    *ret_member = STR("expires_at");
    if (!license_end_fits(license->kind, license->starts_ms, request->ends_ms, now_ms))
        return PROBLEM_BAD_REQUEST;
    if (license->state == LICENSE_EXPIRED)
        change->state = license_state_by_time(license->starts_ms, request->ends_ms, now_ms);
    return change->state == license->state || license_may_move(license->state, change->state) ? PROBLEM_NONE
                                                                                              : PROBLEM_WRONG_STATE;
}

static enum problem limit_check(const struct facts *facts, const struct entitlement_terms *terms, struct change *change,
                                struct str *ret_member)
{
    uint32_t place = change->license->entitlement_first;
    size_t at = 0;
    const struct pool *pool;

    *ret_member = STR("feature");
    for (; place != NONE; place = entitlement_at(facts, place)->next_of_license, at++) {
        if (str_eq(feature_name(feature_at(facts, entitlement_at(facts, place)->feature)), terms->feature))
            break;
    }
    if (place == NONE)
        return PROBLEM_NOT_FOUND;
    if (change->limits[at] >= 0)
        return PROBLEM_BAD_REQUEST;
    *ret_member = STR("limit");
    if (terms->limit < 0 || terms->limit > LIMIT_MAX)
        return PROBLEM_BAD_REQUEST;
    pool = pool_at(facts, entitlement_at(facts, place)->pool);
    if (pool->entitled > ENTRY_NUMBER_MAX - terms->limit)
        return PROBLEM_TOO_MANY;
    change->limits[at] = terms->limit;
    return PROBLEM_NONE;
}

/* What is wrong with the request; PROBLEM_NONE when nothing is, and then the change is complete. */
static enum problem change_check(const struct decide_context *context, const struct command *command,
                                 struct change *change, struct str *ret_member)
{
    const struct license_change *request = &command->license_change;
    uint32_t place = license_visible(context->facts, command, request->license);
    enum problem problem = PROBLEM_NONE;

    *ret_member = STR("license");
    if (place == NONE)
        return PROBLEM_NOT_FOUND;
    change->license = license_at(context->facts, place);
    change->state = change->license->state;
    if (change->state == LICENSE_REVOKED)
        return PROBLEM_WRONG_STATE;
    *ret_member = STR("entitlements");
    if (request->entitlement_count > ENTITLEMENTS_MAX || (!request->has_ends && request->entitlement_count == 0))
        return PROBLEM_BAD_REQUEST;
    for (size_t i = 0; i < ENTITLEMENTS_MAX; i++)
        change->limits[i] = -1;
    if (request->has_ends)
        problem = end_check(request, context->now_ms, change, ret_member);
    for (size_t i = 0; i < request->entitlement_count && !problem; i++)
        problem = limit_check(context->facts, &request->entitlements[i], change, ret_member);
    return problem;
}

/* Without ends_at the licence never ends (core/apply reads it so). */
static void end_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                      const struct change *change)
{
    struct entry *entry = draft_add(context, command, draft, TS3013);

    entry_on_id(entry, ON_LICENSE, change->license->id);
    if (command->license_change.ends_ms)
        entry_number(entry, DATA_ENDS_AT, command->license_change.ends_ms);
    if (change->state != change->license->state)
        entry_number(entry, DATA_STATE, change->state);
}

static void limits_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                         const struct change *change)
{
    uint32_t place = change->license->entitlement_first;

    for (size_t at = 0; place != NONE; place = entitlement_at(context->facts, place)->next_of_license, at++) {
        struct entry *entry;

        if (change->limits[at] < 0)
            continue;
        entry = draft_add(context, command, draft, TS3013);
        entry_on_id(entry, ON_LICENSE, change->license->id);
        entry_on_id(entry, ON_ENTITLEMENT, entitlement_at(context->facts, place)->id);
        entry_number(entry, DATA_LIMIT, change->limits[at]);
    }
}

/* Every pool whose share of the licence changes: by a new limit, or because the licence comes back to life. */
static void pools_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                        const struct change *change)
{
    uint32_t place = change->license->entitlement_first;

    for (size_t at = 0; place != NONE; place = entitlement_at(context->facts, place)->next_of_license, at++) {
        const struct entitlement *entitlement = entitlement_at(context->facts, place);
        int64_t limit = change->limits[at] < 0 ? entitlement->limit : change->limits[at];
        int64_t counted = change->license->state == LICENSE_ACTIVE ? entitlement->limit : 0;
        int64_t to_count = change->state == LICENSE_ACTIVE ? limit : 0;

        limit_draft(context, command, draft, pool_at(context->facts, entitlement->pool), to_count - counted);
    }
}

status license_change_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                             struct outcome *outcome)
{
    struct change change;
    struct str member;
    enum problem problem = change_check(context, command, &change, &member);

    if (problem)
        return refuse(context, command, draft, outcome, problem, member);
    if (command->license_change.has_ends)
        end_draft(context, command, draft, &change);
    limits_draft(context, command, draft, &change);
    pools_draft(context, command, draft, &change);
    return OK;
}
