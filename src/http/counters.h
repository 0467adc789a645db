/*
 * http/counters: what a loop did, for /metrics. One thread writes, any may read.
 */
#ifndef HTTP_COUNTERS_H
#define HTTP_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "http/refusal.h"

enum counter {
    COUNTER_CONNECTIONS,       /* accepted */
    COUNTER_CONNECTIONS_ENDED, /* so open = accepted - ended */
    COUNTER_REQUESTS,          /* read whole, or refused */
    COUNTER_HANDLED,           /* given to a handler */
    COUNTER_LATE,              /* answered after the connection had died */
    COUNTER_TIMEOUTS,
    COUNTER_BYTES_IN,
    COUNTER_BYTES_OUT,
    COUNTER_HANDSHAKES_FAILED,
    COUNTER_ACCEPTS_FAILED, /* the system had no descriptor to give */
    COUNTER_STATUS_2XX,
    COUNTER_STATUS_3XX,
    COUNTER_STATUS_4XX,
    COUNTER_STATUS_5XX,
    COUNTER_COUNT
};

struct counters {
    _Atomic uint64_t of[COUNTER_COUNT];
    _Atomic uint64_t refusals[REFUSE_COUNT];
};

/* The one writer needs no locked addition. */
static inline void counters_add(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_relaxed);
}
static inline uint64_t counters_get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
