/*
 * base/clock: the only reader of the system's clocks.
 *
 * Everything else takes the time as an argument (P10). Test builds can shift the wall clock by an offset (base/fault).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock_reading {
    int64_t wall_ms;    /* milliseconds since 1970-01-01T00:00:00Z */
    int64_t running_ms; /* CLOCK_BOOTTIME: milliseconds, counts while suspended, never set by anybody */
};

struct clock_reading clock_read(void);
int64_t clock_running_us(void);   /* microseconds of CLOCK_BOOTTIME, for measuring */
int64_t clock_monotonic_us(void); /* microseconds of CLOCK_MONOTONIC, the clock of timed waits */

#endif
