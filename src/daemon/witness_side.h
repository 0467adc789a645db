/*
 * daemon/witness_side: the witnesses of a ledger that is being served, from the policy's file to the end.
 */
#ifndef DAEMON_WITNESS_SIDE_H
#define DAEMON_WITNESS_SIDE_H

#include "api/api.h"
#include "daemon/serve.h"

struct witness_side;

/* Nothing without --witness-policy: *ret_side is then NULL. The engine must run; the api learns of the witnesses. */
MUST_CHECK status witness_side_begin(const struct serve_config *config, struct engine *engine, struct api *api,
                                     struct witness_side **ret_side, struct err *err);
void witness_side_stop(struct witness_side *side); /* before engine_stop; accepts NULL */
void witness_side_free(struct witness_side *side); /* after api_free, before engine_close; accepts NULL */

#endif
