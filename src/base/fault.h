/*
 * base/fault: named places where a test build can fail on purpose.
 *
 * A release build compiles every point to "no fault". A test build (TALLY_FAULTS) reads them from fault_arm or, in a
 * whole daemon, from the environment variable TALLY_FAULT ("name:countdown[:times]", several with commas; countdown 0
 * fails the first pass). SIGUSR2 makes a test build read the file named by TALLY_FAULT_FILE, with the same syntax,
 * anew, and remove it, so that whoever wrote it sees that it counts from now on.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_point {
    FAULT_MEMORY,             /* memory_new, memory_resize */
    FAULT_STORE_WRITE,        /* any statement of an append */
    FAULT_STORE_COMMIT,       /* before the commit reaches SQLite */
    FAULT_STORE_AFTER_COMMIT, /* the commit succeeded and its answer is lost */
    FAULT_STORE_FULL,         /* as if the disk were full */
    FAULT_SIGNER_WRITE,       /* the durable head can't be written */
    FAULT_SIGNER_LINK,        /* the server can't reach its signer */
    FAULT_SNAPSHOT_WRITE,
    FAULT_VAULT_WRITE,    /* a key can't be written, nor overwritten */
    FAULT_WITNESS_WRITE,  /* a witness can't write what it would sign */
    FAULT_WITNESS_REPLY,  /* not a failure: a witness is killed between having written and answering */
    FAULT_CLOCK_OFFSET_S, /* not a failure: seconds added to the wall clock (may be negative) */
    FAULT_COUNT
};

#ifdef TALLY_FAULTS
/* True when this pass must fail. */
bool fault_hit(enum fault_point point);
/* Fails passes countdown … countdown + times - 1 of this point (times < 0: for ever). Thread-safe. */
void fault_arm(enum fault_point point, int64_t countdown, int64_t times);
void fault_disarm_all(void);
bool fault_was_hit(enum fault_point point);
/* Reads TALLY_FAULT and installs the SIGUSR2 handler; daemons of test builds call it first. */
void fault_read_environment(void);
int64_t fault_clock_offset_ms(void);
#else
static inline bool fault_hit(enum fault_point point)
{
    (void)point;
    return false;
}
static inline void fault_read_environment(void) {}
static inline int64_t fault_clock_offset_ms(void)
{
    return 0;
}
#endif

#endif
