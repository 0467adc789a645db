/*
 * cli/verify_ids: that no two entries have the same id. An id holds the millisecond it was drawn in, which must be its
 * entry's; times never go back; so only ids of the same millisecond need to be kept and compared.
 */
#ifndef CLI_VERIFY_IDS_H
#define CLI_VERIFY_IDS_H

#include "base/err.h"
#include "codec/typeid.h"

#define RECENT_IDS_MAX (1u << 24) /* entries of one millisecond; a server writes a few hundred */

struct recent_ids {
    struct id *at;
    size_t count;
    size_t capacity;
    int64_t time_ms;
};

void recent_ids_free(struct recent_ids *ids);
/* CODE_CORRUPT says what is wrong; the caller names the entry. */
MUST_CHECK status recent_ids_add(struct recent_ids *ids, struct id id, int64_t time_ms, struct err *err);
/* After the last; also called for each millisecond that is over. */
MUST_CHECK status recent_ids_check(struct recent_ids *ids, struct err *err);

#endif
