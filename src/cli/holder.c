#include "cli/holder.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define RETRY_MIN_MS   250 /* after a failed heartbeat, not sooner than this */
#define RETRY_PARTS    12  /* of the ttl lie between two tries after a failure */
#define BEAT_PARTS     3
#define JITTER_PERCENT 20 /* of the pause, half of it to either side: many who began together drift apart */

/* Waits up to that moment of the running clock; false: stop. Called with the mutex held. */
static bool sleep_until(struct holder *holder, int64_t until_ms)
{
    while (!holder->stopping) {
        int64_t left_us = (until_ms - clock_read().running_ms) * 1000;
        int64_t at_us = clock_monotonic_us() + left_us;
        struct timespec at = { .tv_sec = (time_t)(at_us / 1000000), .tv_nsec = (long)(at_us % 1000000) * 1000 };

        if (left_us <= 0)
            return true;
        (void)pthread_cond_timedwait(&holder->wake, &holder->mutex, &at);
    }
    return false;
}

static int64_t pause_ms(struct holder *holder, bool answered)
{
    int64_t ttl_ms = holder->lease->ttl_s * 1000;
    int64_t ms = answered ? ttl_ms / BEAT_PARTS : ttl_ms / RETRY_PARTS;
    int64_t width = ms * JITTER_PERCENT / 100;

    ms += (int64_t)entropy_below(client_entropy(holder->trust->client), (uint64_t)width + 1) - width / 2;
    return ms < RETRY_MIN_MS ? RETRY_MIN_MS : ms;
}

static void lose(struct holder *holder, const struct err *why)
{
    static const uint64_t one = 1;

    holder->why = *why;
    holder->is_lost = true;
    if (write(holder->lost_fd, &one, sizeof(one)) != sizeof(one))
        holder->stopping = true; /* a counter of one can't be full */
}

/* Whether a failed heartbeat ends the lease at once: the server ended it, or can't be believed any more. */
static bool is_final(status s)
{
    return s.code == CODE_CLOSED || s.code == CODE_CORRUPT;
}

/* One heartbeat with the mutex released; true: the lease goes on. */
static bool beat(struct holder *holder, bool *ret_answered)
{
    struct err err = { 0 };
    int64_t left_ms = lease_end_ms(holder->lease) - clock_read().running_ms;
    int64_t third_ms = holder->lease->ttl_s * 1000 / BEAT_PARTS;
    status s = { CODE_TIMED_OUT };

    (void)err_set(&err, CODE_TIMED_OUT, "no heartbeat was answered in time");
    pthread_mutex_unlock(&holder->mutex);
    if (left_ms > 0)
        s = lease_beat(holder->trust, holder->lease, left_ms < third_ms ? left_ms : third_ms, &err);
    pthread_mutex_lock(&holder->mutex);
    *ret_answered = s.code == CODE_OK;
    if (!is_final(s) && clock_read().running_ms < lease_end_ms(holder->lease))
        return true;
    lose(holder, &err);
    return false;
}

static void *holder_run(void *context)
{
    struct holder *holder = context;
    bool answered = true;

    pthread_mutex_lock(&holder->mutex);
    for (;;) {
        int64_t next_ms = clock_read().running_ms + pause_ms(holder, answered);
        int64_t end_ms = lease_end_ms(holder->lease);

        if (!sleep_until(holder, next_ms < end_ms ? next_ms : end_ms) || !beat(holder, &answered))
            break;
    }
    pthread_mutex_unlock(&holder->mutex);
    return NULL;
}

status holder_start(struct holder *holder, struct trust *trust, struct lease *lease, struct err *err)
{
    pthread_condattr_t attributes;

    *holder = (struct holder){ .trust = trust, .lease = lease };
    holder->lost_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (holder->lost_fd < 0)
        return err_system(err, "open", "an event descriptor");
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&holder->mutex, NULL);
    (void)pthread_cond_init(&holder->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    holder->started = pthread_create(&holder->thread, NULL, holder_run, holder) == 0;
    return holder->started ? OK : err_set(err, CODE_NO_MEMORY, "no thread for heartbeats");
}

void holder_loss(struct holder *holder, struct err *ret_why)
{
    pthread_mutex_lock(&holder->mutex);
    *ret_why = holder->why;
    pthread_mutex_unlock(&holder->mutex);
}

void holder_stop(struct holder *holder)
{
    if (!holder->started)
        return;
    pthread_mutex_lock(&holder->mutex);
    holder->stopping = true;
    pthread_cond_signal(&holder->wake);
    pthread_mutex_unlock(&holder->mutex);
    pthread_join(holder->thread, NULL);
    pthread_cond_destroy(&holder->wake);
    pthread_mutex_destroy(&holder->mutex);
    close(holder->lost_fd);
    holder->started = false;
}
