/*
 * api/catalog: products and their features are added.
 */
#include "api/handlers.h"

struct feature_request {
    struct str name;
};

struct product_request {
    struct str name;
    struct json_array features; /* struct feature_request */
};

static const struct json_field feature_fields[] = {
    JSON_NAME(struct feature_request, name, NAME_MAX_BYTES, JSON_REQUIRED,
              .about = "without '/', quotation marks and backslashes"),
};
static const struct json_table feature_table = JSON_TABLE("FeatureRequest", struct feature_request, feature_fields);

static const struct json_field product_fields[] = {
    JSON_NAME(struct product_request, name, NAME_MAX_BYTES, JSON_REQUIRED,
              .about = "without '/', quotation marks and backslashes"),
    JSON_STRUCT_ARRAY(struct product_request, features, &feature_table, 1, FEATURES_MAX, JSON_REQUIRED),
};
const struct json_table product_table = JSON_TABLE("ProductRequest", struct product_request, product_fields);

void product_create_handle(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    struct product_request request = { 0 };
    struct str *names;
    struct job *job;

    if (!call_body(call, &product_table, &request))
        return;
    job = call_job(call, COMMAND_PRODUCT_CREATE);
    if (!job)
        return;
    names = arena_new(call_arena(call), request.features.count, sizeof(*names));
    if (!names) {
        call_no_memory(call);
        return;
    }
    for (size_t i = 0; i < request.features.count; i++)
        names[i] = ((const struct feature_request *)request.features.at)[i].name;
    job->command.product_create =
        (struct product_create){ .name = request.name, .features = names, .feature_count = request.features.count };
    call_command(call);
}
