/*
 * service/witnesses: the ledger's side of its witnesses: asks them to cosign what was published, keeps what they sign,
 * and notices when one of them knows another history.
 *
 * Each witness of the policy that has a URL has a thread. They go by rounds: a round is one published checkpoint, which
 * all are asked to cosign; the next begins when the policy is met or everybody has had its turn, a second after the
 * last one, or sooner when a receipt waits. What arrives late is joined to its round as long as that is remembered.
 * Nothing of the ledger waits for a witness but receipts that ask for it.
 *
 * A witness that is silent or refuses is asked again with growing pauses. One that has cosigned nothing for
 * `patience_s` though there was something is recorded as absent, and when it cosigns again as returned; so is the
 * policy as a whole (ledger.unwitnessed, ledger.witnessed).
 *
 * What a witness merely says is never believed: cosignatures are verified, and a size that is larger than the ledger's
 * is an alarm (witness.ahead). But when a witness shows a checkpoint with the ledger's own signature that the ledger
 * does not extend, somebody has signed with its key what it does not know: the note is kept in the data directory as
 * evidence, nothing is signed any more, and it is recorded (ledger.forked). While that file is there no start signs
 * (P3). docs/witness.md says what to do.
 *
 * Any thread may read; new, start, stop and free are one thread's.
 */
#ifndef SERVICE_WITNESSES_H
#define SERVICE_WITNESSES_H

#include "base/arena.h"
#include "engine/engine.h"
#include "tlog/witness_policy.h"

#define WITNESS_EVERY_MS          1000 /* a round a second is what witnesses are asked for at most */
#define WITNESS_PATIENCE_S        60
#define WITNESSED_CHECKPOINT_FILE "witnessed.checkpoint" /* the newest that met the policy */
#define WITNESS_EVIDENCE_FILE     "ledger.forked"        /* a checkpoint by our key that is not of our history */

struct witnesses;

struct witnesses_config {
    const struct witness_policy *policy; /* outlives the witnesses */
    struct engine *engine;
    const char *dir;     /* the data directory */
    const char *ca_file; /* PEM; NULL: the system's */
    int64_t patience_s;
    /* A checkpoint of that size has met the policy. On a witness's thread. */
    void (*witnessed)(void *context, uint64_t size);
    void *context;
};

/* CODE_INVALID when the policy is for other logs, or names a URL that is none. The engine must have been started. */
MUST_CHECK status witnesses_new(const struct witnesses_config *config, struct witnesses **ret_witnesses,
                                struct err *err);
MUST_CHECK status witnesses_start(struct witnesses *witnesses, struct err *err);
/* Ends the threads, within a second or two; before engine_stop. Accepts NULL. */
void witnesses_stop(struct witnesses *witnesses);
void witnesses_free(struct witnesses *witnesses); /* accepts NULL */

/* Whether evidence of a fork lies in that data directory: then the engine must not sign. */
bool witnesses_forbid_signing(const char *dir);

/* ---- What was cosigned ---- */

/* A checkpoint with its cosignatures; the note lies in the arena that was given. */
struct cosigned_checkpoint {
    struct tree_head head;
    struct str note;
};

/* The newest that met the policy. CODE_NOT_FOUND when there is none, CODE_NO_MEMORY. */
MUST_CHECK status witnesses_newest(struct witnesses *witnesses, struct arena *arena,
                                   struct cosigned_checkpoint *ret_checkpoint);
/* The checkpoint of exactly that head with what cosignatures have arrived. CODE_NOT_FOUND when none have. */
MUST_CHECK status witnesses_note(struct witnesses *witnesses, const struct tree_head *head, struct arena *arena,
                                 struct str *ret_note);
/* How many entries are under a checkpoint that met the policy. */
uint64_t witnesses_size(struct witnesses *witnesses);
/* A receipt waits for a checkpoint of that many entries to meet the policy. */
void witnesses_want(struct witnesses *witnesses, uint64_t size);

/* ---- Cosignatures that come in a file ---- */

/*
 * Looks at a checkpoint that came back: signed by this ledger, of its own history, and cosigned by witnesses of the
 * policy. CODE_INVALID or CODE_CORRUPT say what is wrong, CODE_NOT_FOUND that the ledger has published less. It is not
 * kept yet: record it first, then witnesses_keep. One that is signed by this ledger and not of its history is a fork,
 * as if a witness had shown it.
 */
MUST_CHECK status witnesses_check(struct witnesses *witnesses, struct str note, struct tree_head *ret_head,
                                  size_t *ret_count, struct err *err);
/* Joins what witnesses_check was content with. */
MUST_CHECK status witnesses_keep(struct witnesses *witnesses, struct str note, struct err *err);

/* ---- For /metrics ---- */

struct witness_status {
    struct str name;    /* in the policy */
    bool has_url;       /* else it is reached by file alone */
    bool is_absent;     /* and that is recorded */
    uint64_t size;      /* of the checkpoint it cosigned last */
    int64_t at_ms;      /* when that was; 0: never */
    int64_t behind_ms;  /* for how long there has been something that it has not cosigned; 0: there is nothing */
    uint64_t successes; /* since the start */
    uint64_t failures;
};
size_t witnesses_count(const struct witnesses *witnesses);
void witnesses_status(struct witnesses *witnesses, size_t number, struct witness_status *ret_status);
bool witnesses_are_enough(struct witnesses *witnesses); /* the policy has been met within the patience */
bool witnesses_saw_fork(struct witnesses *witnesses);

#endif
