/*
 * api/routes: THE table of what can be asked for: method, path, permission, body limit, handler (STYLE 17). A zero
 * means unset and the router refuses it. /openapi.json is written from it.
 */
#include "api/handlers.h"

#define ABOUT(name_, summary_, ...)                                                                                    \
    .about = &(const struct route_about)                                                                               \
    {                                                                                                                  \
        .name = (name_), .summary = (summary_), __VA_ARGS__                                                            \
    }
#define JSON_BODY "application/json"

/* clang-format off */
const struct route api_routes[] = {
    { METHOD_GET, "/healthz", PERM_PUBLIC, ROUTE_NO_BODY, health_handle, NULL,
      ABOUT("GET /healthz", "whether the process answers", .request = NULL) },
    { METHOD_GET, "/readyz", PERM_PUBLIC, ROUTE_NO_BODY, ready_handle, NULL,
      ABOUT("GET /readyz", "whether commands can be recorded", .request = NULL) },
    { METHOD_GET, "/v1/ledger", PERM_ANY, ROUTE_NO_BODY, ledger_handle, NULL,
      ABOUT("GET /v1/ledger", "the ledger's origin, key and newest published checkpoint", .request = NULL) },
    { METHOD_POST, "/v1/leases", PERM_LEASE_TAKE, 4096, lease_create_handle, JSON_BODY,
      ABOUT("POST /v1/leases", "check out seats, or wait for them", .request = &lease_request_table) },
    { METHOD_POST, "/v1/leases/{id}/heartbeat", PERM_LEASE_TAKE, ROUTE_NO_BODY, lease_heartbeat_handle, NULL,
      ABOUT("POST /v1/leases/{id}/heartbeat", "keep a lease alive", .request = NULL) },
    { METHOD_DELETE, "/v1/leases/{id}", PERM_LEASE_TAKE, ROUTE_NO_BODY, lease_release_handle, NULL,
      ABOUT("DELETE /v1/leases/{id}", "give a lease's seats back", .request = NULL) },
};
/* clang-format on */
const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
