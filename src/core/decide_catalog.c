/*
 * core/decide_catalog: products and their features. The catalogue is the installation's: every organisation sees it.
 */
#include <assert.h>

#include "core/deciders.h"
#include "core/label.h"

struct id product_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                        struct str name)
{
    struct id id = id_new(context->entropy, context->now_ms);
    struct entry *entry = draft_add(context, command, draft, AUDIT_PRODUCT_CREATED);

    assert(label_fits(name));
    entry_on_id(entry, ON_PRODUCT, id);
    entry_text(entry, DATA_NAME, name);
    return id;
}

status feature_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                     const struct feature_draft *feature, struct str *ret_full_name)
{
    char space[FEATURE_MAX_BYTES];
    struct buf full = BUF_OVER(space);
    struct str full_name;
    struct entry *entry;

    assert(label_fits(feature->name));
    buf_add(&full, feature->product_name);
    buf_add_byte(&full, '/');
    buf_add(&full, feature->name);
    TRY(full.status);
    TRY(arena_copy(draft->names, buf_str(&full), &full_name));
    entry = draft_add(context, command, draft, AUDIT_FEATURE_CREATED);
    entry_on_id(entry, ON_PRODUCT, feature->product);
    entry_on_feature(entry, full_name);
    entry_on_id(entry, ON_FEATURE_ID, id_new(context->entropy, context->now_ms));
    *ret_full_name = full_name;
    return OK;
}

static bool stands_before(const struct str *names, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq(names[i], names[at]))
            return true;
    }
    return false;
}

static struct objection product_check(const struct facts *facts, const struct product_create *request)
{
    if (!label_fits(request->name))
        return objection_of(PROBLEM_BAD_REQUEST, STR("name"));
    if (product_find_name(facts, request->name) != NONE)
        return objection_of(PROBLEM_NAME_TAKEN, STR("name"));
    if (request->feature_count > FEATURES_MAX)
        return objection_of(PROBLEM_BAD_REQUEST, STR("features"));
    for (size_t i = 0; i < request->feature_count; i++) {
        if (!label_fits(request->features[i]) || stands_before(request->features, i))
            return objection_of(PROBLEM_BAD_REQUEST, STR("features"));
    }
    if (table_left(&facts->products) < 1 || table_left(&facts->features) < request->feature_count)
        return objection_of(PROBLEM_TOO_MANY, STR_NONE);
    return NO_OBJECTION;
}

status product_create_decide(struct decide_context *context, const struct command *command, struct draft *draft,
                             struct outcome *outcome)
{
    const struct product_create *request = &command->product_create;
    struct feature_draft feature = { .product_name = request->name };
    struct objection objection = product_check(context->facts, request);

    if (objection.problem)
        return refuse(context, command, draft, outcome, objection);
    feature.product = product_draft(context, command, draft, request->name);
    for (size_t i = 0; i < request->feature_count; i++) {
        struct str full_name;

        feature.name = request->features[i];
        TRY(feature_draft(context, command, draft, &feature, &full_name));
    }
    return OK;
}
