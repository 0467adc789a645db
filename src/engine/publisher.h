/*
 * engine/publisher: turns durable heads into signed checkpoints, on a thread of its own, and lets anybody read them.
 *
 * A checkpoint is made when a receipt waits (not more often than each CHECKPOINT_COALESCE_MS) and at least each
 * CHECKPOINT_EVERY_MS while the ledger grows. Answers that need no receipt never wait for it. When signing fails the
 * ledger goes on recording: the failure is logged and counted, and tried again with growing pauses. Receipts wait for
 * RECEIPT_PATIENCE_MS; after that their jobs, whose entries are durable all the same, are done without a checkpoint
 * that covers them, until signing works again. A signer that has ended is started anew. A head that it refuses because
 * it does not follow the last one signed ends all signing until the program starts anew: a later head would be one of
 * another history (P3).
 *
 * What was published never changes: readers hold a publication, with its edge, and copy nothing.
 */
#ifndef ENGINE_PUBLISHER_H
#define ENGINE_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/publication.h"
#include "engine/signer_client.h"

#define RECEIPT_PATIENCE_MS 2000 /* a client waits no longer for an answer that is true already */

struct publisher;
struct job;

struct publisher_config {
    void (*published)(void *context, uint64_t size); /* on the publisher's thread */
    void (*flushed)(void *context);                  /* after the receipts' jobs of one publication are done */
    void *context;
    bool barred; /* see publisher_bar: it is from the start */
    /* The ledger's full tiles, for the proofs that its signer wants. The publisher's thread asks. */
    struct tile_source full_tiles;
};

/* The signer belongs to the publisher from now on, if it succeeds. */
MUST_CHECK status publisher_start(struct signer_client *signer, const struct publisher_config *config,
                                  struct publisher **ret_publisher, struct err *err);
/*
 * Publishes what was offered last, does the jobs that still wait, with a checkpoint or without, and ends the thread.
 * Reading goes on. The engine's thread, or nobody, once that has ended.
 */
void publisher_stop(struct publisher *publisher);
/* Stops it if need be. Publications that are held outlive it. Accepts NULL. */
void publisher_free(struct publisher *publisher);

/*
 * Whether the head of a durable ledger of `size` entries should be offered now: a receipt waits for more than was
 * offered, or there is more and the last offer is CHECKPOINT_EVERY_MS old. To be asked in each turn of the engine,
 * after its publisher_wait calls, whether or not that turn wrote something. Cheap; engine's thread.
 */
bool publisher_wants(const struct publisher *publisher, uint64_t size);
/* Gives the durable head with its edge (copied). Engine's thread. */
void publisher_offer(struct publisher *publisher, const struct edge *edge);
/*
 * Calls the job's `done` once a checkpoint covers `index`, which is its reply's: now, on the engine's thread, or later,
 * on the publisher's. Whether one does is to be seen from publisher_head then. Engine's thread.
 */
void publisher_wait(struct publisher *publisher, struct job *job, uint64_t index);

/* The newest publication, to be released; NULL before the first. Any thread, as all that follow. */
const struct publication *publisher_hold(struct publisher *publisher);
/* The newest one's head alone; the empty tree's before the first. */
struct tree_head publisher_head(struct publisher *publisher);
/* The newest one's note alone, for /checkpoint. CODE_NOT_FOUND before the first. */
MUST_CHECK status publisher_checkpoint(struct publisher *publisher, struct arena *arena, struct str *ret_note);
const struct vkey *publisher_vkey(const struct publisher *publisher);
/* How often signing has failed. */
uint64_t publisher_failures(const struct publisher *publisher);
/*
 * Ends all signing until the program starts anew: somebody has a checkpoint by this ledger's key that is not of its
 * history (P3). Receipts are no longer waited for; recording goes on. Any thread.
 */
void publisher_bar(struct publisher *publisher);
/* Whether nothing is signed any more (P3): the signer will have none of this ledger, or signing was barred. */
bool publisher_is_refused(const struct publisher *publisher);
/* For its state and its restarts. */
const struct signer_client *publisher_signer(const struct publisher *publisher);

#endif
