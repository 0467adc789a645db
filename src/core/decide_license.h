/*
 * core/decide_license: what the deciders of licences share. Private to decide_license.c and decide_change.c.
 */
#ifndef CORE_DECIDE_LICENSE_H
#define CORE_DECIDE_LICENSE_H

#include "core/deciders.h"

/* The licence, if the author may know of it; else NONE. */
uint32_t license_visible(const struct facts *facts, const struct command *command, struct id id);
/*
 * Whether a licence of that kind can end then (0: never): after its start and after now; a perpetual one has no end, a
 * term or a trial has one, a subscription may.
 */
bool license_end_fits(enum license_kind kind, int64_t starts_ms, int64_t ends_ms, int64_t now_ms);
/*
 * Drafts the change of a pool's limit that a licence brings about by entitling it to `change` more seats (or fewer, or
 * none: then nothing is drafted). How leases above it end follows from the command (ENTRY.md, "Limit falls").
 */
void limit_draft(struct decide_context *context, const struct command *command, struct draft *draft,
                 const struct pool *pool, int64_t change);

#endif
