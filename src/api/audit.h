/*
 * api/audit: reading the log: recorded once an hour for each principal, and for principals of an organisation only as
 * far as it concerns them.
 */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "api/call.h"

/*
 * Goes on with `next` once an entry that is less than an hour old covers this principal's reading; writes it if need
 * be, with that range (-1: absent). The call's detail stays as it is.
 */
void audit_record(struct call *call, int64_t from, int64_t limit, call_answer *next);
/* Whether the caller may read entries of every organisation; if not, it was refused as if there were nothing. */
bool audit_is_whole(struct call *call);
/* The index in the path; false: it is none, and the call is answered. */
bool audit_path_index(struct call *call, uint64_t *ret_index);

#endif
