/*
 * api/ops: one line of /v1/batch, read by the table that its `op` names, becomes a job.
 */
#ifndef API_OPS_H
#define API_OPS_H

#include "api/call.h"

/* Makes the job what the line asks for. CODE_NO_MEMORY, or what is wrong with the line. */
MUST_CHECK status op_fill(struct call *call, struct job *job, struct str line, struct err *err);
/* The member of any op's table that `member` begins with, or "op", as a constant; empty when it is none. */
struct str op_member(struct str member);

/* For the schema: the words of `op` and the table of each. */
extern const struct str op_words[];
extern const struct json_table *const op_tables[];
extern const size_t op_count;

#endif
