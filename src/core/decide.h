/*
 * core/decide: from facts and a command to the entries that would make it so. Pure (P10): reads no clock, draws from
 * the entropy it is given, changes nothing. core/apply then makes the entries true.
 *
 * The answer to a command is its first entry (core/entry), so that a repeat can be answered from the ledger alone; the
 * few answers without an entry of their own stand in struct outcome.
 */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "base/arena.h"
#include "base/entropy.h"
#include "core/command.h"
#include "core/entry.h"
#include "core/facts.h"
#include "core/flood.h"

/* The entries of one command, in their order; the caller owns the array of CHANGE_MAX_ENTRIES. */
struct draft {
    struct entry *entries;
    size_t count;
    struct arena *names; /* for texts that entries point to and the facts do not have yet */
};

enum outcome_kind {
    OUTCOME_ENTRY,   /* answered from draft entry 0 */
    OUTCOME_REPEAT,  /* the same command was answered before: by the entry at `index` and those of its change */
    OUTCOME_LEASE,   /* heartbeat: the lease's times now */
    OUTCOME_TICKET,  /* poll: the ticket's place now */
    OUTCOME_ENDED,   /* a repeated release, cancel: how it ended, at `index` */
    OUTCOME_PROBLEM, /* refused; recorded by draft entry 0 */
    OUTCOME_FLOOD,   /* recorded later by the roll-up of `flood` */
    OUTCOME_VIEW,    /* the view was called */
};

#define OUTCOME_LEASES_MAX 8 /* as many as a person wants to read in one answer */

struct outcome {
    enum outcome_kind kind;
    enum problem problem;
    struct str member;  /* at fault; a constant of the program, or empty */
    uint64_t index;     /* REPEAT, ENDED; of LEASE the grant's */
    struct id id;       /* LEASE, TICKET, ENDED */
    uint8_t ended_kind; /* ENDED: ID_LEASE or ID_TICKET */
    int64_t expires_ms;
    int64_t proven_until_ms;
    int64_t place; /* TICKET: in the queue from 1; 0: offered */
    uint8_t state; /* ENDED, and PROBLEM_LEASE_ENDED, PROBLEM_TICKET_ENDED: enum lease_state or ticket_state */
    enum reason reason;
    struct flood_key flood;
    struct id
        leases[OUTCOME_LEASES_MAX]; /* PROBLEM_LEASES_OPEN: the first ones. PROBLEM_ON_HOLD: `index` set the hold */
    uint32_t lease_count;           /* of all */
};

struct decide_context {
    const struct facts *facts;
    struct floods *floods;
    struct entropy *entropy;
    int64_t now_ms; /* engine time, not before facts->time_ms */
};

/*
 * Decides one command. On OK draft and outcome say what is to be written and answered; a refused command is OK with
 * OUTCOME_PROBLEM. Statuses are the world's: CODE_NO_MEMORY and the like, and then nothing must be written.
 * Heartbeats and polls move pulses: that is decide's only effect, and not a fact.
 */
MUST_CHECK status decide(struct decide_context *context, const struct command *command, struct draft *draft,
                         struct outcome *ret_outcome);

/*
 * Whether the entries of the draft are to be written: those of a dry run are not, but who tries what it may not do is
 * recorded, however it tries.
 */
bool draft_is_written(const struct command *command, const struct outcome *outcome);

/*
 * The next thing that is due by now (a lapse, an expiry, an offer, the end of one, a licence's start or end, a seat to
 * be revoked): writes one entry and returns true; false when nothing is due. Call again after applying it.
 */
bool due_next(struct facts *facts, struct entropy *entropy, int64_t now_ms, const struct actor *system,
              struct entry *ret_entry);

#endif
