/*
 * engine: the one writer of a ledger. Takes commands from many threads, decides and applies them one after the other,
 * makes everything that arrived meanwhile durable in one commit, and only then answers (P1).
 *
 * Owns the facts, the store, the clock's truth, the names' register and the checkpoints' publication. It refuses to
 * know HTTP, to parse anything but its own entries, and to do slow work on its thread: hashing passwords, building
 * proofs and sending answers are others' work.
 *
 * Order: commit, sign, publish. A failed commit is unknown, not "did not happen": answers are held, the facts dropped,
 * the store reopened and the batch looked for (recover.c). Until that is settled the engine is read-only.
 *
 * Threads: engine_open, _start, _stop and _close from one thread; engine_submit and the readers below from any.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "core/decide.h"
#include "engine/directory.h"
#include "engine/names.h"
#include "engine/publisher.h"
#include "engine/vault.h"
#include "store/store.h"

struct engine;

/* How a job ended. */
enum verdict {
    VERDICT_DONE,       /* `outcome` and the entries tell */
    VERDICT_OVERLOADED, /* the queue was full; nothing happened: 503 with Retry-After */
    VERDICT_READ_ONLY,  /* the disk is full or failing; nothing happened: 503 */
    VERDICT_STOPPING,   /* nothing happened: 503 */
    VERDICT_UNKNOWN     /* it may or may not have happened: close the connection, say nothing */
};

/* The most names that one command can bring: a principal's own, an asserted user and host, a network. */
#define JOB_NAMES_MAX 4

/* What the engine answers: valid until the job's owner frees its arena. */
struct reply {
    enum verdict verdict;
    struct outcome outcome;
    uint64_t index;     /* of the entry that covers the answer; UINT64_MAX when it has none */
    struct str *leaves; /* exact texts of the command's entries from `index` on (the roll-up of a flood: one) */
    size_t leaf_count;
    struct str *would; /* of a dry run: entries as they would be, without seq */
    size_t would_count;
};

/* A command on its way. Belongs to the engine from engine_submit until `done` is called, with everything it points to.
 */
struct job {
    struct command command;
    struct str private_text; /* with command.has_private: what the commitment covers */
    uint8_t salt[32];
    struct name_new names[JOB_NAMES_MAX]; /* become durable with the command's first entry, or are forgotten */
    int name_count;
    bool wants_receipt;  /* answer only once a checkpoint covers the entry */
    struct arena *arena; /* for the reply */
    struct reply reply;
    void (*done)(
        struct job *job); /* on the engine's, publisher's or (refused) submitter's thread; quick: hands the job on */
    void *owner;          /* the caller's own */
    struct job *next;     /* the engine's */
    int64_t submitted_us; /* the engine's, for its measurements */
};

struct engine_config {
    const char *dir;
    /* Called after the `done`s of a batch (engine's thread) or a publication (publisher's), so that hand-overs to other
     * threads can be made once a batch. */
    void (*flushed)(void *context);
    /*
     * Called on the engine's thread for every entry of these codes that became durable, in order: for waiting tickets
     * and the like. The others are not even decoded.
     */
    void (*committed)(void *context, uint64_t index, const struct entry *entry);
    audit_set committed_codes;
    /* Called on the publisher's thread after each new checkpoint. */
    void (*published)(void *context, uint64_t size);
    void *context;
    uint32_t queue_max;      /* 0: QUEUE_MAX_COMMANDS */
    bool barred;             /* nothing is signed: publisher_bar */
    const char *keys_dir;    /* where vault.keys lies; NULL: in dir */
    int64_t vault_keep_days; /* private texts, and aliases after their last use; 0: VAULT_KEEP_DAYS, below: for ever */
    int64_t key_backup_days; /* how long a backup of keys is good; 0: KEY_BACKUP_DAYS */
    /* Starts the process that holds the key; NULL: the key is held in this one. */
    const struct signer_starter *signer;
    bool without_signer; /* only to look at a ledger: it can't be started, and what its key signed is not asked */
};

/* What a new ledger begins with. */
struct engine_genesis {
    const char *dir;
    const char *keys_dir; /* NULL: dir */
    struct str origin;
    struct str admin_name;
    struct str version;
    uint8_t admin_token_hash[32];
    int64_t admin_token_days;
    int64_t at_ms; /* when it begins; 0: now. Only for ledgers that engine/seed goes on with */
};

/* Makes the data directory: key (0600), store, and the first entries: ledger.created, user.created, token.created. */
MUST_CHECK status engine_create(const struct engine_genesis *genesis, struct err *err);

/* Opens the ledger, rebuilds the facts (snapshot, then tail), checks them against the stored head. Starts no thread. */
MUST_CHECK status engine_open(const struct engine_config *config, struct engine **ret_engine, struct err *err);
/* Appends writer.started and server.started and begins to take commands. */
MUST_CHECK status engine_start(struct engine *engine, struct err *err);
/* Refuses new commands, answers what it accepted, appends server.stopped, writes a snapshot. */
void engine_stop(struct engine *engine);
void engine_close(struct engine *engine); /* accepts NULL */

/* Submits a chain of jobs linked by `next`, in order. Those that find no room are answered at once
 * (VERDICT_OVERLOADED). */
void engine_submit(struct engine *engine, struct job *first);

/* For admission and answers; each is safe from any thread. */
struct directory *engine_directory(struct engine *engine);
struct names *engine_names(struct engine *engine);
/* For opening private texts, and copies of keys. */
struct vault *engine_vault(struct engine *engine);
const char *engine_keys_dir(const struct engine *engine);
struct publisher *engine_publisher(struct engine *engine);
/* The store, for opening readers. */
struct store *engine_store(struct engine *engine);
/* The server's own identity, for what it records in its own name. */
struct actor engine_system_actor(struct engine *engine);
/* The engine's time now: slewed, never going back (P7). */
int64_t engine_now_ms(struct engine *engine);

/* Numbers for /metrics and /readyz. */
struct engine_stats {
    uint64_t size;
    uint64_t commits;
    uint64_t commands;
    uint64_t overloaded;
    uint64_t queue_length;
    uint64_t leases;
    uint64_t licenses;
    uint64_t pools;
    uint64_t tickets;
    uint64_t failed_commits;
    int64_t newest_entry_ms;
    uint64_t commit_us_total; /* time spent in commits */
    bool ready;               /* takes commands */
    bool read_only;           /* nothing is recorded, or only what gives seats back */
    bool grants_stopped;      /* no seats are given: read_only, or little room on the disk */
    bool clock_frozen;        /* P7 */
    uint32_t disk_used_percent;
};
void engine_stats(struct engine *engine, struct engine_stats *ret_stats);

#endif
