/*
 * tlog/witness: what a witness says to an add-checkpoint request (C2SP tlog-witness), decided from the request, the
 * logs it serves and the head that it cosigned last.
 *
 * Two steps, because the second must happen in one piece with storing the new head: witness_read needs no state;
 * witness_judge is called with the state locked, and what it allows is made durable before anybody is told. It refuses
 * to know where state lies or how requests come. Pure; any thread. Slices point into the body.
 */
#ifndef TLOG_WITNESS_H
#define TLOG_WITNESS_H

#include "tlog/add_checkpoint.h"
#include "tlog/witness_logs.h"

enum witness_verdict {
    WITNESS_COSIGNS,   /* 200 */
    WITNESS_MALFORMED, /* 400: not a request, or its old size is larger than its checkpoint's */
    WITNESS_UNSIGNED,  /* 403: no signature by a key of that origin, or a bad one */
    WITNESS_UNKNOWN,   /* 404: a log that this witness does not serve */
    WITNESS_ELSEWHERE, /* 409: the old size is not the one cosigned last */
    WITNESS_UNPROVEN,  /* 422: the checkpoint does not extend the one cosigned last, or the proof does not show it */
    WITNESS_VERDICTS
};

/* A request that was read. */
struct witness_request {
    const struct witness_log *log;
    struct note note; /* its signatures by the log's keys verify */
    struct checkpoint checkpoint;
    uint64_t old_size;
    struct tree_path proof;
};

/* 400, 403, 404, or WITNESS_COSIGNS: go on. The text says why not. */
enum witness_verdict witness_read(struct str body, const struct witness_logs *logs, struct witness_request *ret_request,
                                  struct err *err);
/*
 * `last` is the head cosigned last for that origin; the empty tree's when there was none. 409, 422, or WITNESS_COSIGNS:
 * make the request's head the last one, durably, then sign.
 */
enum witness_verdict witness_judge(const struct witness_request *request, const struct tree_head *last,
                                   struct err *err);
/* The request's checkpoint with its signatures by the log's keys and this witness's: what is stored, and shown. */
MUST_CHECK status witness_cosign(const struct witness_request *request, const struct skey *key, int64_t time_s,
                                 struct buf *ret_note, struct err *err);
/*
 * What a stored note says, if this witness's signature on it holds: CODE_CORRUPT, CODE_NOT_FOUND or CODE_INVALID else.
 * The log's is not asked for: its key may have been changed since. Slices point into the note.
 */
MUST_CHECK status witness_recall(struct str note, const struct vkey *witness, struct checkpoint *ret_last,
                                 struct err *err);

#endif
