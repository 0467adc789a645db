/*
 * api/answer: the answer to a command, made from its entries alone, so that a repeat reads the same a day later. For
 * the few outcomes without an entry (heartbeats, polls, repeated releases) it is made from the outcome.
 *
 * One table says, for each kind of entry that can answer, with which status and members; /openapi.json reads it too.
 */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "api/call.h"

/* Further entries of the same change, as a list in the answer. */
struct answer_part {
    const char *name;
    enum audit_code code;
    const struct shape *shape;
};

#define ANSWER_PARTS_MAX 2

struct answer_row {
    unsigned status;           /* 0: this entry answers nothing, or is a denial */
    const struct shape *shape; /* of the first entry */
    struct answer_part parts[ANSWER_PARTS_MAX];
};
extern const struct answer_row answer_rows[AUDIT_COUNT];
/* Answers without an entry of their own. */
extern const struct shape heartbeat_shape, ticket_now_shape, ended_shape;

/* A job's answer, read once. */
struct answer {
    unsigned status;
    const struct answer_row *row; /* NULL: a problem, or an outcome without an entry */
    enum problem problem;         /* PROBLEM_NONE: none */
    enum reason reason;           /* of a problem that has one */
    uint64_t index;               /* of the entry that covers it; UINT64_MAX: none */
    struct shape_list holders;    /* of a denial: struct holder_row, whom the caller may be told (api/holders) */
    bool has_entry;
    struct entry entry; /* the one that answers, decoded */
};

/* Of a job that is done (VERDICT_DONE) and was not a view. */
void answer_read(const struct job *job, struct answer *ret_answer);
/* All members but a problem's status, into an open object. */
void answer_write(struct call *call, const struct job *job, const struct answer *answer, struct json_out *out);

/* The whole answer of a call with one job; for call_submit. */
void answer_call(struct call *call);

#endif
