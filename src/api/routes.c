/*
 * api/routes: THE table of what can be asked for: method, path, permission, body limit, handler (STYLE 17). A zero
 * means unset and the router refuses it. /openapi.json is written from it.
 */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/lease.h"
#include "api/list.h"
#include "api/requests.h"

#define ABOUT(name_, tag_, summary_, ...)                                                                              \
    .about = &(const struct route_about)                                                                               \
    {                                                                                                                  \
        .name = (name_), .tag = (tag_), .summary = (summary_), __VA_ARGS__                                             \
    }
#define READS(path_, permission_, handler_, ...)                                                                       \
    {                                                                                                                  \
        METHOD_GET, (path_), (permission_), ROUTE_NO_BODY, (handler_), NULL, ABOUT("GET " path_, __VA_ARGS__)          \
    }
#define TAKES(path_, permission_, bytes_, handler_, ...)                                                               \
    {                                                                                                                  \
        METHOD_POST, (path_), (permission_), (bytes_), (handler_), "application/json",                                 \
            ABOUT("POST " path_, __VA_ARGS__)                                                                          \
    }
#define ENDS(path_, permission_, handler_, ...)                                                                        \
    {                                                                                                                  \
        METHOD_DELETE, (path_), (permission_), ROUTE_NO_BODY, (handler_), NULL, ABOUT("DELETE " path_, __VA_ARGS__)    \
    }

/* Bytes of what is asked for: a few words with room for white space; what a client asserts; long lists. */
#define SMALL 4096
#define LEASE 16384
#define LARGE 65536

#define PAGED .queries = QUERY(AFTER) | QUERY(LIMIT) | QUERY(MIN_INDEX)
#define WHOLE .queries = QUERY(AFTER) | QUERY(LIMIT) | QUERY(MIN_INDEX) | QUERY(ALL)
#define ONE   .queries = QUERY(MIN_INDEX)
#define DRY   .queries = QUERY(DRY_RUN)

/* clang-format off */
const struct route api_routes[] = {
    /* The server */
    READS("/healthz", PERM_PUBLIC, health_handle, "server", "whether the process answers", .media = "text/plain"),
    READS("/readyz", PERM_PUBLIC, ready_handle, "server", "whether seats can be given; 503 says why not", .media = "text/plain"),
    READS("/metrics", PERM_SERVER, metrics_handle, "server", "numbers for Prometheus", .access = ACCESS_TILES,
          .media = "text/plain"),
    READS("/openapi.json", PERM_PUBLIC, openapi_handle, "server", "this document", .media = "application/json"),
    TAKES("/v1/clock/confirm", PERM_SERVER, SMALL, clock_confirm_handle, "server",
          "the time is right: expiry goes on after a jump of the clock", .request = &nothing_table, DRY,
          .codes = CODE(CLOCK_CONFIRMED)),
    TAKES("/v1/backups", PERM_SERVER, SMALL, backup_handle, "server",
          "copy the ledger, while it is written, into the data directory's backups/", .request = &backup_table, DRY,
          .codes = CODE(BACKUP_MADE)),
    TAKES("/v1/key-backups", PERM_SERVER, SMALL, key_backup_handle, "server",
          "copy the keys of private texts, until they lapse, into the keys' directory's key-backups/",
          .request = &nothing_table, DRY, .codes = CODE(VAULT_KEYS_COPIED)),
    TAKES("/v1/demo", PERM_SERVER, SMALL, demo_seeded_handle, "server", "say that everything so far is made up",
          .request = &nothing_table, DRY, .codes = CODE(DEMO_SEEDED)),

    /* The ledger */
    READS("/v1/ledger", PERM_ANY, ledger_handle, "ledger", "origin, key and newest published checkpoint",
          .answer = &ledger_shape),
    READS("/v1/ledger/facts", PERM_SERVER, facts_handle, "ledger",
          "the hash of the facts that the running server has, at an index", .answer = &facts_shape),
    READS("/checkpoint", PERM_ANY, checkpoint_handle, "ledger", "the newest checkpoint (C2SP tlog-checkpoint)",
          .access = ACCESS_CHECKPOINT, .media = "text/plain"),
    READS("/v1/ledger/witnessed", PERM_ANY, witnessed_handle, "ledger",
          "the newest checkpoint that meets the witness policy, with its cosignatures", .access = ACCESS_CHECKPOINT,
          .media = "text/plain"),
    { METHOD_POST, "/v1/cosignatures", PERM_SERVER, LARGE, cosignatures_handle, "*/*",
      ABOUT("POST /v1/cosignatures", "ledger", "a checkpoint that came back from witnesses in a file",
            .queries = QUERY(DRY_RUN), .codes = CODE(CHECKPOINT_COSIGNED)) },
    READS("/tile/{rest*}", PERM_ANY, tile_handle, "ledger",
          "a tile, or with audit.read a bundle of entries (C2SP tlog-tiles)", .access = ACCESS_TILES,
          .media = "application/octet-stream"),
    READS("/v1/audit", PERM_AUDIT_READ, audit_handle, "ledger", "entries with their leaf hashes",
          .queries = QUERY(SINCE) | QUERY(LIMIT) | QUERY(MIN_INDEX), .answer = &audit_page_shape),
    READS("/v1/audit/{index}", PERM_AUDIT_READ, audit_entry_handle, "ledger", "one entry", ONE,
          .answer = &audit_entry_shape),
    READS("/v1/audit/{index}/proof", PERM_ANY, audit_proof_handle, "ledger",
          "that the entry is in the ledger (C2SP tlog-proof)", ONE, .media = "text/plain"),
    READS("/v1/audit/{index}/private", PERM_PEOPLE_READ, audit_private_handle, "ledger",
          "the private text that an entry commits to; each read is recorded", ONE,
          .answer = &private_text_shape),
    READS("/v1/audit/consistency", PERM_ANY, audit_consistency_handle, "ledger",
          "that the newer tree extends the older", .queries = QUERY(FROM) | QUERY(TO), .answer = &consistency_shape),

    /* Leases */
    TAKES("/v1/leases", PERM_LEASE_TAKE, LEASE, lease_create_handle, "leases", "check out seats, or wait for them",
          .request = &lease_request_table, DRY, .codes = CODE(LEASE_GRANTED) | CODE(TICKET_QUEUED)),
    READS("/v1/leases", PERM_ANY, leases_handle, "leases", "live leases: one's own, or all", WHOLE, .list = &leases_kind),
    READS("/v1/leases/{id}", PERM_ANY, lease_handle, "leases", "one live lease", ONE, .one = &leases_kind),
    TAKES("/v1/leases/{id}/heartbeat", PERM_LEASE_TAKE, SMALL, lease_heartbeat_handle, "leases", "keep a lease alive",
          .request = &nothing_table, DRY, .codes = CODE(LEASE_RENEWED)),
    ENDS("/v1/leases/{id}", PERM_LEASE_TAKE, lease_release_handle, "leases", "give a lease's seats back", DRY,
         .codes = CODE(LEASE_RELEASED)),
    TAKES("/v1/leases/{id}/revoke", PERM_LEASE_REVOKE, SMALL, lease_revoke_handle, "leases",
          "take a lease's seats back", .request = &reason_table, DRY, .codes = CODE(LEASE_REVOKED)),
    TAKES("/v1/heartbeats", PERM_LEASE_TAKE, LARGE, heartbeats_handle, "leases", "keep many leases alive",
          .request = &heartbeats_table, DRY, .answer = &heartbeats_shape),
    { METHOD_POST, "/v1/batch", PERM_ANY, HTTP_BODY_MAX_BYTES, batch_handle, "*/*",
      ABOUT("POST /v1/batch", "leases", "up to 1,000 independent commands, one a line, answered in their order",
            .queries = QUERY(DRY_RUN), .media = "application/x-ndjson") },
    READS("/v1/tickets", PERM_LEASE_TAKE, tickets_handle, "leases", "one's own tickets", PAGED, .list = &tickets_kind),
    READS("/v1/tickets/{id}", PERM_LEASE_TAKE, ticket_poll_handle, "leases",
          "a ticket's place; keeps it alive, and waits for its turn", .queries = QUERY(WAIT_S) | QUERY(MIN_INDEX),
          .answer = &ticket_now_shape),
    TAKES("/v1/tickets/{id}/claim", PERM_LEASE_TAKE, SMALL, ticket_claim_handle, "leases", "take the seat that is kept",
          .request = &claim_table, DRY, .codes = CODE(LEASE_GRANTED)),
    ENDS("/v1/tickets/{id}", PERM_LEASE_TAKE, ticket_cancel_handle, "leases", "wait no longer", DRY,
         .codes = CODE(TICKET_CANCELLED)),
    READS("/v1/why", PERM_LEASE_TAKE, why_handle, "leases", "what a check-out would get now, and why",
          .queries = QUERY(FEATURE) | QUERY(QUANTITY) | QUERY(MIN_INDEX), .answer = &why_shape),

    /* Licences */
    TAKES("/v1/products", PERM_CATALOG_WRITE, LARGE, product_create_handle, "licences", "add a product and its features",
          .request = &product_table, DRY, .codes = CODE(PRODUCT_CREATED)),
    READS("/v1/products", PERM_CATALOG_READ, products_handle, "licences", "products and their features", PAGED, .list = &products_kind),
    READS("/v1/products/{id}", PERM_CATALOG_READ, product_handle, "licences", "one product", ONE, .one = &products_kind),
    TAKES("/v1/licenses", PERM_LICENSE_WRITE, LARGE, license_create_handle, "licences", "grant a licence",
          .request = &license_table, DRY, .codes = CODE(LICENSE_CREATED)),
    READS("/v1/licenses", PERM_LICENSE_READ, licenses_handle, "licences", "licences and their entitlements", PAGED, .list = &licenses_kind),
    READS("/v1/licenses/{id}", PERM_LICENSE_READ, license_handle, "licences", "one licence", ONE, .one = &licenses_kind),
    TAKES("/v1/licenses/{id}/suspend", PERM_LICENSE_WRITE, SMALL, license_suspend_handle, "licences",
          "its seats are not given any more, and leases on them lapse", .request = &reason_table, DRY,
          .codes = CODE(LICENSE_SUSPENDED)),
    TAKES("/v1/licenses/{id}/reinstate", PERM_LICENSE_WRITE, SMALL, license_reinstate_handle, "licences",
          "put a suspended licence back", .request = &reason_table, DRY, .codes = CODE(LICENSE_REINSTATED)),
    TAKES("/v1/licenses/{id}/revoke", PERM_LICENSE_WRITE, SMALL, license_revoke_handle, "licences",
          "end a licence for good, and leases on it at once", .request = &reason_table, DRY, .codes = CODE(LICENSE_REVOKED)),
    TAKES("/v1/licenses/{id}/change", PERM_LICENSE_WRITE, LARGE, license_change_handle, "licences",
          "a new end or new limits", .request = &license_change_table, DRY, .codes = CODE(LICENSE_CHANGED)),
    READS("/v1/pools", PERM_CATALOG_READ, pools_handle, "licences", "pools with what is used of them", PAGED, .list = &pools_kind),
    READS("/v1/pools/{id}", PERM_CATALOG_READ, pool_handle, "licences", "one pool", ONE, .one = &pools_kind),

    /* People and rights */
    TAKES("/v1/organisations", PERM_PEOPLE_WRITE, SMALL, organisation_create_handle, "people", "add an organisation",
          .request = &organisation_table, DRY, .codes = CODE(ORGANISATION_CREATED)),
    READS("/v1/organisations", PERM_PEOPLE_READ, organisations_handle, "people", "organisations", PAGED, .list = &organisations_kind),
    READS("/v1/organisations/{id}", PERM_PEOPLE_READ, organisation_handle, "people", "one organisation", ONE, .one = &organisations_kind),
    TAKES("/v1/users", PERM_PEOPLE_WRITE, SMALL, user_create_handle, "people", "add a person",
          .request = &principal_table, DRY, .codes = CODE(USER_CREATED)),
    READS("/v1/users", PERM_PEOPLE_READ, users_handle, "people", "people", PAGED, .list = &users_kind),
    READS("/v1/users/{id}", PERM_PEOPLE_READ, user_handle, "people", "one person", ONE, .one = &users_kind),
    TAKES("/v1/users/{id}/erase", PERM_PEOPLE_WRITE, SMALL, user_erase_handle, "people",
          "drop the key of a person's name and texts, and disable them for good", .request = &needed_reason_table, DRY,
          .codes = CODE(USER_ERASED)),
    TAKES("/v1/users/{id}/hold", PERM_PEOPLE_WRITE, SMALL, user_hold_handle, "people",
          "a legal hold: the person can't be erased", .request = &needed_reason_table, DRY,
          .codes = CODE(USER_HOLD_SET)),
    TAKES("/v1/users/{id}/release-hold", PERM_PEOPLE_WRITE, SMALL, user_release_hold_handle, "people",
          "end a legal hold", .request = &needed_reason_table, DRY, .codes = CODE(USER_HOLD_CLEARED)),
    TAKES("/v1/teams", PERM_PEOPLE_WRITE, SMALL, team_create_handle, "people", "add a team", .request = &team_table,
          DRY, .codes = CODE(TEAM_CREATED)),
    READS("/v1/teams", PERM_PEOPLE_READ, teams_handle, "people", "teams", PAGED, .list = &teams_kind),
    READS("/v1/teams/{id}", PERM_PEOPLE_READ, team_handle, "people", "one team and its members", ONE, .one = &teams_kind),
    TAKES("/v1/teams/{id}/members", PERM_PEOPLE_WRITE, SMALL, member_add_handle, "people", "a person joins a team",
          .request = &member_table, DRY, .codes = CODE(TEAM_MEMBER_ADDED)),
    ENDS("/v1/teams/{id}/members/{user}", PERM_PEOPLE_WRITE, member_remove_handle, "people", "a person leaves a team",
         DRY, .codes = CODE(TEAM_MEMBER_REMOVED)),
    TAKES("/v1/services", PERM_PEOPLE_WRITE, SMALL, service_create_handle, "people", "add a program",
          .request = &principal_table, DRY, .codes = CODE(SERVICE_CREATED)),
    READS("/v1/services", PERM_PEOPLE_READ, services_handle, "people", "programs", PAGED, .list = &services_kind),
    READS("/v1/services/{id}", PERM_PEOPLE_READ, service_handle, "people", "one program", ONE, .one = &services_kind),
    READS("/v1/roles", PERM_ANY, roles_handle, "people", "what each role may do", .answer = &roles_shape),
    TAKES("/v1/roles", PERM_PEOPLE_WRITE, SMALL, role_change_handle, "people", "give a person or program a role",
          .request = &role_table, DRY, .codes = CODE(ROLE_CHANGED)),
    TAKES("/v1/api-tokens", PERM_PEOPLE_WRITE, SMALL, token_create_handle, "people",
          "make an API token, which is told once", .request = &token_table, DRY, .codes = CODE(TOKEN_CREATED)),
    READS("/v1/api-tokens", PERM_ANY, tokens_handle, "people", "tokens: one's own, or all", WHOLE, .list = &tokens_kind),
    READS("/v1/api-tokens/{id}", PERM_ANY, token_handle, "people", "one token", ONE, .one = &tokens_kind),
    ENDS("/v1/api-tokens/{id}", PERM_ANY, token_revoke_handle, "people", "end a token for good", DRY,
         .codes = CODE(TOKEN_REVOKED)),
    READS("/v1/me", PERM_ANY, me_handle, "people", "who the caller is to the server", .answer = &me_shape),

    /* Observation */
    READS("/v1/observations", PERM_OBSERVE, observation_handle, "observation", "how far an observed log was read",
          .queries = QUERY(HEAD) | QUERY(MIN_INDEX), .answer = &watermark_now_shape),
};
/* clang-format on */
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
