/*
 * api/list_catalog: products with their features, and licences with their entitlements.
 */
#include "api/handlers.h"
#include "api/list.h"

/* ---- Products ---- */

struct feature_row {
    struct id id;
    struct str name;
    struct str feature;
};

#define FEATURE(member_) offsetof(struct feature_row, member_)

static const struct shape_member feature_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_FEATURE, .at = FEATURE(id) },
    { .name = "name", .kind = SHAPE_TEXT, .at = FEATURE(name) },
    { .name = "feature", .kind = SHAPE_TEXT, .at = FEATURE(feature), .about = "product/feature" },
};
static const struct shape feature_shape = SHAPE("FeatureRow", feature_members);

struct product_row {
    struct id id;
    struct str name;
    struct shape_list features;
};

#define PRODUCT(member_) offsetof(struct product_row, member_)

static const struct shape_member product_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_PRODUCT, .at = PRODUCT(id) },
    { .name = "name", .kind = SHAPE_TEXT, .at = PRODUCT(name) },
    { .name = "features",
      .kind = SHAPE_ROWS,
      .shape = &feature_shape,
      .size = sizeof(struct feature_row),
      .at = PRODUCT(features),
      .about = "the 1,000 newest, oldest first" },
};
static const struct shape product_shape = SHAPE("ProductRow", product_members);

/* The facts link them newest first. */
static struct shape_list product_features(struct view *view, const struct product *product)
{
    struct shape_list list = { 0 };
    uint32_t place = product->feature_first;
    struct feature_row *rows;

    for (; place != NONE && list.count < PAGE_MAX; place = feature_at(view->facts, place)->next_of_product)
        list.count++;
    rows = view_new(view, list.count, sizeof(*rows));
    view->listed += list.count;
    list.at = rows;
    place = product->feature_first;
    for (size_t i = list.count; rows && i > 0; i--, place = feature_at(view->facts, place)->next_of_product) {
        const struct feature *feature = feature_at(view->facts, place);

        rows[i - 1] = (struct feature_row){ .id = feature->id, .feature = view_copy(view, feature_full_name(feature)) };
        rows[i - 1].name = str_from(rows[i - 1].feature, feature->name_start);
    }
    return list;
}

static bool product_read(struct view *view, uint32_t place, void *ret_row)
{
    const struct product *product = product_at(view->facts, place);
    struct product_row *row = ret_row;

    *row = (struct product_row){ .id = product->id,
                                 .name = view_copy(view, label_str(&product->name)),
                                 .features = product_features(view, product) };
    return true;
}

static const struct table *products_table(const struct facts *facts)
{
    return &facts->products;
}

const struct list_kind products_kind = { .name = "products",
                                         .id = ID_PRODUCT,
                                         .table = products_table,
                                         .find = product_find,
                                         .row_size = sizeof(struct product_row),
                                         .shape = &product_shape,
                                         .read = product_read };

/* ---- Licences ---- */

struct entitlement_row {
    struct id id;
    struct str feature;
    uint8_t model;
    uint32_t limit;
    struct id pool;
};

#define ENTITLEMENT(member_) offsetof(struct entitlement_row, member_)

/* clang-format off */
static const struct shape_member entitlement_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_ENTITLEMENT, .at = ENTITLEMENT(id) },
    { .name = "feature", .kind = SHAPE_TEXT, .at = ENTITLEMENT(feature), .about = "product/feature" },
    { .name = "model", .kind = SHAPE_WORD, .words = model_words, .word_count = MODEL_COUNT, .at = ENTITLEMENT(model) },
    { .name = "limit", .kind = SHAPE_COUNT, .at = ENTITLEMENT(limit) },
    { .name = "pool", .kind = SHAPE_ID, .id = ID_POOL, .at = ENTITLEMENT(pool) },
};
/* clang-format on */
static const struct shape entitlement_shape = SHAPE("EntitlementRow", entitlement_members);

struct license_row {
    struct id id;
    struct id product_id;
    struct str product;
    struct who holder;
    struct str holder_name;
    uint8_t kind;
    uint8_t state;
    int64_t starts_ms;
    int64_t ends_ms;
    struct shape_list entitlements;
};

#define LICENSE(member_) offsetof(struct license_row, member_)

/* clang-format off */
static const struct shape_member license_members[] = {
    { .name = "id", .kind = SHAPE_ID, .id = ID_LICENSE, .at = LICENSE(id) },
    { .name = "product", .kind = SHAPE_TEXT, .at = LICENSE(product) },
    { .name = "product_id", .kind = SHAPE_ID, .id = ID_PRODUCT, .at = LICENSE(product_id) },
    { .name = "holder", .kind = SHAPE_WHO, .at = LICENSE(holder) },
    { .name = "holder_name", .kind = SHAPE_TEXT, .at = LICENSE(holder_name), .maybe = true },
    { .name = "kind", .kind = SHAPE_WORD, .words = license_kind_words, .word_count = LICENSE_KIND_COUNT,
      .at = LICENSE(kind) },
    { .name = "state", .kind = SHAPE_WORD, .words = license_state_words, .word_count = LICENSE_STATE_COUNT,
      .at = LICENSE(state) },
    { .name = "starts_at", .kind = SHAPE_TIME, .at = LICENSE(starts_ms), .maybe = true, .about = "absent: at once" },
    { .name = "expires_at", .kind = SHAPE_TIME, .at = LICENSE(ends_ms), .maybe = true, .about = "absent: never" },
    { .name = "entitlements", .kind = SHAPE_ROWS, .shape = &entitlement_shape, .size = sizeof(struct entitlement_row),
      .at = LICENSE(entitlements) },
};
/* clang-format on */
static const struct shape license_shape = SHAPE("LicenseRow", license_members);

static struct shape_list license_entitlements(struct view *view, const struct license *license)
{
    struct shape_list list = { .count = license->entitlement_count };
    struct entitlement_row *rows = view_new(view, list.count, sizeof(*rows));
    uint32_t place = license->entitlement_first;

    view->listed += list.count;
    list.at = rows;
    for (size_t i = 0; rows && i < list.count; i++, place = entitlement_at(view->facts, place)->next_of_license) {
        const struct entitlement *entitlement = entitlement_at(view->facts, place);

        rows[i] = (struct entitlement_row){
            .id = entitlement->id,
            .feature = view_copy(view, feature_full_name(feature_at(view->facts, entitlement->feature))),
            .model = MODEL_FLOATING,
            .limit = entitlement->limit,
            .pool = pool_at(view->facts, entitlement->pool)->id,
        };
    }
    return list;
}

static bool license_read(struct view *view, uint32_t place, void *ret_row)
{
    const struct license *license = license_at(view->facts, place);
    const struct product *product = product_at(view->facts, license->product);
    uint32_t organisation = principal_organisation(view->facts, license->holder);
    struct license_row *row = ret_row;

    if (!sees_organisation(view->facts, view->viewer, organisation))
        return false;
    view->foreign =
        view->foreign || (license->holder != view->viewer_place && organisation != view->viewer->organisation);
    *row = (struct license_row){ .id = license->id,
                                 .product_id = product->id,
                                 .product = view_copy(view, label_str(&product->name)),
                                 .holder = view_who(view, license->holder),
                                 .kind = license->kind,
                                 .state = license->state,
                                 .starts_ms = license->starts_ms,
                                 .ends_ms = license->ends_ms,
                                 .entitlements = license_entitlements(view, license) };
    return true;
}

static void license_name(struct call *call, void *at)
{
    struct license_row *row = at;

    row->holder_name = list_name(call, row->holder.id);
}

static const struct table *licenses_table(const struct facts *facts)
{
    return &facts->licenses;
}

const struct list_kind licenses_kind = { .name = "licenses",
                                         .id = ID_LICENSE,
                                         .scope = "licenses",
                                         .table = licenses_table,
                                         .find = license_find,
                                         .row_size = sizeof(struct license_row),
                                         .shape = &license_shape,
                                         .read = license_read,
                                         .name_fill = license_name };

/* ---- Handlers ---- */

void products_handle(struct exchange *exchange)
{
    list_handle(exchange, &products_kind);
}

void product_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &products_kind);
}

void licenses_handle(struct exchange *exchange)
{
    list_handle(exchange, &licenses_kind);
}

void license_handle(struct exchange *exchange)
{
    list_one_handle(exchange, &licenses_kind);
}
