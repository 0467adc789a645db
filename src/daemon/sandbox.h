/*
 * daemon/sandbox: what a process that holds a key may still ask the system for: nearly nothing.
 *
 * After sandbox_enter the process has no descriptors but those it names, writes no core and can't be traced or read by
 * others of its user, gets no new privileges, sits in a network without interfaces where the system allows that, and
 * dies at any system call that the table of sandbox.c does not have with these arguments: no socket, no open, no fork,
 * no exec, no executable memory.
 *
 * The filter is a program for the kernel's own machine (seccomp, BPF), put together from the table: no library, so that
 * what is allowed can be read in one place. For a process of one thread.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include "base/err.h"

/* What may be used afterwards. Standard error stays open, too, for words about its own end. */
struct sandbox {
    int socket; /* recv, send */
    int file;   /* pwrite, fdatasync */
};

/* CODE_IO when the system does not do all that is asked of it: then the process must not go on. */
MUST_CHECK status sandbox_enter(const struct sandbox *sandbox, struct err *err);

#endif
