/*
 * engine/publisher: turns durable heads into signed checkpoints, on a thread of its own, and lets anybody read them.
 *
 * A checkpoint is made when a receipt waits (not more often than each CHECKPOINT_COALESCE_MS) and at least each
 * CHECKPOINT_EVERY_MS while the ledger grows. Answers that need no receipt never wait for it. When signing fails the
 * ledger goes on recording; receipts wait, the failure is logged and shown in the metrics.
 */
#ifndef ENGINE_PUBLISHER_H
#define ENGINE_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/signer.h"
#include "tlog/edge.h"

struct publisher;
struct job;

struct publisher_config {
    void (*published)(void *context, uint64_t size); /* on the publisher's thread */
    void (*flushed)(void *context);                  /* after the receipts' jobs of one publication are done */
    void *context;
};

/* The signer belongs to the publisher from now on. */
MUST_CHECK status publisher_start(struct signer *signer, const struct publisher_config *config,
                                  struct publisher **ret_publisher, struct err *err);
/* Publishes what was offered last, ends the thread, frees. Accepts NULL. */
void publisher_stop(struct publisher *publisher);

/* Whether a new head should be offered after this commit: a receipt waits or a second has passed. Cheap; engine's
 * thread. */
bool publisher_wants(struct publisher *publisher);
/* Gives the durable head with its edge (copied). Engine's thread. */
void publisher_offer(struct publisher *publisher, const struct edge *edge);
/* Keeps the job until a checkpoint covers `index`, then calls its `done`. Engine's thread. */
void publisher_wait(struct publisher *publisher, struct job *job, uint64_t index);

/* The newest published checkpoint. */
struct publication {
    struct tree_head head;
    struct str checkpoint; /* the signed note, in the arena */
    struct edge edge;      /* of exactly that size: partial tiles are served from it */
};
/* The head alone. */
struct tree_head publisher_head(struct publisher *publisher);
/* CODE_NOT_FOUND before the first publication. */
MUST_CHECK status publisher_read(struct publisher *publisher, struct arena *arena, struct publication *ret_publication);
/* The note alone, for /checkpoint. */
MUST_CHECK status publisher_checkpoint(struct publisher *publisher, struct arena *arena, struct str *ret_note);
const struct vkey *publisher_vkey(struct publisher *publisher);
uint64_t publisher_failures(struct publisher *publisher);

#endif
