/*
 * api/wait: polls that are held open until their ticket moves (GET /v1/tickets/{id}?wait_s=).
 *
 * Each loop keeps its own list; the engine's thread only posts the ids of tickets that moved, and only when somebody
 * waits at all.
 */
#ifndef API_WAIT_H
#define API_WAIT_H

#include "api/call.h"

struct engine *api_engine(const struct api *api);
/* "POST /v1/leases": a constant of the program. */
struct str api_route_name(const struct route *route);
void api_loop_joined(struct api *api, struct api_loop *loop);
void api_loop_left(struct api *api, struct api_loop *loop);

#endif
