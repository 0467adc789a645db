/*
 * api/recent: the little that this room remembers about principals: until when their reading of the audit log has been
 * recorded, and their last denial. A cache: what is forgotten costs one more entry, or one answer less. Any thread.
 */
#ifndef API_RECENT_H
#define API_RECENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "codec/typeid.h"
#include "core/words.h"

#define RECENT_PLACES 4096 /* principals; each newcomer takes the place of whom its id falls on */

struct recent_denial {
    uint64_t index;
    int64_t time_ms;
    enum reason reason;
};

struct recent_place {
    struct id principal;
    int64_t audit_until_ms;
    bool has_denial;
    struct recent_denial denial;
};

struct recent {
    pthread_mutex_t mutex;
    struct recent_place places[RECENT_PLACES];
};

/* Whether an entry that is less than an hour old covers this principal's reading of the audit log. */
bool recent_audit_is_covered(struct recent *recent, struct id principal, int64_t now_ms);
void recent_audit_covered(struct recent *recent, struct id principal, int64_t entry_ms);
void recent_denied(struct recent *recent, struct id principal, const struct recent_denial *denial);
bool recent_denial_find(struct recent *recent, struct id principal, struct recent_denial *ret_denial);

#endif
