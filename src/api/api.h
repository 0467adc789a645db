/*
 * api: the HTTP face of the engine: routes, admission, and answers made from entries.
 *
 * Owns the route table and what a request looks like; refuses to decide anything that decide() decides. It turns codes
 * into HTTP, and nobody else does. A request lives on its loop's thread (http/exchange); its jobs travel to the engine
 * and come back through loop_post.
 */
#ifndef API_API_H
#define API_API_H

#include "engine/engine.h"
#include "http/hooks.h"
#include "http/router.h"

struct api;

/* Who may read the log without a token (DESIGN section 4, "Access"). */
enum public_access { PUBLIC_NONE, PUBLIC_CHECKPOINT, PUBLIC_TILES };

struct server;
struct witnesses;

struct api_config {
    enum public_access public_access;
    const char *dir;         /* the data directory, for backups */
    bool receipts_witnessed; /* receipts wait for the witness policy to be met, a while */
};

/* In this order: api_new; engine_open with the api as context; engine_start; api_attach; then the server. */
MUST_CHECK status api_new(const struct api_config *config, struct api **ret_api, struct err *err);
MUST_CHECK status api_attach(struct api *api, struct engine *engine, struct err *err);
/* For /metrics. */
void api_set_server(struct api *api, const struct server *server);
/* Once they are there; they must outlive the api. */
void api_set_witnesses(struct api *api, struct witnesses *witnesses);
/* Answers those who wait for something to happen; to be called before server_drain. Accepts NULL. */
void api_stop_waiting(struct api *api);
/* Finishes what runs on worker threads; to be called between engine_stop and server_free. Accepts NULL. */
void api_stop_working(struct api *api);
void api_free(struct api *api); /* accepts NULL; the http server must be gone */

/* For http_server: the table, and what runs around it. The server's user must be the api. */
extern const struct route api_routes[];
extern const size_t api_route_count;
struct http_hooks api_hooks(void);

/* For engine_config: these wake those who wait for a ticket's turn, or a checkpoint. The context is the api. */
void api_entry_committed(void *api, uint64_t index, const struct entry *entry);
audit_set api_committed_codes(void);
void api_published(void *api, uint64_t size);
/* For witnesses_config. */
void api_witnessed(void *api, uint64_t size);

#endif
