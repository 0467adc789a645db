/*
 * api/problems: the one place where problem codes become HTTP (STYLE 9): status, title, and a sentence for people.
 */
#ifndef API_PROBLEMS_H
#define API_PROBLEMS_H

#include "api/answer.h"
#include "codec/json_out.h"

struct problem_row {
    unsigned status;
    const char *title;
    const char *detail; /* when nothing better is known */
    unsigned retry_after_s;
};

const struct problem_row *problem_row(enum problem problem);
/* What an entry that records a refusal or a denial is answered with. */
enum problem problem_of_denial(const struct entry *entry);
/* One sentence about a denial or refusal that a person can act on. */
struct str problem_detail(struct call *call, const struct job *job, const struct answer *answer);

/* The members of a problem document but its status, into an open object. */
void problem_write(struct call *call, const struct job *job, const struct answer *answer, struct json_out *out);
/* Answers the call with it. */
void answer_problem_of(struct call *call, const struct job *job, const struct answer *answer);
/* Answers with a problem that no job stands behind. */
void answer_problem(struct call *call, enum problem problem, struct str detail);

/* The members beside those of RFC 9457, `code` and `member`, for the schema. */
extern const struct shape problem_extra_shape, problem_count_shape, problem_holders_shape;

#endif
