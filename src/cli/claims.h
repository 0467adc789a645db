/*
 * cli/claims: what a program says about itself when it asks for a seat: user, host, process, command, and the job when
 * a CI system runs it. Claims, not proofs (P5): they are kept privately, apart from who was authenticated.
 */
#ifndef CLI_CLAIMS_H
#define CLI_CLAIMS_H

#include "base/limits.h"
#include "sdk/lease.h"

#define CLAIMS_MAX 12

struct claims {
    struct lease_claim at[CLAIMS_MAX];
    size_t count;
    char user[TEXT_MAX_BYTES];
    char host[TEXT_MAX_BYTES];
    char pid[16];
};

/* `command` is the program to be run; texts of the environment are not copied. */
void claims_collect(struct claims *claims, const char *command);

#endif
