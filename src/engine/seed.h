/*
 * engine/seed: a ledger written under a clock of its own, before any server runs on it: demonstrations, and data sets
 * for benches and tests. The same decide, seal, apply and append as the writer's; only time is the caller's (P10). That
 * it was made so must be said in the ledger: COMMAND_DEMO_SEEDED.
 *
 * An engine that is open and not started is the seed's; one thread; nothing is published, the server that starts later
 * signs what it finds.
 */
#ifndef ENGINE_SEED_H
#define ENGINE_SEED_H

#include "engine/engine.h"

/* Begins at the last entry's time, with writer.started. First of all. */
MUST_CHECK status seed_begin(struct engine *engine, struct err *err);
/* Time moves to now_ms, which is not before the last entry; what is due by then is written, a minute's worth at a time.
 */
MUST_CHECK status seed_wait(struct engine *engine, int64_t now_ms, struct err *err);
/*
 * Decides the job's command now. Its reply is complete when this returns, but for leaves and would; *ret_entry is its
 * first entry, valid until the next call, or NULL when it wrote none. `done` is not called.
 */
MUST_CHECK status seed_job(struct engine *engine, struct job *job, const struct entry **ret_entry, struct err *err);
/* Makes what was written durable; what does so by itself before a batch is full. */
MUST_CHECK status seed_flush(struct engine *engine, struct err *err);
const struct facts *seed_facts(const struct engine *engine);
struct entropy *seed_entropy(struct engine *engine);

/* Gives the job a principal's name: a fresh id for the command, and the commitment to the private text. */
MUST_CHECK status seed_name(struct engine *engine, struct job *job, const struct name_new *name, struct err *err);

#endif
