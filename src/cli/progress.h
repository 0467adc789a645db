/*
 * cli/progress: a bar on standard error for long work, when that is a terminal; nothing in a pipe or a file.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A zeroed one shows nothing. */
struct progress {
    const char *what;
    uint64_t total;
    bool shown;
    int64_t begun_us;
    int64_t drawn_us;
};

struct progress progress_begin(const char *what, uint64_t total);
/* Cheap enough to be called for each of a million things. */
void progress_at(struct progress *progress, uint64_t done);
/* Takes the bar away; gives the microseconds since the beginning. */
int64_t progress_end(struct progress *progress);

#endif
