/*
 * api/asserted: text about people on its way out of the ledger (P8): what a client says about itself, kept apart from
 * what was proven (P5), names, and reasons. `user` and `host` become random aliases in the leaf; every text goes to the
 * private store under a commitment.
 *
 * After a failure the job is not to be submitted: CODE_TOO_LARGE when the register or a maximum is full,
 * CODE_NO_MEMORY.
 */
#ifndef API_ASSERTED_H
#define API_ASSERTED_H

#include "api/call.h"
#include "codec/json_in.h"

/* `asserted` holds struct json_pair. */
MUST_CHECK status asserted_keep(struct call *call, struct job *job, const struct json_array *asserted,
                                struct str project, struct err *err);
/* Sets name->id to the alias of an asserted user or host, which travels with the job when it is new. */
MUST_CHECK status asserted_alias(struct call *call, struct job *job, struct name_new *name, struct err *err);
/* One member of a private text: {"reason":"…"}. Does nothing for an empty one. */
MUST_CHECK status private_member_keep(struct call *call, struct job *job, const char *name, struct str text);

#endif
