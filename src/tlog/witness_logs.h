/*
 * tlog/witness_logs: which logs a witness serves, as a list of the form that the public witness network uses.
 *
 *     logs/v0                     the first line that is neither blank nor a comment ("#")
 *     vkey <verifier key>         begins a log; an Ed25519 note key (type 0x01)
 *     origin <origin>             where it is not the key's name
 *     qpd <number>                at most so many requests a day; without it they are not counted
 *     contact <text>              for people
 *
 * Two entries of one origin are one log with two keys: a log that changes its key is listed with both for a while. The
 * smallest of their qpd counts. It refuses what it does not know, and a key that is listed twice. Pure; any thread.
 * Slices point into the text.
 */
#ifndef TLOG_WITNESS_LOGS_H
#define TLOG_WITNESS_LOGS_H

#include "tlog/vkey.h"

#define WITNESS_LOGS_MAX       1024 /* a public witness serves hundreds */
#define WITNESS_LOG_KEYS_MAX   4    /* of one origin: while it changes from one to the next */
#define WITNESS_LOGS_MAX_BYTES (WITNESS_LOGS_MAX * 2048)

struct witness_log {
    struct str origin;
    struct vkey keys[WITNESS_LOG_KEYS_MAX];
    size_t key_count;
    uint64_t requests_per_day; /* 0: not counted */
};

/* A zeroed one is empty; free it with witness_logs_free. */
struct witness_logs {
    struct witness_log *at;
    size_t count;
    size_t capacity;
};

/* CODE_INVALID names the line; CODE_TOO_LARGE past the maxima; CODE_NO_MEMORY. */
MUST_CHECK status witness_logs_parse(struct str text, struct witness_logs *ret_logs, struct err *err);
void witness_logs_free(struct witness_logs *logs);
/* NULL: the witness does not know it. */
const struct witness_log *witness_logs_find(const struct witness_logs *logs, struct str origin);

#endif
