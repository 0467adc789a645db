/*
 * engine/clockwork: the engine's time (P7). Runs on the running clock (CLOCK_BOOTTIME), is slewed towards the wall
 * clock by at most 1 %, and never goes back. A difference above CLOCK_JUMP_FORWARD_MS forward or CLOCK_JUMP_BACK_MS
 * back is a jump: it is reported once and time goes on unslewed, as if the wall clock had not moved, until it is
 * confirmed; then the wall clock is believed again (time stands still, at most, until the wall clock has caught up).
 * Pure: readings are arguments (P10).
 */
#ifndef ENGINE_CLOCKWORK_H
#define ENGINE_CLOCKWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct clockwork {
    int64_t now_ms;       /* last told; never decreases */
    int64_t base_wall_ms; /* engine time = base_wall + (running - base_running), slewed */
    int64_t base_running_ms;
    bool frozen;
    bool catching_up; /* after a confirmed step back */
    int64_t ahead_ms; /* by how much engine time was ahead of the wall clock at the last turn; negative: behind it */
    int64_t jump_ms;  /* by how much the wall clock had moved too far when it froze */
};

enum clock_event { CLOCK_NONE, CLOCK_JUMPED_FORWARD, CLOCK_JUMPED_BACK };

/*
 * Starts at a reading. `last_entry_ms` is the newest entry's time (0: none): a wall clock more than CLOCK_JUMP_BACK_MS
 * before it, or more than CLOCK_START_FORWARD_DAYS after it, is a jump at once. `frozen`: the ledger says that a jump
 * is not confirmed yet.
 */
enum clock_event clockwork_start(struct clockwork *ret_clockwork, struct clock_reading reading, int64_t last_entry_ms,
                                 bool frozen);
/* Moves to a reading and tells whether the clock has just jumped. */
enum clock_event clockwork_turn(struct clockwork *clockwork, struct clock_reading reading);
/* The wall clock is right: believe it again. Returns by how much time moves forward (0 when the wall is behind). */
int64_t clockwork_confirm(struct clockwork *clockwork, struct clock_reading reading);

#endif
