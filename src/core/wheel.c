/*
 * core/wheel: slot s of level n holds what is due within 256^n ticks from a multiple of that. The slot that the present
 * tick lies in was emptied when that time began, so at upper levels its number stands for the round to come.
 */
#include "core/wheel.h"

#include <assert.h>

#define HEAD        0x80000000u
#define LEVEL_BITS  8
#define REACH_TICKS ((int64_t)1 << (LEVEL_BITS * WHEEL_LEVELS))
#define NEVER       INT64_MAX
#define SLOT_MASK   (WHEEL_SLOTS - 1)
#define WORD_BITS   64

/* From 1, so that a tick lies before every moment there is: what is late goes there. */
static int64_t tick_of(int64_t ms)
{
    return ms < 0 ? 0 : ms / WHEEL_TICK_MS + 1;
}

void wheel_init(struct wheel *ret_wheel, struct table *owner, uint32_t link_offset, int64_t now_ms)
{
    assert(now_ms >= 0);
    *ret_wheel = (struct wheel){
        .owner = owner,
        .link_offset = link_offset,
        .tick = tick_of(now_ms) - 1,
    };
}

static struct wheel_link *link_at(const struct wheel *wheel, uint32_t place)
{
    return (struct wheel_link *)(void *)((char *)table_at(wheel->owner, place) + wheel->link_offset);
}

/* The slot for a tick that is not before the wheel's and within its reach. */
static uint32_t slot_of(const struct wheel *wheel, int64_t tick)
{
    int64_t ahead = tick - wheel->tick;
    uint32_t level = 0;

    while (ahead >> (LEVEL_BITS * (level + 1)))
        level++;
    return level * WHEEL_SLOTS + (uint32_t)(tick >> (LEVEL_BITS * level) & SLOT_MASK);
}

void wheel_add(struct wheel *wheel, uint32_t place, int64_t deadline_ms)
{
    struct wheel_link *link = link_at(wheel, place);
    int64_t tick = tick_of(deadline_ms);
    uint32_t slot;

    assert(link->previous == 0 && place < HEAD);
    if (tick < wheel->tick)
        tick = wheel->tick;
    if (tick - wheel->tick >= REACH_TICKS)
        tick = wheel->tick + REACH_TICKS - 1;
    slot = slot_of(wheel, tick);
    link->next = wheel->slots[slot];
    link->previous = HEAD | slot;
    if (link->next)
        link_at(wheel, link->next - 1)->previous = place + 1;
    wheel->slots[slot] = place + 1;
    wheel->occupied[slot / WORD_BITS] |= (uint64_t)1 << slot % WORD_BITS;
    wheel->count++;
}

void wheel_remove(struct wheel *wheel, uint32_t place)
{
    struct wheel_link *link = link_at(wheel, place);
    uint32_t slot = link->previous & ~HEAD;

    if (link->previous == 0)
        return;
    if (link->next)
        link_at(wheel, link->next - 1)->previous = link->previous;
    if (!(link->previous & HEAD)) {
        link_at(wheel, link->previous - 1)->next = link->next;
    } else {
        wheel->slots[slot] = link->next;
        if (!link->next)
            wheel->occupied[slot / WORD_BITS] &= ~((uint64_t)1 << slot % WORD_BITS);
    }
    *link = (struct wheel_link){ 0 };
    wheel->count--;
}

bool wheel_has(const struct wheel *wheel, uint32_t place)
{
    return link_at(wheel, place)->previous != 0;
}

/* How many slots behind `from`, around the level, the first occupied one is; WHEEL_SLOTS when there is none. */
static uint32_t occupied_after(const struct wheel *wheel, uint32_t level, uint32_t from)
{
    const uint64_t *words = &wheel->occupied[(size_t)level * (WHEEL_SLOTS / WORD_BITS)];
    uint32_t ahead = 0;

    while (ahead < WHEEL_SLOTS) {
        uint32_t slot = (from + ahead) & SLOT_MASK;
        uint64_t bits = words[slot / WORD_BITS] >> slot % WORD_BITS;
        if (bits)
            return ahead + (uint32_t)__builtin_ctzll(bits);
        ahead += WORD_BITS - slot % WORD_BITS;
    }
    return WHEEL_SLOTS;
}

/* The tick at which the time of the level's first occupied slot begins. */
static int64_t level_tick(const struct wheel *wheel, uint32_t level)
{
    uint32_t shift = LEVEL_BITS * level;
    int64_t round = wheel->tick >> shift;
    bool begun = round << shift != wheel->tick; /* then its own slot stands for the next round */
    uint32_t ahead = occupied_after(wheel, level, (uint32_t)(round + begun) & SLOT_MASK);

    return ahead == WHEEL_SLOTS ? NEVER : (round + begun + ahead) << shift;
}

/* The first slot that is not empty; *ret_tick is when its time begins, or NEVER. */
static uint32_t slot_first(const struct wheel *wheel, int64_t *ret_tick)
{
    uint32_t first = 0;

    *ret_tick = NEVER;
    for (uint32_t level = 0; level < WHEEL_LEVELS; level++) {
        int64_t tick = level_tick(wheel, level);
        if (tick < *ret_tick) {
            *ret_tick = tick;
            first = level * WHEEL_SLOTS + (uint32_t)(tick >> (LEVEL_BITS * level) & SLOT_MASK);
        }
    }
    return first;
}

uint32_t wheel_next(struct wheel *wheel, int64_t now_ms)
{
    int64_t now = tick_of(now_ms);
    int64_t tick = NEVER;
    uint32_t slot = slot_first(wheel, &tick);
    uint32_t place;

    if (tick >= now) {
        /* The tick before now stays open, so that what is added late comes out at the next call. */
        if (now - 1 > wheel->tick)
            wheel->tick = now - 1;
        return WHEEL_NONE;
    }
    place = wheel->slots[slot] - 1;
    wheel->tick = tick;
    wheel_remove(wheel, place);
    return place;
}
