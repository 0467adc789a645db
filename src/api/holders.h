/*
 * api/holders: who has the seats of a pool that has none left, for the answer that denies one (DESIGN section 5): a
 * caller's own leases, and with lease.read those of others that it could list.
 *
 * That others' leases are read is recorded before they are told (P1); if it can't be, the denial, which stands in the
 * ledger already, is told without them. At most HOLDERS_MAX leases are told, the oldest first.
 */
#ifndef API_HOLDERS_H
#define API_HOLDERS_H

#include "api/call.h"

#define HOLDERS_MAX 16 /* enough people to ask; the rest is a page of /v1/leases?all=true */

struct holders {
    const struct job *job;  /* whose answer this is for */
    struct shape_list rows; /* of holder_shape */
    struct id pool;
    struct id viewer;
    bool all; /* others' too */
    call_answer *answer;
};

extern const struct shape holder_shape;
struct holder_row {
    struct id lease;
    struct who principal;
    struct str principal_name;
    uint32_t quantity;
    int64_t granted_ms;
    int64_t expires_ms;
};

/* Looks at the pool's leases; then `answer` runs with a struct holders as the call's detail, and other jobs. */
void holders_ask(struct call *call, const struct job *job, struct id pool, call_answer *answer);

#endif
