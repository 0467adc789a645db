/*
 * cli/observe_ops: what a FlexNet log says becomes commands to the server, in batches that can be sent again without
 * counting twice.
 *
 * A batch begins behind the watermark that the one before has set, and ends with its own. Its Idempotency-Key is made
 * of the log's first bytes and the number of the first line in it, so whoever begins again at the same watermark sends
 * the same commands under the same keys, and the server knows those that it has (P4).
 */
#ifndef CLI_OBSERVE_OPS_H
#define CLI_OBSERVE_OPS_H

#include "cli/bulk.h"
#include "cli/command.h"
#include "cli/flexnet_file.h"
#include "service/flexnet_usage.h"

/* "F=LIMIT" of --pool. */
struct pool_limit {
    struct str feature; /* bare, or product/feature */
    int64_t limit;
    bool told; /* the server knows it */
};

struct observer {
    struct client *client;
    struct flexnet_file *file;
    struct flexnet_usage usage;
    struct bulk batch;
    uint64_t lines[BATCH_LINES_MAX]; /* of the log, for each line of the batch */
    struct pool_limit limits[OPTION_TEXTS_MAX];
    size_t limit_count;
    uint64_t from;       /* events before this offset are known to the server */
    uint64_t first_line; /* of the batch: the log's line that began it … */
    uint64_t first_end;  /* … and the offset behind it */
    uint64_t end;        /* offset behind the newest line that was dealt with */
    uint64_t line;       /* its number */
    int64_t at_ms;       /* its moment; 0: not placed */
    uint64_t marked;     /* the offset of the newest watermark */
    int64_t closed;      /* leases, by the newest restart command */
    uint64_t sent;       /* commands that the server took */
    int64_t first_index; /* of the ledger's entry about the first of them; -1: none yet */
};

/* CODE_INVALID names the option. */
MUST_CHECK status observer_limits(struct observer *observer, const struct option_texts *pools, struct err *err);
/* Where the server says that this log was read to. */
MUST_CHECK status observer_resume(struct observer *observer, struct err *err);
/* A flexnet_visitor's: one event. */
MUST_CHECK status observer_event(void *context, const struct flexnet_event *event, struct err *err);
/* Sends what is gathered, with the watermark behind it. */
MUST_CHECK status observer_flush(struct observer *observer, struct err *err);
void observer_free(struct observer *observer);

#endif
