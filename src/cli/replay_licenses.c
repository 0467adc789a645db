#include "cli/replay_licenses.h"

#include "base/limits.h"
#include "cli/flexnet_names.h"
#include "codec/json_doc.h"
#include "codec/json_out.h"

#define BODY_MAX_BYTES ((size_t)256 * 1024)

/* POST; that the name is taken is as good as success. */
static status make(struct client *client, const char *target, const struct buf *body, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct client_request request = { .method = "POST", .target = str_of(target), .body = buf_str(body) };
    status s;

    TRY(body->status);
    s = client_call(client, &request, &answer, err);
    if (s.code != CODE_CONFLICT || json_doc_read(buf_str(&answer.body), &doc, NULL).code)
        return s;
    return str_eq(json_doc_text(&doc, "code"), STR("NAME_TAKEN")) ? OK : s;
}

static status organisation_make(struct client *client, const char *name, struct err *err)
{
    AUTO(struct buf, buf_free) body = { .max = BODY_MAX_BYTES };
    struct json_out out = { .buf = &body };

    json_out_object(&out, NULL);
    json_out_text(&out, "name", str_of(name));
    json_out_end(&out);
    return make(client, "/v1/organisations", &body, err);
}

static void label_write(struct json_out *out, const char *member, struct str name)
{
    char space[NAME_MAX_BYTES];
    struct buf label = BUF_OVER(space);

    flexnet_label_add(&label, name);
    json_out_text(out, member, buf_str(&label));
}

static bool is_of(const struct flexnet_usage *usage, size_t number, struct str product)
{
    return str_eq(flexnet_usage_feature(usage, number)->product, product);
}

static status product_make(struct client *client, const struct flexnet_usage *usage, struct str product,
                           struct err *err)
{
    AUTO(struct buf, buf_free) body = { .max = BODY_MAX_BYTES };
    struct json_out out = { .buf = &body };

    json_out_object(&out, NULL);
    label_write(&out, "name", product);
    json_out_array(&out, "features");
    for (size_t i = 0; i < flexnet_usage_count(usage); i++) {
        if (!is_of(usage, i, product))
            continue;
        json_out_object(&out, NULL);
        label_write(&out, "name", flexnet_usage_feature(usage, i)->name);
        json_out_end(&out);
    }
    json_out_end(&out);
    json_out_end(&out);
    return make(client, "/v1/products", &body, err);
}

/* One licence of at most ENTITLEMENTS_MAX features, from number *next on, which moves behind the last. */
static status license_make(struct client *client, const struct flexnet_usage *usage, const char *holder, size_t *next,
                           struct err *err)
{
    AUTO(struct buf, buf_free) body = { .max = BODY_MAX_BYTES };
    struct json_out out = { .buf = &body };
    struct str product = flexnet_usage_feature(usage, *next)->product;
    size_t count = 0, at;

    json_out_object(&out, NULL);
    label_write(&out, "product", product);
    json_out_text(&out, "holder", str_of(holder));
    json_out_array(&out, "entitlements");
    for (at = *next; at < flexnet_usage_count(usage) && count < ENTITLEMENTS_MAX && is_of(usage, at, product); at++) {
        const struct flexnet_feature *feature = flexnet_usage_feature(usage, at);

        json_out_object(&out, NULL);
        label_write(&out, "feature", feature->name);
        json_out_text(&out, "model", STR("floating"));
        json_out_u64(&out, "limit", feature->peak);
        json_out_end(&out);
        count++;
    }
    json_out_end(&out);
    json_out_end(&out);
    *next = at;
    return make(client, "/v1/licenses", &body, err);
}

status replay_licenses_make(struct client *client, const struct flexnet_usage *usage, const char *holder,
                            struct err *err)
{
    TRY(organisation_make(client, holder, err));
    for (size_t i = 0; i < flexnet_usage_count(usage); i++) {
        struct str product = flexnet_usage_feature(usage, i)->product;
        size_t before = 0;

        while (before < i && !is_of(usage, before, product))
            before++;
        if (before == i)
            TRY(product_make(client, usage, product, err));
    }
    for (size_t next = 0; next < flexnet_usage_count(usage);)
        TRY(license_make(client, usage, holder, &next, err));
    return OK;
}
