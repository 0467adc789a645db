/*
 * api/would: the answer to a dry run: the entries that would be written, and whom and what they concern; where a limit
 * would fall, also the leases that would be over it, with their holders.
 */
#ifndef API_WOULD_H
#define API_WOULD_H

#include "api/call.h"

void would_answer(struct call *call, const struct job *job);
/* The members `would` and `affected`, into an open object; without the leases that a fallen limit would end. */
void would_write(struct call *call, const struct job *job, struct json_out *out);
/* The pool of the first entry that would be written; none when it names none. */
struct id would_pool(const struct job *job);
/* For the schema. */
extern const struct shape would_shape;

#endif
