/*
 * api/seen: which entries concern an organisation: those by its people, about them, or about its pools and licences. An
 * entry that does not is not there for its readers.
 *
 * The call gets one job, a view that judges the entries that were added.
 */
#ifndef API_SEEN_H
#define API_SEEN_H

#include "api/call.h"

/* Room for `count` entries; false: the call was answered. The call's detail stays as it is. */
bool seen_begin(struct call *call, size_t count);
void seen_add(struct call *call, size_t at, struct str leaf);
/* After the job is done. */
bool seen_is_visible(const struct call *call, size_t at);

#endif
