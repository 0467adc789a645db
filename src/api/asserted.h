/*
 * api/asserted: text about people on its way out of the ledger (P8): what a client says about itself, kept apart from
 * what was proven (P5), names, and reasons. `user` and `host` become random aliases in the leaf; every text goes to the
 * private store under a commitment.
 *
 * All functions: false, with the text set, when the register or a maximum is full; the job is then not to be submitted.
 */
#ifndef API_ASSERTED_H
#define API_ASSERTED_H

#include "api/call.h"
#include "codec/json_in.h"

/* `asserted` holds struct json_pair. */
bool asserted_keep(struct call *call, struct job *job, const struct json_array *asserted, struct str project,
                   struct err *err);
/* Sets name->id to the alias of an asserted user or host, which travels with the job when it is new. */
bool asserted_alias(struct call *call, struct job *job, struct name_new *name, struct err *err);
/* One member of a private text: {"reason":"…"}. Does nothing for an empty one. */
bool private_member_keep(struct call *call, struct job *job, const char *name, struct str text, struct err *err);

#endif
