/*
 * engine/signer_client: the server's end of the conversation with its signer: asks for signatures, notices that the
 * signer is gone or does not answer, and starts another one.
 *
 * It never has the key. What comes back is believed as far as it verifies with the key that the first hello told; a
 * signer with another key, or an answer that is none, ends the conversation (P3). Whoever has no starter (tests, seeds,
 * commands on a directory that nobody serves) gets the same conversation with a signer in his own process.
 *
 * One thread at a time; the counters from any.
 */
#ifndef ENGINE_SIGNER_CLIENT_H
#define ENGINE_SIGNER_CLIENT_H

#include <sys/types.h>

#include "engine/signer.h"

#define SIGNER_ANSWER_WAIT_MS 2000  /* then the receipts that wait are told; the answer may still come */
#define SIGNER_ANSWER_MAX_MS  10000 /* then it is ended and another one started; also the time to start */

struct signer_client;

/* A signer that runs: a SOCK_SEQPACKET socket, and whom to wait for at its end. */
struct signer_process {
    int socket;
    pid_t pid;
};

/* Starts one. Any thread: it must not assume that it is alone in its process. */
struct signer_starter {
    status (*start)(void *context, struct signer_process *ret_process, struct err *err);
    void *context;
};

/* Says hello. Fails as signer_open; without a starter the directory's signer is opened in this process. */
MUST_CHECK status signer_client_open(const char *dir, const struct signer_starter *starter,
                                     struct signer_client **ret_client, struct err *err);
/* Ends the conversation, and with it the process. Accepts NULL. */
void signer_client_close(struct signer_client *client);

const struct vkey *signer_client_vkey(const struct signer_client *client);
/* What was signed last, as the signer told. */
struct tree_head signer_client_head(const struct signer_client *client);
/*
 * Sees to it that there is a signer: a gone one is replaced, and asked what it signed last. CODE_CONFLICT when the new
 * one has another key; else whatever keeps it from starting, to be tried again.
 */
MUST_CHECK status signer_client_ready(struct signer_client *client, struct err *err);
/*
 * Appends the signed note of that head; `proof` is from signer_client_head to it. CODE_CONFLICT when the signer refuses
 * because the head does not follow the last one signed (the text says both): no later one will. All else may be tried
 * again, after signer_client_ready: CODE_IO, CODE_DISK_FULL (its memory can't be made durable), CODE_CLOSED (it is
 * gone), CODE_TIMED_OUT.
 */
MUST_CHECK status signer_client_sign(struct signer_client *client, const struct tree_head *head,
                                     const struct tree_path *proof, struct buf *note, struct err *err);

bool signer_client_is_up(const struct signer_client *client);
/* How many were started after the first. */
uint64_t signer_client_restarts(const struct signer_client *client);

#endif
