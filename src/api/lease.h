/*
 * api/lease: the body of a check-out, alone or as a line of a batch.
 */
#ifndef API_LEASE_H
#define API_LEASE_H

#include "api/call.h"

struct lease_request {
    struct str feature;
    int64_t quantity;
    int64_t ttl_s;
    int64_t wait_s;
    int scope;
    struct str project;
    struct id license;
    struct id pool;
    struct json_array asserted;
    unsigned char nonce[16];
    bool has_nonce;
};
extern const struct json_table lease_request_table;
/* What members are when they are absent. */
struct lease_request lease_request_default(void);
/* Makes the job that check-out. Fails as asserted_keep. */
MUST_CHECK status lease_job_fill(struct call *call, struct job *job, const struct lease_request *request,
                                 struct err *err);

#endif
