/*
 * api/problems: the one place where problem codes become HTTP (STYLE 9): status, title, and a sentence for people.
 */
#ifndef API_PROBLEMS_H
#define API_PROBLEMS_H

#include "api/call.h"
#include "codec/json_out.h"

struct problem_row {
    unsigned status;
    const char *title;
    const char *detail; /* when nothing better is known */
    unsigned retry_after_s;
};

const struct problem_row *problem_row(enum problem problem);

/*
 * The members of a problem document for a job that was refused (OUTCOME_PROBLEM, OUTCOME_FLOOD), or whose covering
 * entry is a denial; into `out`, whose object is open. `status` is written with them.
 */
void problem_write(const struct job *job, struct json_out *out);
unsigned problem_status(const struct job *job);
/* Answers the call with it. */
void answer_problem_of(struct call *call, const struct job *job);
/* Answers with a problem that no job stands behind: a read that found nothing, say. */
void answer_problem(struct call *call, enum problem problem, struct str detail);

#endif
