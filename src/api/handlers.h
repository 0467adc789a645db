/*
 * api/handlers: the functions that api/routes.c names, and what resource files share. Private to api/.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/inside.h"

#define ASSERTED_MAX 16 /* texts a client may say about itself */

http_handler lease_create_handle, lease_heartbeat_handle, lease_release_handle;
http_handler ledger_handle, checkpoint_handle, health_handle, ready_handle;

/* Reads a check-out's body into a job; false with the text set when it is wrong. Also for /v1/batch. */
bool lease_job_fill(struct call *call, struct job *job, struct str body, struct err *err);
extern const struct json_table lease_request_table;

/* The id in the path's parameter; false: the request was refused as not found. */
bool call_path_id(struct call *call, size_t parameter, enum id_kind kind, struct id *ret_id);
/* Whether the Prefer header names that preference (RFC 7240). */
bool call_prefers(const struct call *call, struct str preference);

#endif
