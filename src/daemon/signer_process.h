/*
 * daemon/signer_process: the process that holds the ledger's key.
 *
 * `tally serve` starts the same program anew as `tally signer-process DIR`, with one end of a socket: a clean address
 * space in which no byte of the network was ever read, and in which the server's memory is not. It opens key and head
 * itself, goes into a sandbox (daemon/sandbox) and answers the fixed table of messages (engine/signer_wire) until the
 * other end is closed; it ends with the server whatever happens to that. The key lies in locked memory and never leaves
 * it. Signals of the terminal are for the server: this process ignores them.
 *
 * What it does not do: it runs under the server's user, so that who takes over the server can still read the key file,
 * as that user can. It keeps the key out of what the server shows by a fault in its memory.
 */
#ifndef DAEMON_SIGNER_PROCESS_H
#define DAEMON_SIGNER_PROCESS_H

#include <stdbool.h>

#include "engine/signer_client.h"

/* Whether these arguments of main are those of a signer. */
bool signer_process_is_meant(int argc, char **argv);
/* Its life; returns main's result. */
int signer_process_run(int argc, char **argv);

/* Starts one for that data directory, which must outlive what is returned. */
struct signer_starter signer_process_starter(const char *dir);

#endif
