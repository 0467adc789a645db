/*
 * core/decide_license: licences begin, are suspended, put back, revoked and changed, and the limits of the pools that
 * count them follow in the same change, so that no entry between the two can grant by the old ones (P4).
 */
#include "core/decide_license.h"
#include "codec/timetext.h"
#include "core/license_state.h"

/* Limits, newest leases over them, and how those end. `limit` is the one to come. */
static void limit_entry(const struct facts *facts, const struct pool *pool, int64_t limit, enum ending ending,
                        struct entry *entry)
{
    int64_t over = pool->occupied > limit ? pool->occupied - limit : 0;

    entry_on_id(entry, ON_POOL, pool->id);
    entry_on_feature(entry, feature_full_name(feature_at(facts, pool->feature)));
    entry_number(entry, DATA_USED, pool->used);
    entry_number(entry, DATA_OCCUPIED, pool->occupied);
    entry_number(entry, DATA_LIMIT, limit);
    entry_number(entry, DATA_OVER, over);
    entry_number(entry, DATA_ENDING, limit < pool->limit ? ending : ENDING_NONE);
}

void limit_change_entry(const struct facts *facts, uint32_t pool, enum ending ending, struct entry *entry)
{
    limit_entry(facts, pool_at(facts, pool), pool_at(facts, pool)->entitled, ending, entry);
}

void limit_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                 const struct pool *pool, int64_t change)
{
    const struct license_change *request = &command->license_change;
    enum ending ending = ENDING_DRAIN;
    struct entry *entry;

    if (change == 0)
        return;
    if (command->kind == COMMAND_LICENSE_SUSPEND)
        ending = ENDING_LAPSE;
    else if (command->kind == COMMAND_LICENSE_REVOKE)
        ending = ENDING_REVOKE;
    else if (command->kind == COMMAND_LICENSE_CHANGE && request->ending != ENDING_NONE)
        ending = request->ending;
    entry = draft_add(context, command, draft, AUDIT_POOL_LIMIT_CHANGED);
    limit_entry(context->facts, pool, pool->entitled + change, ending, entry);
}

/* A licence to be created, as far as it has been checked. */
struct plan {
    uint32_t product;
    uint32_t holder;
    enum license_kind kind;
    enum license_state state;
    uint32_t features[ENTITLEMENTS_MAX];
    uint32_t pools[ENTITLEMENTS_MAX]; /* to be joined; NONE: to be created */
};

static uint32_t product_named(const struct facts *facts, struct str name_or_id)
{
    struct id id;

    if (typeid_read(name_or_id, ID_PRODUCT, &id).code == CODE_OK)
        return product_find(facts, id);
    return product_find_name(facts, name_or_id);
}

/* The pool that counts a feature of that holder under the same terms, or NONE (ENTRY.md, pools). */
static uint32_t pool_to_join(const struct facts *facts, uint32_t holder, uint32_t feature, int64_t grace_s)
{
    uint32_t place = pool_find_group(facts, holder, feature);

    while (place != NONE && (pool_at(facts, place)->kind != POOL_ENFORCED || pool_at(facts, place)->grace_s != grace_s))
        place = pool_at(facts, place)->next_of_group;
    return place;
}

bool license_end_fits(enum license_kind kind, int64_t starts_ms, int64_t ends_ms, int64_t now_ms)
{
    if (ends_ms == 0)
        return kind == LICENSE_PERPETUAL || kind == LICENSE_SUBSCRIPTION;
    return kind != LICENSE_PERPETUAL && time_in_range(ends_ms) && ends_ms > starts_ms && ends_ms > now_ms;
}

static struct objection times_check(const struct license_create *request, int64_t now_ms, struct plan *plan)
{
    if (!time_in_range(request->starts_ms))
        return objection_of(PROBLEM_BAD_REQUEST, STR("starts_at"));
    plan->kind = request->ends_ms ? LICENSE_TERM : LICENSE_PERPETUAL;
    if (request->has_kind)
        plan->kind = request->kind;
    plan->state = license_state_by_time(request->starts_ms, request->ends_ms, now_ms);
    if (!license_end_fits(plan->kind, request->starts_ms, request->ends_ms, now_ms))
        return objection_of(PROBLEM_BAD_REQUEST, STR("expires_at"));
    return NO_OBJECTION;
}

static struct objection entitlement_check(const struct facts *facts, const struct entitlement_terms *terms,
                                          struct plan *plan, size_t at)
{
    struct str product_name = label_str(&product_at(facts, plan->product)->name);
    uint32_t feature = feature_find_parts(facts, product_name, terms->feature);

    if (feature == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("feature"));
    for (size_t i = 0; i < at; i++) {
        if (plan->features[i] == feature)
            return objection_of(PROBLEM_BAD_REQUEST, STR("feature"));
    }
    if (terms->limit < 0 || terms->limit > LIMIT_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("limit"));
    if (terms->grace_s < 0 || terms->grace_s > GRACE_MAX_S)
        return objection_of(PROBLEM_BAD_REQUEST, STR("grace_s"));
    plan->features[at] = feature;
    plan->pools[at] = pool_to_join(facts, plan->holder, feature, terms->grace_s);
    if (plan->pools[at] != NONE && pool_at(facts, plan->pools[at])->entitled > ENTRY_NUMBER_MAX - terms->limit)
        return objection_of(PROBLEM_TOO_MANY, STR("limit"));
    return NO_OBJECTION;
}

static bool license_has_room(const struct facts *facts, size_t entitlements)
{
    return table_left(&facts->licenses) >= 1 && table_left(&facts->entitlements) >= entitlements &&
           table_left(&facts->pools) >= entitlements;
}

static struct objection holder_check(const struct facts *facts, const struct command *command, struct plan *plan)
{
    struct who holder = command->license_create.holder;

    plan->holder = principal_find(facts, holder.id);
    if (plan->holder == NONE || principal_at(facts, plan->holder)->kind != holder.kind ||
        !actor_sees(facts, command, plan->holder))
        return objection_of(PROBLEM_NOT_FOUND, STR("holder"));
    return holder.kind == ID_SERVICE ? objection_of(PROBLEM_BAD_REQUEST, STR("holder")) : NO_OBJECTION;
}

/* Without an objection the plan is complete. */
static struct objection create_check(const struct decide_context *context, const struct command *command,
                                     struct plan *plan)
{
    const struct license_create *request = &command->license_create;
    const struct facts *facts = context->facts;
    struct objection objection = holder_check(facts, command, plan);

    if (objection.problem)
        return objection;
    plan->product = product_named(facts, request->product);
    if (plan->product == NONE)
        return objection_of(PROBLEM_NOT_FOUND, STR("product"));
    objection = times_check(request, context->now_ms, plan);
    if (objection.problem)
        return objection;
    if (request->entitlement_count < 1 || request->entitlement_count > ENTITLEMENTS_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("entitlements"));
    if (!license_has_room(facts, request->entitlement_count))
        return objection_of(PROBLEM_TOO_MANY, STR_NONE);
    for (size_t i = 0; i < request->entitlement_count && !objection.problem; i++)
        objection = entitlement_check(facts, &request->entitlements[i], plan, i);
    return objection;
}

static struct id license_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                               const struct plan *plan)
{
    const struct license_create *request = &command->license_create;
    struct id id = id_new(context->entropy, context->now_ms);
    struct entry *entry = draft_add(context, command, draft, AUDIT_LICENSE_CREATED);

    entry_on_id(entry, ON_LICENSE, id);
    entry_on_id(entry, ON_PRODUCT, product_at(context->facts, plan->product)->id);
    entry_principal(entry, DATA_HOLDER, request->holder);
    entry_number(entry, DATA_KIND, plan->kind);
    entry_number(entry, DATA_STATE, plan->state);
    entry_number(entry, DATA_COUNT_OF, (int64_t)request->entitlement_count);
    if (request->starts_ms)
        entry_number(entry, DATA_STARTS_AT, request->starts_ms);
    if (request->ends_ms)
        entry_number(entry, DATA_ENDS_AT, request->ends_ms);
    return id;
}

static struct id pool_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                            uint32_t feature, int64_t grace_s)
{
    struct id id = id_new(context->entropy, context->now_ms);
    struct entry *entry = draft_add(context, command, draft, AUDIT_POOL_CREATED);

    entry_on_id(entry, ON_POOL, id);
    entry_on_feature(entry, feature_full_name(feature_at(context->facts, feature)));
    entry_number(entry, DATA_POOL_KIND, POOL_ENFORCED);
    entry_principal(entry, DATA_HOLDER, command->license_create.holder);
    entry_number(entry, DATA_MODEL, MODEL_FLOATING);
    if (grace_s)
        entry_number(entry, DATA_GRACE_S, grace_s);
    return id;
}

/* One entitlement: its pool if that is new, itself, and the pool's limit if the licence counts already. */
static void entitlement_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                              const struct plan *plan, size_t at)
{
    const struct entitlement_terms *terms = &command->license_create.entitlements[at];
    struct id license = draft->entries[0].on[ON_LICENSE].id;
    struct pool fresh = { .feature = plan->features[at] };
    const struct pool *pool = &fresh;
    struct entry *entry;

    if (plan->pools[at] == NONE)
        fresh.id = pool_draft(context, command, draft, plan->features[at], terms->grace_s);
    else
        pool = pool_at(context->facts, plan->pools[at]);
    entry = draft_add(context, command, draft, AUDIT_ENTITLEMENT_CREATED);
    entry_on_id(entry, ON_ENTITLEMENT, id_new(context->entropy, context->now_ms));
    entry_on_id(entry, ON_LICENSE, license);
    entry_on_id(entry, ON_POOL, pool->id);
    entry_on_feature(entry, feature_full_name(feature_at(context->facts, plan->features[at])));
    entry_number(entry, DATA_MODEL, MODEL_FLOATING);
    entry_number(entry, DATA_LIMIT, terms->limit);
    if (terms->grace_s)
        entry_number(entry, DATA_GRACE_S, terms->grace_s);
    if (plan->state == LICENSE_ACTIVE)
        limit_draft(context, command, draft, pool, terms->limit);
}

status license_create_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                             struct outcome *outcome)
{
    struct plan plan;
    struct objection objection = create_check(context, command, &plan);

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    license_draft(context, command, draft, &plan);
    for (size_t i = 0; i < command->license_create.entitlement_count; i++)
        entitlement_draft(context, command, draft, &plan, i);
    return OK;
}

uint32_t license_visible(const struct facts *facts, const struct command *command, struct id id)
{
    uint32_t place = license_find(facts, id);

    return place != NONE && actor_sees(facts, command, license_at(facts, place)->holder) ? place : NONE;
}

/* Drafts the limits of the licence's pools as they follow from its going to that state. */
static void move_limits_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                              const struct license *license, enum license_state to)
{
    int64_t sign = (to == LICENSE_ACTIVE) - (license->state == LICENSE_ACTIVE);

    for (uint32_t at = license->entitlement_first; at != NONE;
         at = entitlement_at(context->facts, at)->next_of_license) {
        const struct entitlement *entitlement = entitlement_at(context->facts, at);

        limit_draft(context, command, draft, pool_at(context->facts, entitlement->pool), sign * entitlement->limit);
    }
}

static status move_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome, enum license_state to)
{
    uint32_t place = license_visible(context->facts, command, command->license);
    const struct license *license = place == NONE ? NULL : license_at(context->facts, place);
    struct entry *entry;

    if (!license)
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_NOT_FOUND, STR("license")));
    if (!license_may_move(license->state, to))
        return refuse(context, command, draft, outcome, objection_of(PROBLEM_WRONG_STATE, STR("license")));
    entry = draft_add(context, command, draft, license_move_code(license->state, to));
    entry_on_id(entry, ON_LICENSE, license->id);
    entry_number(entry, DATA_STATE, to);
    move_limits_draft(context, command, draft, license, to);
    return OK;
}

status license_suspend_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                              struct outcome *outcome)
{
    return move_decide(context, command, draft, outcome, LICENSE_SUSPENDED);
}

status license_revoke_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                             struct outcome *outcome)
{
    return move_decide(context, command, draft, outcome, LICENSE_REVOKED);
}

status license_reinstate_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                                struct outcome *outcome)
{
    uint32_t place = license_visible(context->facts, command, command->license);
    const struct license *license = place == NONE ? NULL : license_at(context->facts, place);
    enum license_state to = LICENSE_ACTIVE;

    if (license) {
        to = license_state_by_time(license->starts_ms, license->ends_ms, context->now_ms);
        if (license->state != LICENSE_SUSPENDED || to == LICENSE_EXPIRED)
            return refuse(context, command, draft, outcome, objection_of(PROBLEM_WRONG_STATE, STR("license")));
    }
    return move_decide(context, command, draft, outcome, to);
}
