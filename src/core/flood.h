/*
 * core/flood: which denials, failures and rejections get an entry of their own, and exact counts of the rest.
 *
 * The first FLOOD_FIRST like events of one source in a window get entries; further ones are counted and covered by one
 * roll-up entry a second, for which their answers wait (DESIGN section 4). Beyond FLOOD_SOURCES_MAX sources, those that
 * meet the same object share a counter, and beyond FLOOD_SHARED_MAX of these, all of one code and reason do: memory is
 * bounded (P9) and nothing goes uncounted (P1). A shared roll-up leaves out what its events do not have in common, but
 * never its pool while the object's counter is there. Not facts: a restart forgets windows, never an event, because an
 * event's answer waits for its entry. One thread; reads no clock, and the times it is given never decrease.
 */
#ifndef CORE_FLOOD_H
#define CORE_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
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

struct flood_event {
    struct flood_key key;
    const struct actor *actor;
    struct str feature; /* of a denial */
};

/* How much of an event's key its counter has. */
enum flood_share { FLOOD_OWN, FLOOD_BY_OBJECT, FLOOD_BY_REASON, FLOOD_SHARE_COUNT };

struct flood {
    struct flood_key key;
    enum flood_share share;
    int64_t window_start_ms;
    uint32_t in_window;
    uint64_t waiting; /* counted, not yet rolled up */
    int64_t first_ms;
    int64_t last_ms;
    int64_t due_ms;                  /* when the roll-up is to be written, while waiting > 0 */
    uint32_t due_next;               /* in the order of due_ms: every roll-up waits equally long */
    struct actor actor;              /* what the authors of the counted events have in common */
    char feature[FEATURE_MAX_BYTES]; /* of denials, while all are of one */
    uint8_t feature_len;
};

struct floods {
    struct table counters;
    struct map by_key;
    uint32_t shares[FLOOD_SHARE_COUNT]; /* counters of each kind */
    uint32_t sweep;                     /* where the search for stale counters goes on */
    uint32_t due_first;                 /* counters that wait for their roll-up, or NONE */
    uint32_t due_last;
};

MUST_CHECK status floods_init(struct floods *ret_floods);
void floods_free(struct floods *floods);
/* Forgets every count, and needs no memory for that: what was counted was never recorded. */
void floods_clear(struct floods *floods);
/*
 * Notes an event. True: it gets an entry of its own. False: it is counted, *ret_key names its counter (it may be the
 * shared one) and the answer waits until that counter is rolled up.
 */
bool flood_note(struct floods *floods, const struct flood_event *event, int64_t now_ms, struct flood_key *ret_key);
/*
 * The next counter whose roll-up is due by now (all that wait, when `all`), emptied and written as an entry without id;
 * false when none is. The entry's text is valid until the next call of flood_note.
 */
bool flood_roll_up(struct floods *floods, int64_t now_ms, bool all, struct entry *ret_entry, struct flood_key *ret_key);
/* When the earliest roll-up is due; INT64_MAX when none waits. */
int64_t flood_due_ms(const struct floods *floods);

#endif
