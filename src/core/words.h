/*
 * core/words: the enumerations that stand in leaves, each a table of words in the order of its enum.
 *
 * A word, once written into a ledger, keeps its meaning for ever: new ones are added at the end.
 */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include "base/str.h"

/* How an author was authenticated. */
enum via { VIA_SYSTEM, VIA_API_TOKEN, VIA_LOCAL, VIA_NONE, VIA_OBSERVATION, VIA_COUNT };

/* Attribution level (identity.md): A0 claimed, A1 bearer, A2 proven key, A3 verified human. */
enum level { LEVEL_A0, LEVEL_A1, LEVEL_A2, LEVEL_A3, LEVEL_COUNT };

/* Where a claimed time comes from. */
enum source { SOURCE_NONE, SOURCE_IMPORT, SOURCE_OFFLINE, SOURCE_LATE, SOURCE_COUNT };

enum license_kind { LICENSE_PERPETUAL, LICENSE_TERM, LICENSE_SUBSCRIPTION, LICENSE_TRIAL, LICENSE_KIND_COUNT };
enum license_state {
    LICENSE_SCHEDULED,
    LICENSE_ACTIVE,
    LICENSE_SUSPENDED,
    LICENSE_EXPIRED,
    LICENSE_REVOKED,
    LICENSE_STATE_COUNT
};

enum model { MODEL_FLOATING, MODEL_COUNT };
enum pool_kind { POOL_ENFORCED, POOL_OBSERVED, POOL_KIND_COUNT };

/* How the leases above a fallen limit end (P4). */
enum ending { ENDING_NONE, ENDING_DRAIN, ENDING_LAPSE, ENDING_REVOKE, ENDING_COUNT };

enum lease_state {
    LEASE_OFFERED, /* a ticket's turn: the seat is kept for it */
    LEASE_GRANTED,
    LEASE_RELEASED,
    LEASE_LAPSED,
    LEASE_EXPIRED,
    LEASE_REVOKED,
    LEASE_STATE_COUNT
};

enum ticket_state {
    TICKET_WAITING,
    TICKET_OFFERED,
    TICKET_CLAIMED,
    TICKET_EXPIRED,
    TICKET_CANCELLED,
    TICKET_STATE_COUNT
};

/* Why something was denied, ended, refused or counted. */
enum reason {
    REASON_NO_SEATS,    /* every seat is occupied */
    REASON_QUEUED,      /* seats may be free, but others wait for them */
    REASON_LIMIT,       /* more asked for than the pool has in all */
    REASON_SUSPENDED,   /* the licence is suspended */
    REASON_EXPIRED,     /* the licence or its proof has ended */
    REASON_NOT_STARTED, /* the licence starts later */
    REASON_REVOKED,     /* the licence was revoked */
    REASON_SILENT,      /* no heartbeat or poll within the ttl */
    REASON_NOT_CLAIMED, /* the offer ran out */
    REASON_WAITED,      /* wait_s ran out */
    REASON_OWNER,       /* its owner asked */
    REASON_ADMIN,       /* somebody with the right asked */
    REASON_RESTART,     /* the observed server restarted */
    REASON_RETURNED,    /* the observed server logged a return */
    REASON_BAD_TOKEN,   /* no such token, or not well-formed */
    REASON_TOKEN_EXPIRED,
    REASON_TOKEN_REVOKED,
    REASON_DISABLED, /* the owner is disabled */
    REASON_SCOPE,    /* the token's scopes do not hold the permission */
    REASON_ROLE,     /* the roles do not hold the permission */
    REASON_QUEUE_FULL,
    REASON_STORAGE,
    REASON_FORWARD, /* the clock jumped forward */
    REASON_BACK,
    REASON_NOT_FOUND,   /* no pool for that feature that the asker may take from */
    REASON_UNREACHABLE, /* a witness did not answer */
    REASON_REFUSED,     /* … refused to cosign */
    REASON_BAD_ANSWER,  /* … answered what makes no sense */
    REASON_RETENTION,   /* a ledger is continued by another: the old one may be put away */
    REASON_KEY_CHANGE,  /* … because its key is exchanged */
    REASON_KEY_STOLEN,  /* … because others may have its key */
    REASON_LOST,        /* … because its end is lost */
    REASON_COUNT
};

/* Sets of permissions (core/access). */
enum role { ROLE_MEMBER, ROLE_AUDITOR, ROLE_ADMIN, ROLE_OBSERVER, ROLE_COUNT };

/* What a request was refused for; the API's stable problem codes (core/problem has their texts). */
enum problem {
    PROBLEM_NONE,
    PROBLEM_BAD_REQUEST,  /* a member or parameter is wrong */
    PROBLEM_UNAUTHORIZED, /* no valid credential */
    PROBLEM_FORBIDDEN,
    PROBLEM_NOT_FOUND,
    PROBLEM_NO_SEATS,
    PROBLEM_AMBIGUOUS, /* several features or pools fit */
    PROBLEM_LEASE_ENDED,
    PROBLEM_TICKET_ENDED,
    PROBLEM_NOT_OFFERED, /* a ticket was claimed before its turn */
    PROBLEM_NAME_TAKEN,
    PROBLEM_WRONG_STATE, /* the object's state does not allow it */
    PROBLEM_IDEMPOTENCY, /* the same key with another body */
    PROBLEM_TOO_MANY,    /* a maximum is reached */
    PROBLEM_CLOCK_FROZEN,
    PROBLEM_READ_ONLY, /* the store is not writable now */
    PROBLEM_OVERLOADED,
    PROBLEM_STOPPING,
    PROBLEM_INTERNAL,
    PROBLEM_NOT_LICENSED, /* no licence of the asker covers the feature now */
    PROBLEM_LEASE_QUOTA,  /* core/quota: the asker has as many live leases as it may have */
    PROBLEM_TICKET_QUOTA, /* … as many tickets */
    PROBLEM_ENTRY_QUOTA,  /* … has begun as much as it may for now */
    PROBLEM_NAME_QUOTA,   /* … has asserted as many new users and hosts as it may for now */
    PROBLEM_LEASES_OPEN,  /* the person holds seats, and can't be erased before */
    PROBLEM_ON_HOLD,      /* a legal hold stands */
    PROBLEM_COUNT
};

extern const struct str via_words[VIA_COUNT];
extern const struct str level_words[LEVEL_COUNT];
extern const struct str source_words[SOURCE_COUNT];
extern const struct str license_kind_words[LICENSE_KIND_COUNT];
extern const struct str license_state_words[LICENSE_STATE_COUNT];
extern const struct str model_words[MODEL_COUNT];
extern const struct str pool_kind_words[POOL_KIND_COUNT];
extern const struct str ending_words[ENDING_COUNT];
extern const struct str lease_state_words[LEASE_STATE_COUNT];
extern const struct str ticket_state_words[TICKET_STATE_COUNT];
extern const struct str reason_words[REASON_COUNT];
extern const struct str role_words[ROLE_COUNT];
extern const struct str problem_words[PROBLEM_COUNT]; /* "NO_SEATS" */

/* The place of a word in its table; CODE_INVALID when it is none of them. */
MUST_CHECK status word_find(const struct str *words, int count, struct str word, int *ret_place);

#endif
