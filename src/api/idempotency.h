/*
 * api/idempotency: the Idempotency-Key header (ENTRY.md, "idem"): a command that comes again under the same key is
 * answered from its entry.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "api/call.h"

/* The header's value, 16 … 255 printable bytes; `at` is NULL when there is none. False: a 400 was sent. */
bool idempotency_key(struct call *call, struct str *ret_key);
/*
 * Stamps the job: author, route and key make the key, the key and the raw body the mac. `suffix` is appended to the key
 * ("#7" for line 7 of a batch). Does nothing without a key, and in a dry run.
 */
void idempotency_set(struct job *job, struct str key, struct str suffix, struct str body);

#endif
