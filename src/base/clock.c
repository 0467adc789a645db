/*
 * base/clock: CLOCK_REALTIME and CLOCK_BOOTTIME. Any thread.
 */
#include "base/clock.h"

#include <assert.h>
#include <time.h>

#include "base/fault.h"

#define MS_PER_S  1000
#define US_PER_S  1000000
#define NS_PER_MS 1000000
#define NS_PER_US 1000

static struct timespec read_one(clockid_t clock)
{
    struct timespec now;
    int failed = clock_gettime(clock, &now);

    assert(!failed); /* both clocks exist on every Linux this is built for */
    (void)failed;
    return now;
}

static int64_t to_ms(struct timespec time)
{
    return (int64_t)time.tv_sec * MS_PER_S + time.tv_nsec / NS_PER_MS;
}

struct clock_reading clock_read(void)
{
    struct clock_reading reading = {
        .wall_ms = to_ms(read_one(CLOCK_REALTIME)) + fault_clock_offset_ms(),
        .running_ms = to_ms(read_one(CLOCK_BOOTTIME)),
    };

    return reading;
}

int64_t clock_running_us(void)
{
    struct timespec now = read_one(CLOCK_BOOTTIME);

    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now = read_one(CLOCK_MONOTONIC);

    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}
