#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define REDRAW_US 100000
#define BAR_WIDTH 30
#define LOOK_MASK 0xfff /* the clock is read once in so many calls */

struct progress progress_begin(const char *what, uint64_t total)
{
    return (struct progress){
        .what = what, .total = total, .shown = isatty(STDERR_FILENO) == 1 && total > 0, .begun_us = clock_monotonic_us()
    };
}

static void draw(const struct progress *progress, uint64_t done, int64_t now_us)
{
    int full = (int)((double)done / (double)progress->total * BAR_WIDTH);
    double seconds = (double)(now_us - progress->begun_us) / 1e6;

    (void)fprintf(stderr, "\r%s [%.*s%*s] %llu of %llu, %.0f/s ", progress->what, full,
                  "##############################", BAR_WIDTH - full, "", (unsigned long long)done,
                  (unsigned long long)progress->total, seconds > 0 ? (double)done / seconds : 0);
}

void progress_at(struct progress *progress, uint64_t done)
{
    int64_t now_us;

    if (!progress->shown || (done & LOOK_MASK))
        return;
    now_us = clock_monotonic_us();
    if (now_us - progress->drawn_us < REDRAW_US)
        return;
    progress->drawn_us = now_us;
    draw(progress, done, now_us);
}

int64_t progress_end(struct progress *progress)
{
    if (progress->shown)
        (void)fprintf(stderr, "\r\033[K");
    progress->shown = false;
    return clock_monotonic_us() - progress->begun_us;
}
