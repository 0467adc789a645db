/*
 * core/decide_observe: what was seen in the logs of other licence servers (ENTRY.md, "Observe").
 *
 * Nothing is refused for want of seats: it has happened. Product (the vendor daemon), feature and pool begin when they
 * are seen first, in the change of what was seen. Entries are claims: level A0, with the log's time as occurred_at.
 */
#include "core/decide_observe.h"

#include "codec/timetext.h"
#include "core/label.h"

struct objection observation_check(const struct observation *seen)
{
    if (seen->line < 0 || seen->line > ENTRY_NUMBER_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("line"));
    return time_in_range(seen->occurred_at_ms) ? NO_OBJECTION : objection_of(PROBLEM_BAD_REQUEST, STR("occurred_at"));
}

/* The same for those about somebody's seats. */
static struct objection seats_check(const struct facts *facts, const struct observation *seen)
{
    struct objection objection = observation_check(seen);

    if (objection.problem)
        return objection;
    if (seen->quantity < 1 || seen->quantity > QUANTITY_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("quantity"));
    if (id_is_none(seen->user_alias))
        return objection_of(PROBLEM_BAD_REQUEST, STR("user"));
    if (id_is_none(seen->host_alias))
        return objection_of(PROBLEM_BAD_REQUEST, STR("host"));
    if (!table_left(&facts->leases) || !table_left(&facts->observed_groups) || !catalog_has_room(facts))
        return objection_of(PROBLEM_TOO_MANY, STR_NONE);
    return NO_OBJECTION;
}

bool catalog_has_room(const struct facts *facts)
{
    return table_left(&facts->products) && table_left(&facts->features) && table_left(&facts->pools);
}

void claims_stamp(const struct command *command, struct draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        draft->entries[i].actor.level = LEVEL_A0;
        draft->entries[i].occurred_at_ms = command->observation.occurred_at_ms;
        draft->entries[i].source = command->observation.occurred_at_ms ? SOURCE_IMPORT : SOURCE_NONE;
    }
}

status product_sight(struct decide_context *context, const struct command *command, struct draft *draft,
                     struct sight *sight, struct id *ret_id)
{
    char space[NAME_MAX_BYTES];
    struct str name = label_from_log(command->observation.product, space);

    sight->product = product_find_name(context->facts, name);
    if (sight->product != NONE) {
        sight->product_name = label_str(&product_at(context->facts, sight->product)->name);
        *ret_id = product_at(context->facts, sight->product)->id;
        return OK;
    }
    TRY(arena_copy(draft->names, name, &sight->product_name));
    *ret_id = product_draft(context, command, draft, sight->product_name);
    return OK;
}

static status feature_sight(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct sight *sight, struct id product)
{
    char space[NAME_MAX_BYTES];
    struct feature_draft feature = { .product = product, .product_name = sight->product_name };

    feature.name = label_from_log(command->observation.feature, space);
    sight->feature = feature_find_parts(context->facts, sight->product_name, feature.name);
    if (sight->feature == NONE)
        return feature_draft(context, command, draft, &feature, &sight->full_name);
    sight->full_name = feature_full_name(feature_at(context->facts, sight->feature));
    return OK;
}

uint32_t observed_pool(const struct facts *facts, uint32_t organisation, uint32_t feature)
{
    uint32_t place = pool_find_group(facts, organisation, feature);

    while (place != NONE && pool_at(facts, place)->kind != POOL_OBSERVED)
        place = pool_at(facts, place)->next_of_group;
    return place;
}

static void pool_sight(struct decide_context *context, const struct command *command, struct draft *draft,
                       struct sight *sight)
{
    const struct facts *facts = context->facts;
    uint32_t place = sight->feature == NONE ? NONE : observed_pool(facts, sight->organisation, sight->feature);
    struct entry *entry;

    if (place != NONE) {
        sight->pool = pool_at(facts, place);
        return;
    }
    sight->fresh = (struct pool){ .id = id_new(context->entropy, context->now_ms), .limit = -1 };
    sight->pool = &sight->fresh;
    entry = draft_add(context, command, draft, AUDIT_POOL_CREATED);
    entry_on_id(entry, ON_POOL, sight->fresh.id);
    entry_on_feature(entry, sight->full_name);
    entry_number(entry, DATA_POOL_KIND, POOL_OBSERVED);
    if (sight->organisation != NONE)
        entry_principal(entry, DATA_HOLDER,
                        (struct who){ principal_at(facts, sight->organisation)->id, ID_ORGANISATION });
}

/* Finds the pool of an observation and drafts what of it is new. */
static status sight_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct sight *sight)
{
    struct id product;

    sight->organisation = principal_organisation(context->facts, actor_place(context->facts, command));
    TRY(product_sight(context, command, draft, sight, &product));
    TRY(feature_sight(context, command, draft, sight, product));
    pool_sight(context, command, draft, sight);
    return OK;
}

/* An entry about somebody's seats in the pool. */
static struct entry *seats_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                                 const struct sight *sight, enum audit_code code)
{
    struct entry *entry = draft_add(context, command, draft, code);

    entry_on_id(entry, ON_POOL, sight->pool->id);
    entry_on_feature(entry, sight->full_name);
    entry_on_id(entry, ON_USER_ALIAS, command->observation.user_alias);
    entry_on_id(entry, ON_HOST_ALIAS, command->observation.host_alias);
    entry_number(entry, DATA_QUANTITY, command->observation.quantity);
    entry_number(entry, DATA_LINE, command->observation.line);
    return entry;
}

static void out_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                      const struct sight *sight)
{
    struct entry *entry = seats_draft(context, command, draft, sight, AUDIT_OBSERVE_OUT);
    int64_t used = sight->pool->used + command->observation.quantity;
    int64_t limit = sight->pool->limit;

    entry_on_id(entry, ON_LEASE, id_new(context->entropy, context->now_ms));
    entry_number(entry, DATA_USED, used);
    if (limit < 0)
        return;
    entry_number(entry, DATA_LIMIT, limit);
    entry_number(entry, DATA_OVER, used > limit ? used - limit : 0);
}

/* The oldest open lease that the return can mean, or NONE. */
static uint32_t lease_to_return(const struct facts *facts, const struct command *command, const struct sight *sight)
{
    struct observed_group key = { .quantity = (uint32_t)command->observation.quantity,
                                  .user_alias = command->observation.user_alias,
                                  .host_alias = command->observation.host_alias };
    uint32_t group;

    if (sight->pool == &sight->fresh)
        return NONE;
    key.pool = pool_find(facts, sight->pool->id);
    group = observed_group_find(facts, &key);
    return group == NONE ? NONE : observed_group_at(facts, group)->oldest;
}

static void in_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                     const struct sight *sight)
{
    uint32_t lease = lease_to_return(context->facts, command, sight);
    struct entry *entry;

    if (lease == NONE) {
        seats_draft(context, command, draft, sight, AUDIT_OBSERVE_UNMATCHED);
        return;
    }
    entry = seats_draft(context, command, draft, sight, AUDIT_OBSERVE_IN);
    entry_on_id(entry, ON_LEASE, lease_at(context->facts, lease)->id);
    entry_number(entry, DATA_USED, sight->pool->used - command->observation.quantity);
    entry_number(entry, DATA_REASON, REASON_RETURNED);
}

static void denied_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                         const struct sight *sight)
{
    seats_draft(context, command, draft, sight, AUDIT_OBSERVE_DENIED);
}

typedef void observation_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                               const struct sight *sight);

static status seats_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome, observation_draft *draft_it)
{
    struct sight sight = { 0 };
    struct objection objection = seats_check(context->facts, &command->observation);

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    TRY(sight_draft(context, command, draft, &sight));
    draft_it(context, command, draft, &sight);
    claims_stamp(command, draft);
    return OK;
}

status observe_out_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                          struct outcome *outcome)
{
    return seats_decide(context, command, draft, outcome, out_draft);
}

status observe_in_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                         struct outcome *outcome)
{
    return seats_decide(context, command, draft, outcome, in_draft);
}

status observe_denied_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                             struct outcome *outcome)
{
    return seats_decide(context, command, draft, outcome, denied_draft);
}

static struct objection limit_check(const struct facts *facts, const struct observation *seen)
{
    struct objection objection = observation_check(seen);

    if (objection.problem)
        return objection;
    if (seen->limit < -1 || seen->limit > LIMIT_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("limit"));
    return catalog_has_room(facts) ? NO_OBJECTION : objection_of(PROBLEM_TOO_MANY, STR_NONE);
}

static void observed_limit_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                                 const struct sight *sight)
{
    struct entry *entry = draft_add(context, command, draft, AUDIT_POOL_LIMIT_CHANGED);
    int64_t limit = command->observation.limit;
    int64_t used = sight->pool->used;

    entry_on_id(entry, ON_POOL, sight->pool->id);
    entry_on_feature(entry, sight->full_name);
    entry_number(entry, DATA_USED, used);
    entry_number(entry, DATA_OCCUPIED, sight->pool->occupied);
    entry_number(entry, DATA_OVER, limit >= 0 && used > limit ? used - limit : 0);
    entry_number(entry, DATA_ENDING, ENDING_NONE);
    if (limit >= 0)
        entry_number(entry, DATA_LIMIT, limit);
}

status observe_limit_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                            struct outcome *outcome)
{
    struct sight sight = { 0 };
    struct objection objection = limit_check(context->facts, &command->observation);

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    TRY(sight_draft(context, command, draft, &sight));
    observed_limit_draft(context, command, draft, &sight);
    claims_stamp(command, draft);
    return OK;
}

/* A watermark moves forwards only: what was read was read. */
static struct objection read_check(const struct facts *facts, const struct command *command)
{
    const struct observation *seen = &command->observation;
    uint32_t organisation = principal_organisation(facts, actor_place(facts, command));
    uint32_t place = watermark_find(facts, organisation, seen->head);
    struct objection objection = observation_check(seen);

    if (objection.problem)
        return objection;
    if (seen->offset < 0 || seen->offset > ENTRY_NUMBER_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("offset"));
    if (place != NONE && seen->offset < watermark_at(facts, place)->offset)
        return objection_of(PROBLEM_WRONG_STATE, STR("offset"));
    if (place == NONE && table_left(&facts->watermarks) == 0)
        return objection_of(PROBLEM_TOO_MANY, STR("head"));
    return NO_OBJECTION;
}

status observe_read_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                           struct outcome *outcome)
{
    struct objection objection = read_check(context->facts, command);
    struct entry *entry;

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    entry = draft_add(context, command, draft, AUDIT_OBSERVE_READ);
    entry_bytes(entry, DATA_HEAD, command->observation.head);
    entry_number(entry, DATA_OFFSET, command->observation.offset);
    entry_number(entry, DATA_LINE, command->observation.line);
    claims_stamp(command, draft);
    return OK;
}
