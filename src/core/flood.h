/*
 * core/flood: which denials, failures and rejections get an entry of their own, and exact counts of the rest.
 *
 * The first FLOOD_FIRST like events of one source in a window get entries; further ones are counted and covered by one
 * roll-up entry a second, for which their answers wait (DESIGN section 4). Sources beyond FLOOD_SOURCES_MAX share one
 * counter a code, so memory is bounded (P9) and nothing goes uncounted (P1). Not facts: a restart forgets windows,
 * never an event, because an event's answer waits for its entry.
 */
#ifndef CORE_FLOOD_H
#define CORE_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/table.h"
#include "codec/typeid.h"
#include "core/entry.h"

/* Like events: same code, same source, same object, same reason. */
struct flood_key {
    enum audit_code code; /* of the roll-up: lease.denials, auth.failures, access.denials, request.rejections */
    struct id source;     /* principal, or network alias, or none */
    struct id object;     /* pool or credential, or none */
    uint8_t reason;       /* enum reason or enum problem */
};

bool flood_key_eq(const struct flood_key *a, const struct flood_key *b);

struct flood {
    struct flood_key key;
    int64_t window_start_ms;
    uint32_t in_window;
    uint64_t waiting; /* counted, not yet rolled up */
    int64_t first_ms;
    int64_t last_ms;
    int64_t due_ms;     /* when the roll-up is to be written, while waiting > 0 */
    struct actor actor; /* author of the counted events */
    char feature[130];  /* of denials */
    uint8_t feature_len;
};

struct floods {
    struct table sources;
    struct map by_key;
    uint32_t sweep; /* where the search for stale sources goes on */
};

MUST_CHECK status floods_init(struct floods *ret_floods);
void floods_free(struct floods *floods);
/*
 * Notes an event. True: it gets an entry of its own. False: it is counted, *ret_key names its counter (it may be the
 * shared one) and the answer waits until that counter is rolled up.
 */
bool flood_note(struct floods *floods, const struct flood_key *key, const struct actor *actor, struct str feature,
                int64_t now_ms, struct flood_key *ret_key);
/* The next counter whose roll-up is due by now (all that wait, when `all`), emptied and written as an entry; false when
 * none is. */
bool flood_roll_up(struct floods *floods, int64_t now_ms, bool all, struct entry *ret_entry, struct flood_key *ret_key);
/* When the earliest roll-up is due; INT64_MAX when none waits. */
int64_t flood_due_ms(const struct floods *floods);

#endif
