/*
 * api/work: a call's step on a worker thread: reading the ledger, proving, copying. Meanwhile the call's arena is the
 * worker's.
 */
#ifndef API_WORK_H
#define API_WORK_H

#include "api/call.h"

struct work {
    struct worker_job job;
    struct call *call;
    status (*run)(struct work *work, struct ledger_view *view); /* on a worker, with a view of the newest checkpoint */
    void (*done)(struct work *work);                            /* on the loop */
    status status;                                              /* what run gave; CODE_BUSY: it did not run */
    struct err err;
};

/* `work` lies in the call's arena, with run and done set. */
void work_start(struct call *call, struct work *work);
/* Finishes what is under way; nothing is begun afterwards. The loops must still be there. */
void work_stop(struct api *api);
/* Answers a failure that is not the client's: 503 when it is busy or for want of memory, else 500 and a line in the
 * log.
 */
void work_failed(const struct work *work);

#endif
