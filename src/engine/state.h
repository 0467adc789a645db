/*
 * engine/state: the engine's own memory, shared by the files of this room and by nobody else.
 *
 * Everything without a lock belongs to the engine's thread between engine_start and engine_stop.
 */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "engine/batch.h"
#include "engine/carrier.h"
#include "engine/clockwork.h"
#include "engine/engine.h"
#include "engine/flood_waits.h"
#include "engine/vault.h"

/* What the disk allows (DESIGN section 2, "Disk"). */
enum writing {
    WRITING_ALL,
    WRITING_NO_GRANTS, /* little room: what takes seats is refused */
    WRITING_GIVE_BACK, /* the disk was full and the ballast is freed: only giving back, ending, revoking */
    WRITING_NOTHING    /* a failed commit is not settled, or there is no room at all */
};

/* Requests answered without an entry of their own, for each reason, until load.shed counts them. */
enum shed_cause { SHED_QUEUE, SHED_STORAGE, SHED_CAUSES };
struct shed {
    uint64_t count;
    int64_t first_ms;
    int64_t last_ms;
};

struct snapshot_child {
    pid_t pid; /* 0: none */
    int pipe;  /* gives the file's hash */
    uint64_t size;
};

/* A snapshot that did not match what its entry says. */
struct snapshot_refusal {
    bool happened;
    uint64_t size;
    struct hash hash; /* that it should have had; zeros when no entry names it */
};

struct engine {
    struct engine_config config;
    char dir[4096];
    struct queue queue;

    struct facts facts;
    struct floods floods;
    struct bucket networks; /* how many new ones may come into the register by failed credentials */
    struct edge edge;
    struct entropy entropy;
    struct clockwork clock;
    struct actor system;
    struct draft draft;
    struct arena draft_names;
    struct entry due_entry;
    struct batch batch;   /* being filled */
    struct batch carried; /* with the carrier, while `carrying` */
    struct carrier carrier;
    bool carrying;
    struct flood_waits flood_waits;
    struct job_list repeats; /* decided and durable, and still to be read from the store */

    struct store *store;
    struct store_reader *reader;
    struct directory *directory;
    struct names *names;
    struct vault *vault;
    bool keys_to_drop;                 /* the ledger says so, and vault.keys does not yet */
    int64_t drop_tried_ms;             /* running time of the last try */
    uint32_t retention_day;            /* of the last look at what may be kept no longer */
    struct signer_client *signer;      /* until the publisher takes it */
    struct store_reader *proof_reader; /* the publisher's thread's, while that runs */
    struct publisher *publisher;

    enum writing writing;
    int disk_warning;     /* percent last recorded */
    int64_t disk_read_ms; /* running time of the last look */
    int64_t alive_ms;     /* engine time of the last server.alive */
    int64_t paused_ms;    /* engine time when no batch was under way last */
    int64_t shed_ms;      /* engine time of the last load.shed */
    int64_t snapshot_ms;  /* running time of the last snapshot */
    uint64_t snapshot_size;
    struct snapshot_child snapshot;
    struct snapshot_refusal refusal; /* at the last replay */
    enum clock_event jump;           /* of the clock, that is not durable yet */
    bool refusal_recorded;           /* that the signer refuses this ledger */
    bool broken;                     /* memory and store differ for good: nothing more is written */

    struct shed sheds[SHED_CAUSES]; /* under stats_mutex: noted by whoever submits */
    atomic_int_fast64_t now_ms;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t stats_mutex;
    struct engine_stats stats;
};

/* writer.c: the thread's function. */
void *writer_run(void *engine);
/* Appends an entry in the server's own name: code and members as core/decide_server's table says. */
MUST_CHECK status writer_append_system(struct engine *engine, const struct command *command, struct err *err);
/* Moves the engine's time to the clocks' reading. */
void writer_clock(struct engine *engine);
/* clock.jumped, while there is a jump that the ledger does not know of. */
MUST_CHECK status writer_append_jump(struct engine *engine, struct err *err);
/* ledger.snapshot_refused, when the last replay refused one. */
MUST_CHECK status writer_append_refusal(struct engine *engine, struct err *err);
/* The parts of a turn, for engine/seed. */
MUST_CHECK status writer_decide(struct engine *engine, struct job *job, struct err *err);
MUST_CHECK status writer_due(struct engine *engine, struct err *err);
MUST_CHECK status writer_roll_up(struct engine *engine, bool all, struct err *err);
/*
 * Whether the entry of a decided job stands for the names that came with it: a refused command's do not, but a failed
 * authentication's network does, by which floods are counted.
 */
bool job_keeps_names(const struct job *job);
/* A command of the server itself. */
struct command system_command(const struct engine *engine, enum audit_code code);

/* commit.c: makes the batch durable, settles a failure, answers. False: it did not happen, or nobody can tell. */
bool commit_batch(struct engine *engine);
/* The same, for a turn: where more is to be decided, the batch is made durable meanwhile. */
void commit_turn(struct engine *engine, bool more);
/* Waits for the batch that is under way, if one is, and answers it. False: it did not happen, nor the next one. */
bool commit_carried(struct engine *engine);
/* Answers repeats that wait, as many as one turn may read. Names of theirs are settled. */
void repeats_answer(struct engine *engine);
/* Everything that was decided is made durable and told: no batch is under way afterwards. */
void commit_all(struct engine *engine);
/* Answers every job of the list the same, without any of their outcomes. */
void jobs_refuse(struct engine *engine, struct job_list *jobs, enum verdict verdict);

/* retention.c: keys whose end the ledger has recorded are dropped, and names under them forgotten (P8). */
/* Between replay and names_load. No vault when there are no keys, which vault_require then says. */
MUST_CHECK status vault_start(struct engine *engine, struct err *err);
MUST_CHECK status vault_require(const struct engine *engine, struct err *err);
/* Names, of which the vault opens those that it has a key for. */
MUST_CHECK status vault_names_load(struct engine *engine, struct err *err);
/* Of the batch, which is durable, before anybody is answered. */
void vault_follow(struct engine *engine);
/* Days that need be kept no longer; what could not be dropped before. Between batches. */
void retention_turn(struct engine *engine);
/* Whom the command's private text is about; none: nobody who is known. */
struct id private_person(const struct facts *facts, const struct command *command);

/*
 * recover.c: after a failed commit of that batch, until the store is settled. True: it is durable after all. False:
 * what was decided after it did not happen either.
 */
bool recover_commit(struct engine *engine, struct batch *batch);
/* Tries to go on writing when the disk had been full. */
void recover_turn(struct engine *engine);

/* replay.c: facts, edge and names from the store. */
MUST_CHECK status replay_all(struct engine *engine, struct err *err);

/* snapshot.c */
/* Loads the newest snapshot that matches its entry; size 0 when there is none. Says which did not match. */
MUST_CHECK status snapshot_load(struct engine *engine, struct facts *facts, struct snapshot_refusal *ret_refusal,
                                struct err *err);
/* Starts a child when enough has happened; records one that is done. Between batches. */
void snapshot_turn(struct engine *engine);
/* Writes one in this process, at clean stop. */
void snapshot_at_stop(struct engine *engine);

/* housekeeping.c: what the engine writes about itself: alive, shed load, disk. */
void housekeeping_turn(struct engine *engine);
/* One entry in the server's own name, in a commit of its own. Between batches. Whether it is durable. */
bool system_write(struct engine *engine, const struct command *command);
void shed_note(struct engine *engine, enum shed_cause cause, uint64_t count);
/* Records what was turned away, in a commit for each cause. At the stop, or once a second. */
void shed_write(struct engine *engine);
/* May this command be written as things are? */
bool writing_allows(enum writing writing, enum command_kind kind);

#endif
