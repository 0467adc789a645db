/*
 * cli/catalog: the commands about what is licensed to whom: organisations, products, licences, pools and leases.
 */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/request_rows.h"

#define PRODUCT_COLUMNS "id name features"
#define LICENSE_COLUMNS "id product product_id holder holder_name kind state starts_at expires_at entitlements"
#define POOL_COLUMNS                                                                                                   \
    "id feature kind holder holder_name used occupied queued over limit grace_s ends_at license licenses"
#define LEASE_COLUMNS                                                                                                  \
    "id feature kind quantity ttl_s principal principal_name granted_at expires_at proven_until ending pool license "  \
    "index"

/* ---- Organisations and products ---- */

static const struct cli_command organisation_create =
    REQUEST_COMMAND(change_rows, SPEC("POST", "/v1/organisations", .operand = "name", .done = "created"),
                    .words = "organisation create", .summary = "add a customer or department",
                    .example = "tally organisation create acme", ONE_OPERAND("NAME"));
static const struct cli_command organisation_list =
    LIST_COMMAND("organisation list", "the organisations", "tally organisation list --where name~ac",
                 "/v1/organisations", "organisations", "id name", "id name");
static const struct cli_command organisation_show =
    SHOW_COMMAND("organisation show", "one organisation", "tally organisation show org_01h455vb4pex5vsknk084sn02q",
                 "ORGANISATION", "/v1/organisations/{}", "organisations", "id name");

static const struct option_row product_create_rows[] = {
    OPTION_TEXTS_ROW("feature", features, "NAME", SHAPED_NAMES, true, "a feature of it; may be repeated"),
    DRY_RUN_ROW,
};
static const struct cli_command product_create =
    REQUEST_COMMAND(product_create_rows, SPEC("POST", "/v1/products", .operand = "name", .done = "created"),
                    .words = "product create", .summary = "add a product with its features",
                    .example = "tally product create cad --feature render --feature draw", ONE_OPERAND("NAME"));
static const struct cli_command product_list =
    LIST_COMMAND("product list", "the products and their features", "tally product list", "/v1/products", "products",
                 "id name", PRODUCT_COLUMNS);
static const struct cli_command product_show =
    SHOW_COMMAND("product show", "one product", "tally product show prd_01h455vb4pex5vsknk084sn02q", "PRODUCT",
                 "/v1/products/{}", "products", PRODUCT_COLUMNS);

/* ---- Licences ---- */

static const struct option_row license_create_rows[] = {
    OPTION_NEEDED_ROW("product", product, "NAME", SHAPED_TEXT, "the product's name or id"),
    OPTION_NEEDED_ROW("holder", holder, "WHO", SHAPED_TEXT, "whom it is granted to: an organisation's name, or an id"),
    OPTION_TEXTS_ROW("feature", entitlements, "FEATURE=SEATS", SHAPED_MODELS, true,
                     "seats of a feature; may be repeated"),
    OPTION_TEXT_ROW("kind", kind, "KIND", SHAPED_TEXT, "perpetual, term, subscription or trial"),
    OPTION_TEXT_ROW("starts-at", starts_at, "TIME", SHAPED_TEXT, "as 2026-11-24T08:00:00Z (default: now)"),
    OPTION_TEXT_ROW("expires-at", expires_at, "TIME", SHAPED_TEXT, "its end, exclusive (default: never)"),
    DRY_RUN_ROW,
};
static const struct cli_command license_create = REQUEST_COMMAND(
    license_create_rows, SPEC("POST", "/v1/licenses", .done = "created"), .words = "license create",
    .summary = "grant a licence", .example = "tally license create --product cad --holder acme --feature render=8");
static const struct cli_command license_list =
    LIST_COMMAND("license list", "the licences", "tally license list --where state=active", "/v1/licenses", "licenses",
                 "id product holder_name kind state starts_at expires_at", LICENSE_COLUMNS);
static const struct cli_command license_show = SHOW_COMMAND("license show", "one licence with its entitlements",
                                                            "tally license show lic_01h455vb4pex5vsknk084sn02q",
                                                            "LICENSE", "/v1/licenses/{}", "", LICENSE_COLUMNS);

static const struct option_row reason_rows[] = { REASON_ROW, DRY_RUN_ROW };
static const struct cli_command license_suspend =
    REQUEST_COMMAND(reason_rows, SPEC("POST", "/v1/licenses/{}/suspend", .done = "suspended"),
                    .words = "license suspend", .summary = "grant nothing from a licence until it is reinstated",
                    .example = "tally license suspend lic_01h455vb4pex5vsknk084sn02q --reason \"invoice 17 is open\"",
                    ONE_OPERAND("LICENSE"));
static const struct cli_command license_reinstate =
    REQUEST_COMMAND(reason_rows, SPEC("POST", "/v1/licenses/{}/reinstate", .done = "reinstated"),
                    .words = "license reinstate", .summary = "put a suspended licence back",
                    .example = "tally license reinstate lic_01h455vb4pex5vsknk084sn02q", ONE_OPERAND("LICENSE"));
static const struct cli_command license_revoke =
    REQUEST_COMMAND(reason_rows, SPEC("POST", "/v1/licenses/{}/revoke", .done = "revoked"), .words = "license revoke",
                    .summary = "end a licence for good, and its leases with it",
                    .example = "tally license revoke lic_01h455vb4pex5vsknk084sn02q --reason \"contract ended\"",
                    ONE_OPERAND("LICENSE"));

static const struct option_row license_change_rows[] = {
    OPTION_TEXTS_ROW("feature", entitlements, "FEATURE=SEATS", SHAPED_LIMITS, false,
                     "another number of seats; may be repeated"),
    OPTION_TEXT_ROW("expires-at", expires_at, "TIME", SHAPED_TEXT, "another end"),
    { .name = "never-expires",
      .kind = OPTION_FLAG,
      .where = offsetof(struct request_options, never_expires),
      .shape = SHAPED_TRUE,
      .help = "no end any more" },
    OPTION_TEXT_ROW("ending", ending, "HOW", SHAPED_TEXT, "how leases above a lower limit end: drain, lapse or revoke"),
    REASON_ROW,
    DRY_RUN_ROW,
};
static const struct cli_command license_change =
    REQUEST_COMMAND(license_change_rows, SPEC("POST", "/v1/licenses/{}/change", .done = "changed"),
                    .words = "license change", .summary = "change a licence's seats or end",
                    .example = "tally license change lic_01h455vb4pex5vsknk084sn02q --feature render=4 --ending drain",
                    ONE_OPERAND("LICENSE"));

/* ---- Pools and leases ---- */

static const struct cli_command pool_list =
    LIST_COMMAND("pool list", "the pools of seats and how they stand", "tally pool list --where feature=cad/render",
                 "/v1/pools", "pools", "id feature kind holder_name used occupied queued over limit", POOL_COLUMNS);
static const struct cli_command pool_show =
    SHOW_COMMAND("pool show", "one pool", "tally pool show pol_01h455vb4pex5vsknk084sn02q", "POOL", "/v1/pools/{}", "",
                 POOL_COLUMNS);

static const struct option_row lease_list_rows[] = {
    OPTION_FLAG_ROW("all", all, "others' too, which is recorded"),
    WHERE_ROWS,
};
static const struct cli_command lease_list = REQUEST_COMMAND(
    lease_list_rows,
    SPEC("GET", "/v1/leases", .list = "leases",
         .columns = "id feature kind quantity principal_name granted_at expires_at", .members = LEASE_COLUMNS),
    .words = "lease list", .summary = "live leases: one's own, or all", .example = "tally lease list --all");
static const struct cli_command lease_show =
    SHOW_COMMAND("lease show", "one lease", "tally lease show lse_01h455vb4pex5vsknk084sn02q", "LEASE", "/v1/leases/{}",
                 "", LEASE_COLUMNS);
static const struct cli_command lease_release =
    REQUEST_COMMAND(change_rows, SPEC("DELETE", "/v1/leases/{}", .done = "released"), .words = "lease release",
                    .summary = "give one's own seats back",
                    .example = "tally lease release lse_01h455vb4pex5vsknk084sn02q", ONE_OPERAND("LEASE"));
static const struct cli_command lease_revoke = REQUEST_COMMAND(
    reason_rows, SPEC("POST", "/v1/leases/{}/revoke", .done = "revoked"), .words = "lease revoke",
    .summary = "take somebody's seats back",
    .example = "tally lease revoke lse_01h455vb4pex5vsknk084sn02q --reason \"left for the day\"", ONE_OPERAND("LEASE"));

static const struct cli_command *const commands[] = {
    &organisation_create, &organisation_list, &organisation_show, &product_create, &product_list,
    &product_show,        &license_create,    &license_list,      &license_show,   &license_change,
    &license_suspend,     &license_reinstate, &license_revoke,    &pool_list,      &pool_show,
    &lease_list,          &lease_show,        &lease_release,     &lease_revoke,
};
const struct command_group catalog_group = { "Licences", commands, sizeof(commands) / sizeof(commands[0]) };
