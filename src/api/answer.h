/*
 * api/answer: the answer to a command, made from its entries alone, so that a repeat years later reads the same. For
 * the few outcomes without an entry (heartbeats, polls, repeated releases) it is made from the outcome.
 */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "api/problems.h"

/* HTTP status of the job's answer. */
unsigned answer_status(const struct job *job);
/* Its members, into an open object. */
void answer_write(struct call *call, const struct job *job, struct json_out *out);
/* The whole answer of a call with one job; for call_submit. */
void answer_call(struct call *call);

#endif
