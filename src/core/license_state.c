#include "core/license_state.h"

#include <assert.h>

/* By state before and state after; 0, which is no code of a licence, where there is no such move. */
static const enum audit_code moves[LICENSE_STATE_COUNT][LICENSE_STATE_COUNT] = {
    [LICENSE_SCHEDULED] = { [LICENSE_ACTIVE] = TS3008,
                            [LICENSE_SUSPENDED] = TS3010,
                            [LICENSE_EXPIRED] = TS3009,
                            [LICENSE_REVOKED] = TS3012 },
    [LICENSE_ACTIVE] = { [LICENSE_SUSPENDED] = TS3010, [LICENSE_EXPIRED] = TS3009, [LICENSE_REVOKED] = TS3012 },
    [LICENSE_SUSPENDED] = { [LICENSE_SCHEDULED] = TS3011,
                            [LICENSE_ACTIVE] = TS3011,
                            [LICENSE_EXPIRED] = TS3009,
                            [LICENSE_REVOKED] = TS3012 },
    /* Only a later end brings an expired licence back. */
    [LICENSE_EXPIRED] = { [LICENSE_ACTIVE] = TS3013, [LICENSE_REVOKED] = TS3012 },
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
