/*
 * sdk/lease: seats held by this process, from the check-out to the check-in, as an honest holder holds them (P6).
 *
 * A lease is accepted only with a receipt: a proof that the ledger holds its leaf, and in the leaf the nonce that was
 * drawn here, so that it can't be somebody else's or an old one. From then on it is held until its last answered
 * heartbeat + ttl + offline grace, or proven_until + grace, whichever comes first; proven_until moves only with the
 * proof of a renewal. Moments are those of the running clock here, counted from before a request was sent, so that a
 * wrong wall clock on either side changes nothing.
 *
 * It starts no thread and never waits but for answers: when to beat is the caller's business.
 */
#ifndef SDK_LEASE_H
#define SDK_LEASE_H

#include "codec/typeid.h"
#include "sdk/trust.h"

struct lease_claim {
    struct str name; /* "user", "host", … */
    struct str text; /* empty: not told */
};

/* What is asked for. */
struct lease_wish {
    struct str feature;
    struct str project; /* empty: none */
    int64_t quantity;
    int64_t ttl_s;
    int64_t wait_s; /* 0: don't wait for a seat */
    const struct lease_claim *asserted;
    size_t asserted_count;
};

struct lease {
    char id[TYPEID_BYTES + 1];
    char proven_until[32]; /* as the server writes it */
    int64_t ttl_s;
    int64_t grace_s;
    int64_t quantity;
    uint64_t index;      /* of the grant */
    int64_t answered_ms; /* running clock, before the newest answered request was sent */
    int64_t proven_ms;   /* running clock at proven_until */
};

/* Told while a ticket waits; false gives the ticket up. */
struct lease_patience {
    bool (*go_on)(void *context, int64_t place);
    void *context;
};

/*
 * Takes the seats. CODE_BUSY: none free, or none came free in wait_s; CODE_DENIED: not allowed, or no licence covers
 * it; CODE_CLOSED: patience ended it; CODE_UNAVAILABLE: no server; CODE_CORRUPT: the receipt does not prove it, and the
 * seats were given back. `patience` may be NULL. ret_lease is the caller's to end.
 */
MUST_CHECK status lease_take(struct trust *trust, const struct lease_wish *wish, const struct lease_patience *patience,
                             struct lease *ret_lease, struct err *err);
/*
 * One heartbeat, with `timeout_ms` for it. CODE_CLOSED: the lease has ended, and the text says why; CODE_UNAVAILABLE:
 * no answer, it may be tried again until lease_end_ms.
 */
MUST_CHECK status lease_beat(struct trust *trust, struct lease *lease, int64_t timeout_ms, struct err *err);
/* Gives the seats back; that they have come back already is success, too. */
MUST_CHECK status lease_release(struct client *client, const struct lease *lease, struct err *err);
/* The running clock's moment from which on the lease must not be used any more, unless another heartbeat is answered.
 */
int64_t lease_end_ms(const struct lease *lease);

#endif
