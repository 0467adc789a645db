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

static struct objection end_check(const struct license_change *request, int64_t now_ms, struct change *change)
{
    const struct license *license = change->license;

    if (!license_end_fits(license->kind, license->starts_ms, request->ends_ms, now_ms))
        return objection_of(PROBLEM_BAD_REQUEST, STR("expires_at"));
    if (license->state == LICENSE_EXPIRED)
        change->state = license_state_by_time(license->starts_ms, request->ends_ms, now_ms);
    if (change->state != license->state && !license_may_move(license->state, change->state))
        return objection_of(PROBLEM_WRONG_STATE, STR("license"));
    return NO_OBJECTION;
}

static struct objection limit_check(const struct facts *facts, const struct entitlement_terms *terms,
                                    struct change *change)
{
    uint32_t place = change->license->entitlement_first;
    size_t at = 0;

    for (; place != NONE; place = entitlement_at(facts, place)->next_of_license, at++) {
        if (str_eq(feature_name(feature_at(facts, entitlement_at(facts, place)->feature)), terms->feature))
            break;
    }
    if (place == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("feature"));
    if (change->limits[at] >= 0)
        return objection_of(PROBLEM_BAD_REQUEST, STR("feature"));
    if (terms->limit < 0 || terms->limit > LIMIT_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("limit"));
    if (pool_at(facts, entitlement_at(facts, place)->pool)->entitled > ENTRY_NUMBER_MAX - terms->limit)
        return objection_of(PROBLEM_TOO_MANY, STR("limit"));
    change->limits[at] = terms->limit;
    return NO_OBJECTION;
}

/* Without an objection the change is complete. */
static struct objection change_check(const struct decide_context *context, const struct command *command,
                                     struct change *change)
{
    const struct license_change *request = &command->license_change;
    uint32_t place = license_visible(context->facts, command, request->license);
    struct objection objection = NO_OBJECTION;

    if (place == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("license"));
    change->license = license_at(context->facts, place);
    change->state = change->license->state;
    if (change->state == LICENSE_REVOKED)
        return objection_of(PROBLEM_WRONG_STATE, STR("license"));
    if (request->entitlement_count > ENTITLEMENTS_MAX || (!request->has_ends && request->entitlement_count == 0))
        return objection_of(PROBLEM_BAD_REQUEST, STR("entitlements"));
    for (size_t i = 0; i < ENTITLEMENTS_MAX; i++)
        change->limits[i] = -1;
    if (request->has_ends)
        objection = end_check(request, context->now_ms, change);
    for (size_t i = 0; i < request->entitlement_count && !objection.problem; i++)
        objection = limit_check(context->facts, &request->entitlements[i], change);
    return objection;
}

/* Without ends_at the licence never ends (core/apply reads it so). */
static void end_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                      const struct change *change)
{
    struct entry *entry = draft_add(context, command, draft, AUDIT_LICENSE_CHANGED);

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
        entry = draft_add(context, command, draft, AUDIT_LICENSE_CHANGED);
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
    struct objection objection = change_check(context, command, &change);

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    if (command->license_change.has_ends)
        end_draft(context, command, draft, &change);
    limits_draft(context, command, draft, &change);
    pools_draft(context, command, draft, &change);
    return OK;
}
