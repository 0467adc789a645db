#include "engine/clockwork.h"

#include "base/limits.h"

/* The share of running time by which time is slewed: 1 % in ordinary life, half after a confirmed step back. */
enum { SLEW_PARTS = 100, CATCH_UP_PARTS = 2 };

static int64_t expected_ms(const struct clockwork *clockwork, struct clock_reading reading)
{
    return clockwork->base_wall_ms + (reading.running_ms - clockwork->base_running_ms);
}

static void rebase(struct clockwork *clockwork, int64_t wall_ms, int64_t running_ms)
{
    clockwork->base_wall_ms = wall_ms;
    clockwork->base_running_ms = running_ms;
}

static enum clock_event jump_of(int64_t difference_ms)
{
    if (difference_ms > CLOCK_JUMP_FORWARD_MS)
        return CLOCK_JUMPED_FORWARD;
    return difference_ms < -CLOCK_JUMP_BACK_MS ? CLOCK_JUMPED_BACK : CLOCK_NONE;
}

static void freeze(struct clockwork *clockwork, int64_t jump_ms)
{
    clockwork->frozen = true;
    clockwork->jump_ms = jump_ms;
}

static void advance(struct clockwork *clockwork, struct clock_reading reading)
{
    int64_t now_ms = expected_ms(clockwork, reading);

    if (now_ms > clockwork->now_ms)
        clockwork->now_ms = now_ms;
}

enum clock_event clockwork_start(struct clockwork *ret_clockwork, struct clock_reading reading, int64_t last_entry_ms,
                                 bool frozen)
{
    int64_t difference_ms = last_entry_ms ? reading.wall_ms - last_entry_ms : 0;
    enum clock_event event = CLOCK_NONE;

    if (difference_ms < -CLOCK_JUMP_BACK_MS)
        event = CLOCK_JUMPED_BACK;
    else if (difference_ms > (int64_t)CLOCK_START_FORWARD_DAYS * 86400 * 1000)
        event = CLOCK_JUMPED_FORWARD;
    *ret_clockwork = (struct clockwork){ .now_ms = last_entry_ms };
    /* An unbelievable wall clock is not taken over: time goes on from the newest entry. */
    rebase(ret_clockwork, event == CLOCK_NONE && !frozen ? reading.wall_ms : last_entry_ms, reading.running_ms);
    if (event != CLOCK_NONE || frozen)
        freeze(ret_clockwork, difference_ms);
    advance(ret_clockwork, reading);
    return frozen ? CLOCK_NONE : event;
}

/* Moves time a little towards the wall clock, in proportion to the running time since the last move. */
static void slew(struct clockwork *clockwork, struct clock_reading reading, int64_t difference_ms)
{
    int64_t elapsed_ms = reading.running_ms - clockwork->base_running_ms;
    int64_t most_ms = elapsed_ms / (clockwork->catching_up ? CATCH_UP_PARTS : SLEW_PARTS);
    int64_t step_ms = difference_ms;

    if (most_ms == 0)
        return; /* wait until a whole millisecond has come together */
    if (step_ms > most_ms)
        step_ms = most_ms;
    if (step_ms < -most_ms)
        step_ms = -most_ms;
    rebase(clockwork, expected_ms(clockwork, reading) + step_ms, reading.running_ms);
}

/* How far the wall clock is from where it is believed to be: while time waits for it, where it was at the last turn. */
static int64_t surprise_ms(const struct clockwork *clockwork, int64_t difference_ms)
{
    return clockwork->catching_up ? difference_ms + clockwork->ahead_ms : difference_ms;
}

enum clock_event clockwork_turn(struct clockwork *clockwork, struct clock_reading reading)
{
    int64_t difference_ms = reading.wall_ms - expected_ms(clockwork, reading);
    int64_t step_ms = surprise_ms(clockwork, difference_ms);
    enum clock_event event = CLOCK_NONE;

    if (!clockwork->frozen) {
        event = jump_of(step_ms);
        clockwork->catching_up = clockwork->catching_up && difference_ms < -CLOCK_JUMP_BACK_MS;
        if (event == CLOCK_NONE)
            slew(clockwork, reading, difference_ms);
        else
            freeze(clockwork, step_ms);
        clockwork->ahead_ms = expected_ms(clockwork, reading) - reading.wall_ms;
    }
    advance(clockwork, reading);
    return event;
}

int64_t clockwork_confirm(struct clockwork *clockwork, struct clock_reading reading)
{
    int64_t before_ms = clockwork->now_ms;

    clockwork->frozen = false;
    clockwork->catching_up = reading.wall_ms < before_ms - CLOCK_JUMP_BACK_MS;
    clockwork->ahead_ms = before_ms - reading.wall_ms;
    rebase(clockwork, clockwork->catching_up ? before_ms : reading.wall_ms, reading.running_ms);
    advance(clockwork, reading);
    return clockwork->now_ms - before_ms;
}
