/*
 * core/wheel: a hierarchical timing wheel (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987) of
 * places whose deadlines come.
 *
 * Add and remove are O(1); a heartbeat does not touch it: when an item comes out, its owner compares the real deadline
 * and puts it back if that is still to come. The wheel itself forgets deadlines: an item of an upper level comes out
 * when the time of its slot begins, and putting it back moves it down, at most once a level. Four levels of 256 slots
 * at 125 ms reach 17 years; later deadlines wait in the last slot. The links live with the owner, eight bytes an item.
 * Empty time costs nothing, however long. Reads no clock (P10).
 */
#ifndef CORE_WHEEL_H
#define CORE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/table.h"

#define WHEEL_TICK_MS 125
#define WHEEL_LEVELS  4
#define WHEEL_SLOTS   256
#define WHEEL_NONE    UINT32_MAX

/* Zeroed: not in the wheel. Places are kept + 1. */
struct wheel_link {
    uint32_t next;     /* place + 1 */
    uint32_t previous; /* place + 1; of the first in a slot, that slot with the upper bit set */
};

struct wheel {
    struct table *owner;  /* of the records that hold the links */
    uint32_t link_offset; /* of struct wheel_link in a record */
    int64_t tick;         /* everything before this tick came out; what is added late goes here */
    uint32_t count;
    uint32_t slots[WHEEL_LEVELS * WHEEL_SLOTS];         /* place + 1 of the first */
    uint64_t occupied[WHEEL_LEVELS * WHEEL_SLOTS / 64]; /* a bit for each slot that is not empty */
};

void wheel_init(struct wheel *ret_wheel, struct table *owner, uint32_t link_offset, int64_t now_ms);
/* The place must not be in the wheel. A deadline in the past comes out at the next call. */
void wheel_add(struct wheel *wheel, uint32_t place, int64_t deadline_ms);
/* Does nothing when the place is not in the wheel. */
void wheel_remove(struct wheel *wheel, uint32_t place);
bool wheel_has(const struct wheel *wheel, uint32_t place);
/*
 * Takes one place out, or gives WHEEL_NONE when no deadline can be due by now. A due place comes out up to one tick
 * late; one that is not due yet must be put back with its deadline.
 */
uint32_t wheel_next(struct wheel *wheel, int64_t now_ms);

#endif
