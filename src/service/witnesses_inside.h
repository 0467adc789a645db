/*
 * service/witnesses_inside: what the files behind service/witnesses share.
 *
 *     witnesses.c         life, and what others may ask
 *     witness_rounds.c    which checkpoint is being cosigned, and what has arrived
 *     witness_peer.c      a witness's thread: when it is asked, and what its answers mean
 *     witness_question.c  one question to one witness, and a look at its page
 *     witness_keeper.c    the thread that begins rounds, records what happened to witnesses, and saves
 */
#ifndef SERVICE_WITNESSES_INSIDE_H
#define SERVICE_WITNESSES_INSIDE_H

#include <pthread.h>

#include "engine/ledger_view.h"
#include "service/witness_link.h"
#include "service/witnesses.h"
#include "tlog/checkpoint.h"

#define US_PER_MS           ((int64_t)1000)
#define US_PER_S            ((int64_t)1000000)
#define ROUNDS_KEPT         8    /* a late cosignature finds its round for some seconds */
#define ROUND_PATIENCE_MS   4000 /* for those who are being asked, before the next round begins without them */
#define WITNESS_CLOCK_S     600  /* a cosignature's time further from ours says nothing */
#define WITNESS_PAUSE_MS    500  /* after the first failure; doubled for each further one */
#define WITNESS_PAUSE_MAX_S 60
#define WITNESS_SAVE_MS     60000
#define WITNESS_LATERS_MAX  5    /* a newer round comes within seconds; one that goes on naming others is wrong */
#define WITNESS_CLAIM_S     3600 /* one witness's claims are recorded so often at most */

/* One checkpoint with what has been cosigned of it. */
struct round {
    struct tree_head head; /* of size 0: none */
    struct buf note;
    bool cosigned[POLICY_WITNESSES_MAX];
    bool had_turn[POLICY_WITNESSES_MAX]; /* was asked, and answered or did not */
    bool is_met;
    int64_t begun_us;
};

struct peer {
    struct witnesses *all;
    size_t number; /* in the policy */
    const struct policy_witness *who;
    char vkey_text[VKEY_MAX_BYTES];
    size_t vkey_len;
    struct witness_link *link; /* NULL: it is reached by file alone */
    pthread_t thread;
    bool has_thread;
    bool has_looked; /* its thread's: its page was read once since the start */

    /* Under the mutex: */
    uint64_t size;    /* what it cosigned last, as far as is known */
    int64_t at_ms;    /* when */
    int64_t since_us; /* since when there has been something that it has not cosigned; 0: there is nothing */
    int64_t not_before_us;
    int64_t pause_ms;
    uint64_t successes;
    uint64_t failures;
    int laters; /* ASKED_LATER one after the other */
    enum reason trouble;
    bool is_absent;   /* and that is recorded */
    uint64_t claimed; /* a size that the ledger does not have; 0: none */
    bool claim_told;
    int64_t claim_not_before_us; /* a witness that takes its claims back and makes new ones does not fill the ledger */
};

/* A checkpoint by our key that is not ours. */
struct fork {
    bool is_there;
    bool is_told;
    size_t peer; /* who showed it */
    struct tree_head head;
};

struct witnesses {
    struct witnesses_config config;
    struct publisher *publisher;
    struct vkey keys[POLICY_WITNESSES_MAX]; /* of the policy, in its order */
    struct peer *peers;
    size_t count;
    pthread_t keeper;
    bool has_keeper;

    pthread_mutex_t view_mutex; /* around a view of the ledger */
    struct ledger_views *views;

    pthread_mutex_t mutex; /* of everything below, and of the peers' */
    pthread_cond_t changed;
    bool stopping;
    struct round rounds[ROUNDS_KEPT];
    size_t newest; /* of the rounds */
    struct round best;
    struct buf remembered; /* from the file; looked at once the ledger has published as much */
    uint64_t wanted;
    int64_t unmet_since_us; /* since when a checkpoint has not met the policy; 0: the newest does */
    bool is_unwitnessed;    /* and that is recorded */
    struct fork fork;
    uint64_t saved_size;
    int64_t saved_us;
    int64_t record_not_before_us; /* the keeper's alone */
};

/* ---- witness_rounds: the mutex is held, unless it says otherwise ---- */

/*
 * The newest published checkpoint becomes a round if it is time. Gives back its size if it meets the policy without any
 * witness. Takes the mutex itself.
 */
uint64_t rounds_turn(struct witnesses *witnesses, int64_t now_us);
/* NULL before the first. */
struct round *rounds_newest(struct witnesses *witnesses);
/*
 * Joins signature lines, which are verified here, to the round of that head; without one, to what met the policy last
 * when they are of it, or make a later checkpoint meet it. `note` is a complete note of that head. CODE_CORRUPT and the
 * like when a line does not verify or its time is implausible (which `any_time` leaves out).
 */
struct arrival {
    struct tree_head head;
    struct str note;
    struct str lines;
    bool any_time;
    uint64_t met; /* given back: the size that has met the policy by this; 0: none */
};
MUST_CHECK status rounds_join(struct witnesses *witnesses, struct arrival *arrival, struct err *err);
/* Since when the peer has something to cosign: sets since_us anew. */
void rounds_note_peer(struct witnesses *witnesses, struct peer *peer);

/* ---- witness_question: without the mutex ---- */

enum asked {
    ASKED_COSIGNED,
    ASKED_UNREACHABLE,
    ASKED_REFUSED,
    ASKED_BAD_ANSWER,
    ASKED_AHEAD, /* it says that it cosigned more than the ledger has, and shows nothing */
    ASKED_LATER, /* it has cosigned a newer one of ours */
    ASKED_FORK   /* it showed a checkpoint by our key that we do not extend; that is noted */
};

struct question {
    struct tree_head head;
    struct buf note;
    uint64_t old_size; /* what the witness is believed to have cosigned last */
    struct buf lines;  /* of ASKED_COSIGNED: its answer */
    uint64_t claimed;  /* of ASKED_AHEAD */
};
enum asked witness_ask(struct peer *peer, struct question *question, struct err *err);
/*
 * Reads the witness's page: ASKED_FORK; ASKED_LATER when it is of more than is published yet; ASKED_COSIGNED when there
 * is nothing wrong with it, or it shows nothing.
 */
enum asked witness_look(struct peer *peer, struct err *err);
/*
 * Whether a checkpoint, signed by our key, is of this ledger's history: CODE_CORRUPT when it is not (and it is noted as
 * a fork), CODE_NOT_FOUND when as much is not published yet.
 */
MUST_CHECK status history_holds(struct witnesses *witnesses, const struct tree_head *head, struct err *err);
/* Keeps the evidence, ends signing. */
void fork_note(struct witnesses *witnesses, size_t peer, const struct tree_head *head, struct str note);

/* ---- The threads ---- */

void *witness_peer_run(void *peer);
void *witness_keeper_run(void *witnesses);
/* Waits for a change, or until then. The mutex is held. */
void witnesses_sleep(struct witnesses *witnesses, int64_t until_us);

#endif
