/*
 * api/handlers: the functions and tables that api/routes.c names, and what resource files share. Private to api/.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/call.h"

#define ASSERTED_MAX 16 /* texts a client may say about itself */

/* lease.c, heartbeats.c, batch.c, ticket.c */
http_handler lease_create_handle, lease_heartbeat_handle, lease_release_handle, lease_revoke_handle;
http_handler heartbeats_handle, batch_handle;
http_handler ticket_poll_handle, ticket_claim_handle, ticket_cancel_handle;
extern const struct json_table lease_request_table, heartbeats_table, claim_table;

/* catalog.c, license.c, people.c, token.c */
http_handler product_create_handle;
http_handler license_create_handle, license_suspend_handle, license_reinstate_handle, license_revoke_handle,
    license_change_handle;
http_handler organisation_create_handle, user_create_handle, team_create_handle, service_create_handle;
http_handler member_add_handle, member_remove_handle, role_change_handle, roles_handle;
http_handler token_create_handle, token_revoke_handle;
extern const struct json_table product_table, license_table, license_change_table;
extern const struct json_table organisation_table, principal_table, team_table, member_table, role_table, token_table;

/* list_*.c, observation.c */
http_handler products_handle, product_handle, organisations_handle, organisation_handle, licenses_handle,
    license_handle, pools_handle, pool_handle, leases_handle, lease_handle, tickets_handle, users_handle, user_handle,
    teams_handle, team_handle, services_handle, service_handle, tokens_handle, token_handle, observation_handle;

/* ledger.c, audit.c, server.c, me.c, metrics.c, openapi.c */
http_handler ledger_handle, checkpoint_handle, tile_handle;
http_handler witnessed_handle, cosignatures_handle, facts_handle;
http_handler audit_handle, audit_entry_handle, audit_proof_handle, audit_consistency_handle;

/* api/vault */
extern const struct json_table needed_reason_table;
extern const struct shape private_text_shape;
http_handler user_erase_handle, user_hold_handle, user_release_hold_handle, audit_private_handle, key_backup_handle;
http_handler health_handle, ready_handle, metrics_handle, openapi_handle;
http_handler clock_confirm_handle, backup_handle, demo_seeded_handle;
http_handler me_handle, why_handle;
extern const struct shape heartbeats_shape, watermark_now_shape, roles_shape;
extern const struct shape facts_shape, ledger_shape, audit_page_shape, audit_entry_shape, consistency_shape, me_shape,
    why_shape;
extern const struct json_table backup_table;

#endif
