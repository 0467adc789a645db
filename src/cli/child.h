/*
 * cli/child: one program run in the foreground on behalf of somebody who watches it.
 *
 * It gets our standard input, output and error, and stays in our process group, so that a terminal's signals reach it
 * from the terminal itself, and it may read from there. Signals that were sent to us alone are passed on; those that
 * the terminal sent to the whole group are not, or it would get them twice. From child_signals_block on every signal is
 * taken from a descriptor: nothing runs in a handler.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define EXIT_NOT_RUNNABLE 126 /* as shells say it */
#define EXIT_NO_PROGRAM   127
#define EXIT_SIGNAL_BASE  128

/* A zeroed one has nothing open. */
struct child {
    pid_t pid; /* 0: none */
    int signals_plus_one;
    int exit; /* once it has ended: its exit status, or 128 + the signal's number */
    bool ended;
};

/* Blocks what is passed on, for this thread and those it starts. Before any other thread is started. */
MUST_CHECK status child_signals_block(struct child *child, struct err *err);
/* The number of a signal that asks us to end and has come before there was a program; else 0. */
int child_signal_pending(const struct child *child);

struct child_plan {
    char **argv;      /* NULL-terminated */
    const char *name; /* a variable in its environment … */
    const char *value;
    bool dies_with_us; /* SIGTERM when we are killed */
};
/* CODE_NOT_FOUND or CODE_DENIED when there is no such program, or none that may be run. */
MUST_CHECK status child_start(struct child *child, const struct child_plan *plan, struct err *err);
/*
 * Waits until something happens on `other_fd` (true), the program ends, or `timeout_ms` are over (-1: never), passing
 * signals on meanwhile.
 */
bool child_attend(struct child *child, int other_fd, int64_t timeout_ms);
void child_kill(const struct child *child, int number);
void child_close(struct child *child);

#endif
