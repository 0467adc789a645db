/*
 * api/asserted: what a client says about itself, kept apart from what was proven (P5): `user` and `host` become random
 * aliases in the leaf, every text goes to the private store under a commitment (P8).
 */
#ifndef API_ASSERTED_H
#define API_ASSERTED_H

#include "api/call.h"
#include "codec/json_in.h"

/* `asserted` holds struct json_pair. False, with the text set, when the aliases' register is full. */
bool asserted_keep(struct call *call, struct job *job, const struct json_array *asserted, struct str project,
                   struct err *err);
/* The alias of an asserted user or host, which travels with the job when it is new. */
bool asserted_alias(struct call *call, struct job *job, enum name_kind kind, struct str text, struct id *ret_alias,
                    struct err *err);

#endif
