#include "core/license_state.h"

#include <assert.h>

/* By state before and state after; 0, which is no code of a licence, where there is no such move. */
static const enum audit_code moves[LICENSE_STATE_COUNT][LICENSE_STATE_COUNT] = {
    [LICENSE_SCHEDULED] = { [LICENSE_ACTIVE] = AUDIT_LICENSE_STARTED,
                            [LICENSE_SUSPENDED] = AUDIT_LICENSE_SUSPENDED,
                            [LICENSE_EXPIRED] = AUDIT_LICENSE_EXPIRED,
                            [LICENSE_REVOKED] = AUDIT_LICENSE_REVOKED },
    [LICENSE_ACTIVE] = { [LICENSE_SUSPENDED] = AUDIT_LICENSE_SUSPENDED,
                         [LICENSE_EXPIRED] = AUDIT_LICENSE_EXPIRED,
                         [LICENSE_REVOKED] = AUDIT_LICENSE_REVOKED },
    [LICENSE_SUSPENDED] = { [LICENSE_SCHEDULED] = AUDIT_LICENSE_REINSTATED,
                            [LICENSE_ACTIVE] = AUDIT_LICENSE_REINSTATED,
                            [LICENSE_EXPIRED] = AUDIT_LICENSE_EXPIRED,
                            [LICENSE_REVOKED] = AUDIT_LICENSE_REVOKED },
    /* Only a later end brings an expired licence back. */
    [LICENSE_EXPIRED] = { [LICENSE_ACTIVE] = AUDIT_LICENSE_CHANGED, [LICENSE_REVOKED] = AUDIT_LICENSE_REVOKED },
};

bool license_may_move(enum license_state from, enum license_state to)
{
    return moves[from][to] != 0;
}

enum audit_code license_move_code(enum license_state from, enum license_state to)
{
    assert(license_may_move(from, to));
    return moves[from][to];
}

enum license_state license_state_by_time(int64_t starts_ms, int64_t ends_ms, int64_t now_ms)
{
    if (ends_ms && ends_ms <= now_ms)
        return LICENSE_EXPIRED;
    return starts_ms > now_ms ? LICENSE_SCHEDULED : LICENSE_ACTIVE;
}
